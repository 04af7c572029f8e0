//! Workflows and policies: what their rules can look at, and whether they decide anything now.

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

use crate::App;
use crate::rules::Rules;

/// Every field that rules can look at.
pub fn fields(actor: &Actor) -> Result<Vec<ListedField>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(listing::fields())
}

/// Whether each of one kind decides anything now, in their order; nothing for what decides nothing
/// by its nature.
pub(crate) fn states(app: &App, rules: &Rules, kind: Kind) -> Vec<State> {
    let now = app.world.time();
    let policies = &rules.policies;
    match kind {
        Kind::PolicyWorkflow => states_of(&policies.workflows, now),
        Kind::EnrollmentPolicy => states_of(&policies.enrollment, now),
        Kind::NetworkPolicy => states_of(&policies.network, now),
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

fn states_of<P: Policy>(policies: &[Ready<P>], now: Time) -> Vec<State> {
    policies.iter().map(|ready| ready.policy.state(now)).collect()
}
