//! What a decision of the policies rests on: gathered when a device comes, when a visit is tried
//! out, and kept with the event.

pub mod explain;
pub mod replay;
pub mod simulate;

use std::sync::Arc;

use domain::certificate::Standing;
use domain::claim::Claim;
use domain::condition::Facts;
use domain::condition::facts;
use domain::condition::facts::CertificateFacts;
use domain::condition::facts::NameFacts;
use domain::condition::facts::RequestFacts;
use domain::device::Device;
use domain::device::DeviceId;
use domain::person::Person;
use domain::policy::Policies;
use domain::visit::Visit;
use pki::certificate::Certificate;
use pki::time::Time;

use crate::snapshot::Snapshot;

/// What is known of a device that joins.
pub fn facts_of_visit(snapshot: &Snapshot, policies: &Policies, visit: &Visit, at: Time) -> Facts {
    let facts = facts_of_certificate(snapshot, &visit.certificate, &visit.standing, at);
    let network = Some(visit.place.facts(Some(visit.tls)));
    Facts { network, ..facts }.under(&policies.names)
}

/// What is known of a certificate and whose it is. Its gateway and template are called what they
/// were called when it was made: see [`Facts::under`].
pub(crate) fn facts_of_certificate(
    snapshot: &Snapshot,
    certificate: &Certificate,
    standing: &Standing,
    at: Time,
) -> Facts {
    let mut known = CertificateFacts::of(certificate);
    known.authority = Some(standing.authority.to_string());
    known.template = standing.template.as_deref().map(str::to_owned);
    known.assurance = Some(standing.assurance);
    let (device, person) = holder(snapshot, certificate, standing.device);
    // A record that there is, and that could not be read.
    let no_device = standing.device.is_some() && device.is_none();
    let owned = device.as_ref().is_some_and(|device| device.owner.is_some());
    let unread = !snapshot.inventory_reachable() && (no_device || (owned && person.is_none()));
    Facts {
        certificate: Some(known),
        device,
        person,
        inventory_unreachable: unread,
        ..Facts::of_provider(standing.gateway.as_deref(), at)
    }
}

/// The device that a certificate is bound to, else the one that it names; its owner, else the
/// person whom the certificate names.
pub(crate) fn holder(
    snapshot: &Snapshot,
    certificate: &Certificate,
    bound: Option<DeviceId>,
) -> (Option<Arc<Device>>, Option<Arc<Person>>) {
    let inventory = snapshot.inventory();
    let device = bound.and_then(|id| snapshot.device(&id));
    let known = device.as_ref().is_some_and(|device| device.is_known());
    let owner = device.as_ref().and_then(|device| inventory.owner_of(device));
    if known && owner.is_some() {
        return (device, owner);
    }
    let matched = inventory.match_names(&certificate.subject, &certificate.general_names());
    // The inventory may have learned of the device, under another record, after it enrolled.
    let better = matched.device.filter(|device| !known && device.is_known());
    let owner = better.as_ref().and_then(|device| inventory.owner_of(device)).or(owner);
    (better.or(device), owner.or(matched.person))
}

/// What is known of a device that asks for a certificate at a gateway, whose authority is named.
pub(crate) fn facts_of_claim(
    claim: &Claim,
    (gateway, authority): (&str, Option<&str>),
    renews: Option<&Certificate>,
    at: Time,
) -> Facts {
    // A renewed certificate says what the old one said, whatever the request does.
    let names = match renews {
        Some(old) => NameFacts::of(&old.subject, &old.general_names()),
        None => NameFacts::of(&claim.csr.subject, &claim.csr.general_names),
    };
    let (names, renewal) = (names.first_of_each(), renews.is_some());
    let key_type = Some(facts::key_type(&claim.csr.public_key));
    let authority = authority.map(str::to_owned);
    Facts {
        certificate: Some(CertificateFacts { authority, ..CertificateFacts::default() }),
        request: Some(RequestFacts { gateway: gateway.to_owned(), names, key_type, renewal }),
        ..Facts::of_provider(Some(gateway), at)
    }
}
