//! The likely cause of each refusal, where the sentence does not say it: what is usually behind it
//! in the field.

/// The likely cause behind a code; none where the sentence says all.
pub fn likely_cause(code: &str) -> Option<&'static str> {
    CAUSES.iter().find(|(known, _)| *known == code).map(|(_, cause)| *cause)
}

/// Code and cause.
pub const CAUSES: &[(&str, &str)] = &[
    (
        "ENR-CHALLENGE-MISSING",
        "the Challenge field of the MDM's SCEP profile is empty, or the profile was made before \
         the gateway had a secret",
    ),
    (
        "ENR-CHALLENGE-WRONG",
        "the secret was rotated, copied from another gateway's CSV, or pasted with a space",
    ),
    (
        "ENR-VARIABLE-UNEXPANDED",
        "the device has no user assigned in the MDM, or the profile's variables are not enabled",
    ),
    (
        "ENR-VARIABLE-EMPTY",
        "the attribute is not mapped in the MDM's SCEP profile, or the device has no value for it",
    ),
    (
        "ENR-KEY-IN-USE",
        "the device kept its key and enrolls anew, or an image with a key in it was copied",
    ),
    (
        "ENR-NO-ROLE",
        "the policy workflow is not mapped to this gateway as its Identity Provider, or is still a \
         draft",
    ),
    (
        "ENR-NO-POLICY",
        "the enrollment policy is not mapped to the user role and the Default device role, or has \
         no settings yet",
    ),
    (
        "ENR-MESSAGE-UNREADABLE",
        "the device encrypted to another certificate: the profile names a wrong CA, or an old one",
    ),
    (
        "ENR-LIMIT-CERTIFICATES",
        "two SCEP profiles on one device, or a profile that is re-sent often",
    ),
    ("ENR-LIMIT-DAYS", "a profile that is re-sent on every change of its group"),
    ("ENR-RENEWAL-LATE", "the device was away or switched off when it should have renewed"),
    ("NAS-UNKNOWN", "a new access point, or one that sends from another address than before"),
    ("NAS-SECRET-WRONG", "the shared secret was mistyped on the access point or here"),
    (
        "NAS-NO-MESSAGE-AUTHENTICATOR",
        "old firmware from before the answers to BlastRADIUS (CVE-2024-3596)",
    ),
    (
        "EAP-METHOD",
        "the Wi-Fi profile asks for PEAP or TTLS, or the device has no client certificate",
    ),
    (
        "EAP-STATE-UNKNOWN",
        "the access point sent the rest of a conversation to another server, or much too late",
    ),
    (
        "EAP-STALLED",
        "the device does not trust our server certificate and says nothing, a person did not \
         answer its question, or large packets are lost on the way",
    ),
    ("EAP-ROUNDS", "very small fragments, or a device that sends the same message again and again"),
    (
        "TLS-UNKNOWN-CA",
        "the trusted root of the RADIUS server's certificate is missing in the Wi-Fi profile",
    ),
    (
        "TLS-BAD-CERTIFICATE",
        "the server name in the Wi-Fi profile is not one of the server certificate's",
    ),
    ("TLS-ALERT", "the Wi-Fi profile wants something else of the server than it shows"),
    ("TLS-VERSION", "a device that is older than TLS 1.2"),
    (
        "TLS-NO-CERTIFICATE",
        "the SCEP profile did not get its certificate yet, or the Wi-Fi profile does not name it as \
         its identity certificate",
    ),
    ("CERT-EXPIRED", "the MDM did not renew it in time, or the device was away for long"),
    ("CERT-NOT-YET-VALID", "a clock that is wrong, here or where it was issued"),
    (
        "CERT-UNKNOWN-ISSUER",
        "the device shows a certificate of another authority: several are installed, and the Wi-Fi \
         profile does not say which",
    ),
    (
        "CERT-UNKNOWN-SERIAL",
        "the database was restored from a time before it was issued, or the certificate is forged",
    ),
    ("DEV-UNKNOWN", "the device is new, or was enrolled beside the MDM"),
    ("DEV-NOT-ACTIVE", "somebody reported it lost, wiped it or took it out of use"),
    ("DEV-OWNER-DISABLED", "the person left, or the account was locked"),
    ("DEV-STALE", "the import of the MDM's list has stopped, or the device is not in it any more"),
    ("DEV-ASSURANCE-LOW", "it enrolled before it was in the inventory"),
    ("DEV-MAC-DIFFERS", "a private Wi-Fi address, a dock, or a certificate on another machine"),
    ("POL-NO-MATCH", "the network policy is for another role, or is still a draft"),
    ("POL-GROUP", "the owner's groups in the inventory are old, or the owner moved"),
    ("SYS-OVERLOAD", "many devices came back at once, after a power cut for example"),
    ("SYS-STORE", "the disk is full, or the database server is away"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_of_a_code_that_there_is() {
        let page = include_str!("../../../../docs/refusals.md");
        for (code, cause) in CAUSES {
            assert!(page.contains(&format!("| `{code}` |")), "{code} is no code");
            assert!(!cause.ends_with('.'), "{cause}");
        }
    }

    #[test]
    fn a_code_without_a_cause_says_all_itself() {
        assert_eq!(likely_cause("POL-REFUSED"), None);
        assert!(likely_cause("TLS-UNKNOWN-CA").is_some());
    }
}
