//! What devices are told of the network, beside what the RADIUS server shows them.

use pki::general_name::covers;
use pki::public_root;
use pki::public_root::PublicRoot;

use super::Case;
use super::Report;
use super::Severity;
use super::check;
use super::counted;
use super::listed;
use crate::certificate_authority::CertificateAuthority;
use crate::network_profile::NetworkProfile;
use crate::network_profile::SecurityType;
use crate::object::Kind;
use crate::server_certificate;
use crate::server_certificate::ServerCertificate;

/// Days before its end at which a root that devices trust is worth a warning: each has to get the
/// next one first, and some are away for weeks.
const ROOT_DAYS: i64 = 90;

/// Days at which it is a problem.
const ROOT_DAYS_LAST: i64 = 30;

/// Days before its end at which a server certificate is worth a warning.
const SERVER_DAYS: i64 = 30;

/// Days at which it is a problem.
const SERVER_DAYS_LAST: i64 = 14;

pub(super) fn examine(case: &Case<'_>, report: &mut Report) {
    for gateway in &case.organization.gateway {
        let mut profiles = case.organization.network_profile.iter();
        if !profiles.any(|profile| profile.gateway == gateway.name) {
            let what = "no network profile is for its devices";
            report.add(&check::PROFILE_NONE, gateway, what);
        }
    }
    if case.organization.server_certificate.is_empty() && !case.organization.access_point.is_empty()
    {
        let name = &case.organization.settings.name;
        let what = "there is no server certificate, so the RADIUS server has nothing to show";
        report.add_named(&check::SERVER_NONE, Kind::Organization, name, what);
    }
    for server in &case.organization.server_certificate {
        life(case, server, report);
    }
    for profile in &case.organization.network_profile {
        shown(case, profile, report);
        let server: Option<&ServerCertificate> =
            case.organization.find(&profile.server_certificate);
        if let Some(server) = server {
            trust(case, profile, server, report);
            names(case, profile, server, report);
        }
    }
}

fn life(case: &Case<'_>, server: &ServerCertificate, report: &mut Report) {
    let Some(seen) = case.seen.server(&server.name) else { return };
    let days = case.days_until(seen.not_after);
    let object = || format!("{}:{}", Kind::ServerCertificate, server.name);
    let end = ends(days, &seen.not_after.to_rfc3339());
    // What is made anew by itself was so before its last days.
    let is_late = days < SERVER_DAYS_LAST;
    if days < SERVER_DAYS && (is_late || seen.stays.is_some()) {
        let severity = if is_late { Severity::Problem } else { Severity::Warning };
        let why = seen.stays.as_deref().unwrap_or("it should have been made anew by now");
        report.add_as(&check::SERVER_EXPIRING, severity, object(), format!("it {end}: {why}"));
    }
    let Some(next) = &seen.next else { return };
    if next.devices.cut_off() == 0 {
        let what = format!(
            "what waits leads to {}, which all {} that use it trust",
            next.root,
            counted(next.devices.all(), "device", "devices")
        );
        report.add(&check::SERVER_NEXT_READY, server, what);
    } else if days < SERVER_DAYS {
        let severity = if is_late { Severity::Problem } else { Severity::Warning };
        let what = format!(
            "it {end}, and {} of {} are not known to trust {}, which its successor leads to",
            next.devices.cut_off(),
            counted(next.devices.all(), "device", "devices"),
            next.root
        );
        report.add_as(&check::SERVER_NEXT_WAITS, severity, object(), what);
    }
}

/// The end of something as words.
pub(super) fn ends(days: i64, at: &str) -> String {
    if days < 0 { format!("ended on {at}") } else { format!("ends in {days} days, on {at}") }
}

/// Of several profiles of one network, the first says what is shown.
fn shown(case: &Case<'_>, profile: &NetworkProfile, report: &mut Report) {
    let is_wired = profile.security_type == SecurityType::Wired;
    let network = (profile.ssid.as_deref(), is_wired);
    let Some(shown) = server_certificate::shown_in(case.organization, network, |_| true) else {
        return;
    };
    if shown != profile.server_certificate {
        let what = format!(
            "it names the server certificate {}, and the RADIUS server shows {shown} there",
            profile.server_certificate
        );
        report.add(&check::SERVER_NOT_SHOWN, profile, what);
    }
}

fn trust(
    case: &Case<'_>,
    profile: &NetworkProfile,
    server: &ServerCertificate,
    report: &mut Report,
) {
    let Some(seen) = case.seen.server(&server.name) else { return };
    let trusted = || listed(profile.trusted_authorities.iter().map(String::as_str));
    if case.seen.trusts(&profile.name, &seen.above) == Some(false) {
        let what = format!(
            "it trusts {}, and the RADIUS server's certificate {} leads to {}",
            trusted(),
            server.name,
            seen.root
        );
        report.add(&check::TRUST_MISSING, profile, what);
    }
    if let Some(next) = &seen.next
        && case.seen.trusts(&profile.name, &next.above) == Some(false)
    {
        let what = format!(
            "it trusts {}, and what waits in the server certificate {} leads to {}",
            trusted(),
            server.name,
            next.root
        );
        report.add(&check::TRUST_NEXT, profile, what);
    }
    let of_next = seen.next.iter().flat_map(|next| &next.above);
    let above: Vec<&String> = seen.above.iter().chain(of_next).collect();
    for name in &profile.trusted_authorities {
        let public = public(case, name);
        let own = case.seen.authority(name).map(|seen| seen.not_after);
        let Some(not_after) = own.or(public.map(|root| root.certificate.not_after)) else {
            continue;
        };
        if let Some(root) = public
            && !above.contains(&&root.certificate.sha256_digits())
        {
            let what = format!(
                "it trusts the public root {name}, which the RADIUS server's certificate {} does \
                 not lead to",
                server.name
            );
            report.add(&check::TRUST_PUBLIC, profile, what);
        }
        let days = case.days_until(not_after);
        if days < ROOT_DAYS {
            let severity =
                if days < ROOT_DAYS_LAST { Severity::Problem } else { Severity::Warning };
            let end = ends(days, &not_after.to_rfc3339());
            let what = format!("the authority {name}, which devices are to trust, {end}");
            let object = format!("{}:{}", Kind::NetworkProfile, profile.name);
            report.add_as(&check::TRUST_EXPIRING, severity, object, what);
        }
    }
}

/// The public root of this name, unless it is that of an authority of ours.
fn public(case: &Case<'_>, name: &str) -> Option<&'static PublicRoot> {
    let own: Option<&CertificateAuthority> = case.organization.find(name);
    if own.is_some() { None } else { public_root::find(name) }
}

fn names(
    case: &Case<'_>,
    profile: &NetworkProfile,
    server: &ServerCertificate,
    report: &mut Report,
) {
    let seen = case.seen.server(&server.name);
    let carried = seen.map_or(&server.names, |seen| &seen.names);
    let accepts = |name: &String| carried.iter().any(|own| covers(name, own));
    if !profile.radius_server_names.iter().any(accepts) {
        let what = format!(
            "devices accept {}, and the certificate {} carries {}",
            listed(profile.radius_server_names.iter().map(String::as_str)),
            server.name,
            listed(carried.iter().map(String::as_str))
        );
        report.add(&check::SERVER_NAME, profile, what);
    }
}
