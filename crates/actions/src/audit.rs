//! Proving that the audit is as the program wrote it.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::refusal::Refusal;
use store::audit::AuditError;
use store::audit::FirstBadRow;

use crate::App;
use crate::unavailable;

/// What a walk over the whole audit found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verified {
    /// Every row is as it was written, and none is missing.
    Intact {
        /// How many there are.
        rows: u64,
    },
    /// From here on it is not.
    Broken(FirstBadRow),
}

/// Walks the whole audit.
pub async fn verify(app: &App, actor: &Actor) -> Result<Verified, Refusal> {
    actor.may(Permission::AuditRead)?;
    match store::audit::verify(&app.store).await {
        Ok(rows) => Ok(Verified::Intact { rows }),
        Err(AuditError::FirstBadRow(row)) => Ok(Verified::Broken(row)),
        Err(AuditError::Store(error)) => Err(unavailable(error)),
    }
}
