//! The verifier of device certificates: proves chain and key, then asks the server's memory.

use core::time::Duration;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use pki::certificate::Certificate;
use pki::oid;
use rustls::CertificateError;
use rustls::DigitallySignedStruct;
use rustls::DistinguishedName;
use rustls::Error;
use rustls::SignatureScheme;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::UnixTime;
use rustls::server::danger::ClientCertVerified;
use rustls::server::danger::ClientCertVerifier;

use crate::failure::CertificateFault;
use crate::failure::Failure;
use crate::tls::Clock;
use crate::verdict::Verdict;

/// The most certificates of a device's chain: more is an attack on path building, not a PKI.
pub const CHAIN_LENGTH_MAX: usize = 8;

/// The longest certificate looked at; ordinary ones have 1 to 2 KiB.
pub const CERTIFICATE_LENGTH_MAX: usize = 16 * 1024;

/// What a device showed, kept although the handshake may fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presented {
    /// The leaf, DER.
    pub leaf: Vec<u8>,
    /// What it sent behind the leaf, DER.
    pub chain: Vec<Vec<u8>>,
}

/// What the verifier saw and decided in one session.
#[derive(Debug, Default)]
pub(crate) struct Witness(Mutex<Testimony>);

#[derive(Debug, Default)]
struct Testimony {
    presented: Option<Presented>,
    failure: Option<Failure>,
}

impl Witness {
    pub(crate) fn presented(&self) -> Option<Presented> {
        self.lock().presented.clone()
    }

    pub(crate) fn failure(&self) -> Option<Failure> {
        self.lock().failure.clone()
    }

    pub(crate) fn note_failure(&self, failure: Failure) {
        self.lock().failure = Some(failure);
    }

    /// Forgets everything, for the next conversation.
    pub(crate) fn clear(&self) {
        *self.lock() = Testimony::default();
    }

    fn note_presented(&self, presented: Presented) {
        self.lock().presented = Some(presented);
    }

    fn lock(&self) -> MutexGuard<'_, Testimony> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long after its end a certificate is still shown to the memory: 30 days, as long as a device
/// may have been away. What expired before that is refused without asking.
pub const EXPIRED_SECONDS_MAX: u64 = 30 * 86_400;

/// The verifier of one session.
#[derive(Debug)]
pub(crate) struct DeviceVerifier {
    pub(crate) anchors: Arc<dyn ClientCertVerifier>,
    pub(crate) verdict: Arc<dyn Verdict>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) clock: Arc<Clock>,
}

impl DeviceVerifier {
    fn refuse(&self, error: Error) -> Error {
        self.witness.note_failure(Failure::classify(&error));
        error
    }

    fn refuse_signature(&self, error: Error) -> Error {
        let mut failure = Failure::classify(&error);
        if failure == Failure::Certificate(CertificateFault::BadSignature) {
            failure = Failure::Certificate(CertificateFault::KeyNotProved);
        }
        self.witness.note_failure(failure);
        error
    }

    /// Verifies the chain, of a certificate that expired lately as it was at its end: whether it may
    /// still be used is asked of the memory, like everything else about it.
    fn verify_chain(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.anchors.verify_client_cert(end_entity, intermediates, now);
        let is_expired = matches!(
            verified,
            Err(Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. }
            ))
        );
        let leaf = if is_expired { Certificate::parse(end_entity).ok() } else { None };
        let end = leaf.and_then(|leaf| u64::try_from(leaf.not_after.0).ok());
        match end.filter(|end| now.as_secs().saturating_sub(*end) <= EXPIRED_SECONDS_MAX) {
            None => verified,
            Some(end) => {
                let end = UnixTime::since_unix_epoch(Duration::from_secs(end));
                self.anchors.verify_client_cert(end_entity, intermediates, end)
            }
        }
    }

    /// Asks the memory only after the key is proved: a stranger who found a certificate learns
    /// nothing about its status.
    fn ask(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        self.verdict.verdict(leaf, self.clock.now()).map_err(|alert| {
            self.witness.note_failure(Failure::Refused(alert));
            Error::InvalidCertificate(alert.error())
        })
    }
}

/// Wants the purpose named: `rustls` lets a certificate without any purpose pass, but what was
/// issued for something else must not open the network.
fn check_purpose(leaf: &CertificateDer<'_>) -> Result<(), Error> {
    let leaf = Certificate::parse(leaf)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    if leaf.extended_key_usages().contains(&oid::CLIENT_AUTH) {
        return Ok(());
    }
    Err(Error::InvalidCertificate(CertificateError::InvalidPurpose))
}

impl ClientCertVerifier for DeviceVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.anchors.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let longest = intermediates.iter().map(|certificate| certificate.len()).max();
        let longest = longest.unwrap_or(0).max(end_entity.len());
        if intermediates.len() >= CHAIN_LENGTH_MAX || longest > CERTIFICATE_LENGTH_MAX {
            self.witness.note_failure(Failure::Certificate(CertificateFault::TooLong));
            return Err(Error::InvalidCertificate(CertificateError::BadEncoding));
        }
        let chain = intermediates.iter().map(|certificate| certificate.to_vec()).collect();
        self.witness.note_presented(Presented { leaf: end_entity.to_vec(), chain });
        self.verify_chain(end_entity, intermediates, now)
            .and_then(|verified| check_purpose(end_entity).map(|()| verified))
            .map_err(|error| self.refuse(error))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self.anchors.verify_tls12_signature(message, cert, dss);
        let valid = valid.map_err(|error| self.refuse_signature(error))?;
        self.ask(cert)?;
        Ok(valid)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self.anchors.verify_tls13_signature(message, cert, dss);
        let valid = valid.map_err(|error| self.refuse_signature(error))?;
        self.ask(cert)?;
        Ok(valid)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        // PKCS #1 before PSS: TPM 2.0 revision 1.16 cannot make PSS with the salt that TLS wants.
        let supported = self.anchors.supported_verify_schemes();
        let wanted = [
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
        ];
        wanted.into_iter().filter(|scheme| supported.contains(scheme)).collect()
    }
}
