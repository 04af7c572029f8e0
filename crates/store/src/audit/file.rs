//! The audit as a file of its own: one JSON document a line, checked with nothing but the file.

use std::io;
use std::io::BufRead;
use std::io::Read;
use std::io::Seek;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Chain;
use crate::audit::FirstBadRow;
use crate::audit::Intact;
use crate::audit::Tampering;
use crate::audit::chain::Break;
use crate::audit::chain::Link;
use crate::audit::chain::Suspect;
use crate::audit::chain::Walk;
use crate::audit::checkpoint;
use crate::audit::checkpoint::PublicKey;
use crate::seal::hex;
use crate::write::EventRow;

/// What the first line says that a file is.
pub const FORMAT: &str = "safeconduct audit 1";

/// Longest line, in bytes: a row that tells of the largest document that the API takes, each of
/// its characters escaped once more.
pub const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// One line of a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "line", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Line {
    /// The first: what the file is, and the key that checkpoints are signed with.
    Head {
        /// [`FORMAT`].
        format: String,
        /// The organization's name, for people.
        organization: String,
        /// The public key, in hexadecimal digits; none if nothing was signed yet.
        public_key: Option<String>,
    },
    /// A row.
    Row(Row),
    /// A checkpoint of the row before it.
    Checkpoint(Checkpoint),
    /// The last line.
    End {
        /// Rows of the file.
        rows: u64,
    },
}

/// A row of the audit, as it is hashed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = AuditRow)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its place, counted from 1.
    pub sequence: i64,
    /// Its hash, in hexadecimal digits.
    pub hash: String,
    /// The event's id.
    pub id: String,
    /// When it was written, in seconds since 1970.
    pub at: i64,
    /// What happened.
    pub kind: String,
    /// How it came out.
    pub outcome: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub object: String,
    /// The rest, as JSON text.
    pub body: String,
}

/// A checkpoint, as it is written.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The row that it is of.
    pub sequence: i64,
    /// When it was signed, in seconds since 1970.
    pub at: i64,
    /// The hash of the row, in hexadecimal digits.
    pub hash: String,
    /// The signature (Ed25519), in hexadecimal digits.
    pub signature: String,
}

/// A file that was verified.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified {
    /// Rows and checkpoints.
    pub intact: Intact,
    /// The organization's name, as the file says.
    pub organization: String,
    /// The fingerprint of the key that the checkpoints are signed with.
    pub fingerprint: Option<String>,
}

/// Why a file is not verified.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It has no checkpoint, and was to be signed with a key.
    #[error("the file has no checkpoint: nothing in it is signed with that key")]
    Unsigned,
    /// A row is not what the program wrote.
    #[error("{0}")]
    FirstBadRow(FirstBadRow),
    /// A line is not one of an exported audit.
    #[error("line {line} is not one of an exported audit: {what}")]
    NotUnderstood {
        /// Which, counted from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The checkpoints are another key's.
    #[error("the file is signed with the key {found}, and not with the one that was given")]
    AnotherKey {
        /// The fingerprint of the file's key, or that there is none.
        found: String,
    },
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl Row {
    pub(super) fn of(link: &Link) -> Self {
        let event = link.event.clone();
        Self {
            sequence: link.chain.sequence,
            hash: hex(&link.chain.hash),
            id: event.id,
            at: event.at.0,
            kind: event.kind,
            outcome: event.outcome,
            actor: event.actor,
            object: event.object,
            body: event.body,
        }
    }

    fn link(self) -> Option<Link> {
        Some(Link {
            chain: Chain { sequence: self.sequence, hash: unhex(&self.hash)? },
            event: EventRow {
                id: self.id,
                at: Time(self.at),
                kind: self.kind,
                outcome: self.outcome,
                actor: self.actor,
                object: self.object,
                body: self.body,
            },
        })
    }
}

impl Checkpoint {
    /// As it is written.
    #[must_use]
    pub fn of(checkpoint: &checkpoint::Checkpoint) -> Self {
        Self {
            sequence: checkpoint.sequence,
            at: checkpoint.at.0,
            hash: hex(&checkpoint.hash),
            signature: hex(&checkpoint.signature),
        }
    }

    fn parse(&self) -> Option<checkpoint::Checkpoint> {
        let signature: [u8; checkpoint::SIGNATURE_BYTES] = unhex(&self.signature)?;
        Some(checkpoint::Checkpoint {
            sequence: self.sequence,
            at: Time(self.at),
            hash: unhex(&self.hash)?,
            signature: signature.to_vec(),
        })
    }
}

/// Checks chain and signatures of a file, line by line; `fingerprint` is that of the key that must
/// have signed it.
pub fn verify(
    file: &mut (impl BufRead + Seek),
    fingerprint: Option<&str>,
) -> Result<Verified, FileError> {
    let mut lines = Lines { file, number: 0 };
    let (organization, key) = head(&mut lines)?;
    let found = key.as_ref().map(PublicKey::fingerprint);
    if let Some(wanted) = fingerprint
        && found.as_deref() != Some(plain(wanted).as_str())
    {
        let none = || "of nobody (it has none)".to_owned();
        return Err(FileError::AnotherKey { found: found.unwrap_or_else(none) });
    }
    match walk(&mut lines, key.as_ref())? {
        Ok(walk) => {
            let intact = walk.intact();
            // What nobody signed may be anybody's, whatever key the file names.
            if fingerprint.is_some() && intact.checkpoints == 0 {
                return Err(FileError::Unsigned);
            }
            Ok(Verified { intact, organization, fingerprint: found })
        }
        Err(mut suspect) => {
            lines.file.rewind()?;
            let mut lines = Lines { file: lines.file, number: 0 };
            while let Ok(Some(line)) = lines.next() {
                if let Line::Row(row) = line
                    && let Some(link) = row.link()
                {
                    suspect.look(&link);
                }
            }
            Err(FileError::FirstBadRow(suspect.judge()))
        }
    }
}

/// A fingerprint as people write it: in any case, with colons or spaces.
fn plain(fingerprint: &str) -> String {
    let digits = fingerprint.chars().filter(|c| !matches!(c, ':' | ' '));
    digits.map(|c| c.to_ascii_lowercase()).collect()
}

fn head(lines: &mut Lines<'_, impl BufRead>) -> Result<(String, Option<PublicKey>), FileError> {
    let Some(Line::Head { format, organization, public_key }) = lines.next()? else {
        return Err(lines.wrong("it is to say what the file is"));
    };
    if format != FORMAT {
        return Err(lines.wrong(&format!("the format is not \"{FORMAT}\"")));
    }
    let parse = |text: String| {
        unhex(&text).map(PublicKey).ok_or_else(|| lines.wrong("public_key is not a key"))
    };
    Ok((organization, public_key.map(parse).transpose()?))
}

/// Walks along the lines; the inner error needs a second look.
fn walk(
    lines: &mut Lines<'_, impl BufRead>,
    key: Option<&PublicKey>,
) -> Result<Result<Walk, Box<Suspect>>, FileError> {
    let mut walk = Walk::from(Chain::EMPTY);
    let mut end = None;
    while let Some(line) = lines.next()? {
        if end.is_some() {
            return Err(lines.wrong("it stands behind the last one"));
        }
        match line {
            Line::Head { .. } => return Err(lines.wrong("it is a second first one")),
            Line::Row(row) => {
                let link = row.link().ok_or_else(|| lines.wrong("hash is not a hash"))?;
                match walk.row(link) {
                    Ok(()) => {}
                    Err(Break::Known(bad)) => return Err(FileError::FirstBadRow(bad)),
                    Err(Break::Suspect(suspect)) => return Ok(Err(suspect)),
                }
            }
            Line::Checkpoint(checkpoint) => {
                let parsed = checkpoint.parse();
                let parsed = parsed.ok_or_else(|| lines.wrong("hash or signature is not one"))?;
                if parsed.sequence > walk.end.sequence {
                    return Err(FileError::FirstBadRow(beyond(&walk, &parsed, key)));
                }
                walk.checkpoint(&parsed, key).map_err(FileError::FirstBadRow)?;
            }
            Line::End { rows } => end = Some(rows),
        }
    }
    let rows = walk.intact().rows;
    if end != Some(rows) {
        let (tampering, what) = match end {
            Some(said) if said < rows => (Tampering::Foreign, "was added by another program"),
            Some(_) => (Tampering::CutOff, "and all behind it were cut off"),
            None => (Tampering::CutOff, "and what is behind it are missing: the file has no end"),
        };
        let last = end.unwrap_or(rows).min(rows);
        let sequence = i64::try_from(last).unwrap_or(i64::MAX).saturating_add(1);
        return Err(FileError::FirstBadRow(FirstBadRow::new(sequence, tampering, what)));
    }
    Ok(Ok(walk))
}

/// A checkpoint of a row that is not there.
fn beyond(
    walk: &Walk,
    checkpoint: &checkpoint::Checkpoint,
    key: Option<&PublicKey>,
) -> FirstBadRow {
    if key.is_some_and(|key| key.confirms(checkpoint)) {
        let what = "is missing, with all up to the row of the next checkpoint";
        return FirstBadRow::new(walk.end.sequence + 1, Tampering::CutOff, what);
    }
    let what = "has a checkpoint that the organization did not sign";
    FirstBadRow::new(checkpoint.sequence, Tampering::Checkpoint, what)
}

/// The lines of a file, each bounded.
pub(super) struct Lines<'a, F> {
    pub(super) file: &'a mut F,
    pub(super) number: u64,
}

impl<F: BufRead> Lines<'_, F> {
    pub(super) fn next(&mut self) -> Result<Option<Line>, FileError> {
        let mut bytes = Vec::new();
        let mut bounded = Read::take(&mut *self.file, LINE_BYTES_MAX + 1);
        bounded.read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        if u64::try_from(bytes.len()).is_ok_and(|length| length > LINE_BYTES_MAX) {
            return Err(self.wrong(&format!("it is longer than {LINE_BYTES_MAX} bytes")));
        }
        // The parser's own words do not repeat what the line says.
        let line = serde_json::from_slice(&bytes).map_err(|error| {
            let column = error.column();
            self.wrong(&format!("it is not understood at its character {column}"))
        })?;
        Ok(Some(line))
    }

    fn wrong(&self, what: &str) -> FileError {
        FileError::NotUnderstood { line: self.number.max(1), what: what.to_owned() }
    }
}

/// Reads hexadecimal digits of exactly so many bytes.
fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let digits = digits.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(bytes)
}
