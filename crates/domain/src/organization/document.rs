//! A declarative file: part of an organization, as an administrator wrote it.

use serde_json::Map;
use serde_json::Value;

use crate::complaint::Complaint;
use crate::complaint::Complaints;
use crate::device;
use crate::former_name;
use crate::inventory::csv::Record;
use crate::inventory::csv::Row;
use crate::object::Kind;
use crate::organization::EachKind;
use crate::organization::Listed;
use crate::organization::Organization;
use crate::organization::Settings;
use crate::organization::each_kind;
use crate::person;

/// Most objects of one kind in one document; a school district has fewer.
pub const OBJECTS_MAX: usize = 20_000;

/// What a file says. What it does not name is left alone.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// The organization's own settings, if named.
    pub settings: Option<Settings>,
    /// The objects named, in the order of the file.
    pub objects: Organization,
    /// The devices and people named.
    pub told: Told,
}

/// What a file tells of the inventory; a row's line is its place in the list, counted from 1.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Devices.
    pub devices: Vec<Row<device::told::Told>>,
    /// People.
    pub people: Vec<Row<person::Told>>,
}

impl Document {
    /// Reads a document from JSON of the same shape as the TOML file, or says all that is wrong.
    pub fn parse(json: Value) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let Value::Object(mut tables) = json else {
            let fix = "begin with [organization] or [[certificate_authority]]";
            return Err(vec![Complaint::new("", "the document is not a table", fix)]);
        };
        let settings = settings(&mut tables, &mut complaints);
        let mut reader =
            Reader { tables, objects: Organization::default(), complaints: &mut complaints };
        each_kind(&mut reader);
        let Reader { mut tables, objects, .. } = reader;
        let people = rows(&mut tables, Kind::Person, &mut complaints, |told: &person::Told| {
            told.name.is_some()
        });
        let devices =
            rows(&mut tables, Kind::Device, &mut complaints, |told: &device::told::Told| {
                told.name.is_some()
            });
        for key in tables.keys() {
            let known = Kind::ALL.map(Kind::as_str).join(", ");
            complaints.push(Complaint::new(
                key,
                format!("unknown key \"{}\"", key.escape_debug()),
                format!("use one of {known}"),
            ));
        }
        let told = Told { devices, people };
        if complaints.is_empty() { Ok(Self { settings, objects, told }) } else { Err(complaints) }
    }
}

fn settings(tables: &mut Map<String, Value>, complaints: &mut Vec<Complaint>) -> Option<Settings> {
    let table = tables.remove(Kind::Organization.as_str())?;
    let path = Kind::Organization.as_str();
    let settings: Settings = read(table, path, complaints)?;
    settings.check(&mut Complaints::new(path, complaints));
    Some(settings)
}

struct Reader<'a> {
    tables: Map<String, Value>,
    objects: Organization,
    complaints: &'a mut Vec<Complaint>,
}

impl EachKind for Reader<'_> {
    fn visit<T: Listed>(&mut self) {
        let kind = T::KIND.as_str();
        let items = items(&mut self.tables, T::KIND, self.complaints);
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{kind}[{index}]");
            let Some(object) = read::<T>(item, &path, self.complaints) else { continue };
            object.check(&mut Complaints::new(&path, self.complaints));
            former_name::check(&object, &mut Complaints::new(&path, self.complaints));
            T::list_mut(&mut self.objects).push(object);
        }
    }
}

/// The tables of a kind.
fn items(
    tables: &mut Map<String, Value>,
    kind: Kind,
    complaints: &mut Vec<Complaint>,
) -> Vec<Value> {
    let kind = kind.as_str();
    match tables.remove(kind) {
        None => Vec::new(),
        Some(Value::Array(items)) if items.len() > OBJECTS_MAX => {
            let what = format!("{} objects given, {OBJECTS_MAX} are possible", items.len());
            complaints.push(Complaint::new(kind, what, "split the file"));
            Vec::new()
        }
        Some(Value::Array(items)) => items,
        Some(_) => {
            let fix = format!("write it as [[{kind}]]");
            complaints.push(Complaint::new(kind, "is not a list of tables", fix));
            Vec::new()
        }
    }
}

/// Reads what is told of devices or people. Each is named: a file is read by people.
fn rows<T: Record + serde::de::DeserializeOwned>(
    tables: &mut Map<String, Value>,
    kind: Kind,
    complaints: &mut Vec<Complaint>,
    is_named: fn(&T) -> bool,
) -> Vec<Row<T>> {
    let mut rows = Vec::new();
    for (item, line) in items(tables, kind, complaints).into_iter().zip(1_u64..) {
        let path = format!("{kind}[{}]", line - 1);
        let Some(told) = read::<T>(item, &path, complaints) else { continue };
        told.check(&mut Complaints::new(&path, complaints));
        if !is_named(&told) {
            let path = format!("{path}.name");
            complaints.push(Complaint::new(path, "is missing", "say what it is called"));
        }
        rows.push(Row { line, told, complaints: Vec::new() });
    }
    rows
}

/// Reads one table; complains with the field's path if it does not fit.
fn read<T: serde::de::DeserializeOwned>(
    table: Value,
    path: &str,
    complaints: &mut Vec<Complaint>,
) -> Option<T> {
    match serde_path_to_error::deserialize(table) {
        Ok(object) => Some(object),
        Err(error) => {
            let inner = error.path().to_string();
            let path = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
            let message = error.inner().to_string();
            if let Some(field) = missing(&message) {
                let fix = format!("add {field}; the handbook's page on declarative files has it");
                complaints.push(Complaint::new(format!("{path}.{field}"), "is missing", fix));
                return None;
            }
            let (what, fix) = match message.split_once(", expected ") {
                Some((what, expected)) => (what.to_owned(), format!("write {}", plain(expected))),
                None => (message, "see the handbook's page on the declarative file".to_owned()),
            };
            complaints.push(Complaint::new(path, what, fix));
            None
        }
    }
}

/// The field that a parser misses.
fn missing(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// What a parser expected, in an administrator's words.
fn plain(expected: &str) -> &str {
    let words = [
        ("u32", "a whole number without quotes"),
        ("a boolean", "true or false without quotes"),
        ("a string", "a text in quotes"),
        ("a sequence", "a list in [ ]"),
    ];
    words.iter().find(|(word, _)| *word == expected).map_or(expected, |(_, plain)| plain)
}
