//! The words of what administrators are refused: codes that begin with API.

use super::Words;
use crate::refusal::MassChange;
use crate::refusal::Refusal;

/// The row of a refusal that the table of all leaves to this one.
#[expect(clippy::too_many_lines, reason = "a table, read by row")]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test compares it with what is left to it")]
pub(super) fn words(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::Unauthenticated => (
            "API-UNAUTHENTICATED",
            "nobody is known to ask".to_owned(),
            "send a token (Authorization: Bearer sct_…), or use the command line with --data \
             on the server itself",
        ),
        Refusal::TokenUnknown => (
            "API-TOKEN-UNKNOWN",
            "the token is none of this organization's, or was removed".to_owned(),
            "make a token: safeconduct token add NAME",
        ),
        Refusal::TokenExpired { token, at } => (
            "API-TOKEN-EXPIRED",
            format!("the token {token} ended on {}", at.to_rfc3339()),
            "make another token and remove this one",
        ),
        Refusal::TokenElsewhere { token, address } => (
            "API-TOKEN-ELSEWHERE",
            format!("the token {token} may not be used from {address}"),
            "use it from one of its addresses, or make a token for this one",
        ),
        Refusal::AdministratorDisabled { administrator } => (
            "API-ADMINISTRATOR-DISABLED",
            format!("the administrator {administrator} is disabled"),
            "ask an owner to enable them again",
        ),
        Refusal::SetupCodeWrong => (
            "API-SETUP-CODE",
            "the set-up code is wrong, was used, or is older than a day".to_owned(),
            "take the one that the server printed at its last start; with an owner on record \
             there is none",
        ),
        Refusal::LoginWrong => (
            "API-LOGIN-WRONG",
            "no administrator has this name and this password".to_owned(),
            "try again; if the password is lost, let an owner set one: safeconduct administrator \
             password NAME",
        ),
        Refusal::LoginSlowed { seconds } => (
            "API-LOGIN-SLOWED",
            format!(
                "there were too many failures; the next attempt is possible in {seconds} seconds"
            ),
            "wait as long, then try again: nothing is locked",
        ),
        Refusal::LoginBusy => (
            "API-LOGIN-BUSY",
            "so many passwords are tried at this moment that there was no room for yours"
                .to_owned(),
            "try again in a few seconds; if it lasts, look at the events of the kind session.refused \
             for who tries",
        ),
        Refusal::CodeNeeded { administrator } => (
            "API-CODE-NEEDED",
            format!("{administrator} signs in with a code beside the password"),
            "give the six digits of the app, or one of the recovery codes",
        ),
        Refusal::CodeWrong { administrator } => (
            "API-CODE-WRONG",
            format!("the code of {administrator} is wrong, was used, or is of another time"),
            "wait for the app's next code and see that the phone's clock is right; if the phone \
             is lost, use a recovery code, or let an owner turn codes off: safeconduct \
             administrator totp-remove NAME",
        ),
        Refusal::PasswordDue { administrator } => (
            "API-PASSWORD-DUE",
            format!("the password of {administrator} was set by somebody else, to be used once"),
            "choose a password of your own on the page that asks for it",
        ),
        Refusal::PasswordByToken { actor } => (
            "API-PASSWORD-TOKEN",
            format!("{actor} is limited to scopes or addresses, and a password is not"),
            "use a token without scopes and addresses, the portal, or the command line on the \
             server",
        ),
        Refusal::SessionOver => (
            "API-SESSION-OVER",
            "the session is over".to_owned(),
            "sign in again; a session ends after 30 minutes without a request and after 12 hours",
        ),
        Refusal::ProofNeeded => (
            "API-PROOF-NEEDED",
            "your password was given too long a while ago for this".to_owned(),
            "give it again; it then holds for 10 minutes",
        ),
        Refusal::LastOwner { administrator } => (
            "API-LAST-OWNER",
            format!("{administrator} is the only owner who is not disabled"),
            "make another administrator an owner first",
        ),
        Refusal::TooManyRequests { actor, seconds } => (
            "API-RATE-LIMIT",
            format!("{actor} asked too often; the next answer is {seconds} seconds away"),
            "wait as long as Retry-After says, or raise api.requests_per_minute in the \
             configuration",
        ),
        Refusal::IdempotencyKeyUsed { what } => (
            "API-IDEMPOTENCY-KEY",
            format!("the Idempotency-Key {what}"),
            "draw a new key for every request that is not a repetition",
        ),
        Refusal::NotPermitted { actor, permission } => (
            "API-NOT-PERMITTED",
            format!("{actor} lacks the permission {permission}"),
            "ask an owner to do it or to grant it",
        ),
        Refusal::NotFound { noun, name } => (
            "API-NOT-FOUND",
            format!("there is no {noun} \"{name}\""),
            "list what there is and compare the spelling",
        ),
        Refusal::Conflict { what } => (
            "API-CONFLICT",
            format!("the change conflicts with another: {what}"),
            "look at the present state and try again",
        ),
        Refusal::SlugTaken { slug, authority } => (
            "API-SLUG-TAKEN",
            format!("the address {slug} is that of the authority {authority}"),
            "give that authority another slug in the declarative file, apply it, and try again",
        ),
        Refusal::RootDiffers { server_certificate, root, active } => (
            "API-ROOT-DIFFERS",
            format!(
                "the new certificate of {server_certificate} leads to the root {root}, and what \
                 devices are shown now leads to {active}"
            ),
            "put it beside the one of now with --next, push a profile that trusts its root, and \
             switch once every device has it: safeconduct server-certificate coverage NAME",
        ),
        Refusal::SlotEmpty { server_certificate, slot } => (
            "API-SLOT-EMPTY",
            format!("the server certificate {server_certificate} has nothing in the slot {slot}"),
            "see what there is: safeconduct server-certificate slots NAME; renew or import with \
             --next puts something into next",
        ),
        Refusal::SlotNotValid { server_certificate, slot, not_before, not_after } => (
            "API-SLOT-NOT-VALID",
            format!(
                "what the server certificate {server_certificate} has in the slot {slot} is valid \
                 from {} to {}, and not now",
                not_before.to_rfc3339(),
                not_after.to_rfc3339()
            ),
            "put another certificate into the slot, or wait until its time begins",
        ),
        Refusal::AlreadyRevoked { serial, at } => (
            "API-ALREADY-REVOKED",
            format!("certificate {serial} was revoked on {}", at.to_rfc3339()),
            "nothing: a revocation stays",
        ),
        Refusal::AlreadyHeld { serial, at } => (
            "API-ALREADY-HELD",
            format!("certificate {serial} is on hold since {}", at.to_rfc3339()),
            "nothing; or release it, or revoke it for another reason",
        ),
        Refusal::NotHeld { serial } => (
            "API-NOT-HELD",
            format!("certificate {serial} is not on hold"),
            "nothing: only a hold (certificateHold) can be released, a revocation stays",
        ),
        Refusal::MassChange { count, of, allowed, what, names } => (
            "API-MASS-CHANGE",
            named(
                *count,
                names,
                match what {
                    MassChange::Certificates => format!(
                        "this would revoke {count} of {of} certificates in use, and {allowed} is \
                     the most without a confirmation"
                    ),
                    MassChange::Devices => format!(
                        "this would take use, owner or tags from {count} of {of} devices, and \
                     {allowed} is the most without a confirmation"
                    ),
                    MassChange::Objects => format!(
                        "this would remove {count} of {of} objects, and {allowed} is the most \
                     without a confirmation"
                    ),
                    MassChange::Server => format!(
                        "{count} of {of} devices are not known to trust what they would be shown, \
                     and {allowed} is the most without a confirmation"
                    ),
                    MassChange::Access => format!(
                        "these policies would refuse {count} of {of} devices that asked for access \
                     lately, and {allowed} is the most without a confirmation"
                    ),
                },
            ),
            "look at the list first; if it is what you mean, say so with their number: \
             --confirm NUMBER",
        ),
        Refusal::RealDevices { serial } => (
            "API-REAL-DEVICES",
            format!(
                "the organization has certificates of real devices, such as {serial}, and \
                 those of a seed are for measurements only"
            ),
            "seed another data directory: --data with a directory of its own",
        ),
        Refusal::ExportTooLarge { kind, count, most } => (
            "API-EXPORT-LARGE",
            format!(
                "the inventory has {count} records of the kind {kind}, and a file holds {most}"
            ),
            "export without the inventory; `device list` and `person list` with --json take it \
             along, and CSV files bring it back: `device import`, `person import`",
        ),
        Refusal::DocumentRefused { complaints, first } => (
            "API-DOCUMENT",
            format!("the document was refused ({complaints} complaints): {first}"),
            "correct each field that is named; nothing was changed",
        ),
        Refusal::ParameterWrong { parameter, what } => {
            ("API-PARAMETER", format!("{parameter} {what}"), "correct the parameter")
        }
        other => (
            "SYS-INTERNAL",
            format!("something inside went wrong: a refusal has no words: {other:?}"),
            "please report it with this event",
        ),
    }
}

/// A sentence with those that it is about by name, and how many more there are.
fn named(count: u64, names: &[String], sentence: String) -> String {
    if names.is_empty() {
        return sentence;
    }
    let told = u64::try_from(names.len()).unwrap_or(u64::MAX);
    match count.saturating_sub(told) {
        0 => format!("{sentence}: {}", names.join(", ")),
        more => format!("{sentence}: {} and {more} more", names.join(", ")),
    }
}
