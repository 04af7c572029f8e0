//! Requests of devices: opened in a fixed order, so that nothing is trusted before its turn.

use pki::{
    algorithm::Digest,
    ber,
    certificate::Certificate,
    cms::{
        enveloped_data::{Cipher, EnvelopedData, OpenError},
        signed_data::{SignedData, SignedDataError, SignerInfo},
    },
    csr::{Csr, CsrError},
    key::{Hash, KeyKind, PrivateKey},
};

use crate::{
    capabilities::Algorithms,
    message::{self, Context, FailInfo, MessageType, TransactionId},
};

/// The one text for everything that goes wrong behind the encryption, so that nobody learns what
/// it was.
const UNOPENED: &str = "the request could not be opened";

/// A certificate that requests may be encrypted to, and its key. The newest comes first.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// Its key, which must be an RSA key.
    pub key: &'a PrivateKey,
}

/// Who signed a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// A certificate that the device made for itself, for the very key that is to be certified: a
    /// first enrollment.
    Itself,
    /// A certificate that somebody issued: a claim to be a renewal. Whoever believes it must first
    /// find that certificate among the issued ones.
    AnIssuedCertificate,
}

/// A request to enroll or to renew (`PKCSReq`, `RenewalReq`) that was opened and verified; only [`Request::parse`] makes
/// one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// What the reply needs to know.
    pub context: Context,
    /// What the device asks for, and its challenge.
    pub csr: Csr,
    /// Who signed.
    pub signed_by: SignedBy,
}

/// A request that is answered with a signed failure.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What the reply needs to know.
    pub context: Context,
    /// Why, as a number for the device.
    pub fail_info: FailInfo,
    /// Why, as a sentence for whoever looks at the device.
    pub text: String,
}

/// A request that cannot be answered in SCEP: HTTP says 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Longer than 256 KiB.
    #[error("the message is longer than 256 KiB")]
    TooLong,
    /// Not a signed message.
    #[error("the message is not signed data: {0}")]
    Malformed(#[from] pki::tlv::Malformed),
    /// Not exactly one signer.
    #[error("the message has not exactly one signer")]
    Signers,
    /// The signer's certificate is not in the message.
    #[error("the certificate of the signer is not in the message")]
    NoSigner,
    /// The transaction identifier is missing, there twice, or out of bounds.
    #[error("the message has no usable transaction identifier")]
    TransactionId,
    /// The sender's nonce is missing, there twice, or out of bounds.
    #[error("the message has no usable nonce")]
    SenderNonce,
}

/// The two ways in which a message is no request.
#[derive(Debug, Clone)]
pub enum NoRequest {
    /// It is answered with a signed failure.
    Refused(Box<Refused>),
    /// It cannot be answered.
    Unreadable(Unreadable),
}

impl<E: Into<Unreadable>> From<E> for NoRequest {
    fn from(error: E) -> Self {
        Self::Unreadable(error.into())
    }
}

impl Request {
    /// Opens a message in this order: size, signed data, its one signer, attributes to answer
    /// with, algorithms, signature, message type, envelope, certificate request. Only an
    /// enrollment (19) or a renewal (17) is decrypted at all: clients use either for both, and who
    /// signed tells which it is.
    ///
    /// # Errors
    /// [`NoRequest`]: refused or unreadable.
    pub fn parse(
        message: &[u8],
        recipients: &[Recipient<'_>],
        algorithms: Algorithms,
    ) -> Result<Self, NoRequest> {
        if message.len() > ber::MESSAGE_BYTES_MAX {
            return Err(Unreadable::TooLong.into());
        }
        let signed = SignedData::parse(message).map_err(Unreadable::Malformed)?;
        let [signer] = signed.signers.as_slice() else {
            return Err(Unreadable::Signers.into());
        };
        let mut context = read_context(&signed, signer)?;
        let verdict = check_signature(&signed, signer, &context, algorithms)
            .and_then(|content| open(content, signer, recipients, algorithms, &mut context));
        match verdict {
            Ok((csr, signed_by)) => Ok(Self { context, csr, signed_by }),
            Err((fail_info, text)) => {
                Err(NoRequest::Refused(Box::new(Refused { context, fail_info, text })))
            }
        }
    }

    /// This request, refused for a reason that was found later.
    #[must_use]
    pub fn refuse(&self, fail_info: FailInfo, text: &str) -> Refused {
        Refused { context: self.context.clone(), fail_info, text: text.to_owned() }
    }
}

type Failure = (FailInfo, String);

fn read_context(signed: &SignedData, signer: &SignerInfo) -> Result<Context, Unreadable> {
    let certificate = signed
        .certificates
        .iter()
        .find(|certificate| signer.identifier.matches(certificate))
        .ok_or(Unreadable::NoSigner)?;
    let transaction_id = signer
        .attribute(message::TRANSACTION_ID)
        .and_then(TransactionId::parse)
        .ok_or(Unreadable::TransactionId)?;
    let sender_nonce =
        message::nonce(signer, message::SENDER_NONCE).ok_or(Unreadable::SenderNonce)?;
    let hash = match signer.digest() {
        Some(Digest::Sha384) => Hash::Sha384,
        Some(Digest::Sha512) => Hash::Sha512,
        Some(Digest::Sha256 | Digest::Sha1 | Digest::Md5) | None => Hash::Sha256,
    };
    Ok(Context {
        transaction_id,
        sender_nonce,
        signer: certificate.clone(),
        hash,
        cipher: Cipher::Aes128,
        recipient: 0,
    })
}

fn check_signature<'a>(
    signed: &'a SignedData,
    signer: &SignerInfo,
    context: &Context,
    algorithms: Algorithms,
) -> Result<&'a [u8], Failure> {
    let refused_digest =
        || bad_alg(format!("the digest algorithm {} is not accepted here", signer.digest_oid));
    let named = signer.signature_algorithm.digest();
    let digests = [signer.digest().ok_or_else(refused_digest)?]
        .into_iter()
        .chain(named)
        .all(|digest| algorithms.accept_digest(digest));
    if !digests {
        return Err(refused_digest());
    }
    let key = &context.signer.public_key;
    if !matches!(key.kind(), KeyKind::Rsa { .. }) {
        // The reply could not be encrypted to it (RFC 8894 3.1).
        return Err(bad_alg("the request must be signed with an RSA key".to_owned()));
    }
    key.check_strength().map_err(|weak| bad_alg(format!("the key is too weak: {weak}")))?;
    let bad_check = |text: String| (FailInfo::BadMessageCheck, text);
    let content =
        signed.content.as_deref().ok_or_else(|| bad_check("the message is empty".to_owned()))?;
    signer.verify(content, key).map_err(|error| match error {
        SignedDataError::Digest(_) => refused_digest(),
        SignedDataError::NoAttributes
        | SignedDataError::MessageDigest
        | SignedDataError::Signature => bad_check(error.to_string()),
    })?;
    Ok(content)
}

fn open(
    content: &[u8],
    signer: &SignerInfo,
    recipients: &[Recipient<'_>],
    algorithms: Algorithms,
    context: &mut Context,
) -> Result<(Csr, SignedBy), Failure> {
    check_type(signer)?;
    let envelope = EnvelopedData::parse(content).map_err(|_| unopened())?;
    let refused_cipher =
        || bad_alg(format!("the content cipher {} is not accepted here", envelope.cipher_oid));
    let cipher = envelope.cipher().ok_or_else(refused_cipher)?;
    if !algorithms.accept_cipher(cipher) {
        return Err(refused_cipher());
    }
    context.cipher = match cipher {
        Cipher::Des | Cipher::TripleDes => Cipher::TripleDes,
        Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => cipher,
    };
    let ours: Vec<&Certificate> = recipients.iter().map(|r| r.certificate).collect();
    let position = envelope.recipient(&ours).map_err(|_| unopened())?;
    let recipient = recipients.get(position).ok_or_else(unopened)?;
    context.recipient = position;
    let opened =
        envelope.open(recipient.certificate, recipient.key).map_err(|error| match error {
            OpenError::Cipher(_) => refused_cipher(),
            OpenError::Transport(_) => bad_alg(error.to_string()),
            OpenError::NotForUs | OpenError::Failed => unopened(),
        })?;
    let csr = Csr::parse(&opened, algorithms.strictness()).map_err(|error| refuse_csr(&error))?;
    let signed_by = check_signer(&context.signer, &csr)?;
    Ok((csr, signed_by))
}

/// Of all types only an enrollment and a renewal go on.
fn check_type(signer: &SignerInfo) -> Result<(), Failure> {
    let refused = |what: &str| Err((FailInfo::BadRequest, format!("{what} is not served here")));
    let Some(value) = signer.attribute(message::MESSAGE_TYPE) else {
        return Err((
            FailInfo::BadRequest,
            "the message type must be there exactly once".to_owned(),
        ));
    };
    match MessageType::parse(value) {
        MessageType::PkcsReq | MessageType::RenewalReq => Ok(()),
        MessageType::CertRep => refused("a reply (3)"),
        MessageType::UpdateReq => refused("an update request (18)"),
        MessageType::CertPoll => refused("polling (20)"),
        MessageType::GetCert => refused("fetching certificates (21)"),
        MessageType::GetCrl => refused("fetching revocation lists (22)"),
        MessageType::Unknown => refused("this message type"),
    }
}

/// A broken request looks like a failed decryption. What is said differently says nothing about
/// the encrypted bytes but that they are a request.
fn refuse_csr(error: &CsrError) -> Failure {
    match error {
        CsrError::Sha1 | CsrError::Md5 | CsrError::Algorithm => bad_alg(error.to_string()),
        CsrError::WeakKey(_) => (FailInfo::BadRequest, error.to_string()),
        CsrError::TooLong
        | CsrError::Malformed(_)
        | CsrError::Name(_)
        | CsrError::Key(_)
        | CsrError::Signature
        | CsrError::ChallengeTooLong => unopened(),
    }
}

/// A certificate that a device signed for itself counts only for the key inside
/// (RFC 8894 2.3). Names decide what is self-signed, so that a broken signature is no way out.
fn check_signer(signer: &Certificate, csr: &Csr) -> Result<SignedBy, Failure> {
    if signer.issuer != signer.subject {
        return Ok(SignedBy::AnIssuedCertificate);
    }
    if signer.public_key.is_same_key(&csr.public_key) {
        return Ok(SignedBy::Itself);
    }
    let text = "the request is signed with another key than it asks a certificate for";
    Err((FailInfo::BadMessageCheck, text.to_owned()))
}

fn bad_alg(text: String) -> Failure {
    (FailInfo::BadAlg, text)
}

fn unopened() -> Failure {
    (FailInfo::BadMessageCheck, UNOPENED.to_owned())
}
