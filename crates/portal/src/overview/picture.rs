//! The figures of the overview as pictures with their tables.

use domain::overview;
use domain::overview::Stretch;
use domain::overview::expiry;
use pki::time::Time;

use crate::chart::row;
use crate::chart::stack;
use crate::chart::stack::Words;
use crate::event;
use crate::life;
use crate::moment;
use crate::object;
use crate::page::Desk;
use crate::text;
use crate::url;

/// Who asked in a stretch of time.
pub(crate) struct Activity {
    /// Names it on the page: `day` or `month`.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) series: Vec<Series>,
    pub(crate) reasons: Vec<Reason>,
}

/// One picture over time.
pub(crate) struct Series {
    pub(crate) id: String,
    pub(crate) title: String,
    /// A part of HTML.
    pub(crate) svg: String,
    /// Where the axis ends.
    pub(crate) top: u64,
    pub(crate) first: Option<Time>,
    pub(crate) last: Option<Time>,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// The numbers of the picture, the newest first.
    pub(crate) bars: Vec<Bar>,
    /// The list of the events that were counted.
    pub(crate) url: String,
}

/// One line of a picture's table.
pub(crate) struct Bar {
    pub(crate) at: Option<Time>,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
}

/// Why the answer was no.
pub(crate) struct Reason {
    pub(crate) code: String,
    /// What was refused, in words.
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) events: u64,
    /// A part of HTML.
    pub(crate) svg: String,
    pub(crate) url: String,
}

/// When certificates end.
pub(crate) struct Certificates {
    pub(crate) in_use: u64,
    pub(crate) counted_at: Option<Time>,
    pub(crate) ends: Vec<End>,
}

/// Certificates that end within the same days.
pub(crate) struct End {
    pub(crate) words: String,
    pub(crate) certificates: u64,
    /// A part of HTML.
    pub(crate) svg: String,
}

/// An authority, and its life.
pub(crate) struct Living {
    pub(crate) authority: overview::Authority,
    pub(crate) url: String,
    /// How far it is indented.
    pub(crate) depth: u32,
    pub(crate) life: Option<life::Life>,
}

/// How far an authority is indented at most; deeper ones say so by the name above them.
const DEPTH_MAX: u32 = 4;

/// The two stretches that are told.
pub(crate) fn activities(activity: &overview::Activity) -> Vec<Activity> {
    [("day", &activity.day), ("month", &activity.month)]
        .into_iter()
        .map(|(id, stretch)| Activity {
            id,
            title: text::t(&format!("overview.{id}")).into_owned(),
            series: vec![
                series(id, "authentications", &stretch.authentications, stretch),
                series(id, "enrollments", &stretch.enrollments, stretch),
            ],
            reasons: reasons(stretch),
        })
        .collect()
}

fn series(id: &str, what: &str, bars: &[overview::Bar], stretch: &Stretch) -> Series {
    let sum = |of: fn(&overview::Bar) -> u64| bars.iter().map(of).fold(0, u64::saturating_add);
    let (accepted, refused) = (sum(|bar| bar.accepted), sum(|bar| bar.refused));
    let title = text::t(&format!("overview.{what}"));
    let about = text::with(
        "overview.series_about",
        &[("accepted", &accepted.to_string()), ("refused", &refused.to_string())],
    );
    let id = format!("{what}-{id}");
    let drawn: Vec<stack::Bar> = bars
        .iter()
        .map(|bar| stack::Bar {
            title: time(&bar.at).map(moment::utc).unwrap_or_default(),
            accepted: bar.accepted,
            refused: bar.refused,
        })
        .collect();
    let (yes, no) = (text::t("overview.accepted"), text::t("overview.refused"));
    let words = Words { id: &id, title: &title, about: &about, accepted: &yes, refused: &no };
    let stack::Drawn { svg, top } = stack::draw(&drawn, words);
    let (list, kind) = match what {
        "authentications" => ("/radius-events", "network.access"),
        _ => ("/events", "certificate.enrollment"),
    };
    let filter = format!("kind:{kind} since:{}", stretch.from);
    Series {
        title: title.into_owned(),
        svg,
        top,
        first: bars.first().and_then(|bar| time(&bar.at)),
        last: bars.last().and_then(|bar| time(&bar.at)),
        accepted,
        refused,
        bars: bars.iter().rev().map(line).collect(),
        url: url::with(list, &[("filter", &filter)]),
        id,
    }
}

fn line(bar: &overview::Bar) -> Bar {
    Bar { at: time(&bar.at), accepted: bar.accepted, refused: bar.refused }
}

fn time(text: &str) -> Option<Time> {
    Time::parse_rfc3339(text)
}

fn reasons(stretch: &Stretch) -> Vec<Reason> {
    let most = stretch.refusals.iter().map(|reason| reason.events).max().unwrap_or(0);
    let one = |reason: &overview::Reason| {
        let count = reason.events.to_string();
        let words = [("count", count.as_str()), ("title", reason.title.as_str())];
        Reason {
            svg: row::draw(reason.events, most, &text::with("overview.reason_about", &words)),
            url: url::with(list_of(&reason.kind), &[("filter", &reason.filter)]),
            kind: event::word(&reason.kind),
            code: reason.code.clone(),
            title: reason.title.clone(),
            events: reason.events,
        }
    };
    stretch.refusals.iter().map(one).collect()
}

/// The list on which the events of a kind are.
fn list_of(kind: &str) -> &'static str {
    let is_radius = ["network.", "radius."].iter().any(|start| kind.starts_with(start));
    if is_radius { "/radius-events" } else { "/events" }
}

impl Certificates {
    /// The counts with their bars.
    pub(crate) fn of(certificates: &expiry::Certificates) -> Self {
        let most = certificates.ends.iter().map(|end| end.certificates).max().unwrap_or(0);
        let one = |end: &expiry::End| {
            let words = words(end);
            let about = format!("{words}: {}", end.certificates);
            let svg = row::draw(end.certificates, most, &about);
            End { words, certificates: end.certificates, svg }
        };
        Self {
            in_use: certificates.in_use,
            counted_at: time(&certificates.counted_at),
            ends: certificates.ends.iter().map(one).collect(),
        }
    }
}

/// When certificates end, in words.
fn words(end: &expiry::End) -> String {
    let days = |key: &str, days: i64| text::with(key, &[("days", &days.to_string())]);
    match (end.from_days, end.until_days) {
        (from, _) if from < 0 => days("overview.ended", from.saturating_neg()),
        (0, Some(until)) => days("overview.ends_within", until),
        (from, Some(until)) => {
            let (from, until) = (from.to_string(), until.to_string());
            text::with("overview.ends_between", &[("from", &from), ("until", &until)])
        }
        (from, None) => days("overview.ends_later", from),
    }
}

/// The authorities with their lives.
pub(crate) fn lives(desk: &Desk, authorities: &[overview::Authority]) -> Vec<Living> {
    let now = desk.app.world.time();
    let one = |authority: &overview::Authority| {
        let span = time(&authority.not_before).zip(time(&authority.not_after));
        Living {
            url: object::url_of_name(
                desk,
                domain::object::Kind::CertificateAuthority,
                &authority.name,
            ),
            depth: authority.depth.min(DEPTH_MAX),
            life: span.map(|(begin, end)| life::Life::of(begin, end, now)),
            authority: authority.clone(),
        }
    };
    authorities.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use domain::event::EventKind;

    use super::*;

    #[test]
    fn ends_say_what_they_count() {
        let end =
            |from_days, until_days| words(&expiry::End { from_days, until_days, certificates: 1 });
        assert_eq!(end(-30, Some(0)), "Ended in the last 30 days");
        assert_eq!(end(0, Some(7)), "Within 7 days");
        assert_eq!(end(7, Some(30)), "In 7 to 30 days");
        assert_eq!(end(365, None), "In more than 365 days");
    }

    #[test]
    fn a_reason_leads_to_the_list_that_has_its_events() {
        for kind in EventKind::ALL {
            let on_radius = list_of(kind.as_str()) == "/radius-events";
            let expected = matches!(kind.as_str().split('.').next(), Some("network" | "radius"));
            assert_eq!(on_radius, expected, "{kind:?}");
        }
        assert_eq!(list_of(EventKind::CertificateIssued.as_str()), "/events");
        assert_eq!(list_of(EventKind::VisitAnswered.as_str()), "/radius-events");
    }
}
