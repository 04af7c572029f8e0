//! Why a conversation failed: every cause an administrator can act on has a name of its own.

use rustls::AlertDescription;
use rustls::CertificateError;
use rustls::Error as TlsError;
use rustls::PeerIncompatible;
use thiserror::Error;

use crate::fragment::FragmentError;
use crate::packet;
use crate::session::ROUNDS_MAX;
use crate::verdict::Alert;
use crate::verdict::alert_name;

/// Why a conversation with a device ended without success.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The device broke off with a TLS alert of this number.
    #[error("the device broke off with the TLS alert {name} ({0})", name = alert_name(*.0))]
    PeerAlert(u8),
    /// The device has no certificate to show.
    #[error("the device sent no certificate")]
    NoCertificate,
    /// The certificate shown is not good.
    #[error(transparent)]
    Certificate(#[from] CertificateFault),
    /// The certificate is good, but the server's memory refuses it with this alert.
    #[error("the certificate was refused with the TLS alert {}", alert_name(.0.number()))]
    Refused(Alert),
    /// The device was proved, and then not admitted.
    #[error("the device was proved but not admitted")]
    Denied,
    /// No version of TLS in common.
    #[error("the device and this server have no TLS version in common")]
    Version,
    /// No cipher suite, group or signature scheme in common.
    #[error("the device and this server have no cipher, group or signature scheme in common")]
    Cipher,
    /// The device broke the rules of TLS.
    #[error("the device's TLS messages make no sense: {0}")]
    Tls(String),
    /// Fragments that make no message.
    #[error(transparent)]
    Fragment(#[from] FragmentError),
    /// More packets than any handshake needs.
    #[error("the conversation passed {ROUNDS_MAX} rounds")]
    TooManyRounds,
    /// The device does not want EAP-TLS; it named these methods.
    #[error("the device refuses EAP-TLS and asks for other methods: {0:?}")]
    Nak(Vec<u8>),
    /// Bytes that are no EAP packet.
    #[error(transparent)]
    Malformed(#[from] packet::ParseError),
    /// A packet that has no place at this point.
    #[error("the device sent something that has no place at this point")]
    Unexpected,
    /// This server could not do its part.
    #[error("this server's TLS failed: {0}")]
    Internal(String),
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateFault {
    /// Its time is over.
    #[error("the certificate is expired")]
    Expired,
    /// Its time has not come.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// No authority believed here issued it.
    #[error("the certificate was issued by an authority that is not trusted")]
    UnknownIssuer,
    /// Its extended key usage forbids this purpose.
    #[error("the certificate's extended key usage does not allow this purpose")]
    WrongPurpose,
    /// Its signature is not its issuer's.
    #[error("the certificate's signature is not that of its issuer")]
    BadSignature,
    /// Its bearer does not hold its key.
    #[error("the bearer of the certificate could not prove that it has the private key")]
    KeyNotProved,
    /// It is signed in a way that is not accepted.
    #[error("the certificate is signed with an algorithm that is not accepted")]
    UnsupportedAlgorithm,
    /// It cannot be read.
    #[error("the certificate is malformed")]
    Malformed,
    /// It is for other names.
    #[error("the certificate is not valid for the expected name")]
    WrongName,
    /// More or longer certificates than are looked at.
    #[error("the certificate chain is too long")]
    TooLong,
    /// It was revoked.
    #[error("the certificate was revoked")]
    Revoked,
    /// Something else.
    #[error("the certificate is not accepted: {0}")]
    Other(String),
}

impl CertificateFault {
    /// Names the fault that rustls found.
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls' enum may grow")]
    #[must_use]
    pub fn classify(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongPurpose
            }
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::UnsupportedAlgorithm
            }
            CertificateError::BadEncoding | CertificateError::UnhandledCriticalExtension => {
                Self::Malformed
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::Revoked => Self::Revoked,
            other => Self::Other(other.to_string()),
        }
    }
}

impl Failure {
    /// Names the cause that rustls found.
    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls' enum may grow")]
    #[must_use]
    pub fn classify(error: &TlsError) -> Self {
        match error {
            TlsError::AlertReceived(alert) => Self::PeerAlert(alert_number(*alert)),
            TlsError::NoCertificatesPresented => Self::NoCertificate,
            TlsError::InvalidCertificate(error) => {
                Self::Certificate(CertificateFault::classify(error))
            }
            TlsError::PeerIncompatible(incompatible) => Self::incompatible(incompatible),
            TlsError::FailedToGetCurrentTime
            | TlsError::FailedToGetRandomBytes
            | TlsError::EncryptError => Self::Internal(error.to_string()),
            other => Self::Tls(other.to_string()),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "rustls' enum may grow")]
    fn incompatible(incompatible: &PeerIncompatible) -> Self {
        match incompatible {
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled => Self::Version,
            _ => Self::Cipher,
        }
    }
}

/// Returns an alert's number on the wire.
#[must_use]
pub fn alert_number(alert: AlertDescription) -> u8 {
    alert.into()
}
