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

/// A page of the list whose first event is this one.
fn page(first: u64, count: u64, next: Option<&str>) -> Page<Shown> {
    let event = |number: u64| {
        let id = format!("00000000-0000-7000-8000-{number:012}");
        serde_json::from_value(serde_json::json!({
            "id": id, "at": format!("2026-11-23T22:00:{number:02}Z"), "kind": "object.changed",
            "outcome": "accepted", "actor": "a", "object": "device:x", "details": {},
        }))
        .unwrap()
    };
    let items = (first..first + count).map(event).collect();
    Page { items, next: next.map(str::to_owned) }
}

/// A file that is read page by page, within bounds.
fn read(bounds: (usize, usize), mut page: impl FnMut(usize, Option<&str>) -> Page<Shown>) -> Whole {
    let mut all = Whole { events: Vec::new(), next: None, looks: 0 };
    loop {
        let next = page(all.looks, all.next.as_deref());
        if !all.goes_on(next, bounds) {
            return all;
        }
    }
}

#[test]
fn a_file_goes_on_where_nothing_was_found_and_says_where_it_stops() {
    // A hundred looks find nothing, and the one behind them finds something.
    let file = read((10, 200), |looks, cursor| {
        assert_eq!(cursor.map(str::to_owned), (looks > 0).then(|| looks.to_string()));
        let next = (looks + 1).to_string();
        if looks < 100 { page(0, 0, Some(&next)) } else { page(7, 2, None) }
    });
    assert_eq!((file.events.len(), stopped(&file)), (2, None));
    // Too many looks, and too many events.
    let file = read((10, 3), |_, _| page(0, 0, Some("further")));
    assert_eq!((file.looks, file.next.as_deref()), (3, Some("further")));
    assert!(stopped(&file).unwrap().2.contains("further"));
    let file = read((10, 9), |_, _| page(0, 4, Some("further")));
    assert_eq!(file.events.len(), 10);
    let (id, at, sentence) = stopped(&file).unwrap();
    assert_eq!(id, "00000000-0000-7000-8000-000000000001");
    assert!(sentence.contains("10") && sentence.contains(&at), "{sentence}");
    assert_eq!(stopped(&read((10, 9), |_, _| page(0, 10, None))), None);
}

#[test]
fn a_page_with_nothing_on_it_leads_on_both_ways() {
    let newest = found(page(0, 0, Some("seen")), Order::Newest, true);
    assert_eq!(newest.older.as_deref(), Some("seen"));
    assert_eq!(newest.newer.as_deref(), Some("newer-seen"));
    let oldest = found(page(0, 0, Some("seen")), Order::Oldest, true);
    assert_eq!(oldest.newer.as_deref(), Some("newer-seen"));
    assert_eq!(oldest.older.as_deref(), Some("seen"));
    // The first page has nothing newer, and the last nothing older.
    let only = found(page(1, 2, None), Order::Newest, false);
    assert!(only.newer.is_none() && only.older.is_none());
    let last = found(page(1, 2, None), Order::Oldest, true);
    assert!(last.newer.is_none() && last.older.is_some());
}
