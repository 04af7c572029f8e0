//! Conversations: EAP-TLS with one device each, owned by one shard, found by their State.
//!
//! Identity to Start keeps no state: the State that goes out with a Start is a cookie, and memory
//! is taken only when a device brings it back with the first bytes of its handshake.

pub(crate) mod cookie;
mod failure;
pub(crate) mod handshake;
mod judge;
mod packets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use actions::rules::AccessPoint;
use actions::snapshot::Snapshot;
use actions::visit::End;
use actions::visit::Leave;
use domain::refusal::Refusal;
use domain::visit::Place;
use domain::visit::Visit;
use eap::packet;
use eap::packet::Body;
use eap::packet::Packet as Eap;
use eap::session;
use eap::session::Kind;
use eap::session::Proof;
use eap::session::Session;
use eap::session::Step;
use eap::settings::TlsVersion;
use pki::certificate::Certificate;
use pki::certificate::Serial;
use radius::attribute::number;
use radius::dictionary;
use radius::mppe::Keys;
use radius::mppe::Salts;
use radius::packet::Code;
use radius::packet::Packet;
use radius::reply::Reply;

use crate::conversation::cookie::Cookies;
use crate::conversation::handshake::Handshakes;
use crate::conversation::judge::Judge;
use crate::conversation::packets::Packets;
use crate::conversation::packets::Sender;

/// Most conversations of one shard, of which there are four a processor; each takes up to 11 KiB
/// before its handshake is over.
pub(crate) const SESSIONS_MAX: usize = 2048;

/// How long a device may be silent before its conversation is over.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Bytes of a State: 15 random ones and one that leads back to the shard.
const STATE_BYTES: usize = 16;

type State = [u8; STATE_BYTES];

/// Every conversation of one shard.
pub(crate) struct Conversations {
    snapshot: Arc<Snapshot>,
    cookies: Arc<Cookies>,
    handshakes: Arc<Handshakes>,
    /// Which shard this is, of how many.
    shard: (u8, u8),
    open: HashMap<State, Conversation>,
    /// When each was heard of last: the most silent first.
    order: BTreeSet<(Instant, State)>,
}

struct Conversation {
    session: Session,
    judge: Arc<Judge>,
    place: Place,
    /// The visit and its leave, once the device is proved and may enter.
    leave: Option<(Visit, Leave)>,
    rounds: u32,
    packets: Packets,
    began: Instant,
    touched: Instant,
}

/// One request from an access point that proved to know the secret.
pub(crate) struct Asked<'a> {
    /// The request.
    pub(crate) request: &'a Packet,
    /// Who sent it.
    pub(crate) access_point: &'a AccessPoint,
    /// From where.
    pub(crate) source: SocketAddr,
    /// When it came.
    pub(crate) at: Instant,
}

impl Conversations {
    /// No conversations yet. The key of the cookies and what handshakes rest on are shared by all
    /// shards.
    pub(crate) fn new(
        snapshot: Arc<Snapshot>,
        cookies: Arc<Cookies>,
        handshakes: Arc<Handshakes>,
        shard: (u8, u8),
    ) -> Self {
        let (open, order) = (HashMap::new(), BTreeSet::new());
        Self { snapshot, cookies, handshakes, shard, open, order }
    }

    /// Answers an Access-Request; none means silence.
    pub(crate) fn resume(&mut self, asked: &Asked<'_>) -> Option<Reply> {
        let Some(message) = asked.request.eap_message() else {
            return Some(self.reject(asked, None, &Refusal::EapMissing));
        };
        let state = asked.request.state().map(<[u8]>::to_vec);
        match state {
            None => self.greet(asked, &message),
            Some(state) => match State::try_from(state.as_slice()) {
                Ok(state) if self.open.contains_key(&state) => self.go_on(asked, state, &message),
                Ok(_) | Err(_) => self.begin(asked, &state, &message),
            },
        }
    }

    /// Forgets conversations whose device has been silent for too long, and remembers why.
    pub(crate) fn sweep(&mut self, now: Instant) {
        while let Some((touched, state)) = self.order.first().copied() {
            if now.saturating_duration_since(touched) < SILENCE_MAX {
                break;
            }
            self.forget(&state);
        }
        self.handshakes.sweep(self.snapshot.world().time());
    }

    /// An EAP identity is answered with a Start; nothing is kept.
    fn greet(&mut self, asked: &Asked<'_>, message: &[u8]) -> Option<Reply> {
        let identifier = match Eap::parse(message) {
            Ok(Eap { code: packet::Code::Response, identifier, body: Body::Identity(_) }) => {
                identifier.wrapping_add(1)
            }
            Ok(_) => return Some(self.reject(asked, None, &Refusal::EapStateUnknown)),
            Err(error) => {
                let refusal = Refusal::EapMalformed { what: error.to_string() };
                return Some(self.reject(asked, None, &refusal));
            }
        };
        let cookie = self.cookies.bake(identifier, &bound_to(asked), asked.at);
        let start = packet::start_request(identifier);
        let reply = Reply::new(Code::AccessChallenge, asked.request);
        Some(reply.eap_message(&start).state(&cookie).proxy_states(asked.request))
    }

    /// A cookie of ours comes back with the first bytes of a handshake: a conversation begins.
    fn begin(&mut self, asked: &Asked<'_>, cookie: &[u8], message: &[u8]) -> Option<Reply> {
        let Some(identifier) = self.cookies.open(cookie, &bound_to(asked), asked.at) else {
            return Some(self.reject(asked, None, &Refusal::EapStateUnknown));
        };
        let judge = Arc::new(Judge::new(Arc::clone(&self.snapshot)));
        let place = place(&self.snapshot, asked);
        let network = (place.ssid.as_deref(), is_wired(asked.request));
        let Some(settings) = self.handshakes.settings(&self.snapshot.rules(), network) else {
            let what = "there is no server certificate, or no authority for devices".to_owned();
            return Some(self.reject(asked, None, &Refusal::Internal { what }));
        };
        let verdict: Arc<Judge> = Arc::clone(&judge);
        let session = match Session::start(&settings, verdict, identifier) {
            Ok(session) => session,
            Err(failure) => {
                let refusal = Refusal::Internal { what: failure.to_string() };
                return Some(self.reject(asked, None, &refusal));
            }
        };
        self.make_room();
        let state = self.draw_state();
        let (began, touched) = (asked.at, asked.at);
        let (leave, rounds, packets) = (None, 0, Packets::new(began));
        let conversation =
            Conversation { session, judge, place, leave, rounds, packets, began, touched };
        self.open.insert(state, conversation);
        self.snapshot.metrics().conversations.rise();
        self.order.insert((touched, state));
        self.go_on(asked, state, message)
    }

    fn go_on(&mut self, asked: &Asked<'_>, state: State, message: &[u8]) -> Option<Reply> {
        let now = self.snapshot.world().time();
        let conversation = self.open.get_mut(&state)?;
        if conversation.place.access_point != asked.access_point.name {
            return Some(self.reject(asked, None, &Refusal::EapStateUnknown));
        }
        self.order.remove(&(conversation.touched, state));
        self.order.insert((asked.at, state));
        conversation.touched = asked.at;
        conversation.rounds += 1;
        conversation.packets.add(Sender::Device, message, asked.at);
        let step = conversation.session.step(
            message,
            now,
            session::fragment_size(asked.request.framed_mtu()),
        );
        self.answer(asked, state, step)
    }

    fn answer(&mut self, asked: &Asked<'_>, state: State, step: Step) -> Option<Reply> {
        match step {
            Step::Ignored => None,
            Step::Ask(message) => {
                if let Some(conversation) = self.open.get_mut(&state) {
                    conversation.packets.add(Sender::Server, &message, asked.at);
                }
                let reply = Reply::new(Code::AccessChallenge, asked.request);
                Some(reply.eap_message(&message).state(&state).proxy_states(asked.request))
            }
            Step::Proved(proof) => {
                let step = self.decide(&state, &proof)?;
                self.answer(asked, state, step)
            }
            Step::Done(keys) => {
                let conversation = self.take(&state)?;
                self.time(asked, &conversation);
                if let Some((visit, leave)) = &conversation.leave {
                    actions::visit::enter(&self.snapshot, visit, leave);
                }
                Some(accept(&self.snapshot, asked, &conversation, keys.msk()))
            }
            Step::Failed(failure) => {
                let conversation = self.take(&state)?;
                self.time(asked, &conversation);
                // A visit that was denied is on record already.
                if failure != eap::failure::Failure::Denied {
                    self.record(&conversation, &failure);
                }
                Some(rejection(asked, conversation.session.identifier()))
            }
        }
    }

    /// Counts how long a conversation took to its last packet.
    fn time(&self, asked: &Asked<'_>, conversation: &Conversation) {
        let took = asked.at.saturating_duration_since(conversation.began);
        self.snapshot.metrics().login_time.add(took);
    }

    /// The device holds the key: roles and policies decide, before anything that means success.
    fn decide(&mut self, state: &State, proof: &Proof) -> Option<Step> {
        let now = self.snapshot.world().time();
        let conversation = self.open.get_mut(state)?;
        let judged = Certificate::parse(&proof.leaf)
            .map_err(|error| (None, Refusal::CertificateMalformed { what: error.to_string() }))
            .and_then(|certificate| {
                match actions::visit::stand(&self.snapshot, &certificate, now) {
                    Ok(standing) => Ok((certificate, standing)),
                    Err(refusal) => Err((Some(certificate.serial), refusal)),
                }
            });
        let (certificate, standing) = match judged {
            Ok(judged) => judged,
            Err((serial, refusal)) => {
                let packets = conversation.packets.told();
                let end = End { serial: serial.as_ref(), refusal: &refusal, packets };
                actions::visit::refuse_after(&self.snapshot, &conversation.place, end);
                return Some(conversation.session.deny());
            }
        };
        let visit = Visit {
            certificate,
            standing,
            place: conversation.place.clone(),
            tls: match proof.tls_version {
                TlsVersion::Tls12 => "1.2",
                TlsVersion::Tls13 => "1.3",
            },
            resumed: proof.kind == Kind::Resumed,
            rounds: conversation.rounds,
            took: conversation.touched.saturating_duration_since(conversation.began),
        };
        Some(match actions::visit::admit(&self.snapshot, &visit) {
            Ok(leave) => {
                conversation.leave = Some((visit, leave));
                conversation.session.confirm()
            }
            Err(_) => conversation.session.deny(),
        })
    }

    fn record(&self, conversation: &Conversation, failure: &eap::failure::Failure) {
        let leaf = leaf(conversation);
        let refusal = conversation
            .judge
            .refusal()
            .unwrap_or_else(|| failure::refusal(failure, leaf.as_ref(), conversation.rounds));
        self.refuse(conversation, &refusal);
    }

    fn refuse(&self, conversation: &Conversation, refusal: &Refusal) {
        let leaf = leaf(conversation);
        let serial: Option<&Serial> = leaf.as_ref().map(|leaf| &leaf.serial);
        let packets = conversation.packets.told();
        let end = End { serial, refusal, packets };
        actions::visit::refuse_after(&self.snapshot, &conversation.place, end);
    }

    /// Access-Reject, remembered with its reason.
    fn reject(&self, asked: &Asked<'_>, serial: Option<&Serial>, refusal: &Refusal) -> Reply {
        actions::visit::refuse(&self.snapshot, &place(&self.snapshot, asked), serial, refusal);
        let message = asked.request.eap_message();
        let identifier = message.and_then(|message| message.get(1).copied());
        match identifier {
            Some(identifier) => rejection(asked, identifier),
            // No EAP was spoken, so none is answered.
            None => Reply::new(Code::AccessReject, asked.request).proxy_states(asked.request),
        }
    }

    /// The most silent conversations make room for new ones: nobody is rejected because it is
    /// full.
    fn make_room(&mut self) {
        while self.open.len() >= SESSIONS_MAX {
            let Some((_, state)) = self.order.first().copied() else { return };
            self.forget(&state);
        }
    }

    /// Takes a conversation out: it is over.
    fn take(&mut self, state: &State) -> Option<Conversation> {
        let conversation = self.open.remove(state)?;
        self.snapshot.metrics().conversations.fall();
        self.order.remove(&(conversation.touched, *state));
        Some(conversation)
    }

    fn forget(&mut self, state: &State) {
        let Some(conversation) = self.take(state) else { return };
        match conversation.session.alerted() {
            Some(failure) => self.record(&conversation, failure),
            None => {
                let refusal = Refusal::EapStalled { rounds: conversation.rounds };
                self.refuse(&conversation, &refusal);
            }
        }
    }

    /// A fresh State; its last byte leads back to this shard.
    fn draw_state(&self) -> State {
        let mut state: State = self.snapshot.world().random();
        let (shard, shards) = self.shard;
        if let Some(last) = state.last_mut() {
            *last = last.wrapping_sub(*last % shards).saturating_add(shard);
            if *last % shards != shard {
                *last = shard;
            }
        }
        state
    }
}

/// The certificate that the device showed, if it showed one that can be read.
fn leaf(conversation: &Conversation) -> Option<Certificate> {
    let presented = conversation.session.presented()?;
    Certificate::parse(&presented.leaf).ok()
}

/// Which of so many shards owns the conversation of this State.
pub(crate) fn shard_of(state: &[u8], shards: u8) -> u8 {
    state.last().map_or(0, |last| last % shards.max(1))
}

fn accept(
    snapshot: &Snapshot,
    asked: &Asked<'_>,
    conversation: &Conversation,
    msk: &[u8; 64],
) -> Reply {
    let salts = Salts::from_random(snapshot.world().random());
    let secret = asked.access_point.shared_secret.reveal().as_bytes();
    let success = packet::success(conversation.session.identifier());
    let mut reply = Reply::new(Code::AccessAccept, asked.request).eap_message(&success).keys(
        &Keys::from_msk(msk),
        salts,
        secret,
    );
    for attribute in conversation.leave.iter().flat_map(|(_, leave)| &leave.attributes) {
        reply = reply.attribute(attribute.number, &attribute.value);
    }
    reply.proxy_states(asked.request)
}

fn rejection(asked: &Asked<'_>, identifier: u8) -> Reply {
    let failure = packet::failure(identifier);
    let reply = Reply::new(Code::AccessReject, asked.request);
    reply.eap_message(&failure).proxy_states(asked.request)
}

/// NAS-Port-Type Ethernet (RFC 2865, 5.41).
const ETHERNET: u32 = 15;

/// Whether a device asks from a cable.
fn is_wired(request: &Packet) -> bool {
    request.first(number::NAS_PORT_TYPE) == Some(ETHERNET.to_be_bytes().as_slice())
}

/// What a cookie is good for: the same device at the same access point.
fn bound_to(asked: &Asked<'_>) -> String {
    let station = asked.request.calling_station_id().unwrap_or_default();
    format!("{}\0{}\0{station}", asked.source.ip(), asked.access_point.name)
}

/// What is known of where a request comes from.
pub(crate) fn place(snapshot: &Snapshot, asked: &Asked<'_>) -> Place {
    let request = asked.request;
    let called = request.called_station_id();
    let port = request.first(number::NAS_PORT_TYPE);
    let mut attributes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let rules = snapshot.rules();
    let wanted = &rules.policies.attributes;
    for (wire_number, value) in request.attributes().filter(|_| !wanted.is_empty()) {
        let known = dictionary::recognize(wire_number, value);
        if let Some(known) = known.filter(|known| wanted.contains(known)) {
            attributes.entry(known.name.to_owned()).or_default().push(known.show(value));
        }
    }
    Place {
        access_point: asked.access_point.name.clone(),
        calling_station: request.calling_station_id(),
        ssid: called.as_ref().and_then(|called| called.ssid.clone()),
        bssid: called.map(|called| called.address),
        nas_port_type: port.map(|value| dictionary::show(number::NAS_PORT_TYPE, value).1),
        address: request.nas_ip_address().map(|address| address.to_string()),
        identity: request.user_name(),
        attributes,
    }
}
