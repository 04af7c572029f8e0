//! The words of each refusal: its code, its sentence, its fix. One table, one row each; the rows of
//! administrators' requests have a file of their own.

mod request;
#[cfg(test)]
mod tests;

use crate::policy::Miss;
use crate::refusal::Refusal;

/// Code, sentence without its full stop, and fix.
pub(super) type Words = (&'static str, String, &'static str);

impl Refusal {
    /// The stable code; the same as in its JSON.
    pub fn code(&self) -> &'static str {
        self.words().0
    }

    /// What happened, as a sentence without its full stop.
    pub fn sentence(&self) -> String {
        self.words().1
    }

    /// What the administrator can do about it.
    pub fn fix(&self) -> &'static str {
        self.words().2
    }

    #[expect(clippy::too_many_lines, reason = "a table, read by row")]
    fn words(&self) -> Words {
        match self {
            Self::ChallengeMissing { gateway } => (
                "ENR-CHALLENGE-MISSING",
                format!("the request at gateway {gateway} carries no challenge"),
                "paste the API Secret from the gateway's CSV into the Challenge field of the \
                 MDM's SCEP profile",
            ),
            Self::ChallengeWrong { gateway } => (
                "ENR-CHALLENGE-WRONG",
                format!("the challenge is not the secret of gateway {gateway}"),
                "copy the API Secret from the gateway's CSV into the Challenge field of the MDM's \
                 SCEP profile again, without spaces",
            ),
            Self::VariableUnexpanded { place, value } => (
                "ENR-VARIABLE-UNEXPANDED",
                format!("the {place} holds {value}, which the MDM did not replace by a value"),
                "assign the device to a user in the MDM, or choose a variable that every device \
                 has, such as the serial number",
            ),
            Self::VariableEmpty { variable, template } => (
                "ENR-VARIABLE-EMPTY",
                format!("the template {template} needs {variable}, and this request has none"),
                "let the MDM send the value in the subject or a SAN, or give the variable a \
                 fallback in the template",
            ),
            Self::TransactionTaken { transaction } => (
                "ENR-TRANSACTION-TAKEN",
                format!(
                    "the transaction {transaction} was begun with another key less than a day ago"
                ),
                "let the device begin anew: a transaction names one key (RFC 8894, 3.2.1.1)",
            ),
            Self::KeyBlocked { serial } => (
                "ENR-KEY-BLOCKED",
                format!(
                    "the key was that of certificate {serial}, which was revoked because others \
                     may know the key"
                ),
                "let the device make a new key",
            ),
            Self::KeyInUse { serial, policy } => (
                "ENR-KEY-IN-USE",
                format!(
                    "certificate {serial}, which is in use, has the same key, and the policy \
                     {policy} takes a key once"
                ),
                "let the device make a new key or renew with its certificate, or set key_reuse = \
                 true in the enrollment policy",
            ),
            Self::KeyNotAllowed { key, template, allowed } => (
                "ENR-KEY-NOT-ALLOWED",
                format!("the template {template} takes no {key} keys, only {}", list(allowed)),
                "change type and size of the key in the MDM's SCEP profile, or subject_keys in \
                 the template",
            ),
            Self::BeyondTemplate { template, asked } => (
                "ENR-BEYOND-TEMPLATE",
                format!(
                    "the request asks for more than the template {template} gives: {}",
                    and(asked)
                ),
                "take it out of the MDM's SCEP profile, add it to the template, or set excess = \
                 \"drop\" there",
            ),
            Self::RoleMissing { gateway } => (
                "ENR-NO-ROLE",
                format!("no policy workflow grants a role to devices of gateway {gateway}"),
                "in Policy Workflows, select this gateway as the Identity Provider",
            ),
            Self::EnrollmentPolicyMissing { roles, nearest: None } => (
                "ENR-NO-POLICY",
                format!("no enrollment policy matches {}", list(roles)),
                "add the role to the conditions of an enrollment policy",
            ),
            Self::EnrollmentPolicyMissing { nearest: Some(miss), .. } => (
                "ENR-NO-POLICY",
                format!("no enrollment policy matches; the nearest is {}", near(miss)),
                "change that rule, or what it looks at",
            ),
            Self::TooManyCertificates { device, count, allowed, policy } => (
                "ENR-LIMIT-CERTIFICATES",
                format!(
                    "the device {device} has {count} certificates in use, and the policy \
                     {policy} allows {allowed}"
                ),
                "revoke those it no longer needs, raise certificates_per_device, or set \
                 old_certificate = \"revoke\" in the enrollment policy",
            ),
            Self::TooSoon { device, serial, from, policy } => (
                "ENR-LIMIT-DAYS",
                format!(
                    "the device {device} got certificate {serial} a while ago, and the policy \
                     {policy} gives it another from {}",
                    from.to_rfc3339()
                ),
                "wait, let the device renew with its certificate, or lower days_between in the \
                 enrollment policy",
            ),
            Self::MessageUnreadable { what } => (
                "ENR-MESSAGE-UNREADABLE",
                format!("the request cannot be read: {what}"),
                "check that the device's SCEP profile names the certificate of this gateway \
                 (Create from Certificate)",
            ),
            Self::MessageRefused { gateway, what } => (
                "ENR-MESSAGE-REFUSED",
                format!("gateway {gateway} refuses the request: {what}"),
                "change the device's settings, or the gateway's",
            ),
            Self::DraftRejected { lint, what } => (
                "ENR-LINT",
                format!("the certificate would break a rule ({lint}): {what}"),
                "change the template or what the device sends",
            ),
            Self::AuthorityExpired { authority, not_after } => (
                "ENR-AUTHORITY-EXPIRED",
                format!("the authority {authority} expired on {}", not_after.to_rfc3339()),
                "renew it: safeconduct certificate-authority renew NAME",
            ),
            Self::AuthorityDisabled { authority } => (
                "ENR-AUTHORITY-DISABLED",
                format!("the authority {authority} is disabled and issues nothing more"),
                "name another authority in the gateway and the enrollment policy, or set disabled \
                 = false and apply",
            ),
            Self::SignerBusy { authority } => (
                "ENR-SIGNER-BUSY",
                format!("the key of {authority} is too busy to sign in time"),
                "nothing: the device asks again by itself; if it lasts, use an authority with an \
                 ECDSA key",
            ),
            Self::RenewalElsewhere { serial, gateway } => (
                "ENR-RENEWAL-ELSEWHERE",
                format!("certificate {serial} was not issued at gateway {gateway}"),
                "let the device renew at the gateway where it enrolled, or push the SCEP profile \
                 to it again",
            ),
            Self::RenewalEarly { serial, from } => (
                "ENR-RENEWAL-EARLY",
                format!("certificate {serial} may be renewed from {}", from.to_rfc3339()),
                "nothing: the device asks again; for earlier renewals raise the gateway's \
                 renewal_window_days",
            ),
            Self::RenewalLate { serial, not_after } => (
                "ENR-RENEWAL-LATE",
                format!("certificate {serial} ended on {}", not_after.to_rfc3339()),
                "push the SCEP profile to the device again, or raise the gateway's \
                 renewal_grace_days",
            ),
            Self::InProgress { transaction } => (
                "ENR-IN-PROGRESS",
                format!("the request of transaction {transaction} is being answered already"),
                "nothing: the device asks again by itself and gets the same certificate",
            ),
            Self::GatewayUnknown { gateway } => (
                "ENR-GATEWAY-UNKNOWN",
                format!("there is no gateway {gateway}"),
                "copy the Enrollment URL from the gateway's CSV into the MDM's SCEP profile",
            ),
            Self::AccessPointUnknown { address } => (
                "NAS-UNKNOWN",
                format!("{address} is no access point of this organization"),
                "add it under RADIUS > Access Points, with its shared secret",
            ),
            Self::SharedSecretWrong { access_point } => (
                "NAS-SECRET-WRONG",
                format!("the shared secret of access point {access_point} differs from ours"),
                "set the same shared secret on the access point and here",
            ),
            Self::MessageAuthenticatorMissing { access_point } => (
                "NAS-NO-MESSAGE-AUTHENTICATOR",
                format!("access point {access_point} sends no Message-Authenticator"),
                "update its firmware or switch Message-Authenticator on (CVE-2024-3596)",
            ),
            Self::PacketMalformed { access_point, what } => (
                "NAS-MALFORMED",
                format!("access point {access_point} sent what is not RADIUS: {what}"),
                "check what else sends to this port, and the access point's firmware",
            ),
            Self::EapMissing => (
                "EAP-NONE",
                "the access point sent no EAP-Message".to_owned(),
                "switch the network to WPA2-Enterprise or 802.1X; passwords and MAC addresses \
                 are not accepted here",
            ),
            Self::EapMethod { wants } => (
                "EAP-METHOD",
                format!("the device wants another EAP method than EAP-TLS (types {wants:?})"),
                "select TLS in the device's Wi-Fi profile",
            ),
            Self::EapMalformed { what } => (
                "EAP-MALFORMED",
                format!("the device's EAP messages make no sense: {what}"),
                "update the device; if many do this, look for a broken access point",
            ),
            Self::EapStateUnknown => (
                "EAP-STATE-UNKNOWN",
                "the conversation is not known here".to_owned(),
                "nothing: the device starts again; if it lasts, the access point spreads one \
                 conversation over several servers",
            ),
            Self::EapStalled { rounds } => (
                "EAP-STALLED",
                format!("the device stopped answering after {rounds} rounds"),
                "check that the device trusts our server certificate, and that packets of 1500 \
                 bytes pass between access point and server",
            ),
            Self::EapRounds { rounds } => (
                "EAP-ROUNDS",
                format!("the conversation took more than {rounds} rounds"),
                "send a shorter certificate chain, or raise the access point's Framed-MTU",
            ),
            Self::ServerNotTrusted { alert } => (
                "TLS-UNKNOWN-CA",
                format!("the device does not trust our RADIUS server certificate (alert {alert})"),
                "put the RADIUS root into the Trust tab of the device's Wi-Fi profile",
            ),
            Self::ServerCertificateRefused { alert, name } => (
                "TLS-BAD-CERTIFICATE",
                format!("the device refuses our RADIUS server certificate ({name}, alert {alert})"),
                "compare Trusted Server Certificate Names in the Wi-Fi profile with the names in \
                 the server certificate",
            ),
            Self::TlsAlert { alert, name } => (
                "TLS-ALERT",
                format!("the device broke the handshake off ({name}, alert {alert})"),
                "look at the device's own log; Linux sends alert 80 when the server's name is not one \
                 of the Trusted Server Certificate Names",
            ),
            Self::TlsIncompatible { what } => (
                "TLS-VERSION",
                format!("the device and the server have no TLS settings in common: {what}"),
                "allow TLS 1.2 or 1.3 in the device's Wi-Fi profile",
            ),
            Self::TlsMalformed { what } => (
                "TLS-MALFORMED",
                format!("the TLS handshake makes no sense: {what}"),
                "update the device",
            ),
            Self::CertificateMissing => (
                "TLS-NO-CERTIFICATE",
                "the device showed no certificate".to_owned(),
                "select the SCEP profile as Identity Certificate in the Wi-Fi profile, and check \
                 that the device enrolled",
            ),
            Self::CertificateExpired { serial, not_after } => (
                "CERT-EXPIRED",
                match not_after {
                    Some(time) => format!("certificate {serial} expired on {}", time.to_rfc3339()),
                    None => format!("certificate {serial} has expired"),
                },
                "push the SCEP profile to the device again, so that it gets a new certificate",
            ),
            Self::CertificateNotYetValid { serial } => (
                "CERT-NOT-YET-VALID",
                format!("certificate {serial} is not valid yet"),
                "check the clock of this server",
            ),
            Self::CertificateRevoked { serial, at, reason } => (
                "CERT-REVOKED",
                format!("certificate {serial} was revoked on {} ({reason})", at.to_rfc3339()),
                "if the device is to come back, push the SCEP profile to it again",
            ),
            Self::CertificateHeld { serial, at } => (
                "CERT-HELD",
                format!("certificate {serial} is on hold since {}", at.to_rfc3339()),
                "if the device may come back, release the certificate: safeconduct certificate \
                 release SERIAL",
            ),
            Self::AuthorityRevoked { authority, at } => (
                "CERT-AUTHORITY-REVOKED",
                format!(
                    "the authority {authority} over the certificate was revoked on {}",
                    at.to_rfc3339()
                ),
                "renew the authority, or name another in the enrollment policy, and let the devices \
                 enroll again",
            ),
            Self::CertificateForeign { issuer, subject } => (
                "CERT-UNKNOWN-ISSUER",
                format!("the certificate of {subject} was signed by {issuer}, not by us"),
                "select the SCEP profile as Identity Certificate in the Wi-Fi profile",
            ),
            Self::CertificateWrongUsage { serial } => (
                "CERT-WRONG-USAGE",
                format!("certificate {serial} is not for client authentication"),
                "add client-authentication to the template's extended key usage and enroll again",
            ),
            Self::CertificateUnknown { serial } => (
                "CERT-UNKNOWN-SERIAL",
                format!("certificate {serial} bears our signature, and we have no record of it"),
                "restore the newest backup; if there was none, treat the authority's key as stolen",
            ),
            Self::CertificateMalformed { what } => (
                "CERT-MALFORMED",
                format!("the device's certificate is unsound: {what}"),
                "push the SCEP profile to the device again",
            ),
            Self::NetworkPolicyMissing { roles, nearest: None } => (
                "POL-NO-MATCH",
                format!("no network policy matches {}", list(roles)),
                "add the role to the conditions of a network policy",
            ),
            Self::NetworkPolicyMissing { nearest: Some(miss), .. } => (
                "POL-NO-MATCH",
                format!("no network policy matches; the nearest is {}", near(miss)),
                "change that rule, or what it looks at",
            ),
            Self::GroupMissing { groups, expected, policy } => (
                "POL-GROUP",
                format!(
                    "the policy {policy} wants identity.groups to be {expected}, and the owner's \
                     are {groups}"
                ),
                "put the owner into the group, or change the policy",
            ),
            Self::PolicyNotNow { policy, expected, actual } => (
                "POL-SCHEDULE",
                format!("the policy {policy} holds at other times: {expected}, and it is {actual}"),
                "change the policy's hours, or add a policy for this time",
            ),
            Self::DeviceUnknown { device, policy } => (
                "DEV-UNKNOWN",
                format!("the device {device} is not in the inventory, which {policy} asks for"),
                "add it: safeconduct device add, or import the MDM's list of devices",
            ),
            Self::DeviceNotActive { device, status } => (
                "DEV-NOT-ACTIVE",
                format!("the device {device} is marked {status}"),
                "if it is in use again, set its status to active; else revoke its certificates",
            ),
            Self::PersonDisabled { person } => (
                "DEV-OWNER-DISABLED",
                format!("the account of {person}, who owns the device, is disabled"),
                "enable the account, or give the device another owner",
            ),
            Self::InventoryStale { device, hours, policy } => (
                "DEV-STALE",
                format!(
                    "the inventory last told of {device} {hours} hours ago, too long for {policy}"
                ),
                "import the MDM's list again, or let the policy take older facts",
            ),
            Self::AssuranceLow { assurance, expected, policy } => (
                "DEV-ASSURANCE-LOW",
                format!(
                    "the device enrolled with assurance {assurance}, and {policy} wants {expected}"
                ),
                "add the device to the inventory and let it enroll again, or ask for less",
            ),
            Self::MacDiffers { device, mac, policy } => (
                "DEV-MAC-DIFFERS",
                format!("the device {device} joins with {mac}, which {policy} does not take"),
                "switch off private Wi-Fi addresses in the MDM's profile, or correct the \
                 addresses in the inventory",
            ),
            Self::NetworkPolicyRefuses { policy } => (
                "POL-REFUSED",
                format!("the network policy {policy} refuses access"),
                "if that is not meant, change the policy or put another before it",
            ),
            Self::AttributeValue { policy, attribute, what } => (
                "POL-ATTRIBUTE-VALUE",
                format!("the network policy {policy} cannot send {attribute}: {what}"),
                "give the device such a value, name another variable after a colon, or set \
                 on_missing = \"omit\" in the policy to let it in without the attribute",
            ),
            Self::ReplyTooLarge { policy } => (
                "POL-REPLY-TOO-LARGE",
                format!("what the network policy {policy} sends does not fit into one packet"),
                "send fewer or shorter attributes",
            ),
            Self::StoreUnavailable { what } => (
                "SYS-STORE",
                format!("the database does not answer: {what}"),
                "make room on the disk, or see why the database is away; nothing was issued",
            ),
            Self::Overloaded => (
                "SYS-OVERLOAD",
                "there are more conversations at once than there is room for".to_owned(),
                "nothing: devices ask again by themselves; if it lasts, look for one that floods",
            ),
            Self::TooManyListeners { most } => (
                "SYS-LISTENERS",
                format!("{most} listen to events already, as many as there is room for"),
                "close pages that nobody looks at, or ask for the list of events now and then",
            ),
            Self::OwnListeners { most } => (
                "API-LISTENERS",
                format!("you listen to events in {most} places already"),
                "close pages that you do not look at, or end programs that follow events",
            ),
            Self::Internal { what } => (
                "SYS-INTERNAL",
                format!("something inside went wrong: {what}"),
                "please report it with this event",
            ),
            Self::Unauthenticated
            | Self::TokenUnknown
            | Self::TokenExpired { .. }
            | Self::TokenElsewhere { .. }
            | Self::AdministratorDisabled { .. }
            | Self::SetupCodeWrong
            | Self::LoginWrong
            | Self::LoginSlowed { .. }
            | Self::LoginBusy
            | Self::CodeNeeded { .. }
            | Self::CodeWrong { .. }
            | Self::PasswordDue { .. }
            | Self::PasswordByToken { .. }
            | Self::SessionOver
            | Self::ProofNeeded
            | Self::LastOwner { .. }
            | Self::TooManyRequests { .. }
            | Self::IdempotencyKeyUsed { .. }
            | Self::NotPermitted { .. }
            | Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::SlugTaken { .. }
            | Self::RootDiffers { .. }
            | Self::SlotEmpty { .. }
            | Self::SlotNotValid { .. }
            | Self::AlreadyRevoked { .. }
            | Self::AlreadyHeld { .. }
            | Self::NotHeld { .. }
            | Self::MassChange { .. }
            | Self::RealDevices { .. }
            | Self::ExportTooLarge { .. }
            | Self::DocumentRefused { .. }
            | Self::ParameterWrong { .. } => request::words(self),
        }
    }
}

fn and(things: &[String]) -> String {
    match things.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some(_) | None => things.join(", "),
    }
}

fn near(miss: &Miss) -> String {
    let Miss { policy, field, expected, actual } = miss;
    format!("{policy}, which wants {field} to be {expected} and finds {actual}")
}

fn list(roles: &[String]) -> String {
    if roles.is_empty() {
        return "a device without a role".to_owned();
    }
    format!("the role {}", roles.join(", "))
}
