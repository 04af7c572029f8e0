//! What somebody may mean by the text of the one search box.

use pki::algorithm::Digest;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::pem;
use uuid::Uuid;

use crate::mac;
use crate::refusal::Refusal;

/// Longest text that is looked for, in bytes: a name of the longest characters.
pub const TEXT_BYTES_MAX: usize = 1024;

/// Longest text that holds certificates, in bytes: a chain of four with the longest keys.
pub const PEM_BYTES_MAX: usize = 16 * 1024;

/// Most certificates that are read out of a text; a chain has no more.
const CERTIFICATES_MAX: usize = 8;

/// Fewest digits that are looked for as the beginning of a serial number: fewer are words.
const SERIAL_DIGITS_MIN: usize = 6;

/// What programs write before the digits of a number or fingerprint.
const LABELS: [&str; 9] = [
    "sha256 fingerprint=",
    "sha1 fingerprint=",
    "sha256:",
    "sha-256:",
    "sha1:",
    "sha-1:",
    "serial=",
    "serial:",
    "0x",
];

/// A text, and everything that it can be read as.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Needle {
    /// The text, without space around it; empty if it is a certificate, or nothing.
    pub text: String,
    /// The certificates that were pasted: number and SHA-256.
    pub certificates: Vec<(Serial, Fingerprint)>,
    /// A fingerprint.
    pub fingerprint: Option<Fingerprint>,
    /// What a serial number begins with, in capital digits.
    pub serial: Option<String>,
    /// The address of a network interface, as [`mac::normalize`] writes it.
    pub mac: Option<String>,
    /// The id of an event.
    pub event: Option<Uuid>,
}

/// The fingerprint of a certificate, in capital hexadecimal digits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fingerprint {
    /// SHA-256, which may also be that of a key.
    Sha256(String),
    /// SHA-1.
    Sha1(String),
}

impl Fingerprint {
    /// Reads 64 or 40 capital digits.
    fn parse(digits: &str) -> Option<Self> {
        match digits.len() {
            64 => Some(Self::Sha256(digits.to_owned())),
            40 => Some(Self::Sha1(digits.to_owned())),
            _ => None,
        }
    }

    /// The SHA-256 of these bytes.
    pub fn sha256(der: &[u8]) -> Self {
        Self::Sha256(digest(Digest::Sha256, der))
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        match self {
            Self::Sha256(digits) | Self::Sha1(digits) => digits,
        }
    }

    /// What it is called.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256",
            Self::Sha1(_) => "SHA-1",
        }
    }

    /// Whether it is that of these bytes.
    pub fn is_of(&self, der: &[u8]) -> bool {
        match self {
            Self::Sha256(digits) => *digits == digest(Digest::Sha256, der),
            Self::Sha1(digits) => *digits == digest(Digest::Sha1, der),
        }
    }
}

fn digest(digest: Digest, bytes: &[u8]) -> String {
    let bytes = digest.compute(bytes).unwrap_or_default();
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl Needle {
    /// Reads what somebody looks for.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.contains("-----BEGIN CERTIFICATE-----") {
            return Self::of_certificates(text);
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(wrong(format!("is longer than {TEXT_BYTES_MAX} bytes")));
        }
        let text: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        // The last of all characters is in no text, and ends ranges of them.
        if text.chars().any(|c| c.is_control() || c == char::MAX) {
            return Err(wrong("has a character that no name has".to_owned()));
        }
        let digits = digits(&text);
        Ok(Self {
            certificates: Vec::new(),
            fingerprint: digits.as_deref().and_then(Fingerprint::parse),
            serial: digits.filter(|digits| digits.len() >= SERIAL_DIGITS_MIN),
            mac: mac::normalize(&text),
            event: Uuid::parse_str(&text).ok(),
            text,
        })
    }

    fn of_certificates(text: &str) -> Result<Self, Refusal> {
        if text.len() > PEM_BYTES_MAX {
            let what = format!("holds certificates and is longer than {PEM_BYTES_MAX} bytes");
            return Err(wrong(what));
        }
        let read = pem::certificates(text);
        let read = read.map_err(|error| wrong(format!("holds a certificate, and {error}")))?;
        let number_and_digest =
            |one: &Certificate| (one.serial.clone(), Fingerprint::sha256(&one.der));
        let certificates = read.iter().take(CERTIFICATES_MAX).map(number_and_digest).collect();
        Ok(Self { certificates, ..Self::default() })
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.certificates.is_empty()
    }
}

/// Hexadecimal digits in capital letters, however they are grouped and labelled.
fn digits(text: &str) -> Option<String> {
    let small = text.to_ascii_lowercase();
    let label = LABELS.iter().find(|label| small.starts_with(**label));
    let rest = text.get(label.map_or(0, |label| label.len())..)?;
    let kept = rest.chars().filter(|c| *c != ':' && *c != ' ');
    let digits: String = kept.map(|c| c.to_ascii_uppercase()).collect();
    let sound = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
    sound.then_some(digits)
}

fn wrong(what: String) -> Refusal {
    Refusal::ParameterWrong { parameter: "text".into(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Needle {
        Needle::parse(text).unwrap()
    }

    #[test]
    fn a_number_and_a_fingerprint_are_read_however_they_are_written() {
        let sha1 = "AB".repeat(20);
        for text in [
            sha1.clone(),
            sha1.to_lowercase(),
            vec!["ab"; 20].join(":"),
            vec!["AB"; 20].join(" "),
            format!("SHA1 Fingerprint={}", vec!["AB"; 20].join(":")),
            format!("sha1:{sha1}"),
        ] {
            assert_eq!(read(&text).fingerprint, Some(Fingerprint::Sha1(sha1.clone())), "{text}");
            // It may be a serial number of twenty octets as well.
            assert_eq!(read(&text).serial.as_ref(), Some(&sha1), "{text}");
        }
        let sha256 = "0c".repeat(32);
        assert_eq!(read(&sha256).fingerprint, Some(Fingerprint::Sha256(sha256.to_uppercase())));
        for text in ["0x0a1b2c3d", "0A:1B:2C:3D", " serial=0a1b2c3d\n"] {
            assert_eq!(read(text).serial.as_deref(), Some("0A1B2C3D"), "{text}");
            assert_eq!(read(text).fingerprint, None);
        }
        // Words that happen to be digits are words.
        assert_eq!(read("Ada").serial, None);
        assert_eq!(read("beefy").serial, None);
    }

    #[test]
    fn addresses_and_ids_are_read_beside_names() {
        let needle = read("A4-83-E7-00-11-22");
        assert_eq!(needle.mac.as_deref(), Some("a4:83:e7:00:11:22"));
        assert_eq!((needle.serial, needle.event), (None, None));
        let id = "019ab3d7-0000-7000-8000-000000000000";
        assert!(read(id).event.is_some());
        assert_eq!(read("  Anna\tSmith ").text, "Anna Smith");
        assert!(read(" \n ").is_empty());
    }

    #[test]
    fn a_pasted_certificate_is_read_and_a_broken_one_refused() {
        let root = pki::public_root::find("DigiCert Global Root G3").unwrap();
        let text = pem::certificate(&root.certificate);
        // A field of one line has no line ends.
        for text in [text.clone(), text.replace('\n', ""), format!("subject=…\n{text}{text}")] {
            let needle = read(&text);
            let (serial, fingerprint) = &needle.certificates[0];
            assert_eq!(*serial, root.certificate.serial);
            assert!(fingerprint.is_of(&root.certificate.der));
            assert!(needle.text.is_empty() && !needle.is_empty());
        }
        let cut = &text[..200];
        let long = format!("{text}{}", " ".repeat(PEM_BYTES_MAX)) + &text;
        for broken in [cut.to_owned(), text.replace("MII", "MIJ"), long] {
            let refusal = Needle::parse(&broken).unwrap_err();
            assert!(refusal.to_string().contains("holds"), "{refusal}");
        }
    }

    #[test]
    fn what_no_name_can_be_is_refused() {
        for (text, expected) in [
            ("a".repeat(TEXT_BYTES_MAX + 1), "longer than 1024 bytes"),
            ("a\u{1b}[31m".to_owned(), "a character that no name has"),
            ("a\0b".to_owned(), "a character that no name has"),
            ("\u{10ffff}".to_owned(), "a character that no name has"),
        ] {
            let refusal = Needle::parse(&text).unwrap_err();
            assert!(refusal.to_string().contains(expected), "{refusal}");
        }
        assert!(Needle::parse(&"a".repeat(TEXT_BYTES_MAX)).is_ok());
    }
}
