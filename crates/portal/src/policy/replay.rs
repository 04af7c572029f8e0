//! Replay before publish: what devices asked in the last days, answered once more by what stands in
//! the form. Nothing is saved.

use std::sync::Arc;

use actions::decision::replay;
use actions::decision::replay::Answer;
use actions::decision::replay::Change;
use actions::decision::replay::Fare;
use actions::decision::replay::Replayed;
use actions::decision::replay::Request;
use actions::object as definitions;
use actions::object::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::network_policy::Access as NetworkAccess;
use domain::object::Kind;
use domain::organization::Organization;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::fault::Fault;
use crate::filters;
use crate::list::Link;
use crate::object;
use crate::object::Noun;
use crate::object::edit::Editing;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// How far is looked back.
const DAYS: u32 = 7;

/// Most devices that the page names of each change; it counts all.
const DEVICES_SHOWN: usize = 200;

/// Adds its pages.
pub(crate) fn pages<N: Noun>(pages: &mut Pages) {
    let path = format!("{}/{{name}}/replay", object::list_url(N::KIND));
    let access = Access::Needs(Permission::to_change(N::KIND));
    pages.get(path.clone(), access, back::<N>);
    pages.post(path, access, run::<N>);
}

/// What else a form of an existing one can do.
pub(crate) fn tries(kind: Kind, slug: &str) -> Vec<Link> {
    vec![Link::new("policy.replay_draft", format!("{}/replay", object::url(kind, slug)))]
}

/// Simulate and Replay, on the page of one.
pub(crate) fn links(kind: Kind, visitor: &Visitor, shown: &Shown) -> Vec<Link> {
    let mut links = Vec::new();
    if visitor.can(Permission::CertificateRead) {
        let url = format!("{}/_simulate", object::list_url(kind));
        links.push(Link::new("policy.simulate", url));
    }
    if visitor.can(Permission::to_change(kind)) {
        let url = format!("{}/edit#tries", object::url(kind, &shown.slug));
        links.push(Link::new("policy.replay", url));
    }
    links
}

/// `GET /{plural}/{name}/replay`: there is nothing to replay without a form.
async fn back<N: Noun>(Path(name): Path<String>) -> Redirect {
    Redirect::to(&format!("{}/edit#tries", object::url(N::KIND, &name)))
}

/// `POST /{plural}/{name}/replay`
async fn run<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let before = definitions::show(&desk.app, actor, N::KIND, &name)?;
    let definition = N::form(&desk, &before.definition).read(&posted, &before.definition);
    let mut editing = Editing::again::<N>(&desk, &visitor, &before, definition.clone(), &posted);
    let draft = draft(&desk, N::KIND, &before.name, definition);
    let request = Request { days: DAYS, draft, after: None };
    match replay::replay(&desk.app, actor, &request).await {
        Ok(replayed) => {
            editing.add(Panel::of(&replayed).render().unwrap_or_default());
            Ok(editing.page::<N>(StatusCode::OK).into_response())
        }
        Err(not_applied) => editing.refused::<N>(definitions::local(N::KIND, not_applied)),
    }
}

/// The policies of a kind in their order, with one as the form has it.
fn draft(desk: &Desk, kind: Kind, name: &str, definition: Value) -> Value {
    let rules = desk.app.snapshot.rules();
    let mut all = of_kind(&rules.organization, kind);
    let is_it = |one: &Value| one.get("name").and_then(Value::as_str) == Some(name);
    let renamed = !is_it(&definition);
    if let Some(one) = all.iter_mut().find(|one| is_it(one)) {
        *one = definition;
        if renamed {
            // It keeps the names that it had before.
            definitions::rename(one, name);
        }
    }
    json!({ kind.as_str(): all })
}

fn of_kind(organization: &Organization, kind: Kind) -> Vec<Value> {
    match kind {
        Kind::PolicyWorkflow => values(&organization.policy_workflow),
        Kind::EnrollmentPolicy => values(&organization.enrollment_policy),
        Kind::NetworkPolicy => values(&organization.network_policy),
        Kind::Organization
        | Kind::CertificateAuthority
        | Kind::ServerCertificate
        | Kind::CertificateTemplate
        | Kind::Gateway
        | Kind::NetworkProfile
        | Kind::AccessPoint
        | Kind::Person
        | Kind::Device => Vec::new(),
    }
}

fn values<T: Serialize>(all: &[T]) -> Vec<Value> {
    all.iter().filter_map(|one| serde_json::to_value(one).ok()).collect()
}

#[derive(Template)]
#[template(path = "policy/replay.html")]
struct Panel {
    headline: String,
    looked_at: String,
    without_inputs: Option<String>,
    is_more: bool,
    changes: Vec<Changed>,
}

/// The devices that fare in the same way.
struct Changed {
    title: String,
    devices: Vec<Told>,
    more: Option<String>,
}

/// One of them.
struct Told {
    device: String,
    event: String,
    access_point: String,
    at: pki::time::Time,
    before: String,
    after: String,
}

impl Panel {
    fn of(replayed: &Replayed) -> Self {
        let count = |change: Change| {
            replayed.devices.iter().filter(|fare| fare.change == change).count().to_string()
        };
        let (lose, gain) = (count(Change::Loses), count(Change::Gains));
        let counts = [("lose", lose.as_str()), ("gain", &gain), ("move", &count(Change::Moves))];
        let decisions = replayed.decisions.to_string();
        let devices = replayed.devices.len().to_string();
        let looked = [("decisions", decisions.as_str()), ("devices", &devices)];
        let without = replayed.without_inputs.to_string();
        let changes = [
            (Change::Loses, "policy.replay_loses"),
            (Change::Gains, "policy.replay_gains"),
            (Change::Moves, "policy.replay_moves"),
        ];
        let changes = changes.into_iter().map(|(change, key)| changed(replayed, change, key));
        Self {
            headline: text::with("policy.replay_headline", &counts),
            looked_at: text::with("policy.replay_looked_at", &looked),
            without_inputs: (replayed.without_inputs > 0)
                .then(|| text::with("policy.replay_without", &[("count", &without)])),
            is_more: replayed.next.is_some(),
            changes: changes.filter(|changed| !changed.devices.is_empty()).collect(),
        }
    }
}

fn changed(replayed: &Replayed, change: Change, key: &str) -> Changed {
    let all: Vec<&Fare> = replayed.devices.iter().filter(|fare| fare.change == change).collect();
    let more = all.len().saturating_sub(DEVICES_SHOWN).to_string();
    Changed {
        title: text::t(key).into_owned(),
        more: (all.len() > DEVICES_SHOWN).then(|| text::with("policy.more", &[("count", &more)])),
        devices: all.into_iter().take(DEVICES_SHOWN).map(told).collect(),
    }
}

fn told(fare: &Fare) -> Told {
    Told {
        device: fare.device.clone(),
        event: fare.event.to_string(),
        access_point: fare.access_point.clone(),
        at: fare.at,
        before: sentence(&fare.before),
        after: sentence(&fare.after),
    }
}

/// An answer as a sentence.
fn sentence(answer: &Answer) -> String {
    let policy = answer.policy.as_deref().unwrap_or_default();
    let vlan = answer.vlan.as_deref().unwrap_or_default();
    let values = [("policy", policy), ("vlan", vlan)];
    match (answer.access, &answer.reason, answer.vlan.is_some()) {
        (NetworkAccess::Accept, _, true) => text::with("policy.lets_in_vlan", &values),
        (NetworkAccess::Accept, _, false) => text::with("policy.lets_in", &values),
        (NetworkAccess::Refuse, Some(reason), _) => reason.clone(),
        (NetworkAccess::Refuse, None, _) => text::t("policy.access.refuse").into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fare(device: &str, change: &str, before: Value, after: Value) -> Value {
        json!({
            "id": device, "device": device, "event": "00000000-0000-7000-8000-000000000001",
            "at": "2026-11-26T12:00:00Z", "access_point": "Hall", "before": before,
            "after": after, "change": change, "decisions": 2,
        })
    }

    #[test]
    fn who_loses_and_gains_is_counted_and_told_with_the_reason() {
        let yes = json!({"access": "accept", "policy": "Staff", "vlan": "20", "code": null});
        let no = json!({"access": "refuse", "policy": null, "vlan": null, "code": "X",
            "reason": "no network policy matches"});
        let replayed: Replayed = serde_json::from_value(json!({
            "decisions": 8, "without_inputs": 1, "answered_otherwise": 0, "next": null,
            "devices": [
                fare("<b>Ann's Mac", "loses", yes.clone(), no.clone()),
                fare("Ben's Mac", "gains", no.clone(), yes.clone()),
                fare("Cem's Mac", "gains", no, yes.clone()),
                fare("Dan's Mac", "same", yes.clone(), yes),
            ],
        }))
        .unwrap();
        let html = Panel::of(&replayed).render().unwrap();
        assert!(html.contains("1 lose, 2 gain, 0 move"), "{html}");
        assert!(html.contains("8 decisions about 4 devices"), "{html}");
        assert!(html.contains("Of 1 it is not on record"), "{html}");
        assert!(html.contains("&#60;b&#62;Ann"), "{html}");
        assert!(html.contains("no network policy matches"), "{html}");
        assert!(html.contains("Staff lets it in, VLAN 20"), "{html}");
        assert!(!html.contains("Dan"), "{html}");
    }
}
