//! Replies to devices (`CertRep`, RFC 8894 3.3.2).

use pki::{
    certificate::Certificate,
    cms::{
        enveloped_data,
        signed_data::{self, Attribute, Signer},
    },
    key::{KeyError, PrivateKey},
    oid,
    time::Time,
    tlv,
};

use crate::{
    message::{
        self, Context, FAIL_INFO, FAIL_INFO_TEXT, FAIL_INFO_TEXT_CHARS_MAX, MESSAGE_TYPE,
        PKI_STATUS, RECIPIENT_NONCE, SENDER_NONCE, TRANSACTION_ID,
    },
    request::Refused,
};

/// Who signs replies: the RA, or the authority itself.
#[derive(Debug, Clone, Copy)]
pub struct Responder<'a> {
    /// The certificate that devices got from `GetCACert`.
    pub certificate: &'a Certificate,
    /// Its key.
    pub key: &'a PrivateKey,
    /// The certificates above it, its issuer first, which are sent along.
    pub chain: &'a [Certificate],
}

/// A success: the certificates, the device's own first, encrypted to whoever signed the request.
///
/// # Errors
/// [`KeyError`] when the signer's key takes no encryption or the responder's key does not sign.
pub fn success(
    context: &Context,
    issued: &[Certificate],
    responder: &Responder<'_>,
    now: Time,
    sender_nonce: [u8; 16],
) -> Result<Vec<u8>, KeyError> {
    let certificates = signed_data::certificates_only(issued);
    let content = enveloped_data::seal(&certificates, &context.signer, context.cipher)?;
    let mut attributes = common_attributes(context, now, sender_nonce);
    attributes.push(message::printable(PKI_STATUS, "0"));
    sign(context, &content, &attributes, responder)
}

/// A failure with its reason, in the clear.
///
/// # Errors
/// [`KeyError`] when the responder's key does not sign.
pub fn failure(
    refused: &Refused,
    responder: &Responder<'_>,
    now: Time,
    sender_nonce: [u8; 16],
) -> Result<Vec<u8>, KeyError> {
    let mut attributes = common_attributes(&refused.context, now, sender_nonce);
    attributes.push(message::printable(PKI_STATUS, "2"));
    attributes.push(message::printable(FAIL_INFO, refused.fail_info.as_str()));
    let text: String = refused.text.chars().take(FAIL_INFO_TEXT_CHARS_MAX).collect();
    attributes.push(Attribute {
        oid: FAIL_INFO_TEXT,
        values: vec![tlv::encode(tlv::UTF8_STRING, text.as_bytes())],
    });
    sign(&refused.context, &[], &attributes, responder)
}

/// The answer to `GetCACert` where there is more than one certificate: RA first, root last.
#[must_use]
pub fn certificates(certificates: &[Certificate]) -> Vec<u8> {
    signed_data::certificates_only(certificates)
}

fn common_attributes(context: &Context, now: Time, sender_nonce: [u8; 16]) -> Vec<Attribute> {
    let transaction_id = context.transaction_id.element().to_vec();
    vec![
        Attribute { oid: oid::SIGNING_TIME, values: vec![tlv::time(now)] },
        message::printable(MESSAGE_TYPE, "3"),
        Attribute { oid: TRANSACTION_ID, values: vec![transaction_id] },
        message::octets(RECIPIENT_NONCE, &context.sender_nonce),
        message::octets(SENDER_NONCE, &sender_nonce),
    ]
}

fn sign(
    context: &Context,
    content: &[u8],
    attributes: &[Attribute],
    responder: &Responder<'_>,
) -> Result<Vec<u8>, KeyError> {
    let key_type = responder.key.key_type();
    let hash =
        if key_type.signs_with(context.hash) { context.hash } else { key_type.default_hash() };
    let signer = Signer { certificate: responder.certificate, key: responder.key, hash };
    signed_data::build(content, attributes, &signer, responder.chain)
}
