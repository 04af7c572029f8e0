//! Requests that are carried out once, however often they are sent.

use domain::refusal::Refusal;
use pki::algorithm::Digest;
use store::idempotency::TAKEN;
use store::write::CommitError;

use crate::App;
use crate::certificate::conflict;
use crate::unavailable;

/// Longest key, in bytes; a UUID has 36.
pub const KEY_BYTES_MAX: usize = 255;

/// Largest answer that is kept, in bytes; a larger one cannot be given again.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Most keys of one sender that are kept; each is kept for a day.
pub const KEYS_MAX: u64 = 10_000;

/// How long a request may be carried out, in seconds: beyond, whoever began it has died.
const PATIENCE_SECONDS: i64 = 60;

/// What is to be done with a request.
#[derive(Debug)]
pub enum Turn {
    /// It is new: carry it out, then say how it went.
    First(Ticket),
    /// It was carried out before: this was the answer.
    Again {
        /// Its status.
        status: u16,
        /// Its body.
        body: Vec<u8>,
    },
}

/// The right to carry out a request.
#[derive(Debug)]
pub struct Ticket(String);

/// Whether a request under this key of this sender is carried out, or was.
pub async fn take(
    app: &App,
    (sender, key): (&str, &str),
    request: &[&[u8]],
) -> Result<Turn, Refusal> {
    let parameter = "Idempotency-Key".to_owned();
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let what = format!("is not of 1 to {KEY_BYTES_MAX} bytes");
        return Err(Refusal::ParameterWrong { parameter, what });
    }
    // One sender's keys are nobody else's.
    let sender = digits(&digest(&[sender.as_bytes()]));
    let key = format!("{sender}/{}", digits(&digest(&[key.as_bytes()])));
    let kept = store::idempotency::count(&app.store, &sender).await.map_err(unavailable)?;
    if kept >= KEYS_MAX {
        let what = format!("is one of more than {KEYS_MAX} in one day");
        return Err(Refusal::IdempotencyKeyUsed { what });
    }
    let request = digest(request);
    let now = app.world.time();
    match store::idempotency::begin(&app.store, &key, request, now).await {
        Ok(()) => return Ok(Turn::First(Ticket(key))),
        Err(CommitError::Conflict(conflict)) if conflict.0 == TAKEN => {}
        Err(error) => return Err(conflict(error)),
    }
    let begun = store::idempotency::find(&app.store, &app.master, &key).await;
    let refused = |what: &str| Refusal::IdempotencyKeyUsed { what: what.to_owned() };
    let Some(begun) = begun.map_err(unavailable)? else {
        return Err(refused("was free again in this moment; send the request again"));
    };
    if begun.request != request {
        return Err(refused("was used for another request"));
    }
    match begun.answer {
        Some((status, body)) => Ok(Turn::Again { status, body }),
        None if begun.at.plus_seconds(PATIENCE_SECONDS) > now => {
            Err(refused("is that of a request that is being carried out"))
        }
        None => Err(refused(
            "is that of a request that was begun and not finished: look whether it was done",
        )),
    }
}

/// Keeps the answer to a request that was carried out.
pub async fn keep(app: &App, ticket: Ticket, status: u16, body: &[u8]) -> Result<(), Refusal> {
    let kept = store::idempotency::answer(&app.store, &app.master, &ticket.0, (status, body));
    kept.await.map_err(conflict)
}

/// The digest of parts, each behind its length.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(&(part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    let digest = Digest::Sha256.compute(&all).unwrap_or_default();
    digest.try_into().unwrap_or_default()
}

fn digits(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
