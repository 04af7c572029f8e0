//! Whole conversations: our server against our device, hostile devices, and Debian's `eapol_test`.

#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]
mod certificates;
#[cfg(test)]
mod constraints;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]
mod fixture;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]
mod hostile;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]
mod resumption;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "any other variant fails the test")]
mod server_and_peer;
#[cfg(test)]
mod stranger;
