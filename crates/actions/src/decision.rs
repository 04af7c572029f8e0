//! What a decision of the policies rests on: gathered when a device comes, when a visit is tried
//! out, and kept with the event.

pub mod explain;
pub mod replay;
pub mod simulate;

use domain::claim::Claim;
use domain::condition::Facts;
use domain::condition::facts;
use domain::condition::facts::CertificateFacts;
use domain::condition::facts::NameFacts;
use domain::condition::facts::RequestFacts;
use domain::visit::Visit;
use pki::time::Time;

/// What is known of a device that joins.
pub(crate) fn facts_of_visit(visit: &Visit, at: Time) -> Facts {
    let mut certificate = CertificateFacts::of(&visit.certificate);
    certificate.authority = Some(visit.standing.authority.to_string());
    Facts {
        certificate: Some(certificate),
        network: Some(visit.place.facts(Some(visit.tls))),
        ..Facts::of_provider(visit.standing.gateway.as_deref(), at)
    }
}

/// What is known of a device that asks for a certificate at a gateway, whose authority is named.
pub(crate) fn facts_of_claim(
    claim: &Claim,
    (gateway, authority): (&str, Option<&str>),
    renewal: bool,
    at: Time,
) -> Facts {
    let names = NameFacts::of(&claim.csr.subject, &claim.csr.general_names);
    let key_type = Some(facts::key_type(&claim.csr.public_key));
    let authority = authority.map(str::to_owned);
    Facts {
        certificate: Some(CertificateFacts { authority, ..CertificateFacts::default() }),
        request: Some(RequestFacts { gateway: gateway.to_owned(), names, key_type, renewal }),
        ..Facts::of_provider(Some(gateway), at)
    }
}
