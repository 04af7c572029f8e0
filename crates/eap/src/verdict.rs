//! The question that the TLS verifier puts to the server's memory: may this certificate pass?

use std::fmt;

use pki::time::Time;
use rustls::CertificateError;
use rustls::OtherError;

/// The TLS alert that tells a device why its certificate is refused (RFC 8446 section 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// The certificate is corrupt or not what it should be.
    BadCertificate,
    /// The certificate was revoked.
    CertificateRevoked,
    /// The certificate is expired.
    CertificateExpired,
    /// Something else is wrong with the certificate, or nobody here knows it.
    CertificateUnknown,
    /// Its authority is not believed.
    UnknownCa,
    /// The certificate is in order, but its bearer may not pass.
    AccessDenied,
}

impl Alert {
    /// The alert's number on the wire.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::BadCertificate => 42,
            Self::CertificateRevoked => 44,
            Self::CertificateExpired => 45,
            Self::CertificateUnknown => 46,
            Self::UnknownCa => 48,
            Self::AccessDenied => 49,
        }
    }

    /// The error that makes rustls send this alert.
    pub(crate) fn error(self) -> CertificateError {
        match self {
            Self::BadCertificate => CertificateError::BadEncoding,
            Self::CertificateRevoked => CertificateError::Revoked,
            Self::CertificateExpired => CertificateError::Expired,
            Self::CertificateUnknown => {
                CertificateError::Other(OtherError(std::sync::Arc::new(Unknown)))
            }
            Self::UnknownCa => CertificateError::UnknownIssuer,
            Self::AccessDenied => CertificateError::ApplicationVerificationFailure,
        }
    }
}

/// Returns the name that RFC 8446 gives an alert.
#[must_use]
pub fn alert_name(number: u8) -> &'static str {
    match number {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unknown alert",
    }
}

#[derive(Debug)]
struct Unknown;

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the certificate is not known here")
    }
}

impl std::error::Error for Unknown {}

/// Decides from memory, at once, about a leaf whose chain and key are already proved.
pub trait Verdict: fmt::Debug + Send + Sync {
    /// Lets the certificate (DER) pass, or names the alert to refuse it with.
    ///
    /// # Errors
    /// The alert that the device shall see.
    fn verdict(&self, leaf: &[u8], now: Time) -> Result<(), Alert>;
}
