//! Workflows and policies: looking at them in the order in which they are asked.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::condition::listing;
use domain::condition::listing::ListedField;
use domain::object::Kind;
use domain::policy::Policy;
use domain::policy::Ready;
use domain::policy::State;
use domain::refusal::Refusal;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::App;

/// A workflow or policy, as people and programs see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ShownPolicy {
    /// Its name.
    pub name: String,
    /// Its place among its kind, from 1.
    pub position: usize,
    /// Whether it decides anything now: a draft does not.
    pub state: State,
    /// As the declarative file has it.
    pub definition: Value,
}

/// The nouns that have policies.
pub const KINDS: [Kind; 3] = [Kind::PolicyWorkflow, Kind::EnrollmentPolicy, Kind::NetworkPolicy];

/// Every field that rules can look at.
pub fn fields(actor: &Actor) -> Result<Vec<ListedField>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(listing::fields())
}

/// All of one kind, in their order.
pub fn list(app: &App, actor: &Actor, kind: Kind) -> Result<Vec<ShownPolicy>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let (rules, now) = (app.snapshot.rules(), app.world.time());
    let policies = &rules.policies;
    Ok(match kind {
        Kind::PolicyWorkflow => shown(&policies.workflows, now),
        Kind::EnrollmentPolicy => shown(&policies.enrollment, now),
        Kind::NetworkPolicy => shown(&policies.network, now),
        Kind::Organization
        | Kind::CertificateAuthority
        | Kind::ServerCertificate
        | Kind::CertificateTemplate
        | Kind::Gateway
        | Kind::NetworkProfile
        | Kind::AccessPoint
        | Kind::Person
        | Kind::Device => Vec::new(),
    })
}

/// One of them.
pub fn show(app: &App, actor: &Actor, kind: Kind, name: &str) -> Result<ShownPolicy, Refusal> {
    let all = list(app, actor, kind)?;
    let missing = || Refusal::NotFound { noun: kind.words(), name: name.to_owned() };
    all.into_iter().find(|policy| policy.name == name).ok_or_else(missing)
}

fn shown<P: Policy>(policies: &[Ready<P>], now: Time) -> Vec<ShownPolicy> {
    let shown = policies.iter().enumerate().map(|(index, ready)| ShownPolicy {
        name: ready.policy.name().to_owned(),
        position: index + 1,
        state: ready.policy.state(now),
        definition: serde_json::to_value(&ready.policy).unwrap_or_default(),
    });
    shown.collect()
}
