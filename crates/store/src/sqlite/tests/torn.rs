//! Power cuts: whatever part of the log reached the disk, the database opens as it was after some
//! prefix of its commits, never as a mix.

use std::path::Path;

use super::*;
use crate::write::EventRow;

/// Bytes of the log's header, and of a frame: its header and a page.
const HEADER: usize = 32;
const FRAME: usize = 24 + 4096;

/// Commits of the test; each is of several pages.
const COMMITS: i64 = 12;

/// Numbers that look random and are the same at every run (Marsaglia's xorshift).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }
}

fn event(number: i64) -> EventRow {
    let text = |what: &str| format!("{what}-{number}");
    EventRow {
        id: text("event"),
        at: pki::time::Time(1_700_000_000 + number),
        kind: "gateway.saved".to_owned(),
        outcome: "accepted".to_owned(),
        actor: text("actor"),
        object: text("object"),
        body: "x".repeat(3000),
    }
}

/// Everything that the test writes, as it reads: notes, the audit, and the end of the audit.
fn dump(path: &Path) -> Vec<String> {
    let connection = Connection::open(path.join(directory::DATABASE)).unwrap();
    let sql = "select key || '=' || value from meta union all
               select sequence || ':' || id || body || hex(hash) from audit order by 1";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A log with what the database said after each of its commits, and the frames of each.
struct Recording {
    file: Vec<u8>,
    log: Vec<u8>,
    dumps: Vec<Vec<String>>,
    ends: Vec<usize>,
}

#[expect(clippy::disallowed_methods, reason = "the test takes the files as a power cut left them")]
async fn record() -> Recording {
    let directory = TestDirectory::new();
    let database = directory.0.join(directory::DATABASE);
    let log = directory.0.join("safeconduct.db-wal");
    let store = Store::open(&directory.0, &master()).unwrap();
    let file = std::fs::read(&database).unwrap();
    let (mut dumps, mut ends) =
        (vec![dump(&directory.0)], vec![std::fs::read(&log).unwrap().len()]);
    for number in 0..COMMITS {
        let write = note(&format!("note-{number}"), &"y".repeat(5000));
        // Each changes what the one before it wrote, too.
        let write = write.execute(
            "update meta set value = value || $1 where key = $2",
            [Value::from("z"), Value::from(format!("note-{}", number - 1))],
        );
        write.commit(&store, Why::Events(vec![event(number)])).await.unwrap();
        dumps.push(dump(&directory.0));
        ends.push(std::fs::read(&log).unwrap().len());
    }
    let log = std::fs::read(&log).unwrap();
    assert_eq!(std::fs::read(&database).unwrap(), file, "the log was folded in under the test");
    assert_eq!((log.len() - HEADER) % FRAME, 0);
    Recording { file, log, dumps, ends }
}

impl Recording {
    /// Opens the database with this much of a log; answers after how many commits it stands.
    #[expect(clippy::disallowed_methods, reason = "the test plays the disk")]
    fn opens_after(&self, log: &[u8]) -> usize {
        let directory = TestDirectory::new();
        std::fs::write(directory.0.join(directory::DATABASE), &self.file).unwrap();
        std::fs::write(directory.0.join("safeconduct.db-wal"), log).unwrap();
        let store = Store::open(&directory.0, &master()).unwrap();
        let found = dump(&directory.0);
        let stands = self.dumps.iter().position(|dump| *dump == found);
        assert!(crate::audit::verify_blocking(&store).is_ok());
        stands.expect("the state after some prefix of the commits, and no other")
    }

    /// The commits that are whole in the first bytes of the log.
    fn whole_in(&self, bytes: usize) -> usize {
        self.ends.iter().filter(|&&end| end <= bytes).count().saturating_sub(1)
    }
}

#[tokio::test]
async fn a_log_cut_anywhere_opens_after_the_commits_that_are_whole_in_it() {
    let recording = record().await;
    let frames = (recording.log.len() - HEADER) / FRAME;
    assert!(frames > 3 * usize::try_from(COMMITS).unwrap(), "{frames} frames");
    let mut dice = Dice(0x5afe_c0de);
    let boundaries = (0..=frames).map(|frame| HEADER + frame * FRAME);
    let random: Vec<usize> = (0..100).map(|_| dice.below(recording.log.len())).collect();
    for bytes in boundaries.chain(random).chain([0, 1, HEADER - 1]) {
        let stands = recording.opens_after(&recording.log[..bytes]);
        assert_eq!(stands, recording.whole_in(bytes), "cut at {bytes}");
    }
}

/// Between two syncs a disk writes in any order: of what was not yet synced, any part may be
/// there.
#[tokio::test]
async fn frames_that_did_not_arrive_end_what_is_believed() {
    let recording = record().await;
    let frames = (recording.log.len() - HEADER) / FRAME;
    let mut dice = Dice(0xd15c);
    for round in 0..100 {
        let mut log = recording.log.clone();
        let first = dice.below(frames);
        for frame in first..frames {
            let start = HEADER + frame * FRAME;
            let lost = frame == first || dice.below(2) == 0;
            // A page, half a page, or the frame's header did not arrive, or garbage did.
            let (from, to) = [(0, FRAME), (24, 24 + 2048), (0, 24), (FRAME / 2, FRAME)][round % 4];
            let garbage = if round % 2 == 0 { 0 } else { 0xa5 };
            if lost {
                log[start + from..start + to].fill(garbage);
            }
        }
        let stands = recording.opens_after(&log);
        assert_eq!(stands, recording.whole_in(HEADER + first * FRAME), "lost from {first} on");
    }
}
