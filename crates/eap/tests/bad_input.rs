//! Fragments that no honest device sends, row D10 of the table in `docs/fuzzing.md`. This file is
//! a process of its own, so that its memory can be measured.

use eap::fragment::FragmentError;
use eap::fragment::Joined;
use eap::fragment::MESSAGE_LENGTH_MAX;
use eap::fragment::Reassembler;
use eap::packet::Fragment;

/// What ten thousand open conversations may add to the memory of the process, in KiB.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

/// The most memory that this process ever had, in KiB.
#[cfg(test)]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

#[cfg(test)]
fn piece(total_length: Option<u32>, more: bool, data: &[u8]) -> Fragment<'_> {
    Fragment { start: false, more, total_length, data }
}

/// Joins pieces of which only the last may be refused.
#[cfg(test)]
fn check(pieces: &[Fragment<'_>], expected: FragmentError) {
    let mut reassembler = Reassembler::default();
    let (last, before) = pieces.split_last().unwrap();
    for piece in before {
        assert_eq!(reassembler.join(piece), Ok(Joined::More));
    }
    assert_eq!(reassembler.join(last), Err(expected));
}

#[test]
fn d10_hostile_lengths_are_refused_by_name() {
    let most = u32::try_from(MESSAGE_LENGTH_MAX).unwrap();
    check(&[piece(Some(u32::MAX), true, b"a")], FragmentError::TooLong);
    check(&[piece(Some(most + 1), true, b"a")], FragmentError::TooLong);
    check(&[piece(None, true, b"a"), piece(Some(2), false, b"b")], FragmentError::LengthChanged);
    check(&[piece(Some(3), true, b"a"), piece(Some(2), true, b"b")], FragmentError::LengthChanged);
    check(&[piece(Some(3), true, b"a"), piece(Some(3), true, b"")], FragmentError::EmptyFragment);
    check(&[piece(None, true, b"")], FragmentError::EmptyFragment);
    check(&[piece(Some(2), true, b"abc")], FragmentError::LengthMismatch);
    check(&[piece(Some(9), false, b"abc")], FragmentError::LengthMismatch);
    let pieces = vec![piece(None, true, &[0; 1]); MESSAGE_LENGTH_MAX + 1];
    check(&pieces, FragmentError::TooLong);
}

#[test]
fn d10_a_length_that_is_only_claimed_takes_no_memory() {
    let before = peak_kib();
    let claimed = piece(Some(u32::try_from(MESSAGE_LENGTH_MAX).unwrap()), true, b"a");
    let mut open = vec![Reassembler::default(); 10_000];
    for reassembler in &mut open {
        assert_eq!(reassembler.join(&claimed), Ok(Joined::More));
    }
    let growth = peak_kib() - before;
    assert!(growth < GROWTH_KIB_MAX, "{growth} KiB for {}", open.len());
}
