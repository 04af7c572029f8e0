//! An exported audit, left alone and tampered with.

use std::io::Cursor;
use std::io::Read;

use super::*;
use crate::audit::file;
use crate::audit::file::FileError;
use crate::audit::file::Line;

/// An exported audit of [`ROWS`] rows, with checkpoints of the rows 3 and 6: 11 lines.
async fn exported() -> Vec<Line> {
    let place = Place::File(TestDirectory::new());
    fill(&place).await;
    let store = place.open().await;
    let key = checkpoint::key(&store).await.unwrap();
    let mut lines = vec![Line::Head {
        format: file::FORMAT.to_owned(),
        organization: "Example School".to_owned(),
        public_key: key.map(|key| key.text()),
    }];
    let checkpoints = checkpoint::list(&store, 0, 100).await.unwrap();
    for row in page::ascending(&store, 0, 100).await.unwrap() {
        let sequence = row.sequence;
        lines.push(Line::Row(row));
        let signed = checkpoints.iter().filter(|one| one.sequence == sequence);
        lines.extend(signed.map(|one| Line::Checkpoint(file::Checkpoint::of(one))));
    }
    lines.push(Line::End { rows: 7 });
    lines
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect()
}

fn verify_text(text: impl Into<Vec<u8>>, key: Option<&str>) -> Result<file::Verified, FileError> {
    file::verify(&mut Cursor::new(text.into()), key)
}

/// What verifying says of lines after a change.
#[track_caller]
fn check(lines: &[Line], change: impl FnOnce(&mut Vec<Line>), expected: (i64, &str)) {
    let mut lines = lines.to_vec();
    change(&mut lines);
    match verify_text(text(&lines), None) {
        Err(FileError::FirstBadRow(bad)) => {
            assert_eq!((bad.sequence, bad.tampering.as_str()), expected);
        }
        other => panic!("{other:?}"),
    }
}

fn row(line: &mut Line) -> &mut file::Row {
    let Line::Row(row) = line else { panic!("{line:?}") };
    row
}

fn signed(line: &mut Line) -> &mut file::Checkpoint {
    let Line::Checkpoint(checkpoint) = line else { panic!("{line:?}") };
    checkpoint
}

/// Rows whose hashes are computed as anybody can.
fn forged(start: Chain, numbers: &[i64]) -> Vec<Line> {
    let mut chain = start;
    let forge = |number: &i64| {
        let event = event(*number);
        chain = chain.extend(&event);
        Line::Row(file::Row::of(&Link { chain, event }))
    };
    numbers.iter().map(forge).collect()
}

#[tokio::test]
async fn a_file_left_alone_is_verified_with_nothing_else() {
    let lines = exported().await;
    let verified = verify_text(text(&lines), None).unwrap();
    assert_eq!(verified.intact, Intact { rows: 7, checkpoints: 2, covered: 6 });
    assert_eq!(verified.organization, "Example School");
    // With the key's fingerprint, however it is written; with another's, not.
    let fingerprint = verified.fingerprint.unwrap();
    let shown = fingerprint.to_uppercase();
    let shown: Vec<&str> = shown.as_bytes().chunks(2).map(|b| str::from_utf8(b).unwrap()).collect();
    verify_text(text(&lines), Some(&fingerprint)).unwrap();
    verify_text(text(&lines), Some(&shown.join(":"))).unwrap();
    let refused = verify_text(text(&lines), Some(&"0".repeat(64)));
    assert!(matches!(refused, Err(FileError::AnotherKey { .. })), "{refused:?}");
}

#[tokio::test]
async fn what_was_done_to_a_file_is_named() {
    let lines = exported().await;
    // Lines: 0 head, 1 to 3 rows, 4 checkpoint, 5 to 7 rows 4 to 6, 8 checkpoint, 9 row 7, 10 end.
    check(&lines, |all| row(&mut all[5]).body.push('x'), (4, "edited"));
    check(&lines, |all| row(&mut all[2]).at += 1, (2, "edited"));
    check(&lines, |all| drop(all.remove(2)), (2, "missing"));
    check(&lines, |all| all.swap(1, 2), (1, "moved"));
    check(&lines, |all| all.swap(5, 9), (4, "moved"));
    check(&lines, |all| all.truncate(10), (8, "cut-off"));
    check(&lines, |all| all.truncate(6), (5, "cut-off"));
    check(&lines, |all| drop(all.remove(9)), (7, "cut-off"));
    check(&lines, |all| drop(all.drain(5..8)), (4, "cut-off"));
    let put_in = |all: &mut Vec<Line>| all.insert(10, forged(chain(7), &[50]).remove(0));
    check(&lines, put_in, (8, "foreign"));
    let anew = |all: &mut Vec<Line>| drop(all.splice(5..8, forged(chain(3), &[50, 5, 6])));
    check(&lines, anew, (4, "foreign"));
    check(&lines, |all| signed(&mut all[4]).at += 1, (3, "checkpoint"));
    check(&lines, |all| signed(&mut all[8]).sequence = 9, (9, "checkpoint"));
    let other_key = |all: &mut Vec<Line>| {
        let Line::Head { public_key, .. } = &mut all[0] else { panic!() };
        *public_key = Some("00".repeat(32));
    };
    check(&lines, other_key, (3, "checkpoint"));
    let no_key = |all: &mut Vec<Line>| {
        let Line::Head { public_key, .. } = &mut all[0] else { panic!() };
        *public_key = None;
    };
    check(&lines, no_key, (3, "checkpoint"));
}

#[tokio::test]
async fn what_is_no_exported_audit_is_refused_with_its_line() {
    let good = text(&exported().await);
    let (head, rest) = good.split_once('\n').unwrap();
    let end = good.lines().last().unwrap();
    for (text, line) in [
        (String::new(), 1),
        ("\n".to_owned(), 1),
        ("{}".to_owned(), 1),
        (rest.to_owned(), 1),
        (head.replace("audit 1", "audit 2"), 1),
        (format!("{head}\n{head}\n"), 2),
        (format!("{head}\n{end} {end}\n"), 2),
        (format!("{good}{end}\n"), 12),
        (good.replacen("\"hash\":\"", "\"hash\":\"0", 1), 2),
        (good.replacen("\"actor\":", "\"more\":1,\"actor\":", 1), 2),
        (format!("{head}\n{}", "[".repeat(100_000)), 2),
        (format!("{head}\n\u{0}\n"), 2),
    ] {
        match verify_text(text, None) {
            Err(FileError::NotUnderstood { line: found, .. }) => assert_eq!(found, line),
            other => panic!("{other:?}"),
        }
    }
    let refused = verify_text(vec![0xff; 64], None);
    assert!(matches!(refused, Err(FileError::NotUnderstood { line: 1, .. })));
}

#[test]
fn a_line_without_an_end_takes_bounded_memory() {
    let endless = std::io::repeat(b' ').take(file::LINE_BYTES_MAX + 10);
    let mut endless = std::io::BufReader::new(endless);
    let mut lines = file::Lines { file: &mut endless, number: 0 };
    let refused = lines.next();
    assert!(matches!(refused, Err(FileError::NotUnderstood { line: 1, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_file_cut_off_anywhere_is_never_verified() {
    let good = text(&exported().await);
    for length in 0..good.len() - 1 {
        assert!(verify_text(&good.as_bytes()[..length], None).is_err(), "{length}");
    }
}

#[tokio::test]
async fn a_file_that_nobody_signed_is_not_signed_with_the_key_it_names() {
    let mut lines = exported().await;
    let key = verify_text(text(&lines), None).unwrap().fingerprint.unwrap();
    assert!(verify_text(text(&lines), Some(&key)).is_ok());
    lines.retain(|line| !matches!(line, Line::Checkpoint(_)));
    assert!(verify_text(text(&lines), None).is_ok(), "it is whole, and signed by nobody");
    let refused = verify_text(text(&lines), Some(&key));
    assert!(matches!(refused, Err(FileError::Unsigned)), "{refused:?}");
}
