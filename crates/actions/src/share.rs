//! What is meant without saying so: a change of a few, and no change of a large share of all.

use domain::refusal::MassChange;
use domain::refusal::Refusal;

/// So many may change at once without saying how many: at least these ...
const UNCONFIRMED_MIN: u64 = 20;

/// ... and one in so many of all. A filter that is wider than it was meant to be, or a table that
/// is not what it was thought to be, costs no more than that.
const UNCONFIRMED_SHARE: u64 = 20;

/// Whether so many are meant, however many there are.
pub(crate) fn is_meant(count: u64, confirmed: Option<u64>) -> bool {
    count <= UNCONFIRMED_MIN || confirmed.is_some_and(|confirmed| count <= confirmed)
}

/// So many objects may be removed at once without saying how many: at least these ...
const REMOVED_MIN: u64 = 5;

/// ... and one in so many of all. A file that lost half of its tables costs no more than that.
const REMOVED_SHARE: u64 = 10;

/// Refuses to remove `count` objects of all, unless so many are meant.
pub(crate) fn check_removed(
    (count, of): (u64, u64),
    confirmed: Option<u64>,
) -> Result<(), Refusal> {
    let allowed = REMOVED_MIN.max(of / REMOVED_SHARE);
    if count <= allowed || confirmed.is_some_and(|confirmed| count <= confirmed) {
        return Ok(());
    }
    Err(Refusal::MassChange { count, of, allowed, what: MassChange::Objects, names: Vec::new() })
}

/// Refuses what would take something from any of all, unless so many are meant.
pub(crate) fn check_each(
    what: MassChange,
    (count, of): (u64, u64),
    confirmed: Option<u64>,
) -> Result<(), Refusal> {
    if count == 0 || confirmed.is_some_and(|confirmed| count <= confirmed) {
        return Ok(());
    }
    Err(Refusal::MassChange { count, of, allowed: 0, what, names: Vec::new() })
}

/// Refuses a change of `count` of all, unless so many are meant.
pub(crate) fn check(
    what: MassChange,
    (count, of): (u64, u64),
    confirmed: Option<u64>,
) -> Result<(), Refusal> {
    let allowed = UNCONFIRMED_MIN.max(of / UNCONFIRMED_SHARE);
    if count <= allowed || is_meant(count, confirmed) {
        return Ok(());
    }
    Err(Refusal::MassChange { count, of, allowed, what, names: Vec::new() })
}
