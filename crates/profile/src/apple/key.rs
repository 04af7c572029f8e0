//! What may stand in a profile: every key of the payloads that join a network, with its type, its
//! range and whether it must be there. What we write and what we read are held to the same table.

mod table;

use crate::property_list::Dictionary;
use crate::property_list::Value;

/// Most deviations of one profile that are told: whoever mends so many asks again.
pub const DEVIATIONS_MAX: usize = 100;

/// A key of a dictionary.
#[derive(Debug)]
pub(crate) struct Key {
    name: &'static str,
    is_required: bool,
    shape: Shape,
}

/// What a value must be.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// A string that is not empty.
    Filled,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A UUID.
    Uuid,
    /// An integer.
    Integer,
    /// One of these integers.
    Among(&'static [i64]),
    /// An integer in this range.
    Between(i64, i64),
    /// A boolean.
    Boolean,
    /// Data of at least one byte.
    Data,
    /// Data of one of these lengths.
    DataOf(&'static [usize]),
    /// An array of these.
    List(&'static Self),
    /// An array of exactly so many of these.
    Tuple(&'static Self, usize),
    /// A string, or an array of strings.
    TextOrTexts,
    /// A dictionary with these keys.
    Dictionary(&'static [Key]),
    /// Whatever stands there; another payload's matter.
    Any,
}

/// Something that is not as the table says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Deviation {
    /// The payload, by its type and its name.
    pub payload: String,
    /// The key, with the keys around it: `EAPClientConfiguration.AcceptEAPTypes[0]`.
    pub key: String,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// Whether a device refuses or passes over it; else it is a key that we do not know.
    pub is_grave: bool,
}

/// Checks a profile and every payload in it.
#[must_use]
pub fn check(profile: &Dictionary) -> Vec<Deviation> {
    let mut found = Found { payload: "the profile".to_owned(), deviations: Vec::new() };
    found.dictionary("", profile, table::PROFILE, true);
    let payloads = profile.get("PayloadContent").map_or(&[][..], Value::elements);
    for (place, payload) in payloads.iter().enumerate() {
        let Value::Dictionary(payload) = payload else {
            found.payload = format!("payload {}", place + 1);
            found.add("", format!("is {} and no dictionary", payload.kind()), true);
            continue;
        };
        found.payload = describe(payload, place);
        let kind = payload.text("PayloadType").unwrap_or_default();
        match table::keys(kind) {
            Some(keys) => {
                let both: Vec<&Key> = table::HEAD.iter().chain(keys).collect();
                found.entries("", payload, &both, true);
            }
            None => found.dictionary("", payload, table::HEAD, false),
        }
    }
    found.deviations.truncate(DEVIATIONS_MAX);
    found.deviations
}

/// What a payload is called in a sentence.
#[must_use]
pub fn describe(payload: &Dictionary, place: usize) -> String {
    let kind = payload.text("PayloadType").unwrap_or("without a type");
    match payload.text("PayloadDisplayName") {
        Some(name) if !name.is_empty() => format!("{} \"{}\"", shown(kind), shown(name)),
        _ => format!("payload {} ({})", place + 1, shown(kind)),
    }
}

/// A stranger's text, short and without what cannot be seen.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 80;
    text.chars().filter(|character| !character.is_control()).take(SHOWN_CHARS_MAX).collect()
}

struct Found {
    payload: String,
    deviations: Vec<Deviation>,
}

impl Found {
    fn add(&mut self, key: &str, what: impl Into<String>, is_grave: bool) {
        if self.deviations.len() <= DEVIATIONS_MAX {
            let (payload, key) = (self.payload.clone(), key.to_owned());
            self.deviations.push(Deviation { payload, key, what: what.into(), is_grave });
        }
    }

    fn dictionary(&mut self, path: &str, there: &Dictionary, keys: &[Key], is_closed: bool) {
        let keys: Vec<&Key> = keys.iter().collect();
        self.entries(path, there, &keys, is_closed);
    }

    fn entries(&mut self, path: &str, there: &Dictionary, keys: &[&Key], is_closed: bool) {
        for key in keys {
            let path = join(path, key.name);
            match there.get(key.name) {
                Some(value) => self.value(&path, value, &key.shape),
                None if key.is_required => self.add(&path, "is missing", true),
                None => {}
            }
        }
        if !is_closed {
            return;
        }
        for (name, _) in there.entries() {
            if keys.iter().all(|key| key.name != name) {
                self.add(&join(path, &shown(name)), "is no key that stands here", false);
            }
        }
    }

    fn value(&mut self, path: &str, value: &Value, shape: &Shape) {
        match (shape, value) {
            (Shape::Any, _)
            | (Shape::Text | Shape::TextOrTexts, Value::Text(_))
            | (Shape::Integer, Value::Integer(_))
            | (Shape::Boolean, Value::Boolean(_)) => {}
            (Shape::Filled, Value::Text(text)) => self.filled(path, text.len()),
            (Shape::Data, Value::Data(bytes)) => self.filled(path, bytes.len()),
            (Shape::OneOf(these), Value::Text(text)) => {
                if !these.contains(&text.as_str()) {
                    let what = format!("is \"{}\"; it can be {}", shown(text), these.join(", "));
                    self.add(path, what, true);
                }
            }
            (Shape::Uuid, Value::Text(text)) => {
                if !is_uuid(text) {
                    self.add(path, format!("is \"{}\" and no UUID", shown(text)), true);
                }
            }
            (Shape::Among(these), Value::Integer(integer)) => self.among(path, *integer, these),
            (Shape::Between(least, most), Value::Integer(integer)) => {
                if !(least..=most).contains(&integer) {
                    let what = format!("is {integer}; {least} to {most} are possible");
                    self.add(path, what, true);
                }
            }
            (Shape::DataOf(lengths), Value::Data(bytes)) => {
                self.measured(path, bytes.len(), lengths);
            }
            (Shape::List(element), Value::Array(elements)) => self.array(path, elements, element),
            (Shape::TextOrTexts, Value::Array(elements)) => {
                self.array(path, elements, &Shape::Text);
            }
            (Shape::Tuple(element, count), Value::Array(elements)) => {
                if elements.len() != *count {
                    let what = format!("has {} elements; {count} belong there", elements.len());
                    self.add(path, what, true);
                }
                self.array(path, elements, element);
            }
            (Shape::Dictionary(keys), Value::Dictionary(there)) => {
                self.dictionary(path, there, keys, true);
            }
            (shape, value) => {
                let what = format!("is {} and should be {}", value.kind(), shape.words());
                self.add(path, what, true);
            }
        }
    }

    fn filled(&mut self, path: &str, length: usize) {
        if length == 0 {
            self.add(path, "is empty", true);
        }
    }

    fn among(&mut self, path: &str, integer: i64, these: &[i64]) {
        if !these.contains(&integer) {
            let these: Vec<String> = these.iter().map(i64::to_string).collect();
            self.add(path, format!("is {integer}; it can be {}", these.join(", ")), true);
        }
    }

    fn measured(&mut self, path: &str, length: usize, lengths: &[usize]) {
        if !lengths.contains(&length) {
            let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
            let what = format!("is {length} bytes long; {} are possible", lengths.join(" or "));
            self.add(path, what, true);
        }
    }

    fn array(&mut self, path: &str, elements: &[Value], element: &Shape) {
        for (place, value) in elements.iter().enumerate() {
            self.value(&format!("{path}[{place}]"), value, element);
        }
    }
}

impl Shape {
    fn words(&self) -> &'static str {
        match self {
            Self::Text | Self::Filled | Self::OneOf(_) | Self::Uuid => "a string",
            Self::Integer | Self::Among(_) | Self::Between(..) => "an integer",
            Self::Boolean => "a boolean",
            Self::Data | Self::DataOf(_) => "data",
            Self::List(_) | Self::Tuple(..) => "an array",
            Self::TextOrTexts => "a string or an array of strings",
            Self::Dictionary(_) => "a dictionary",
            Self::Any => "anything",
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Five groups of letters and digits, as Apple's own pattern has them.
fn is_uuid(text: &str) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    groups.len() == GROUPS.len()
        && groups.iter().zip(GROUPS).all(|(group, length)| {
            group.len() == length && group.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}
