//! Devices that come back: resumed while everything is as it was, judged anew every time.

use eap::failure::Failure;
use eap::packet;
use eap::peer::Peer;
use eap::peer::PeerFailure;
use eap::peer::Reaction;
use eap::resumption::AGE_SECONDS_MAX;
use eap::resumption::Limits;
use eap::session::Kind;
use eap::session::Session;
use eap::session::Step;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use eap::verdict::Alert;
use pki::time::Time;

use crate::certificates::DEVICE;
use crate::certificates::DEVICE_CA;
use crate::certificates::NOW;
use crate::fixture::Entry;
use crate::fixture::Exit;
use crate::fixture::Scene;
use crate::fixture::record_types;
use crate::fixture::tls_bytes;

const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// A server and a device that stay while conversations come and go.
struct Pair {
    scene: Scene,
    settings: Settings,
    peer: Peer,
}

impl Pair {
    fn of(version: TlsVersion) -> Self {
        let scene = Scene::of(version);
        Self { settings: scene.settings(), peer: scene.peer(), scene }
    }

    fn session(&self) -> Session {
        Session::start(&self.settings, self.scene.memory.clone(), 1).unwrap()
    }

    fn join(&mut self, seconds: i64) -> Result<Entry, Exit> {
        let now = Time(NOW.0 + seconds);
        self.peer = self.peer.again(now).unwrap();
        self.scene.converse(self.session(), &mut self.peer, now)
    }

    /// Joins so many seconds later; both sides must agree on the keys and on the kind.
    fn check(&mut self, seconds: i64, kind: Kind) -> Entry {
        let entry = self.join(seconds).unwrap();
        assert_eq!(entry.server, entry.device);
        assert_eq!((entry.proof.kind, self.peer.kind()), (kind, Some(kind)), "after {seconds} s");
        entry
    }

    /// The first answer of the device that comes back.
    fn hello(&mut self) -> Vec<u8> {
        self.peer = self.peer.again(NOW).unwrap();
        match self.peer.respond(&packet::start_request(1)) {
            Reaction::Answer(hello) => hello,
            other => panic!("no hello: {other:?}"),
        }
    }
}

#[test]
fn ten_joins_in_a_row_are_all_resumed_with_fresh_keys_and_asked_for_each_time() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let first = pair.check(0, Kind::Full);
        let mut keys = vec![first.server.clone()];
        for time in 1..=10 {
            let entry = pair.check(i64::from(time), Kind::Resumed);
            assert_eq!(entry.proof.leaf, first.proof.leaf);
            assert_eq!(entry.proof.tls_version, version);
            assert!(entry.rounds < first.rounds || entry.rounds <= 3, "{}", entry.rounds);
            assert!(!keys.contains(&entry.server));
            keys.push(entry.server);
            assert_eq!(pair.scene.memory.asked(), 1 + time);
            assert_eq!(pair.settings.sessions().count(), 1);
        }
    }
}

#[test]
fn an_hour_after_the_proof_of_the_key_it_is_proved_again_however_often_it_was_resumed() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        pair.check(0, Kind::Full);
        pair.check(AGE_SECONDS_MAX / 2, Kind::Resumed);
        pair.check(AGE_SECONDS_MAX, Kind::Resumed);
        pair.check(AGE_SECONDS_MAX + 1, Kind::Full);
        pair.check(2 * AGE_SECONDS_MAX, Kind::Resumed);
    }
}

#[test]
fn who_was_pushed_out_of_a_full_store_proves_its_key_again() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let limits = Limits { sessions: 1, ..Limits::default() };
        pair.settings = pair.scene.settings().limited(limits);
        pair.check(0, Kind::Full);
        pair.check(1, Kind::Resumed);
        let mut other = Scene::of(version);
        other.device = Some(DEVICE_CA.issue(&DEVICE));
        let session = Session::start(&pair.settings, other.memory.clone(), 1).unwrap();
        other.converse(session, &mut other.peer(), NOW).unwrap();
        assert_eq!(pair.settings.sessions().count(), 1);
        pair.check(2, Kind::Full);
    }
}

#[test]
fn a_forgotten_device_and_one_that_meets_other_settings_prove_their_key_again() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let leaf = pair.check(0, Kind::Full).proof.leaf;
        assert_eq!(pair.settings.sessions().forget(&leaf), 1);
        pair.check(1, Kind::Full);
        pair.check(2, Kind::Resumed);
        pair.settings = pair.scene.settings();
        pair.check(3, Kind::Full);
        pair.check(4, Kind::Resumed);
    }
}

#[test]
fn without_room_for_sessions_nothing_is_resumed() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let limits = Limits { sessions: 0, ..Limits::default() };
        pair.settings = pair.scene.settings().limited(limits);
        pair.check(0, Kind::Full);
        pair.check(1, Kind::Full);
    }
}

#[test]
fn a_device_revoked_in_between_is_told_in_tls_and_nothing_of_success_is_sent() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let leaf = pair.check(0, Kind::Full).proof.leaf;
        pair.scene.memory.change(Err(Alert::CertificateRevoked));
        let exit = pair.join(1).unwrap_err();
        assert_eq!(exit.server, Failure::Refused(Alert::CertificateRevoked));
        assert_eq!(exit.device, PeerFailure::ServerAlert(44));
        assert_eq!(exit.leaf, Some(leaf));
        if version == TlsVersion::Tls12 {
            // Neither ChangeCipherSpec nor anything behind it.
            let types = record_types(&exit.sent);
            assert!(types.iter().all(|kind| [21, 22].contains(kind)), "{types:?}");
        }
        assert_eq!(pair.settings.sessions().count(), 0);
        pair.scene.memory.change(Ok(()));
        pair.check(2, Kind::Full);
    }
}

#[test]
fn a_device_denied_at_the_decision_gets_nothing_and_resumes_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let leaf = pair.check(0, Kind::Full).proof.leaf;
        pair.scene.admit = false;
        let exit = pair.join(1).unwrap_err();
        assert_eq!((exit.server, exit.device), (Failure::Denied, PeerFailure::Refused));
        assert_eq!(exit.leaf, Some(leaf));
        match version {
            TlsVersion::Tls12 => assert!(exit.sent.is_empty()),
            // ServerHello, ChangeCipherSpec for the middle, and one record up to Finished.
            TlsVersion::Tls13 => assert_eq!(record_types(&exit.sent)[..2], [22, 20]),
        }
        assert_eq!(pair.settings.sessions().count(), 0);
        pair.scene.admit = true;
        pair.check(2, Kind::Full);
    }
}

#[test]
fn the_abbreviated_handshake_waits_for_the_decision_before_the_servers_finished() {
    let mut pair = Pair::of(TlsVersion::Tls12);
    pair.check(0, Kind::Full);
    let (mut session, hello) = (pair.session(), pair.hello());
    let Step::Proved(proof) = session.step(&hello, NOW, 1400) else { panic!("not proved") };
    assert_eq!(proof.kind, Kind::Resumed);
    let Step::Ask(confirmation) = session.confirm() else { panic!("not confirmed") };
    assert_eq!(record_types(tls_bytes(&confirmation)), [22, 20, 22]);
    assert_eq!(
        pair.peer.respond(&packet::success(session.identifier())),
        Reaction::Failed(PeerFailure::EarlySuccess)
    );
}

/// An EAP-TLS response with these records.
fn response(identifier: u8, records: &[u8]) -> Vec<u8> {
    let length = u16::try_from(6 + records.len()).unwrap().to_be_bytes();
    [&[2, identifier, length[0], length[1], 13, 0], records].concat()
}

#[test]
fn a_stranger_who_heard_a_session_named_cannot_finish_it() {
    let mut pair = Pair::of(TlsVersion::Tls12);
    pair.check(0, Kind::Full);
    let heard = pair.hello();
    let finished = [&[20, 3, 3, 0, 1, 1, 22, 3, 3, 0, 40][..], &[7; 40]].concat();
    for records in [finished.as_slice(), &[], &[20, 3, 3, 0, 1, 1], &[23, 3, 3, 0, 1, 0]] {
        let mut session = pair.session();
        assert!(matches!(session.step(&heard, NOW, 1400), Step::Proved(_)));
        assert!(matches!(session.confirm(), Step::Ask(_)));
        let mut step = session.step(&response(session.identifier(), records), NOW, 1400);
        if matches!(step, Step::Ask(_)) {
            step = session.step(&response(session.identifier(), &[]), NOW, 1400);
        }
        assert!(matches!(step, Step::Failed(_)), "{step:?}");
    }
}

#[test]
fn bytes_behind_a_resuming_hello_set_nothing_of_success_free() {
    for more in [[23, 3, 3, 0, 1, 0], [22, 3, 3, 0, 1, 0], [20, 3, 3, 0, 1, 2]] {
        let mut pair = Pair::of(TlsVersion::Tls12);
        pair.check(0, Kind::Full);
        let hello = pair.hello();
        let mut session = pair.session();
        let records = [tls_bytes(&hello), &more].concat();
        let step = session.step(&response(1, &records), NOW, 1400);
        // Either it is refused at once, or all waits for the decision, whose no is silent.
        match step {
            Step::Failed(_) => {}
            Step::Proved(_) => assert_eq!(session.deny(), Step::Failed(Failure::Denied)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn without_extended_master_secret_nothing_of_tls_1_2_is_resumed() {
    let mut pair = Pair::of(TlsVersion::Tls12);
    pair.check(0, Kind::Full);
    let hello = pair.hello();
    let mut records = tls_bytes(&hello).to_vec();
    let place = records.windows(4).position(|four| four == [0, 23, 0, 0]).unwrap();
    records[place] = 0xfa;
    let step = pair.session().step(&response(1, &records), NOW, 1400);
    // A whole flight with the server's certificate.
    let Step::Ask(flight) = step else { panic!("{step:?}") };
    assert!(flight.len() > 600, "{}", flight.len());
}

#[test]
fn a_ticket_of_tls_1_3_is_good_once() {
    let mut pair = Pair::of(TlsVersion::Tls13);
    pair.check(0, Kind::Full);
    let hello = pair.hello();
    let flight = || match pair.session().step(&hello, NOW, 1400) {
        Step::Ask(flight) => flight.len(),
        other => panic!("{other:?}"),
    };
    let (first, second) = (flight(), flight());
    assert!(first < 400 && second > 600, "{first} {second}");
}
