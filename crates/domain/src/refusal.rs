//! The ways the product says no. A refusal is an answer, not an error: it has a stable code,
//! a sentence for the administrator, and the fix.

pub mod cause;
mod status;
pub mod title;
mod words;

use core::fmt;

use pki::certificate::Serial;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actor::Permission;
use crate::certificate::RevocationReason;
use crate::object::Kind;
use crate::policy::Miss;

/// Why the answer is no. Its JSON is what is kept; sentence and fix are made from it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "code")]
#[expect(missing_docs, reason = "each variant's fields are named as what they hold")]
pub enum Refusal {
    /// The request carries no challenge.
    #[serde(rename = "ENR-CHALLENGE-MISSING")]
    ChallengeMissing { gateway: String },
    /// The challenge is none of the gateway's.
    #[serde(rename = "ENR-CHALLENGE-WRONG")]
    ChallengeWrong { gateway: String },
    /// The MDM sent the name of a variable instead of its value.
    #[serde(rename = "ENR-VARIABLE-UNEXPANDED")]
    VariableUnexpanded { place: String, value: String },
    /// The subject needs a variable that has no value.
    #[serde(rename = "ENR-VARIABLE-EMPTY")]
    VariableEmpty { variable: String, template: String },
    /// The transaction was another key's.
    #[serde(rename = "ENR-TRANSACTION-TAKEN")]
    TransactionTaken { transaction: String },
    /// The template takes other kinds of keys.
    #[serde(rename = "ENR-KEY-NOT-ALLOWED")]
    KeyNotAllowed { key: String, template: String, allowed: Vec<String> },
    /// The request asks for more than the template gives, and the template refuses such requests.
    #[serde(rename = "ENR-BEYOND-TEMPLATE")]
    BeyondTemplate { template: String, asked: Vec<String> },
    /// The key was that of a certificate that was revoked because others may know it.
    #[serde(rename = "ENR-KEY-BLOCKED")]
    KeyBlocked { serial: Serial },
    /// Another certificate that is in use has the same key.
    #[serde(rename = "ENR-KEY-IN-USE")]
    KeyInUse { serial: Serial, policy: String },
    /// No workflow grants this gateway's devices a role.
    #[serde(rename = "ENR-NO-ROLE")]
    RoleMissing { gateway: String },
    /// No enrollment policy matches.
    #[serde(rename = "ENR-NO-POLICY")]
    EnrollmentPolicyMissing {
        roles: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nearest: Option<Box<Miss>>,
    },
    /// The device has as many certificates as the policy allows.
    #[serde(rename = "ENR-LIMIT-CERTIFICATES")]
    TooManyCertificates { device: String, count: u64, allowed: u32, policy: String },
    /// The device got its last certificate too short a while ago.
    #[serde(rename = "ENR-LIMIT-DAYS")]
    TooSoon { device: String, serial: Serial, from: Time, policy: String },
    /// The request could not be read.
    #[serde(rename = "ENR-MESSAGE-UNREADABLE")]
    MessageUnreadable { what: String },
    /// The request asks for something that this gateway does not do.
    #[serde(rename = "ENR-MESSAGE-REFUSED")]
    MessageRefused { gateway: String, what: String },
    /// The certificate to be broke a rule.
    #[serde(rename = "ENR-LINT")]
    DraftRejected { lint: String, what: String },
    /// The authority's own certificate is not valid now.
    #[serde(rename = "ENR-AUTHORITY-EXPIRED")]
    AuthorityExpired { authority: String, not_after: Time },
    /// The authority was disabled.
    #[serde(rename = "ENR-AUTHORITY-DISABLED")]
    AuthorityDisabled { authority: String },
    /// The authority's key could not be used in time.
    #[serde(rename = "ENR-SIGNER-BUSY")]
    SignerBusy { authority: String },
    /// The certificate that signed the request was issued at another gateway.
    #[serde(rename = "ENR-RENEWAL-ELSEWHERE")]
    RenewalElsewhere { serial: Serial, gateway: String },
    /// It is too early to renew.
    #[serde(rename = "ENR-RENEWAL-EARLY")]
    RenewalEarly { serial: Serial, from: Time },
    /// It is too late to renew.
    #[serde(rename = "ENR-RENEWAL-LATE")]
    RenewalLate { serial: Serial, not_after: Time },
    /// The same request is being answered already.
    #[serde(rename = "ENR-IN-PROGRESS")]
    InProgress { transaction: String },
    /// There is no such gateway.
    #[serde(rename = "ENR-GATEWAY-UNKNOWN")]
    GatewayUnknown { gateway: String },

    /// A packet from an address that is no access point's.
    #[serde(rename = "NAS-UNKNOWN")]
    AccessPointUnknown { address: String },
    /// The Message-Authenticator does not fit the shared secret.
    #[serde(rename = "NAS-SECRET-WRONG")]
    SharedSecretWrong { access_point: String },
    /// The packet has no Message-Authenticator.
    #[serde(rename = "NAS-NO-MESSAGE-AUTHENTICATOR")]
    MessageAuthenticatorMissing { access_point: String },
    /// The packet is not RADIUS.
    #[serde(rename = "NAS-MALFORMED")]
    PacketMalformed { access_point: String, what: String },

    /// The access point sent no EAP-Message.
    #[serde(rename = "EAP-NONE")]
    EapMissing,
    /// The device wants another EAP method.
    #[serde(rename = "EAP-METHOD")]
    EapMethod { wants: Vec<u8> },
    /// The EAP messages make no sense.
    #[serde(rename = "EAP-MALFORMED")]
    EapMalformed { what: String },
    /// The conversation is not known here.
    #[serde(rename = "EAP-STATE-UNKNOWN")]
    EapStateUnknown,
    /// The device stopped answering.
    #[serde(rename = "EAP-STALLED")]
    EapStalled { rounds: u32 },
    /// The conversation took too many rounds.
    #[serde(rename = "EAP-ROUNDS")]
    EapRounds { rounds: u32 },

    /// The device does not trust our server certificate's root.
    #[serde(rename = "TLS-UNKNOWN-CA")]
    ServerNotTrusted { alert: u8 },
    /// The device does not accept our server certificate.
    #[serde(rename = "TLS-BAD-CERTIFICATE")]
    ServerCertificateRefused { alert: u8, name: String },
    /// The device broke the handshake off.
    #[serde(rename = "TLS-ALERT")]
    TlsAlert { alert: u8, name: String },
    /// No TLS version or cipher in common.
    #[serde(rename = "TLS-VERSION")]
    TlsIncompatible { what: String },
    /// The handshake made no sense.
    #[serde(rename = "TLS-MALFORMED")]
    TlsMalformed { what: String },
    /// The device showed no certificate.
    #[serde(rename = "TLS-NO-CERTIFICATE")]
    CertificateMissing,

    /// The certificate has expired.
    #[serde(rename = "CERT-EXPIRED")]
    CertificateExpired { serial: String, not_after: Option<Time> },
    /// The certificate is not valid yet.
    #[serde(rename = "CERT-NOT-YET-VALID")]
    CertificateNotYetValid { serial: String },
    /// The certificate has been revoked.
    #[serde(rename = "CERT-REVOKED")]
    CertificateRevoked { serial: Serial, at: Time, reason: RevocationReason },
    /// The certificate is on hold.
    #[serde(rename = "CERT-HELD")]
    CertificateHeld { serial: Serial, at: Time },
    /// The authority that signed the certificate, or one above it, has been revoked.
    #[serde(rename = "CERT-AUTHORITY-REVOKED")]
    AuthorityRevoked { authority: String, at: Time },
    /// The certificate was signed by somebody else.
    #[serde(rename = "CERT-UNKNOWN-ISSUER")]
    CertificateForeign { issuer: String, subject: String },
    /// The certificate is not for client authentication.
    #[serde(rename = "CERT-WRONG-USAGE")]
    CertificateWrongUsage { serial: String },
    /// One of our authorities signed it, and we do not know it.
    #[serde(rename = "CERT-UNKNOWN-SERIAL")]
    CertificateUnknown { serial: Serial },
    /// The certificate cannot be read, or its signature is wrong.
    #[serde(rename = "CERT-MALFORMED")]
    CertificateMalformed { what: String },

    /// The device is not in the inventory, and the policy takes only devices that are.
    #[serde(rename = "DEV-UNKNOWN")]
    DeviceUnknown { device: String, policy: String },
    /// The device is lost, wiped or retired.
    #[serde(rename = "DEV-NOT-ACTIVE")]
    DeviceNotActive { device: String, status: String },
    /// The owner's account is disabled.
    #[serde(rename = "DEV-OWNER-DISABLED")]
    PersonDisabled { person: String },
    /// The inventory has not told of the device for too long.
    #[serde(rename = "DEV-STALE")]
    InventoryStale { device: String, hours: String, policy: String },
    /// The device was not known well enough when it enrolled.
    #[serde(rename = "DEV-ASSURANCE-LOW")]
    AssuranceLow { assurance: String, expected: String, policy: String },
    /// The device joins with an address that the policy or the inventory does not name.
    #[serde(rename = "DEV-MAC-DIFFERS")]
    MacDiffers { device: String, mac: String, policy: String },

    /// The owner is not in the group.
    #[serde(rename = "POL-GROUP")]
    GroupMissing { groups: String, expected: String, policy: String },
    /// The policy holds at other times.
    #[serde(rename = "POL-SCHEDULE")]
    PolicyNotNow { policy: String, expected: String, actual: String },
    /// No network policy matches.
    #[serde(rename = "POL-NO-MATCH")]
    NetworkPolicyMissing {
        roles: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nearest: Option<Box<Miss>>,
    },
    /// A network policy says no.
    #[serde(rename = "POL-REFUSED")]
    NetworkPolicyRefuses { policy: String },
    /// A variable gives an attribute no value that can be sent.
    #[serde(rename = "POL-ATTRIBUTE-VALUE")]
    AttributeValue { policy: String, attribute: String, what: String },
    /// What the policy sends does not fit into one packet.
    #[serde(rename = "POL-REPLY-TOO-LARGE")]
    ReplyTooLarge { policy: String },

    /// The database does not answer, or is full.
    #[serde(rename = "SYS-STORE")]
    StoreUnavailable { what: String },
    /// More conversations at once than there is room for.
    #[serde(rename = "SYS-OVERLOAD")]
    Overloaded,
    /// As many listen to events as there is room for.
    #[serde(rename = "SYS-LISTENERS")]
    TooManyListeners { most: usize },
    /// One who listens to events in as many places as one may.
    #[serde(rename = "API-LISTENERS")]
    OwnListeners { most: usize },
    /// Something inside went wrong.
    #[serde(rename = "SYS-INTERNAL")]
    Internal { what: String },

    /// Nobody is known to ask.
    #[serde(rename = "API-UNAUTHENTICATED")]
    Unauthenticated,
    /// No such token was ever made, or it was removed.
    #[serde(rename = "API-TOKEN-UNKNOWN")]
    TokenUnknown,
    /// The token has ended.
    #[serde(rename = "API-TOKEN-EXPIRED")]
    TokenExpired { token: String, at: Time },
    /// The token may not be used from there.
    #[serde(rename = "API-TOKEN-ELSEWHERE")]
    TokenElsewhere { token: String, address: String },
    /// The administrator is shut out.
    #[serde(rename = "API-ADMINISTRATOR-DISABLED")]
    AdministratorDisabled { administrator: String },
    /// The set-up code is none that can be used.
    #[serde(rename = "API-SETUP-CODE")]
    SetupCodeWrong,
    /// No administrator has this name and this password.
    #[serde(rename = "API-LOGIN-WRONG")]
    LoginWrong,
    /// The name or the place has failed so often that the next attempt must wait.
    #[serde(rename = "API-LOGIN-SLOWED")]
    LoginSlowed { seconds: u64 },
    /// More passwords are tried at once than there is room for.
    #[serde(rename = "API-LOGIN-BUSY")]
    LoginBusy,
    /// The password is right, and a code is asked for beside it.
    #[serde(rename = "API-CODE-NEEDED")]
    CodeNeeded { administrator: String },
    /// The code is wrong, was used, or is of another time.
    #[serde(rename = "API-CODE-WRONG")]
    CodeWrong { administrator: String },
    /// The password was set by somebody else and must be changed.
    #[serde(rename = "API-PASSWORD-DUE")]
    PasswordDue { administrator: String },
    /// A token that is narrower than its administrator was to set a password.
    #[serde(rename = "API-PASSWORD-TOKEN")]
    PasswordByToken { actor: String },
    /// The session is over, or there never was one.
    #[serde(rename = "API-SESSION-OVER")]
    SessionOver,
    /// The password was given too long a while ago for what is asked.
    #[serde(rename = "API-PROOF-NEEDED")]
    ProofNeeded,
    /// Nobody could change who may do what any more.
    #[serde(rename = "API-LAST-OWNER")]
    LastOwner { administrator: String },
    /// So many requests came that no more are answered for a while.
    #[serde(rename = "API-RATE-LIMIT")]
    TooManyRequests { actor: String, seconds: u64 },
    /// The key was used for another request.
    #[serde(rename = "API-IDEMPOTENCY-KEY")]
    IdempotencyKeyUsed { what: String },
    /// The actor may not do this.
    #[serde(rename = "API-NOT-PERMITTED")]
    NotPermitted { actor: String, permission: Permission },
    /// There is no such thing.
    #[serde(rename = "API-NOT-FOUND")]
    NotFound { noun: String, name: String },
    /// Somebody changed it in the meantime.
    #[serde(rename = "API-CONFLICT")]
    Conflict { what: String },
    /// The next key of an authority would have the address of another authority's.
    #[serde(rename = "API-SLUG-TAKEN")]
    SlugTaken { slug: String, authority: String },
    /// A certificate of another root was to be shown to devices.
    #[serde(rename = "API-ROOT-DIFFERS")]
    RootDiffers { server_certificate: String, root: String, active: String },
    /// There is no certificate in the slot.
    #[serde(rename = "API-SLOT-EMPTY")]
    SlotEmpty { server_certificate: String, slot: String },
    /// The certificate in the slot is not valid now.
    #[serde(rename = "API-SLOT-NOT-VALID")]
    SlotNotValid { server_certificate: String, slot: String, not_before: Time, not_after: Time },
    /// The certificate was revoked before.
    #[serde(rename = "API-ALREADY-REVOKED")]
    AlreadyRevoked { serial: Serial, at: Time },
    /// The certificate is on hold already.
    #[serde(rename = "API-ALREADY-HELD")]
    AlreadyHeld { serial: Serial, at: Time },
    /// The certificate is not on hold.
    #[serde(rename = "API-NOT-HELD")]
    NotHeld { serial: Serial },
    /// More would be revoked, or taken from devices, than anybody means without saying so.
    #[serde(rename = "API-MASS-CHANGE")]
    MassChange {
        count: u64,
        of: u64,
        allowed: u64,
        #[serde(default)]
        what: MassChange,
        /// Some of them by name, for whoever may know them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
    },
    /// Certificates to measure with were to be put beside those of real devices.
    #[serde(rename = "API-REAL-DEVICES")]
    RealDevices { serial: Serial },
    /// The inventory is larger than a document can be.
    #[serde(rename = "API-EXPORT-LARGE")]
    ExportTooLarge { kind: Kind, count: u64, most: u64 },
    /// A document was refused: so many complaints, the first of them.
    #[serde(rename = "API-DOCUMENT")]
    DocumentRefused { complaints: usize, first: String },
    /// A parameter of the request is not what it should be.
    #[serde(rename = "API-PARAMETER")]
    ParameterWrong { parameter: String, what: String },
}

/// Most names of a change of many: a few say whether it is the one that is meant.
const NAMES_MAX: usize = 10;

/// Longest of them, in characters.
const NAME_CHARS_MAX: usize = 64;

/// What many would lose.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MassChange {
    /// Certificates would be revoked.
    #[default]
    Certificates,
    /// Devices would be removed, or lose their use, owner or tags.
    Devices,
    /// Devices that get in would be refused.
    Access,
    /// Objects would be removed.
    Objects,
    /// Devices might not accept what the RADIUS server shows them.
    Server,
}

/// A refusal as people and programs see it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Reason {
    /// The stable code.
    pub code: String,
    /// What happened, as a sentence without its full stop.
    pub sentence: String,
    /// What to do.
    pub fix: String,
}

impl Refusal {
    /// The rules that a certificate would break: named after the first, telling of all.
    pub fn broken_rules(complaints: &[pki::draft::Complaint]) -> Self {
        let what: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        let lint = complaints.first().map_or("lint", |complaint| complaint.id());
        Self::DraftRejected { lint: lint.to_owned(), what: what.join("; ") }
    }

    /// A change of many with some of them by name; every other refusal as it is.
    #[must_use]
    pub fn naming(mut self, all: impl IntoIterator<Item = String>) -> Self {
        if let Self::MassChange { names, .. } = &mut self {
            let short = |name: String| name.chars().take(NAME_CHARS_MAX).collect();
            *names = all.into_iter().take(NAMES_MAX).map(short).collect();
        }
        self
    }

    /// Code, sentence and fix.
    pub fn reason(&self) -> Reason {
        Reason {
            code: self.code().to_owned(),
            sentence: self.to_string(),
            fix: self.fix().to_owned(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}
