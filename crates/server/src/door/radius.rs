//! RADIUS over UDP: threads of its own. Whichever thread gets a packet answers it, with the shard
//! in hand that owns its conversation: a packet is never passed from thread to thread.

mod accounting;
mod drops;
mod duplicates;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use actions::rules::AccessPoint;
use actions::snapshot::Snapshot;
use anyhow::Context;
use domain::refusal::Refusal;
use radius::packet;
use radius::packet::Code;
use radius::packet::PACKET_LENGTH_MAX;
use radius::packet::Packet;
use radius::packet::ParseError;
use radius::reply::Reply;
use rustix::net::RecvFlags;
use socket2::Domain;
use socket2::Protocol;
use socket2::Socket;
use socket2::Type;

use crate::clock;
use crate::conversation;
use crate::conversation::Asked;
use crate::conversation::Conversations;
use crate::door::radius::drops::Dropped;
use crate::door::radius::drops::Drops;
use crate::door::radius::duplicates::Duplicates;

/// Packets that wait at one socket beyond what the kernel keeps; at 500 µs each, two seconds of
/// one processor, and an access point asks again after as many.
const WAITING_MAX: usize = 4096;

/// Most threads that answer at one socket; a conversation costs computation and nothing else.
const THREADS_MAX: usize = 16;

/// Shards of one thread: the more, the more seldom two threads want the same.
const SHARDS_PER_THREAD: usize = 4;

/// Room for bursts in the kernel, in bytes.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// How often threads look whether they should end, and for silent devices.
const TICK: Duration = Duration::from_millis(250);

/// The running door. Dropped, it is closed.
pub(crate) struct Door {
    /// Where it listens for authentication.
    pub(crate) authentication: Vec<SocketAddr>,
    /// Where it listens for accounting.
    pub(crate) accounting: Vec<SocketAddr>,
    hall: Arc<Hall>,
    threads: Vec<JoinHandle<()>>,
}

/// What is asked at a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Port {
    Authentication,
    Accounting,
}

struct Datagram {
    bytes: Vec<u8>,
    source: SocketAddr,
}

/// Opens the door at these addresses.
pub(crate) fn open(
    snapshot: &Arc<Snapshot>,
    authentication: &[SocketAddr],
    accounting: &[SocketAddr],
) -> anyhow::Result<Door> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let hall = Arc::new(Hall::new(snapshot, threads * SHARDS_PER_THREAD));
    // Dropped on a failure, it ends the threads that run already.
    let mut door =
        Door { authentication: Vec::new(), accounting: Vec::new(), hall, threads: Vec::new() };
    // Accounting is noted and answered, which is little to do.
    let ports =
        [(Port::Authentication, authentication, threads), (Port::Accounting, accounting, 1)];
    for (port, addresses, threads) in ports {
        for address in addresses {
            let socket = bind(*address)
                .with_context(|| format!("RADIUS {port:?} at {address} cannot be opened"))?;
            let bound = match port {
                Port::Authentication => &mut door.authentication,
                Port::Accounting => &mut door.accounting,
            };
            bound.push(socket.local_addr()?);
            let (hall, waiting) = (Arc::clone(&door.hall), Mutex::default());
            let desk = Arc::new(Desk { hall, socket, port, waiting });
            for number in 0..threads {
                let desk = Arc::clone(&desk);
                door.threads.push(spawn(format!("radius-{number}"), move || desk.run())?);
            }
        }
    }
    Ok(door)
}

impl Drop for Door {
    fn drop(&mut self) {
        self.hall.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a RADIUS thread had panicked");
            }
        }
        lock(&self.hall.drops).flush(&self.hall.snapshot);
    }
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name).spawn(run)
}

fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    let socket = UdpSocket::from(socket);
    socket.set_read_timeout(Some(TICK))?;
    Ok(socket)
}

/// A socket that several threads answer at.
struct Desk {
    hall: Arc<Hall>,
    socket: UdpSocket,
    port: Port,
    /// Packets that were taken in while a thread was busy.
    waiting: Mutex<VecDeque<Datagram>>,
}

impl Desk {
    /// Answers packets until told to stop.
    fn run(&self) {
        let mut buffer = [0; PACKET_LENGTH_MAX];
        while !self.hall.stop.load(Ordering::Relaxed) {
            if let Some(datagram) = self.next(&mut buffer) {
                self.take_safely(&datagram);
                self.take_in(&mut buffer);
            }
            self.hall.sweep(clock::instant());
        }
    }

    /// The next packet; waits for one, but not for ever.
    fn next(&self, buffer: &mut [u8]) -> Option<Datagram> {
        if let Some(datagram) = lock(&self.waiting).pop_front() {
            return Some(datagram);
        }
        match self.socket.recv_from(buffer) {
            Ok((length, source)) => {
                Some(Datagram { bytes: buffer.get(..length)?.to_vec(), source })
            }
            Err(error) => {
                let idle = [
                    io::ErrorKind::WouldBlock,
                    io::ErrorKind::TimedOut,
                    // A debugger came or went.
                    io::ErrorKind::Interrupted,
                ];
                if !idle.contains(&error.kind()) {
                    tracing::warn!(%error, "a packet could not be received");
                }
                None
            }
        }
    }

    /// Takes in what came meanwhile, without waiting: the kernel keeps few packets of a burst,
    /// and what it does not keep is lost until the access point sends it again.
    fn take_in(&self, buffer: &mut [u8]) {
        let mut waiting = lock(&self.waiting);
        while waiting.len() < WAITING_MAX {
            // An error is met again, and told, by who waits at the socket.
            let received = rustix::net::recvfrom(&self.socket, &mut *buffer, RecvFlags::DONTWAIT);
            let Ok((length, _, Some(source))) = received else { return };
            let (Some(bytes), Ok(source)) = (buffer.get(..length), SocketAddr::try_from(source))
            else {
                continue;
            };
            waiting.push_back(Datagram { bytes: bytes.to_vec(), source });
        }
    }

    /// A thread outlives whatever one packet does to it: without it, fewer and fewer would answer.
    fn take_safely(&self, datagram: &Datagram) {
        let taken = panic::catch_unwind(AssertUnwindSafe(|| self.take(datagram)));
        if taken.is_err() {
            tracing::error!(source = %datagram.source, "a packet was given up: this is a bug");
        }
    }

    fn take(&self, datagram: &Datagram) {
        let Some(reply) = self.hall.answer(datagram, self.port) else { return };
        if let Err(error) = self.socket.send_to(&reply, datagram.source) {
            tracing::warn!(%error, source = %datagram.source, "a reply could not be sent");
        }
    }
}

/// What all threads share.
struct Hall {
    snapshot: Arc<Snapshot>,
    shards: Vec<Mutex<Shard>>,
    drops: Mutex<Drops>,
    swept: Mutex<Instant>,
    stop: AtomicBool,
}

/// Conversations, and the replies that belong to them: one thread at a time has them in hand.
struct Shard {
    conversations: Conversations,
    duplicates: Duplicates,
}

/// What a panic left behind is still in order: packets are answered whole or given up whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hall {
    fn new(snapshot: &Arc<Snapshot>, shards: usize) -> Self {
        let count = u8::try_from(shards).unwrap_or(u8::MAX);
        let cookies = Arc::new(conversation::cookie::Cookies::new());
        let handshakes = Arc::new(conversation::handshake::Handshakes::default());
        let shard = |number| {
            let (cookies, handshakes) = (Arc::clone(&cookies), Arc::clone(&handshakes));
            let place = (number, count);
            let conversations =
                Conversations::new(Arc::clone(snapshot), cookies, handshakes, place);
            Mutex::new(Shard { conversations, duplicates: Duplicates::default() })
        };
        Self {
            snapshot: Arc::clone(snapshot),
            shards: (0..count).map(shard).collect(),
            drops: Mutex::default(),
            swept: Mutex::new(clock::instant()),
            stop: AtomicBool::new(false),
        }
    }

    /// Forgets silent devices and tells of dropped packets, a few times a second: whichever thread
    /// comes first.
    fn sweep(&self, now: Instant) {
        let Ok(mut swept) = self.swept.try_lock() else { return };
        if now.saturating_duration_since(*swept) < TICK {
            return;
        }
        *swept = now;
        for shard in &self.shards {
            lock(shard).conversations.sweep(now);
        }
        lock(&self.drops).sweep(&self.snapshot, now);
    }

    /// The shard that a packet belongs to.
    fn shard(&self, bytes: &[u8]) -> Option<&Mutex<Shard>> {
        let shards = u8::try_from(self.shards.len()).unwrap_or(u8::MAX);
        let number = match packet::peek_state(bytes) {
            Some(state) => conversation::shard_of(state, shards),
            // Nothing is kept for these: any will do, the same for a retransmission.
            None => bytes.get(1).map_or(0, |identifier| identifier % shards.max(1)),
        };
        self.shards.get(usize::from(number))
    }

    /// The reply to a packet; none is silence, which is what forged packets get.
    fn answer(&self, datagram: &Datagram, port: Port) -> Option<Vec<u8>> {
        let source = datagram.source;
        let now = clock::instant();
        let rules = self.snapshot.rules();
        let Some(access_point) = rules.access_point(source.ip()) else {
            let address = source.ip().to_canonical().to_string();
            self.drop(datagram, &Refusal::AccessPointUnknown { address });
            return None;
        };
        let secret = access_point.shared_secret.reveal().as_bytes();
        let request = match Packet::parse(&datagram.bytes, secret) {
            Ok(request) => request,
            Err(error) => {
                self.drop(datagram, &unreadable(error, access_point));
                return None;
            }
        };
        let mut shard = lock(self.shard(&datagram.bytes)?);
        if let Some(reply) = shard.duplicates.find(source, &request, now) {
            return Some(reply);
        }
        let asked = Asked { request: &request, access_point, source, at: now };
        let reply = match (port, request.code()) {
            (Port::Authentication, Code::AccessRequest) => shard.conversations.resume(&asked)?,
            (Port::Accounting, Code::AccountingRequest) => {
                accounting::note(&self.snapshot, &asked);
                Reply::new(Code::AccountingResponse, &request).proxy_states(&request)
            }
            // RFC 5997: an access point asks whether we are there.
            (Port::Authentication, Code::StatusServer) => {
                Reply::new(Code::AccessAccept, &request).proxy_states(&request)
            }
            (Port::Accounting, Code::StatusServer) => {
                Reply::new(Code::AccountingResponse, &request).proxy_states(&request)
            }
            (port, code) => {
                let what = format!("a packet of code {} at the port for {port:?}", code.byte());
                let access_point = access_point.name.clone();
                self.drop(datagram, &Refusal::PacketMalformed { access_point, what });
                return None;
            }
        };
        let bytes = reply.finish(secret).or_else(|_| {
            tracing::error!(access_point = access_point.name, "a reply does not fit one packet");
            Reply::new(Code::AccessReject, &request).finish(secret)
        });
        let bytes = bytes.ok()?;
        shard.duplicates.keep(source, &request, &bytes, now);
        Some(bytes)
    }

    fn drop(&self, datagram: &Datagram, refusal: &Refusal) {
        self.snapshot.metrics().dropped.add(refusal.code());
        let (address, bytes) = (datagram.source.ip(), &datagram.bytes);
        let dropped = Dropped { address, bytes, refusal };
        lock(&self.drops).count(&self.snapshot, dropped, clock::instant());
    }
}

fn unreadable(error: ParseError, access_point: &AccessPoint) -> Refusal {
    let access_point = access_point.name.clone();
    match error {
        ParseError::WrongMessageAuthenticator | ParseError::WrongRequestAuthenticator => {
            Refusal::SharedSecretWrong { access_point }
        }
        ParseError::MissingMessageAuthenticator => {
            Refusal::MessageAuthenticatorMissing { access_point }
        }
        ParseError::Truncated
        | ParseError::Overlong
        | ParseError::UnsupportedCode(_)
        | ParseError::BadAttribute
        | ParseError::TooManyAttributes
        | ParseError::RepeatedMessageAuthenticator
        | ParseError::WrongResponseAuthenticator
        | ParseError::WrongIdentifier => {
            Refusal::PacketMalformed { access_point, what: error.to_string() }
        }
    }
}
