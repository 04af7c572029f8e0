//! The certificate that is asked for.

use super::Challenge;
use super::Expected;
use super::Report;
use super::url;
use super::url::Verdict;
use crate::apple::key::shown;
use crate::apple::trust;
use crate::inspect::Content;
use crate::inspect::Profile;
use crate::inspect::Scep;
use crate::mdm;

const PLACE: &str = "com.apple.security.scep";
/// Smallest RSA key that our authorities sign.
const KEY_BITS_MIN: i64 = 2048;
/// Signing and encryption.
const KEY_USAGE: i64 = 5;
/// Seconds that a device waits at least for somebody to approve.
const PATIENCE_SECONDS: i64 = 30;

pub(super) fn check(profile: &Profile, expected: &Expected<'_>, report: &mut Report) {
    let Some(scep) = profile.scep() else {
        let what = "the profile asks for no certificate by SCEP";
        let why = "without a certificate a device cannot join by EAP-TLS";
        let fix = "add the SCEP payload to this same profile; one in another does not count";
        report.warning("PROFILE-NO-SCEP", "the profile", [what, why, fix]);
        return;
    };
    let all = profile.payloads.iter().filter(|one| matches!(one.content, Content::Scep(_)));
    let count = all.count();
    if count > 1 {
        let what = format!("the profile asks for {count} certificates by SCEP");
        let why = "a device that holds several may show the wrong one; only one was looked at here";
        let fix = "leave the one that the network uses";
        report.warning("PROFILE-SCEP-SEVERAL", PLACE, [&what, why, fix]);
    }
    address(scep, expected, report);
    challenge(scep, expected, report);
    names(scep, report);
    key(scep, report);
    fingerprint(scep, expected, report);
}

fn address(scep: &Scep, expected: &Expected<'_>, report: &mut Report) {
    let gateway = expected.gateway;
    let place = format!("{PLACE}, URL");
    let fix = format!("write {}", gateway.url);
    let url = shown(&scep.url);
    match url::judge(&scep.url, gateway, expected.others) {
        Verdict::Right => {}
        Verdict::OfGateway(other) => {
            let what = format!("{url} is the gateway \"{other}\" and not \"{}\"", gateway.name);
            let why = "devices get certificates from another authority, which other policies admit";
            report.problem("PROFILE-URL-GATEWAY", &place, [&what, why, &fix]);
        }
        Verdict::OtherScheme => {
            let what = format!("{url} has another scheme or port than {}", gateway.url);
            let why = "devices may not reach it, or reach it unencrypted";
            report.warning("PROFILE-URL-SCHEME", &place, [&what, why, &fix]);
        }
        Verdict::NoGateway => {
            let what = format!("{url} is on this server and is no gateway");
            let why = "devices get an error instead of a certificate";
            report.problem("PROFILE-URL-UNKNOWN", &place, [&what, why, &fix]);
        }
        Verdict::OtherServer => {
            let what = format!("{url} is another server");
            let why = "devices get certificates elsewhere, which nobody here trusts";
            report.problem("PROFILE-URL-SERVER", &place, [&what, why, &fix]);
        }
        Verdict::NotAUrl => {
            let what = format!("\"{url}\" is no address of a SCEP server");
            let why = "devices cannot ask anybody";
            report.problem("PROFILE-URL", &place, [&what, why, &fix]);
        }
    }
}

fn challenge(scep: &Scep, expected: &Expected<'_>, report: &mut Report) {
    let place = format!("{PLACE}, Challenge");
    let gateway = &expected.gateway.name;
    let Some(challenge) = scep.challenge.as_deref().filter(|challenge| !challenge.is_empty())
    else {
        let what = "there is no challenge";
        let why = "the gateway refuses whoever does not know its secret";
        let fix = "enter the gateway's secret; if it is lost, render the profile anew";
        report.problem("PROFILE-CHALLENGE-MISSING", &place, [what, why, fix]);
        return;
    };
    match (expected.challenge)(challenge) {
        Challenge::Right => {}
        Challenge::OfGateway(other) => {
            let what = format!("the challenge is that of the gateway \"{other}\"");
            let why = format!("the gateway \"{gateway}\" refuses it");
            let fix = "enter the secret that belongs to the URL";
            report.problem("PROFILE-CHALLENGE-GATEWAY", &place, [&what, &why, fix]);
        }
        Challenge::Unknown if !mdm::recognize(challenge).is_empty() => {
            let what = "the challenge is a variable of the MDM";
            let why = "whether the MDM fills in what the gateway takes cannot be seen here";
            let fix = "if devices are refused, enter the gateway's secret itself";
            report.hint("PROFILE-CHALLENGE-VARIABLE", &place, [what, why, fix]);
        }
        Challenge::Unknown => {
            let trimmed = challenge.trim();
            let what = if trimmed != challenge && (expected.challenge)(trimmed) == Challenge::Right
            {
                "the challenge is right but for blanks around it"
            } else {
                "the challenge is none that a gateway takes"
            };
            let why = format!("the gateway \"{gateway}\" refuses it");
            let fix = "enter it anew, without blanks; if it is lost, render the profile anew";
            report.problem("PROFILE-CHALLENGE-UNKNOWN", &place, [what, &why, fix]);
        }
    }
}

fn names(scep: &Scep, report: &mut Report) {
    if scep.subject.iter().all(|(_, value)| value.trim().is_empty()) {
        let what = "the subject is empty";
        let why = "Apple's devices ask for nothing without a subject";
        let fix = "give a CN, for example the MDM's variable of the serial number";
        report.problem("PROFILE-SUBJECT-EMPTY", &format!("{PLACE}, Subject"), [what, why, fix]);
    }
    for (kind, value) in &scep.names {
        if value.trim().is_empty() {
            let place = format!("{PLACE}, SubjectAltName {}", kind.as_key());
            let what = "a type is chosen for the alternative name, and no value";
            let why = "the request carries an empty name, and its device is not recognized by it";
            let fix = "choose a value from the MDM's variables, or no type";
            report.problem("PROFILE-SAN-EMPTY", &place, [what, why, fix]);
        }
    }
}

fn key(scep: &Scep, report: &mut Report) {
    if scep.key_bits < KEY_BITS_MIN {
        let what = format!("the key has {} bits", scep.key_bits);
        let why = "smaller keys than 2048 bits are refused; Apple's default is 1024";
        let place = format!("{PLACE}, Keysize");
        report.problem("PROFILE-KEY-SIZE", &place, [&what, why, "choose 2048"]);
    }
    if scep.key_usage != KEY_USAGE {
        let place = format!("{PLACE}, Key Usage");
        let what = format!("the key's usage is {}", scep.key_usage);
        let why =
            "signing (1) proves the device at login, encryption (4) opens the gateway's answer";
        let fix = "tick both: use for signing, use for encryption (5)";
        report.problem("PROFILE-KEY-USAGE", &place, [&what, why, fix]);
    }
    if scep.is_extractable {
        let what = "the key may be taken from a Mac";
        let why = "whoever copies it joins as that device; Apple's default allows it";
        let fix = "say KeyIsExtractable false, where the console offers it";
        report.hint(
            "PROFILE-KEY-EXTRACTABLE",
            &format!("{PLACE}, KeyIsExtractable"),
            [what, why, fix],
        );
    }
    if scep.retries.saturating_mul(scep.retry_delay_seconds) < PATIENCE_SECONDS {
        let what = format!(
            "devices ask {} times, {} seconds apart",
            scep.retries, scep.retry_delay_seconds
        );
        let why = "a request that waits for approval is given up too soon";
        let fix = "give Retries 3 and RetryDelay 10 at least";
        report.hint("PROFILE-RETRIES", &format!("{PLACE}, Retries"), [&what, why, fix]);
    }
}

fn fingerprint(scep: &Scep, expected: &Expected<'_>, report: &mut Report) {
    let place = format!("{PLACE}, CAFingerprint");
    let Some(root) = expected.chain.last() else { return };
    let name = trust::name(root);
    let fix = format!("create it from the certificate of \"{name}\", the root");
    match &scep.fingerprint {
        None => {
            let what = "there is no fingerprint";
            let why = "a device takes whatever authority answers, also an attacker's over HTTP";
            report.warning("PROFILE-FINGERPRINT-MISSING", &place, [what, why, &fix]);
        }
        Some(given) if given == root.sha1_fingerprint().as_slice() => {}
        Some(given) => {
            let mut ours = expected.chain.iter().chain(expected.anchors);
            let what = match ours.find(|one| one.sha1_fingerprint().as_slice() == given.as_slice())
            {
                Some(other) => format!(
                    "the fingerprint is that of \"{}\"; devices compare it with \"{name}\"",
                    trust::name(other)
                ),
                None => "the fingerprint is of no certificate that the gateway shows".to_owned(),
            };
            let why = "devices compare it with the last certificate of GetCACert and give up";
            report.problem("PROFILE-FINGERPRINT", &place, [&what, why, &fix]);
        }
    }
}
