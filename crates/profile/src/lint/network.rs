//! How the network is joined.

use super::Expected;
use super::Report;
use crate::apple::key::shown;
use crate::inspect::Join;
use crate::inspect::Profile;

/// EAP-TLS.
const EAP_TLS: i64 = 13;
/// What our server speaks.
const TLS_LOWEST: &str = "1.2";
const TLS_HIGHEST: &str = "1.3";

pub(super) fn check(profile: &Profile, expected: &Expected<'_>, report: &mut Report) {
    let Some((payload, join)) = profile.network() else {
        let what = "the profile joins no network";
        let why = "devices get a certificate and do not use it";
        let fix = "add the Wi-Fi payload to this same profile";
        report.hint("PROFILE-NO-NETWORK", "the profile", [what, why, fix]);
        return;
    };
    let title = payload.title.as_str();
    medium(title, join, expected, report);
    methods(title, join, report);
    if join.eap_types.contains(&EAP_TLS) {
        versions(title, join, report);
    }
}

fn medium(title: &str, join: &Join, expected: &Expected<'_>, report: &mut Report) {
    if join.is_wired {
        return;
    }
    if let (Some(expected), given) = (expected.ssid, join.ssid.as_deref().unwrap_or_default())
        && expected != given
    {
        let what = format!("the network is called \"{}\" here", shown(given));
        let why = "devices look for a network of exactly this name, capitals and blanks included";
        let fix = format!("write {expected}");
        report.problem("PROFILE-SSID", &format!("{title}, SSID_STR"), [&what, why, &fix]);
    }
    if matches!(join.encryption.as_str(), "None" | "WEP") {
        let what = format!("the network is said to be protected by {}", shown(&join.encryption));
        let why = "802.1X needs WPA2 or WPA3";
        let place = format!("{title}, EncryptionType");
        report.problem("PROFILE-ENCRYPTION", &place, [&what, why, "choose WPA2 Enterprise"]);
    }
    if !join.disable_mac_randomization {
        let what = "devices show the network a random MAC address";
        let why = "policies and lists by MAC address do not know them";
        let fix = "tick Disable MAC Address Randomization if you decide by MAC address";
        let place = format!("{title}, DisableAssociationMACRandomization");
        report.hint("PROFILE-RANDOM-MAC", &place, [what, why, fix]);
    }
}

fn methods(title: &str, join: &Join, report: &mut Report) {
    let place = format!("{title}, AcceptEAPTypes");
    if !join.eap_types.contains(&EAP_TLS) {
        let what = "EAP-TLS (13) is not among the accepted methods";
        let why = "the server speaks nothing else";
        report.problem("PROFILE-EAP-TLS", &place, [what, why, "choose TLS"]);
    }
    let others: Vec<String> =
        join.eap_types.iter().filter(|method| **method != EAP_TLS).map(i64::to_string).collect();
    if !others.is_empty() {
        let what = format!("other methods than EAP-TLS are accepted: {}", others.join(", "));
        let why = "a false network can ask a device for a password by them";
        report.warning("PROFILE-EAP-OTHERS", &place, [&what, why, "leave only TLS"]);
    }
    if join.allows_exceptions {
        let what = "people may be asked whether to trust a server";
        let why = "devices have not heard this since iOS 8, and nothing is gained";
        let place = format!("{title}, TLSAllowTrustExceptions");
        report.hint("PROFILE-EXCEPTIONS", &place, [what, why, "leave it out"]);
    }
}

/// Versions are compared as texts: all are `1.` and one digit, or the table of keys has complained.
fn versions(title: &str, join: &Join, report: &mut Report) {
    let (lowest, highest) = (join.tls_lowest.as_str(), join.tls_highest.as_str());
    let place = format!("{title}, TLSMinimumVersion");
    let range = format!("TLS {} to {} is allowed", shown(lowest), shown(highest));
    if lowest > highest {
        let why = "no version is in that range; Apple's default for the highest is 1.2";
        report.problem("PROFILE-TLS-EMPTY", &place, [&range, why, "allow 1.2 to 1.3"]);
        return;
    }
    if highest < TLS_LOWEST || lowest > TLS_HIGHEST {
        let why = "the server speaks TLS 1.2 and 1.3";
        report.problem("PROFILE-TLS-EXCLUDED", &place, [&range, why, "allow 1.2 to 1.3"]);
        return;
    }
    if lowest < TLS_LOWEST {
        let why = "a false network can make devices speak an old version; Apple's default is 1.0";
        report.hint("PROFILE-TLS-OLD", &place, [&range, why, "say TLSMinimumVersion 1.2"]);
    }
    if highest < TLS_HIGHEST {
        let why = "devices never speak TLS 1.3, which hides their name; Apple's default is 1.2";
        report.hint("PROFILE-TLS-DEFAULT", &place, [&range, why, "say TLSMaximumVersion 1.3"]);
    }
    if lowest == TLS_HIGHEST && join.outer_identity.as_deref().is_none_or(str::is_empty) {
        let what = "TLS 1.3 is the lowest version, and there is no OuterIdentity";
        let why = "Apple's devices demand one then";
        let fix = "give an OuterIdentity, for example anonymous";
        report.problem(
            "PROFILE-OUTER-IDENTITY",
            &format!("{title}, OuterIdentity"),
            [what, why, fix],
        );
    }
}
