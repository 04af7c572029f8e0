//! Signed messages: read, verified over the received bytes, and written.

use const_oid::ObjectIdentifier;

use crate::{
    algorithm::{Digest, SignatureAlgorithm},
    ber,
    certificate::Certificate,
    cms::{
        ATTRIBUTES_MAX, CERTIFICATES_MAX, CertificateIdentifier, SIGNERS_MAX, algorithm_oid,
        content_info, content_of,
    },
    key::{Hash, KeyError, PrivateKey, PublicKey},
    oid,
    tlv::{self, Element, Malformed},
};

/// A signed message as received. Nothing is verified yet.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedData {
    /// The octets that are signed, joined; none when they are elsewhere.
    pub content: Option<Vec<u8>>,
    /// The certificates that could be read, in their order.
    pub certificates: Vec<Certificate>,
    /// Who signed.
    pub signers: Vec<SignerInfo>,
}

/// One signature of a message.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignerInfo {
    /// Which certificate verifies it.
    pub identifier: CertificateIdentifier,
    /// The digest algorithm by name.
    pub digest_oid: ObjectIdentifier,
    /// The signature algorithm.
    pub signature_algorithm: SignatureAlgorithm,
    /// The signature.
    pub signature: Vec<u8>,
    /// The signed attributes in their order, duplicates included.
    pub attributes: Vec<Attribute>,
    signed_attributes: Option<Vec<u8>>,
}

/// One signed attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Which attribute it is.
    pub oid: ObjectIdentifier,
    /// Its values, each as the whole element.
    pub values: Vec<Vec<u8>>,
}

/// Why a signed message does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedDataError {
    /// There are no signed attributes.
    #[error("the message has no signed attributes")]
    NoAttributes,
    /// The digest algorithm is not supported.
    #[error("the digest algorithm {0} is not supported")]
    Digest(ObjectIdentifier),
    /// The messageDigest attribute is missing, there twice, or does not fit the content.
    #[error("the message digest does not fit the content")]
    MessageDigest,
    /// The signature does not fit.
    #[error("the signature of the message does not fit")]
    Signature,
}

impl SignedData {
    /// Reads a `ContentInfo` of signed data. The bytes are made definite first.
    ///
    /// # Errors
    /// [`Malformed`], also when one of the bounds of [`crate::cms`] is passed.
    pub fn parse(message: &[u8]) -> Result<Self, Malformed> {
        let message = ber::definite(message)?;
        let mut reader = content_of(&message, oid::SIGNED_DATA)?.reader();
        reader.expect(tlv::INTEGER)?;
        reader.expect(tlv::SET)?;
        let mut encapsulated = reader.expect(tlv::SEQUENCE)?.reader();
        encapsulated.read()?.oid()?;
        let content = match encapsulated.optional(tlv::context(0))? {
            Some(wrapped) if !wrapped.content.is_empty() => {
                let mut inside = wrapped.reader();
                let octets = inside.read()?;
                inside.finish()?;
                if octets.tag & !tlv::CONSTRUCTED != tlv::OCTET_STRING {
                    return Err(Malformed("content that is no octet string"));
                }
                Some(ber::octets(&octets)?)
            }
            _ => None,
        };
        let certificates = match reader.optional(tlv::context(0))? {
            Some(bag) => read_bag(&bag)?,
            None => Vec::new(),
        };
        reader.optional(tlv::context(1))?;
        let signers = reader.expect(tlv::SET)?.children(SIGNERS_MAX)?;
        let signers = signers.iter().map(SignerInfo::parse).collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self { content, certificates, signers })
    }
}

/// Certificates that cannot be read are passed over: only the signer's is ever needed.
fn read_bag(bag: &Element<'_>) -> Result<Vec<Certificate>, Malformed> {
    let elements = bag.children(CERTIFICATES_MAX)?;
    Ok(elements.iter().filter_map(|element| Certificate::parse(element.raw).ok()).collect())
}

impl SignerInfo {
    fn parse(element: &Element<'_>) -> Result<Self, Malformed> {
        if element.tag != tlv::SEQUENCE {
            return Err(Malformed("a signer"));
        }
        let mut reader = element.reader();
        reader.expect(tlv::INTEGER)?;
        let identifier = CertificateIdentifier::parse(&reader.read()?)?;
        let digest_oid = algorithm_oid(&reader.expect(tlv::SEQUENCE)?)?;
        let signed = reader.optional(tlv::context(0))?;
        let signature_algorithm = SignatureAlgorithm::parse(&reader.expect(tlv::SEQUENCE)?)?;
        let signature = reader.read()?;
        if signature.tag & !tlv::CONSTRUCTED != tlv::OCTET_STRING {
            return Err(Malformed("a signature"));
        }
        let signature = ber::octets(&signature)?;
        reader.optional(tlv::context(1))?;
        reader.finish()?;
        let attributes = match signed {
            Some(signed) => read_attributes(&signed)?,
            None => Vec::new(),
        };
        Ok(Self {
            identifier,
            digest_oid,
            signature_algorithm,
            signature,
            attributes,
            signed_attributes: signed.map(|signed| signed.raw.to_vec()),
        })
    }

    /// The one value of an attribute; nothing when it is missing, there twice or has not
    /// exactly one value.
    #[must_use]
    pub fn attribute(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        let mut found = self.attributes.iter().filter(|attribute| attribute.oid == oid);
        match (found.next().map(|attribute| attribute.values.as_slice()), found.next()) {
            (Some([value]), None) => Some(value),
            _ => None,
        }
    }

    /// The digest algorithm, if it is one that is known.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        Digest::from_oid(self.digest_oid)
    }

    /// Verifies the message digest over the content and the signature over the signed
    /// attributes, as received first and sorted as DER demands second (RFC 5652 5.4).
    ///
    /// # Errors
    /// [`SignedDataError`].
    pub fn verify(&self, content: &[u8], signer: &PublicKey) -> Result<(), SignedDataError> {
        let signed = self.signed_attributes.as_deref().ok_or(SignedDataError::NoAttributes)?;
        let unsupported = SignedDataError::Digest(self.digest_oid);
        let digest = self.digest().ok_or(unsupported)?;
        let computed = digest.compute(content).ok_or(unsupported)?;
        let claimed = self
            .attribute(oid::MESSAGE_DIGEST)
            .and_then(|value| tlv::only(value, tlv::OCTET_STRING).ok())
            .ok_or(SignedDataError::MessageDigest)?;
        if claimed.content != computed {
            return Err(SignedDataError::MessageDigest);
        }
        // The attributes are sent under [0] and signed under SET.
        let rest = signed.get(1..).unwrap_or_default();
        let received = [&[tlv::SET], rest].concat();
        let fits = |message: &[u8]| {
            signer
                .verify_with_digest(self.signature_algorithm, digest, message, &self.signature)
                .is_ok()
        };
        if fits(&received) {
            return Ok(());
        }
        let sorted = tlv::only(&received, tlv::SET)
            .and_then(|set| set.children(ATTRIBUTES_MAX))
            .map(|parts| tlv::set_of(&parts.iter().map(|part| part.raw).collect::<Vec<_>>()));
        match sorted {
            Ok(sorted) if sorted != received && fits(&sorted) => Ok(()),
            Ok(_) | Err(_) => Err(SignedDataError::Signature),
        }
    }
}

fn read_attributes(signed: &Element<'_>) -> Result<Vec<Attribute>, Malformed> {
    let mut attributes = Vec::new();
    for element in signed.children(ATTRIBUTES_MAX)? {
        let mut reader = element.reader();
        let oid = reader.read()?.oid()?;
        let values = reader.expect(tlv::SET)?.children(ATTRIBUTES_MAX)?;
        reader.finish()?;
        let values = values.iter().map(|value| value.raw.to_vec()).collect();
        attributes.push(Attribute { oid, values });
    }
    Ok(attributes)
}

/// Who signs a message.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The certificate of the key.
    pub certificate: &'a Certificate,
    /// The key.
    pub key: &'a PrivateKey,
    /// The hash to digest and sign with.
    pub hash: Hash,
}

/// Writes a signed message. The attributes contentType and messageDigest are added; the signer's
/// certificate goes first, then the others. No content is written as a zero-length string,
/// without which certmonger never understands a failure.
///
/// # Errors
/// [`KeyError`] when the key does not sign.
pub fn build(
    content: &[u8],
    attributes: &[Attribute],
    signer: &Signer<'_>,
    others: &[Certificate],
) -> Result<Vec<u8>, KeyError> {
    let digest = Digest::from(signer.hash);
    let computed = digest.compute(content).ok_or(KeyError::Signing)?;
    let mut encoded = vec![
        attribute_der(&oid::CONTENT_TYPE, &[tlv::oid(&oid::DATA)]),
        attribute_der(&oid::MESSAGE_DIGEST, &[tlv::octet_string(&computed)]),
    ];
    encoded.extend(attributes.iter().map(|a| attribute_der(&a.oid, &a.values)));
    let set = tlv::set_of(&encoded);
    let signature = signer.key.sign(signer.hash, &set)?;
    // strongSwan 5.9.8 understands only the plain key algorithm here.
    let algorithm = if signer.key.key_type().is_rsa() {
        tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION), tlv::null()])
    } else {
        SignatureAlgorithm::identifier_der(signer.key.key_type(), signer.hash)
    };
    let signed = [&[tlv::context(0)], set.get(1..).unwrap_or_default()].concat();
    let signer_info = tlv::sequence(&[
        tlv::integer(1),
        CertificateIdentifier::of(signer.certificate).der(),
        digest.identifier_der(),
        signed,
        algorithm,
        tlv::octet_string(&signature),
    ]);
    let mut bag = vec![signer.certificate.der.as_slice()];
    bag.extend(others.iter().map(|certificate| certificate.der.as_slice()));
    let content = tlv::encode(tlv::context(0), &tlv::octet_string(content));
    let signed_data = tlv::sequence(&[
        tlv::integer(1),
        tlv::set_of(&[digest.identifier_der()]),
        tlv::sequence(&[tlv::oid(&oid::DATA), content]),
        tlv::constructed(tlv::context(0), &bag),
        tlv::set_of(&[signer_info]),
    ]);
    Ok(content_info(oid::SIGNED_DATA, &signed_data))
}

/// A message that carries certificates and nothing else, in the order given.
#[must_use]
pub fn certificates_only(certificates: &[Certificate]) -> Vec<u8> {
    let bag: Vec<&[u8]> = certificates.iter().map(|c| c.der.as_slice()).collect();
    let none: [&[u8]; 0] = [];
    let signed_data = tlv::sequence(&[
        tlv::integer(1),
        tlv::set_of(&none),
        tlv::sequence(&[tlv::oid(&oid::DATA)]),
        tlv::constructed(tlv::context(0), &bag),
        tlv::set_of(&none),
    ]);
    content_info(oid::SIGNED_DATA, &signed_data)
}

fn attribute_der(oid: &ObjectIdentifier, values: &[Vec<u8>]) -> Vec<u8> {
    tlv::sequence(&[tlv::oid(oid), tlv::set_of(values)])
}
