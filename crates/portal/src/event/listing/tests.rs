//! What is on which list, and what is meant by what somebody types.

use domain::event::EventKind;
use domain::filter::Filter;
use pki::time::Time;

use super::*;
use crate::event::word;

fn parse(text: &str) -> Filter {
    Filter::parse(text, &FIELDS, Time(1_795_471_200)).unwrap_or_else(|no| panic!("{text}: {no}"))
}

fn is_on(kind: &Kind, event: EventKind) -> bool {
    let filter = parse(kind.base);
    let own = |term: &domain::filter::Term| term.pattern.matches(event.as_str());
    !filter.terms().iter().any(own)
}

#[test]
fn every_kind_of_events_is_on_one_of_the_two_lists_and_has_its_words() {
    for event in EventKind::ALL {
        let is_radius = matches!(
            event,
            EventKind::VisitAnswered | EventKind::SessionReported | EventKind::PacketDropped
        );
        assert_eq!(is_on(&RADIUS, event), is_radius, "{event:?}");
        assert_eq!(is_on(&GENERAL, event), !is_radius, "{event:?}");
        assert_ne!(word(event.as_str()), event.as_str(), "{event:?} has no words");
    }
}

#[test]
fn quick_terms_are_terms() {
    for kind in [&GENERAL, &RADIUS] {
        for (_, term) in kind.quick {
            parse(&whole(kind, term, ""));
        }
    }
}

#[test]
fn what_somebody_types_is_looked_for_where_it_most_likely_is() {
    for (typed, expected) in [
        ("", ""),
        ("C02XK1", "device:\"C02XK1*\""),
        ("Anna's Mac", "device:\"Anna's Mac*\""),
        ("a4:83", "station:\"a4:83*\""),
        ("A4-83-E7-00-11-22", "station:\"A4-83-E7-00-11-22*\""),
        ("TLS-UNKNOWN", "code:\"TLS-UNKNOWN*\""),
        ("0a1b0a1b0a1b0a1b", "object:\"certificate:0A1B0A1B0A1B0A1B*\""),
        ("gateway:Mosyle", "object:\"gateway:Mosyle*\""),
        ("x\" outcome:refused", "device:\"x\\\" outcome:refused*\""),
    ] {
        assert_eq!(term(typed), expected, "{typed}");
    }
}

#[test]
fn whatever_is_typed_is_one_term() {
    for typed in ["\"", "*", "\\", "a\u{1b}[31m", "\u{202e}x", "-code:x", "<script>", ":", "a:b:c"]
    {
        let filter = parse(&term(typed));
        assert_eq!(filter.terms().len(), 1, "{typed:?}");
    }
}

#[test]
fn the_id_of_an_event_leads_to_it() {
    let id = "019AEFB0-4e80-7000-8000-000000000000";
    assert_eq!(as_id(&format!(" {id} ")), Some(id.to_ascii_lowercase()));
    for other in ["", "019aefb0", "019aefb0-4e80-7000-8000-00000000000g", "é-9aefb0"] {
        assert_eq!(as_id(other), None, "{other}");
    }
}
