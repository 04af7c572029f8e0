//! Claims: what a device says when it asks for a certificate, whichever protocol it speaks.

use pki::certificate::Certificate;
use pki::csr::Csr;
use pki::general_name::GeneralName;
use serde_json::Map;
use serde_json::Value;

use crate::refusal::Refusal;
use crate::secret::Secret;

/// Most characters of one thing asked for that an event keeps: anybody can ask, without a
/// challenge, and events are kept.
const SHOWN_CHARS_MAX: usize = 256;

/// Most names asked for that an event keeps.
const SHOWN_NAMES_MAX: usize = 8;

/// A request for a certificate, at a gateway.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The key, and what the device says of itself. A hint, never an identity.
    pub csr: Csr,
    /// The secret presented with it.
    pub challenge: Option<Secret>,
    /// The issued certificate whose key signed the request, if it claims to be a renewal.
    pub renews: Option<Certificate>,
    /// The rendering of a network profile that the device was given, if its address told one.
    pub rendering: Option<i64>,
    /// The protocol's own name for the exchange, shown in events.
    pub transaction: String,
}

impl Claim {
    /// Refuses a request in which the MDM left the name of a variable instead of its value.
    pub fn check_expanded(&self) -> Result<(), Refusal> {
        for (_, value) in self.csr.subject.attributes() {
            refuse_unexpanded("subject", value)?;
        }
        for name in &self.csr.general_names {
            if let Some(text) = text_of(name) {
                refuse_unexpanded(name.kind(), text)?;
            }
        }
        Ok(())
    }

    /// What the device asked for, for the event.
    pub fn details(&self) -> Map<String, Value> {
        let names = self.csr.general_names.iter().take(SHOWN_NAMES_MAX);
        let names: Vec<Value> = names.map(|name| shown(&name.to_string())).collect();
        let mut details = Map::new();
        if let Some(old) = &self.renews {
            details.insert("renews".into(), Value::from(old.serial.to_string()));
        }
        if let Some(number) = self.rendering {
            details.insert("rendering".into(), Value::from(number));
        }
        details.insert("transaction".into(), shown(&self.transaction));
        details.insert("asked_subject".into(), shown(&self.csr.subject.to_string()));
        details.insert("asked_names".into(), Value::from(names));
        details
    }
}

fn shown(text: &str) -> Value {
    Value::from(text.chars().take(SHOWN_CHARS_MAX).collect::<String>())
}

fn text_of(name: &GeneralName) -> Option<&str> {
    match name {
        GeneralName::Dns(text)
        | GeneralName::Email(text)
        | GeneralName::Uri(text)
        | GeneralName::Upn(text) => Some(text),
        GeneralName::PermanentIdentifier { identifier, .. } => identifier.as_deref(),
        GeneralName::Ip(_) | GeneralName::DirectoryName(_) | GeneralName::Other(_) => None,
    }
}

fn refuse_unexpanded(place: &str, value: &str) -> Result<(), Refusal> {
    match unexpanded(value) {
        None => Ok(()),
        Some(variable) => Err(Refusal::VariableUnexpanded {
            place: if place == "subject" { place.to_owned() } else { format!("{place} SAN") },
            value: variable.to_owned(),
        }),
    }
}

/// The first thing in a text that looks like an MDM's variable: `%Email%` (Mosyle),
/// `$EMAIL` (Jamf), `{{UserName}}` (Intune), `${EMAIL}`, `{EmailAddress}` (Workspace ONE), and the
/// place that a card leaves to the console's own list: `[the serial number]`.
fn unexpanded(text: &str) -> Option<&str> {
    between(text, "{{", "}}")
        .or_else(|| between(text, "${", "}"))
        .or_else(|| brace_variable(text))
        .or_else(|| between(text, "[the ", "]"))
        .or_else(|| percent_variable(text))
        .or_else(|| dollar_variable(text))
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let start = text.find(open)?;
    let rest = text.get(start..)?;
    let length = rest.find(close)? + close.len();
    rest.get(..length)
}

/// `%Email%`: three letters at least, so that percent-encoded octets do not look like one.
fn percent_variable(text: &str) -> Option<&str> {
    const LETTERS_MIN: usize = 3;
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        rest = rest.get(start..)?;
        let inside = rest.get(1..)?;
        let letters = inside.find(|c: char| !c.is_ascii_alphabetic() && c != '_');
        let letters = letters.unwrap_or(inside.len());
        if letters >= LETTERS_MIN && inside.get(letters..).is_some_and(|r| r.starts_with('%')) {
            return rest.get(..letters + 2);
        }
        rest = inside;
    }
    None
}

/// `{EmailAddress}`: letters and digits, with two capitals at least, so that a word that somebody put
/// into braces does not look like one.
fn brace_variable(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(found) = between(rest, "{", "}") {
        let inside = found.trim_start_matches('{').trim_end_matches('}');
        let capitals = inside.chars().filter(char::is_ascii_uppercase).count();
        let is_word = inside.chars().all(|c| c.is_ascii_alphanumeric());
        if capitals >= 2 && is_word && inside.chars().any(|c| c.is_ascii_lowercase()) {
            return Some(found);
        }
        let end = rest.find(found)? + found.len();
        rest = rest.get(end..)?;
    }
    None
}

/// `$EMAIL`: three capital letters at least.
fn dollar_variable(text: &str) -> Option<&str> {
    const LETTERS_MIN: usize = 3;
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        rest = rest.get(start..)?;
        let inside = rest.get(1..)?;
        let letters = inside.find(|c: char| !c.is_ascii_uppercase() && c != '_');
        let letters = letters.unwrap_or(inside.len());
        if letters >= LETTERS_MIN {
            return rest.get(..=letters);
        }
        rest = inside;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(unexpanded(text), expected, "{text}");
    }

    #[test]
    fn a_variable_of_each_mdm_is_seen() {
        check("%Email%", Some("%Email%"));
        check("device-%SerialNumber%-x", Some("%SerialNumber%"));
        check("%SERIAL_NUMBER%", Some("%SERIAL_NUMBER%"));
        check("$EMAIL", Some("$EMAIL"));
        check("mac $SERIALNUMBER!", Some("$SERIALNUMBER"));
        check("{{UserPrincipalName}}@x", Some("{{UserPrincipalName}}"));
        check("${EMAIL}", Some("${EMAIL}"));
        check("mac-{DeviceSerialNumber}", Some("{DeviceSerialNumber}"));
        check("device-[the serial number]", Some("[the serial number]"));
    }

    #[test]
    fn an_ordinary_value_is_let_through() {
        check("anna@example.org", None);
        check("100% of %", None);
        check("a4:83:e7:00:11:22", None);
        check("urn:x%20y%AF%20", None);
        check("MacBook Pro ($1,200)", None);
        check("{x}", None);
        check("{12345678}", None);
        check("iPad {Lager}", None);
        check("{1} {EmailAddress}", Some("{EmailAddress}"));
        check("{CustomAttribute1}", Some("{CustomAttribute1}"));
        check("https://[2001:db8::1]/", None);
        check("%", None);
        check("$", None);
        check("größe%ab", None);
    }
}
