//! Tables of devices and people, as MDMs and directories export them.
//!
//! Every row is answered: it tells of a record, or says what is wrong with which cell.

pub mod cell;
mod column;

use std::collections::HashMap;

use csv::ByteRecord;
use csv::ReaderBuilder;

use self::column::Columns;
use crate::complaint::Complaint;
use crate::complaint::Complaints;
use crate::device;
use crate::device::DeviceStatus;
use crate::device::told::TAG_CHARS_MAX;
use crate::person;
use crate::person::GROUPS_MAX;
use crate::person::PersonStatus;

/// Largest table, in bytes: a quarter of a million rows of 250 bytes.
pub const TABLE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most rows: as many as memory holds devices.
pub const ROWS_MAX: usize = 250_000;

/// Most columns: exports have a hundred at most.
pub const COLUMNS_MAX: usize = 256;

/// Longest cell, in characters: every group of a person, each as long as it may be and escaped;
/// more is a quote that was not closed.
pub const CELL_CHARS_MAX: usize = 2 * GROUPS_MAX * (TAG_CHARS_MAX + 1);

/// What separates cells, the likelier first.
const SEPARATORS: [u8; 3] = *b",;\t";

/// A row, as far as it could be read.
#[derive(Clone, Debug, Default)]
pub struct Row<T> {
    /// The line that it begins in, counted from 1; in a document, the place in its list.
    pub line: u64,
    /// What it tells.
    pub told: T,
    /// What is wrong with it, each with the column as its path.
    pub complaints: Vec<Complaint>,
}

/// A table, read.
#[derive(Clone, Debug)]
pub struct Table<T> {
    /// Its rows, without those that are empty.
    pub rows: Vec<Row<T>>,
    /// The columns that say nothing here.
    pub ignored: Vec<String>,
}

/// What a row can tell of.
pub trait Record: Default {
    /// The columns, each with the names that it goes by, in small letters and digits only.
    const COLUMNS: &'static [(&'static str, &'static [&'static str])];

    /// Those of which one is needed to know what a row is about.
    const NEEDED: &'static [&'static str];

    /// Takes what the cells of a column say, the empty ones left out. `Err` says what is wrong,
    /// and what would be right.
    fn set(&mut self, column: &str, cells: &[&str]) -> Result<(), (String, String)>;

    /// What stands in the cell of a column: what [`Record::set`] takes.
    fn get(&self, column: &str) -> String;

    /// Complains about what no record can say.
    fn check(&self, complaints: &mut Complaints<'_>);
}

/// The first line of a table of such records.
pub fn head<T: Record>() -> Vec<&'static str> {
    T::COLUMNS.iter().map(|(column, _)| *column).collect()
}

/// The line of a record in that table.
pub fn cells<T: Record>(record: &T) -> Vec<String> {
    T::COLUMNS.iter().map(|(column, _)| record.get(column)).collect()
}

/// Reads a table. `Err` is about the table as a whole.
pub fn read<T: Record>(bytes: &[u8]) -> Result<Table<T>, Complaint> {
    let wrong = |what: &str, fix: &str| Complaint::new("", what, fix);
    if bytes.len() > TABLE_BYTES_MAX {
        let what = format!("the table is longer than {TABLE_BYTES_MAX} bytes");
        return Err(wrong(&what, "split it"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_wide || bytes.iter().take(1024).any(|byte| *byte == 0) {
        return Err(wrong(
            "the table is UTF-16, or no text at all",
            "save it as UTF-8: \"CSV UTF-8\" in Excel",
        ));
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(bytes))
        .from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut next = |record: &mut ByteRecord| match reader.read_byte_record(record) {
        Ok(more) => Ok(more),
        Err(error) => Err(wrong(&format!("the table cannot be read: {error}"), "export it again")),
    };
    if !next(&mut record)? {
        return Err(wrong("the table is empty", "begin it with a line that names its columns"));
    }
    let (columns, ignored) = Columns::parse::<T>(&record)?;
    let mut rows = Vec::new();
    let mut lines = Lines { bytes, offset: 0, line: 1 };
    while next(&mut record)? {
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            continue;
        }
        if rows.len() == ROWS_MAX {
            let what = format!("the table has more than {ROWS_MAX} rows");
            return Err(wrong(&what, "split it"));
        }
        rows.push(row(&record, &columns, lines.line_of(&record)));
    }
    Ok(Table { rows, ignored })
}

/// What separates the cells of the first line.
fn separator(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| *byte == b'\n' || *byte == b'\r').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|byte| **byte == separator).count();
    // Of equals the last is the greatest.
    SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Counts lines as editors do: the reader does not count those that are empty.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line that a record begins in; records come in their order.
    fn line_of(&mut self, record: &ByteRecord) -> u64 {
        let at = record.position().map_or(0, csv::Position::byte);
        let at = usize::try_from(at).unwrap_or(usize::MAX).max(self.offset);
        let rest = self.bytes.get(at..).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let start = at.saturating_add(empty);
        let passed = self.bytes.get(self.offset..start).unwrap_or_default();
        let ends = passed.iter().filter(|byte| **byte == b'\n').count();
        // Old programs end lines with a carriage return alone.
        let ends =
            if ends == 0 { passed.iter().filter(|byte| **byte == b'\r').count() } else { ends };
        self.offset = start;
        self.line = self.line.saturating_add(u64::try_from(ends).unwrap_or(0));
        self.line
    }
}

fn row<T: Record>(record: &ByteRecord, columns: &Columns, line: u64) -> Row<T> {
    let mut row = Row { line, told: T::default(), complaints: Vec::new() };
    if record.len() != columns.width {
        let what = format!("has {} cells, and the first line {}", record.len(), columns.width);
        let fix = "put quotes around a cell that holds the separator";
        row.complaints.push(Complaint::new("", what, fix));
        return row;
    }
    for (column, places) in &columns.wanted {
        let mut cells = Vec::new();
        for place in places {
            match cell(record.get(*place).unwrap_or_default()) {
                Ok("") => {}
                Ok(text) => cells.push(text),
                Err((what, fix)) => row.complaints.push(Complaint::new(*column, what, fix)),
            }
        }
        if !cells.is_empty()
            && let Err((what, fix)) = row.told.set(column, &cells)
        {
            row.complaints.push(Complaint::new(*column, what, fix));
        }
    }
    row.told.check(&mut Complaints::new("", &mut row.complaints));
    if row.complaints.is_empty() && !columns.tells(record, T::NEEDED) {
        let what = format!("has neither {}", T::NEEDED.join(" nor "));
        row.complaints.push(Complaint::new("", what, "say which record the row is about"));
    }
    row
}

fn cell(bytes: &[u8]) -> Result<&str, (String, String)> {
    let Ok(text) = core::str::from_utf8(bytes) else {
        let what = "is not UTF-8".to_owned();
        return Err((what, "save the table as UTF-8: \"CSV UTF-8\" in Excel".to_owned()));
    };
    let text = text.trim();
    if text.chars().count() > CELL_CHARS_MAX {
        let what = format!("is longer than {CELL_CHARS_MAX} characters");
        return Err((what, "shorten it, or close its quote".to_owned()));
    }
    Ok(cell::bare(text))
}

/// The parts of cells that hold lists.
fn list(cells: &[&str], separators: &[char]) -> Vec<String> {
    cells.iter().flat_map(|cell| cell::split(cell, separators)).collect()
}

/// What separates tags.
const TAG_SEPARATORS: [char; 2] = [';', ','];

/// What separates groups: names in a directory have commas.
const GROUP_SEPARATORS: [char; 1] = [';'];

fn text(told: &Option<String>) -> String {
    told.clone().unwrap_or_default()
}

fn first(cells: &[&str]) -> Option<String> {
    cells.first().map(|cell| (*cell).to_owned())
}

impl Record for device::told::Told {
    const COLUMNS: &'static [(&'static str, &'static [&'static str])] = &[
        ("name", &["name", "devicename", "computername", "displayname", "hostname"]),
        ("serial", &["serial", "serialnumber", "deviceserialnumber"]),
        ("udid", &["udid", "deviceudid", "uuid", "hardwareuuid", "deviceid"]),
        ("model", &["model", "devicemodel", "modelname", "devicemodelname"]),
        ("os", &["os", "operatingsystem", "platform", "ostype"]),
        ("os_version", &["osversion", "operatingsystemversion"]),
        (
            "mac_addresses",
            &[
                "macaddresses",
                "macaddress",
                "mac",
                "wifimacaddress",
                "wifimac",
                "ethernetmacaddress",
                "ethernetmac",
            ],
        ),
        (
            "owner",
            &[
                "owner",
                "useremail",
                "primaryuseremailaddress",
                "emailaddress",
                "email",
                "primaryuserupn",
                "userprincipalname",
                "assigneduser",
            ],
        ),
        ("tags", &["tags", "tag"]),
        ("status", &["status"]),
    ];

    const NEEDED: &'static [&'static str] = &["name", "serial", "udid"];

    fn set(&mut self, column: &str, cells: &[&str]) -> Result<(), (String, String)> {
        match column {
            "name" => self.name = first(cells),
            "serial" => self.serial = first(cells),
            "udid" => self.udid = first(cells),
            "model" => self.model = first(cells),
            "os" => self.os = first(cells),
            "os_version" => self.os_version = first(cells),
            "mac_addresses" => self.mac_addresses = Some(list(cells, &[';', ',', ' '])),
            "owner" => self.owner = first(cells),
            "tags" => self.tags = Some(list(cells, &TAG_SEPARATORS)),
            "status" => {
                let word = cells.first().copied().unwrap_or_default();
                self.status = Some(DeviceStatus::parse(word).ok_or_else(|| {
                    let what = format!("\"{}\" is no status", word.escape_debug());
                    let all = DeviceStatus::ALL.map(DeviceStatus::as_str).join(", ");
                    (what, format!("use one of {all}, or leave the column out"))
                })?);
            }
            _ => {}
        }
        Ok(())
    }

    fn get(&self, column: &str) -> String {
        match column {
            "name" => text(&self.name),
            "serial" => text(&self.serial),
            "udid" => text(&self.udid),
            "model" => text(&self.model),
            "os" => text(&self.os),
            "os_version" => text(&self.os_version),
            "mac_addresses" => {
                self.mac_addresses.iter().flatten().cloned().collect::<Vec<_>>().join(";")
            }
            "owner" => text(&self.owner),
            "tags" => cell::join(self.tags.as_deref().unwrap_or_default(), &TAG_SEPARATORS),
            "status" => self.status.map_or("", DeviceStatus::as_str).to_owned(),
            _ => String::new(),
        }
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        Self::check(self, complaints);
    }
}

impl Record for person::Told {
    const COLUMNS: &'static [(&'static str, &'static [&'static str])] = &[
        ("name", &["name", "displayname", "fullname", "username"]),
        ("email", &["email", "emailaddress", "useremail", "mail", "primaryemail"]),
        ("upn", &["upn", "userprincipalname", "managedappleid"]),
        ("sid", &["sid", "securityidentifier", "objectsid"]),
        ("groups", &["groups", "group", "memberof"]),
        ("status", &["status"]),
    ];

    const NEEDED: &'static [&'static str] = &["name", "email", "upn"];

    fn set(&mut self, column: &str, cells: &[&str]) -> Result<(), (String, String)> {
        match column {
            "name" => self.name = first(cells),
            "email" => self.email = first(cells),
            "upn" => self.upn = first(cells),
            "sid" => self.sid = first(cells),
            "groups" => self.groups = Some(list(cells, &GROUP_SEPARATORS)),
            "status" => {
                let word = cells.first().copied().unwrap_or_default();
                self.status = Some(PersonStatus::parse(word).ok_or_else(|| {
                    let what = format!("\"{}\" is no status", word.escape_debug());
                    (what, "use active or disabled, or leave the column out".to_owned())
                })?);
            }
            _ => {}
        }
        Ok(())
    }

    fn get(&self, column: &str) -> String {
        match column {
            "name" => text(&self.name),
            "email" => text(&self.email),
            "upn" => text(&self.upn),
            "sid" => text(&self.sid),
            "groups" => cell::join(self.groups.as_deref().unwrap_or_default(), &GROUP_SEPARATORS),
            "status" => self.status.map_or("", PersonStatus::as_str).to_owned(),
            _ => String::new(),
        }
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        Self::check(self, complaints);
    }
}

/// Complains about rows that tell of the same record by a key of theirs: each names the other's
/// place, by the word for it.
pub fn check_twice<T>(
    rows: &mut [Row<T>],
    place: &str,
    (column, key): (&str, impl Fn(&T) -> Option<String>),
) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for index in 0..rows.len() {
        let Some(key) = rows.get(index).and_then(|row| key(&row.told)) else { continue };
        let Some(first) = seen.get(&key).copied() else {
            seen.insert(key, index);
            continue;
        };
        for (own, other) in [(index, first), (first, index)] {
            let line = rows.get(other).map_or(0, |row| row.line);
            let what = format!("is also that of {place} {line}");
            let Some(row) = rows.get_mut(own) else { continue };
            // The first of many is told of one of them.
            if !row.complaints.iter().any(|complaint| complaint.path == column) {
                row.complaints.push(Complaint::new(column, what, "keep one of them"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
