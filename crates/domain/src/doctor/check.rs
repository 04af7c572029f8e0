//! The table of checks: each with its code, how grave it is, what it means, why it matters, and
//! what mends it. `docs/doctor.md` has the same rows.

use super::Severity;

/// Something that is looked for.
#[derive(Debug)]
pub struct Check {
    /// Names it for ever.
    pub code: &'static str,
    /// How grave it is, as a rule.
    pub severity: Severity,
    /// What is wrong.
    pub meaning: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

macro_rules! checks {
    ($($name:ident $code:literal $severity:ident $meaning:literal $why:literal $fix:literal)*) => {
        $(pub(super) const $name: Check = Check {
            code: $code,
            severity: Severity::$severity,
            meaning: $meaning,
            why: $why,
            fix: $fix,
        };)*

        /// Every check.
        pub const CHECKS: &[Check] = &[$($name),*];
    };
}

checks! {
    GATEWAY_NONE "DOC-GATEWAY-NONE" Warning
    "there is no gateway"
    "devices ask for their certificates at a gateway"
    "define a [[gateway]] and apply; its secret is shown once"

    GATEWAY_NO_WORKFLOW "DOC-GATEWAY-NO-WORKFLOW" Problem
    "no policy workflow is mapped to the gateway"
    "a device without a role is given no certificate"
    "name the gateway in the rules of a [[policy_workflow]], with field = \"identity.provider\": the \
     guide's Identity Provider"

    WORKFLOW_NO_GATEWAY "DOC-WORKFLOW-NO-GATEWAY" Problem
    "the rules of the policy workflow match the devices of no gateway"
    "nobody gets its role, so the policies for that role decide nothing"
    "in rules of the [[policy_workflow]], let \"identity.provider\" be the name of a gateway"

    WORKFLOW_DRAFT "DOC-WORKFLOW-DRAFT" Warning
    "the policy workflow has no rules yet"
    "a draft grants its role to nobody"
    "give the [[policy_workflow]] rules, or remove it"

    POLICY_DRAFT "DOC-POLICY-DRAFT" Warning
    "the policy has no rules or no settings yet"
    "a draft decides nothing; devices go on to the policies behind it"
    "give the policy rules and settings, or remove it"

    POLICY_MONITOR "DOC-POLICY-MONITOR" Hint
    "the network policy only says what it would do"
    "devices go on to the policies behind it"
    "remove mode = \"monitor\" once the events (safeconduct event list) show what you expect"

    POLICY_OVER "DOC-POLICY-OVER" Warning
    "the time of the network policy is over"
    "it decides nothing any more"
    "set a later active_until, or remove the [[network_policy]]"

    POLICY_SHADOWED "DOC-POLICY-SHADOWED" Warning
    "a policy before it matches everybody whom it could match"
    "the first policy that matches decides, so this one is never asked"
    "move it before the other in the file, or give the other a rule that leaves somebody over"

    POLICY_UNREACHED "DOC-POLICY-UNREACHED" Warning
    "the policy can match the devices of no gateway"
    "it looks as if it protected or let in somebody, and does nothing"
    "correct its rules on gateway and role, or remove it"

    ROLE_NO_ENROLLMENT "DOC-ROLE-NO-ENROLLMENT" Warning
    "no enrollment policy is for the role"
    "devices that have this role and no other get no certificate (ENR-NO-POLICY)"
    "name the role in the rules of an [[enrollment_policy]], with field = \"identity.role\""

    ROLE_NO_NETWORK "DOC-ROLE-NO-NETWORK" Warning
    "no network policy is for the role"
    "devices that have this role and no other get certificates, and onto no network (POL-NO-MATCH)"
    "name the role in the rules of a [[network_policy]], with field = \"identity.role\""

    DEVICE_ROLE_UNUSED "DOC-DEVICE-ROLE-UNUSED" Hint
    "no policy asks for the device role"
    "the workflow that grants it makes no difference"
    "name it in the rules of a policy, with field = \"device.role\", or remove the workflow"

    GATEWAY_NO_ENROLLMENT "DOC-GATEWAY-NO-ENROLLMENT" Problem
    "the gateway's devices get a role, and no enrollment policy can match them"
    "each of their requests is refused (ENR-NO-POLICY)"
    "map an [[enrollment_policy]] to their user role and to the device role Default, with fields \
     \"identity.role\" and \"device.role\", and give it settings"

    ENROLLMENT_NO_ROLE "DOC-ENROLLMENT-NO-ROLE" Problem
    "the enrollment policy asks for a user role that nobody has"
    "it matches no request, so it gives nobody a certificate"
    "in its rules, let \"identity.role\" be the role of a policy workflow that is mapped to a gateway"

    ENROLLMENT_NO_DEVICE_ROLE "DOC-ENROLLMENT-NO-DEVICE-ROLE" Problem
    "the enrollment policy asks for a device role that no device has"
    "it matches no request, so it gives nobody a certificate"
    "in its rules, let \"device.role\" be \"Default\", which every device has"

    ENROLLMENT_EVERY_ROLE "DOC-ENROLLMENT-EVERY-ROLE" Hint
    "the enrollment policy is mapped to no role"
    "every device that has any role gets a certificate from it"
    "if that is not meant, add rules with the fields \"identity.role\" and \"device.role\""

    ENROLLMENT_NO_NETWORK "DOC-ENROLLMENT-NO-NETWORK" Warning
    "devices of the enrollment policy match no network policy"
    "they get certificates, and onto no network (POL-NO-MATCH)"
    "name their role in the rules of a [[network_policy]] and give it settings"

    VARIABLE_EMPTY "DOC-VARIABLE-EMPTY" Problem
    "requests had no value for a variable that the template's subject needs"
    "such a request is refused (ENR-VARIABLE-EMPTY); once later ones were not, this is a warning"
    "map the attribute in the MDM's SCEP profile, or give the variable a fallback in the template's \
     subject: ${/device/serial:/csr/subject/commonName}"

    VARIABLE_UNEXPANDED "DOC-VARIABLE-UNEXPANDED" Problem
    "requests held the name of an MDM's variable in place of its value"
    "such a request is refused (ENR-VARIABLE-UNEXPANDED); once later ones were not, this is a warning"
    "assign the device to a user in the MDM, or choose a variable in its SCEP profile that every \
     device has"

    SAN_MISSING "DOC-SAN-MISSING" Problem
    "the template takes an alternative name from the request, and recent requests had none at all"
    "the certificates lack the name that policies and other servers know the device by"
    "let the MDM's SCEP profile send the value as Subject Alternative Name, or write another \
     variable in the template's san"

    SAN_KIND "DOC-SAN-KIND" Problem
    "the template takes an alternative name of one kind, and recent requests had only others"
    "the certificates lack the name that policies and other servers know the device by"
    "let the MDM's SCEP profile send the value as the kind that the template takes (an e-mail \
     address as RFC822), or name the kind that is sent in the template's san"

    SAN_LEFT_OUT "DOC-SAN-LEFT-OUT" Warning
    "values of recent requests were no alternative names of any kind"
    "they were left out of the certificates, which lack them without anybody noticing"
    "map values that are names in the MDM's SCEP profile, such as an e-mail address as RFC822; \
     warnings in safeconduct event show ID name each"

    ASKED_BEYOND "DOC-ASKED-BEYOND" Hint
    "recent requests asked for more than the template gives"
    "the rest was left out of the certificates, or the request refused"
    "take it out of the MDM's SCEP profile, or add it to the template; left_out in safeconduct \
     event show ID lists each"

    PROFILE_NONE "DOC-PROFILE-NONE" Warning
    "there is no network profile for the gateway"
    "nothing tells its devices which network to join and which server to trust"
    "define a [[network_profile]] whose gateway it is"

    TRUST_MISSING "DOC-TRUST-MISSING" Problem
    "the network profile does not trust the root of the RADIUS server's certificate"
    "devices break off when the server shows its certificate (TLS-UNKNOWN-CA)"
    "add the root to trusted_authorities of the [[network_profile]] and push the profile again: the \
     guide's Trusted Root CA"

    TRUST_EXPIRING "DOC-TRUST-EXPIRING" Warning
    "an authority that devices trust ends in less than 90 days; less than 30 are a problem"
    "when it has ended, no device with this profile joins any more"
    "make a second authority, add it to trusted_authorities, push the profile, and let the server \
     certificate change over to it: safeconduct server-certificate renew NAME --next"

    TRUST_PUBLIC "DOC-TRUST-PUBLIC" Hint
    "the network profile trusts a public root that did not issue the RADIUS server's certificate"
    "whoever gets a certificate of that root for a name that devices accept can pose as the server"
    "remove it from trusted_authorities of the [[network_profile]], unless the server is to get a \
     certificate of it soon"

    SERVER_NAME "DOC-SERVER-NAME" Problem
    "no name that devices accept is in the RADIUS server's certificate"
    "devices break off when the server shows its certificate (TLS-ALERT)"
    "let radius_server_names of the [[network_profile]] hold a name of the [[server_certificate]]; \
     \"*.\" stands for one label"

    TRUST_NEXT "DOC-TRUST-NEXT" Warning
    "the network profile does not trust the root of the certificate that waits to be shown"
    "devices break off when the RADIUS server changes over to it (TLS-UNKNOWN-CA)"
    "add the root to trusted_authorities or trusted_certificates of the [[network_profile]], push \
     the profile again, and only then switch"

    SERVER_EXPIRING "DOC-SERVER-EXPIRING" Warning
    "the RADIUS server's certificate ends in less than 30 days and is not made anew by itself; less \
     than 14 are a problem"
    "when it has ended, no device joins any more"
    "safeconduct server-certificate renew NAME, or import NAME for one from elsewhere; the events \
     of the kind server.renewed say what was in the way"

    SERVER_NEXT_READY "DOC-SERVER-NEXT-READY" Hint
    "a certificate waits to be shown, and every device trusts its root"
    "nobody is cut off by the change, and the old root is of no use any more"
    "switch now: safeconduct server-certificate switch NAME"

    SERVER_NEXT_WAITS "DOC-SERVER-NEXT-WAITS" Warning
    "the RADIUS server's certificate ends in less than 30 days, and devices do not trust the root of \
     the one that waits in its place"
    "those devices join no more once it has ended, or once it was changed over"
    "push the profile that trusts the new root to the devices that safeconduct server-certificate \
     coverage NAME lists, then switch"

    SERVER_NOT_SHOWN "DOC-SERVER-NOT-SHOWN" Problem
    "the network profile names another server certificate than the one that is shown in its network"
    "devices are set up for another server than the one they meet"
    "let all profiles of one SSID, and all wired ones, name the same server_certificate: the first \
     of them decides"

    SERVER_NONE "DOC-SERVER-NONE" Problem
    "there is no server certificate"
    "the RADIUS server has nothing to show, so no device can join"
    "define a [[server_certificate]] of an authority with generate_ca_for = \"radius-server\""

    ACCESS_POINT_SILENT "DOC-ACCESS-POINT-SILENT" Warning
    "the access point was not heard from"
    "it asks another server, is at another address, or a firewall is between"
    "let it ask this server's RADIUS port, and see whether its address is that of the \
     [[access_point]]"

    ACCESS_POINT_SECRET "DOC-ACCESS-POINT-SECRET" Problem
    "the access point uses another shared secret"
    "its packets are dropped, so no device joins there (NAS-SECRET-WRONG)"
    "set the same shared_secret on the access point and in the [[access_point]]"

    ACCESS_POINT_PACKETS "DOC-ACCESS-POINT-PACKETS" Problem
    "packets of the access point are dropped"
    "no device joins there"
    "update its firmware, and switch Message-Authenticator on (CVE-2024-3596)"

    ADDRESS_UNKNOWN "DOC-ADDRESS-UNKNOWN" Warning
    "packets come from an address that is no access point's"
    "they are dropped, so no device joins there (NAS-UNKNOWN)"
    "define an [[access_point]] with this address, or stop whatever sends them"

    BASE_URL_LOOPBACK "DOC-BASE-URL-LOOPBACK" Problem
    "the base_url is a loopback address, and access points are elsewhere"
    "devices that read it in a profile or a certificate ask themselves, and nobody answers"
    "let base_url of [organization] be the address at which devices reach this server"

    AUTHORITY_EXPIRED "DOC-AUTHORITY-EXPIRED" Problem
    "the authority's own certificate has ended"
    "it signs nothing more, and no certificate of it counts"
    "safeconduct certificate-authority renew NAME"

    AUTHORITY_EXPIRING "DOC-AUTHORITY-EXPIRING" Warning
    "the authority's own certificate ends in less than 90 days"
    "nothing that it signs lives longer"
    "safeconduct certificate-authority renew NAME; devices have to trust a new root first"

    AUTHORITY_DISABLED "DOC-AUTHORITY-DISABLED" Problem
    "the authority that is to issue is disabled"
    "each request is refused (ENR-AUTHORITY-DISABLED)"
    "name another certificate_authority there, or set disabled = false at the authority"

    TEMPLATE_OUTLIVES "DOC-TEMPLATE-OUTLIVES" Warning
    "the template's certificates are to live longer than the authority"
    "they are cut short to the authority's end, and end all at once"
    "safeconduct certificate-authority renew NAME, or lower the template's validity_days"

    LIST_STALE "DOC-LIST-STALE" Warning
    "the authority's revocation list is older than half of its life; one that has ended is a problem"
    "who checks by it does not learn what was revoked, and takes nothing once it has ended"
    "let the server run; its log says what keeps it from making a new list"

    GATEWAY_LEGACY "DOC-GATEWAY-LEGACY" Warning
    "the gateway takes single DES"
    "who listens can read the challenge in such a request, and ask with it"
    "remove legacy = true from the [[gateway]] once no device needs it"

    GATEWAY_UNUSED "DOC-GATEWAY-UNUSED" Hint
    "no device has ever shown the gateway's secret"
    "the MDM does not send its SCEP profile yet, or with another address or challenge"
    "put address and secret of the gateway's CSV into the MDM's SCEP profile, and push it to one \
     device"

    INVENTORY_NONE "DOC-INVENTORY-NONE" Warning
    "there is no device in the inventory, and something asks for one"
    "no device is known, whatever it says of itself, so these rules hold for none"
    "safeconduct device import FILE.csv, or take out the rules and variables that ask for devices"

    PEOPLE_NONE "DOC-PEOPLE-NONE" Warning
    "there is no person in the inventory, and something asks for one"
    "no owner is known, so these rules hold for none"
    "safeconduct person import FILE.csv, or take out the rules and variables that ask for the owner"

    INVENTORY_STALE "DOC-INVENTORY-STALE" Warning
    "of more than half of the devices, nothing was told for a week"
    "status and tags may be true no more, and rules on device.inventory_age refuse them"
    "safeconduct device import FILE.csv again, and regularly"

    LOST_CERTIFICATE "DOC-LOST-CERTIFICATE" Warning
    "devices that are lost, wiped or retired have certificates that are in use"
    "a policy that looks at device.status lets them in, and other servers that know no inventory do"
    "safeconduct certificate list --device NAME, then safeconduct certificate revoke SERIAL --reason \
     cessationOfOperation"

    TEST_DEVICE_GONE "DOC-TEST-DEVICE-GONE" Warning
    "a saved test names a device that is not there"
    "no change can be saved while a test fails"
    "name another device in tests of the [[network_policy]], or remove the test"

    MORE "DOC-MORE" Hint
    "there are more findings than are told"
    "those that are told are the gravest"
    "mend some of them and ask again"
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../../../../docs/doctor.md");

    #[test]
    fn the_page_has_every_check_as_it_is_and_no_other() {
        for check in CHECKS {
            let Check { code, severity, meaning, why, fix } = check;
            let severity = severity.as_str();
            let row = format!("| `{code}` | {severity} | {meaning} | {why} | {fix} |");
            assert!(PAGE.contains(&row), "docs/doctor.md lacks: {row}");
        }
        let rows = PAGE.lines().filter(|line| line.starts_with("| `DOC-")).count();
        assert_eq!(rows, CHECKS.len());
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<&str> = CHECKS.iter().map(|check| check.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), CHECKS.len());
    }
}
