//! `trust.json`: what an enrollment from a profile leaves beside the certificate, so that the device
//! joins as the profile says.

use std::path::Path;

use anyhow::Context;
use anyhow::bail;
use device::network::Trusted;
use device::profile::Network;
use eap::settings::TlsVersion;
use pki::certificate::Certificate;
use pki::pem;
use serde::Deserialize;
use serde::Serialize;

use crate::command::authenticate;

/// Its name in the directory of an identity.
pub(crate) const NAME: &str = "trust.json";

/// Whom a device trusts, and how it joins.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct TrustFile {
    /// Certificates, PEM.
    anchors: Vec<String>,
    /// The names that a server may have.
    names: Vec<String>,
    /// The name of the wireless network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ssid: Option<String>,
    /// Whether the network is a cable.
    #[serde(default)]
    pub(crate) wired: bool,
    /// The versions of TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tls: Option<TlsRange>,
    /// What the device calls itself before the connection is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) outer_identity: Option<String>,
}

/// The versions of TLS that a device speaks.
#[derive(Debug, Deserialize, Serialize)]
struct TlsRange {
    minimum: String,
    maximum: String,
}

impl TrustFile {
    /// What a profile says of its network.
    pub(crate) fn of(network: &Network) -> anyhow::Result<Self> {
        let anchors = network.trusted.anchors.iter().map(|der| {
            let certificate = Certificate::parse(der)?;
            Ok(pem::certificate(&certificate))
        });
        Ok(Self {
            anchors: anchors.collect::<anyhow::Result<_>>()?,
            names: network.trusted.names.clone(),
            ssid: network.ssid.clone(),
            wired: network.is_wired,
            tls: Some(TlsRange {
                minimum: network.tls_lowest.to_string(),
                maximum: network.tls_highest.to_string(),
            }),
            outer_identity: network.outer_identity.clone(),
        })
    }

    /// That of a directory, if there is one.
    pub(crate) fn find(identity: &Path) -> anyhow::Result<Option<Self>> {
        let path = identity.join(NAME);
        if !path.exists() {
            return Ok(None);
        }
        let read = serde_json::from_str(&authenticate::read(&path)?);
        read.with_context(|| format!("{} is not understood", path.display())).map(Some)
    }

    /// Its text.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    /// The authorities and names that it names.
    pub(crate) fn trusted(&self) -> anyhow::Result<Trusted> {
        let mut anchors = Vec::new();
        for text in &self.anchors {
            let certificates = pem::certificates(text)
                .with_context(|| format!("{NAME} has an anchor that is no certificate"))?;
            anchors.extend(certificates.into_iter().map(|certificate| certificate.der));
        }
        Ok(Trusted { anchors, names: self.names.clone() })
    }

    /// The lowest and the highest version of TLS, if it says.
    pub(crate) fn versions(&self) -> anyhow::Result<Option<(TlsVersion, TlsVersion)>> {
        let Some(tls) = &self.tls else { return Ok(None) };
        Ok(Some((version(&tls.minimum)?, version(&tls.maximum)?)))
    }
}

fn version(text: &str) -> anyhow::Result<TlsVersion> {
    match text {
        "1.2" => Ok(TlsVersion::Tls12),
        "1.3" => Ok(TlsVersion::Tls13),
        _ => bail!("{NAME} names TLS {text:?}; 1.2 and 1.3 are possible"),
    }
}
