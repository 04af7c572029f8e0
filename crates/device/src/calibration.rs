//! What cryptography alone costs on this machine, so that a server's figures can be compared with
//! those of another machine: a bare TLS handshake, and private operations.

use std::sync::Arc;
use std::time::Duration;

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::Hash;
use pki::key::KeyTransport;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::SupportedProtocolVersion;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::ServerName;
use rustls::server::NoServerSessionStorage;
use rustls::server::WebPkiClientVerifier;
use thiserror::Error;

use crate::enrollment;
use crate::load::Clock;

/// Operations of each kind; the median of them counts, so that other load matters little.
const TIMES: usize = 301;

/// The most flights of a handshake: TLS 1.2 has four.
const FLIGHTS_MAX: usize = 10;

const SERVER_NAME: &str = "server.example.test";

/// What one operation costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Which operation.
    pub operation: String,
    /// The median of its times.
    pub median: Duration,
}

/// Why nothing could be measured.
#[derive(Debug, Error)]
#[error("the calibration failed: {0}")]
pub struct Error(String);

fn failed(error: impl std::fmt::Display) -> Error {
    Error(error.to_string())
}

/// Measures private operations, and the server's part of a bare TLS handshake in memory in which
/// both sides prove a key: the device's is RSA-2048, as SCEP makes them.
///
/// # Errors
/// A key cannot be made, or a handshake fails.
pub fn measure(clock: Clock) -> Result<Vec<Cost>, Error> {
    let mut costs = private_operations(clock)?;
    for key_type in [KeyType::Rsa2048, KeyType::EcdsaP256] {
        let pair = Pair::make(key_type, clock)?;
        let versions = [("1.2", &rustls::version::TLS12), ("1.3", &rustls::version::TLS13)];
        for (name, version) in versions {
            let (server, client) = pair.configs(version)?;
            let median = median(|| handshake(&server, &client, clock))?;
            let operation = format!("TLS {name} handshake, server key {}", key_type.as_str());
            costs.push(Cost { operation, median });
        }
    }
    Ok(costs)
}

fn median(mut one: impl FnMut() -> Result<Duration, Error>) -> Result<Duration, Error> {
    let mut all = (0..TIMES).map(|_| one()).collect::<Result<Vec<_>, _>>()?;
    all.sort_unstable();
    Ok(all.get(TIMES / 2).copied().unwrap_or_default())
}

fn private_operations(clock: Clock) -> Result<Vec<Cost>, Error> {
    let mut costs = Vec::new();
    for key_type in [KeyType::Rsa2048, KeyType::EcdsaP256] {
        let key = PrivateKey::generate(key_type).map_err(failed)?;
        let median = median(|| timed(clock, || key.sign(Hash::Sha256, b"message")))?;
        costs.push(Cost { operation: format!("{} sign", key_type.as_str()), median });
    }
    let key = PrivateKey::generate(KeyType::Rsa2048).map_err(failed)?;
    let transport = KeyTransport::Pkcs1;
    let sealed = key.public_key().encrypt(transport, &[7; 32]).map_err(failed)?;
    let median = median(|| timed(clock, || key.decrypt(transport, &sealed)))?;
    costs.push(Cost { operation: "rsa-2048 decrypt".to_owned(), median });
    Ok(costs)
}

fn timed<T, E: std::fmt::Display>(
    clock: Clock,
    operation: impl FnOnce() -> Result<T, E>,
) -> Result<Duration, Error> {
    let begin = (clock.instant)();
    operation().map_err(failed)?;
    Ok((clock.instant)().duration_since(begin))
}

/// A server and a device, each under an authority that the other believes.
struct Pair {
    server_root: Certificate,
    server: (Certificate, PrivateKey),
    device_root: Certificate,
    device: (Certificate, PrivateKey),
}

impl Pair {
    fn make(server: KeyType, clock: Clock) -> Result<Self, Error> {
        let (server_root_key, server_root) = root(server, clock)?;
        let (device_root_key, device_root) = root(KeyType::Rsa2048, clock)?;
        Ok(Self {
            server: leaf(server, &server_root_key, &server_root)?,
            device: leaf(KeyType::Rsa2048, &device_root_key, &device_root)?,
            server_root,
            device_root,
        })
    }

    /// Settings without resumption, which is what is bare about them.
    fn configs(
        &self,
        version: &'static SupportedProtocolVersion,
    ) -> Result<(Arc<ServerConfig>, Arc<ClientConfig>), Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let devices = Arc::new(believed(&self.device_root)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(devices, provider.clone());
        let (chain, key) = certified(&self.server)?;
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .map_err(failed)?
            .with_client_cert_verifier(verifier.build().map_err(failed)?)
            .with_single_cert(chain, key)
            .map_err(failed)?;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let (chain, key) = certified(&self.device)?;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .map_err(failed)?
            .with_root_certificates(believed(&self.server_root)?)
            .with_client_auth_cert(chain, key)
            .map_err(failed)?;
        client.resumption = rustls::client::Resumption::disabled();
        Ok((Arc::new(server), Arc::new(client)))
    }
}

fn believed(root: &Certificate) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    store.add(CertificateDer::from(root.der.clone())).map_err(failed)?;
    Ok(store)
}

fn certified(
    (certificate, key): &(Certificate, PrivateKey),
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Error> {
    let key = PrivateKeyDer::try_from(key.to_pkcs8().to_vec()).map_err(failed)?;
    Ok((vec![CertificateDer::from(certificate.der.clone())], key))
}

/// One handshake; returns the time that the server took.
fn handshake(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
    clock: Clock,
) -> Result<Duration, Error> {
    let name = ServerName::try_from(SERVER_NAME).map_err(failed)?;
    let mut client = ClientConnection::new(client.clone(), name).map_err(failed)?;
    let begin = (clock.instant)();
    let mut server = ServerConnection::new(server.clone()).map_err(failed)?;
    let mut spent = (clock.instant)().duration_since(begin);
    for _ in 0..FLIGHTS_MAX {
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(spent);
        }
        let mut to_server = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut to_server).map_err(failed)?;
        }
        let begin = (clock.instant)();
        let (mut to_server, mut to_client) = (to_server.as_slice(), Vec::new());
        while !to_server.is_empty() {
            server.read_tls(&mut to_server).map_err(failed)?;
            server.process_new_packets().map_err(failed)?;
        }
        while server.wants_write() {
            server.write_tls(&mut to_client).map_err(failed)?;
        }
        spent += (clock.instant)().duration_since(begin);
        let mut to_client = to_client.as_slice();
        while !to_client.is_empty() {
            client.read_tls(&mut to_client).map_err(failed)?;
            client.process_new_packets().map_err(failed)?;
        }
    }
    Err(failed("the handshake comes to no end"))
}

fn root(key_type: KeyType, clock: Clock) -> Result<(PrivateKey, Certificate), Error> {
    let key = PrivateKey::generate(key_type).map_err(failed)?;
    let subject = Name::parse_text("CN=Root").map_err(failed)?;
    let now = (clock.time)();
    let not_after = now.plus_days(2);
    let draft = Draft {
        serial: Serial::from_random(enrollment::random().map_err(failed)?),
        issuer: Issuer::itself(&subject, &key, key_type.default_hash(), not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: now,
        not_after,
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints { ca: true, path_len: Some(0) },
        further: Vec::new(),
    };
    let certificate = draft.lint().map_err(linted)?.sign(&key).map_err(failed)?;
    Ok((key, certificate))
}

fn leaf(
    key_type: KeyType,
    root_key: &PrivateKey,
    root: &Certificate,
) -> Result<(Certificate, PrivateKey), Error> {
    let key = PrivateKey::generate(key_type).map_err(failed)?;
    let draft = Draft {
        serial: Serial::from_random(enrollment::random().map_err(failed)?),
        issuer: Issuer::of(root, Hash::Sha256).map_err(failed)?,
        subject: Name::parse_text(&format!("CN={SERVER_NAME}")).map_err(failed)?,
        public_key: key.public_key().clone(),
        not_before: root.not_before,
        not_after: root.not_after,
        general_names: vec![GeneralName::dns(SERVER_NAME).map_err(failed)?],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::SERVER_AUTH, oid::CLIENT_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let certificate = draft.lint().map_err(linted)?.sign(root_key).map_err(failed)?;
    Ok((certificate, key))
}

fn linted(complaints: Vec<pki::draft::Complaint>) -> Error {
    failed(complaints.first().map(ToString::to_string).unwrap_or_default())
}
