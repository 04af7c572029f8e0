//! What a list of events can be asked by, and in which order it comes.

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::Event;
use super::EventKind;
use super::Log;
use super::Moment;
use super::Outcome;
use crate::filter::Field;
use crate::filter::Filter;
use crate::filter::Form;
use crate::filter::Held;
use crate::filter::Pattern;

/// Every field of an event that a list can be asked by.
pub static FIELDS: [Field; 10] = [
    Field { name: "kind", form: Form::Word(kinds), meaning: "what happened" },
    Field { name: "outcome", form: Form::Word(outcomes), meaning: "how it came out" },
    Field { name: "code", form: Form::Text, meaning: "the code of the reason of a refusal" },
    Field { name: "object", form: Form::Text, meaning: "to what, as noun:name" },
    Field { name: "actor", form: Form::Text, meaning: "who did or asked it" },
    Field {
        name: "device",
        form: Form::Text,
        meaning: "what the device is called that asked for a certificate or for access",
    },
    Field { name: "station", form: Form::Mac, meaning: "the address that the device joined with" },
    Field {
        name: "policy",
        form: Form::Text,
        meaning: "the policy that decided, as it was called then",
    },
    Field { name: "since", form: Form::Since, meaning: "it happened then or later" },
    Field { name: "until", form: Form::Until, meaning: "it happened before" },
];

/// In which order events are listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Order {
    /// The last that happened first.
    #[default]
    Newest,
    /// In the order in which they happened.
    Oldest,
}

/// Which events by their id: from the first on, and before the second. Ids order by time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// The first that may be there.
    pub from: Uuid,
    /// The first behind them.
    pub before: Uuid,
}

impl Order {
    /// Every order.
    pub const ALL: [Self; 2] = [Self::Newest, Self::Oldest];

    /// As written in parameters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }

    /// Reads what [`Order::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == text)
    }
}

impl Span {
    /// The events that a filter's moments leave, behind the one named `after` in this order.
    pub fn of(filter: &Filter, order: Order, after: Option<Uuid>) -> Self {
        let mut span = Self { from: Uuid::nil(), before: Uuid::max() };
        for (field, is_start) in [("since", true), ("until", false)] {
            for term in filter.of(field) {
                let Pattern::At(time) = term.pattern else { continue };
                let id = Event::id_at(Moment(time.0.saturating_mul(1000)), [0; 10]);
                if is_start {
                    span.from = span.from.max(id);
                } else {
                    span.before = span.before.min(id);
                }
            }
        }
        match (order, after) {
            (Order::Newest, Some(after)) => span.before = span.before.min(after),
            (Order::Oldest, Some(after)) => span.from = span.from.max(next(after)),
            (Order::Newest | Order::Oldest, None) => {}
        }
        span
    }
}

/// The id behind this one, and no other between them.
fn next(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

impl Event {
    /// What it has in one of [`FIELDS`].
    pub fn held(&self, field: &str) -> Held<'_> {
        let own = |text: &'_ str| Held::Texts(vec![Cow::Owned(text.to_owned())]);
        let detail = |key: &str| {
            let is_visit = self.kind.log() == Log::Visit;
            let text = self.details.get(key).and_then(Value::as_str).filter(|_| is_visit);
            Held::Texts(text.map(Cow::from).into_iter().collect())
        };
        match field {
            "kind" => own(self.kind.as_str()),
            "outcome" => own(self.outcome.as_str()),
            "code" => self.refusal.as_ref().map_or(Held::Texts(Vec::new()), |it| own(it.code())),
            "object" => own(&self.object),
            "actor" => own(&self.actor),
            "device" => detail("device"),
            "station" => detail("calling_station"),
            "policy" => detail("policy"),
            "since" | "until" => Held::At(self.at),
            _ => Held::Texts(Vec::new()),
        }
    }

    /// Whether a filter wants it.
    pub fn is_wanted(&self, filter: &Filter) -> bool {
        filter.matches(|field| self.held(field))
    }
}

fn kinds() -> Vec<&'static str> {
    EventKind::ALL.into_iter().map(EventKind::as_str).collect()
}

fn outcomes() -> Vec<&'static str> {
    Outcome::ALL.into_iter().map(Outcome::as_str).collect()
}

#[cfg(test)]
mod tests {
    use pki::time::Time;
    use serde_json::json;

    use super::*;
    use crate::refusal::Refusal;

    const NOW: Time = Time(1_795_471_200);

    fn parse(text: &str) -> Filter {
        Filter::parse(text, &FIELDS, NOW).unwrap()
    }

    #[test]
    fn an_event_is_wanted_by_each_of_its_fields() {
        let details = json!({
            "device": "C02XYZ", "calling_station": "A4-83-E7-00-11-22", "policy": "Staff"
        });
        let at = Moment(NOW.0 * 1000);
        let event = Event {
            id: Event::id_at(at, [7; 10]),
            at,
            kind: EventKind::VisitAnswered,
            outcome: Outcome::Refused,
            actor: "access point Loopback".into(),
            object: "certificate:0A1B".into(),
            refusal: Some(Refusal::CertificateMissing),
            details: details.as_object().unwrap().clone(),
            inputs: None,
        };
        let all = "kind:network.access outcome:refused code:TLS-NO-CERTIFICATE -code:POL-NO-MATCH \
                   object:\"certificate:0A*\" actor:\"access point Loopback\" device:C02* policy:Staff \
                   station:a4-83-e7-00-11-22 since:2026-11-20 until:2026-11-24T08:00Z";
        assert!(event.is_wanted(&parse(all)));
        for other in [
            "kind:object.*",
            "outcome:accepted",
            "-device:C02*",
            "until:0s",
            "station:00*",
            "policy:Pupils",
        ] {
            assert!(!event.is_wanted(&parse(other)), "{other}");
        }
        // Changes by administrators have no device that asked, whatever they tell of one.
        let change = Event { kind: EventKind::ObjectChanged, ..event };
        assert!(!change.is_wanted(&parse("device:C02XYZ")));
    }

    #[test]
    fn moments_and_cursors_are_bounds_of_ids() {
        let id = |second: i64| Event::id_at(Moment(second * 1000), [0; 10]);
        let filter = parse("since:2h until:1h");
        let span = Span::of(&filter, Order::Newest, None);
        assert_eq!(span, Span { from: id(NOW.0 - 7200), before: id(NOW.0 - 3600) });
        let middle = id(NOW.0 - 5000);
        let newest = Span::of(&filter, Order::Newest, Some(middle));
        assert_eq!(newest, Span { before: middle, ..span });
        let oldest = Span::of(&filter, Order::Oldest, Some(middle));
        assert_eq!(oldest, Span { from: next(middle), ..span });
        let all = Span::of(&parse(""), Order::Oldest, None);
        assert_eq!(all, Span { from: Uuid::nil(), before: Uuid::max() });
    }

    #[test]
    fn the_handbook_lists_every_kind_and_every_field() {
        let page = include_str!("../../../../docs/events.md");
        let row = |name: &str| page.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        for kind in EventKind::ALL {
            let log = if kind.log() == Log::Audit { "| audit |" } else { "| answer |" };
            let line = row(kind.as_str()).unwrap_or_default();
            assert!(line.ends_with(log), "{kind:?}: {line}");
        }
        for field in &FIELDS {
            let line = row(field.name).unwrap_or_else(|| panic!("{} is missing", field.name));
            assert!(line.contains(field.meaning.split(',').next().unwrap()), "{line}");
        }
        let listed = page.lines().filter(|line| line.starts_with("| `") && line.contains("` | "));
        let known = |line: &&str| {
            let name = line.split('`').nth(1).unwrap_or_default();
            EventKind::parse(name).is_some() || FIELDS.iter().any(|field| field.name == name)
        };
        assert_eq!(listed.filter(known).count(), EventKind::ALL.len() + FIELDS.len());
    }

    #[test]
    fn the_handbook_s_filters_are_filters() {
        let page = include_str!("../../../../docs/events.md");
        let parts: Vec<&str> = page.split("--filter '").skip(1).collect();
        let filters = parts.iter().map(|part| part.split('\'').next().unwrap());
        let mut count = 0;
        for filter in filters {
            Filter::parse(filter, &FIELDS, NOW).unwrap();
            count += 1;
        }
        assert!(count >= 4);
    }

    #[test]
    fn orders_read_back() {
        for order in Order::ALL {
            assert_eq!(Order::parse(order.as_str()), Some(order));
        }
        assert_eq!(Order::parse("random"), None);
    }
}
