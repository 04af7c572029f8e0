//! RADIUS over UDP: threads of its own. One thread a socket takes packets in and hands each to
//! the worker that owns its conversation.

mod accounting;
mod drops;
mod duplicates;

use std::io;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

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
use socket2::Domain;
use socket2::Protocol;
use socket2::Socket;
use socket2::Type;

use crate::clock;
use crate::conversation;
use crate::conversation::Asked;
use crate::conversation::Conversations;
use crate::door::radius::drops::Drops;
use crate::door::radius::duplicates::Duplicates;

/// Packets that wait for one worker; at 500 µs each, half a second, and an access point asks
/// again after two.
const QUEUE_MAX: usize = 1024;

/// Most workers; a conversation costs computation and nothing else.
const WORKERS_MAX: usize = 16;

/// Room for bursts in the kernel, in bytes.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024 * 1024;

/// How often threads look whether they should end, and workers for silent devices.
const TICK: Duration = Duration::from_millis(250);

/// The running door. Dropped, it is closed.
pub(crate) struct Door {
    /// Where it listens for authentication.
    pub(crate) authentication: Vec<SocketAddr>,
    /// Where it listens for accounting.
    pub(crate) accounting: Vec<SocketAddr>,
    stop: Arc<AtomicBool>,
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
    port: Port,
    socket: Arc<UdpSocket>,
}

/// Opens the door at these addresses.
pub(crate) fn open(
    snapshot: &Arc<Snapshot>,
    authentication: &[SocketAddr],
    accounting: &[SocketAddr],
) -> anyhow::Result<Door> {
    // Before the queues, so that on a failure it is dropped behind them: its threads end when the
    // queues do.
    let mut door = Door {
        authentication: Vec::new(),
        accounting: Vec::new(),
        stop: Arc::new(AtomicBool::new(false)),
        threads: Vec::new(),
    };
    let count = thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
    let count = u8::try_from(count).unwrap_or(1);
    let cookies = Arc::new(conversation::cookie::Cookies::new());
    let handshakes = Arc::new(conversation::handshake::Handshakes::default());
    let mut queues = Vec::new();
    for number in 0..count {
        let (queue, datagrams) = sync_channel(QUEUE_MAX);
        queues.push(queue);
        let conversations = Conversations::new(
            Arc::clone(snapshot),
            Arc::clone(&cookies),
            Arc::clone(&handshakes),
            (number, count),
        );
        let worker = Worker {
            snapshot: Arc::clone(snapshot),
            conversations,
            duplicates: Duplicates::default(),
            drops: Drops::default(),
        };
        let run = move || worker.run(&datagrams);
        door.threads.push(spawn(format!("radius-{number}"), run)?);
    }
    let ports = [(Port::Authentication, authentication), (Port::Accounting, accounting)];
    for (port, addresses) in ports {
        for address in addresses {
            let socket = bind(*address)
                .with_context(|| format!("RADIUS {port:?} at {address} cannot be opened"))?;
            let bound = match port {
                Port::Authentication => &mut door.authentication,
                Port::Accounting => &mut door.accounting,
            };
            bound.push(socket.local_addr()?);
            let (queues, stop) = (queues.clone(), Arc::clone(&door.stop));
            let take = move || take_in(&Arc::new(socket), port, &queues, &stop);
            door.threads.push(spawn("radius-in".to_owned(), take)?);
        }
    }
    Ok(door)
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a RADIUS thread had panicked");
            }
        }
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

/// Hands packets to workers until told to stop. A full queue loses the packet: the access point
/// sends it again.
fn take_in(
    socket: &Arc<UdpSocket>,
    port: Port,
    queues: &[SyncSender<Datagram>],
    stop: &AtomicBool,
) {
    let mut buffer = [0; PACKET_LENGTH_MAX];
    let workers = u8::try_from(queues.len()).unwrap_or(1);
    while !stop.load(Ordering::Relaxed) {
        let (length, source) = match socket.recv_from(&mut buffer) {
            Ok(received) => received,
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
                continue;
            }
        };
        let bytes = buffer.get(..length).unwrap_or_default();
        let worker = match packet::peek_state(bytes) {
            Some(state) => conversation::worker_of(state, workers),
            // Nothing is kept for these: any worker will do, the same for a retransmission.
            None => bytes.get(1).map_or(0, |identifier| identifier % workers),
        };
        let socket = Arc::clone(socket);
        let datagram = Datagram { bytes: bytes.to_vec(), source, port, socket };
        if let Some(queue) = queues.get(usize::from(worker))
            && queue.try_send(datagram).is_err()
        {
            tracing::debug!(worker, "a packet was dropped: the worker has too much to do");
        }
    }
}

/// One thread and the conversations that it owns.
struct Worker {
    snapshot: Arc<Snapshot>,
    conversations: Conversations,
    duplicates: Duplicates,
    drops: Drops,
}

impl Worker {
    fn run(mut self, datagrams: &Receiver<Datagram>) {
        let mut swept = clock::instant();
        loop {
            match datagrams.recv_timeout(TICK) {
                Ok(datagram) => self.take_safely(&datagram),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = clock::instant();
            if now.duration_since(swept) >= TICK {
                swept = now;
                self.conversations.sweep(now);
                self.drops.sweep(&self.snapshot, now);
            }
        }
        self.drops.flush(&self.snapshot);
    }

    /// A worker outlives whatever one packet does to it: without it, every device whose
    /// conversation it owns would be locked out.
    fn take_safely(&mut self, datagram: &Datagram) {
        let taken = panic::catch_unwind(AssertUnwindSafe(|| self.take(datagram)));
        if taken.is_err() {
            tracing::error!(source = %datagram.source, "a packet was given up: this is a bug");
        }
    }

    fn take(&mut self, datagram: &Datagram) {
        let Some(reply) = self.answer(datagram) else { return };
        if let Err(error) = datagram.socket.send_to(&reply, datagram.source) {
            tracing::warn!(%error, source = %datagram.source, "a reply could not be sent");
        }
    }

    /// The reply to a packet; none is silence, which is what forged packets get.
    fn answer(&mut self, datagram: &Datagram) -> Option<Vec<u8>> {
        let source = datagram.source;
        let now = clock::instant();
        let rules = self.snapshot.rules();
        let Some(access_point) = rules.access_point(source.ip()) else {
            let address = source.ip().to_canonical().to_string();
            self.drop(source, &Refusal::AccessPointUnknown { address });
            return None;
        };
        let secret = access_point.shared_secret.reveal().as_bytes();
        let request = match Packet::parse(&datagram.bytes, secret) {
            Ok(request) => request,
            Err(error) => {
                self.drop(source, &unreadable(error, access_point));
                return None;
            }
        };
        if let Some(reply) = self.duplicates.find(source, &request, now) {
            return Some(reply);
        }
        let asked = Asked { request: &request, access_point, source, at: now };
        let reply = match (datagram.port, request.code()) {
            (Port::Authentication, Code::AccessRequest) => self.conversations.resume(&asked)?,
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
                self.drop(source, &Refusal::PacketMalformed { access_point, what });
                return None;
            }
        };
        let bytes = reply.finish(secret).or_else(|_| {
            tracing::error!(access_point = access_point.name, "a reply does not fit one packet");
            Reply::new(Code::AccessReject, &request).finish(secret)
        });
        let bytes = bytes.ok()?;
        self.duplicates.keep(source, &request, &bytes, now);
        Some(bytes)
    }

    fn drop(&mut self, source: SocketAddr, refusal: &Refusal) {
        self.drops.count(&self.snapshot, source.ip(), refusal, clock::instant());
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
