//! Letting devices onto the network, and remembering every answer.
//!
//! Everything here is synchronous and rests on the snapshot: it is on the way of a login.

use domain::actor::Actor;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::condition::Facts;
use domain::event::EventKind;
use domain::network_policy;
use domain::network_policy::EncodedAttribute;
use domain::network_policy::NetworkPolicy;
use domain::policy_workflow;
use domain::refusal::Refusal;
use domain::visit::Admission;
use domain::visit::Place;
use domain::visit::Visit;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;

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
    details: Map<String, Value>,
}

/// Says where a certificate stands whose chain was proved, or why it may not enter: asked during
/// the handshake, so that the device is told in TLS.
pub fn stand(
    snapshot: &Snapshot,
    certificate: &Certificate,
    now: Time,
) -> Result<Standing, Refusal> {
    let serial = &certificate.serial;
    if now < certificate.not_before {
        return Err(Refusal::CertificateNotYetValid { serial: serial.to_string() });
    }
    if certificate.not_after < now {
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
    let mut details = visit.place.details();
    details.insert("subject".into(), Value::from(visit.subject.clone()));
    details.insert("tls".into(), Value::from(visit.tls));
    details.insert("resumed".into(), Value::from(visit.resumed));
    details.insert("policy_version".into(), Value::from(rules.version));
    let provider = visit.standing.gateway.as_deref();
    let facts = Facts::of_provider(provider);
    let facts = policy_workflow::grant(&rules.organization.policy_workflow, facts);
    details.insert("provider".into(), Value::from(provider));
    details.insert("roles".into(), Value::from(facts.roles.clone()));
    match decide(&rules, facts) {
        Ok((admission, attributes)) => {
            details.insert("policy".into(), Value::from(admission.policy.clone()));
            details.insert("vlan".into(), Value::from(admission.vlan.clone()));
            Ok(Leave { admission, attributes, details })
        }
        Err(refusal) => {
            note(snapshot, &visit.place, Some(&visit.serial), Some(refusal.clone()), details);
            Err(refusal)
        }
    }
}

/// Remembers that a device is in: it has finished its side of the handshake, and Access-Accept is
/// on its way.
pub fn enter(snapshot: &Snapshot, visit: &Visit, leave: &Leave) {
    note(snapshot, &visit.place, Some(&visit.serial), None, leave.details.clone());
}

/// Remembers that a visit ended without a certificate that could be judged.
pub fn refuse(snapshot: &Snapshot, place: &Place, serial: Option<&Serial>, refusal: &Refusal) {
    note(snapshot, place, serial, Some(refusal.clone()), place.details());
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
    let mut details = Map::new();
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
    details: Map<String, Value>,
) {
    let actor = Actor::access_point(&place.access_point).name().to_owned();
    let object = serial.map_or_else(String::new, ToString::to_string);
    let said = Said { actor, object: format!("certificate:{object}"), details };
    let event = snapshot.world().event(EventKind::VisitAnswered, refusal, said);
    snapshot.journal().note(event);
}

fn decide(rules: &Rules, facts: Facts) -> Result<(Admission, Vec<EncodedAttribute>), Refusal> {
    let (policy, settings) = network_policy::decide(&rules.organization.network_policy, &facts)?;
    let attributes = rules.reply_attributes(policy).to_vec();
    let vlan = settings
        .attributes
        .iter()
        .find(|attribute| attribute.attribute.eq_ignore_ascii_case(VLAN_ATTRIBUTE))
        .map(|attribute| attribute.value.clone());
    let NetworkPolicy { name, .. } = policy;
    let admission = Admission { policy: name.clone(), roles: facts.roles, vlan };
    Ok((admission, attributes))
}

/// The attribute that names the VLAN (RFC 3580, 3.31).
const VLAN_ATTRIBUTE: &str = "Tunnel-Private-Group-Id";
