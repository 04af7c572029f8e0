//! What all sessions of a server share: its certificate, the authorities it believes, TLS versions.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::sign::SingleCertAndKey;
use thiserror::Error;

use crate::resumption::Limits;
use crate::resumption::Sessions;
use crate::tls;

/// The most certificates of one's own chain: a leaf, two intermediates and a root are common.
pub const CHAIN_LENGTH_MAX: usize = 8;

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        })
    }
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingsError {
    /// There is no certificate, or there are too many.
    #[error("a chain has 1 to {CHAIN_LENGTH_MAX} certificates, this one has {0}")]
    ChainLength(usize),
    /// The private key is none that can sign for TLS.
    #[error("the private key cannot be used: {0}")]
    Key(String),
    /// The key belongs to another certificate.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// No authority to believe.
    #[error("no certificate authority is given whose certificates would be believed")]
    NoAnchors,
    /// An authority's certificate cannot be read.
    #[error("the certificate of an authority cannot be read: {0}")]
    Anchor(String),
    /// The lowest TLS version is above the highest.
    #[error("the lowest TLS version is above the highest")]
    Versions,
    /// A name that servers cannot have.
    #[error("\"{0}\" is no server name")]
    ServerName(String),
}

/// One's own certificate and key.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(crate) certified: Arc<CertifiedKey>,
}

impl Identity {
    /// Joins a chain (leaf first, DER) and the leaf's key (PKCS #8, SEC 1 or PKCS #1, DER).
    ///
    /// # Errors
    /// The chain or the key cannot be used, or they do not belong together.
    pub fn parse(chain: &[Vec<u8>], key: &[u8]) -> Result<Self, SettingsError> {
        if chain.is_empty() || chain.len() > CHAIN_LENGTH_MAX {
            return Err(SettingsError::ChainLength(chain.len()));
        }
        let chain = chain.iter().cloned().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::try_from(key.to_vec())
            .map_err(|error| SettingsError::Key(error.to_owned()))?;
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)
            .map_err(|error| SettingsError::Key(error.to_string()))?;
        let certified = CertifiedKey::new(chain, key);
        certified.keys_match().map_err(|_| SettingsError::KeyMismatch)?;
        Ok(Self { certified: Arc::new(certified) })
    }
}

/// What all sessions share.
#[derive(Debug)]
pub struct Settings {
    pub(crate) provider: Arc<CryptoProvider>,
    pub(crate) resolver: Arc<SingleCertAndKey>,
    pub(crate) anchors: Arc<dyn ClientCertVerifier>,
    pub(crate) lowest: TlsVersion,
    pub(crate) highest: TlsVersion,
    pub(crate) sessions: Arc<Sessions>,
}

impl Settings {
    /// Checks and joins the server's identity, the issuing authorities of device certificates
    /// (DER) and the TLS versions allowed.
    ///
    /// # Errors
    /// An authority cannot be read, or nothing would ever be accepted.
    pub fn check(
        identity: &Identity,
        anchors: &[Vec<u8>],
        lowest: TlsVersion,
        highest: TlsVersion,
    ) -> Result<Self, SettingsError> {
        if lowest > highest {
            return Err(SettingsError::Versions);
        }
        let provider = tls::provider();
        let roots = Arc::new(roots(anchors)?);
        let anchors = WebPkiClientVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|error| SettingsError::Anchor(error.to_string()))?;
        let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::clone(&identity.certified)));
        let sessions = Arc::new(Sessions::new(Limits::default()));
        Ok(Self { provider, resolver, anchors, lowest, highest, sessions })
    }

    /// The same with other bounds for sessions that are resumed, and none of them yet.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { sessions: Arc::new(Sessions::new(limits)), ..self }
    }

    /// The sessions that devices may resume: they live and die with these settings.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }
}

/// Reads anchors into rustls' store.
pub(crate) fn roots(anchors: &[Vec<u8>]) -> Result<RootCertStore, SettingsError> {
    let mut roots = RootCertStore::empty();
    for anchor in anchors {
        roots
            .add(CertificateDer::from(anchor.as_slice()))
            .map_err(|error| SettingsError::Anchor(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(SettingsError::NoAnchors);
    }
    Ok(roots)
}
