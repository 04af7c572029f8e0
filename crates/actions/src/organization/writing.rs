//! A plan as statements and events: what is renamed keeps its history and its secrets.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::event::Event;
use domain::event::EventKind;
use domain::gateway::Gateway;
use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::each_kind;
use domain::plan::Merged;
use domain::plan::Plan;
use domain::plan::SharedSecrets;
use domain::plan::Touched;
use domain::refusal::Refusal;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::gateway::KeptSecret;
use store::write::Write;

use crate::App;
use crate::certificate_authority::Made;
use crate::change;
use crate::gateway;
use crate::gateway::ShownSecret;
use crate::organization::event_of;
use crate::organization::history::Definitions;
use crate::unavailable;
use crate::world::Said;

/// What belongs to objects that get another name, and goes with them.
#[derive(Default)]
pub(super) struct Moving {
    /// Challenges of gateways, by the old name.
    challenges: HashMap<String, Vec<KeptSecret>>,
    /// Secrets of access points, by the old name.
    shared_secrets: SharedSecrets,
}

impl Moving {
    /// Finds what goes with the renames of a plan; `kept` are the shared secrets of now.
    pub(super) async fn find(app: &App, plan: &Plan, kept: SharedSecrets) -> Result<Self, Refusal> {
        let mut moving = Self { shared_secrets: kept, ..Self::default() };
        if plan.renamed().any(|(kind, _, _)| kind == Kind::Gateway) {
            for secret in store::gateway::secrets(&app.store).await.map_err(unavailable)? {
                moving.challenges.entry(secret.gateway.clone()).or_default().push(secret);
            }
        }
        Ok(moving)
    }
}

/// The statements of a plan.
pub(super) fn write(
    app: &App,
    merged: &Merged,
    version: i64,
    (moving, secrets): (&Moving, &[ShownSecret]),
) -> Write {
    let now = app.world.time();
    let organization = &merged.organization;
    let mut write = store::organization::save(Write::new(), &organization.settings, version);
    // What goes gives its slug free for what comes.
    for change in &merged.plan.remove {
        write = remove(write, change.kind, &change.name);
    }
    for (kind, old, _) in merged.plan.renamed() {
        write = store::organization::remove_object(write, kind, old);
    }
    let touched = merged.plan.touched();
    let mut writer = Writer { merged, touched, now, write };
    each_kind(&mut writer);
    write = writer.write;
    write = move_secrets(write, app, merged, moving);
    for point in &organization.access_point {
        let Some(secret) = &point.shared_secret else { continue };
        write = store::access_point::save_secret(write, &app.master, &point.name, secret, now);
    }
    let gateways: HashMap<&str, &Gateway> =
        organization.gateway.iter().map(|gateway| (gateway.name.as_str(), gateway)).collect();
    for shown in secrets {
        let Some(gateway) = gateways.get(shown.name.as_str()) else { continue };
        write = gateway::add_secret(write, app, gateway, &shown.secret, now);
    }
    write
}

/// Removes an object with its secrets.
fn remove(write: Write, kind: Kind, name: &str) -> Write {
    let write = store::organization::remove_object(write, kind, name);
    match kind {
        Kind::Gateway => store::gateway::remove_secrets(write, name),
        Kind::AccessPoint => store::access_point::remove_secret(write, name),
        Kind::Organization
        | Kind::CertificateAuthority
        | Kind::ServerCertificate
        | Kind::CertificateTemplate
        | Kind::PolicyWorkflow
        | Kind::EnrollmentPolicy
        | Kind::NetworkPolicy
        | Kind::NetworkProfile
        | Kind::Person
        | Kind::Device => write,
    }
}

/// Lets secrets follow what they belong to. A shared secret is sealed for its name, and so anew.
fn move_secrets(mut write: Write, app: &App, merged: &Merged, moving: &Moving) -> Write {
    for (kind, old, new) in merged.plan.renamed() {
        if kind == Kind::Gateway {
            for secret in moving.challenges.get(old).into_iter().flatten() {
                write = store::gateway::rename_secret(write, secret, new);
            }
        }
        if kind == Kind::AccessPoint {
            write = store::access_point::remove_secret(write, old);
            let now = app.world.time();
            if let Some(secret) = moving.shared_secrets.get(old) {
                write = store::access_point::save_secret(write, &app.master, new, secret, now);
            }
        }
    }
    write
}

struct Writer<'a> {
    merged: &'a Merged,
    touched: Touched<'a>,
    now: Time,
    write: Write,
}

impl EachKind for Writer<'_> {
    fn visit<T: Listed>(&mut self) {
        for (position, object) in T::list(&self.merged.organization).iter().enumerate() {
            if self.touched.holds(T::KIND, object.name()) {
                let write = core::mem::take(&mut self.write);
                self.write = store::organization::save_object(write, object, position, self.now);
            }
        }
    }
}

/// One event for each object, and one for each certificate that was made on the way.
pub(super) fn events(
    app: &App,
    actor: &Actor,
    (plan, definitions): (&Plan, &Definitions),
    made: &[Made],
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut add = |kind: EventKind, object: String, details: Map<String, Value>| {
        let said = Said { actor: actor.name().to_owned(), object, details };
        events.push(app.world.event(kind, None, said));
    };
    let lists = [
        (EventKind::ObjectCreated, &plan.create),
        (EventKind::ObjectChanged, &plan.change),
        (EventKind::ObjectRemoved, &plan.remove),
    ];
    for (kind, changes) in lists {
        for one in changes {
            let definition = definitions.find(one.kind, &one.name);
            let details = match (kind, definition) {
                (EventKind::ObjectCreated, Some(after)) => change::created(after),
                (EventKind::ObjectRemoved, Some(before)) => change::removed(before),
                (_, _) => change::changed(&one.fields),
            };
            add(kind, format!("{}:{}", one.kind, one.name), details);
        }
    }
    events.extend(made.iter().map(|made| event_of(app, actor, made)));
    events
}
