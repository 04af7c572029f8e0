//! The certificates that a device is given, each once, with what it is for.

use pki::certificate::Certificate;

use crate::network::Network;

/// Longest stem of a file's name that is made of a certificate's name.
const STEM_BYTES_MAX: usize = 40;

/// What a certificate is for. A root of ours that RADIUS servers are trusted by too is
/// [`Role::Root`], and an anchor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// The root of the device's certificate.
    Root,
    /// The authority that issues the device's certificate.
    Issuing,
    /// An authority between the two.
    Intermediate,
    /// A root that only RADIUS servers are trusted by.
    Radius,
}

/// A certificate for a device.
#[derive(Clone, Debug)]
pub struct Trusted<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// What it is for.
    pub role: Role,
    /// Whether RADIUS servers are trusted by it.
    pub is_anchor: bool,
    /// What people call it.
    pub name: String,
    /// The stem of the name of its file, unique among those of the network.
    pub stem: String,
}

/// Every certificate that a device of this network is given: root, issuing authority, authorities
/// between, roots of RADIUS servers.
#[must_use]
pub fn all(network: &Network) -> Vec<Trusted<'_>> {
    let mut trusted: Vec<Trusted<'_>> = Vec::new();
    let chain = network.chain.as_slice();
    let root = chain.last().into_iter().map(|root| (root, Role::Root));
    let issuing = chain.first().into_iter().map(|issuing| (issuing, Role::Issuing));
    let between = chain.iter().map(|between| (between, Role::Intermediate));
    let anchors = network.anchors.iter().map(|anchor| (anchor, Role::Radius));
    for (certificate, role) in root.chain(issuing).chain(between).chain(anchors) {
        if trusted.iter().any(|known| known.certificate.der == certificate.der) {
            continue;
        }
        let stem = stem(&trusted, certificate, role);
        trusted.push(Trusted {
            certificate,
            role,
            is_anchor: network.anchors.iter().any(|anchor| anchor.der == certificate.der),
            name: name(certificate),
            stem,
        });
    }
    trusted
}

/// The root that `GetCACert` ends in, by whose fingerprint devices know the gateway.
#[must_use]
pub fn gateway_root<'a, 'b>(trusted: &'b [Trusted<'a>]) -> Option<&'b Trusted<'a>> {
    trusted.iter().find(|trusted| trusted.role == Role::Root)
}

/// What people call a certificate.
#[must_use]
pub fn name(certificate: &Certificate) -> String {
    let subject = &certificate.subject;
    subject.common_names().next().map_or_else(|| subject.to_string(), str::to_owned)
}

fn stem(others: &[Trusted<'_>], certificate: &Certificate, role: Role) -> String {
    let base = match role {
        Role::Root => "root-ca".to_owned(),
        Role::Issuing => "intermediate-ca".to_owned(),
        Role::Intermediate => format!("intermediate-{}", ascii(&name(certificate))),
        Role::Radius => format!("global-root-{}", ascii(&name(certificate))),
    };
    let is_free = |stem: &str| others.iter().all(|other| other.stem != stem);
    if is_free(&base) {
        return base;
    }
    // As many as there are others, and one, cannot all be taken.
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    numbered.take(others.len() + 1).find(|stem| is_free(stem)).unwrap_or(base)
}

/// A name of lower-case letters, digits and hyphens.
fn ascii(name: &str) -> String {
    let mut stem = String::new();
    for character in name.chars() {
        if stem.len() == STEM_BYTES_MAX {
            break;
        }
        match character.to_ascii_lowercase() {
            character if character.is_ascii_alphanumeric() => stem.push(character),
            _ if !stem.is_empty() && !stem.ends_with('-') => stem.push('-'),
            _ => {}
        }
    }
    stem.trim_end_matches('-').to_owned()
}
