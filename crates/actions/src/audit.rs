//! The audit: proving that it is as the program wrote it, signing it, and handing it out.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::refusal::Refusal;
use store::audit::AuditError;
use store::audit::FirstBadRow;
use store::audit::Intact;
use store::audit::checkpoint;
use store::audit::checkpoint::PublicKey;
pub use store::audit::file::Checkpoint;
pub use store::audit::file::Row;
use store::audit::page;
use zeroize::Zeroizing;

use crate::App;
use crate::certificate::Page;
use crate::unavailable;

/// What a walk over the whole audit found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verified {
    /// Every row is as it was written, and none is missing.
    Intact(Intact),
    /// From here on it is not.
    Broken(FirstBadRow),
}

/// Which way a page of rows goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Order {
    /// From the first row on.
    Oldest,
    /// From the last row back.
    Newest,
}

/// Walks the whole audit.
pub async fn verify(app: &App, actor: &Actor) -> Result<Verified, Refusal> {
    actor.may(Permission::AuditRead)?;
    match store::audit::verify(&app.store).await {
        Ok(intact) => Ok(Verified::Intact(intact)),
        Err(AuditError::FirstBadRow(row)) => Ok(Verified::Broken(row)),
        Err(AuditError::Store(error)) => Err(unavailable(error)),
    }
}

/// A page of rows as they are hashed, behind the cursor of another page.
pub async fn rows(
    app: &App,
    actor: &Actor,
    order: Order,
    (cursor, limit): (Option<&str>, u32),
) -> Result<Page<Row>, Refusal> {
    actor.may(Permission::AuditRead)?;
    let place = cursor.map(parse).transpose()?;
    let limit = limit.clamp(1, page::PAGE_MAX);
    let rows = match order {
        Order::Oldest => page::ascending(&app.store, place.unwrap_or(0), limit).await,
        Order::Newest => page::descending(&app.store, place.unwrap_or(i64::MAX), limit).await,
    };
    let items = rows.map_err(unavailable)?;
    let full = u32::try_from(items.len()).is_ok_and(|count| count == limit);
    let next = items.last().filter(|_| full).map(|last| last.sequence.to_string());
    Ok(Page { items, next })
}

/// A page of checkpoints, the oldest first.
pub async fn checkpoints(
    app: &App,
    actor: &Actor,
    (cursor, limit): (Option<&str>, u32),
) -> Result<Page<Checkpoint>, Refusal> {
    actor.may(Permission::AuditRead)?;
    let after = cursor.map(parse).transpose()?.unwrap_or(0);
    let limit = limit.clamp(1, checkpoint::PAGE_MAX);
    let signed = checkpoint::list(&app.store, after, limit).await.map_err(unavailable)?;
    let full = u32::try_from(signed.len()).is_ok_and(|count| count == limit);
    let next = signed.last().filter(|_| full).map(|last| last.sequence.to_string());
    Ok(Page { items: signed.iter().map(Checkpoint::of).collect(), next })
}

/// What checkpoints are checked with; none if nothing was signed yet.
pub async fn key(app: &App, actor: &Actor) -> Result<Option<PublicKey>, Refusal> {
    actor.may(Permission::AuditRead)?;
    checkpoint::key(&app.store).await.map_err(unavailable)
}

/// Signs what came since the newest checkpoint, so that a copy made now is covered to its end.
/// Refuses if that does not continue what was signed before.
pub async fn sign(app: &App, actor: &Actor) -> Result<Option<Checkpoint>, Refusal> {
    actor.may(Permission::AuditRead)?;
    match sign_now(app).await {
        Ok(signed) => Ok(signed),
        Err(AuditError::FirstBadRow(bad)) => Err(Refusal::Conflict { what: bad.to_string() }),
        Err(AuditError::Store(error)) => Err(unavailable(error)),
    }
}

/// Signs, and lets the log tell of it: kept elsewhere, the log pins the audit.
pub(crate) async fn sign_now(app: &App) -> Result<Option<Checkpoint>, AuditError> {
    let seed = Zeroizing::new(app.world.random());
    let signed = checkpoint::sign(&app.store, &app.master, &seed, app.world.time()).await?;
    Ok(signed.map(|(checkpoint, key)| {
        let (checkpoint, key) = (Checkpoint::of(&checkpoint), key.fingerprint());
        let Checkpoint { sequence, at, hash, signature } = &checkpoint;
        tracing::info!(sequence, at, hash, signature, key, "checkpoint of the audit");
        checkpoint
    }))
}

fn parse(cursor: &str) -> Result<i64, Refusal> {
    cursor.parse().ok().filter(|place| *place >= 0).ok_or_else(|| Refusal::ParameterWrong {
        parameter: "cursor".into(),
        what: "is not the next of a page".into(),
    })
}
