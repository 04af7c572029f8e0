//! A request for a certificate that is tried out: what the policies would say, and what their limits
//! would. The challenge, the key and what a template takes of a request are not tried: nothing was
//! asked yet.

use std::sync::Arc;

use domain::condition::Facts;
use domain::condition::facts;
use domain::condition::facts::CertificateFacts;
use domain::condition::facts::NameFacts;
use domain::condition::facts::RequestFacts;
use domain::decision::Explained;
use domain::decision::Question;
use domain::device::Device;
use domain::enrollment_policy::EnrollmentPolicy;
use domain::gateway::Gateway;
use domain::network_policy::Access;
use domain::person::Person;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::time::Time;

use super::Enrollment;
use super::Rulebook;
use super::Simulated;
use super::Trial;
use crate::App;
use crate::certificate::issue::limits;
use crate::certificate::issue::limits::Asking;
use crate::certificate_authority;
use crate::decision;
use crate::inventory::draw_id;

/// Who asks, as far as anything is known.
struct Asker {
    name: String,
    /// The last certificate: the next request will most likely say the same.
    certificate: Option<Certificate>,
    device: Option<Arc<Device>>,
    person: Option<Arc<Person>>,
}

/// Lets policies and limits answer for a device, as they would if it asked a gateway.
pub(super) async fn try_out(
    app: &App,
    rulebook: &Rulebook,
    gateway: &str,
    trial: &Trial,
) -> Result<Simulated, Refusal> {
    let organization = &rulebook.organization;
    let missing = || Refusal::NotFound {
        noun: "gateway".to_owned(),
        name: gateway.chars().take(64).collect(),
    };
    let gateway: &Gateway = organization.find(gateway).ok_or_else(missing)?;
    let at = trial.at.unwrap_or(app.world.time());
    let asker = find(app, &trial.device).await?;
    let authority = organization.authority_of(gateway).map(|one| one.name.clone());
    let facts = facts(&asker, (gateway, authority), at);
    let mut simulated = Simulated::no(&asker.name);
    let known = asker.device.as_ref().is_some_and(|device| device.is_known());
    let mut enrollment = Enrollment {
        gateway: gateway.name.clone(),
        known,
        certificate_authority: None,
        certificate_template: None,
    };
    let question = Question::Enrollment;
    let explained = domain::decision::explain(&rulebook.policies, question, facts.clone());
    let Explained { access, policy, reason, roles, device_roles, monitors, path, .. } = explained;
    (simulated.access, simulated.reason) = (access, reason);
    (simulated.roles, simulated.device_roles) = (roles, device_roles);
    (simulated.monitors, simulated.path, simulated.inputs) = (monitors, path, Some(facts));
    let decided = policy.as_deref().and_then(|name| organization.find::<EnrollmentPolicy>(name));
    if let Some(decided) = decided
        && let Some(settings) = &decided.settings
    {
        enrollment.certificate_authority = Some(settings.certificate_authority.clone());
        enrollment.certificate_template = Some(settings.certificate_template.clone());
        let asking = Asking {
            policy: &decided.name,
            settings,
            assurance: u8::from(known),
            device: asker.name.clone(),
            // A device that has no record gets one with its first certificate.
            device_id: Some(asker.device.as_ref().map_or_else(|| draw_id(app), |it| it.id)),
            renews: false,
        };
        if let Err(refusal) = allowed(app, &asking, at).await {
            simulated.access = Access::Refuse;
            simulated.reason = Some(refusal.reason());
        }
    }
    simulated.policy = policy;
    simulated.certificate = asker.certificate.map(|one| one.serial.to_string());
    simulated.enrollment = Some(enrollment);
    Ok(simulated)
}

/// What the policy that decided allows, and whether its authority issues anything.
async fn allowed(app: &App, asking: &Asking<'_>, at: Time) -> Result<(), Refusal> {
    limits::allow(app, asking, at).await?;
    let rules = app.snapshot.rules();
    // One that is only a draft has no key yet.
    match rules.signing_key(&asking.settings.certificate_authority) {
        Some(key) => certificate_authority::check_issues(app, key.definition, key.authority),
        None => Ok(()),
    }
}

/// Whom a text names. Somebody whom nothing is known of may ask, too.
async fn find(app: &App, text: &str) -> Result<Asker, Refusal> {
    let text = text.trim();
    let certificate = match super::find(app, text).await {
        Ok(subject) => subject.certificate.map(|(certificate, _)| certificate),
        Err(Refusal::NotFound { .. }) => None,
        Err(refusal) => return Err(refusal),
    };
    let inventory = app.snapshot.inventory();
    let record = inventory.find_device(text);
    let (device, person) = match (record, &certificate) {
        (Some(device), _) => {
            let owner = inventory.owner_of(&device);
            (Some(device), owner)
        }
        (None, Some(certificate)) => decision::holder(&app.snapshot, certificate, None),
        (None, None) => (None, None),
    };
    let name = device.as_ref().map_or_else(|| text.to_owned(), |device| device.name.clone());
    Ok(Asker { name, certificate, device, person })
}

fn facts(asker: &Asker, (gateway, authority): (&Gateway, Option<String>), at: Time) -> Facts {
    let (names, key_type) = match &asker.certificate {
        Some(last) => {
            let names = NameFacts::of(&last.subject, &last.general_names());
            (names, Some(facts::key_type(&last.public_key)))
        }
        None => {
            let device = asker.device.as_ref();
            let serial = device.and_then(|device| Some(device.serial.as_ref()?.value.clone()));
            let name = serial.unwrap_or_else(|| asker.name.clone());
            let subject = format!("CN={name}");
            (NameFacts { subject, common_name: vec![name], ..NameFacts::default() }, None)
        }
    };
    let (names, name) = (names.first_of_each(), gateway.name.clone());
    Facts {
        certificate: Some(CertificateFacts { authority, ..CertificateFacts::default() }),
        request: Some(RequestFacts { gateway: name, names, key_type, renewal: false }),
        device: asker.device.clone(),
        person: asker.person.clone(),
        ..Facts::of_provider(Some(&gateway.name), at)
    }
}
