//! What stands around a profile: signatures, which are opened and judged.

use pki::cms::signed_data::SignedData;
use pki::cms::signed_data::SignerInfo;
use pki::tlv;

use super::InspectError;
use crate::apple::key::shown;
use crate::apple::trust;

/// How often a profile may be signed over: a console signs what a tool has signed already.
pub const NESTED_MAX: usize = 3;

/// A signature around a profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Whose it says it is; nothing when no certificate came with it.
    pub signer: Option<String>,
    /// Whether it fits the profile. Whether the signer is to be trusted is another question.
    pub fits: bool,
}

/// The profile inside, and the signatures around it.
pub(super) fn open(file: &[u8]) -> Result<(Vec<u8>, Vec<Signature>), InspectError> {
    let mut content = file.to_vec();
    let mut signatures = Vec::new();
    for _ in 0..=NESTED_MAX {
        if content.first() != Some(&tlv::SEQUENCE) {
            return Ok((content, signatures));
        }
        let envelope = SignedData::parse(&content)
            .map_err(|malformed| InspectError::Envelope(malformed.to_string()))?;
        let inside = envelope.content.clone().unwrap_or_default();
        if inside.is_empty() {
            return Err(InspectError::Hollow);
        }
        signatures.extend(envelope.signers.iter().map(|signer| judge(signer, &envelope, &inside)));
        content = inside;
    }
    Err(InspectError::Nested)
}

fn judge(signer: &SignerInfo, envelope: &SignedData, content: &[u8]) -> Signature {
    let mut certificates = envelope.certificates.iter();
    match certificates.find(|certificate| signer.identifier.matches(certificate)) {
        None => Signature { signer: None, fits: false },
        Some(certificate) => Signature {
            signer: Some(shown(&trust::name(certificate))),
            fits: signer.verify(content, &certificate.public_key).is_ok(),
        },
    }
}
