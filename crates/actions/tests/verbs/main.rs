//! Every verb on a real store: what it answers, what it remembers, and what logins know after.

#[cfg(test)]
mod applying;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod issuing;
#[cfg(test)]
mod renewing;
#[cfg(test)]
mod visits;
