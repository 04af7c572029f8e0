//! A profile read as a Mac would read it: XML or binary, signed or not, within bounds.
//!
//! What makes a profile no profile is an error; what is wrong in a payload is a [`Deviation`], and
//! the rest is read all the same, so that everything can be told at once.

mod envelope;
mod payload;

use pki::certificate::Certificate;

use crate::apple::key;
use crate::apple::key::Deviation;
use crate::mdm::filling::Filling;
use crate::property_list;
use crate::property_list::Dictionary;
use crate::property_list::Unreadable;
use crate::property_list::Value;

pub use envelope::NESTED_MAX;
pub use envelope::Signature;
pub use payload::Join;
pub use payload::Scep;
pub use property_list::LIST_BYTES_MAX as PROFILE_BYTES_MAX;

/// The most payloads of a profile: a school's whole set-up has some dozens.
pub const PAYLOADS_MAX: usize = 100;

/// Why something is no profile that can be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InspectError {
    /// There is nothing.
    #[error("the file is empty")]
    Empty,
    /// It is longer than [`PROFILE_BYTES_MAX`].
    #[error("the file is longer than 1 MiB, and no profile for a network is")]
    TooLong,
    /// It looks signed, and the signature cannot be read.
    #[error("the file looks like a signed profile and cannot be read as one: {0}")]
    Envelope(String),
    /// It is signed around signatures.
    #[error("the file is signed more than {NESTED_MAX} times over")]
    Nested,
    /// It is signed and has nothing inside.
    #[error("the file is signed and holds no profile")]
    Hollow,
    /// Its content is no property list.
    #[error("the profile cannot be read: {0}")]
    List(Unreadable),
    /// It is a property list and no profile.
    #[error(
        "the file is a property list and no profile: it has no PayloadType \"Configuration\" with \
         payloads in PayloadContent"
    )]
    NoProfile,
    /// Its payloads are encrypted for one device.
    #[error("the profile is encrypted for one device; export it without encryption")]
    Encrypted,
    /// It has more payloads than [`PAYLOADS_MAX`].
    #[error("the profile has more than {PAYLOADS_MAX} payloads")]
    TooManyPayloads,
}

/// A profile.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// What identifies it on a device.
    pub identifier: String,
    /// When devices remove it, if they do, as XML writes a date.
    pub removal: Option<String>,
    /// Who signed it, from outside to inside.
    pub signatures: Vec<Signature>,
    /// Its payloads in their order.
    pub payloads: Vec<Payload>,
    /// What is not as Apple's table of keys says.
    pub deviations: Vec<Deviation>,
}

/// A payload.
#[derive(Clone, Debug)]
pub struct Payload {
    /// What it is called in a sentence: its type and its name.
    pub title: String,
    /// Its type.
    pub kind: String,
    /// What other payloads point to it by.
    pub uuid: String,
    /// What it says.
    pub content: Content,
}

/// What a payload says.
#[derive(Clone, Debug)]
pub enum Content {
    /// A certificate to trust.
    Certificate(Box<Certificate>),
    /// A certificate to ask for.
    Scep(Box<Scep>),
    /// A network to join.
    Network(Box<Join>),
    /// A key with its certificate, or one from elsewhere than SCEP.
    Identity,
    /// Something that does not concern networks, or that could not be read.
    Other,
}

/// Reads a profile.
///
/// # Errors
/// [`InspectError`] in plain words.
pub fn read(file: &[u8]) -> Result<Profile, InspectError> {
    if file.is_empty() {
        return Err(InspectError::Empty);
    }
    if file.len() > PROFILE_BYTES_MAX {
        return Err(InspectError::TooLong);
    }
    let (list, signatures) = envelope::open(file)?;
    let Value::Dictionary(root) = property_list::read(&list).map_err(InspectError::List)? else {
        return Err(InspectError::NoProfile);
    };
    if root.get("EncryptedPayloadContent").is_some() {
        return Err(InspectError::Encrypted);
    }
    let Some(Value::Array(payloads)) = root.get("PayloadContent") else {
        return Err(InspectError::NoProfile);
    };
    if root.text("PayloadType") != Some("Configuration") {
        return Err(InspectError::NoProfile);
    }
    if payloads.len() > PAYLOADS_MAX {
        return Err(InspectError::TooManyPayloads);
    }
    Ok(profile(&root, payloads, signatures))
}

fn profile(root: &Dictionary, payloads: &[Value], signatures: Vec<Signature>) -> Profile {
    let mut deviations = key::check(root);
    let mut read = Vec::new();
    for (place, payload) in payloads.iter().enumerate() {
        let Value::Dictionary(payload) = payload else { continue };
        read.push(payload::read(payload, place, &mut deviations));
    }
    let text = |key: &str| root.text(key).unwrap_or_default().to_owned();
    Profile {
        name: text("PayloadDisplayName"),
        identifier: text("PayloadIdentifier"),
        removal: match root.get("RemovalDate") {
            Some(Value::Date(date)) => Some(date.clone()),
            _ => None,
        },
        signatures,
        payloads: read,
        deviations,
    }
}

impl Profile {
    /// The payload that others point to by this UUID.
    #[must_use]
    pub fn payload(&self, uuid: &str) -> Option<&Payload> {
        self.payloads.iter().find(|payload| payload.uuid.eq_ignore_ascii_case(uuid))
    }

    /// The first network, and its payload.
    #[must_use]
    pub fn network(&self) -> Option<(&Payload, &Join)> {
        self.payloads.iter().find_map(|payload| match &payload.content {
            Content::Network(join) => Some((payload, join.as_ref())),
            Content::Certificate(_) | Content::Scep(_) | Content::Identity | Content::Other => None,
        })
    }

    /// The network, as a device would join it.
    #[must_use]
    pub fn wifi(&self) -> Option<&Join> {
        self.network().map(|(_, join)| join)
    }

    /// The certificate to ask for: the one that the network uses, else the first.
    #[must_use]
    pub fn scep(&self) -> Option<&Scep> {
        let used = self.wifi().and_then(|join| join.identity_uuid.as_deref());
        let used = used.and_then(|uuid| self.payload(uuid));
        used.into_iter().chain(&self.payloads).find_map(|payload| match &payload.content {
            Content::Scep(scep) => Some(scep.as_ref()),
            Content::Certificate(_) | Content::Network(_) | Content::Identity | Content::Other => {
                None
            }
        })
    }

    /// Every certificate in the profile, with its payload.
    pub fn certificates(&self) -> impl Iterator<Item = (&Payload, &Certificate)> {
        self.payloads.iter().filter_map(|payload| match &payload.content {
            Content::Certificate(certificate) => Some((payload, certificate.as_ref())),
            Content::Scep(_) | Content::Network(_) | Content::Identity | Content::Other => None,
        })
    }

    /// What a RADIUS server may be trusted by: the certificates that the network names, and if it
    /// names none, every certificate that the profile installs.
    #[must_use]
    pub fn anchors(&self) -> Vec<&Certificate> {
        let named = self.wifi().map_or(&[][..], |join| join.anchor_uuids.as_slice());
        let is_named = |payload: &Payload| {
            named.is_empty() || named.iter().any(|uuid| uuid.eq_ignore_ascii_case(&payload.uuid))
        };
        let certificates = self.certificates().filter(|(payload, _)| is_named(payload));
        certificates.map(|(_, certificate)| certificate).collect()
    }

    /// The names that a RADIUS server may have; none is any.
    #[must_use]
    pub fn trusted_names(&self) -> &[String] {
        self.wifi().map_or(&[], |join| &join.server_names)
    }

    /// The same profile as an MDM would push it: each variable replaced by its value.
    #[must_use]
    pub fn expanded(self, values: &[(String, String)]) -> Self {
        self.filled(values).0
    }

    /// The same, with what became of the variables and the values.
    #[must_use]
    pub fn filled(mut self, values: &[(String, String)]) -> (Self, Filling) {
        let mut filling = Filling::default();
        for payload in &mut self.payloads {
            match &mut payload.content {
                Content::Scep(scep) => scep.fill(values, &mut filling),
                Content::Network(join) => join.fill(values, &mut filling),
                Content::Certificate(_) | Content::Identity | Content::Other => {}
            }
        }
        (self, filling)
    }
}
