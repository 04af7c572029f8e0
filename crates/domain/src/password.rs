//! What a password must be (OWASP ASVS 5.0, 6.2): long, and none that everybody tries first.

mod usual;

use crate::administrator::Administrator;
use crate::complaint::Complaint;
use crate::secret::Secret;

/// Fewest characters: with a slow hash and slowed attempts, twelve of a person's own choice are not
/// guessed (ASVS 6.2.1 asks for eight and recommends fifteen).
pub const CHARS_MIN: usize = 12;

/// Most characters: longer than any phrase, and bounded work (ASVS 6.2.9 asks for 64 at least).
pub const CHARS_MAX: usize = 256;

/// Longest text that is tried as a password, in bytes: the most characters in UTF-8.
pub const BYTES_MAX: usize = CHARS_MAX * 4;

/// How long a password that somebody else set can be used to choose an own one, in seconds: until
/// the next working day, over a weekend.
pub const ONE_TIME_SECONDS: i64 = 3 * 86_400;

/// Complains about a password that an administrator is to have. Every character is allowed, and
/// nothing is asked about kinds of them.
pub fn check(password: &Secret, administrator: &Administrator) -> Option<Complaint> {
    let text = password.reveal();
    let complain = |what: String, fix: &str| Some(Complaint::new("password", what, fix));
    let chars = text.chars().count();
    if chars < CHARS_MIN {
        let what = format!("has fewer than {CHARS_MIN} characters");
        return complain(what, "take a few words that do not belong together");
    }
    if chars > CHARS_MAX {
        let what = format!("has more than {CHARS_MAX} characters");
        return complain(what, "shorten it");
    }
    let stem = stem(text);
    if is_usual(&stem) {
        let what = "is one of those that everybody tries first".to_owned();
        return complain(what, "take a few words that do not belong together");
    }
    let email = administrator.email.as_deref().unwrap_or_default();
    let mailbox = email.split('@').next().unwrap_or_default();
    let own = [administrator.name.as_str(), email, mailbox];
    if own.into_iter().any(|own| !own.is_empty() && self::stem(own) == stem) {
        let what = "is the administrator's own name or address".to_owned();
        return complain(what, "take a few words that nobody knows of you");
    }
    None
}

/// What is left of a text without case, and without the digits and signs around it that people put
/// there to please a rule.
fn stem(text: &str) -> String {
    let lower = text.to_lowercase();
    let trimmed = lower.trim_matches(|c: char| !c.is_alphabetic());
    if trimmed.is_empty() { lower } else { trimmed.to_owned() }
}

fn is_usual(stem: &str) -> bool {
    let plain: String = stem.chars().filter(|c| c.is_alphanumeric()).collect();
    usual::PASSWORDS.contains(&stem) || usual::PASSWORDS.contains(&plain.as_str()) || repeats(stem)
}

/// Longest piece of which a repetition is no password: longer ones are words.
const PIECE_CHARS_MAX: usize = 4;

/// Whether a text is a short piece again and again.
fn repeats(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    (1..=PIECE_CHARS_MAX).any(|length| {
        chars.len() > length && chars.iter().zip(chars.iter().skip(length)).all(|(a, b)| a == b)
    })
}

#[cfg(test)]
mod tests {
    use pki::time::Time;

    use super::*;
    use crate::actor::Role;

    #[track_caller]
    fn check(password: &str, complaint: Option<&str>) {
        let ann = Administrator {
            name: "Ann Example-Owner".into(),
            email: Some("ann.longest.name@example.org".into()),
            role: Role::Owner,
            disabled: false,
            created_at: Time(0),
        };
        let what = super::check(&Secret::new(password), &ann).map(|complaint| complaint.what);
        assert_eq!(what.as_deref(), complaint, "{password}");
    }

    #[test]
    fn any_characters_will_do_if_there_are_enough() {
        for good in
            ["lamp river 7 socks", "            . ", "пароль из слов", "一二三四五六七八九十百千"]
        {
            check(good, None);
        }
        check(&"aé9 ".repeat(CHARS_MAX / 4).replacen("aé9 ", "b+c-", 3), None);
    }

    #[test]
    fn too_short_and_too_long_are_refused() {
        check("elevenchars", Some("has fewer than 12 characters"));
        check("éééééé", Some("has fewer than 12 characters"));
        check(&"x y".repeat(100), Some("has more than 256 characters"));
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for usual in [
            "passwordpassword",
            "Password2024!!!",
            "123456789012",
            "!!letmein!!!!!!",
            "qwertyuiop[]",
            "aaaaaaaaaaaaa",
            "abcabcabcabc",
            "correct horse battery staple",
            "............",
        ] {
            check(usual, Some("is one of those that everybody tries first"));
        }
    }

    #[test]
    fn what_everybody_knows_of_them_is_refused() {
        for own in [
            "ann example-owner",
            "Ann Example-Owner 2026",
            "ann.longest.name@example.org",
            "ANN.LONGEST.NAME1",
        ] {
            check(own, Some("is the administrator's own name or address"));
        }
    }
}
