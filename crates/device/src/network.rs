//! A device joins a network: EAP-TLS through a simulated access point to a real RADIUS server.

use std::net::SocketAddr;
use std::time::Duration;

use eap::failure::Failure;
use eap::keys::Keys;
use eap::packet;
use eap::peer;
use eap::peer::Peer;
use eap::peer::PeerFailure;
use eap::peer::Reaction;
use eap::session::Kind;
use eap::settings::Identity;
use eap::settings::SettingsError;
use eap::settings::TlsVersion;
use eap::trust::Trust;
use pki::time::Time;
use radius::attribute::number;
use radius::dictionary;
use radius::mppe;
use radius::packet::Code;
use thiserror::Error;

use crate::access_point::AccessPoint;
use crate::access_point::Answer;
use crate::access_point::Description;
use crate::access_point::ExchangeError;
use crate::access_point::Secret;

/// The most requests to a server for one join; real access points give up at 40 to 50.
pub const ROUNDS_MAX: u32 = 64;

/// Everything that a device and its access point bring.
#[derive(Clone, Debug)]
pub struct Options {
    /// The RADIUS server.
    pub server: SocketAddr,
    /// The secret that the access point shares with it.
    pub secret: Secret,
    /// The outer identity.
    pub name: String,
    /// The device's certificate and key; without, the server should refuse.
    pub identity: Option<Certified>,
    /// Whom the device believes; without, it goes on with a server that is not verified.
    pub trusted: Option<Trusted>,
    /// The lowest version of TLS that the device speaks.
    pub tls_lowest: TlsVersion,
    /// The highest.
    pub tls_highest: TlsVersion,
    /// What the access point says about itself.
    pub access_point: Description,
    /// The longest EAP packet that the device sends.
    pub fragment_size: usize,
    /// How long each copy of a request is waited for.
    pub patience: Duration,
}

/// A certificate chain (leaf first) and the leaf's key, all DER.
#[derive(Clone)]
pub struct Certified {
    /// The chain.
    pub chain: Vec<Vec<u8>>,
    /// The key: PKCS #8, SEC 1 or PKCS #1.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Certified {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Certified")
            .field("chain", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// The authorities (DER) and names that a server is held to; `*.` stands for one label, no names
/// for any.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    /// The authorities.
    pub anchors: Vec<Vec<u8>>,
    /// The names.
    pub names: Vec<String>,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The server answered Access-Accept and the device agrees that it is in.
    pub accepted: bool,
    /// Why the device is not in, as far as the device knows.
    pub failure: Option<PeerFailure>,
    /// The VLAN's number or name.
    pub vlan: Option<String>,
    /// The server's words for the user.
    pub reply_message: Option<String>,
    /// Every attribute of the last answer but the protocol's own, by name, in order.
    pub attributes: Vec<(String, String)>,
    /// The version of TLS, if it came so far.
    pub tls_version: Option<TlsVersion>,
    /// The cipher suite by its registered name, if it came so far.
    pub cipher_suite: Option<String>,
    /// The server's certificate, DER, if it came so far.
    pub server_certificate: Option<Vec<u8>>,
    /// The server came from a trusted authority and bears an expected name.
    pub server_verified: bool,
    /// The access point's keys are those of the device: without that no Wi-Fi works.
    pub keys_match: bool,
    /// The device did not prove its key but resumed an earlier TLS session.
    pub resumed: bool,
    /// How many requests the server answered.
    pub rounds: u32,
}

/// Why it cannot be told how it went.
#[derive(Debug, Error)]
pub enum Error {
    /// The certificate, the key or the trust cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// TLS could not be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(Failure),
    /// The server gave no answer that can be believed.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// A challenge without EAP packet.
    #[error("the server's challenge carries no EAP packet: it does not speak EAP-TLS")]
    NoEap,
    /// The server comes to no end.
    #[error("the server asked more than {ROUNDS_MAX} times")]
    TooManyRounds,
    /// The device finds no answer to what the server asked.
    #[error("the server's EAP packet makes no sense to the device")]
    Senseless,
}

/// Joins a network and tells how it went; blocks until the end, bounded by rounds and patience.
///
/// # Errors
/// There is no outcome: no usable settings, no server, or one that keeps no rules.
pub fn authenticate(options: &Options, now: Time) -> Result<Outcome, Error> {
    Device::open(options, now)?.join(now)
}

/// A device that joins more than once: it resumes its TLS session if the server lets it.
#[derive(Debug)]
pub struct Device<'a> {
    options: &'a Options,
    peer: Peer,
}

impl<'a> Device<'a> {
    /// A device that remembers no session.
    ///
    /// # Errors
    /// The options cannot be used.
    pub fn open(options: &'a Options, now: Time) -> Result<Self, Error> {
        Ok(Self { options, peer: start(options, now)? })
    }

    /// Joins, as `authenticate` does.
    ///
    /// # Errors
    /// There is no outcome: no server, or one that keeps no rules.
    pub fn join(&mut self, now: Time) -> Result<Outcome, Error> {
        self.join_through(&mut self.access_point()?, now)
    }

    /// What it was opened with.
    #[must_use]
    pub fn options(&self) -> &'a Options {
        self.options
    }

    /// An access point as the options describe it.
    ///
    /// # Errors
    /// The socket cannot be opened.
    pub fn access_point(&self) -> Result<AccessPoint, ExchangeError> {
        let Options { server, secret, access_point, patience, .. } = self.options;
        AccessPoint::open(*server, secret, access_point.clone(), *patience)
    }

    /// Joins through an access point that serves it more than once.
    ///
    /// # Errors
    /// There is no outcome: no server, or one that keeps no rules.
    pub fn join_through(
        &mut self,
        access_point: &mut AccessPoint,
        now: Time,
    ) -> Result<Outcome, Error> {
        self.peer = self.peer.again(now).map_err(Error::Tls)?;
        join(self.options, &mut self.peer, access_point)
    }

    /// Forgets its TLS sessions: the next join is a full one.
    ///
    /// # Errors
    /// TLS cannot be set up once more.
    pub fn forget(&mut self, now: Time) -> Result<(), Error> {
        self.peer = self.peer.afresh(now).map_err(Error::Tls)?;
        Ok(())
    }
}

fn join(
    options: &Options,
    peer: &mut Peer,
    access_point: &mut AccessPoint,
) -> Result<Outcome, Error> {
    let mut request = packet::identity_request(0);
    let mut state: Option<Vec<u8>> = None;
    for rounds in 1..=ROUNDS_MAX {
        let response = match peer.respond(&request) {
            Reaction::Answer(response) => response,
            Reaction::Failed(failure) => {
                return Ok(Join::new(options, peer, rounds - 1).broken_off(failure));
            }
            Reaction::Success(_) | Reaction::Ignored => return Err(Error::Senseless),
        };
        let answer = access_point.exchange(&options.name, state.as_deref(), &response)?;
        let packet = &answer.packet;
        match packet.code() {
            Code::AccessChallenge => {
                request = packet.eap_message().ok_or(Error::NoEap)?;
                state = packet.state().map(<[u8]>::to_vec);
            }
            Code::AccessAccept => {
                let reaction = peer.respond(&packet.eap_message().ok_or(Error::NoEap)?);
                return Ok(Join::new(options, peer, rounds).accepted(&answer, reaction));
            }
            Code::AccessReject
            | Code::AccessRequest
            | Code::AccountingRequest
            | Code::AccountingResponse
            | Code::StatusServer => {
                let reaction = packet.eap_message().map(|eap| peer.respond(&eap));
                return Ok(Join::new(options, peer, rounds).rejected(&answer, reaction));
            }
        }
    }
    Err(Error::TooManyRounds)
}

fn start(options: &Options, now: Time) -> Result<Peer, Error> {
    let identity = options.identity.as_ref();
    let identity = identity.map(|identity| Identity::parse(&identity.chain, &identity.key));
    let trust = match &options.trusted {
        Some(trusted) => Trust::check(&trusted.anchors, &trusted.names)?,
        None => Trust::Unverified,
    };
    let settings = peer::Settings {
        name: options.name.clone(),
        identity: identity.transpose()?,
        trust,
        lowest: options.tls_lowest,
        highest: options.tls_highest,
        fragment_size: options.fragment_size,
    };
    Peer::start(&settings, now).map_err(Error::Tls)
}

/// A join that has come to its end.
struct Join<'a> {
    options: &'a Options,
    outcome: Outcome,
}

impl<'a> Join<'a> {
    fn new(options: &'a Options, peer: &Peer, rounds: u32) -> Self {
        let refused = matches!(peer.failure(), Some(PeerFailure::ServerRefused(_)));
        let server_certificate = peer.server_certificate().map(<[u8]>::to_vec);
        let server_verified = options.trusted.is_some() && server_certificate.is_some() && !refused;
        let outcome = Outcome {
            accepted: false,
            failure: peer.failure().cloned(),
            vlan: None,
            reply_message: None,
            attributes: Vec::new(),
            tls_version: peer.tls_version(),
            cipher_suite: peer.cipher_suite().map(str::to_owned),
            server_certificate,
            server_verified,
            keys_match: false,
            resumed: peer.kind() == Some(Kind::Resumed),
            rounds,
        };
        Self { options, outcome }
    }

    fn accepted(mut self, answer: &Answer, reaction: Reaction) -> Outcome {
        self.read(answer);
        match reaction {
            Reaction::Success(keys) => {
                self.outcome.accepted = true;
                self.outcome.keys_match = self.compare(answer, &keys);
            }
            Reaction::Failed(failure) => self.outcome.failure = Some(failure),
            Reaction::Answer(_) | Reaction::Ignored => {
                self.outcome.failure = Some(PeerFailure::EarlySuccess);
            }
        }
        self.outcome
    }

    fn rejected(mut self, answer: &Answer, reaction: Option<Reaction>) -> Outcome {
        self.read(answer);
        match reaction {
            Some(Reaction::Failed(failure)) => self.broken_off(failure),
            Some(Reaction::Answer(_) | Reaction::Success(_) | Reaction::Ignored) | None => {
                let failure = self.outcome.failure.take().unwrap_or(PeerFailure::Refused);
                self.broken_off(failure)
            }
        }
    }

    fn broken_off(mut self, failure: PeerFailure) -> Outcome {
        if matches!(failure, PeerFailure::ServerRefused(_)) {
            self.outcome.server_verified = false;
        }
        self.outcome.failure = Some(failure);
        self.outcome
    }

    fn compare(&self, answer: &Answer, keys: &Keys) -> bool {
        let secret = &self.options.secret.0;
        let received = mppe::decode(&answer.packet, secret, &answer.request_authenticator);
        received.is_some_and(|received| received == mppe::Keys::from_msk(keys.msk()))
    }

    fn read(&mut self, answer: &Answer) {
        // The VLAN of RFC 3580's attribute counts before one of a vendor's own.
        let (mut standard, mut vendors) = (None, None);
        for (attribute, value) in answer.packet.attributes() {
            let known = dictionary::recognize(attribute, value);
            if known.is_some_and(|known| known.allowed == radius::attribute::Use::Protocol) {
                continue;
            }
            let (name, shown) = dictionary::show(attribute, value);
            if let Some(vlan) = dictionary::vlan(attribute, value) {
                let is_standard = attribute == number::TUNNEL_PRIVATE_GROUP_ID;
                let place = if is_standard { &mut standard } else { &mut vendors };
                place.get_or_insert(vlan);
            }
            self.outcome.attributes.push((name, shown));
        }
        self.outcome.vlan = standard.or(vendors);
        self.outcome.reply_message = answer.packet.text(number::REPLY_MESSAGE);
    }
}
