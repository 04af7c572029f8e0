//! Letting devices onto the network, and remembering every answer.
//!
//! Everything here is synchronous and rests on the snapshot: it is on the way of a login.

use domain::actor::Actor;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::condition::Field;
use domain::condition::facts::Inputs;
use domain::decision::OfVisit;
use domain::event::Event;
use domain::event::EventKind;
use domain::network_policy::attribute;
use domain::network_policy::attribute::EncodedAttribute;
use domain::policy::Policies;
use domain::refusal::Refusal;
use domain::visit::Admission;
use domain::visit::Place;
use domain::visit::Visit;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;

use crate::decision;
use crate::metrics;
use crate::rules::Rules;
use crate::snapshot::Snapshot;
use crate::world::Said;

/// What an access point is told with an accept.
#[derive(Clone, Debug)]
pub struct Leave {
    /// Why, for people.
    pub admission: Admission,
    /// The attributes of the policy, ready for the wire.
    pub attributes: Vec<EncodedAttribute>,
    /// What is remembered once the device is in.
    remembered: Remembered,
}

/// What is remembered of an answer.
#[derive(Clone, Debug)]
struct Remembered {
    details: Map<String, Value>,
    /// What the policies were asked about, unless that is on record already.
    inputs: Option<Inputs>,
}

/// Says where a certificate stands whose chain was proved, or why it may not enter: asked during
/// the handshake, so that the device is told in TLS.
pub fn stand(
    snapshot: &Snapshot,
    certificate: &Certificate,
    now: Time,
) -> Result<Standing, Refusal> {
    stand_with(snapshot, &snapshot.rules().policies, certificate, now)
}

/// The same with other policies: some speak of certificates that have expired.
pub(crate) fn stand_with(
    snapshot: &Snapshot,
    policies: &Policies,
    certificate: &Certificate,
    now: Time,
) -> Result<Standing, Refusal> {
    let serial = &certificate.serial;
    if now < certificate.not_before {
        return Err(Refusal::CertificateNotYetValid { serial: serial.to_string() });
    }
    if certificate.not_after < now && !is_pardoned(policies, certificate, now) {
        let not_after = Some(certificate.not_after);
        return Err(Refusal::CertificateExpired { serial: serial.to_string(), not_after });
    }
    let standing = snapshot.standing(serial)?;
    if let Some((at, reason)) = standing.revoked {
        if standing.status == Status::Held {
            return Err(Refusal::CertificateHeld { serial: serial.clone(), at });
        }
        return Err(Refusal::CertificateRevoked { serial: serial.clone(), at, reason });
    }
    match (standing.status, standing.usage) {
        (Status::Issued, Usage::Device) => {
            check_signer(snapshot, &standing, certificate)?;
            Ok(standing)
        }
        (
            Status::Issued,
            Usage::Authority
            | Usage::Registration
            | Usage::Server
            | Usage::Portal
            | Usage::Responder,
        ) => Err(Refusal::CertificateWrongUsage { serial: serial.to_string() }),
        // Signed, but the answer never became durable: nobody was given it.
        (Status::Intended | Status::Held | Status::Revoked, _) => {
            Err(Refusal::CertificateUnknown { serial: serial.clone() })
        }
    }
}

/// Whether a certificate has expired so lately that a policy may speak of it, and one does.
fn is_pardoned(policies: &Policies, certificate: &Certificate, now: Time) -> bool {
    let over = now.0.saturating_sub(certificate.not_after.0);
    over <= EXPIRED_SECONDS_MAX && policies.network_speaks_of(Field::CertificateExpired)
}

/// How long after its end a certificate is still let through to the policies: as long as the
/// handshake asks about it.
const EXPIRED_SECONDS_MAX: i64 = 30 * 86_400;

/// Refuses a certificate whose issuer is not the authority on record, so that its number is another
/// certificate's, or is revoked itself.
fn check_signer(
    snapshot: &Snapshot,
    standing: &Standing,
    certificate: &Certificate,
) -> Result<(), Refusal> {
    let rules = snapshot.rules();
    let unknown = || Refusal::CertificateUnknown { serial: certificate.serial.clone() };
    let authority = rules.authority(&standing.authority).ok_or_else(unknown)?;
    let generation = authority.signer_of(certificate).ok_or_else(unknown)?;
    snapshot.check_authorities(&generation.chain)
}

/// Answers a visit: roles, the first matching network policy. A no is noted here, a yes by `enter`.
pub fn admit(snapshot: &Snapshot, visit: &Visit) -> Result<Leave, Refusal> {
    let rules = snapshot.rules();
    let now = snapshot.world().time();
    let facts = decision::facts_of_visit(snapshot, &rules.policies, visit, now);
    let inputs = Inputs::of(&facts);
    let digest = Value::from(inputs.digest.clone());
    let inputs = snapshot.journal().unknown(inputs);
    let answered = domain::decision::of_visit(&rules.policies, facts);
    let mut details = details(&rules, visit, &answered);
    details.insert("inputs".into(), digest);
    match leave(&rules, &answered) {
        Ok((admission, attributes)) => {
            details.insert("vlan".into(), Value::from(admission.vlan.clone()));
            Ok(Leave { admission, attributes, remembered: Remembered { details, inputs } })
        }
        Err(refusal) => {
            let serial = Some(&visit.certificate.serial);
            let remembered = Remembered { details, inputs };
            note(snapshot, &visit.place, serial, Some(refusal.clone()), remembered);
            Err(refusal)
        }
    }
}

/// What an event tells of a visit and of the way to its answer.
fn details(rules: &Rules, visit: &Visit, answered: &OfVisit<'_>) -> Map<String, Value> {
    let mut details = visit.place.details();
    let facts = &answered.facts;
    details.insert("subject".into(), Value::from(visit.certificate.subject.to_string()));
    details.insert("tls".into(), Value::from(visit.tls));
    details.insert("resumed".into(), Value::from(visit.resumed));
    details.insert("rounds".into(), Value::from(visit.rounds));
    let took = u64::try_from(visit.took.as_millis()).unwrap_or(u64::MAX);
    details.insert("took_ms".into(), Value::from(took));
    details.insert("policy_version".into(), Value::from(rules.version));
    details.insert("provider".into(), Value::from(facts.provider.clone()));
    details.insert("roles".into(), Value::from(facts.roles.clone()));
    details.insert("trace".into(), Value::from(answered.trace.digest()));
    details.insert("decided_at".into(), Value::from(facts.at.to_rfc3339()));
    if let Some(device) = &facts.device {
        details.insert("device".into(), Value::from(device.name.clone()));
    }
    if let Some(policy) = answered.decision.decided_by {
        details.insert("policy".into(), Value::from(policy));
    }
    let monitors = domain::decision::monitored(&answered.decision.monitors);
    if !monitors.is_empty() {
        details.insert("monitors".into(), serde_json::json!(monitors));
    }
    details
}

/// Remembers that a device is in: it has finished its side of the handshake, and Access-Accept is
/// on its way.
pub fn enter(snapshot: &Snapshot, visit: &Visit, leave: &Leave) {
    let serial = Some(&visit.certificate.serial);
    note(snapshot, &visit.place, serial, None, leave.remembered.clone());
}

/// Remembers that a visit ended without a certificate that could be judged.
pub fn refuse(snapshot: &Snapshot, place: &Place, serial: Option<&Serial>, refusal: &Refusal) {
    let remembered = Remembered { details: place.details(), inputs: None };
    note(snapshot, place, serial, Some(refusal.clone()), remembered);
}

/// How a conversation with a device ended that was not let in.
#[derive(Debug)]
pub struct End<'a> {
    /// The certificate that it showed.
    pub serial: Option<&'a Serial>,
    /// Why.
    pub refusal: &'a Refusal,
    /// What was said, packet by packet.
    pub packets: Value,
}

/// As [`refuse`], after a conversation.
pub fn refuse_after(snapshot: &Snapshot, place: &Place, end: End<'_>) {
    let mut details = place.details();
    details.insert("packets".into(), end.packets);
    let remembered = Remembered { details, inputs: None };
    note(snapshot, place, end.serial, Some(end.refusal.clone()), remembered);
}

/// Remembers how a device's session goes, as the access point tells it.
pub fn report(snapshot: &Snapshot, place: &Place, session: Map<String, Value>) {
    let mut details = place.details();
    details.extend(session);
    let actor = Actor::access_point(&place.access_point).name().to_owned();
    let station = place.calling_station.clone().unwrap_or_default();
    let said = Said { actor, object: format!("station:{station}"), details };
    let event = snapshot.world().event(EventKind::SessionReported, None, said);
    snapshot.journal().note(event);
}

/// Remembers packets that were dropped without an answer: so many for the same reason from the
/// same address.
pub fn dropped(snapshot: &Snapshot, address: &str, refusal: &Refusal, packets: u64) {
    dropped_of(snapshot, (address, &Map::new()), refusal, packets);
}

/// The same, with what the sender says of itself.
pub fn dropped_of(
    snapshot: &Snapshot,
    (address, sender): (&str, &Map<String, Value>),
    refusal: &Refusal,
    packets: u64,
) {
    let mut details = sender.clone();
    details.insert("address".into(), Value::from(address));
    details.insert("packets".into(), Value::from(packets));
    let said = Said { actor: format!("address {address}"), object: "packet:".to_owned(), details };
    let world = snapshot.world();
    snapshot.journal().note(world.event(EventKind::PacketDropped, Some(refusal.clone()), said));
}

fn note(
    snapshot: &Snapshot,
    place: &Place,
    serial: Option<&Serial>,
    refusal: Option<Refusal>,
    remembered: Remembered,
) {
    let code = refusal.as_ref().map_or(metrics::ACCEPTED, Refusal::code);
    snapshot.metrics().logins.add(code);
    let actor = Actor::access_point(&place.access_point).name().to_owned();
    let object = serial.map_or_else(String::new, ToString::to_string);
    let Remembered { details, inputs } = remembered;
    let said = Said { actor, object: format!("certificate:{object}"), details };
    let event = snapshot.world().event(EventKind::VisitAnswered, refusal, said);
    snapshot.journal().note(Event { inputs, ..event });
}

/// What the access point is told, if the policies say yes.
fn leave(
    rules: &Rules,
    answered: &OfVisit<'_>,
) -> Result<(Admission, Vec<EncodedAttribute>), Refusal> {
    let (policy, _) = match &answered.decision.answer {
        Ok(decided) => *decided,
        Err(refusal) => return Err(refusal.clone()),
    };
    let attributes = match rules.reply(policy) {
        Some(reply) => reply.fill_from(&policy.name, &answered.facts)?,
        None => Vec::new(),
    };
    let vlan = attribute::vlan(&attributes);
    let roles = answered.facts.roles.clone();
    Ok((Admission { policy: policy.name.clone(), roles, vlan }, attributes))
}
