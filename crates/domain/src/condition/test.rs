//! What a rule compares with, made ready: a text was folded, a pattern compiled, a number read.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each form of values and each operator has few that are told apart"
)]

use core::cmp::Ordering;
use core::net::IpAddr;

use pki::time::Time;
use regex::Regex;
use regex::RegexBuilder;

use crate::access_point::Network;
use crate::complaint::Complaints;
use crate::condition::Operand;
use crate::condition::Operator;
use crate::condition::PATTERN_BYTES_MAX;
use crate::condition::VALUES_MAX;
use crate::condition::facts::VALUE_CHARS_MAX;
use crate::condition::field::Field;
use crate::condition::field::Kind;
use crate::condition::field::WEEKDAYS;
use crate::condition::values::Values;
use crate::condition::version;
use crate::mac::Mac;

/// Most bytes that a compiled pattern may take: it bounds what one rule costs in memory.
const PATTERN_MEMORY_MAX: usize = 64 * 1024;

const MINUTES_PER_HOUR: i64 = 60;

/// A comparison that is ready to be made.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Holds whatever is known.
    Always,
    /// Any value at all.
    Exists,
    /// One of these texts, folded if letter case does not count.
    OneOf { texts: Vec<String>, folded: bool },
    /// Contains, begins or ends with a text.
    Part { how: Operator, text: String, folded: bool },
    /// Fits a pattern.
    Matches(Regex),
    /// One of these numbers.
    Numbers(Vec<i64>),
    /// Less (or greater) than a number.
    Order { less: bool, number: i64 },
    /// True, or false.
    Flag(bool),
    /// Less (or greater) than a version, or the same.
    Versions { order: Ordering, versions: Vec<String> },
    /// One of these addresses.
    Macs(Vec<Mac>),
    /// Addresses that begin with these digits: a manufacturer's.
    MacPrefix(String),
    /// Within one of these networks.
    Networks(Vec<Network>),
}

impl Test {
    /// Whether any of the values passes.
    pub(super) fn holds(&self, values: &Values<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Exists => !values.is_none(),
            Self::Flag(expected) => *values == Values::Boolean(*expected),
            Self::Numbers(numbers) => any_number(values, |it| numbers.contains(&it)),
            Self::Order { less, number } => {
                any_number(values, |it| if *less { it < *number } else { it > *number })
            }
            Self::OneOf { texts, folded } => any(values, |value| {
                texts.iter().any(|text| {
                    if *folded { text.eq_ignore_ascii_case(value) } else { text == value }
                })
            }),
            Self::Part { how, text, folded } => any(values, |value| {
                if *folded { part(*how, &fold(value), text) } else { part(*how, value, text) }
            }),
            Self::Matches(pattern) => any(values, |value| pattern.is_match(value)),
            Self::Versions { order, versions } => any(values, |value| {
                versions.iter().any(|version| version::compare(value, version) == *order)
            }),
            Self::Macs(macs) => {
                any(values, |value| Mac::parse(value).is_some_and(|mac| macs.contains(&mac)))
            }
            Self::MacPrefix(digits) => {
                any(values, |value| mac_digits(value).is_some_and(|it| it.starts_with(digits)))
            }
            Self::Networks(networks) => any(values, |value| {
                let address = value.parse::<IpAddr>();
                address.is_ok_and(|address| networks.iter().any(|one| one.contains(address)))
            }),
        }
    }
}

fn any(values: &Values<'_>, test: impl Fn(&str) -> bool) -> bool {
    match values {
        Values::One(text) => test(text),
        Values::Many(texts) => texts.iter().any(|text| test(text)),
        Values::None | Values::Number(_) | Values::Boolean(_) => false,
    }
}

/// Numbers, also those that a packet's attributes give as text.
fn any_number(values: &Values<'_>, test: impl Fn(i64) -> bool) -> bool {
    match values {
        Values::Number(number) => test(*number),
        Values::One(_) | Values::Many(_) => any(values, |text| text.parse().is_ok_and(&test)),
        Values::None | Values::Boolean(_) => false,
    }
}

fn part(how: Operator, value: &str, text: &str) -> bool {
    match how {
        Operator::StartsWith => value.starts_with(text),
        Operator::EndsWith => value.ends_with(text),
        _ => value.contains(text),
    }
}

/// The digits of an address, or of its beginning, without what stands between them.
fn mac_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let sound = (1..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    sound.then(|| fold(&digits))
}

fn fold(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Makes a comparison ready, or complains about what does not fit the field.
pub(super) fn ready(
    field: Field,
    operator: Operator,
    value: Option<&Operand>,
    complaints: &mut Complaints<'_>,
) -> Option<Test> {
    let kind = field.kind();
    if !operator.fits(kind) {
        let fitting: Vec<&str> = Operator::fitting(kind).map(Operator::as_str).collect();
        let what = format!("{field} holds {}, which \"{operator}\" cannot compare", kind.words());
        complaints.add("operator", what, format!("use {}", fitting.join(", ")));
        return None;
    }
    if operator == Operator::Exists {
        if value.is_some() {
            complaints.add(
                "value",
                "\"exists\" takes no value",
                "remove it; \"not = true\" turns it",
            );
            return None;
        }
        return Some(Test::Exists);
    }
    let Some(value) = value else {
        complaints.add("value", "is missing", format!("write {}", kind.words()));
        return None;
    };
    let texts = texts(operator, kind, value, complaints)?;
    of_kind(field, operator, texts, complaints)
}

/// The values as texts, if they have the shape that the operator takes.
fn texts(
    operator: Operator,
    kind: Kind,
    value: &Operand,
    complaints: &mut Complaints<'_>,
) -> Option<Vec<String>> {
    let is_list = matches!(value, Operand::Many(_));
    if is_list != operator.takes_list() {
        let (is, takes, fix) = if is_list {
            ("a list", "one value", "use \"is-one-of\", or one value")
        } else {
            ("one value", "a list", "use [\"…\"]")
        };
        complaints.add("value", format!("is {is}, \"{operator}\" takes {takes}"), fix);
        return None;
    }
    let shape = match kind {
        Kind::Number => matches!(value, Operand::Number(_) | Operand::Many(_)),
        Kind::Boolean => matches!(value, Operand::Flag(_)),
        _ => matches!(value, Operand::One(_) | Operand::Many(_)),
    };
    let texts = value.texts();
    if !shape {
        let what = format!("{} is not {}", texts.join(", ").escape_debug(), kind.words());
        let fix = match kind {
            Kind::Number => "write a number without quotes",
            Kind::Boolean => "write true or false without quotes",
            _ => "write it in quotes",
        };
        complaints.add("value", what, fix);
        return None;
    }
    if !(1..=VALUES_MAX).contains(&texts.len()) {
        let what = format!("holds {} values, 1 to {VALUES_MAX} are possible", texts.len());
        complaints.add("value", what, "name at least one, or split the rule");
        return None;
    }
    if let Some(long) = texts.iter().position(|text| text.chars().count() > VALUE_CHARS_MAX) {
        let what = format!("value {} is longer than {VALUE_CHARS_MAX} characters", long + 1);
        complaints.add("value", what, "shorten it: no value is looked at beyond that");
        return None;
    }
    Some(texts)
}

fn of_kind(
    field: Field,
    operator: Operator,
    texts: Vec<String>,
    complaints: &mut Complaints<'_>,
) -> Option<Test> {
    let kind = field.kind();
    let folded = kind == Kind::Folded;
    let single = texts.first().cloned().unwrap_or_default();
    let less = operator == Operator::Less;
    match (operator, kind) {
        (Operator::Matches, _) => pattern(&single, folded, complaints).map(Test::Matches),
        (Operator::StartsWith, Kind::Mac) => each(&texts, complaints, mac_digits, |text| {
            (format!("\"{text}\" begins no address"), "write it like a4:83:e7")
        })
        .map(|all| Test::MacPrefix(all.into_iter().collect())),
        (Operator::Contains | Operator::StartsWith | Operator::EndsWith, _) => {
            let text = if folded { fold(&single) } else { single };
            if text.is_empty() {
                complaints.add("value", "is empty, which every text contains", "use \"exists\"");
                return None;
            }
            Some(Test::Part { how: operator, text, folded })
        }
        (Operator::InNetwork, _) => each(&texts, complaints, Network::parse, |text| {
            (format!("\"{text}\" is no network"), "write it like 10.1.0.0/16 or 2001:db8::/32")
        })
        .map(Test::Networks),
        (Operator::Less | Operator::Greater, Kind::Version) => {
            let order = if less { Ordering::Less } else { Ordering::Greater };
            versions(order, texts, complaints)
        }
        (Operator::Less | Operator::Greater, _) => {
            let number = numbers(kind, &texts, complaints)?.first().copied()?;
            Some(Test::Order { less, number })
        }
        (_, Kind::Version) => versions(Ordering::Equal, texts, complaints),
        (_, Kind::Number | Kind::TimeOfDay) => numbers(kind, &texts, complaints).map(Test::Numbers),
        (_, Kind::Boolean) => Some(Test::Flag(single == "true")),
        (_, Kind::Mac) => each(&texts, complaints, Mac::parse, |text| {
            (format!("\"{text}\" is no address"), "write it like a4:83:e7:00:11:22")
        })
        .map(Test::Macs),
        (_, Kind::Choice(words)) => {
            let known = |text: &str| words.iter().find(|word| **word == text).copied();
            let texts = each(&texts, complaints, known, |text| {
                (format!("\"{text}\" is none of them"), "use a word of the list")
            });
            if texts.is_none() {
                let list = words.join(", ");
                complaints.add("value", format!("{field} is one of {list}"), "choose from these");
            }
            let texts = texts?.into_iter().map(str::to_owned).collect();
            Some(Test::OneOf { texts, folded: false })
        }
        (_, Kind::Address) => each(
            &texts,
            complaints,
            |text| text.parse::<IpAddr>().ok(),
            |text| (format!("\"{text}\" is no IP address"), "write one, or use \"in-network\""),
        )
        .map(|all| {
            let texts = all.into_iter().map(|address| address.to_string()).collect();
            Test::OneOf { texts, folded: false }
        }),
        (_, Kind::Text | Kind::Folded | Kind::Nothing) => Some(Test::OneOf { texts, folded }),
    }
}

/// Reads each text, or complains about the first that cannot be read.
fn each<T>(
    texts: &[String],
    complaints: &mut Complaints<'_>,
    read: impl Fn(&str) -> Option<T>,
    say: impl Fn(&str) -> (String, &'static str),
) -> Option<Vec<T>> {
    let mut all = Vec::with_capacity(texts.len());
    for text in texts {
        match read(text) {
            Some(one) => all.push(one),
            None => {
                let shown: String = text.escape_debug().take(64).collect();
                let (what, fix) = say(&shown);
                complaints.add("value", what, fix);
                return None;
            }
        }
    }
    Some(all)
}

fn numbers(kind: Kind, texts: &[String], complaints: &mut Complaints<'_>) -> Option<Vec<i64>> {
    let (read, say): (fn(&str) -> Option<i64>, _) = match kind {
        Kind::TimeOfDay => (minutes, "is no hour; write it like 08:30"),
        _ => (|text| text.parse().ok(), "is no whole number; write it without quotes"),
    };
    each(texts, complaints, read, |text| (format!("\"{text}\" {say}"), "correct it"))
}

/// Minutes since midnight.
pub(super) fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| digits && *number < below)
    };
    Some(number(hour, 24)? * MINUTES_PER_HOUR + number(minute, 60)?)
}

fn versions(order: Ordering, texts: Vec<String>, complaints: &mut Complaints<'_>) -> Option<Test> {
    let sound = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()).then_some(());
    each(&texts, complaints, sound, |text| {
        (format!("\"{text}\" is no version"), "write it like 14.2")
    })?;
    Some(Test::Versions { order, versions: texts })
}

fn pattern(text: &str, folded: bool, complaints: &mut Complaints<'_>) -> Option<Regex> {
    if text.len() > PATTERN_BYTES_MAX {
        let what = format!("the pattern is longer than {PATTERN_BYTES_MAX} bytes");
        complaints.add("value", what, "use several rules");
        return None;
    }
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(PATTERN_MEMORY_MAX).dfa_size_limit(PATTERN_MEMORY_MAX).nest_limit(32);
    match builder.case_insensitive(folded).build() {
        Ok(pattern) => Some(pattern),
        Err(regex::Error::CompiledTooBig(_)) => {
            let fix = "repeat less, or use several rules";
            complaints.add("value", "the pattern would need too much memory", fix);
            None
        }
        Err(error) => {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default().trim();
            let last = last.trim_start_matches("error: ");
            complaints.add("value", format!("is no pattern: {last}"), "correct it");
            None
        }
    }
}

/// The day of the week and the minute of the day at a moment in a zone.
pub(super) fn civil(at: Time, zone: &jiff::tz::TimeZone) -> Option<(&'static str, i64)> {
    let there = jiff::Timestamp::from_second(at.0).ok()?.to_zoned(zone.clone());
    let day = usize::try_from(there.weekday().to_monday_zero_offset()).ok()?;
    let minute = i64::from(there.hour()) * MINUTES_PER_HOUR + i64::from(there.minute());
    Some((WEEKDAYS.get(day)?, minute))
}
