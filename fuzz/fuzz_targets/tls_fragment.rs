//! EAP-TLS: fragments joined as a simple model joins them, and logins in which anything may be
//! said out of turn.
#![no_main]

use eap::{
    fragment::{Fragmenter, Joined, MESSAGE_LENGTH_MAX, Reassembler},
    packet::{self, Body, Code, Fragment, Packet},
    peer::{Peer, Reaction},
    session::{FRAGMENT_SIZE_MAX, FRAGMENT_SIZE_MIN, ROUNDS_MAX, Session, Step},
    settings::TlsVersion,
};
use fuzz::{draw::Draw, login, seed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        match draw.byte() {
            Some(mark) if mark & 1 == 0 => {
                join(draw);
                cut(usize::from(mark), draw);
            }
            Some(mark) => Login::open(mark).play(draw),
            None => {}
        }
    }
);

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        b"\x00\xc0\x00\x04\x02ab\x00\x00\x00\x02cd".to_vec(),
        b"\x02\x40\x00\x00\x02ab\x40\x00\x00\x01c\x00\x00\x00\x00".to_vec(),
        b"\x04\x80\x00\x01\x01a\x80\x00\x02\x02bc".to_vec(),
    ];
    for mark in [1, 3, 5, 7, 9, 0x0b, 0x41, 0x43, 0x81, 0x83] {
        // A login without fault, then one with a fault at each of its first steps.
        seeds.push([vec![mark], vec![HONEST; 40]].concat());
        for step in 0..4 {
            for fault in
                [&[CHANGED, 0, 40, 1][..], &[OWN, 0x40, 2, 22, 3], &[ANY, 5, 2, 2, 0, 5, 1]]
            {
                let honest = vec![HONEST; step];
                seeds.push([&[mark], &honest[..], fault, &[HONEST; 30]].concat());
            }
        }
    }
    seeds
}

/// Joins drawn fragments and compares with what a list of them says.
fn join(mut draw: Draw<'_>) {
    let (mut reassembler, mut model) = (Reassembler::default(), Vec::new());
    while let (Some(flags), Some(total), Some(data)) = (draw.byte(), draw.number(), draw.piece()) {
        let fragment = Fragment {
            start: false,
            more: flags & 0x40 != 0,
            total_length: (flags & 0x80 != 0).then_some(total as u32 * u32::from(flags & 0x1f | 1)),
            data,
        };
        model.extend_from_slice(data);
        match reassembler.join(&fragment) {
            Ok(Joined::More) => assert!(fragment.more && !data.is_empty()),
            Ok(Joined::Whole(message)) => {
                assert!(!fragment.more && message.len() <= MESSAGE_LENGTH_MAX);
                assert_eq!(message, std::mem::take(&mut model));
                let claimed =
                    fragment.total_length.map_or(message.len(), |claimed| claimed as usize);
                assert_eq!(message.len(), claimed);
            }
            // The conversation is over.
            Err(_) => return,
        }
    }
}

/// Cuts a drawn message into pieces of drawn sizes; they join to the same.
fn cut(mark: usize, draw: Draw<'_>) {
    let message = draw.0.repeat(1 + mark * 4);
    let message = message.get(..message.len().min(MESSAGE_LENGTH_MAX)).unwrap_or_default();
    let (mut fragmenter, mut reassembler) =
        (Fragmenter::new(message.to_vec()), Reassembler::default());
    let mut sizes = draw.0.iter().map(|byte| usize::from(*byte) * 7).cycle();
    for count in 0.. {
        assert!(count <= message.len(), "pieces without data");
        let fragment = fragmenter.cut(sizes.next().unwrap_or(100));
        assert_eq!(fragment.total_length.is_some(), count == 0 && fragment.more);
        let written = Packet { code: Code::Request, identifier: 1, body: Body::Tls(fragment) };
        assert_eq!(Packet::parse(&written.write()).as_ref().ok(), Some(&written));
        if let Joined::Whole(joined) = reassembler.join(&fragment).expect("we cut it") {
            assert_eq!(joined, message);
            break;
        }
    }
    assert!(!fragmenter.is_pending());
}

/// The device says what it should.
const HONEST: u8 = 0;
/// It says that with one byte changed.
const CHANGED: u8 = 1;
/// It says a fragment of our own.
const OWN: u8 = 2;
/// It says anything.
const ANY: u8 = 3;
/// The server's words reach the device changed.
const DEAF: u8 = 4;

struct Login {
    session: Session,
    peer: Peer,
    request: Vec<u8>,
    size: usize,
    admit: bool,
    proved: bool,
    steps: u32,
}

impl Login {
    fn open(mark: u8) -> Self {
        let version = if mark & 2 == 0 { TlsVersion::Tls12 } else { TlsVersion::Tls13 };
        let sizes = [FRAGMENT_SIZE_MIN, 700, FRAGMENT_SIZE_MAX, 0];
        let of = |bits: u8| sizes[usize::from(bits & 3)];
        Self {
            session: login::session(),
            peer: login::peer(version, of(mark >> 4).max(100)),
            request: packet::start_request(1),
            size: of(mark >> 2),
            admit: mark & 0x40 == 0,
            proved: false,
            steps: 0,
        }
    }

    fn play(mut self, mut draw: Draw<'_>) {
        while let Some(what) = draw.byte() {
            let Some(said) = self.say(what, &mut draw) else { return };
            let identifier = self.session.identifier();
            let step = self.session.step(&said, login::now(), self.size);
            if !self.take(step, identifier) {
                let silence = self.session.step(&said, login::now(), self.size);
                assert_eq!(silence, Step::Ignored);
                return;
            }
        }
    }

    fn say(&mut self, what: u8, draw: &mut Draw<'_>) -> Option<Vec<u8>> {
        let identifier = self.session.identifier();
        match what % 5 {
            OWN => {
                let (flags, data) = (draw.byte()?, draw.piece()?);
                let total = (flags & 0x80 != 0).then_some(data.len() as u32 + u32::from(flags & 1));
                let more = flags & 0x40 != 0;
                let start = flags & 0x20 != 0;
                let body = Body::Tls(Fragment { start, more, total_length: total, data });
                Some(Packet { code: Code::Response, identifier, body }.write())
            }
            ANY => draw.piece().map(<[u8]>::to_vec),
            what => {
                if what == DEAF {
                    let request = std::mem::take(&mut self.request);
                    self.request = change(request, draw)?;
                }
                let said = match self.peer.respond(&self.request) {
                    Reaction::Answer(said) => said,
                    // Anybody can forge EAP-Success; it counts only once the server has confirmed.
                    Reaction::Success(_) => {
                        assert!(what == DEAF && self.proved && self.admit);
                        return None;
                    }
                    Reaction::Failed(_) | Reaction::Ignored => return None,
                };
                if what == CHANGED { change(said, draw) } else { Some(said) }
            }
        }
    }

    /// Judges a step; false when it was the last.
    fn take(&mut self, step: Step, before: u8) -> bool {
        match step {
            Step::Ask(request) => {
                self.steps += 1;
                // Two of them are the confirmation's and the alert's.
                assert!(self.steps <= ROUNDS_MAX + 2);
                let bound = self.size.clamp(FRAGMENT_SIZE_MIN, FRAGMENT_SIZE_MAX);
                assert!(request.len() <= bound);
                let parsed = Packet::parse(&request).expect("we wrote it");
                assert_eq!(
                    (parsed.code, parsed.identifier),
                    (Code::Request, before.wrapping_add(1))
                );
                assert_eq!(self.session.identifier(), parsed.identifier);
                self.request = request;
                true
            }
            Step::Proved(proof) => {
                assert!(!self.proved && proof.leaf == login::device());
                self.proved = true;
                let step = if self.admit { self.session.confirm() } else { self.session.deny() };
                assert!(!matches!(step, Step::Proved(_) | Step::Done(_)));
                self.take(step, before)
            }
            Step::Done(keys) => {
                assert!(self.proved && self.admit);
                assert_ne!(keys.msk(), &[0; 64]);
                let last = self.peer.respond(&packet::success(self.session.identifier()));
                // The device may have heard something else than we said.
                if let Reaction::Success(theirs) = last {
                    assert_eq!(theirs.msk(), keys.msk());
                }
                false
            }
            Step::Failed(_) => false,
            Step::Ignored => true,
        }
    }
}

/// The same with a byte at a drawn place changed.
fn change(mut bytes: Vec<u8>, draw: &mut Draw<'_>) -> Option<Vec<u8>> {
    let (place, mask) = (draw.number()?, draw.byte()?);
    let length = bytes.len().max(1);
    if let Some(byte) = bytes.get_mut(place % length) {
        *byte ^= mask;
    }
    Some(bytes)
}
