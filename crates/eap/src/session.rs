//! The server's side of one EAP-TLS conversation (RFC 5216, RFC 9190).

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use pki::time::Time;
use rustls::Error;
use rustls::HandshakeKind;
use rustls::ServerConfig;
use rustls::ServerConnection;

use crate::failure::Failure;
use crate::fragment::FragmentError;
use crate::fragment::Fragmenter;
use crate::fragment::Joined;
use crate::fragment::Reassembler;
use crate::greeting::Greeting;
use crate::keys::Keys;
use crate::packet::Body;
use crate::packet::Code;
use crate::packet::Fragment;
use crate::packet::Packet;
use crate::resumption::Desk;
use crate::settings::Settings;
use crate::settings::TlsVersion;
use crate::tls;
use crate::tls::Clock;
use crate::verdict::Verdict;
use crate::verifier::DeviceVerifier;
use crate::verifier::Presented;
use crate::verifier::Witness;

/// The most responses of one conversation; access points give up at 40 to 50 (RFC 9191).
pub const ROUNDS_MAX: u32 = 60;

/// The shortest EAP packet that a message is cut into: below it a handshake passes `ROUNDS_MAX`.
pub const FRAGMENT_SIZE_MIN: usize = 200;

/// The longest: with RADIUS around it, it stays below 1472 bytes of an Ethernet frame.
pub const FRAGMENT_SIZE_MAX: usize = 1400;

/// Where the access point tells no Framed-MTU.
const FRAGMENT_SIZE_DEFAULT: usize = 1024;

/// Bytes that EAP over LAN puts before an EAP packet.
const EAPOL_HEADER_LENGTH: u32 = 4;

/// Returns the fragment size that fits an access point's Framed-MTU. It speaks of the way between
/// device and access point only, so that it is bounded on both sides for the way to us.
#[must_use]
pub fn fragment_size(framed_mtu: Option<u32>) -> usize {
    let Some(framed_mtu) = framed_mtu else { return FRAGMENT_SIZE_DEFAULT };
    let size = framed_mtu.saturating_sub(EAPOL_HEADER_LENGTH);
    usize::try_from(size).unwrap_or(usize::MAX).clamp(FRAGMENT_SIZE_MIN, FRAGMENT_SIZE_MAX)
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this EAP request and wait for the answer.
    Ask(Vec<u8>),
    /// The device is proved and nothing that means success has left: decide, then `confirm` or
    /// `deny`.
    Proved(Proof),
    /// The device has seen the confirmation: send EAP-Success with these keys.
    Done(Keys),
    /// It is over: send EAP-Failure.
    Failed(Failure),
    /// The packet answers none of our requests: do nothing (RFC 3748 section 4.1).
    Ignored,
}

/// What a finished handshake proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The device's certificate, DER.
    pub leaf: Vec<u8>,
    /// What the device sent behind it, DER.
    pub chain: Vec<Vec<u8>>,
    /// The version of TLS.
    pub tls_version: TlsVersion,
    /// The cipher suite by its registered name.
    pub cipher_suite: String,
    /// Whether the device proved its key now or in an earlier conversation.
    pub kind: Kind,
}

/// How a device was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By a full handshake.
    Full,
    /// By an earlier one that was resumed.
    Resumed,
}

impl Kind {
    pub(crate) fn of(kind: HandshakeKind) -> Self {
        match kind {
            HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest => Self::Full,
            HandshakeKind::Resumed => Self::Resumed,
        }
    }
}

#[derive(Debug)]
enum Stage {
    /// TLS messages go to and fro.
    Handshaking,
    /// Waiting for the caller's decision.
    Proved,
    /// What means success was sent in the middle of a handshake, whose end is due (the abbreviated
    /// one of TLS 1.2, RFC 5246 section 7.3).
    Resuming,
    /// What means success was sent.
    Confirmed,
    /// An alert was sent; its receipt ends the conversation (RFC 5216 section 2.1.3).
    Alerted(Failure),
    /// Nothing more will be said.
    Over,
}

/// One conversation, from the first EAP-TLS response on.
#[derive(Debug)]
pub struct Session {
    connection: ServerConnection,
    witness: Arc<Witness>,
    clock: Arc<Clock>,
    desk: Arc<Desk>,
    stage: Stage,
    identifier: u8,
    rounds: u32,
    fragment_size: usize,
    greeting: Option<Greeting>,
    incoming: Reassembler,
    outgoing: Fragmenter,
}

impl Session {
    /// Opens a conversation whose Start request carried `identifier`.
    ///
    /// # Errors
    /// TLS cannot be set up, which the check of the settings should have told.
    pub fn start(
        settings: &Settings,
        verdict: Arc<dyn Verdict>,
        identifier: u8,
    ) -> Result<Self, Failure> {
        let witness = Arc::new(Witness::default());
        let clock = Arc::new(Clock::default());
        let verifier = DeviceVerifier {
            anchors: settings.anchors.clone(),
            verdict: verdict.clone(),
            witness: witness.clone(),
            clock: clock.clone(),
        };
        let sessions = settings.sessions.clone();
        let desk = Arc::new(Desk::new(sessions, verdict, witness.clone(), clock.clone()));
        let versions = tls::versions(settings.lowest, settings.highest);
        let internal = |error: Error| Failure::Internal(error.to_string());
        let builder = ServerConfig::builder_with_details(settings.provider.clone(), clock.clone())
            .with_protocol_versions(&versions)
            .map_err(internal)?;
        let mut config = builder
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(settings.resolver.clone());
        config.send_tls13_tickets = usize::from(settings.sessions.are_kept());
        config.session_storage = desk.clone();
        // Nothing is done before the device is proved.
        config.max_early_data_size = 0;
        let mut connection = ServerConnection::new(Arc::new(config)).map_err(internal)?;
        connection.set_buffer_limit(None);
        Ok(Self {
            connection,
            witness,
            clock,
            desk,
            stage: Stage::Handshaking,
            identifier,
            rounds: 0,
            fragment_size: FRAGMENT_SIZE_MIN,
            greeting: None,
            incoming: Reassembler::default(),
            outgoing: Fragmenter::default(),
        })
    }

    /// Takes the device's next EAP packet; `fragment_size` bounds the EAP packets of the answer.
    pub fn step(&mut self, eap: &[u8], now: Time, fragment_size: usize) -> Step {
        if matches!(self.stage, Stage::Proved | Stage::Over) {
            return Step::Ignored;
        }
        let packet = match Packet::parse(eap) {
            Ok(packet) => packet,
            Err(error) => return self.fail(Failure::Malformed(error)),
        };
        if packet.code != Code::Response || packet.identifier != self.identifier {
            return Step::Ignored;
        }
        self.rounds += 1;
        if self.rounds > ROUNDS_MAX {
            return self.fail(Failure::TooManyRounds);
        }
        if let Stage::Alerted(failure) = &self.stage {
            // Whatever the answer is: the device has had the alert, unless parts of it are left.
            let failure = failure.clone();
            return if self.outgoing.is_pending() { self.ask() } else { self.fail(failure) };
        }
        self.clock.set(now);
        self.fragment_size = fragment_size.clamp(FRAGMENT_SIZE_MIN, FRAGMENT_SIZE_MAX);
        match packet.body {
            Body::Tls(fragment) => self.take(&fragment),
            Body::Nak(wanted) => self.fail(Failure::Nak(wanted.to_vec())),
            Body::Nothing | Body::Identity(_) | Body::Notification(_) | Body::Other(_) => {
                self.fail(Failure::Unexpected)
            }
        }
    }

    /// Tells the device that it may pass: the server's Finished in TLS 1.2, a ticket for the next
    /// time and the byte 0x00 of RFC 9190 section 2.5 in TLS 1.3.
    pub fn confirm(&mut self) -> Step {
        let Stage::Proved = self.stage else { return self.fail(Failure::Unexpected) };
        if tls::version(&self.connection) == Some(TlsVersion::Tls13)
            && let Err(error) = self.connection.writer().write_all(&[0])
        {
            return self.fail(Failure::Internal(error.to_string()));
        }
        self.stage = match self.connection.is_handshaking() {
            true => Stage::Resuming,
            false => Stage::Confirmed,
        };
        self.outgoing = Fragmenter::new(tls::drain(&mut self.connection));
        self.ask()
    }

    /// Ends the conversation without a byte that could mean success. Whoever is denied resumes
    /// nothing.
    pub fn deny(&mut self) -> Step {
        if let Some(presented) = self.presented() {
            self.desk.forget(&presented.leaf);
        }
        self.fail(Failure::Denied)
    }

    /// The identifier of the last request, which EAP-Success and EAP-Failure repeat.
    #[must_use]
    pub fn identifier(&self) -> u8 {
        self.identifier
    }

    /// The certificates that the device showed, also when the handshake failed; now, or in the
    /// session that it resumes.
    #[must_use]
    pub fn presented(&self) -> Option<Presented> {
        self.witness.presented().or_else(|| {
            let (leaf, chain) = self.connection.peer_certificates()?.split_first()?;
            let chain = chain.iter().map(|certificate| certificate.to_vec()).collect();
            Some(Presented { leaf: leaf.to_vec(), chain })
        })
    }

    /// The failure whose alert the device has not acknowledged: many stop there and say no more.
    #[must_use]
    pub fn alerted(&self) -> Option<&Failure> {
        if let Stage::Alerted(failure) = &self.stage { Some(failure) } else { None }
    }

    fn take(&mut self, fragment: &Fragment<'_>) -> Step {
        if fragment.start {
            return self.fail(FragmentError::StartInResponse.into());
        }
        if self.outgoing.is_pending() {
            if fragment.more || !fragment.data.is_empty() {
                return self.fail(FragmentError::OutOfTurn.into());
            }
            return self.ask();
        }
        match self.incoming.join(fragment) {
            Err(error) => self.fail(error.into()),
            Ok(Joined::More) => self.acknowledge(),
            Ok(Joined::Whole(message)) => match self.stage {
                Stage::Confirmed => self.conclude(&message),
                Stage::Handshaking | Stage::Resuming if message.is_empty() => {
                    self.fail(FragmentError::OutOfTurn.into())
                }
                Stage::Handshaking => self.negotiate(&message),
                Stage::Resuming => self.complete(&message),
                Stage::Proved | Stage::Alerted(_) | Stage::Over => Step::Ignored,
            },
        }
    }

    fn negotiate(&mut self, message: &[u8]) -> Step {
        if self.greeting.is_none() {
            let greeting = Greeting::read(message);
            self.desk.extended_master_secret.store(greeting.extended_master_secret, Relaxed);
            self.greeting = Some(greeting);
        }
        if let Err(error) = tls::feed(&mut self.connection, message) {
            return self.alert(&error);
        }
        if self.is_abbreviated() {
            // The server's Finished is next: it lies ready and stays here until the decision.
            return self.prove();
        }
        if self.connection.is_handshaking() {
            self.outgoing = Fragmenter::new(tls::drain(&mut self.connection));
            if self.outgoing.is_pending() {
                return self.ask();
            }
            return self.fail(Failure::Tls("a message is incomplete".to_owned()));
        }
        if self.received_data() {
            return self.fail(Failure::Unexpected);
        }
        self.prove()
    }

    fn prove(&mut self) -> Step {
        let Some(proof) = self.proof() else { return self.fail(Failure::NoCertificate) };
        self.stage = Stage::Proved;
        Step::Proved(proof)
    }

    /// Whether this is the abbreviated handshake of TLS 1.2, in which the server finishes first.
    fn is_abbreviated(&self) -> bool {
        tls::version(&self.connection) == Some(TlsVersion::Tls12)
            && self.connection.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Takes the device's end of an abbreviated handshake: only now it proves that it holds the
    /// session's secret.
    fn complete(&mut self, message: &[u8]) -> Step {
        if let Err(error) = tls::feed(&mut self.connection, message) {
            return self.alert(&error);
        }
        if self.connection.is_handshaking() {
            return self.fail(Failure::Tls("a message is incomplete".to_owned()));
        }
        if self.received_data() {
            return self.fail(Failure::Unexpected);
        }
        self.finish()
    }

    /// Delivers the alert first, so that the device and its administrator learn the cause.
    fn alert(&mut self, error: &Error) -> Step {
        let failure = self.witness.failure().unwrap_or_else(|| Failure::classify(error));
        let failure = match (failure, &self.greeting) {
            // Android 7 and Windows 7: rustls stumbles over what else their greeting lacks.
            (Failure::Cipher, Some(Greeting { old: true, .. })) => Failure::Version,
            (failure, _) => failure,
        };
        // Behind a finished handshake, and before the decision in an abbreviated one, rustls has
        // success in its buffer: nothing of it may leave.
        let undecided = matches!(self.stage, Stage::Handshaking) && self.is_abbreviated();
        if undecided || !self.connection.is_handshaking() {
            return self.fail(failure);
        }
        self.outgoing = Fragmenter::new(tls::drain(&mut self.connection));
        if !self.outgoing.is_pending() {
            return self.fail(failure);
        }
        self.stage = Stage::Alerted(failure);
        self.ask()
    }

    /// Takes the answer to the confirmation: an empty one, or as some devices do, `close_notify`.
    fn conclude(&mut self, message: &[u8]) -> Step {
        if let Err(error) = tls::feed(&mut self.connection, message) {
            return self.fail(Failure::classify(&error));
        }
        let closed = match self.connection.process_new_packets() {
            Ok(state) => state.peer_has_closed(),
            Err(error) => return self.fail(Failure::classify(&error)),
        };
        if self.received_data() || (!message.is_empty() && !closed) {
            return self.fail(Failure::Unexpected);
        }
        self.finish()
    }

    fn finish(&mut self) -> Step {
        let Some(keys) = Keys::export(&self.connection) else {
            return self.fail(Failure::Internal("the keys cannot be exported".to_owned()));
        };
        self.stage = Stage::Over;
        Step::Done(keys)
    }

    fn received_data(&mut self) -> bool {
        let state = self.connection.process_new_packets();
        state.is_ok_and(|state| state.plaintext_bytes_to_read() > 0)
    }

    fn proof(&self) -> Option<Proof> {
        let (leaf, chain) = self.connection.peer_certificates()?.split_first()?;
        let tls_version = tls::version(&self.connection)?;
        let suite = self.connection.negotiated_cipher_suite()?.suite();
        let kind = Kind::of(self.connection.handshake_kind()?);
        Some(Proof {
            leaf: leaf.to_vec(),
            chain: chain.iter().map(|certificate| certificate.to_vec()).collect(),
            tls_version,
            cipher_suite: suite.as_str().unwrap_or("unknown").to_owned(),
            kind,
        })
    }

    fn ask(&mut self) -> Step {
        self.identifier = self.identifier.wrapping_add(1);
        let fragment = self.outgoing.cut(self.fragment_size);
        let identifier = self.identifier;
        Step::Ask(Packet { code: Code::Request, identifier, body: Body::Tls(fragment) }.write())
    }

    fn acknowledge(&mut self) -> Step {
        self.outgoing = Fragmenter::default();
        self.ask()
    }

    fn fail(&mut self, failure: Failure) -> Step {
        self.stage = Stage::Over;
        Step::Failed(failure)
    }
}
