//! What each refusal means in a few words, whichever device it met: for counts and pictures, where
//! its sentence would name one of many.

/// What a code means; none for one that is not known.
pub fn title(code: &str) -> Option<&'static str> {
    TITLES.iter().find(|(known, _)| *known == code).map(|(_, title)| *title)
}

/// Code and title.
const TITLES: &[(&str, &str)] = &[
    ("ENR-CHALLENGE-MISSING", "the request has no challenge"),
    ("ENR-CHALLENGE-WRONG", "the challenge is wrong"),
    ("ENR-VARIABLE-UNEXPANDED", "the MDM left a variable as it was"),
    ("ENR-VARIABLE-EMPTY", "the template needs a value that the request lacks"),
    ("ENR-TRANSACTION-TAKEN", "the transaction was begun with another key"),
    ("ENR-KEY-BLOCKED", "others may know the key"),
    ("ENR-KEY-IN-USE", "the key is in use already"),
    ("ENR-KEY-NOT-ALLOWED", "the template takes no such key"),
    ("ENR-BEYOND-TEMPLATE", "the request asks for more than the template gives"),
    ("ENR-NO-ROLE", "no workflow grants the gateway's devices a role"),
    ("ENR-NO-POLICY", "no enrollment policy matches"),
    ("ENR-LIMIT-CERTIFICATES", "the device has as many certificates as it may"),
    ("ENR-LIMIT-DAYS", "the device got its last certificate too lately"),
    ("ENR-MESSAGE-UNREADABLE", "the request cannot be read"),
    ("ENR-MESSAGE-REFUSED", "the gateway does not do what is asked"),
    ("ENR-LINT", "the certificate would break a rule"),
    ("ENR-AUTHORITY-EXPIRED", "the authority has expired"),
    ("ENR-AUTHORITY-DISABLED", "the authority is disabled"),
    ("ENR-SIGNER-BUSY", "the authority's key is too busy"),
    ("ENR-RENEWAL-ELSEWHERE", "renewed at another gateway than its own"),
    ("ENR-RENEWAL-EARLY", "it is too early to renew"),
    ("ENR-RENEWAL-LATE", "it is too late to renew"),
    ("ENR-IN-PROGRESS", "the same request is being answered"),
    ("ENR-GATEWAY-UNKNOWN", "there is no such gateway"),
    ("NAS-UNKNOWN", "the address is no access point's"),
    ("NAS-SECRET-WRONG", "the access point's shared secret differs from ours"),
    ("NAS-NO-MESSAGE-AUTHENTICATOR", "the access point sends no Message-Authenticator"),
    ("NAS-MALFORMED", "the packet is not RADIUS"),
    ("EAP-NONE", "the access point sent no EAP-Message"),
    ("EAP-METHOD", "the device wants another method than EAP-TLS"),
    ("EAP-MALFORMED", "the EAP messages make no sense"),
    ("EAP-STATE-UNKNOWN", "the conversation is not known here"),
    ("EAP-STALLED", "the device stopped answering"),
    ("EAP-ROUNDS", "the conversation took too many rounds"),
    ("TLS-UNKNOWN-CA", "the device does not trust our RADIUS server certificate"),
    ("TLS-BAD-CERTIFICATE", "the device refuses our RADIUS server certificate"),
    ("TLS-ALERT", "the device broke the handshake off"),
    ("TLS-VERSION", "device and server have no TLS settings in common"),
    ("TLS-MALFORMED", "the TLS handshake makes no sense"),
    ("TLS-NO-CERTIFICATE", "the device showed no certificate"),
    ("CERT-EXPIRED", "the certificate has expired"),
    ("CERT-NOT-YET-VALID", "the certificate is not valid yet"),
    ("CERT-REVOKED", "the certificate was revoked"),
    ("CERT-HELD", "the certificate is on hold"),
    ("CERT-AUTHORITY-REVOKED", "an authority over the certificate was revoked"),
    ("CERT-UNKNOWN-ISSUER", "the certificate was signed by somebody else"),
    ("CERT-WRONG-USAGE", "the certificate is not for client authentication"),
    ("CERT-UNKNOWN-SERIAL", "the certificate is not on record"),
    ("CERT-MALFORMED", "the certificate is unsound"),
    ("DEV-UNKNOWN", "the device is not in the inventory"),
    ("DEV-NOT-ACTIVE", "the device is marked lost, wiped or retired"),
    ("DEV-OWNER-DISABLED", "the owner's account is disabled"),
    ("DEV-STALE", "the inventory told of the device too long ago"),
    ("DEV-ASSURANCE-LOW", "the device enrolled with too little assurance"),
    ("DEV-MAC-DIFFERS", "the device joins with another address"),
    ("POL-NO-MATCH", "no network policy matches"),
    ("POL-GROUP", "the owner is not in the group"),
    ("POL-SCHEDULE", "the policy holds at other times"),
    ("POL-REFUSED", "the network policy refuses"),
    ("POL-ATTRIBUTE-VALUE", "an attribute of the policy has no value"),
    ("POL-REPLY-TOO-LARGE", "the policy's answer does not fit into a packet"),
    ("SYS-STORE", "the database does not answer"),
    ("SYS-OVERLOAD", "too many conversations at once"),
    ("SYS-LISTENERS", "too many listen to events"),
    ("API-LISTENERS", "one listens to events too often"),
    ("SYS-INTERNAL", "something inside went wrong"),
    ("API-TOKEN-UNKNOWN", "the token is not known"),
    ("API-TOKEN-EXPIRED", "the token has expired"),
    ("API-TOKEN-ELSEWHERE", "the token was used from another address"),
    ("API-ADMINISTRATOR-DISABLED", "the administrator is disabled"),
    ("API-SETUP-CODE", "the set-up code is wrong"),
    ("API-LOGIN-WRONG", "somebody signed in with a wrong name, password or code"),
    ("API-LOGIN-SLOWED", "somebody tried passwords too fast"),
    ("API-LOGIN-BUSY", "too many signed in at once"),
    ("API-CODE-NEEDED", "a one-time code was missing"),
    ("API-CODE-WRONG", "a one-time code was wrong"),
    ("API-PASSWORD-DUE", "the password is to be changed first"),
    ("API-SESSION-OVER", "the session is over"),
    ("API-NOT-PERMITTED", "whoever asked may not"),
    ("API-MASS-CHANGE", "too much would change at once"),
    ("API-DOCUMENT", "the document was refused"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_to_a_device_has_a_title() {
        let page = include_str!("../../../../docs/refusals.md");
        let codes = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let families = ["ENR-", "NAS-", "EAP-", "TLS-", "CERT-", "DEV-", "POL-", "SYS-"];
        let of_devices =
            codes.filter(|code| families.iter().any(|family| code.starts_with(family)));
        let mut count = 0;
        for code in of_devices {
            assert!(title(code).is_some(), "{code} has no title");
            count += 1;
        }
        assert!(count > 40, "only {count} codes were found");
    }

    #[test]
    fn titles_are_short_and_each_code_has_one() {
        for (place, (code, title)) in TITLES.iter().enumerate() {
            assert!(title.chars().count() <= 60 && !title.ends_with('.'), "{code}");
            assert!(TITLES.iter().skip(place + 1).all(|(other, _)| other != code), "{code}");
        }
        assert_eq!(title("FUTURE-CODE"), None);
    }
}
