//! Every verb on a real store: what it answers, what it remembers, and what logins know after.
//! Here the store is a file; `tests/verbs_on_postgres` runs the same tests on a server.

#[cfg(test)]
mod administering;
#[cfg(test)]
mod applying;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod auditing;
#[cfg(test)]
mod authorities;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod deciding;
#[cfg(test)]
mod defining;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod examining;
#[cfg(test)]
mod exporting;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod holding;
#[cfg(test)]
mod importing;
#[cfg(test)]
mod inspecting;
#[cfg(test)]
mod issuing;
#[cfg(test)]
mod listening;
#[cfg(test)]
mod overviewing;
#[cfg(test)]
mod previewing;
#[cfg(test)]
mod proving;
#[cfg(test)]
mod pruning;
#[cfg(test)]
mod publishing;
#[cfg(test)]
mod renaming;
#[cfg(test)]
mod rendering;
#[cfg(test)]
mod renewing;
#[cfg(test)]
mod replying;
#[cfg(test)]
mod revoking;
#[cfg(test)]
mod rollover;
#[cfg(test)]
mod searching;
#[cfg(test)]
mod seeding;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod signing_in;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod trusting;
#[cfg(test)]
mod trying;
#[cfg(test)]
mod visits;
