//! What stands in a cell: texts that no spreadsheet takes for a formula, and lists of them. What is
//! written here reads back as it was.

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What tells a spreadsheet that no formula follows.
const GUARD: char = '\'';

/// Stands before a separator that is part of a text, and before itself.
const ESCAPE: char = '\\';

/// A text as it stands in a cell. What looks like a formula gets an apostrophe, and so does what
/// has one already.
pub fn guarded(text: &str) -> String {
    if is_formula(text) { format!("{GUARD}{text}") } else { text.to_owned() }
}

/// A cell without the apostrophe of [`guarded`].
pub(super) fn bare(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(rest) if is_formula(rest) => rest,
        Some(_) | None => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(FORMULA)
}

/// Texts as one, each with what separates them escaped.
pub(super) fn join(parts: &[String], separators: &[char]) -> String {
    let escaped = |part: &String| {
        let mut text = String::with_capacity(part.len());
        for c in part.chars() {
            if c == ESCAPE || separators.contains(&c) {
                text.push(ESCAPE);
            }
            text.push(c);
        }
        text
    };
    parts.iter().map(escaped).collect::<Vec<_>>().join(";")
}

/// The texts of a cell, without spaces around them and without the empty ones. What is escaped and
/// need not be stays as it is: directories write names so.
pub(super) fn split(cell: &str, separators: &[char]) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = cell.chars().peekable();
    while let Some(c) = chars.next() {
        let is_next = chars.peek().is_some_and(|c| *c == ESCAPE || separators.contains(c));
        let literal = if c == ESCAPE && is_next { chars.next() } else { None };
        match literal {
            None if separators.contains(&c) => parts.push(String::new()),
            literal => {
                if let Some(last) = parts.last_mut() {
                    last.push(literal.unwrap_or(c));
                }
            }
        }
    }
    let trimmed = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    trimmed.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_guarded_and_read_back() {
        for (text, cell) in [
            ("=cmd()", "'=cmd()"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("'=x", "''=x"),
            ("O'Neill", "O'Neill"),
            ("'quoted'", "'quoted'"),
            ("", ""),
        ] {
            assert_eq!(guarded(text), cell);
            assert_eq!(bare(cell), text);
        }
    }

    #[test]
    fn a_list_is_taken_apart_where_no_separator_is_escaped() {
        let split = |cell| split(cell, &[';', ',']);
        assert_eq!(split(" a ;b,, c"), ["a", "b", "c"]);
        assert_eq!(split(r"a\;b;c\,d;e\\;f"), ["a;b", "c,d", r"e\", "f"]);
        assert_eq!(split(r"DOMAIN\staff;x\"), [r"DOMAIN\staff", r"x\"]);
        // Of names in a directory only the semicolon separates.
        let names = super::split(r"CN=Smith\, Ann,OU=a;CN=b", &[';']);
        assert_eq!(names, [r"CN=Smith\, Ann,OU=a", "CN=b"]);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            parts in prop::collection::vec("[a;,\\\\'=+x ]{0,8}", 0..5),
        ) {
            let parts: Vec<String> = parts.iter().map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty()).collect();
            for separators in [&[';', ','][..], &[';']] {
                let cell = guarded(&join(&parts, separators));
                prop_assert_eq!(split(bare(&cell), separators), parts.clone());
            }
        }
    }
}
