//! Data and Monitoring: General Events, RADIUS Events, and one event with its reason.

mod fix;
mod listing;
mod packets;
mod showing;
mod timeline;

use domain::actor::Permission;
use domain::event::Shown;
use pki::time::Time;

use crate::page::Access;
use crate::page::Pages;
use crate::text;

/// Adds their pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::EventRead);
    pages.get("/events", read, listing::general);
    pages.get("/events.csv", read, listing::general_csv);
    pages.get("/events.json", read, listing::general_json);
    pages.get("/radius-events", read, listing::radius);
    pages.get("/radius-events.csv", read, listing::radius_csv);
    pages.get("/radius-events.json", read, listing::radius_json);
    pages.get("/events/{id}", read, showing::show);
}

/// When an event happened, to the second.
fn at(event: &Shown) -> Option<Time> {
    moment(&event.at)
}

/// A moment as events tell it: RFC 3339 in UTC, with parts of a second.
fn moment(text: &str) -> Option<Time> {
    Time::parse_rfc3339(&format!("{}Z", text.get(..19)?))
}

/// The words of a kind of events; the kind itself where there are none.
pub(crate) fn word(kind: &str) -> String {
    text::find(&format!("event.kind.{}", kind.replace('.', "_"))).unwrap_or(kind).to_owned()
}

/// A text among the details of an event.
fn detail<'a>(event: &'a Shown, key: &str) -> Option<&'a str> {
    event.details.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_second_are_left_out() {
        assert_eq!(moment("2026-11-23T22:00:00.123Z"), Some(Time(1_795_471_200)));
        assert_eq!(moment("yesterday"), None);
        assert_eq!(moment(""), None);
    }
}
