//! The chain itself: what a row's hash covers, and what a row that does not fit tells.

use std::collections::VecDeque;

use aws_lc_rs::digest;

use crate::StoreError;
use crate::audit::FirstBadRow;
use crate::audit::HASH_BYTES;
use crate::audit::Tampering;
use crate::audit::checkpoint::Checkpoint;
use crate::audit::checkpoint::PublicKey;
use crate::value::Row;
use crate::write::EventRow;

/// Most rows put in or taken out in one place that are told apart from an edited one: each costs a
/// hash where the chain breaks, and who forges more is found all the same.
pub(super) const APART_MAX: usize = 64;

/// The end of the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Chain {
    /// Rows so far, and the sequence of the last.
    pub(crate) sequence: i64,
    /// The hash of the last row.
    pub(crate) hash: [u8; HASH_BYTES],
}

/// A row with its place in the chain.
pub(super) struct Link {
    pub(super) chain: Chain,
    pub(super) event: EventRow,
}

/// A walk along the chain, from row to row.
pub(super) struct Walk {
    /// How far the chain is good.
    pub(super) end: Chain,
    /// The last row that a good checkpoint is of.
    pub(super) covered: i64,
    /// Good checkpoints so far.
    pub(super) checkpoints: u64,
    /// The ends before, the newest last.
    before: VecDeque<Chain>,
}

/// A row that does not continue the chain. What became of the one that belongs there is seen by a
/// second look at the rows.
pub(super) struct Suspect {
    before: Chain,
    found: Link,
    /// The row that belongs here is elsewhere.
    is_moved: bool,
    /// The rows behind it were numbered anew.
    is_renumbered: bool,
}

/// Why a walk ends early.
pub(super) enum Break {
    /// It is known what was done.
    Known(FirstBadRow),
    /// A second look tells.
    Suspect(Box<Suspect>),
}

impl Chain {
    /// The chain before its first row.
    pub(crate) const EMPTY: Self = Self { sequence: 0, hash: [0; HASH_BYTES] };

    /// Adds an event and answers the new end.
    pub(crate) fn extend(self, event: &EventRow) -> Self {
        let sequence = self.sequence.saturating_add(1);
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"safeconduct audit 1");
        hash.update(&self.hash);
        hash.update(&sequence.to_be_bytes());
        hash.update(&event.at.0.to_be_bytes());
        for field in
            [&event.id, &event.kind, &event.outcome, &event.actor, &event.object, &event.body]
        {
            let length = u64::try_from(field.len()).expect("a length fits 64 bits");
            hash.update(&length.to_be_bytes());
            hash.update(field.as_bytes());
        }
        let hash = hash.finish().as_ref().try_into().expect("SHA-256 is 32 bytes");
        Self { sequence, hash }
    }

    /// Reads the end of a chain from a row of sequence and hash.
    pub(crate) fn parse(row: &Row) -> Result<Self, StoreError> {
        let hash = row.bytes(1)?.try_into().map_err(|_| StoreError::Column {
            column: 1,
            expected: "a hash of 32 bytes",
            found: "another length",
        })?;
        Ok(Self { sequence: row.integer(0)?, hash })
    }
}

impl Link {
    /// Reads a row of sequence, hash and the event.
    pub(super) fn parse(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            chain: Chain::parse(row)?,
            event: EventRow {
                id: row.text(2)?.to_owned(),
                at: row.time(3)?,
                kind: row.text(4)?.to_owned(),
                outcome: row.text(5)?.to_owned(),
                actor: row.text(6)?.to_owned(),
                object: row.text(7)?.to_owned(),
                body: row.text(8)?.to_owned(),
            },
        })
    }
}

impl Walk {
    /// A walk from an end that is known to be good: that of no rows, or a checkpoint.
    pub(super) fn from(end: Chain) -> Self {
        Self { end, covered: end.sequence, checkpoints: 0, before: VecDeque::new() }
    }

    /// Goes on to the next row.
    pub(super) fn row(&mut self, link: Link) -> Result<(), Break> {
        let expected = self.end.extend(&link.event);
        if link.chain == expected {
            if self.before.len() == APART_MAX {
                self.before.pop_front();
            }
            self.before.push_back(self.end);
            self.end = expected;
            return Ok(());
        }
        // It fits behind an earlier row: what stands between was put in.
        let fits = |before: &&Chain| before.extend(&link.event).hash == link.chain.hash;
        if let Some(before) = self.before.iter().find(fits) {
            let what = "was put in by another program";
            let bad = FirstBadRow::new(before.sequence + 1, Tampering::Foreign, what);
            return Err(Break::Known(bad));
        }
        let (is_moved, is_renumbered) = (false, false);
        let suspect = Suspect { before: self.end, found: link, is_moved, is_renumbered };
        Err(Break::Suspect(Box::new(suspect)))
    }

    /// Checks a checkpoint of the row that the walk has come to.
    pub(super) fn checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        key: Option<&PublicKey>,
    ) -> Result<(), FirstBadRow> {
        let sequence = self.end.sequence;
        if checkpoint.sequence != sequence || !key.is_some_and(|key| key.confirms(checkpoint)) {
            return Err(FirstBadRow::new(
                sequence,
                Tampering::Checkpoint,
                "has a checkpoint that the organization did not sign",
            ));
        }
        if checkpoint.hash != self.end.hash {
            return Err(self.rewritten("or one behind it is not what its checkpoint signed"));
        }
        self.covered = sequence;
        self.checkpoints += 1;
        Ok(())
    }

    /// The chain fits, and is not the program's: all that is known is where it was good last.
    pub(super) fn rewritten(&self, what: &'static str) -> FirstBadRow {
        FirstBadRow::new(self.covered + 1, Tampering::Foreign, what)
    }
}

impl Suspect {
    /// The second look: every row is shown once more, in order.
    pub(super) fn look(&mut self, link: &Link) {
        let belongs = self.before.extend(&link.event).hash;
        // With its own hash, or with the one that was left here.
        if [link.chain.hash, self.found.chain.hash].contains(&belongs) {
            self.is_moved = true;
        }
        if link.chain.sequence == self.found.chain.sequence.saturating_add(1) {
            // It continues the row found here, at a place further on: the rows were numbered anew.
            let found = self.found.chain;
            for gone in (1..).take(APART_MAX) {
                let sequence = found.sequence.saturating_add(gone);
                let expected = Chain { sequence, ..found }.extend(&link.event);
                self.is_renumbered |= expected.hash == link.chain.hash;
            }
        }
    }

    /// What was done.
    pub(super) fn judge(self) -> FirstBadRow {
        let sequence = self.before.sequence.saturating_add(1);
        let id = Some(self.found.event.id.clone());
        let is_gap = self.found.chain.sequence != sequence;
        let (tampering, what) = match (self.is_moved, self.is_renumbered, is_gap) {
            (true, _, _) => (Tampering::Moved, "stands in another place"),
            (false, true, _) => (Tampering::Missing, "is missing, and those behind it moved up"),
            (false, false, true) => (Tampering::Missing, "is missing"),
            (false, false, false) => (Tampering::Edited, "was edited, or the one before it was"),
        };
        FirstBadRow { id, ..FirstBadRow::new(sequence, tampering, what) }
    }
}
