//! What happened around an event: to the same device, at the same address, with the same
//! certificate.

use actions::event;
use actions::event::Ask;
use domain::event::Shown;
use domain::event::listing::Order;
use pki::time::Time;

use super::detail;
use crate::list::Cell;
use crate::page::Desk;
use crate::visitor::Visitor;

/// How long before and after an event others are looked for, in seconds: a device that was refused
/// tries again within minutes.
const AROUND_SECONDS: i64 = 15 * 60;

/// Most events before, and most behind.
const SHOWN_MAX: u32 = 10;

/// One line of a timeline.
pub(super) struct Moment {
    pub(super) url: String,
    pub(super) at: Option<Time>,
    pub(super) what: String,
    pub(super) outcome: Cell,
    pub(super) reason: Option<String>,
    /// Whether it is the event itself.
    pub(super) is_here: bool,
}

/// What happened around it, in the order of time; only itself where it tells of nobody.
pub(super) async fn around(desk: &Desk, visitor: &Visitor, event: &Shown) -> Vec<Moment> {
    let mut events = Vec::new();
    if let (Some(who), Some(at)) = (who(event), super::at(event)) {
        let bounds = [
            (Order::Newest, "since", at.0 - AROUND_SECONDS),
            (Order::Oldest, "until", at.0 + AROUND_SECONDS),
        ];
        for (order, word, bound) in bounds {
            let filter = format!("{who} {word}:{}", Time(bound).to_rfc3339());
            let id = event.id.to_string();
            let ask = Ask { filter: &filter, order, cursor: Some(&id), limit: SHOWN_MAX };
            let Ok(actor) = visitor.actor() else { continue };
            match event::list(&desk.app, actor, ask).await {
                Ok(page) => events.extend(page.items),
                // The event itself is shown all the same.
                Err(refusal) => tracing::debug!(%refusal, "what happened around is not shown"),
            }
        }
    }
    events.push(event.clone());
    events.sort_by_key(|event| event.id);
    events.iter().map(|one| moment(one, one.id == event.id)).collect()
}

/// The term of a filter that finds whoever it was.
fn who(event: &Shown) -> Option<String> {
    let quoted = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('*', "\\*"))
    };
    if let Some(station) = detail(event, "calling_station") {
        return Some(format!("station:{}", quoted(station)));
    }
    if let Some(device) = detail(event, "device") {
        return Some(format!("device:{}", quoted(device)));
    }
    let has_name = event.object.split_once(':').is_some_and(|(_, name)| !name.is_empty());
    has_name.then(|| format!("object:{}", quoted(&event.object)))
}

fn moment(event: &Shown, is_here: bool) -> Moment {
    Moment {
        url: format!("/events/{}", event.id),
        at: super::at(event),
        what: super::word(&event.kind),
        outcome: super::listing::outcome(event.outcome),
        reason: event.reason.as_ref().map(|reason| reason.sentence.clone()),
        is_here,
    }
}

#[cfg(test)]
mod tests {
    use domain::event::listing::FIELDS;
    use domain::filter::Filter;
    use serde_json::json;

    use super::*;

    #[test]
    fn hostile_names_are_one_term_of_a_filter() {
        for name in ["a\" outcome:accepted \"", "a\\", "x*", "a\u{1b}b", "*", "\u{202e}x"] {
            let event: Shown = serde_json::from_value(json!({
                "id": "019aefb0-4e80-7000-8000-000000000000", "at": "", "kind": "x",
                "outcome": "refused", "actor": "", "object": "certificate:", "reason": null,
                "device": name,
            }))
            .unwrap();
            let term = who(&event).unwrap();
            let filter = Filter::parse(&term, &FIELDS, Time(0));
            assert_eq!(filter.unwrap().terms().len(), 1, "{term}");
        }
    }
}
