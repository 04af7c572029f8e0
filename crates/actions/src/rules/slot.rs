//! Server certificates in their slots: what is shown, what waits, what was shown before.

use std::collections::HashMap;

use domain::server_certificate::ServerCertificate;
use pki::certificate::Certificate;
use pki::pem;
use pki::public_root;
use store::server_slot::ServerSlots;

use super::Authority;
use super::Identity;
use super::Server;

/// What a server certificate has.
#[derive(Clone, Debug)]
pub struct Slots {
    /// What is shown to devices.
    pub active: Slot,
    /// What waits to be shown.
    pub next: Option<Slot>,
    /// What was shown before.
    pub previous: Option<Slot>,
}

/// A certificate with a slot.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Which of the server certificate's keys it is, counted from 1.
    pub generation: i64,
    /// The certificate, its key, and what stands above it.
    pub server: Server,
    /// The root that it leads to.
    pub root: Option<Certificate>,
    /// Whether it came from elsewhere.
    pub imported: bool,
}

impl Slot {
    /// The server's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.server.identity.certificate
    }

    /// The SHA-256 of each certificate above it: devices that trust one of them accept it.
    pub fn above(&self) -> Vec<String> {
        let above = self.server.intermediates.iter().chain(&self.root);
        above.map(Certificate::sha256_digits).collect()
    }

    /// Whom the root names.
    pub fn root_name(&self) -> String {
        self.root.as_ref().map_or_else(|| "an unknown root".to_owned(), |it| it.subject.to_string())
    }

    /// Whether it leads to this root.
    pub fn leads_to(&self, root: Option<&Certificate>) -> bool {
        self.root.as_ref().zip(root).is_some_and(|(own, root)| own.der == root.der)
    }
}

impl Slots {
    /// Those that there are.
    pub fn all(&self) -> impl Iterator<Item = &Slot> {
        core::iter::once(&self.active).chain(&self.next).chain(&self.previous)
    }

    /// As they are kept.
    pub(crate) fn kept(&self, name: &str) -> ServerSlots {
        let number = |slot: &Option<Slot>| slot.as_ref().map(|slot| slot.generation);
        ServerSlots {
            name: name.to_owned(),
            active: self.active.generation,
            next: number(&self.next),
            previous: number(&self.previous),
        }
    }
}

/// What slots are made of.
pub(super) struct Parts<'a> {
    /// The keys of the server certificate, newest first.
    pub(super) keys: &'a [(i64, Identity)],
    /// What stands above those that were imported, as PEM, by their numbers.
    pub(super) chains: &'a HashMap<i64, String>,
    /// Which key has which slot; the newest is active if nothing is on record.
    pub(super) kept: Option<&'a ServerSlots>,
    /// Every authority.
    pub(super) authorities: &'a HashMap<String, Authority>,
}

/// The slots of a server certificate; none before it has a key.
pub(super) fn slots(definition: &ServerCertificate, parts: &Parts<'_>) -> Option<Slots> {
    let newest = parts.keys.first().map(|(number, _)| *number)?;
    let find = |number: i64| slot(definition, parts, number);
    let Some(kept) = parts.kept else {
        return Some(Slots { active: find(newest)?, next: None, previous: None });
    };
    Some(Slots {
        active: find(kept.active)?,
        next: kept.next.and_then(find),
        previous: kept.previous.and_then(find),
    })
}

fn slot(definition: &ServerCertificate, parts: &Parts<'_>, number: i64) -> Option<Slot> {
    let (_, identity) = parts.keys.iter().find(|(own, _)| *own == number)?;
    let identity = identity.clone();
    let (above, imported) = match parts.chains.get(&number) {
        Some(text) => (imported_above(&identity.certificate, text, parts.authorities), true),
        None => (made_above(definition, &identity.certificate, parts.authorities), false),
    };
    let is_root = |one: &Certificate| one.issuer == one.subject;
    let root = above.last().filter(|last| is_root(last)).cloned();
    let intermediates = above.into_iter().filter(|one| !is_root(one)).collect();
    let server = Server { identity, intermediates };
    Some(Slot { generation: number, server, root, imported })
}

/// What stands above a certificate of an authority of ours: perhaps no longer the one that signs
/// the next.
fn made_above(
    definition: &ServerCertificate,
    certificate: &Certificate,
    authorities: &HashMap<String, Authority>,
) -> Vec<Certificate> {
    let own = authorities.get(&definition.certificate_authority).into_iter();
    let mut signers = own.chain(authorities.values()).filter_map(|it| it.signer_of(certificate));
    signers.next().map(|signer| signer.chain.clone()).unwrap_or_default()
}

fn imported_above(
    certificate: &Certificate,
    chain: &str,
    authorities: &HashMap<String, Authority>,
) -> Vec<Certificate> {
    // None stands there if the certificate is signed by a root that everybody knows.
    let mut above = pem::certificates(chain).unwrap_or_default();
    let last = above.last().unwrap_or(certificate);
    let root = root_of(last, authorities.values());
    above.extend(root);
    above
}

/// The root that signed a certificate, if it is none itself: a public one, or one of ours.
pub(crate) fn root_of<'a>(
    last: &Certificate,
    authorities: impl Iterator<Item = &'a Authority>,
) -> Option<Certificate> {
    if last.issuer == last.subject {
        return None;
    }
    let public = public_root::all().iter().map(|root| &root.certificate);
    let own = authorities.flat_map(Authority::generations).filter_map(|one| one.chain.last());
    let mut roots = public.chain(own).filter(|root| root.subject == last.issuer);
    roots.find(|root| last.verify_signed_by(&root.public_key).is_ok()).cloned()
}
