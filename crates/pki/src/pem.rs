//! PEM (RFC 7468): certificates and keys as text.

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use zeroize::Zeroizing;

use crate::{
    certificate::{Certificate, CertificateError},
    key::{KeyError, PrivateKey},
};

/// The largest PEM text in bytes: a bundle of a few hundred certificates.
pub const PEM_BYTES_MAX: usize = 1024 * 1024;
/// The label of a certificate.
pub const CERTIFICATE: &str = "CERTIFICATE";
/// The label of an unencrypted PKCS #8 key.
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
/// The label of a PKCS #10 request.
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";

const LINE_LENGTH: usize = 64;

/// Why a text is not the PEM it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// Longer than [`PEM_BYTES_MAX`].
    #[error("the PEM text is longer than 1 MiB")]
    TooLong,
    /// No block of the label that was looked for.
    #[error("there is no -----BEGIN {0}----- in the text")]
    Missing(String),
    /// A block without its end.
    #[error("the block {0} has no end")]
    Unended(String),
    /// The inside of a block is not base64.
    #[error("the inside of the block {0} is not base64")]
    Base64(String),
    /// A certificate inside is none.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A key inside is none.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// One PEM block of this label, in lines of 64 characters, ending in a line feed.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> String {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut text = String::with_capacity(base64.len() + base64.len() / LINE_LENGTH + 80);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(rest.len().min(LINE_LENGTH));
        text.push_str(line);
        text.push('\n');
        rest = next;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The insides of all blocks of this label; text around them is skipped.
///
/// # Errors
/// [`PemError`], also when there is no such block.
pub fn decode(label: &str, text: &str) -> Result<Vec<Zeroizing<Vec<u8>>>, PemError> {
    if text.len() > PEM_BYTES_MAX {
        return Err(PemError::TooLong);
    }
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&ALPHABET, config);
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(&begin) {
        let (inside, next) =
            after.split_once(&end).ok_or_else(|| PemError::Unended(label.to_owned()))?;
        let base64: Zeroizing<String> =
            Zeroizing::new(inside.chars().filter(|c| !c.is_whitespace()).collect());
        let der =
            engine.decode(base64.as_bytes()).map_err(|_| PemError::Base64(label.to_owned()))?;
        blocks.push(Zeroizing::new(der));
        rest = next;
    }
    if blocks.is_empty() { Err(PemError::Missing(label.to_owned())) } else { Ok(blocks) }
}

/// The PEM of a certificate.
#[must_use]
pub fn certificate(certificate: &Certificate) -> String {
    encode(CERTIFICATE, &certificate.der)
}

/// All certificates of a text, in its order.
///
/// # Errors
/// [`PemError`].
pub fn certificates(text: &str) -> Result<Vec<Certificate>, PemError> {
    let blocks = decode(CERTIFICATE, text)?;
    blocks.iter().map(|der| Ok(Certificate::parse(der)?)).collect()
}

/// The PKCS #8 PEM of a key, wiped from memory when dropped.
#[must_use]
pub fn private_key(key: &PrivateKey) -> Zeroizing<String> {
    Zeroizing::new(encode(PRIVATE_KEY, &key.to_pkcs8()))
}

/// The first PKCS #8 key of a text.
///
/// # Errors
/// [`PemError`].
pub fn parse_private_key(text: &str) -> Result<PrivateKey, PemError> {
    let blocks = decode(PRIVATE_KEY, text)?;
    let der = blocks.first().ok_or_else(|| PemError::Missing(PRIVATE_KEY.to_owned()))?;
    Ok(PrivateKey::from_pkcs8(der)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyType;

    #[test]
    fn a_key_survives_the_round_trip() {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let text = private_key(&key);
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(text.lines().all(|line| line.len() <= LINE_LENGTH));
        assert_eq!(parse_private_key(&text).unwrap().public_key(), key.public_key());
    }

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = format!("hello\r\n{}x\n{}", encode("A", b"one"), encode("A", b"two"));
        let blocks = decode("A", &text.replace('\n', "\r\n")).unwrap();
        assert_eq!(blocks, [Zeroizing::new(b"one".to_vec()), Zeroizing::new(b"two".to_vec())]);
    }

    #[test]
    fn broken_text_is_refused() {
        let missing = PemError::Missing("A".into());
        assert_eq!(decode("A", "").unwrap_err(), missing);
        assert_eq!(decode("A", &encode("B", b"x")).unwrap_err(), missing);
        assert_eq!(decode("A", "-----BEGIN A-----").unwrap_err(), PemError::Unended("A".into()));
        assert_eq!(
            decode("A", "-----BEGIN A-----\n?\n-----END A-----").unwrap_err(),
            PemError::Base64("A".into())
        );
        assert_eq!(decode("A", &" ".repeat(PEM_BYTES_MAX + 1)).unwrap_err(), PemError::TooLong);
        let no_certificate = encode(CERTIFICATE, b"no");
        assert!(matches!(certificates(&no_certificate), Err(PemError::Certificate(_))));
    }
}
