//! What would happen: one device at one access point, or at one gateway, with the policies of now or
//! a draft of others. Nothing is changed, and no device is told anything.

mod enrollment;

use std::sync::Arc;

use domain::access_point::AccessPoint;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Standing;
use domain::complaint::Complaint;
use domain::condition::Facts;
use domain::condition::facts::CertificateFacts;
use domain::condition::facts::NetworkFacts;
use domain::decision::Explained;
use domain::decision::Question;
use domain::network_policy::Access;
use domain::network_policy::NetworkPolicy;
use domain::network_policy::SavedTest;
use domain::network_policy::attribute;
use domain::network_policy::attribute::EncodedAttribute;
use domain::network_policy::attribute::Reply;
use domain::organization::Organization;
use domain::organization::document::Document;
use domain::plan;
use domain::plan::Going;
use domain::policy::Policies;
use domain::refusal::Reason;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::App;
use crate::decision;
use crate::organization::NotApplied;
use crate::unavailable;
use crate::visit;

/// A visit, or a request for a certificate, that is tried out.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = SimulateTrial)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The device: name, serial number, UDID, address or id, or a certificate's number.
    pub device: String,
    /// The gateway that it asks for a certificate, in place of a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// The access point that it asks at; else none in particular.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_point: Option<String>,
    /// The wireless network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// The address that it joins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// When; else now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// A document of the declarative file's shape, tried out as if it had been applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Value>,
}

/// What would happen.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Simulated {
    /// The device, as it was found.
    pub device: String,
    /// Its certificate.
    pub certificate: Option<String>,
    /// Whether it would get in, or a certificate: `accept` or `refuse`.
    pub access: Access,
    /// What it would get of the gateway that it asks for a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrollment: Option<Enrollment>,
    /// The policy that would decide, if one did.
    pub policy: Option<String>,
    /// Why not.
    pub reason: Option<Reason>,
    /// The VLAN that it would get.
    pub vlan: Option<String>,
    /// What the access point would be told, by name.
    pub attributes: Vec<ShownAttribute>,
    /// The roles of its owner.
    pub roles: Vec<String>,
    /// Its own roles.
    pub device_roles: Vec<String>,
    /// Policies that only say what they would do, and would have decided.
    pub monitors: Vec<domain::decision::Monitored>,
    /// Workflow by workflow, then policy by policy until one decided. Empty where no policy would
    /// be asked.
    pub path: Vec<domain::policy::Step>,
    /// What the decision would rest on.
    #[schema(value_type = Option<Object>)]
    pub inputs: Option<Facts>,
}

/// What a device would get of a gateway.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = SimulatedEnrollment)]
pub struct Enrollment {
    /// The gateway.
    pub gateway: String,
    /// Whether the inventory knows the device.
    pub known: bool,
    /// The authority that would sign its certificate, if a policy gives one.
    pub certificate_authority: Option<String>,
    /// The template that it would be made from.
    pub certificate_template: Option<String>,
}

/// An attribute of an answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ShownAttribute {
    /// Its name.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

/// The policies that something is tried out with.
pub(crate) struct Rulebook {
    /// The definitions.
    pub(crate) organization: Arc<Organization>,
    /// Its workflows and policies, ready.
    pub(crate) policies: Policies,
}

/// A device to try policies out on.
pub(crate) struct Subject {
    name: String,
    /// Its newest certificate, and where that stands.
    certificate: Option<(Certificate, Standing)>,
}

impl Subject {
    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The number of its newest certificate.
    pub(crate) fn serial(&self) -> Option<&Serial> {
        self.certificate.as_ref().map(|(certificate, _)| &certificate.serial)
    }
}

impl Simulated {
    /// Before anything was asked, it is no.
    fn no(device: &str) -> Self {
        Self {
            device: device.to_owned(),
            certificate: None,
            access: Access::Refuse,
            enrollment: None,
            policy: None,
            reason: None,
            vlan: None,
            attributes: Vec::new(),
            roles: Vec::new(),
            device_roles: Vec::new(),
            monitors: Vec::new(),
            path: Vec::new(),
            inputs: None,
        }
    }
}

/// Tries a visit or a request out.
pub async fn simulate(app: &App, actor: &Actor, trial: &Trial) -> Result<Simulated, NotApplied> {
    for permission in
        [Permission::OrganizationRead, Permission::InventoryRead, Permission::CertificateRead]
    {
        actor.may(permission)?;
    }
    let rulebook = match &trial.draft {
        Some(draft) => drafted(app, draft.clone()).await?,
        None => current(app),
    };
    if let Some(gateway) = &trial.gateway {
        let at_access_point = [&trial.access_point, &trial.ssid, &trial.mac];
        if at_access_point.into_iter().any(Option::is_some) {
            let what = "is asked for a certificate, and goes with no access point, network or \
                        address";
            let (parameter, what) = ("gateway".to_owned(), what.to_owned());
            return Err(Refusal::ParameterWrong { parameter, what }.into());
        }
        return Ok(enrollment::try_out(app, &rulebook, gateway, trial).await?);
    }
    let subject = find(app, &trial.device).await?;
    Ok(try_out(app, &rulebook, &subject, trial)?)
}

/// The policies of now.
pub(crate) fn current(app: &App) -> Rulebook {
    let rules = app.snapshot.rules();
    let organization = Arc::new(rules.organization.clone());
    Rulebook { organization, policies: rules.policies.clone() }
}

/// The policies as they would be if a document were applied.
pub(crate) async fn drafted(app: &App, document: Value) -> Result<Rulebook, NotApplied> {
    let rules = app.snapshot.rules();
    let kept = store::access_point::secrets(&app.store, &app.master).await.map_err(unavailable)?;
    let document = Document::parse(document).map_err(NotApplied::Complaints)?;
    let merged = plan::merge(&rules.organization, &kept, document, Going::Nothing);
    let organization = Arc::new(merged.map_err(NotApplied::Complaints)?.organization);
    Ok(Rulebook { policies: Policies::of(&organization), organization })
}

/// Finds a device with its newest certificate: by the certificate's number, else the newest that is
/// bound to the record found, else the newest of a request that called itself so.
pub(crate) async fn find(app: &App, text: &str) -> Result<Subject, Refusal> {
    let record = app.snapshot.inventory().find_device(text);
    let mut kept = match Serial::parse_text(text) {
        Ok(serial) => store::certificate::find(&app.store, &serial).await.map_err(unavailable)?,
        Err(_) => None,
    };
    if let (None, Some(device)) = (&kept, &record) {
        let newest = store::certificate::newest_of_record(&app.store, device.id).await;
        kept = newest.map_err(unavailable)?;
    }
    if kept.is_none() {
        let newest = store::certificate::newest_of_device(&app.store, text).await;
        kept = newest.map_err(unavailable)?;
    }
    if record.is_none() && kept.is_none() {
        let name = text.chars().take(64).collect();
        return Err(Refusal::NotFound { noun: "device".into(), name });
    }
    let certificate = kept.and_then(|kept| {
        let standing = crate::certificate::standing(&kept.certificate);
        Some((Certificate::parse(&kept.der?).ok()?, standing))
    });
    let name = record.map_or_else(|| text.to_owned(), |device| device.name.clone());
    Ok(Subject { name, certificate })
}

/// Lets policies answer for a device, as they would if it came.
pub(crate) fn try_out(
    app: &App,
    rulebook: &Rulebook,
    subject: &Subject,
    trial: &Trial,
) -> Result<Simulated, Refusal> {
    let at = trial.at.unwrap_or(app.world.time());
    let network = network(rulebook, trial)?;
    let mut simulated = Simulated::no(&subject.name);
    let Some((certificate, standing)) = &subject.certificate else {
        simulated.reason = Some(Refusal::CertificateMissing.reason());
        return Ok(simulated);
    };
    simulated.certificate = Some(certificate.serial.to_string());
    let facts = decision::facts_of_certificate(&app.snapshot, certificate, standing, at);
    let facts = Facts { network: Some(network), ..facts }.under(&rulebook.policies.names);
    if let Err(refusal) = visit::stand_with(&app.snapshot, &rulebook.policies, certificate, at) {
        simulated.reason = Some(refusal.reason());
        simulated.inputs = Some(facts);
        return Ok(simulated);
    }
    answer(rulebook, facts, &mut simulated);
    Ok(simulated)
}

fn answer(rulebook: &Rulebook, facts: Facts, simulated: &mut Simulated) {
    let explained = domain::decision::explain(&rulebook.policies, Question::Access, facts.clone());
    let Explained { access, policy, reason, roles, device_roles, monitors, path, .. } = explained;
    let granted =
        Facts { roles: roles.clone(), device_roles: device_roles.clone(), ..facts.clone() };
    (simulated.access, simulated.policy, simulated.reason) = (access, policy, reason);
    (simulated.roles, simulated.device_roles) = (roles, device_roles);
    (simulated.monitors, simulated.path, simulated.inputs) = (monitors, path, Some(facts));
    if simulated.access == Access::Refuse {
        return;
    }
    match reply(&rulebook.organization, simulated.policy.as_deref(), &granted) {
        Ok(attributes) => {
            simulated.vlan = attribute::vlan(&attributes);
            simulated.attributes = attributes.iter().map(shown).collect();
        }
        Err(refusal) => {
            simulated.access = Access::Refuse;
            simulated.reason = Some(refusal.reason());
        }
    }
}

/// What a policy would let the access point be told.
pub(crate) fn reply(
    organization: &Organization,
    policy: Option<&str>,
    facts: &Facts,
) -> Result<Vec<EncodedAttribute>, Refusal> {
    let policy = policy.and_then(|name| organization.find::<NetworkPolicy>(name));
    let Some((policy, settings)) = policy.and_then(|one| Some((one, one.settings.as_ref()?)))
    else {
        return Ok(Vec::new());
    };
    Reply::prepare(&settings.attributes).fill_from(&policy.name, facts)
}

fn shown(attribute: &EncodedAttribute) -> ShownAttribute {
    let (attribute, value) = attribute.show();
    ShownAttribute { attribute, value }
}

fn network(rulebook: &Rulebook, trial: &Trial) -> Result<NetworkFacts, Refusal> {
    let access_point = match &trial.access_point {
        None => String::new(),
        Some(name) => {
            let found = rulebook.organization.find::<AccessPoint>(name);
            let noun = "access point".to_owned();
            let missing = || Refusal::NotFound { noun, name: name.chars().take(64).collect() };
            found.ok_or_else(missing)?.name.clone()
        }
    };
    let (ssid, mac) = (trial.ssid.clone(), trial.mac.clone());
    Ok(NetworkFacts { access_point, ssid, mac, ..NetworkFacts::default() })
}

/// Most tests that are tried out for one change: each costs some reads.
pub const TESTS_TOTAL_MAX: usize = 500;

/// Tries out the tests that policies carry. What would not come out as it must is a complaint, if
/// the change is to blame: the test is new, or comes out as it must with the policies of now. A
/// device that has no certificate yet cannot be tried out.
pub(crate) async fn check_tests(
    app: &App,
    current: &Organization,
    organization: &Organization,
) -> Result<(), NotApplied> {
    let policies = organization.network_policy.iter();
    let tests: Vec<(&NetworkPolicy, usize, &SavedTest)> = policies
        .flat_map(|policy| {
            let tests = policy.tests.iter().enumerate();
            tests.map(move |(index, test)| (policy, index, test))
        })
        .collect();
    if tests.is_empty() {
        return Ok(());
    }
    if tests.len() > TESTS_TOTAL_MAX {
        let what = format!("{} tests of policies, {TESTS_TOTAL_MAX} are possible", tests.len());
        let complaint = Complaint::new("network_policy", what, "keep those that matter");
        return Err(NotApplied::Complaints(vec![complaint]));
    }
    let rulebook = |organization: &Organization| Rulebook {
        policies: Policies::of(organization),
        organization: Arc::new(organization.clone()),
    };
    let (before, after) = (rulebook(current), rulebook(organization));
    let mut complaints = Vec::new();
    for (policy, index, test) in tests {
        let subject = match find(app, &test.device).await {
            Ok(subject) if subject.certificate.is_some() => subject,
            Ok(_) | Err(Refusal::NotFound { .. }) => continue,
            Err(refusal) => return Err(refusal.into()),
        };
        let Some(what) = broken(app, &after, &subject, test) else { continue };
        let known = current.find::<NetworkPolicy>(&policy.name);
        let is_old = known.is_some_and(|policy| policy.tests.contains(test));
        if is_old && broken(app, &before, &subject, test).is_some() {
            tracing::warn!(policy = policy.name, test = index, %what, "a test fails already");
            continue;
        }
        let path = format!("network_policy \"{}\".tests[{index}]", policy.name);
        complaints.push(Complaint::new(path, what, "correct the policies, or the test"));
    }
    if complaints.is_empty() { Ok(()) } else { Err(NotApplied::Complaints(complaints)) }
}

/// What would come out otherwise than a test demands.
fn broken(app: &App, rulebook: &Rulebook, subject: &Subject, test: &SavedTest) -> Option<String> {
    let trial = Trial {
        device: test.device.clone(),
        access_point: test.access_point.clone(),
        ssid: test.ssid.clone(),
        at: test.at,
        ..Trial::default()
    };
    let simulated = match try_out(app, rulebook, subject, &trial) {
        Ok(simulated) => simulated,
        Err(refusal) => return Some(refusal.sentence()),
    };
    let (access, vlan) = (test.access, test.vlan.as_deref());
    let device = &simulated.device;
    if simulated.access != access {
        let sentence = simulated.reason.as_ref().map(|reason| reason.sentence.clone());
        return Some(match (access, sentence) {
            (Access::Accept, Some(why)) => format!("{device} must get in and would not: {why}"),
            (Access::Accept, None) => format!("{device} must get in and would not"),
            (Access::Refuse, _) => {
                let policy = simulated.policy.as_deref().unwrap_or_default();
                format!("{device} must not get in, and {policy} would let it in")
            }
        });
    }
    let other = vlan.filter(|vlan| simulated.vlan.as_deref() != Some(vlan))?;
    let got = simulated.vlan.as_deref().map_or("none".to_owned(), |vlan| format!("VLAN {vlan}"));
    Some(format!("{device} must get VLAN {other} and would get {got}"))
}

/// What tells the device of a decision from others: its record, else its certificate.
pub(crate) fn key_of(facts: &Facts) -> String {
    let device = facts.device.as_ref().map(|device| device.id.to_string());
    device.or_else(|| facts.certificate.as_ref()?.serial.clone()).unwrap_or_default()
}

/// The facts of a decision that is on record, as far as they say what a device is called.
pub(crate) fn name_of(facts: &Facts) -> String {
    let of_certificate = |certificate: &CertificateFacts| {
        certificate.names.common_name.first().or(certificate.serial.as_ref()).cloned()
    };
    let device = facts.device.as_ref().map(|device| device.name.clone());
    device.or_else(|| facts.certificate.as_ref().and_then(of_certificate)).unwrap_or_default()
}
