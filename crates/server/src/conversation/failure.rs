//! From the protocol's failures to the administrator's reasons.

use domain::refusal::Refusal;
use eap::failure::CertificateFault;
use eap::failure::Failure;
use eap::verdict::alert_name;
use pki::certificate::Certificate;

/// The TLS alert of a device that does not know the root above our certificate.
const UNKNOWN_CA: u8 = 48;

/// Alerts that say no to our certificate: bad, unsupported, revoked, expired, unknown, and
/// unrecognized name.
const CERTIFICATE_ALERTS: [u8; 6] = [42, 43, 44, 45, 46, 112];

/// Why a conversation failed, given the certificate that the device showed, if it showed one.
pub(super) fn refusal(failure: &Failure, leaf: Option<&Certificate>, rounds: u32) -> Refusal {
    match failure {
        Failure::PeerAlert(alert) => peer_alert(*alert),
        Failure::NoCertificate => Refusal::CertificateMissing,
        Failure::Certificate(fault) => certificate(fault, leaf),
        Failure::Version | Failure::Cipher => {
            Refusal::TlsIncompatible { what: failure.to_string() }
        }
        Failure::Tls(what) => Refusal::TlsMalformed { what: what.clone() },
        Failure::TooManyRounds => Refusal::EapRounds { rounds },
        Failure::Nak(wants) => Refusal::EapMethod { wants: wants.clone() },
        Failure::Fragment(_) | Failure::Malformed(_) | Failure::Unexpected => {
            Refusal::EapMalformed { what: failure.to_string() }
        }
        Failure::Refused(_) | Failure::Denied | Failure::Internal(_) => {
            Refusal::Internal { what: failure.to_string() }
        }
    }
}

fn peer_alert(alert: u8) -> Refusal {
    let name = alert_name(alert).to_owned();
    match alert {
        UNKNOWN_CA => Refusal::ServerNotTrusted { alert },
        _ if CERTIFICATE_ALERTS.contains(&alert) => {
            Refusal::ServerCertificateRefused { alert, name }
        }
        _ => Refusal::TlsAlert { alert, name },
    }
}

fn certificate(fault: &CertificateFault, leaf: Option<&Certificate>) -> Refusal {
    let serial = leaf.map_or_else(|| "unknown".to_owned(), |leaf| leaf.serial.to_string());
    match fault {
        CertificateFault::Expired => {
            let not_after = leaf.map(|leaf| leaf.not_after);
            Refusal::CertificateExpired { serial, not_after }
        }
        CertificateFault::NotYetValid => Refusal::CertificateNotYetValid { serial },
        CertificateFault::UnknownIssuer => Refusal::CertificateForeign {
            issuer: leaf.map(|leaf| leaf.issuer.to_string()).unwrap_or_default(),
            subject: leaf.map(|leaf| leaf.subject.to_string()).unwrap_or_default(),
        },
        CertificateFault::WrongPurpose => Refusal::CertificateWrongUsage { serial },
        CertificateFault::BadSignature
        | CertificateFault::KeyNotProved
        | CertificateFault::UnsupportedAlgorithm
        | CertificateFault::Malformed
        | CertificateFault::WrongName
        | CertificateFault::TooLong
        | CertificateFault::Revoked
        | CertificateFault::Other(_) => Refusal::CertificateMalformed { what: fault.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failure: &Failure, code: &str) {
        assert_eq!(refusal(failure, None, 3).code(), code);
    }

    #[test]
    fn each_failure_has_its_reason() {
        check(&Failure::PeerAlert(48), "TLS-UNKNOWN-CA");
        check(&Failure::PeerAlert(46), "TLS-BAD-CERTIFICATE");
        check(&Failure::PeerAlert(80), "TLS-ALERT");
        check(&Failure::NoCertificate, "TLS-NO-CERTIFICATE");
        check(&Failure::Certificate(CertificateFault::Expired), "CERT-EXPIRED");
        check(&Failure::Certificate(CertificateFault::UnknownIssuer), "CERT-UNKNOWN-ISSUER");
        check(&Failure::Certificate(CertificateFault::WrongPurpose), "CERT-WRONG-USAGE");
        check(&Failure::Version, "TLS-VERSION");
        check(&Failure::Nak(vec![25]), "EAP-METHOD");
        check(&Failure::TooManyRounds, "EAP-ROUNDS");
        check(&Failure::Unexpected, "EAP-MALFORMED");
    }
}
