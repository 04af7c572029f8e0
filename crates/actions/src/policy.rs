//! Workflows and policies: what their rules can look at, and whether they decide anything now.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::condition::listing;
use domain::condition::listing::ListedField;
use domain::event::EventKind;
use domain::event::listing::FIELDS;
use domain::filter::Filter;
use domain::filter::quoted;
use domain::object::Kind;
use domain::policy::Policy;
use domain::policy::Ready;
use domain::policy::State;
use domain::refusal::Refusal;
use pki::time::Time;
use store::event::log;

use crate::App;
use crate::organization::history;
use crate::rules::Rules;
use crate::unavailable;

/// Every field that rules can look at.
pub fn fields(actor: &Actor) -> Result<Vec<ListedField>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(listing::fields())
}

/// Most events of a policy that are counted for its page: they are counted while somebody waits.
const COUNTED_MAX: u32 = 10_000;

/// What a policy did of late.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lately {
    /// How many devices it let in, or gave a certificate.
    pub accepted: u64,
    /// How many it refused.
    pub refused: u64,
    /// Whether these are only the newest.
    pub is_more: bool,
    /// The filter of a list of events that finds them.
    pub filter: String,
}

/// What a policy decided in the last 24 hours, under all the names that it had; none of what
/// decides about no device.
pub async fn lately(
    app: &App,
    actor: &Actor,
    (kind, name): (Kind, &str),
) -> Result<Option<Lately>, Refusal> {
    actor.may(Permission::EventRead)?;
    let event = match kind {
        Kind::EnrollmentPolicy => EventKind::CertificateIssued,
        Kind::NetworkPolicy => EventKind::VisitAnswered,
        Kind::PolicyWorkflow
        | Kind::Organization
        | Kind::CertificateAuthority
        | Kind::ServerCertificate
        | Kind::CertificateTemplate
        | Kind::Gateway
        | Kind::NetworkProfile
        | Kind::AccessPoint
        | Kind::Person
        | Kind::Device => return Ok(None),
    };
    let rules = app.snapshot.rules();
    let former = history::former_names(&rules.organization, kind, name);
    let names = core::iter::once(name).chain(former.iter().map(String::as_str));
    let names: Vec<String> = names.map(|name| format!("policy:{}", quoted(name))).collect();
    let filter = format!("kind:{} {} since:1d", event.as_str(), names.join(" "));
    let parsed = Filter::parse(&filter, &FIELDS, app.world.time())?;
    let tally = log::tally(&app.store, &parsed, COUNTED_MAX).await.map_err(unavailable)?;
    let log::Tally { accepted, refused, is_more } = tally;
    Ok(Some(Lately { accepted, refused, is_more, filter }))
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
