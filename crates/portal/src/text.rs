//! The words of the pages, in one catalogue: `messages/LANGUAGE/*.toml`, one file a noun.

use std::borrow::Cow;

static MESSAGES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/messages.rs"));

/// The words under a key; the key itself where there are none.
pub(crate) fn t(key: &str) -> Cow<'static, str> {
    match find(key) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(key.to_owned()),
    }
}

/// The words under a key, if there are any.
pub(crate) fn find(key: &str) -> Option<&'static str> {
    let place = MESSAGES.binary_search_by_key(&key, |(key, _)| key).ok()?;
    MESSAGES.get(place).map(|(_, text)| *text)
}

/// The words under a key with what stands in braces filled in: `{count} devices`.
pub(crate) fn with(key: &str, values: &[(&str, &str)]) -> String {
    let mut text = t(key).into_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_there_is_shown_as_it_is() {
        assert_eq!(t("no.such.key"), "no.such.key");
    }

    #[test]
    fn braces_are_filled_in() {
        assert_eq!(with("list.more_than", &[("count", "7")]), "More than 7");
    }
}
