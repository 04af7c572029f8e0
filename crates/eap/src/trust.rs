//! What a device believes of a server: its authorities and its names.

use std::sync::Arc;

use pki::certificate::Certificate;
use pki::general_name::GeneralName;
use rustls::CertificateError;
use rustls::DigitallySignedStruct;
use rustls::Error;
use rustls::RootCertStore;
use rustls::SignatureScheme;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::crypto::verify_tls12_signature;
use rustls::crypto::verify_tls13_signature;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use rustls::server::ParsedCertificate;

use crate::failure::Failure;
use crate::settings;
use crate::settings::SettingsError;
use crate::verifier::Witness;

/// How a device judges a server.
#[derive(Clone, Debug)]
pub enum Trust {
    /// It must come from one of the authorities and bear one of the names.
    Verified(Expected),
    /// It is taken as it is: the caller must say "server not verified".
    Unverified,
}

/// The authorities and names that a server is held to.
#[derive(Clone, Debug)]
pub struct Expected {
    roots: Arc<RootCertStore>,
    names: Vec<Name>,
}

/// A name that a server may bear.
#[derive(Clone, Debug)]
enum Name {
    Exact(ServerName<'static>),
    /// What stands behind `*`: any one label before it will do.
    AnyLabel(String),
}

impl Name {
    fn check(text: &str) -> Result<Self, SettingsError> {
        let refusal = || SettingsError::ServerName(text.to_owned());
        if let Some(parent) = text.strip_prefix("*.") {
            ServerName::try_from(parent).map_err(|_| refusal())?;
            return Ok(Self::AnyLabel(parent.to_owned()));
        }
        ServerName::try_from(text.to_owned()).map(Self::Exact).map_err(|_| refusal())
    }

    fn judge(&self, certificate: &ParsedCertificate<'_>, der: &[u8]) -> Result<(), Error> {
        match self {
            Self::Exact(name) => verify_server_name(certificate, name),
            Self::AnyLabel(parent) => {
                let certificate = Certificate::parse(der)
                    .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
                let names = certificate.general_names();
                let borne = names.iter().any(|name| {
                    matches!(name, GeneralName::Dns(name) if is_one_label_above(name, parent))
                });
                let refusal = Error::InvalidCertificate(CertificateError::NotValidForName);
                if borne { Ok(()) } else { Err(refusal) }
            }
        }
    }
}

fn is_one_label_above(name: &str, parent: &str) -> bool {
    name.split_once('.')
        .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(parent))
}

impl Trust {
    /// Reads authorities (DER) and names (`*.` stands for one label); without names any will do.
    ///
    /// # Errors
    /// An authority or a name cannot be read, or there is no authority.
    pub fn check(anchors: &[Vec<u8>], names: &[String]) -> Result<Self, SettingsError> {
        let roots = Arc::new(settings::roots(anchors)?);
        let names = names.iter().map(|name| Name::check(name)).collect::<Result<_, _>>()?;
        Ok(Self::Verified(Expected { roots, names }))
    }
}

/// The verifier of one conversation.
#[derive(Debug)]
pub(crate) struct ServerVerifier {
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) trust: Trust,
    pub(crate) witness: Arc<Witness>,
}

impl ServerVerifier {
    fn judge(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let expected = match &self.trust {
            Trust::Verified(expected) => expected,
            Trust::Unverified => return Ok(()),
        };
        let parsed = ParsedCertificate::try_from(leaf)?;
        verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &expected.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        if expected.names.is_empty() {
            return Ok(());
        }
        let mut refusal = Error::InvalidCertificate(CertificateError::NotValidForName);
        for name in &expected.names {
            match name.judge(&parsed, leaf) {
                Ok(()) => return Ok(()),
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity, intermediates, now).inspect_err(|error| {
            self.witness.note_failure(Failure::classify(error));
        })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
