//! Tag, length, value: a bounded reader of definite-length elements, and a writer of DER.
//!
//! The reader tolerates lengths that are not minimal, because old devices send them and because
//! signatures are verified over the bytes as they came. [`crate::ber`] makes lengths definite.

use const_oid::ObjectIdentifier;

use crate::time::{Civil, Time, number};

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// NULL.
pub const NULL: u8 = 0x05;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// `UTF8String`.
pub const UTF8_STRING: u8 = 0x0c;
/// `NumericString`.
pub const NUMERIC_STRING: u8 = 0x12;
/// `PrintableString`.
pub const PRINTABLE_STRING: u8 = 0x13;
/// `T61String`, read as Latin-1 as everybody does.
pub const T61_STRING: u8 = 0x14;
/// `IA5String`.
pub const IA5_STRING: u8 = 0x16;
/// `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;
/// `VisibleString`.
pub const VISIBLE_STRING: u8 = 0x1a;
/// `UniversalString` (UTF-32, big endian).
pub const UNIVERSAL_STRING: u8 = 0x1c;
/// `BMPString` (UTF-16, big endian).
pub const BMP_STRING: u8 = 0x1e;
/// SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// SET.
pub const SET: u8 = 0x31;
/// The constructed bit of a tag.
pub const CONSTRUCTED: u8 = 0x20;

/// The bytes are not the ASN.1 they should be; the text says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed ASN.1: {0}")]
pub struct Malformed(pub &'static str);

/// The context-specific constructed tag of a number below 31.
#[must_use]
pub const fn context(number: u8) -> u8 {
    0xa0 | (number & 0x1f)
}

/// The context-specific primitive tag of a number below 31.
#[must_use]
pub const fn context_primitive(number: u8) -> u8 {
    0x80 | (number & 0x1f)
}

/// One element as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet; tag numbers above 30 are refused.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// Tag, length and content, byte for byte.
    pub raw: &'a [u8],
}

/// A cursor over the elements of a slice.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of the bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether every element has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes end early or the length is indefinite.
    pub fn read(&mut self) -> Result<Element<'a>, Malformed> {
        let (header, length) = header(self.rest)?;
        let Length::Definite(length) = length else {
            return Err(Malformed("an indefinite length"));
        };
        let total = header.checked_add(length).ok_or(Malformed("a length out of range"))?;
        let (raw, rest) = self.rest.split_at_checked(total).ok_or(Malformed("a short element"))?;
        let content = raw.get(header..).ok_or(Malformed("a short element"))?;
        let tag = *raw.first().ok_or(Malformed("no element"))?;
        self.rest = rest;
        Ok(Element { tag, content, raw })
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// [`Malformed`] when there is none or it has another tag.
    pub fn expect(&mut self, tag: u8) -> Result<Element<'a>, Malformed> {
        let element = self.read()?;
        if element.tag == tag { Ok(element) } else { Err(Malformed("an unexpected tag")) }
    }

    /// The next element if it has this tag.
    ///
    /// # Errors
    /// [`Malformed`] when that element is broken.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.rest.first() == Some(&tag) { self.read().map(Some) } else { Ok(None) }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Malformed`] when bytes are left over.
    pub fn finish(self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("trailing bytes")) }
    }
}

/// Reads the one element that the bytes must be.
///
/// # Errors
/// [`Malformed`] when they are anything else.
pub fn only(bytes: &[u8], tag: u8) -> Result<Element<'_>, Malformed> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag)?;
    reader.finish()?;
    Ok(element)
}

impl<'a> Element<'a> {
    /// A reader over the content of a constructed element.
    #[must_use]
    pub fn reader(&self) -> Reader<'a> {
        Reader::new(self.content)
    }

    /// All children, at most `count_max` of them.
    ///
    /// # Errors
    /// [`Malformed`] when one is broken or there are more.
    pub fn children(&self, count_max: usize) -> Result<Vec<Self>, Malformed> {
        let mut reader = self.reader();
        let mut children = Vec::new();
        while !reader.is_empty() {
            if children.len() == count_max {
                return Err(Malformed("too many elements"));
            }
            children.push(reader.read()?);
        }
        Ok(children)
    }

    /// The object identifier in an OBJECT IDENTIFIER.
    ///
    /// # Errors
    /// [`Malformed`] for another tag, for one longer than the type holds, and for one with padding
    /// (X.690 8.19.2): it would show itself as another that it does not equal.
    pub fn oid(&self) -> Result<ObjectIdentifier, Malformed> {
        if self.tag != OBJECT_IDENTIFIER {
            return Err(Malformed("an object identifier was expected"));
        }
        let ends = |byte: &u8| byte & 0x80 == 0;
        if self.content.split_inclusive(ends).any(|arc| arc.first() == Some(&0x80)) {
            return Err(Malformed("an object identifier with padding"));
        }
        ObjectIdentifier::from_bytes(self.content).map_err(|_| Malformed("an object identifier"))
    }

    /// A small non-negative INTEGER.
    ///
    /// # Errors
    /// [`Malformed`] for a negative one or one above `u64`.
    pub fn unsigned(&self) -> Result<u64, Malformed> {
        let magnitude = self.magnitude()?;
        if magnitude.len() > 8 {
            return Err(Malformed("an integer out of range"));
        }
        Ok(magnitude.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// The octets of a non-negative INTEGER without leading zeros.
    ///
    /// # Errors
    /// [`Malformed`] for another tag, an empty or a negative integer.
    pub fn magnitude(&self) -> Result<&'a [u8], Malformed> {
        let first = *self.content.first().ok_or(Malformed("an empty integer"))?;
        if self.tag != INTEGER || first & 0x80 != 0 {
            return Err(Malformed("a non-negative integer was expected"));
        }
        let zeros = self.content.iter().take_while(|byte| **byte == 0).count();
        Ok(self.content.get(zeros..).unwrap_or_default())
    }

    /// A BOOLEAN; any octet but zero is true.
    ///
    /// # Errors
    /// [`Malformed`] for another tag or length.
    pub fn boolean(&self) -> Result<bool, Malformed> {
        match (self.tag, self.content) {
            (BOOLEAN, [octet]) => Ok(*octet != 0),
            _ => Err(Malformed("a boolean was expected")),
        }
    }

    /// The octets of a BIT STRING without unused bits.
    ///
    /// # Errors
    /// [`Malformed`] for another tag or unused bits.
    pub fn whole_bits(&self) -> Result<&'a [u8], Malformed> {
        match (self.tag, self.content) {
            (BIT_STRING, [0, octets @ ..]) => Ok(octets),
            _ => Err(Malformed("a bit string of whole octets was expected")),
        }
    }

    /// The text of any string type that names and attributes use; nothing for other tags.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self.tag {
            UTF8_STRING => Some(String::from_utf8_lossy(self.content).into_owned()),
            NUMERIC_STRING | PRINTABLE_STRING | IA5_STRING | VISIBLE_STRING | T61_STRING => {
                // UTF-8 in these types is wrong but common; Latin-1 is what is left.
                Some(std::str::from_utf8(self.content).map_or_else(
                    |_| self.content.iter().map(|byte| char::from(*byte)).collect(),
                    str::to_owned,
                ))
            }
            BMP_STRING => {
                let units = self.content.as_chunks::<2>().0.iter().map(|u| u16::from_be_bytes(*u));
                Some(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect())
            }
            UNIVERSAL_STRING => {
                let units = self.content.as_chunks::<4>().0.iter().map(|u| u32::from_be_bytes(*u));
                Some(units.map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).collect())
            }
            _ => None,
        }
    }

    /// A `UTCTime` or `GeneralizedTime` in UTC (RFC 5280 4.1.2.5); seconds may be absent.
    ///
    /// # Errors
    /// [`Malformed`] when it is not such a time.
    pub fn time(&self) -> Result<Time, Malformed> {
        let broken = Malformed("a time was expected");
        let text = std::str::from_utf8(self.content).map_err(|_| broken)?;
        let digits = text.strip_suffix('Z').ok_or(broken)?;
        let (year, rest) = match self.tag {
            UTC_TIME => {
                let (year, rest) = digits.split_at_checked(2).ok_or(broken)?;
                let year = number(year).ok_or(broken)?;
                (if year < 50 { year + 2000 } else { year + 1900 }, rest)
            }
            GENERALIZED_TIME => {
                let (year, rest) = digits.split_at_checked(4).ok_or(broken)?;
                (number(year).ok_or(broken)?, rest)
            }
            _ => return Err(broken),
        };
        let part = |at: usize| rest.get(at..at + 2).and_then(number).ok_or(broken);
        let second = if rest.len() == 8 { 0 } else { part(8)? };
        if rest.len() != 8 && rest.len() != 10 {
            return Err(broken);
        }
        let civil = Civil {
            year,
            month: part(0)?,
            day: part(2)?,
            hour: part(4)?,
            minute: part(6)?,
            second,
        };
        Time::from_civil(civil).ok_or(broken)
    }
}

/// What a length field says.
pub(crate) enum Length {
    /// This many content octets.
    Definite(usize),
    /// Until the end-of-contents octets (BER only).
    Indefinite,
}

/// The number of octets before the content, and what the length field says.
pub(crate) fn header(bytes: &[u8]) -> Result<(usize, Length), Malformed> {
    let tag = bytes.first().ok_or(Malformed("no element"))?;
    if tag & 0x1f == 0x1f {
        return Err(Malformed("a tag number above 30"));
    }
    let first = *bytes.get(1).ok_or(Malformed("no length"))?;
    match first {
        0..=0x7f => Ok((2, Length::Definite(usize::from(first)))),
        0x80 => Ok((2, Length::Indefinite)),
        // Four octets of length address 4 GiB, far above every bound of ours.
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let octets = bytes.get(2..2 + count).ok_or(Malformed("no length"))?;
            let length = octets.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            Ok((2 + count, Length::Definite(length)))
        }
        _ => Err(Malformed("a length out of range")),
    }
}

/// One element of this tag and content.
#[must_use]
pub fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or_default());
    } else {
        let octets = length.to_be_bytes();
        let zeros = octets.iter().take_while(|byte| **byte == 0).count();
        let octets = octets.get(zeros..).unwrap_or_default();
        out.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
        out.extend_from_slice(octets);
    }
    out.extend_from_slice(content);
    out
}

/// A constructed element of these encoded parts, in this order.
#[must_use]
pub fn constructed<P: AsRef<[u8]>>(tag: u8, parts: &[P]) -> Vec<u8> {
    let mut content = Vec::new();
    for part in parts {
        content.extend_from_slice(part.as_ref());
    }
    encode(tag, &content)
}

/// A SEQUENCE of these encoded parts.
#[must_use]
pub fn sequence<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    constructed(SEQUENCE, parts)
}

/// A SET OF these encoded parts, sorted as DER demands.
#[must_use]
pub fn set_of<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = parts.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    constructed(SET, &sorted)
}

/// A non-negative INTEGER.
#[must_use]
pub fn integer(value: u64) -> Vec<u8> {
    integer_from_magnitude(&value.to_be_bytes())
}

/// A non-negative INTEGER of these big-endian octets.
#[must_use]
pub fn integer_from_magnitude(octets: &[u8]) -> Vec<u8> {
    let zeros = octets.iter().take_while(|byte| **byte == 0).count();
    let octets = octets.get(zeros..).unwrap_or_default();
    let mut content = Vec::with_capacity(octets.len() + 1);
    if octets.first().is_none_or(|first| first & 0x80 != 0) {
        content.push(0);
    }
    content.extend_from_slice(octets);
    encode(INTEGER, &content)
}

/// An OBJECT IDENTIFIER.
#[must_use]
pub fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    encode(OBJECT_IDENTIFIER, oid.as_bytes())
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    encode(NULL, &[])
}

/// BOOLEAN TRUE; FALSE is a default everywhere and so never written.
#[must_use]
pub fn truth() -> Vec<u8> {
    encode(BOOLEAN, &[0xff])
}

/// An OCTET STRING.
#[must_use]
pub fn octet_string(octets: &[u8]) -> Vec<u8> {
    encode(OCTET_STRING, octets)
}

/// A BIT STRING of whole octets.
#[must_use]
pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(octets.len() + 1);
    content.push(0);
    content.extend_from_slice(octets);
    encode(BIT_STRING, &content)
}

/// A time: `UTCTime` up to 2049, `GeneralizedTime` from 2050 (RFC 5280 4.1.2.5).
#[must_use]
pub fn time(time: Time) -> Vec<u8> {
    let c = time.civil();
    let rest = format!("{:02}{:02}{:02}{:02}{:02}Z", c.month, c.day, c.hour, c.minute, c.second);
    if (1950..2050).contains(&c.year) {
        encode(UTC_TIME, format!("{:02}{rest}", c.year % 100).as_bytes())
    } else {
        encode(GENERALIZED_TIME, format!("{:04}{rest}", c.year).as_bytes())
    }
}

/// A `GeneralizedTime` whatever the year, where no other form is allowed.
#[must_use]
pub fn generalized_time(time: Time) -> Vec<u8> {
    let c = time.civil();
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    );
    encode(GENERALIZED_TIME, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_minimal_and_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let bytes = encode(OCTET_STRING, &vec![7; length]);
            let element = only(&bytes, OCTET_STRING).unwrap();
            assert_eq!(element.content.len(), length);
            assert_eq!(element.raw, bytes);
        }
    }

    #[test]
    fn hostile_elements_are_refused() {
        let cases: [&[u8]; 8] = [
            &[],
            &[0x30],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x82, 1],
            &[0x1f, 0x81, 0x01, 0x00],
            &[0x04, 0x05, 1, 2, 3],
        ];
        for bytes in cases {
            assert!(Reader::new(bytes).read().is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn an_object_identifier_is_written_in_one_way_only() {
        let read = |content| Element { tag: OBJECT_IDENTIFIER, content, raw: &[] }.oid();
        assert_eq!(read(&[0x3a, 0x3a]).unwrap().to_string(), "1.18.58");
        assert_eq!(read(&[0x2a, 0x86, 0x48]).unwrap().to_string(), "1.2.840");
        for padded in [&[0x3a, 0x80, 0x3a][..], &[0x80, 0x3a, 0x3a], &[0x2a, 0x80, 0x86, 0x48]] {
            assert!(read(padded).is_err(), "{padded:02x?}");
        }
    }

    #[test]
    fn times_change_their_form_at_2050() {
        let before = time(Time::parse_rfc3339("2049-12-31T23:59:59Z").unwrap());
        let after = time(Time::parse_rfc3339("2050-01-01T00:00:00Z").unwrap());
        assert_eq!(before, b"\x17\x0d491231235959Z");
        assert_eq!(after, b"\x18\x0f20500101000000Z");
        for bytes in [before, after] {
            let read = Reader::new(&bytes).read().unwrap().time().unwrap();
            assert_eq!(time(read), bytes);
        }
    }

    #[test]
    fn integers_are_minimal_and_never_negative() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(128), [2, 2, 0, 128]);
        assert_eq!(integer_from_magnitude(&[0, 0, 1]), [2, 1, 1]);
        assert!(Element { tag: INTEGER, content: &[0x80], raw: &[] }.magnitude().is_err());
    }

    #[test]
    fn every_string_type_is_text() {
        let cases: [(u8, &[u8], &str); 4] = [
            (BMP_STRING, &[0x00, 0x41, 0x00, 0xe4], "Aä"),
            (UNIVERSAL_STRING, &[0, 0, 0, 0x41], "A"),
            (T61_STRING, &[0xe4], "ä"),
            (UTF8_STRING, "ä".as_bytes(), "ä"),
        ];
        for (tag, content, expected) in cases {
            assert_eq!(Element { tag, content, raw: &[] }.text().as_deref(), Some(expected));
        }
        assert_eq!(Element { tag: INTEGER, content: &[1], raw: &[] }.text(), None);
    }
}
