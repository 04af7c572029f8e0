//! The tests of `tests/verbs` on PostgreSQL, and what only a server can do to us.

#[cfg(test)]
#[path = "../verbs/administering.rs"]
mod administering;
#[cfg(test)]
#[path = "../verbs/applying.rs"]
mod applying;
#[cfg(test)]
#[path = "../verbs/asking.rs"]
mod asking;
#[cfg(test)]
#[path = "../verbs/auditing.rs"]
mod auditing;
#[cfg(test)]
#[path = "../verbs/authorities.rs"]
mod authorities;
#[cfg(test)]
#[path = "../verbs/certificates.rs"]
mod certificates;
#[cfg(test)]
#[path = "../verbs/deciding.rs"]
mod deciding;
#[cfg(test)]
#[path = "../verbs/defining.rs"]
mod defining;
#[cfg(test)]
mod engine;
#[cfg(test)]
#[path = "../verbs/examining.rs"]
mod examining;
#[cfg(test)]
#[path = "../verbs/exporting.rs"]
mod exporting;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[path = "../verbs/finding.rs"]
mod finding;
#[cfg(test)]
#[path = "../verbs/fixture.rs"]
mod fixture;
#[cfg(test)]
#[path = "../verbs/holding.rs"]
mod holding;
#[cfg(test)]
#[path = "../verbs/importing.rs"]
mod importing;
#[cfg(test)]
#[path = "../verbs/inspecting.rs"]
mod inspecting;
#[cfg(test)]
#[path = "../verbs/issuing.rs"]
mod issuing;
#[cfg(test)]
#[path = "../verbs/listening.rs"]
mod listening;
#[cfg(test)]
#[path = "../verbs/overviewing.rs"]
mod overviewing;
#[cfg(test)]
#[path = "../verbs/previewing.rs"]
mod previewing;
#[cfg(test)]
#[path = "../verbs/proving.rs"]
mod proving;
#[cfg(test)]
#[path = "../verbs/pruning.rs"]
mod pruning;
#[cfg(test)]
#[path = "../verbs/publishing.rs"]
mod publishing;
#[cfg(test)]
#[path = "../verbs/renaming.rs"]
mod renaming;
#[cfg(test)]
#[path = "../verbs/rendering.rs"]
mod rendering;
#[cfg(test)]
#[path = "../verbs/renewing.rs"]
mod renewing;
#[cfg(test)]
#[path = "../verbs/replying.rs"]
mod replying;
#[cfg(test)]
#[path = "../verbs/revoking.rs"]
mod revoking;
#[cfg(test)]
#[path = "../verbs/rollover.rs"]
mod rollover;
#[cfg(test)]
#[path = "../verbs/searching.rs"]
mod searching;
#[cfg(test)]
#[path = "../verbs/seeding.rs"]
mod seeding;
#[cfg(test)]
#[path = "../verbs/sharing.rs"]
mod sharing;
#[cfg(test)]
#[path = "../verbs/signing_in.rs"]
mod signing_in;
#[cfg(test)]
#[path = "../verbs/telling.rs"]
mod telling;
#[cfg(test)]
#[path = "../verbs/trusting.rs"]
mod trusting;
#[cfg(test)]
#[path = "../verbs/trying.rs"]
mod trying;
#[cfg(test)]
#[path = "../verbs/visits.rs"]
mod visits;
