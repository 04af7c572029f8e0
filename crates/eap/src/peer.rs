//! The device's side of one EAP-TLS conversation: for the demo, the self-test and the tests.

use std::io::Read;
use std::sync::Arc;

use pki::time::Time;
use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::Error as TlsError;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use thiserror::Error;

use crate::failure::Failure;
use crate::fragment::FragmentError;
use crate::fragment::Fragmenter;
use crate::fragment::Joined;
use crate::fragment::Reassembler;
use crate::keys::Keys;
use crate::packet;
use crate::packet::Body;
use crate::packet::Code;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::session::Kind;
use crate::settings::Identity;
use crate::settings::TlsVersion;
use crate::tls;
use crate::tls::Clock;
use crate::trust::ServerVerifier;
use crate::trust::Trust;
use crate::verdict::alert_name;
use crate::verifier::Witness;

/// The most requests that a device answers in one conversation.
pub const REQUESTS_MAX: u32 = 100;

/// The most servers whose sessions a device remembers: it knows one.
const SESSIONS_MAX: usize = 8;

/// What a device brings to a conversation.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The outer identity.
    pub name: String,
    /// Its certificate and key; a device without one can only be refused.
    pub identity: Option<Identity>,
    /// What it believes of the server.
    pub trust: Trust,
    /// The lowest version of TLS that it speaks.
    pub lowest: TlsVersion,
    /// The highest.
    pub highest: TlsVersion,
    /// The longest EAP packet that it sends.
    pub fragment_size: usize,
}

/// What a device does about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// It sends this EAP response.
    Answer(Vec<u8>),
    /// It is in, with these keys.
    Success(Keys),
    /// It is out.
    Failed(PeerFailure),
    /// The packet means nothing to it.
    Ignored,
}

/// Why a device did not get in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeerFailure {
    /// It refused the server: the cause names what is wrong with the server's certificate.
    #[error("the device refused the server: {0}")]
    ServerRefused(Failure),
    /// The server broke off with a TLS alert of this number.
    #[error("the server broke off with the TLS alert {name} ({0})", name = alert_name(*.0))]
    ServerAlert(u8),
    /// The server's TLS made no sense or had nothing in common with the device's.
    #[error("TLS failed: {0}")]
    Tls(Failure),
    /// The server said no without a TLS alert.
    #[error("the server answered EAP-Failure")]
    Refused,
    /// The server said yes before its TLS handshake was finished.
    #[error("the server answered EAP-Success before the handshake was over")]
    EarlySuccess,
    /// The server's fragments make no message.
    #[error("the server's fragments make no message: {0}")]
    Fragment(FragmentError),
    /// The server does not come to an end.
    #[error("the conversation passed {REQUESTS_MAX} requests")]
    TooManyRequests,
}

/// One conversation of a device.
#[derive(Debug)]
pub struct Peer {
    connection: ClientConnection,
    config: Arc<ClientConfig>,
    clock: Arc<Clock>,
    witness: Arc<Witness>,
    name: String,
    fragment_size: usize,
    requests: u32,
    committed: bool,
    failure: Option<PeerFailure>,
    incoming: Reassembler,
    outgoing: Fragmenter,
}

impl Peer {
    /// Opens a conversation.
    ///
    /// # Errors
    /// The settings have no TLS in them that could work.
    pub fn start(settings: &Settings, now: Time) -> Result<Self, Failure> {
        let provider = tls::provider();
        let witness = Arc::new(Witness::default());
        let clock = Arc::new(Clock::default());
        clock.set(now);
        let internal = |error: TlsError| Failure::Internal(error.to_string());
        let verifier = ServerVerifier {
            provider: provider.clone(),
            trust: settings.trust.clone(),
            witness: witness.clone(),
        };
        let versions = tls::versions(settings.lowest, settings.highest);
        let builder = ClientConfig::builder_with_details(provider, clock.clone())
            .with_protocol_versions(&versions)
            .map_err(internal)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &settings.identity {
            Some(identity) => {
                let certified = identity.certified.as_ref().clone();
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)))
            }
            None => builder.with_no_client_auth(),
        };
        config.enable_sni = false;
        config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
        let config = Arc::new(config);
        Ok(Self {
            connection: connect(&config)?,
            config,
            clock,
            witness,
            name: settings.name.clone(),
            fragment_size: settings.fragment_size,
            requests: 0,
            committed: false,
            failure: None,
            incoming: Reassembler::default(),
            outgoing: Fragmenter::default(),
        })
    }

    /// Opens the same device's next conversation, which resumes an earlier one if the server lets
    /// it.
    ///
    /// # Errors
    /// TLS cannot be set up once more.
    pub fn again(&self, now: Time) -> Result<Self, Failure> {
        self.next(self.config.clone(), now)
    }

    /// Opens the next conversation of a device that has forgotten all earlier ones.
    ///
    /// # Errors
    /// TLS cannot be set up once more.
    pub fn afresh(&self, now: Time) -> Result<Self, Failure> {
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
        self.next(Arc::new(config), now)
    }

    fn next(&self, config: Arc<ClientConfig>, now: Time) -> Result<Self, Failure> {
        self.clock.set(now);
        self.witness.clear();
        Ok(Self {
            connection: connect(&config)?,
            config,
            clock: self.clock.clone(),
            witness: self.witness.clone(),
            name: self.name.clone(),
            fragment_size: self.fragment_size,
            requests: 0,
            committed: false,
            failure: None,
            incoming: Reassembler::default(),
            outgoing: Fragmenter::default(),
        })
    }

    /// Takes the server's next EAP packet.
    pub fn respond(&mut self, eap: &[u8]) -> Reaction {
        let Ok(packet) = Packet::parse(eap) else { return Reaction::Ignored };
        self.requests += 1;
        if self.requests > REQUESTS_MAX {
            return Reaction::Failed(PeerFailure::TooManyRequests);
        }
        match packet.code {
            Code::Response => Reaction::Ignored,
            Code::Success => self.succeed(),
            Code::Failure => Reaction::Failed(self.failure.take().unwrap_or(PeerFailure::Refused)),
            Code::Request => self.answer(packet.identifier, packet.body),
        }
    }

    /// Makes the next response close TLS, as some devices answer the server's confirmation.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// The version of TLS, once it is known.
    #[must_use]
    pub fn tls_version(&self) -> Option<TlsVersion> {
        tls::version(&self.connection)
    }

    /// The cipher suite by its registered name, once it is known.
    #[must_use]
    pub fn cipher_suite(&self) -> Option<&'static str> {
        self.connection.negotiated_cipher_suite()?.suite().as_str()
    }

    /// Whether the handshake is full or resumes an earlier one, once it is known.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.connection.handshake_kind().map(Kind::of)
    }

    /// Why the device has broken off or will, if it knows already.
    #[must_use]
    pub fn failure(&self) -> Option<&PeerFailure> {
        self.failure.as_ref()
    }

    /// The server's certificate, DER, once it is known.
    #[must_use]
    pub fn server_certificate(&self) -> Option<&[u8]> {
        Some(self.connection.peer_certificates()?.first()?)
    }

    fn succeed(&mut self) -> Reaction {
        if let Some(failure) = self.failure.take() {
            return Reaction::Failed(failure);
        }
        let tls_13 = self.tls_version() == Some(TlsVersion::Tls13);
        if self.connection.is_handshaking() || (tls_13 && !self.committed) {
            return Reaction::Failed(PeerFailure::EarlySuccess);
        }
        match Keys::export(&self.connection) {
            Some(keys) => Reaction::Success(keys),
            None => Reaction::Failed(PeerFailure::EarlySuccess),
        }
    }

    fn answer(&mut self, identifier: u8, body: Body<'_>) -> Reaction {
        let body = match body {
            Body::Identity(_) => {
                return Reaction::Answer(packet::identity_response(
                    identifier,
                    self.name.as_bytes(),
                ));
            }
            Body::Notification(_) => Body::Notification(&[]),
            Body::Tls(fragment) => return self.take(identifier, &fragment),
            Body::Nothing | Body::Nak(_) | Body::Other(_) => {
                return Reaction::Answer(packet::nak_response(identifier));
            }
        };
        Reaction::Answer(Packet { code: Code::Response, identifier, body }.write())
    }

    fn take(&mut self, identifier: u8, fragment: &Fragment<'_>) -> Reaction {
        if fragment.start {
            self.outgoing = Fragmenter::new(tls::drain(&mut self.connection));
            return self.send(identifier);
        }
        if self.outgoing.is_pending() {
            return self.send(identifier);
        }
        match self.incoming.join(fragment) {
            Err(error) => Reaction::Failed(PeerFailure::Fragment(error)),
            Ok(Joined::More) => self.send(identifier),
            Ok(Joined::Whole(message)) => {
                self.process(&message);
                self.outgoing = Fragmenter::new(tls::drain(&mut self.connection));
                self.send(identifier)
            }
        }
    }

    fn process(&mut self, message: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        if let Err(error) = tls::feed(&mut self.connection, message) {
            self.failure = Some(match (self.witness.failure(), Failure::classify(&error)) {
                (Some(refusal), _) => PeerFailure::ServerRefused(refusal),
                (None, Failure::PeerAlert(number)) => PeerFailure::ServerAlert(number),
                (None, other) => PeerFailure::Tls(other),
            });
            return;
        }
        // RFC 9190 section 2.5: one byte of zero is the server's promise to say nothing more.
        let mut byte = [1];
        if let Ok(1) = self.connection.reader().read(&mut byte) {
            self.committed = byte == [0];
        }
    }

    fn send(&mut self, identifier: u8) -> Reaction {
        let fragment = self.outgoing.cut(self.fragment_size);
        let body = Body::Tls(fragment);
        Reaction::Answer(Packet { code: Code::Response, identifier, body }.write())
    }
}

fn connect(config: &Arc<ClientConfig>) -> Result<ClientConnection, Failure> {
    // The name is not sent; which ones are believed is the verifier's matter.
    let name = ServerName::try_from("radius.invalid").expect("a literal DNS name");
    ClientConnection::new(config.clone(), name)
        .map_err(|error| Failure::Internal(error.to_string()))
}
