//! A device that is managed: what it makes of a profile, what an MDM pushes, and how it enrolls with
//! an authority that lets it wait.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod authority;
mod enrolling;
mod managing;
mod reading;

use pki::time::Time;

/// 2026-11-23.
const NOW: Time = Time(1_795_471_200);

/// A profile as it is rendered for Mosyle.
const PROFILE: &str =
    include_str!("../../../profile/tests/golden/mosyle/school-wi-fi.mobileconfig");

/// The profile with something in another place.
#[track_caller]
fn with(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut text = PROFILE.to_owned();
    for (what, replacement) in changes {
        assert!(text.contains(what), "the profile says no more: {what}");
        text = text.replacen(what, replacement, 1);
    }
    text.into_bytes()
}

fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
