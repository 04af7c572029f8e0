//! One conversation between our server and our device, step by step in memory.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use eap::failure::Failure;
use eap::keys::Keys;
use eap::packet;
use eap::peer;
use eap::peer::Peer;
use eap::peer::PeerFailure;
use eap::peer::Reaction;
use eap::session::Proof;
use eap::session::Session;
use eap::session::Step;
use eap::settings::Identity;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use eap::trust::Trust;
use eap::verdict::Alert;
use eap::verdict::Verdict;
use pki::time::Time;

use crate::certificates::DEVICE;
use crate::certificates::DEVICE_CA;
use crate::certificates::Leaf;
use crate::certificates::NOW;
use crate::certificates::SERVER;
use crate::certificates::SERVER_CA;

/// A memory that always says the same, and counts how often it was asked.
#[derive(Debug)]
pub(crate) struct Memory {
    answer: Mutex<Result<(), Alert>>,
    asked: AtomicU32,
}

impl Memory {
    pub(crate) fn new(answer: Result<(), Alert>) -> Arc<Self> {
        Arc::new(Self { answer: Mutex::new(answer), asked: AtomicU32::new(0) })
    }

    pub(crate) fn change(&self, answer: Result<(), Alert>) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Verdict for Memory {
    fn verdict(&self, _leaf: &[u8], now: Time) -> Result<(), Alert> {
        assert!(now >= NOW);
        self.asked.fetch_add(1, Ordering::Relaxed);
        *self.answer.lock().unwrap()
    }
}

/// Everything that may differ between two tests.
pub(crate) struct Scene {
    pub(crate) server: Leaf,
    pub(crate) device: Option<Leaf>,
    pub(crate) trust: Trust,
    pub(crate) server_versions: (TlsVersion, TlsVersion),
    pub(crate) device_versions: (TlsVersion, TlsVersion),
    pub(crate) server_fragment: usize,
    pub(crate) device_fragment: usize,
    pub(crate) memory: Arc<Memory>,
    pub(crate) admit: bool,
}

/// A conversation that ended well, on both sides.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) proof: Proof,
    pub(crate) server: Keys,
    pub(crate) device: Keys,
    pub(crate) rounds: u32,
}

/// A conversation that did not.
#[derive(Debug)]
pub(crate) struct Exit {
    pub(crate) server: Failure,
    pub(crate) device: PeerFailure,
    pub(crate) leaf: Option<Vec<u8>>,
    /// Everything of TLS that the server sent.
    pub(crate) sent: Vec<u8>,
}

impl Scene {
    /// All is in order, and both sides speak only this version.
    pub(crate) fn of(version: TlsVersion) -> Self {
        Self {
            server: SERVER_CA.issue(&SERVER),
            device: Some(DEVICE_CA.issue(&DEVICE)),
            trust: trust("radius.example.test"),
            server_versions: (TlsVersion::Tls12, TlsVersion::Tls13),
            device_versions: (version, version),
            server_fragment: 1024,
            device_fragment: 1024,
            memory: Memory::new(Ok(())),
            admit: true,
        }
    }

    pub(crate) fn session(&self) -> Session {
        self.session_after(1)
    }

    /// A session whose Start request carried this identifier.
    pub(crate) fn session_after(&self, identifier: u8) -> Session {
        Session::start(&self.settings(), self.memory.clone(), identifier).unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        let identity = Identity::parse(&self.server.chain, &self.server.key).unwrap();
        let (lowest, highest) = self.server_versions;
        Settings::check(&identity, &[DEVICE_CA.der()], lowest, highest).unwrap()
    }

    pub(crate) fn peer(&self) -> Peer {
        let identity =
            self.device.as_ref().map(|leaf| Identity::parse(&leaf.chain, &leaf.key).unwrap());
        let settings = peer::Settings {
            name: "anonymous@example.test".to_owned(),
            identity,
            trust: self.trust.clone(),
            lowest: self.device_versions.0,
            highest: self.device_versions.1,
            fragment_size: self.device_fragment,
        };
        Peer::start(&settings, NOW).unwrap()
    }

    /// Plays the scene to its end.
    pub(crate) fn play(&self) -> Result<Entry, Exit> {
        self.converse(self.session(), &mut self.peer(), NOW)
    }

    /// Plays a conversation, whose Start request carried 1, to its end.
    pub(crate) fn converse(
        &self,
        mut session: Session,
        peer: &mut Peer,
        now: Time,
    ) -> Result<Entry, Exit> {
        let mut request = packet::start_request(1);
        let mut proof = None;
        let mut sent = Vec::new();
        for rounds in 1.. {
            let response = match peer.respond(&request) {
                Reaction::Answer(response) => response,
                other => panic!("the device stopped: {other:?}"),
            };
            let mut step = session.step(&response, now, self.server_fragment);
            if let Step::Proved(proved) = step {
                proof = Some(proved);
                step = if self.admit { session.confirm() } else { session.deny() };
            }
            match step {
                Step::Ask(next) => {
                    sent.extend_from_slice(tls_bytes(&next));
                    request = next;
                }
                Step::Done(server) => {
                    let proof = proof.expect("Proved comes before Done");
                    let device = match peer.respond(&packet::success(session.identifier())) {
                        Reaction::Success(keys) => keys,
                        other => panic!("the device did not get in: {other:?}"),
                    };
                    return Ok(Entry { proof, server, device, rounds });
                }
                Step::Failed(server) => {
                    let device = match peer.respond(&packet::failure(session.identifier())) {
                        Reaction::Failed(failure) => failure,
                        other => panic!("the device did not fail: {other:?}"),
                    };
                    let leaf = session.presented().map(|presented| presented.leaf);
                    return Err(Exit { server, device, leaf, sent });
                }
                Step::Proved(_) | Step::Ignored => panic!("unexpected step"),
            }
        }
        unreachable!("the rounds are bounded")
    }

    /// Plays the scene, which must end well.
    pub(crate) fn succeed(&self) -> (Proof, Keys, u32) {
        let entry = self.play().unwrap();
        assert_eq!(entry.server, entry.device);
        (entry.proof, entry.server, entry.rounds)
    }

    /// Plays the scene, which must not end well.
    pub(crate) fn fail(&self) -> (Failure, PeerFailure, Option<Vec<u8>>) {
        let exit = self.play().unwrap_err();
        (exit.server, exit.device, exit.leaf)
    }
}

/// Trust in the server's authority and one name.
pub(crate) fn trust(name: &str) -> Trust {
    Trust::check(&[SERVER_CA.der()], &[name.to_owned()]).unwrap()
}

/// The piece of TLS in an EAP-TLS request.
pub(crate) fn tls_bytes(request: &[u8]) -> &[u8] {
    match packet::Packet::parse(request).unwrap().body {
        packet::Body::Tls(fragment) => fragment.data,
        other => panic!("not EAP-TLS: {other:?}"),
    }
}

/// The type of each TLS record.
pub(crate) fn record_types(mut records: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let Some((header, rest)) = records.split_first_chunk::<5>() {
        types.push(header[0]);
        records = &rest[usize::from(u16::from_be_bytes([header[3], header[4]]))..];
    }
    types
}
