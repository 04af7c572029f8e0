//! Words of a shell command (POSIX 2.2.2).

/// The text as one word: in single quotes, in which nothing has a meaning but their end.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_word_or_expands_in_it() {
        for (text, word) in [
            ("", "''"),
            ("a b", "'a b'"),
            ("$(reboot) `x` \\", "'$(reboot) `x` \\'"),
            ("it's", "'it'\\''s'"),
            ("'; reboot #", "''\\''; reboot #'"),
        ] {
            assert_eq!(quote(text), word);
        }
    }
}
