//! Variables found in a text: what an MDM would fill in, and whose it is.

use super::Spelling;
use super::spelling;
use crate::platform::Platform;
use crate::text::Variable;

/// Longest name of a variable between its signs; consoles have none half as long.
const NAME_BYTES_MAX: usize = 60;
/// Most variables of one text that are told.
const FOUND_MAX: usize = 16;
/// Shortest name: two characters between percent signs are an escaped octet of a URL, and an amount
/// of money stands behind a dollar sign.
const NAME_BYTES_MIN: usize = 3;

/// A variable in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// As it is written.
    pub text: String,
    /// Whose consoles write variables so.
    pub platforms: Vec<Platform>,
    /// Which it is, if it stands in our table.
    pub variable: Option<Variable>,
}

/// The ways of writing a variable: what it opens and closes with, and who writes so.
struct Style {
    open: &'static str,
    close: &'static str,
    platforms: &'static [Platform],
    /// Whether this may stand in its name.
    allows: fn(u8) -> bool,
}

/// Longer signs first: `${` before `$`, `{{` before `{`.
const STYLES: &[Style] = &[
    Style { open: "{{", close: "}}", platforms: &[Platform::Intune], allows: word },
    Style { open: "${", close: "}", platforms: &[Platform::Google], allows: upper },
    Style { open: "%", close: "%", platforms: &[Platform::Mosyle], allows: word },
    Style { open: "{", close: "}", platforms: &[Platform::WorkspaceOne], allows: word },
    Style { open: "$", close: "", platforms: &[Platform::Jamf, Platform::Kandji], allows: upper },
];

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'_'
}

/// The variables in a text, in their order.
#[must_use]
pub fn recognize(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() && found.len() < FOUND_MAX {
        if let Some(variable) = at_start(rest) {
            rest = rest.get(variable.text.len()..).unwrap_or_default();
            found.push(variable);
        } else {
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str();
        }
    }
    found
}

/// The variable that a text begins with.
pub(super) fn at_start(text: &str) -> Option<Found> {
    STYLES.iter().find_map(|style| written_in(style, text).map(|written| name(style, written)))
}

/// The variable that a text begins with, written in this style.
fn written_in<'a>(style: &Style, text: &'a str) -> Option<&'a str> {
    let inside = text.strip_prefix(style.open)?;
    let length = inside.bytes().take_while(|byte| (style.allows)(*byte)).count();
    let begins = inside.bytes().next()?.is_ascii_alphabetic();
    if !begins || !(NAME_BYTES_MIN..=NAME_BYTES_MAX).contains(&length) {
        return None;
    }
    let closed = inside.get(length..)?.starts_with(style.close);
    closed.then(|| text.get(..style.open.len() + length + style.close.len())).flatten()
}

fn name(style: &Style, written: &str) -> Found {
    let known = |platform: &Platform| {
        Variable::ALL.into_iter().find(|variable| match spelling(*platform, *variable) {
            Spelling::Known(spelling) => spelling == written,
            Spelling::Missing | Spelling::Unknown => false,
        })
    };
    let variable = style.platforms.iter().find_map(known);
    let exact: Vec<Platform> =
        style.platforms.iter().copied().filter(|platform| known(platform).is_some()).collect();
    let platforms = if exact.is_empty() { style.platforms.to_vec() } else { exact };
    Found { text: written.to_owned(), platforms, variable }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = recognize(text);
        let found: Vec<&str> = found.iter().map(|found| found.text.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn variables_are_found_wherever_they_stand() {
        check("device-%SerialNumber%-x", &["%SerialNumber%"]);
        check("%Email%%UUID%", &["%Email%", "%UUID%"]);
        check("$SERIALNUMBER.example.org", &["$SERIALNUMBER"]);
        check("{{UserPrincipalName}}@x", &["{{UserPrincipalName}}"]);
        check("deviceid://{DeviceUuid}", &["{DeviceUuid}"]);
        check("${USER_EMAIL}", &["${USER_EMAIL}"]);
    }

    #[test]
    fn ordinary_texts_have_none() {
        for text in ["a%20b%AF%20", "100% of %", "$1,200", "{x}", "größe%ab", "{", "%", "", "%%%"]
        {
            check(text, &[]);
        }
        check(&format!("%{}%", "a".repeat(NAME_BYTES_MAX + 1)), &[]);
        assert_eq!(recognize(&"%Email%".repeat(100)).len(), FOUND_MAX);
    }

    #[test]
    fn whose_a_variable_is_is_told() {
        let found = recognize("$UDID");
        assert_eq!(found[0].platforms, [Platform::Jamf, Platform::Kandji]);
        assert_eq!(found[0].variable, Some(Variable::DeviceUdid));
        assert_eq!(recognize("$SERIAL_NUMBER")[0].platforms, [Platform::Kandji]);
        assert_eq!(recognize("%AssetTag%")[0].variable, None);
        assert_eq!(recognize("%AssetTag%")[0].platforms, [Platform::Mosyle]);
    }
}
