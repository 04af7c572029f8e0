//! Counts become bars and reasons, authorities a tree.

use super::*;
use crate::event::count::Tally;

/// 2026-11-23T22:00:00Z.
const NOW: Time = Time(1_795_471_200);

fn count(hours_ago: i64, kind: EventKind, code: &str, events: u64) -> Count {
    let outcome = if code.is_empty() { Outcome::Accepted } else { Outcome::Refused };
    let at = Time(NOW.0 - hours_ago * 3600);
    Count { at, tally: Tally { kind, outcome, code: code.to_owned(), events } }
}

#[test]
fn every_hour_of_a_day_has_its_bar_the_empty_ones_too() {
    let counts = [
        count(0, EventKind::VisitAnswered, "", 3),
        count(0, EventKind::VisitAnswered, "TLS-UNKNOWN-CA", 2),
        count(0, EventKind::VisitAnswered, "POL-NO-MATCH", 1),
        count(23, EventKind::CertificateIssued, "", 7),
    ];
    let day = Stretch::of(&counts, Span::Hour, NOW.plus_seconds(1800));
    assert_eq!((day.authentications.len(), day.enrollments.len()), (24, 24));
    let last = day.authentications.last().unwrap();
    assert_eq!((last.at.as_str(), last.accepted, last.refused), ("2026-11-23T22:00:00Z", 3, 3));
    let first = day.enrollments.first().unwrap();
    assert_eq!((first.at.as_str(), first.accepted), (day.from.as_str(), 7));
    assert!(day.enrollments.iter().skip(1).all(|bar| bar.accepted + bar.refused == 0));
    let month = Stretch::of(&[], Span::Day, NOW);
    assert_eq!(month.authentications.len(), 30);
    assert_eq!(month.from, "2026-10-25T00:00:00Z");
}

#[test]
fn reasons_are_told_by_how_often_they_came_with_their_words() {
    let counts = [
        count(0, EventKind::VisitAnswered, "TLS-UNKNOWN-CA", 2),
        count(3, EventKind::VisitAnswered, "TLS-UNKNOWN-CA", 2),
        count(1, EventKind::PacketDropped, "NAS-UNKNOWN", 9),
        count(1, EventKind::CertificateIssued, "FUTURE-CODE", 4),
        count(2, EventKind::CertificateIssued, "NAS-UNKNOWN", 1),
    ];
    let reasons = Stretch::of(&counts, Span::Hour, NOW).refusals;
    let told: Vec<(&str, u64)> = reasons.iter().map(|it| (it.code.as_str(), it.events)).collect();
    let expected = [
        ("NAS-UNKNOWN", 9),
        ("FUTURE-CODE", 4),
        ("TLS-UNKNOWN-CA", 4),
        // Of another kind, on another list.
        ("NAS-UNKNOWN", 1),
    ];
    assert_eq!(told, expected);
    assert_eq!(reasons[1].title, "FUTURE-CODE");
    assert!(reasons[2].title.contains("server certificate"), "{}", reasons[2].title);
    assert_eq!(
        reasons[0].filter,
        "code:NAS-UNKNOWN kind:radius.dropped since:2026-11-22T23:00:00Z"
    );
    crate::filter::Filter::parse(&reasons[0].filter, &crate::event::listing::FIELDS, NOW).unwrap();
}

#[test]
fn authorities_are_a_tree_each_behind_the_one_above_it() {
    let seen = |name: &str, issuer: Option<&str>| SeenAuthority {
        name: name.into(),
        issuer: issuer.map(str::to_owned),
        disabled: false,
        life: (NOW, NOW.plus_seconds(1000)),
        in_use: Some(1),
    };
    let all = [
        seen("Wi-Fi", Some("Root")),
        seen("Root", None),
        seen("Old", Some("Gone")),
        seen("Lab", Some("Wi-Fi")),
        seen("VPN", Some("Root")),
    ];
    let tree = Authority::tree(&all, NOW.plus_seconds(255));
    let told: Vec<(&str, u32)> = tree.iter().map(|it| (it.name.as_str(), it.depth)).collect();
    assert_eq!(told, [("Root", 0), ("Wi-Fi", 1), ("Lab", 2), ("VPN", 1), ("Old", 0)]);
    assert!(tree.iter().all(|it| it.over_percent == 25));
}

#[test]
fn a_life_is_over_by_nothing_before_it_began_and_by_all_after_it_ended() {
    let life = (Time(100), Time(200));
    for (at, percent) in [(0, 0), (100, 0), (150, 50), (199, 99), (200, 100), (i64::MAX, 100)] {
        assert_eq!(over_percent(life, Time(at)), percent, "{at}");
    }
    assert_eq!(over_percent((Time(5), Time(5)), Time(5)), 0);
}
