//! Filters: what they want, what they refuse, and that they are read back as printed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// 2026-11-23T22:00:00Z.
const NOW: Time = Time(1_795_471_200);

static FIELDS: [Field; 7] = [
    Field { name: "kind", form: Form::Word(words), meaning: "what" },
    Field { name: "object", form: Form::Text, meaning: "to what" },
    Field { name: "name", form: Form::Beginning, meaning: "called" },
    Field { name: "station", form: Form::Mac, meaning: "where" },
    Field { name: "since", form: Form::Since, meaning: "from" },
    Field { name: "until", form: Form::Until, meaning: "before" },
    Field { name: TEXT, form: Form::Search, meaning: "anywhere" },
];

fn words() -> Vec<&'static str> {
    vec!["network.access", "network.session", "object.made"]
}

#[track_caller]
fn parse(text: &str) -> Filter {
    Filter::parse(text, &FIELDS, NOW).unwrap()
}

/// What an item has, by field; `at` is its second.
fn item(texts: &'static [(&'static str, &'static str)]) -> impl Fn(&'static str) -> Held<'static> {
    let texts: BTreeMap<&str, &str> = texts.iter().copied().collect();
    move |field| match field {
        "since" | "until" => Held::At(Moment(NOW.0 * 1000)),
        other => Held::Texts(texts.get(other).map(|text| Cow::from(*text)).into_iter().collect()),
    }
}

const LOGIN: &[(&str, &str)] = &[
    ("kind", "network.access"),
    ("object", "certificate:0A1B"),
    ("station", "A4-83-E7-00-11-22"),
    ("text", "Access Point \"Loopback\""),
];

#[track_caller]
fn is_wanted(text: &str, expected: bool) {
    assert_eq!(parse(text).matches(item(LOGIN)), expected, "{text}");
}

#[track_caller]
fn is_refused(text: &str, expected: &str) {
    let refusal = Filter::parse(text, &FIELDS, NOW).unwrap_err();
    let sentence = refusal.to_string();
    assert!(sentence.contains(expected), "{text}: {sentence}");
    assert!(sentence.starts_with("filter "), "{sentence}");
}

#[test]
fn every_term_must_hold() {
    is_wanted("", true);
    is_wanted("  ", true);
    is_wanted("kind:network.access object:certificate:0A1B", true);
    is_wanted("kind:network.access object:certificate:0A1C", false);
}

#[test]
fn a_field_twice_means_either_and_a_minus_means_not() {
    is_wanted("kind:object.made kind:network.access", true);
    is_wanted("kind:object.made kind:network.session", false);
    is_wanted("-kind:object.made -kind:network.session", true);
    is_wanted("kind:network.* -kind:network.access", false);
    is_wanted("-object:gateway:*", true);
}

#[test]
fn a_star_means_begins_with_and_alone_that_there_is_something() {
    is_wanted("object:certificate:0A*", true);
    is_wanted("object:\"certificate:0A*\"", true);
    is_wanted("object:\"certificate:0A\\*\"", false);
    is_wanted("object:certificate:0B*", false);
    is_wanted("object:*", true);
    is_wanted("name:*", false);
    is_wanted("-name:*", true);
}

#[test]
fn an_address_is_read_in_any_notation() {
    is_wanted("station:a4:83:e7:00:11:22", true);
    is_wanted("station:a483.e700.1122", true);
    is_wanted("station:A4-83*", true);
    is_wanted("station:a48*", true);
    is_wanted("station:a5*", false);
}

#[test]
fn words_are_looked_for_anywhere_and_all_are_wanted() {
    is_wanted("access point", true);
    is_wanted("access -point", false);
    is_wanted("\"point \\\"loop\"", true);
    is_wanted("access elsewhere", false);
}

#[test]
fn moments_are_dates_times_and_times_ago() {
    for (text, expected) in [
        ("since:2026-11-23", 1_795_392_000),
        ("since:2026-11-23T22:00Z", NOW.0),
        ("since:2026-11-23T23:00+01:00", NOW.0),
        ("since:2026-11-23T22:00:01.5Z", NOW.0 + 1),
        ("since:90s", NOW.0 - 90),
        ("since:2h", NOW.0 - 7200),
        ("since:4w", NOW.0 - 4 * 7 * 86_400),
    ] {
        assert_eq!(parse(text).terms()[0].pattern, Pattern::At(Time(expected)), "{text}");
    }
    is_wanted("since:0s", true);
    is_wanted("until:0s", false);
    is_wanted("since:1h until:2026-11-24", true);
    is_wanted("since:2026-11-24", false);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_is_possible() {
    is_refused("kind:network.access color:red", "at character 21, color:red: there is no field");
    is_refused("color:red", "there are kind, object, name, station, since, until, text");
    is_refused("kind:network.acces", "kind is one of network.access, network.session, object.made");
    is_refused("kind:x*", "kind is one of");
    is_refused("kind:", "kind has no value; write kind:VALUE");
    is_refused("object:\"\"", "object has no value");
    is_refused("name:mac", "put a * at the end");
    is_refused("station:a4-83", "station is an address such as");
    is_refused("station:xy*", "station is an address such as");
    is_refused("since:yesterday", "since is a moment such as");
    is_refused("since:2026-02-30", "since is a moment such as");
    is_refused("since:1969-12-31", "since is a moment such as");
    is_refused("since:999999999w", "since is a moment such as");
    is_refused("since:2*", "takes no *");
    is_refused("-since:2h", "since cannot be negated; use until");
    is_refused("since:2h since:3h", "since is said twice");
    is_refused("object:\"a", "a closing \" is missing");
    is_refused("object:\"a\\", "a closing \" is missing");
    is_refused("object:\"a\"b", "a space is missing");
    is_refused("object:a\"b", "put the whole value in quotes");
    is_refused("- kind:network.access", "a - stands in front of a term");
    is_refused("*", "there is nothing to look for");
    is_refused("object:a\0", "holds a character that no text has, at character 9");
    is_refused("object:\u{10ffff}", "holds a character that no text has");
    let without = Filter::parse("word", &FIELDS[..2], NOW).unwrap_err().to_string();
    assert!(without.contains("write field:value; the fields are kind, object"), "{without}");
}

#[test]
fn a_filter_is_bounded() {
    let term = "kind:object.made ";
    assert_eq!(parse(&term.repeat(TERMS_MAX)).terms().len(), TERMS_MAX);
    is_refused(&term.repeat(TERMS_MAX + 1), "has more than 32 terms");
    is_refused(&"a".repeat(FILTER_BYTES_MAX + 1), "is longer than 2048 bytes");
    assert!(parse(&"a".repeat(FILTER_BYTES_MAX)).terms().len() == 1);
}

#[test]
fn a_field_is_listed_with_its_form_and_values() {
    let listed = FIELDS[0].listed();
    assert_eq!(listed.values, words());
    assert_eq!(listed.form, "a word, or its beginning and *");
    assert!(FIELDS[1].listed().values.is_empty());
}

fn any_pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        "[ -~\u{e9}\t]{1,12}".prop_map(Pattern::Is),
        "[ -~\u{e9}\t]{0,12}".prop_map(Pattern::Begins),
    ]
}

fn any_term() -> impl Strategy<Value = Term> {
    let text = (any::<bool>(), any_pattern()).prop_map(|(negated, pattern)| Term {
        field: &FIELDS[1],
        negated,
        pattern,
    });
    let kind = (any::<bool>(), 0_usize..3).prop_map(|(negated, index)| {
        let pattern = Pattern::Is(words()[index].to_owned());
        Term { field: &FIELDS[0], negated, pattern }
    });
    let station = any::<[u8; 6]>().prop_map(|octets| {
        let pairs: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        Term { field: &FIELDS[3], negated: false, pattern: Pattern::Is(pairs.join(":")) }
    });
    prop_oneof![text, kind, station]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        mut terms in proptest::collection::vec(any_term(), 0..8),
        since in proptest::option::of(0_i64..253_402_300_800),
    ) {
        terms.extend(since.map(|at| {
            Term { field: &FIELDS[4], negated: false, pattern: Pattern::At(Time(at)) }
        }));
        let filter = Filter { terms };
        prop_assert_eq!(Filter::parse(&filter.to_string(), &FIELDS, NOW).unwrap(), filter);
    }

    #[test]
    fn any_text_is_a_filter_or_refused(text in "\\PC{0,60}", marks in "[-:*\"\\\\ a-z0-9]{0,40}") {
        for text in [&text, &marks, &format!("object:{marks}"), &format!("since:{text}")] {
            if let Ok(filter) = Filter::parse(text, &FIELDS, NOW) {
                let printed = filter.to_string();
                prop_assert_eq!(Filter::parse(&printed, &FIELDS, NOW).unwrap(), filter);
            }
        }
    }
}

#[test]
fn a_quoted_text_is_a_whole_value() {
    static NAMES: [Field; 1] = [Field { name: "name", form: Form::Text, meaning: "x" }];
    for text in ["a b", "a\"b", "a\\", "a*", "-a:b", "\u{e4}"] {
        let filter = Filter::parse(&format!("name:{}", quoted(text)), &NAMES, Time(0)).unwrap();
        assert_eq!(filter.terms().len(), 1, "{text}");
        assert_eq!(filter.terms()[0].pattern, Pattern::Is(text.to_owned()));
    }
}
