//! What may be imported as a server certificate: checked before it is kept, because a device that
//! refuses what it is shown says nothing of it.

use pki::certificate::Certificate;
use pki::general_name::GeneralName;
use pki::key::PublicKey;
use pki::oid;
use pki::time::Time;

use super::ServerCertificate;
use crate::complaint::Complaint;

/// Most certificates of a chain, its root included: public ones have four, and each makes every
/// handshake longer.
pub const CHAIN_MAX: usize = 8;

/// What is wrong with a chain, the server's own certificate first, and the public half of its key.
/// An empty list: nothing.
pub fn check(
    definition: &ServerCertificate,
    chain: &[Certificate],
    key: &PublicKey,
    now: Time,
) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut add = |what: String, fix: &str| {
        complaints.push(Complaint::new("certificate", what, fix));
    };
    let Some((own, above)) = chain.split_first() else {
        add("holds no certificate".to_owned(), "give the server's certificate and its chain");
        return complaints;
    };
    if chain.len() > CHAIN_MAX {
        let what = format!("holds {} certificates, {CHAIN_MAX} are possible", chain.len());
        add(what, "give the server's certificate and those above it, and no others");
        return complaints;
    }
    check_own(definition, own, &mut add);
    for one in chain {
        if one.not_after < now {
            let end = one.not_after.to_rfc3339();
            add(format!("{} ended on {end}", shown(one)), "get a new certificate");
        }
    }
    for (below, above) in chain.iter().zip(above) {
        if below.issuer != above.subject || below.verify_signed_by(&above.public_key).is_err() {
            add(
                format!("{} is not signed by {}, which follows it", shown(below), shown(above)),
                "give the server's certificate first, then each issuer behind what it signed",
            );
        }
        if above.basic_constraints().is_none_or(|(is_authority, _)| !is_authority) {
            add(
                format!("{} stands above another and is no authority", shown(above)),
                "give the server's certificate first, then those above it",
            );
        }
    }
    if !key.is_same_key(&own.public_key) {
        complaints.push(Complaint::new(
            "key",
            format!("does not belong to the certificate {}", shown(own)),
            "give the key that the certificate was asked for with",
        ));
    }
    complaints
}

fn check_own(
    definition: &ServerCertificate,
    own: &Certificate,
    add: &mut impl FnMut(String, &str),
) {
    if own.basic_constraints().is_some_and(|(is_authority, _)| is_authority) {
        let what = format!("{} is an authority's, and comes first", shown(own));
        add(what, "give the server's certificate first, then those above it");
    }
    if own.public_key.key_type().is_none() {
        add(
            "has a key of a kind that is not taken here".to_owned(),
            "use RSA with 2048, 3072 or 4096 bits, or ECDSA with P-256 or P-384",
        );
    }
    if !own.extended_key_usages().contains(&oid::SERVER_AUTH) {
        add(
            "is not for TLS servers: serverAuth is not among its extended key usages".to_owned(),
            "get one for a TLS server",
        );
    }
    let carried = own.general_names();
    for name in &definition.names {
        let is_it = |one: &GeneralName| match one {
            GeneralName::Dns(own) => own.eq_ignore_ascii_case(name),
            GeneralName::Email(_)
            | GeneralName::Uri(_)
            | GeneralName::Upn(_)
            | GeneralName::Ip(_)
            | GeneralName::PermanentIdentifier { .. }
            | GeneralName::DirectoryName(_)
            | GeneralName::Other(_) => false,
        };
        if !carried.iter().any(is_it) {
            add(
                format!("does not carry the DNS name {name}"),
                "get one that carries every name of the server certificate; devices expect them \
                 as they are, and take no wildcard for them",
            );
        }
    }
}

/// Whom a certificate names, in few words.
fn shown(certificate: &Certificate) -> String {
    /// Longest subject in a complaint.
    const CHARS_MAX: usize = 80;
    let subject = certificate.subject.to_string();
    if subject.is_empty() {
        return "a certificate without a subject".to_owned();
    }
    subject.chars().take(CHARS_MAX).collect()
}
