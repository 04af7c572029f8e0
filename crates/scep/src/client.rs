//! The device's side: making requests and reading replies.

use pki::{
    certificate::{Certificate, CertificateError, Serial},
    cms::{
        enveloped_data::{self, Cipher, EnvelopedData, OpenError},
        signed_data::{self, Attribute, SignedData, SignedDataError, Signer},
    },
    csr,
    draft::{Complaint, Draft, Issuer, SignError},
    extension::{BasicConstraints, KeyUsage},
    general_name::GeneralName,
    key::{Hash, KeyError, KeyKind, PrivateKey},
    name::{Name, NameError},
    time::Time,
    tlv::{self, Malformed},
};

use crate::message::{
    self, FAIL_INFO, FAIL_INFO_TEXT, FailInfo, MESSAGE_TYPE, MessageType, PKI_STATUS,
    RECIPIENT_NONCE, SENDER_NONCE, TRANSACTION_ID, TransactionId,
};

/// How long the self-signed certificate of a request is valid, in days: long enough for a slow
/// approval, and nobody else ever looks at it.
pub const SIGNER_DAYS: u32 = 30;

/// What a server offers, as far as it changes what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Whether messages may be sent by POST.
    pub post: bool,
    /// The cipher to use.
    pub cipher: Cipher,
    /// The hash to use.
    pub hash: Hash,
}

impl Offer {
    /// Reads the answer to `GetCACaps`. A server that says nothing useful gets AES-256 and
    /// SHA-256 all the same: there is nothing better to try.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let has = |word: &str| text.lines().any(|line| line.trim().eq_ignore_ascii_case(word));
        let standard = has("SCEPStandard");
        let only_old = has("DES3") && !has("AES") && !standard;
        Self {
            post: has("POSTPKIOperation") || standard,
            cipher: if only_old { Cipher::TripleDes } else { Cipher::Aes256 },
            hash: Hash::Sha256,
        }
    }
}

/// What a device asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The device's key, which must be an RSA key.
    pub key: &'a PrivateKey,
    /// The name it asks for.
    pub subject: &'a Name,
    /// The alternative names it asks for.
    pub general_names: &'a [GeneralName],
    /// The challenge password.
    pub challenge: Option<&'a str>,
}

/// Randomness for one request.
#[derive(Debug, Clone, Copy)]
pub struct Randomness {
    /// For the serial number of the self-signed certificate.
    pub serial: [u8; 16],
    /// For the nonce.
    pub nonce: [u8; 16],
}

/// A request on its way, with what is needed to read the reply.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The message to send.
    pub message: Vec<u8>,
    /// The transaction.
    pub transaction_id: TransactionId,
    /// The nonce that the reply must return.
    pub nonce: [u8; 16],
    /// The self-signed certificate that the reply is encrypted to.
    pub signer: Certificate,
}

/// Why a request could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The key did not sign, or the recipient's key takes no encryption.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The name of the self-signed certificate could not be made.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The self-signed certificate has a fault.
    #[error("the self-signed certificate has a fault: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Lint(Vec<Complaint>),
    /// The self-signed certificate could not be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Makes an enrollment request (`PKCSReq`), encrypted to the recipient and signed with a fresh
/// self-signed certificate.
///
/// # Errors
/// [`RequestError`].
pub fn request(
    wish: &Wish<'_>,
    recipient: &Certificate,
    offer: Offer,
    now: Time,
    randomness: Randomness,
) -> Result<Sent, RequestError> {
    let request = csr::build(wish.key, wish.subject, wish.general_names, wish.challenge)?;
    let signer = self_signed(wish, now, randomness.serial)?;
    let transaction_id = TransactionId::of_key(wish.key.public_key().identifier());
    let content = enveloped_data::seal(&request, recipient, offer.cipher)?;
    let key = Signer { certificate: &signer, key: wish.key, hash: offer.hash };
    let nonce = randomness.nonce;
    let message = signed("19", &content, &transaction_id, &nonce, &key)?;
    Ok(Sent { message, transaction_id, nonce, signer })
}

/// Asks again for a request that waits for approval (`CertPoll`, RFC 8894 3.3.3): of the same
/// transaction, signed with the same certificate.
///
/// # Errors
/// [`RequestError`].
pub fn poll(
    sent: &Sent,
    wish: &Wish<'_>,
    recipient: &Certificate,
    offer: Offer,
    nonce: [u8; 16],
) -> Result<Sent, RequestError> {
    // Who issues is whoever stands above a registration authority.
    let is_authority = recipient.basic_constraints().is_some_and(|(authority, _)| authority);
    let issuer = if is_authority { &recipient.subject } else { &recipient.issuer };
    let asked = tlv::sequence(&[issuer.der(), wish.subject.der()]);
    let content = enveloped_data::seal(&asked, recipient, offer.cipher)?;
    let (transaction_id, signer) = (sent.transaction_id.clone(), sent.signer.clone());
    let key = Signer { certificate: &signer, key: wish.key, hash: offer.hash };
    let message = signed("20", &content, &transaction_id, &nonce, &key)?;
    Ok(Sent { message, transaction_id, nonce, signer })
}

fn signed(
    message_type: &str,
    content: &[u8],
    transaction_id: &TransactionId,
    nonce: &[u8],
    key: &Signer<'_>,
) -> Result<Vec<u8>, KeyError> {
    let transaction = vec![transaction_id.element().to_vec()];
    let attributes = [
        message::printable(MESSAGE_TYPE, message_type),
        Attribute { oid: TRANSACTION_ID, values: transaction },
        message::octets(SENDER_NONCE, nonce),
    ];
    signed_data::build(content, &attributes, key, &[])
}

fn self_signed(wish: &Wish<'_>, now: Time, random: [u8; 16]) -> Result<Certificate, RequestError> {
    let subject = if wish.subject.is_empty() {
        Name::parse_text("CN=SCEP client")?
    } else {
        wish.subject.clone()
    };
    let not_after = now.plus_days(SIGNER_DAYS);
    let draft = Draft {
        serial: Serial::from_random(random),
        issuer: Issuer::itself(&subject, wish.key, wish.key.key_type().default_hash(), not_after),
        subject,
        public_key: wish.key.public_key().clone(),
        not_before: now,
        not_after,
        general_names: Vec::new(),
        key_usage: KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    Ok(draft.lint().map_err(RequestError::Lint)?.sign(wish.key)?)
}

/// Why an answer is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Not the ASN.1 of a reply.
    #[error("not a SCEP reply: {0}")]
    Malformed(#[from] Malformed),
    /// A certificate inside is broken.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Not signed by one of the certificates that the authority showed.
    #[error("the reply is not signed by the authority or its RA")]
    Signer,
    /// The signature does not fit.
    #[error(transparent)]
    Signature(#[from] SignedDataError),
    /// Not a reply to this request.
    #[error("the reply belongs to another request")]
    OtherRequest,
    /// No status that is known.
    #[error("the reply has no known status")]
    Status,
    /// It cannot be decrypted.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No certificate for our key is inside.
    #[error("the reply holds no certificate for this key")]
    NoCertificate,
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Certificates, the one for our key first.
    Issued {
        /// Our certificate, then the others.
        certificates: Vec<Certificate>,
    },
    /// A refusal.
    Failed {
        /// The reason by number, if it is a known one.
        fail_info: Option<FailInfo>,
        /// The reason in words.
        text: Option<String>,
    },
    /// Not decided yet.
    Pending,
}

/// Reads a reply: the signer must be one of the certificates from `GetCACert`, the transaction and
/// the nonce must be ours.
///
/// # Errors
/// [`ReplyError`].
pub fn parse_reply(
    reply: &[u8],
    sent: &Sent,
    key: &PrivateKey,
    authorities: &[Certificate],
) -> Result<Reply, ReplyError> {
    let signed = SignedData::parse(reply)?;
    let [signer] = signed.signers.as_slice() else {
        return Err(ReplyError::Signer);
    };
    let certificate = authorities
        .iter()
        .find(|certificate| signer.identifier.matches(certificate))
        .ok_or(ReplyError::Signer)?;
    let content = signed.content.as_deref().unwrap_or_default();
    signer.verify(content, &certificate.public_key)?;
    let is_ours = signer.attribute(MESSAGE_TYPE).map(MessageType::parse)
        == Some(MessageType::CertRep)
        && signer.attribute(TRANSACTION_ID).and_then(TransactionId::parse).as_ref()
            == Some(&sent.transaction_id)
        && message::nonce(signer, RECIPIENT_NONCE).is_some_and(|nonce| nonce == sent.nonce);
    if !is_ours {
        return Err(ReplyError::OtherRequest);
    }
    match message::text(signer, PKI_STATUS).as_deref() {
        Some("0") => issued(content, sent, key),
        Some("2") => Ok(Reply::Failed {
            fail_info: message::text(signer, FAIL_INFO).as_deref().and_then(FailInfo::parse),
            text: message::text(signer, FAIL_INFO_TEXT),
        }),
        Some("3") => Ok(Reply::Pending),
        _ => Err(ReplyError::Status),
    }
}

fn issued(content: &[u8], sent: &Sent, key: &PrivateKey) -> Result<Reply, ReplyError> {
    let opened = EnvelopedData::parse(content)?.open(&sent.signer, key)?;
    let mut certificates = SignedData::parse(&opened)?.certificates;
    let ours = certificates
        .iter()
        .position(|certificate| certificate.public_key.is_same_key(key.public_key()))
        .ok_or(ReplyError::NoCertificate)?;
    certificates.swap(0, ours);
    Ok(Reply::Issued { certificates })
}

/// Reads the answer to `GetCACert`: one certificate, or several in signed data.
///
/// # Errors
/// [`ReplyError`].
pub fn ca_certificates(body: &[u8], content_type: &str) -> Result<Vec<Certificate>, ReplyError> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/x-x509-ca-cert") {
        return Ok(vec![Certificate::parse(body)?]);
    }
    let certificates = SignedData::parse(body)?.certificates;
    if certificates.is_empty() { Err(ReplyError::NoCertificate) } else { Ok(certificates) }
}

/// The certificate to encrypt to: the first RSA one that may encipher keys, end entities before
/// authorities. In want of any, the first RSA one: scepserver's authority does not say that it may
/// encipher keys and does it all the same.
#[must_use]
pub fn recipient(certificates: &[Certificate]) -> Option<&Certificate> {
    let is_rsa =
        |certificate: &&Certificate| matches!(certificate.public_key.kind(), KeyKind::Rsa { .. });
    let may = |certificate: &&Certificate| {
        certificate.key_usage().is_none_or(|usage| usage.contains(KeyUsage::KEY_ENCIPHERMENT))
    };
    let is_ca =
        |certificate: &&Certificate| certificate.basic_constraints().is_some_and(|(ca, _)| ca);
    let mut rsa = certificates.iter().filter(is_rsa);
    let mut found = rsa.clone().filter(may);
    let best = found.clone().find(|certificate| !is_ca(certificate)).or_else(|| found.next());
    best.or_else(|| rsa.next())
}
