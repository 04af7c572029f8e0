//! Variables replaced by their values, as an MDM does it before it pushes a profile.

use std::collections::BTreeSet;

use super::Found;
use super::recognition;

/// Longest text that grows by what is filled in: as long as a URL may be.
pub const FILLED_BYTES_MAX: usize = 8192;

/// Most variables that are told as left: whoever fills in so many asks again.
const LEFT_MAX: usize = 100;

/// What came of the variables in one or more texts.
#[derive(Clone, Debug, Default)]
pub struct Filling {
    /// Which of the values stood somewhere, by their places in the list.
    pub used: BTreeSet<usize>,
    /// What is left: where it stands, and the variable.
    pub left: Vec<(String, Found)>,
}

impl Filling {
    /// Replaces the variables of a text. What a value says is not looked at again, so that no value
    /// can bring in a variable; a longer variable goes before a shorter one that it begins with.
    pub fn fill(&mut self, place: &str, text: &mut String, values: &[(String, String)]) {
        let bytes_max = FILLED_BYTES_MAX.max(text.len());
        let mut filled = String::new();
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let recognized = recognition::at_start(rest);
            let least = recognized.as_ref().map_or(1, |found| found.text.len());
            let fits = |(variable, _): &(String, String)| {
                variable.len() >= least && rest.starts_with(variable.as_str())
            };
            let all = values.iter().enumerate().filter(|(_, pair)| fits(pair));
            let longest = all.max_by_key(|(_, (variable, _))| variable.len());
            let length = match (longest, recognized) {
                (Some((place, (variable, value))), _) => {
                    self.used.insert(place);
                    filled.push_str(value);
                    variable.len()
                }
                (None, Some(found)) => {
                    let length = found.text.len();
                    filled.push_str(&found.text);
                    if self.left.len() < LEFT_MAX {
                        self.left.push((place.to_owned(), found));
                    }
                    length
                }
                (None, None) => {
                    filled.push(first);
                    first.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
            if filled.len() > bytes_max {
                filled.truncate(filled.floor_char_boundary(bytes_max));
                break;
            }
        }
        *text = filled;
    }

    /// Replaces the variables of a secret. What is left in it is told only if it is nothing but a
    /// variable: else a part of the secret would be told.
    pub fn fill_secret(&mut self, place: &str, text: &mut String, values: &[(String, String)]) {
        let before = text.clone();
        let mut filling = Self::default();
        filling.fill(place, text, values);
        self.used.append(&mut filling.used);
        self.left.extend(filling.left.into_iter().filter(|(_, found)| found.text == before));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn pairs(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[track_caller]
    fn check(text: &str, values: &[(&str, &str)], expected: &str, left: &[&str]) {
        let mut filling = Filling::default();
        let mut filled = text.to_owned();
        filling.fill("subject", &mut filled, &pairs(values));
        assert_eq!(filled, expected);
        let found: Vec<&str> = filling.left.iter().map(|(_, one)| one.text.as_str()).collect();
        assert_eq!(found, left);
    }

    #[test]
    fn each_variable_is_replaced_once() {
        check("a%Email%b%UUID%", &[("%Email%", "x"), ("%UUID%", "y")], "axby", &[]);
        check("%Email%", &[("%Email%", "%UUID%"), ("%UUID%", "y")], "%UUID%", &[]);
        check("{FirstName} {LastName}", &[("{FirstName} {LastName}", "Anna B")], "Anna B", &[]);
        check("%Email%", &[("", "never")], "%Email%", &["%Email%"]);
        check("größe", &[("ö", "oe"), ("ß", "ss")], "groesse", &[]);
    }

    #[test]
    fn what_nobody_fills_in_is_left_and_told() {
        check("%Email%-$UDID", &[("%UUID%", "y")], "%Email%-$UDID", &["%Email%", "$UDID"]);
        // No variable is taken for the beginning of another.
        check("$EMAILADDRESS", &[("$EMAIL", "x")], "$EMAILADDRESS", &["$EMAILADDRESS"]);
        check("$EMAIL_2", &[("$EMAIL", "x"), ("$EMAIL_2", "y")], "y", &[]);
        // What only looks like one is given as its own value.
        check("{guests}", &[("{guests}", "{guests}")], "{guests}", &[]);
    }

    #[test]
    fn what_is_used_is_told() {
        let mut filling = Filling::default();
        let values = pairs(&[("%Email%", "x"), ("%UUID%", "y")]);
        filling.fill("subject", &mut "%UUID%".to_owned(), &values);
        assert_eq!(filling.used, BTreeSet::from([1]));
    }

    #[test]
    fn a_text_grows_within_bounds() {
        let mut text = "%Email%".repeat(20);
        let values = pairs(&[("%Email%", &"ü".repeat(1000))]);
        Filling::default().fill("subject", &mut text, &values);
        assert_eq!(text.len(), FILLED_BYTES_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(11), ..Default::default() })]

        #[test]
        fn whatever_stands_there_is_kept_or_replaced_by_its_value(
            text in "[%${}A-Za-zß ]{0,40}", variable in "[%${}A-Za-z]{0,12}", value in ".{0,12}",
        ) {
            let mut filling = Filling::default();
            let mut same = text.clone();
            filling.fill("subject", &mut same, &[]);
            prop_assert_eq!(&same, &text);
            let itself = [(variable.clone(), variable.clone())];
            filling.fill("subject", &mut same, &itself);
            prop_assert_eq!(&same, &text);
            let mut filled = text.clone();
            let mut filling = Filling::default();
            filling.fill("subject", &mut filled, &[(variable, value)]);
            prop_assert!(!filling.used.is_empty() || filled == text);
            prop_assert!(filled.len() <= FILLED_BYTES_MAX);
        }
    }

    #[test]
    fn nothing_of_a_secret_is_told() {
        let left = |secret: &str| {
            let mut filling = Filling::default();
            filling.fill_secret("Challenge", &mut secret.to_owned(), &[]);
            filling.left.len()
        };
        assert_eq!(left("$CHALLENGE"), 1);
        assert_eq!(left("abc$CHALLENGE"), 0);
    }
}
