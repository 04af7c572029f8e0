//! The first line of a table: which of its columns tell what.

use csv::ByteRecord;

use super::COLUMNS_MAX;
use super::Record;
use crate::complaint::Complaint;

/// Longest name of a column that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 64;

/// The columns that are wanted, each with its places, the likelier name first.
pub(super) struct Columns {
    pub(super) wanted: Vec<(&'static str, Vec<usize>)>,
    pub(super) width: usize,
}

impl Columns {
    /// Reads the names of the columns; what is not wanted is named apart.
    pub(super) fn parse<T: Record>(header: &ByteRecord) -> Result<(Self, Vec<String>), Complaint> {
        if header.len() > COLUMNS_MAX {
            let what = format!("the table has more than {COLUMNS_MAX} columns");
            return Err(Complaint::new("", what, "export fewer columns"));
        }
        let names: Vec<String> = header.iter().map(plain).collect();
        let mut wanted: Vec<(&'static str, Vec<usize>)> = Vec::new();
        for (column, aliases) in T::COLUMNS {
            let mut places = Vec::new();
            for alias in *aliases {
                let found: Vec<usize> = places_of(&names, alias);
                if found.len() > 1 {
                    let what = format!("two columns are called \"{alias}\"");
                    return Err(Complaint::new(*column, what, "remove one of them"));
                }
                places.extend(found);
            }
            if !places.is_empty() {
                wanted.push((column, places));
            }
        }
        if !wanted.iter().any(|(column, _)| T::NEEDED.contains(column)) {
            let found: Vec<String> = header.iter().take(8).map(shown).collect();
            let what = format!("the first line names no column for {}", T::NEEDED.join(", "));
            let all: Vec<&str> = T::COLUMNS.iter().map(|(column, _)| *column).collect();
            let found = found.join(", ");
            let fix =
                format!("begin with a line of names, such as {}; found: {found}", all.join(","));
            return Err(Complaint::new("", what, fix));
        }
        let used = |place: usize| wanted.iter().any(|(_, places)| places.contains(&place));
        let ignored = header.iter().enumerate().filter(|(place, _)| !used(*place));
        let ignored = ignored.map(|(_, name)| shown(name)).collect();
        Ok((Self { wanted, width: header.len() }, ignored))
    }

    /// Whether a row says anything in one of these columns.
    pub(super) fn tells(&self, record: &ByteRecord, columns: &[&str]) -> bool {
        let of = self.wanted.iter().filter(|(column, _)| columns.contains(column));
        let mut places = of.flat_map(|(_, places)| places);
        places.any(|place| {
            // As a cell is read: a space of Unicode is no letter either.
            let cell = String::from_utf8_lossy(record.get(*place).unwrap_or_default());
            !cell.trim().is_empty()
        })
    }
}

fn places_of(names: &[String], alias: &str) -> Vec<usize> {
    let all = names.iter().enumerate();
    all.filter(|(_, name)| name.as_str() == alias).map(|(place, _)| place).collect()
}

/// A name without what programs write differently: `Serial Number` and `serial_number` are one.
fn plain(name: &[u8]) -> String {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).trim().chars().take(SHOWN_CHARS_MAX).collect()
}
