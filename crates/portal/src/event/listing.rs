//! Lists of events: with the filter as chips, search, quick filters, live rows, pages both ways, and
//! as files.

use std::sync::Arc;

use actions::certificate::Page;
use actions::event;
use actions::event::Ask;
use askama::Template;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::event::Outcome;
use domain::event::Shown;
use domain::event::listing::FIELDS;
use domain::event::listing::Order;
use domain::mac::Mac;

use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Asked;
use crate::list::Cell;
use crate::list::Link;
use crate::list::List;
use crate::list::PAGE_ITEMS;
use crate::list::Row;
use crate::page::Desk;
use crate::subject;
use crate::text;
use crate::url;
use crate::visible;
use crate::visitor::Visitor;

/// Most events of one file; who wants more takes them over the API, page by page, or asks for what
/// was before the last of it.
const EXPORT_ITEMS_MAX: usize = 10_000;

/// Most looks for the events of one file: each looks through no more rows than the list of events
/// does, so that ten million are looked through in less than a minute.
const EXPORT_LOOKS_MAX: usize = 500;

/// The kind, in a file, of a last line that is no event: that the file stops there.
const STOPPED: &str = "export.stopped";

/// Most pages that are looked through for one that has something on it: each looks through no more
/// rows than the list of events does.
const LOOKS_MAX: usize = 5;

/// What a cursor begins with that goes back to what is newer.
const NEWER: &str = "newer-";

/// One of the two lists.
struct Kind {
    /// Where its words are, and its URL.
    noun: &'static str,
    path: &'static str,
    /// What is on it, in the language of filters.
    base: &'static str,
    columns: &'static [(&'static str, &'static str)],
    /// Terms that are one click away, each with the key of its words.
    quick: &'static [(&'static str, &'static str)],
    cells: fn(&Shown) -> Vec<Cell>,
}

/// All but what access points ask and tell.
static GENERAL: Kind = Kind {
    noun: "event",
    path: "/events",
    base: "-kind:network.* -kind:radius.*",
    columns: &[
        ("at", ""),
        ("kind", ""),
        ("outcome", ""),
        ("object", ""),
        ("actor", ""),
        ("reason", ""),
    ],
    quick: &[
        ("event.quick.refused", "outcome:refused"),
        ("event.quick.hour", "since:1h"),
        ("event.quick.enrollments", "kind:certificate.enrollment"),
        ("event.quick.changes", "kind:object.*"),
        ("event.quick.sign_ins", "kind:session.*"),
    ],
    cells: general_cells,
};

/// What access points ask and tell. Said by what is not on it, so that a term on a kind narrows it.
static RADIUS: Kind = Kind {
    noun: "radius_event",
    path: "/radius-events",
    base: "-kind:object.* -kind:inventory.* -kind:request.* -kind:api.* -kind:session.* \
           -kind:certificate.* -kind:authority.* -kind:server.* -kind:journal.*",
    columns: &[
        ("at", ""),
        ("kind", ""),
        ("outcome", ""),
        ("device", ""),
        ("station", ""),
        ("access_point", ""),
        ("policy", ""),
        ("reason", ""),
    ],
    quick: &[
        ("event.quick.refused", "outcome:refused"),
        ("event.quick.hour", "since:1h"),
        ("event.quick.access", "kind:network.access"),
        ("event.quick.sessions", "kind:network.session"),
        ("event.quick.dropped", "kind:radius.dropped"),
    ],
    cells: radius_cells,
};

#[derive(Template)]
#[template(path = "event/list.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// `GET /events`
pub(super) async fn general(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    show(&desk, &visitor, &GENERAL, asked).await
}

/// `GET /radius-events`
pub(super) async fn radius(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    show(&desk, &visitor, &RADIUS, asked).await
}

/// `GET /events.csv`
pub(super) async fn general_csv(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    Ok(csv(&GENERAL, &all(&desk, &visitor, &GENERAL, &asked).await?))
}

/// `GET /radius-events.csv`
pub(super) async fn radius_csv(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    Ok(csv(&RADIUS, &all(&desk, &visitor, &RADIUS, &asked).await?))
}

/// `GET /events.json`
pub(super) async fn general_json(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    Ok(json(&GENERAL, all(&desk, &visitor, &GENERAL, &asked).await?))
}

/// `GET /radius-events.json`
pub(super) async fn radius_json(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    Ok(json(&RADIUS, all(&desk, &visitor, &RADIUS, &asked).await?))
}

async fn show(
    desk: &Desk,
    visitor: &Visitor,
    kind: &'static Kind,
    asked: Asked,
) -> Result<Response, Fault> {
    // What is named for good has its page.
    if let Some(id) = as_id(&asked.search) {
        return Ok(Redirect::to(&format!("/events/{id}")).into_response());
    }
    let now = desk.app.world.time();
    let mut list = List::new(kind.noun, kind.path, &asked, (&FIELDS, now), kind.columns);
    if list.wrong.is_none() {
        let found = page(desk, visitor, kind, &asked).await?;
        list.rows = found.items.iter().map(|event| row(kind, event)).collect();
        list.newer = found.newer.map(|cursor| list.at(&cursor));
        list.goes_on(found.older);
        if asked.cursor.is_empty() {
            let filter = whole(kind, &list.filter, &asked.search);
            list.live = Some(url::with("/live", &[("filter", &filter)]));
        }
    }
    list.links = quick(kind, &list);
    list.exported();
    let frame = Frame::new(desk, visitor, text::t(&format!("{}.plural", kind.noun)));
    Ok(fault::render(&ListPage { frame, list }, StatusCode::OK))
}

/// A page of events, and the cursors of those beside it.
struct Found {
    items: Vec<Shown>,
    newer: Option<String>,
    older: Option<String>,
}

async fn page(desk: &Desk, visitor: &Visitor, kind: &Kind, asked: &Asked) -> Result<Found, Fault> {
    let filter = whole(kind, &asked.filter(), &asked.search);
    let (order, cursor) = match asked.cursor.strip_prefix(NEWER) {
        Some(cursor) => (Order::Oldest, Some(cursor)),
        None => (Order::Newest, Some(asked.cursor.as_str())),
    };
    let cursor = cursor.filter(|cursor| !cursor.is_empty()).map(str::to_owned);
    let begun_within = cursor.is_some();
    let page = look(desk, visitor, (&filter, order), cursor).await?;
    if order == Order::Oldest && page.items.is_empty() && page.next.is_none() {
        // Nothing is newer: that is the beginning of the list.
        let page = look(desk, visitor, (&filter, Order::Newest), None).await?;
        return Ok(found(page, Order::Newest, false));
    }
    Ok(found(page, order, begun_within))
}

/// A page with the way to those beside it. Where so many rows were looked through that it has
/// nothing on it, the way goes on from there.
fn found(page: Page<Shown>, order: Order, begun_within: bool) -> Found {
    let Page { mut items, next } = page;
    if order == Order::Oldest {
        items.reverse();
    }
    let id = |event: Option<&Shown>| event.map(|event| event.id.to_string()).or(next.clone());
    let (first, last) = (id(items.first()), id(items.last()));
    let (newer, older) = match order {
        Order::Newest => (first.filter(|_| begun_within), next),
        // What was gone back from is older.
        Order::Oldest => (first.filter(|_| next.is_some()), last),
    };
    Found { items, newer: newer.map(|id| format!("{NEWER}{id}")), older }
}

/// Events of one page. A list looks through so many rows at a time; where the first have nothing,
/// a few looks further are worth it.
async fn look(
    desk: &Desk,
    visitor: &Visitor,
    (filter, order): (&str, Order),
    mut cursor: Option<String>,
) -> Result<Page<Shown>, Fault> {
    let mut found = Page { items: Vec::new(), next: None };
    for _ in 0..LOOKS_MAX {
        let ask = Ask { filter, order, cursor: cursor.as_deref(), limit: PAGE_ITEMS };
        found = event::list(&desk.app, visitor.actor()?, ask).await?;
        if !found.items.is_empty() || found.next.is_none() {
            break;
        }
        cursor.clone_from(&found.next);
    }
    Ok(found)
}

/// What a file holds, as far as it is read.
struct Whole {
    events: Vec<Shown>,
    /// Behind which event it goes on, if there may be more.
    next: Option<String>,
    looks: usize,
}

/// All events that are asked for, as many as a file holds.
async fn all(desk: &Desk, visitor: &Visitor, kind: &Kind, asked: &Asked) -> Result<Whole, Fault> {
    let filter = whole(kind, &asked.filter(), &asked.search);
    let mut all = Whole { events: Vec::new(), next: None, looks: 0 };
    loop {
        let cursor = all.next.as_deref();
        let ask = Ask { filter: &filter, order: Order::Newest, cursor, limit: 1000 };
        let page = event::list(&desk.app, visitor.actor()?, ask).await?;
        if !all.goes_on(page, (EXPORT_ITEMS_MAX, EXPORT_LOOKS_MAX)) {
            return Ok(all);
        }
    }
}

impl Whole {
    /// Takes a page, and says whether another one is to be looked for: until the end, or until so
    /// many events or looks.
    fn goes_on(&mut self, page: Page<Shown>, (items_max, looks_max): (usize, usize)) -> bool {
        self.looks += 1;
        self.events.extend(page.items);
        self.next = page.next;
        if self.events.len() > items_max {
            self.events.truncate(items_max);
            self.next = self.events.last().map(|last| last.id.to_string());
        }
        self.next.is_some() && self.events.len() < items_max && self.looks < looks_max
    }
}

/// What is on a list, what is asked of it, and what is looked for.
fn whole(kind: &Kind, filter: &str, search: &str) -> String {
    let search = term(search.trim());
    let parts = [kind.base, filter.trim(), &search];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What somebody types, as the term that they most likely mean.
fn term(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let is_hex = |c: char| c.is_ascii_hexdigit();
    let is_code = search.split_once('-').is_some_and(|(family, _)| FAMILIES.contains(&family))
        && search.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    let is_address = Mac::parse(search).is_some()
        || (search.contains([':', '-'])
            && search.chars().all(|c| is_hex(c) || c == ':' || c == '-')
            && !is_code);
    let is_serial = search.len() >= 16 && search.chars().all(is_hex);
    let has_noun = search.split_once(':').is_some_and(|(noun, _)| {
        !noun.is_empty() && noun.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    });
    let (field, text) = if is_address {
        ("station", search.to_owned())
    } else if is_code {
        ("code", search.to_owned())
    } else if is_serial {
        ("object", format!("certificate:{}", search.to_ascii_uppercase()))
    } else if has_noun {
        ("object", search.to_owned())
    } else {
        ("device", search.to_owned())
    };
    let mut quoted = String::with_capacity(text.len() + 2);
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\' | '*') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    format!("{field}:\"{quoted}*\"")
}

/// What codes of reasons begin with.
const FAMILIES: [&str; 9] = ["ENR", "NAS", "EAP", "TLS", "CERT", "DEV", "POL", "SYS", "API"];

/// The id of an event.
fn as_id(text: &str) -> Option<String> {
    let text = text.trim();
    let is_id = text.len() == 36
        && text.chars().enumerate().all(|(place, c)| match place {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        });
    is_id.then(|| text.to_ascii_lowercase())
}

/// Terms that are put behind the filter with one click, or taken away if they are there.
fn quick(kind: &Kind, list: &List) -> Vec<Link> {
    let one = |(key, term): &(&str, &str)| {
        let terms: Vec<&str> = list.chips.iter().map(|chip| chip.text.as_str()).collect();
        let is_there = list.filter.split_whitespace().any(|one| one == *term);
        let filter = if is_there {
            let rest = list.filter.split_whitespace().filter(|one| one != term);
            rest.collect::<Vec<_>>().join(" ")
        } else {
            format!("{} {term}", list.filter).trim().to_owned()
        };
        let filter =
            if terms.is_empty() && list.wrong.is_some() { (*term).to_owned() } else { filter };
        let link =
            Link::new(key, url::with(kind.path, &[("search", &list.search), ("filter", &filter)]));
        let mark = if is_there { "✓ " } else { "" };
        Link { title: format!("{mark}{}", link.title), ..link }
    };
    kind.quick.iter().map(one).collect()
}

fn row(kind: &Kind, event: &Shown) -> Row {
    Row { url: format!("/events/{}", event.id), cells: (kind.cells)(event) }
}

fn general_cells(event: &Shown) -> Vec<Cell> {
    vec![
        super::at(event).map_or(Cell::None, Cell::At),
        Cell::Text(super::word(&event.kind)),
        outcome(event.outcome),
        known(Some(&subject::of(event)).filter(|object| !object.is_empty())),
        known(Some(&event.actor)),
        reason(event),
    ]
}

fn radius_cells(event: &Shown) -> Vec<Cell> {
    let text = |key: &str| super::detail(event, key).map(str::to_owned);
    let address = text("address").filter(|_| event.kind == "radius.dropped");
    let policy = match (text("policy"), text("vlan")) {
        (Some(policy), Some(vlan)) => Some(format!("{policy}, VLAN {vlan}")),
        (policy, None) => policy,
        (None, Some(vlan)) => Some(format!("VLAN {vlan}")),
    };
    vec![
        super::at(event).map_or(Cell::None, Cell::At),
        Cell::Text(super::word(&event.kind)),
        outcome(event.outcome),
        known(text("device").or(text("identity")).as_ref()),
        text("calling_station").map_or(Cell::None, Cell::Code),
        known(text("access_point").or(address).as_ref()),
        known(policy.as_ref()),
        reason(event),
    ]
}

fn known(text: Option<&String>) -> Cell {
    text.map_or(Cell::None, |text| Cell::Text(text.clone()))
}

/// How it came out, in a color and a word.
pub(super) fn outcome(outcome: Outcome) -> Cell {
    match outcome {
        Outcome::Accepted => Cell::Badge("green", text::t("event.accepted").into_owned()),
        Outcome::Refused => Cell::Badge("red", text::t("event.refused").into_owned()),
    }
}

fn reason(event: &Shown) -> Cell {
    let Some(reason) = &event.reason else { return Cell::None };
    Cell::Text(format!("{}: {}", reason.code, reason.sentence))
}

/// What the last line of a file says that stops before the end: where, and how to go on.
fn stopped(file: &Whole) -> Option<(String, String, String)> {
    let id = file.next.clone()?;
    let at = file.events.last().map(|last| last.at.clone()).unwrap_or_default();
    let count = file.events.len().to_string();
    let key = if at.is_empty() { "event.export_stopped_empty" } else { "event.export_stopped" };
    let sentence = text::with(key, &[("count", &count), ("at", &at), ("cursor", &id)]);
    Some((id, at, sentence))
}

/// Events as JSON. Behind the last stands where the file stops, if there are more.
fn json(kind: &Kind, file: Whole) -> Response {
    let last = stopped(&file);
    let events = file.events.iter().map(|event| serde_json::to_value(event).unwrap_or_default());
    let last = last.map(|(id, at, sentence)| {
        serde_json::json!({ "kind": STOPPED, "cursor": id, "at": at, "sentence": sentence })
    });
    let all: Vec<serde_json::Value> = events.chain(last).collect();
    export::json(kind.path.trim_start_matches('/'), &all)
}

fn csv(kind: &Kind, file: &Whole) -> Response {
    let head = [
        "id",
        "at",
        "kind",
        "outcome",
        "actor",
        "object",
        "code",
        "sentence",
        "device",
        "station",
        "access_point",
        "policy",
        "vlan",
    ];
    let rows = file.events.iter().map(|event| {
        let text = |key: &str| super::detail(event, key).unwrap_or_default().to_owned();
        let reason = |of: fn(&domain::refusal::Reason) -> &String| {
            event.reason.as_ref().map(of).cloned().unwrap_or_default()
        };
        let mut row = vec![
            event.id.to_string(),
            event.at.clone(),
            event.kind.clone(),
            event.outcome.as_str().to_owned(),
            event.actor.clone(),
            event.object.clone(),
            reason(|reason| &reason.code),
            reason(|reason| &reason.sentence),
        ];
        row.extend(["device", "calling_station", "access_point", "policy", "vlan"].map(text));
        row.iter().map(|cell| visible::text(cell, visible::TEXT_CHARS_MAX)).collect()
    });
    let last = stopped(file).map(|(id, at, sentence)| {
        let mut row = vec![id, at, STOPPED.to_owned()];
        row.resize(head.len(), String::new());
        if let Some(cell) = head.iter().position(|name| *name == "sentence") {
            row.splice(cell..=cell, [sentence]);
        }
        row
    });
    let rows = rows.chain(last);
    export::csv(kind.path.trim_start_matches('/'), &head, rows)
}

#[cfg(test)]
mod tests;
