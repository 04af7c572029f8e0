//! Slugs: the part of a URL that names an object.

use crate::complaint::Complaints;

/// Longest slug; a URL stays readable and every file system takes it as a name.
pub const SLUG_BYTES_MAX: usize = 64;

/// Makes a slug of a name: lower case ASCII letters, digits, and single hyphens between them.
///
/// Empty if the name has none of these.
pub fn from_name(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_BYTES_MAX);
    slug.trim_end_matches('-').to_owned()
}

/// Complains unless `slug` is one.
pub fn check(slug: &str, complaints: &mut Complaints<'_>) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if slug.is_empty() || slug.len() > SLUG_BYTES_MAX || !slug.chars().all(legal) {
        complaints.add(
            "slug",
            format!("\"{}\" is not a slug", slug.escape_debug()),
            format!("use 1 to {SLUG_BYTES_MAX} of a-z, 0-9 and -"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        assert_eq!(from_name(name), expected);
    }

    #[test]
    fn a_slug_is_made_from_the_name() {
        check("Example School SCEP CA", "example-school-scep-ca");
        check("  Mosyle  (iPads) ", "mosyle-ipads");
        check("Größe", "gr-e");
    }

    #[test]
    fn a_name_without_letters_has_no_slug() {
        check("…", "");
    }
}
