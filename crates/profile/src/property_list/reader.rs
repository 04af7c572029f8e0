//! Property lists from outside: read event by event, each counted before it is kept.
//!
//! A binary list may say one array in many places, so that a few bytes stand for millions of values;
//! an XML list may nest as deep as it is long. Both end at a bound here. Entities of a document's
//! own are refused: no profile has them, and whoever brings them wants a reader to expand them.

use std::io::Cursor;

use plist::stream::BinaryReader;
use plist::stream::Event;
use plist::stream::OwnedEvent;
use plist::stream::XmlReader;

use super::Dictionary;
use super::Value;

/// The longest property list: the largest profiles of schools, with fonts left out, are a tenth.
pub const LIST_BYTES_MAX: usize = 1024 * 1024;
/// The deepest nesting: a pair in a subject in a payload in a profile is seven levels deep.
pub const DEPTH_MAX: usize = 16;
/// The most values in all, and the most in one array or dictionary.
pub const VALUES_MAX: usize = 20_000;
/// The most keys of one dictionary: each is compared with those before it.
pub(super) const KEYS_MAX: usize = 500;
/// The most bytes of all strings and data together: a binary list can say one of them many times.
pub(super) const CONTENT_BYTES_MAX: usize = 2 * LIST_BYTES_MAX;

/// Why a property list cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// It is longer than [`LIST_BYTES_MAX`].
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// It is nested deeper than [`DEPTH_MAX`].
    #[error("it is nested more than {DEPTH_MAX} levels deep")]
    TooDeep,
    /// It has more values than [`VALUES_MAX`], or more in them than [`CONTENT_BYTES_MAX`].
    #[error("it holds more than {VALUES_MAX} values, or repeats them without end")]
    TooMuch,
    /// It defines entities.
    #[error("it defines XML entities, which no profile does")]
    Entities,
    /// Its root is no value, or there is something behind it.
    #[error("it has no single value at its root")]
    Root,
    /// A dictionary has a key that is no string, or one without a value.
    #[error("a dictionary has a key that is no string, or no value for the key \"{0}\"")]
    Key(String),
    /// A dictionary has a key twice.
    #[error("the key \"{0}\" is there twice in one dictionary")]
    KeyTwice(String),
    /// It holds something that no profile holds.
    #[error("it holds {0}, which no profile does")]
    Foreign(&'static str),
    /// It is broken.
    #[error("it is no property list: {0}")]
    Broken(String),
}

type Events<'a> = Box<dyn Iterator<Item = Result<OwnedEvent, plist::Error>> + 'a>;

pub(super) fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    if bytes.len() > LIST_BYTES_MAX {
        return Err(Unreadable::TooLong);
    }
    let events: Events<'_> = if bytes.starts_with(b"bplist") {
        Box::new(BinaryReader::new(Cursor::new(bytes)))
    } else {
        // The reader does not expand them; it leaves them out, and what is left would mislead.
        if contains(bytes, b"<!ENTITY") {
            return Err(Unreadable::Entities);
        }
        if contains(bytes, b"<![CDATA[") {
            return Err(Unreadable::Foreign("a section of character data"));
        }
        Box::new(XmlReader::new(bytes))
    };
    let mut source = Source { events, values: 0, content_bytes: 0 };
    let first = source.next()?.ok_or(Unreadable::Root)?;
    let value = source.value(first, 0)?;
    match source.next()? {
        None => Ok(value),
        Some(_) => Err(Unreadable::Root),
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

struct Source<'a> {
    events: Events<'a>,
    values: usize,
    content_bytes: usize,
}

impl Source<'_> {
    fn next(&mut self) -> Result<Option<OwnedEvent>, Unreadable> {
        let broken = |error: plist::Error| Unreadable::Broken(error.to_string());
        let Some(event) = self.events.next().transpose().map_err(broken)? else { return Ok(None) };
        self.values += 1;
        let bytes = match &event {
            Event::Data(data) => data.len(),
            Event::String(text) => text.len(),
            // How many it claims is known before any of them is read.
            Event::StartArray(Some(count)) | Event::StartDictionary(Some(count))
                if *count > VALUES_MAX as u64 =>
            {
                return Err(Unreadable::TooMuch);
            }
            Event::StartArray(_)
            | Event::StartDictionary(_)
            | Event::EndCollection
            | Event::Boolean(_)
            | Event::Date(_)
            | Event::Integer(_)
            | Event::Real(_)
            | Event::Uid(_)
            | _ => 0,
        };
        self.content_bytes = self.content_bytes.saturating_add(bytes);
        if self.values > VALUES_MAX || self.content_bytes > CONTENT_BYTES_MAX {
            return Err(Unreadable::TooMuch);
        }
        Ok(Some(event))
    }

    fn value(&mut self, event: OwnedEvent, depth: usize) -> Result<Value, Unreadable> {
        if depth == DEPTH_MAX {
            return Err(Unreadable::TooDeep);
        }
        match event {
            Event::StartArray(_) => self.array(depth),
            Event::StartDictionary(_) => self.dictionary(depth),
            Event::Boolean(truth) => Ok(Value::Boolean(truth)),
            Event::Data(data) => Ok(Value::Data(data.into_owned())),
            Event::Date(date) => Ok(Value::Date(date.to_xml_format())),
            Event::Integer(integer) => {
                let foreign = Unreadable::Foreign("an integer beyond 64 bits");
                integer.as_signed().map(Value::Integer).ok_or(foreign)
            }
            Event::Real(real) => Ok(Value::Real(real)),
            Event::String(text) => Ok(Value::Text(text.into_owned())),
            Event::Uid(_) => Err(Unreadable::Foreign("a reference of a keyed archive")),
            Event::EndCollection => Err(Unreadable::Root),
            _ => Err(Unreadable::Foreign("a value of a kind that is new")),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut elements = Vec::new();
        while let Some(event) = self.inside()? {
            elements.push(self.value(event, depth + 1)?);
        }
        Ok(Value::Array(elements))
    }

    fn dictionary(&mut self, depth: usize) -> Result<Value, Unreadable> {
        let mut dictionary = Dictionary::default();
        for _ in 0..=KEYS_MAX {
            let Some(event) = self.inside()? else { return Ok(Value::Dictionary(dictionary)) };
            let Event::String(key) = event else { return Err(Unreadable::Key(String::new())) };
            if dictionary.get(&key).is_some() {
                return Err(Unreadable::KeyTwice(shown(&key)));
            }
            let event = self.inside()?.ok_or_else(|| Unreadable::Key(shown(&key)))?;
            let value = self.value(event, depth + 1)?;
            dictionary = dictionary.with(&key, value);
        }
        Err(Unreadable::TooMuch)
    }

    /// The next event of a collection; nothing at its end.
    fn inside(&mut self) -> Result<Option<OwnedEvent>, Unreadable> {
        let event = self.next()?.ok_or(Unreadable::Root)?;
        Ok((event != Event::EndCollection).then_some(event))
    }
}

/// A key of a stranger's, short enough for a sentence.
fn shown(key: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    key.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect()
}
