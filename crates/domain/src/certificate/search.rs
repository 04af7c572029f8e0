//! Which certificates a list shows, and where its next page begins.

use core::fmt;

use pki::certificate::Serial;
use pki::time::Time;

use crate::certificate::Certificate;
use crate::certificate::Status;
use crate::object::NAME_CHARS_MAX;
use crate::refusal::Refusal;

/// Characters that a search may begin with; the indexes hold no more of a text.
pub const START_CHARS_MAX: usize = 128;

/// Which certificates.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Search {
    /// What one of their texts begins with.
    pub start: Option<Start>,
    /// Where they stand.
    pub status: Option<Status>,
    /// The name of the authority that signed them.
    pub authority: Option<Name>,
    /// The name of the gateway that they were asked for at.
    pub gateway: Option<Name>,
}

/// A text of a certificate that can be searched by its beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// The serial number in hexadecimal digits.
    Serial,
    /// Whom it names.
    Subject,
    /// What the device was called.
    Device,
    /// Who owned the device.
    Person,
}

/// What a text begins with, its letters of ASCII made small; a serial number's are capital.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Start {
    field: Field,
    text: String,
}

/// The name of something that a certificate came from. It need not exist any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Name(String);

/// Where a page of a list ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Place {
    /// In a list that has the newest first.
    Newest(Time, Serial),
    /// In a list that is ordered by a text, then by serial number.
    Text(Field, String, Serial),
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 4] = [Self::Serial, Self::Subject, Self::Device, Self::Person];

    /// As written in parameters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Subject => "subject",
            Self::Device => "device",
            Self::Person => "person",
        }
    }

    /// Reads what [`Field::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == text)
    }

    /// What a certificate is ordered by in a list by this field; none is in no such list.
    pub fn key(self, certificate: &Certificate) -> Option<String> {
        let small = |text: &String| {
            text.chars().take(START_CHARS_MAX).map(|c| c.to_ascii_lowercase()).collect()
        };
        match self {
            // The serial number follows in any case.
            Self::Serial => Some(String::new()),
            Self::Subject => Some(small(&certificate.subject)),
            Self::Device => certificate.device.as_ref().map(small),
            Self::Person => certificate.person.as_ref().map(small),
        }
    }
}

impl Start {
    /// Reads what somebody looks for.
    pub fn parse(field: Field, text: &str) -> Result<Self, Refusal> {
        let wrong =
            |what: String| Refusal::ParameterWrong { parameter: field.as_str().into(), what };
        if text.chars().count() > START_CHARS_MAX {
            return Err(wrong(format!("is longer than {START_CHARS_MAX} characters")));
        }
        // The last of all characters is in no text, and no other comes behind it.
        if text.chars().any(|c| c.is_control() || c == char::MAX) {
            return Err(wrong("has a character that no name has".to_owned()));
        }
        let text = match field {
            Field::Serial => digits(text).ok_or_else(|| {
                wrong("is not the beginning of a number in hexadecimal".to_owned())
            })?,
            Field::Subject | Field::Device | Field::Person => text.to_ascii_lowercase(),
        };
        if text.is_empty() { Err(wrong("is empty".to_owned())) } else { Ok(Self { field, text }) }
    }

    /// Everything that has the field, in its order.
    pub fn all(field: Field) -> Self {
        Self { field, text: String::new() }
    }

    /// The field that is searched.
    pub fn field(&self) -> Field {
        self.field
    }

    /// What it begins with.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first text behind all that begin so.
    pub fn end(&self) -> String {
        let mut end = self.text.clone();
        if end.is_empty() {
            // No text has the last of all characters.
            end.push(char::MAX);
            return end;
        }
        if let Some(last) = end.pop() {
            // Not a number of half a character (Unicode 3.9, D92).
            let next = (u32::from(last) + 1..).find_map(char::from_u32);
            end.extend(next);
        }
        end
    }
}

/// Hexadecimal digits as serial numbers are shown: capital, without colons, blanks and the octets
/// of zero that some programs put before them.
fn digits(text: &str) -> Option<String> {
    let kept = text.chars().filter(|c| *c != ':' && *c != ' ');
    let digits: String = kept.map(|c| c.to_ascii_uppercase()).collect();
    let mut rest = digits.as_str();
    while let Some(shorter) = rest.strip_prefix("00").filter(|shorter| !shorter.is_empty()) {
        rest = shorter;
    }
    rest.chars().all(|c| c.is_ascii_hexdigit()).then(|| rest.to_owned())
}

impl Name {
    /// Reads a name that is looked for under this parameter.
    pub fn parse(parameter: &str, text: &str) -> Result<Self, Refusal> {
        let wrong = text.is_empty()
            || text.chars().count() > NAME_CHARS_MAX
            || text.chars().any(char::is_control);
        if wrong {
            let what = format!("is no name: 1 to {NAME_CHARS_MAX} characters");
            return Err(Refusal::ParameterWrong { parameter: parameter.into(), what });
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Search {
    /// Where a page ends whose last certificate this is.
    pub fn place(&self, last: &Certificate, intended_at: Time) -> Option<Place> {
        let serial = last.serial.clone();
        match self.start.as_ref().map(Start::field) {
            None => Some(Place::Newest(intended_at, serial)),
            Some(field) => Some(Place::Text(field, field.key(last)?, serial)),
        }
    }

    /// Reads where a page of this list ends. What another list gave is refused.
    pub fn parse_place(&self, cursor: &str) -> Result<Place, Refusal> {
        let place = Place::parse(cursor).filter(|place| match (place, &self.start) {
            (Place::Newest(..), None) => true,
            (Place::Text(field, text, serial), Some(start)) => {
                let key = if *field == Field::Serial { &serial.to_string() } else { text };
                *field == start.field && key.starts_with(start.text())
            }
            (Place::Newest(..), Some(_)) | (Place::Text(..), None) => false,
        });
        place.ok_or_else(|| Refusal::ParameterWrong {
            parameter: "cursor".into(),
            what: "is not one that this list gave".into(),
        })
    }
}

impl Place {
    fn parse(cursor: &str) -> Option<Self> {
        let (head, rest) = cursor.split_once('.')?;
        let serial =
            |text: &str| Serial::parse_text(text).ok().filter(|serial| serial.to_string() == *text);
        let Some(field) = Field::parse(head) else {
            return Some(Self::Newest(Time(head.parse().ok()?), serial(rest)?));
        };
        let (number, key) = rest.split_once('.')?;
        let key = unhex(key).filter(|key| key.chars().count() <= START_CHARS_MAX)?;
        Some(Self::Text(field, key, serial(number)?))
    }
}

/// A cursor: safe in a URL and at a shell, whatever the text.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest(time, serial) => write!(f, "{}.{serial}", time.0),
            Self::Text(field, key, serial) => {
                write!(f, "{}.{serial}.", field.as_str())?;
                key.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

fn unhex(text: &str) -> Option<String> {
    // No character has more than four bytes, no byte more than two digits.
    if text.len() > START_CHARS_MAX * 8 {
        return None;
    }
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let octet = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    let octets: Option<Vec<u8>> = pairs.iter().map(octet).collect();
    String::from_utf8(octets?).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn start(field: Field, text: &str) -> Start {
        Start::parse(field, text).unwrap()
    }

    #[test]
    fn a_search_is_for_the_beginning_whatever_the_case() {
        for (field, text, expected) in [
            (Field::Serial, "0a:1b 2", "0A1B2"),
            (Field::Serial, "00:b4:d2", "B4D2"),
            (Field::Serial, "0", "0"),
            (Field::Serial, "00", "00"),
            (Field::Person, "Anna@", "anna@"),
            (Field::Device, "MAC-%_", "mac-%_"),
            (Field::Subject, "CN=ÄB", "cn=Äb"),
        ] {
            assert_eq!(start(field, text).text(), expected);
        }
    }

    #[test]
    fn the_end_lies_behind_all_that_begin_so_and_before_all_others() {
        for text in ["a", "mac-", "z", "ä", "\u{d7ff}", "\u{10fffe}", "%"] {
            let start = start(Field::Device, text);
            let (end, text) = (start.end(), start.text());
            assert!(text < end.as_str() && format!("{text}\u{10ffff}z") < end, "{text}");
            assert!(!end.starts_with(text));
        }
    }

    #[test]
    fn what_no_text_begins_with_is_refused() {
        for (field, text) in [
            (Field::Serial, "xyz"),
            (Field::Serial, ""),
            (Field::Serial, ":"),
            (Field::Person, ""),
            (Field::Person, "a\0"),
            (Field::Device, "\u{10ffff}"),
            (Field::Subject, &"x".repeat(START_CHARS_MAX + 1)),
        ] {
            let refusal = Start::parse(field, text).unwrap_err();
            assert_eq!(refusal.code(), "API-PARAMETER", "{text}");
        }
        start(Field::Subject, &"ä".repeat(START_CHARS_MAX));
        for name in ["", "a\n", &"x".repeat(NAME_CHARS_MAX + 1)] {
            Name::parse("gateway", name).unwrap_err();
        }
        assert_eq!(Name::parse("gateway", "Mosyle").unwrap().as_str(), "Mosyle");
    }

    #[test]
    fn a_cursor_reads_back_in_its_own_list_only() {
        let serial = Serial::from_random([7; 16]);
        let by = |field, text| Search { start: Some(start(field, text)), ..Search::default() };
        let lists = [
            (Search::default(), Place::Newest(Time(-5), serial.clone())),
            (by(Field::Serial, "07"), Place::Text(Field::Serial, "".into(), serial.clone())),
            (by(Field::Person, "Ä"), Place::Text(Field::Person, "Äa".into(), serial.clone())),
            (by(Field::Device, "x"), Place::Text(Field::Device, "xä".into(), serial)),
        ];
        for (number, (list, place)) in lists.iter().enumerate() {
            for (other, (_, cursor)) in lists.iter().enumerate() {
                let read = list.parse_place(&cursor.to_string());
                assert_eq!(read.ok().as_ref(), Some(place).filter(|_| number == other));
            }
        }
    }

    #[test]
    fn a_cursor_that_no_list_gave_is_refused() {
        let list = Search { start: Some(start(Field::Device, "a")), ..Search::default() };
        let long = format!("device.0A.{}", "61".repeat(START_CHARS_MAX + 1));
        for cursor in [
            "",
            "x",
            "5.0A",
            "device",
            "device.0A",
            "device.0A.6",
            "device.0A.6g",
            "device.0a.61",
            "device.0A.62",
            "device.0A.ff",
            "device.0A.6100",
            "person.0A.61",
            "device..61",
            &long,
        ] {
            let refusal = list.parse_place(cursor).unwrap_err();
            assert_eq!(refusal.code(), "API-PARAMETER", "{cursor}");
        }
        list.parse_place("device.0A.61").unwrap();
    }
}
