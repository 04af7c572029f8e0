//! A RADIUS server for one device, which can be made to misbehave.

use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use eap::packet;
use eap::session::Session;
use eap::session::Step;
use eap::settings::Identity;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use eap::verdict::Alert;
use eap::verdict::Verdict;
use pki::time::Time;
use radius::attribute::number;
use radius::dictionary;
use radius::mppe::Keys;
use radius::mppe::Salts;
use radius::packet::Code;
use radius::packet::Packet;
use radius::reply::Reply;

use crate::certificates::DEVICE_CA;
use crate::certificates::NOW;
use crate::certificates::SERVER;
use crate::certificates::SERVER_CA;

/// The secret of server and access point.
pub(crate) const SECRET: &[u8] = b"a-long-shared-secret-for-the-lab";

const STATE: [u8; 16] = [7; 16];

/// What the server does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behavior {
    pub(crate) verdict: Result<(), Alert>,
    pub(crate) deaf_once: bool,
    pub(crate) silent: bool,
    pub(crate) forged: bool,
    pub(crate) wrong_keys: bool,
    pub(crate) hasty: bool,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            verdict: Ok(()),
            deaf_once: false,
            silent: false,
            forged: false,
            wrong_keys: false,
            hasty: false,
        }
    }
}

impl Verdict for Behavior {
    fn verdict(&self, _leaf: &[u8], _now: Time) -> Result<(), Alert> {
        self.verdict
    }
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Server {
    pub(crate) fn start(behavior: Behavior) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let stop = stop.clone();
            move || Conversation { behavior, socket, session: None }.serve(&stop)
        });
        Self { address, stop, thread }
    }

    /// Stops the server and returns how many datagrams it received.
    pub(crate) fn stop(self) -> u32 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// The last request and its reply: what RFC 5080 section 2.2.2 calls duplicate detection.
#[derive(Default)]
struct Copies {
    datagram: Vec<u8>,
    reply: Option<Vec<u8>>,
}

impl Copies {
    /// Tells whether this is the first copy, and remembers it.
    fn is_new(&mut self, datagram: &[u8]) -> bool {
        if self.datagram == datagram {
            return false;
        }
        let same_identifier = self.datagram.get(1) == datagram.get(1);
        assert!(!same_identifier, "a retransmission is the same bytes");
        *self = Self { datagram: datagram.to_vec(), reply: None };
        true
    }

    fn reply(&self, datagram: &[u8]) -> Option<&[u8]> {
        self.reply.as_deref().filter(|_| self.datagram == datagram)
    }
}

struct Conversation {
    behavior: Behavior,
    socket: UdpSocket,
    session: Option<Session>,
}

impl Conversation {
    fn serve(mut self, stop: &AtomicBool) -> u32 {
        let mut received = 0;
        let mut copies = Copies::default();
        let mut buffer = [0; 4096];
        loop {
            let Ok((length, from)) = self.socket.recv_from(&mut buffer) else {
                if stop.load(Ordering::Relaxed) {
                    return received;
                }
                continue;
            };
            received += 1;
            let datagram = &buffer[..length];
            if self.behavior.silent {
                continue;
            }
            if self.behavior.deaf_once && copies.is_new(datagram) {
                continue;
            }
            if let Some(reply) = copies.reply(datagram) {
                self.socket.send_to(reply, from).unwrap();
                continue;
            }
            let request = Packet::parse(datagram, SECRET).unwrap();
            let secret = if self.behavior.forged { b"another secret" } else { SECRET };
            let reply = self.answer(&request).finish(secret).unwrap();
            self.socket.send_to(&reply, from).unwrap();
            copies = Copies { datagram: datagram.to_vec(), reply: Some(reply) };
        }
    }

    fn answer(&mut self, request: &Packet) -> Reply {
        assert_eq!(request.framed_mtu(), Some(1400));
        let eap = request.eap_message().unwrap();
        if self.behavior.hasty {
            return Reply::new(Code::AccessAccept, request).eap_message(&packet::success(0));
        }
        let Some(mut session) = self.session.take().filter(|_| request.state().is_some()) else {
            assert_eq!(request.state(), None);
            self.session = Some(session(self.behavior));
            return challenge(request, &packet::start_request(1));
        };
        assert_eq!(request.state(), Some(STATE.as_slice()));
        let mut step = session.step(&eap, NOW, 1396);
        if let Step::Proved(_) = step {
            step = session.confirm();
        }
        match step {
            Step::Ask(next) => {
                self.session = Some(session);
                challenge(request, &next)
            }
            Step::Done(keys) => self.accept(request, session.identifier(), keys.msk()),
            Step::Failed(_) => Reply::new(Code::AccessReject, request)
                .eap_message(&packet::failure(session.identifier())),
            Step::Proved(_) | Step::Ignored => panic!("unexpected step"),
        }
    }

    fn accept(&self, request: &Packet, identifier: u8, msk: &[u8; 64]) -> Reply {
        let mut reply =
            Reply::new(Code::AccessAccept, request).eap_message(&packet::success(identifier));
        for (name, value) in [
            ("Tunnel-Type", "VLAN"),
            ("Tunnel-Medium-Type", "IEEE-802"),
            ("Tunnel-Private-Group-Id", "20"),
        ] {
            let attribute = dictionary::find(dictionary::IETF, name).unwrap();
            let value = attribute.encode(value, 0).unwrap();
            reply = reply.attribute(attribute.wire_number(), &value);
        }
        let mut keys = Keys::from_msk(msk);
        if self.behavior.wrong_keys {
            keys.recv.reverse();
        }
        reply.attribute(number::REPLY_MESSAGE, b"Welcome").keys(
            &keys,
            Salts::from_random([1, 2]),
            SECRET,
        )
    }
}

fn challenge(request: &Packet, eap: &[u8]) -> Reply {
    Reply::new(Code::AccessChallenge, request).eap_message(eap).state(&STATE)
}

fn session(behavior: Behavior) -> Session {
    let leaf = SERVER_CA.issue(&SERVER);
    let identity = Identity::parse(&leaf.chain, &leaf.key).unwrap();
    let anchors = [DEVICE_CA.der()];
    let settings =
        Settings::check(&identity, &anchors, TlsVersion::Tls12, TlsVersion::Tls13).unwrap();
    Session::start(&settings, Arc::new(behavior), 1).unwrap()
}
