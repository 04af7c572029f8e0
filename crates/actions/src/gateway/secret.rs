//! Further challenges of a gateway: a new one beside the old, so that profiles can change over, and
//! then the old one's end.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::complaint::Complaints;
use domain::event::EventKind;
use domain::gateway::Gateway;
use domain::object::Kind;
use domain::object::check_name;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use store::gateway::KeptSecret;
use store::gateway::Listed;
use store::write::Write;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use crate::App;
use crate::gateway::ShownSecret;
use crate::gateway::draw_secret;
use crate::gateway::show_secret;
use crate::inventory;
use crate::organization;
use crate::organization::NotApplied;
use crate::rules::Rules;
use crate::unavailable;
use crate::world::Said;

/// Most challenges of a gateway: one a profile and platform, and a request is compared with each.
pub const SECRETS_MAX: usize = 16;

/// A challenge as administrators see it: everything but itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = Challenge)]
pub struct Shown {
    /// Names it.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used, to the minute; never if none.
    pub last_used_at: Option<Time>,
}

/// What is asked of a new challenge.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ChallengeOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What it is for.
    pub label: String,
}

/// A challenge in the moment in which it is shown: once.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Made {
    /// Names it.
    pub id: String,
    /// What it is for.
    pub label: String,
    /// Gateway, Enrollment URL and the challenge itself.
    #[serde(flatten)]
    pub shown: ShownSecret,
}

/// Which of a gateway's challenges this is, if any. All are compared, so that the time tells nothing.
/// A challenge is hashed for the name that the gateway had when it was drawn.
pub(crate) fn found(
    app: &App,
    rules: &Rules,
    gateway: &Gateway,
    challenge: &Secret,
) -> Option<String> {
    let mut found = None;
    for name in gateway.names() {
        let hash = store::gateway::hash(&app.master, name, challenge);
        for kept in rules.gateway_secrets(&gateway.name) {
            if bool::from(kept.hash.ct_eq(&hash)) {
                found = Some(kept.id.clone());
            }
        }
    }
    found
}

/// The challenges of a gateway, oldest first.
pub async fn list(app: &App, actor: &Actor, name: &str) -> Result<Vec<Shown>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let gateway = find(app, name)?;
    let listed = store::gateway::list(&app.store, &gateway.name).await.map_err(unavailable)?;
    let shown = listed.into_iter().map(|one| {
        let Listed { id, label, created_at, last_used_at } = one;
        Shown { id, label, created_at, last_used_at }
    });
    Ok(shown.collect())
}

/// Draws a further challenge: the gateway takes both.
pub async fn add(app: &App, actor: &Actor, name: &str, order: Order) -> Result<Made, NotApplied> {
    let answer = try_add(app, actor, name, order).await;
    inventory::note(app, actor, format!("gateway:{name}"), &answer).await;
    answer
}

async fn try_add(app: &App, actor: &Actor, name: &str, order: Order) -> Result<Made, NotApplied> {
    actor.may(Permission::PkiChange)?;
    let mut complaints = Vec::new();
    check_name(&order.label, &mut Complaints::new("", &mut complaints));
    if !complaints.is_empty() {
        complaints.iter_mut().for_each(|complaint| complaint.path = "label".to_owned());
        return Err(NotApplied::Complaints(complaints));
    }
    let one_at_a_time = organization::begin_change(app).await;
    let gateway = find(app, name)?;
    let known = store::gateway::list(&app.store, &gateway.name).await.map_err(unavailable)?;
    if known.len() >= SECRETS_MAX {
        let what = format!("{} has {SECRETS_MAX} challenges already; remove one", gateway.name);
        return Err(Refusal::Conflict { what }.into());
    }
    let secret = draw_secret(&app.world);
    let hash = store::gateway::hash(&app.master, &gateway.name, &secret);
    let (id, label) = (app.world.id().to_string(), order.label);
    let kept = KeptSecret { id: id.clone(), gateway: gateway.name.clone(), hash };
    let write = store::gateway::add_secret(Write::new(), &kept, &label, app.world.time());
    let event = event(app, actor, &gateway.name, ("", label.as_str()));
    publish(app, one_at_a_time, write, event).await?;
    let rules = app.snapshot.rules();
    Ok(Made { id, label, shown: show_secret(&rules.organization, &gateway, &secret) })
}

/// Ends a challenge: devices that carry it enroll no more.
pub async fn remove(app: &App, actor: &Actor, name: &str, id: &str) -> Result<(), NotApplied> {
    let answer = try_remove(app, actor, name, id).await.map_err(NotApplied::from);
    inventory::note(app, actor, format!("gateway:{name}"), &answer).await;
    answer
}

async fn try_remove(app: &App, actor: &Actor, name: &str, id: &str) -> Result<(), Refusal> {
    actor.may(Permission::PkiChange)?;
    let one_at_a_time = organization::begin_change(app).await;
    let gateway = find(app, name)?;
    let known = store::gateway::list(&app.store, &gateway.name).await.map_err(unavailable)?;
    let missing = || Refusal::NotFound { noun: "challenge".into(), name: id.to_owned() };
    let gone = known.iter().find(|one| one.id == id).ok_or_else(missing)?;
    if known.len() == 1 {
        let what = format!("it is the only challenge of {}; add another first", gateway.name);
        return Err(Refusal::Conflict { what });
    }
    let write = store::gateway::remove_secret(Write::new(), &gateway.name, id);
    let event = event(app, actor, &gateway.name, (gone.label.as_str(), ""));
    publish(app, one_at_a_time, write, event).await
}

async fn publish(
    app: &App,
    one_at_a_time: tokio::sync::OwnedMutexGuard<()>,
    write: Write,
    event: domain::event::Event,
) -> Result<(), Refusal> {
    let rules = app.snapshot.rules();
    // Every server reads the rules again, challenges with them.
    let settings = &rules.organization.settings;
    let write = store::organization::save(write, settings, rules.version);
    organization::publish(app, one_at_a_time, (write, vec![event]), Vec::new()).await
}

fn find(app: &App, name: &str) -> Result<Gateway, Refusal> {
    let rules = app.snapshot.rules();
    let gateways = &rules.organization.gateway;
    let by_name = gateways.iter().find(|gateway| gateway.name == name);
    let found = by_name.or_else(|| rules.gateway_by_slug(name));
    let missing = || Refusal::NotFound { noun: Kind::Gateway.words(), name: name.to_owned() };
    found.cloned().ok_or_else(missing)
}

/// A challenge came or went; itself it is never told.
fn event(
    app: &App,
    actor: &Actor,
    gateway: &str,
    (before, after): (&str, &str),
) -> domain::event::Event {
    let label = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    let field = serde_json::json!({
        "field": "challenge", "before": label(before), "after": label(after),
    });
    let mut details = Map::new();
    details.insert("fields".into(), Value::from(vec![field]));
    let object = format!("{}:{gateway}", Kind::Gateway);
    let said = Said { actor: actor.name().to_owned(), object, details };
    app.world.event(EventKind::ObjectChanged, None, said)
}
