//! What devices trust: certificates that are there, and those that the network points to.

use pki::certificate::Certificate;
use pki::general_name::covers;

use super::Expected;
use super::Report;
use crate::apple::key::shown;
use crate::apple::trust;
use crate::inspect::Content;
use crate::inspect::Join;
use crate::inspect::Profile;

pub(super) fn check(profile: &Profile, expected: &Expected<'_>, report: &mut Report) {
    chain(profile, expected, report);
    if let Some((payload, join)) = profile.network() {
        pointers(profile, &payload.title, join, report);
        anchors(profile, expected, &payload.title, report);
        names(expected, &payload.title, join, report);
    }
}

fn chain(profile: &Profile, expected: &Expected<'_>, report: &mut Report) {
    if profile.scep().is_none() {
        return;
    }
    for certificate in expected.chain {
        if !has(profile.certificates().map(|(_, one)| one), certificate) {
            let what = format!("the certificate of \"{}\" is missing", trust::name(certificate));
            let why = "a device does not know who issued its own certificate, and may not offer it";
            let fix = "add it as a certificate payload";
            report.warning("PROFILE-CHAIN", "the profile", [&what, why, fix]);
        }
    }
}

fn has<'a>(mut there: impl Iterator<Item = &'a Certificate>, wanted: &Certificate) -> bool {
    there.any(|one| one.der == wanted.der)
}

/// A device follows a UUID only within the profile.
fn pointers(profile: &Profile, title: &str, join: &Join, report: &mut Report) {
    for uuid in &join.anchor_uuids {
        let place = format!("{title}, PayloadCertificateAnchorUUID");
        match profile.payload(uuid).map(|payload| &payload.content) {
            Some(Content::Certificate(_)) => {}
            Some(_) => {
                let what = format!("{} is no certificate payload", shown(uuid));
                let why = "devices trust no server by it";
                let fix = "choose the certificate of the RADIUS server's root";
                report.problem("PROFILE-ANCHOR-KIND", &place, [&what, why, fix]);
            }
            None => {
                let what = format!("{} is no payload of this profile", shown(uuid));
                let why = "devices look for it in this profile only, and trust nobody";
                let fix = "put the certificate into the same profile";
                report.problem("PROFILE-ANCHOR-OUTSIDE", &place, [&what, why, fix]);
            }
        }
    }
    let place = format!("{title}, PayloadCertificateUUID");
    let Some(uuid) = &join.identity_uuid else {
        let what = "the network names no certificate of the device";
        let why = "people are asked for one, and a device without people cannot join";
        let fix = "choose the SCEP payload of this profile as identity certificate";
        report.problem("PROFILE-IDENTITY-MISSING", &place, [what, why, fix]);
        return;
    };
    match profile.payload(uuid).map(|payload| &payload.content) {
        Some(Content::Scep(_) | Content::Identity) => {}
        Some(Content::Certificate(_) | Content::Network(_) | Content::Other) => {
            let what = format!("{} is a payload that brings no key", shown(uuid));
            let why = "the device has nothing to prove itself with";
            let fix = "choose the SCEP payload";
            report.problem("PROFILE-IDENTITY-KIND", &place, [&what, why, fix]);
        }
        None => {
            let what = format!("{} is no payload of this profile", shown(uuid));
            let why = "devices look for it in this profile only, and find no certificate to show";
            let fix = "put the SCEP payload into the same profile";
            report.problem("PROFILE-IDENTITY-OUTSIDE", &place, [&what, why, fix]);
        }
    }
}

fn anchors(profile: &Profile, expected: &Expected<'_>, title: &str, report: &mut Report) {
    let place = format!("{title}, PayloadCertificateAnchorUUID");
    let trusted = profile.anchors();
    if trusted.is_empty() {
        let what = "no certificate says which RADIUS servers are trusted";
        let why = "devices ask people, or trust whoever has a public certificate";
        let fix = "add the root of the RADIUS server's certificate and choose it";
        report.problem("PROFILE-ANCHOR-NONE", &place, [what, why, fix]);
        return;
    }
    for anchor in expected.anchors {
        if has(trusted.iter().copied(), anchor) {
            continue;
        }
        let name = trust::name(anchor);
        let is_there = has(profile.certificates().map(|(_, one)| one), anchor);
        let what = if is_there {
            format!("\"{name}\" is in the profile, and the network does not trust it")
        } else {
            format!("\"{name}\" is missing")
        };
        let why = "devices refuse the RADIUS server whose certificate leads to it, now or after the \
                   change of root";
        let fix = "add it, and choose it among the trusted certificates of the network";
        report.problem("PROFILE-ANCHOR-MISSING", &place, [&what, why, fix]);
    }
}

fn names(expected: &Expected<'_>, title: &str, join: &Join, report: &mut Report) {
    let place = format!("{title}, TLSTrustedServerNames");
    if join.server_names.is_empty() {
        let what = "no names of servers are given";
        let why = "any server whose certificate leads to a trusted root is joined";
        let fix = "give the name that the RADIUS server's certificate carries";
        report.warning("PROFILE-NAME-NONE", &place, [what, why, fix]);
        return;
    }
    for name in &join.server_names {
        if name.trim() != name {
            let what = format!("\"{}\" has blanks around it", shown(name));
            let why = "a Mac compares them too, and says that the certificate is unknown";
            report.problem("PROFILE-NAME-BLANK", &place, [&what, why, "remove the blanks"]);
        }
    }
    for carried in expected.server_names {
        let covered = carried
            .iter()
            .any(|name| join.server_names.iter().any(|trusted| covers(trusted, name)));
        if !covered {
            let what = format!(
                "none of {} is a name of the certificate for {}",
                shown(&join.server_names.join(", ")),
                shown(&carried.join(", "))
            );
            let why = "devices refuse a server with another name; a star stands for one label";
            let fix = carried.first().map_or_else(
                || "give the RADIUS server a certificate with a name".to_owned(),
                |name| format!("add {name}"),
            );
            report.problem("PROFILE-NAME", &place, [&what, why, &fix]);
        }
    }
}
