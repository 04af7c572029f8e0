//! Devices that do not keep the rules: each is answered with a named failure, none with a panic.

use eap::failure::CertificateFault;
use eap::failure::Failure;
use eap::fragment::FragmentError;
use eap::packet;
use eap::peer::Reaction;
use eap::session::ROUNDS_MAX;
use eap::session::Session;
use eap::session::Step;
use eap::settings::TlsVersion;
use eap::verdict::Alert;
use proptest::prelude::*;

use crate::certificates::NOW;
use crate::fixture::Memory;
use crate::fixture::Scene;

const SIZE: usize = 1024;

fn response(identifier: u8, method: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + method.len()).unwrap().to_be_bytes();
    [&[2, identifier], length.as_slice(), method].concat()
}

fn tls(identifier: u8, flags: u8, data: &[u8]) -> Vec<u8> {
    response(identifier, &[&[13, flags], data].concat())
}

fn session() -> Session {
    Scene::of(TlsVersion::Tls13).session()
}

fn check(bytes: &[u8], expected: Failure) {
    let mut session = session();
    assert_eq!(session.step(bytes, NOW, SIZE), Step::Failed(expected));
    assert_eq!(session.step(bytes, NOW, SIZE), Step::Ignored);
}

fn check_tls(records: &[u8]) {
    let mut session = session();
    match session.step(&tls(1, 0, records), NOW, SIZE) {
        Step::Failed(_) => {}
        Step::Ask(_) => {
            let identifier = session.identifier();
            let step = session.step(&tls(identifier, 0, &[]), NOW, SIZE);
            assert!(matches!(step, Step::Failed(_)), "{step:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_identifier_or_code_is_ignored() {
    let mut session = session();
    assert_eq!(session.step(&tls(2, 0, &[1]), NOW, SIZE), Step::Ignored);
    assert_eq!(session.step(&packet::start_request(1), NOW, SIZE), Step::Ignored);
    assert_eq!(session.step(&packet::success(1), NOW, SIZE), Step::Ignored);
}

#[test]
fn wishes_for_other_methods_are_named() {
    check(&response(1, &[3, 25, 21]), Failure::Nak(vec![25, 21]));
    check(&response(1, &[3]), Failure::Nak(Vec::new()));
    check(&response(1, &[25, 0]), Failure::Unexpected);
    check(&response(1, &[1, b'a']), Failure::Unexpected);
}

#[test]
fn broken_packets_and_fragments_are_named() {
    check(&[], Failure::Malformed(packet::ParseError::Truncated));
    check(&response(1, &[13]), Failure::Malformed(packet::ParseError::MissingFlags));
    check(&tls(1, 0x20, &[]), FragmentError::StartInResponse.into());
    check(&tls(1, 0, &[]), FragmentError::OutOfTurn.into());
    check(&tls(1, 0x40, &[]), FragmentError::EmptyFragment.into());
    check(&tls(1, 0xc0, &[0xff, 0xff, 0xff, 0xff, 1]), FragmentError::TooLong.into());
    check(&tls(1, 0x80, &[0, 0, 0, 9, 1]), FragmentError::LengthMismatch.into());
}

#[test]
fn one_byte_fragments_end_at_the_limit_of_rounds() {
    let mut session = session();
    for _ in 0..ROUNDS_MAX {
        let step = session.step(&tls(session.identifier(), 0x40, &[22]), NOW, SIZE);
        assert!(matches!(step, Step::Ask(_)));
    }
    let step = session.step(&tls(session.identifier(), 0x40, &[22]), NOW, SIZE);
    assert_eq!(step, Step::Failed(Failure::TooManyRounds));
}

#[test]
fn data_where_an_acknowledgement_is_due_is_refused() {
    let mut scene = Scene::of(TlsVersion::Tls13);
    scene.server_fragment = 200;
    let (mut session, mut peer) = (scene.session(), scene.peer());
    let Reaction::Answer(hello) = peer.respond(&packet::start_request(1)) else {
        panic!("no hello")
    };
    assert!(matches!(session.step(&hello, NOW, 200), Step::Ask(_)));
    let step = session.step(&tls(session.identifier(), 0, &[21, 3, 3, 0, 2, 2, 40]), NOW, 200);
    assert_eq!(step, Step::Failed(FragmentError::OutOfTurn.into()));
}

#[test]
fn bytes_that_are_no_client_hello_end_the_conversation() {
    check_tls(&[0; 64]);
    check_tls(&[0xff; 900]);
    check_tls(b"GET / HTTP/1.1\r\n\r\n");
    // SSL 2.0, a lone alert, application data first, a record that never comes whole.
    check_tls(&[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]);
    check_tls(&[21, 3, 1, 0, 2, 2, 40]);
    check_tls(&[23, 3, 3, 0, 1, 0]);
    check_tls(&[22, 3, 1, 0x40, 0, 1]);
    // A handshake message that claims 16 MiB.
    check_tls(&[22, 3, 1, 0, 5, 1, 0xff, 0xff, 0xff, 0]);
}

#[test]
fn d11_greetings_that_no_device_sends_end_the_conversation() {
    // Every record and message type alone, in every version that there was.
    for version in [[0, 2], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4], [0xfe, 0xff]] {
        for record in [20_u8, 21, 22, 23, 24, 0, 255] {
            check_tls(&[&[record], version.as_slice(), &[0, 6, 1, 0, 0, 2, 3, 3]].concat());
        }
    }
    for message in [0_u8, 2, 4, 5, 8, 11, 13, 14, 15, 16, 20, 24, 254, 255] {
        check_tls(&[22, 3, 3, 0, 6, message, 0, 0, 2, 3, 3]);
    }
    // close_notify in place of a greeting, warnings without end, empty records without end.
    check_tls(&[21, 3, 3, 0, 2, 1, 0]);
    check_tls(&[21, 3, 3, 0, 2, 1, 100].repeat(200));
    check_tls(&[22, 3, 3, 0, 0].repeat(250));
    check_tls(&[20, 3, 3, 0, 1, 1].repeat(200));
    // Two greetings at once, one with compression alone, one that is cut.
    check_tls(&old_hello().repeat(2));
    let mut compressed = old_hello();
    *compressed.last_mut().unwrap() = 1;
    check_tls(&compressed);
    let hello = old_hello();
    for end in 0..hello.len() {
        if end > 0 {
            check_tls(&hello[..end]);
        }
    }
}

#[test]
fn d11_whoever_greets_again_in_the_middle_is_ended() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        for answer in [old_hello(), vec![21, 3, 3, 0, 2, 1, 0], vec![23, 3, 3, 0, 1, 0]] {
            let (mut session, _) = play(version, 1);
            let step = session.step(&tls(session.identifier(), 0, &answer), NOW, SIZE);
            match step {
                Step::Failed(_) => {}
                Step::Ask(_) => {
                    let receipt = tls(session.identifier(), 0, &[]);
                    let step = session.step(&receipt, NOW, SIZE);
                    assert!(matches!(step, Step::Failed(_)), "{step:?}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A `ClientHello` of TLS 1.0 with one suite and no extensions.
fn old_hello() -> Vec<u8> {
    let mut body = vec![3, 1];
    body.extend_from_slice(&[7; 32]);
    body.extend_from_slice(&[0, 0, 2, 0, 0x2f, 1, 0]);
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length], body.as_slice()].concat()
}

#[test]
fn a_device_that_knows_only_tls_1_0_is_named_and_told() {
    let mut session = session();
    let step = session.step(&tls(1, 0, &old_hello()), NOW, SIZE);
    let Step::Ask(alert) = step else { panic!("{step:?}") };
    let parsed = packet::Packet::parse(&alert).unwrap();
    let packet::Body::Tls(fragment) = parsed.body else { panic!("not EAP-TLS") };
    assert_eq!((fragment.data.len(), fragment.data[0]), (7, 21));
    let step = session.step(&tls(session.identifier(), 0, &[]), NOW, SIZE);
    assert_eq!(step, Step::Failed(Failure::Version));
}

/// Plays honestly until `rounds` answers were given, then returns both sides and the next answer.
fn play(version: TlsVersion, rounds: u32) -> (Session, Vec<u8>) {
    let scene = Scene::of(version);
    let (mut session, mut peer) = (scene.session(), scene.peer());
    let mut request = packet::start_request(1);
    for _ in 0..rounds {
        let Reaction::Answer(answer) = peer.respond(&request) else { panic!("no answer") };
        match session.step(&answer, NOW, SIZE) {
            Step::Ask(next) => request = next,
            other => panic!("{other:?}"),
        }
    }
    let Reaction::Answer(answer) = peer.respond(&request) else { panic!("no answer") };
    (session, answer)
}

#[test]
fn a_flight_with_one_flipped_bit_never_proves() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        for place in [20, 60, 100, 400, 600] {
            let (mut session, mut answer) = play(version, 1);
            if let Some(byte) = answer.get_mut(place) {
                *byte ^= 0x10;
            }
            let step = session.step(&answer, NOW, SIZE);
            assert!(matches!(step, Step::Failed(_) | Step::Ask(_)), "{step:?}");
        }
    }
}

#[test]
fn who_shows_a_certificate_without_its_key_learns_nothing_of_its_status() {
    let mut scene = Scene::of(TlsVersion::Tls12);
    scene.memory = Memory::new(Err(Alert::CertificateRevoked));
    let (mut session, mut peer) = (scene.session(), scene.peer());
    let Reaction::Answer(hello) = peer.respond(&packet::start_request(1)) else {
        panic!("no hello")
    };
    let Step::Ask(request) = session.step(&hello, NOW, 1400) else { panic!("no server hello") };
    let Reaction::Answer(mut flight) = peer.respond(&request) else { panic!("no flight") };
    // The record before ChangeCipherSpec ends in the signature of CertificateVerify.
    let place = flight.windows(6).position(|six| six == [20, 3, 3, 0, 1, 1]).unwrap();
    flight[place - 1] ^= 1;
    assert!(matches!(session.step(&flight, NOW, 1400), Step::Ask(_)));
    let step = session.step(&tls(session.identifier(), 0, &[]), NOW, 1400);
    assert_eq!(step, Step::Failed(Failure::Certificate(CertificateFault::KeyNotProved)));
    assert_eq!(scene.memory.asked(), 0);
}

#[test]
fn a_device_may_answer_the_confirmation_with_an_error_and_stays_out() {
    let (mut session, answer) = play(TlsVersion::Tls12, 1);
    assert!(matches!(session.step(&answer, NOW, SIZE), Step::Proved(_)));
    assert!(matches!(session.confirm(), Step::Ask(_)));
    let step = session.step(&tls(session.identifier(), 0, &[21, 3, 3, 0, 2, 2, 80]), NOW, SIZE);
    assert!(matches!(step, Step::Failed(_)), "{step:?}");
}

/// Gives `bytes` to a session, takes the alert and returns the failure behind it.
fn fail_with_alert(session: &mut Session, bytes: &[u8]) -> Failure {
    let step = session.step(bytes, NOW, 1400);
    assert!(matches!(step, Step::Ask(_)), "{step:?}");
    match session.step(&tls(session.identifier(), 0, &[]), NOW, 1400) {
        Step::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_cipher_in_common_is_named() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let (mut session, mut hello) = play(version, 0);
        // EAP 6, record 5, message 4, version 2, random 32; then the session's name and suites.
        let suites = 49 + 1 + usize::from(hello[49]);
        let length = usize::from(u16::from_be_bytes([hello[suites], hello[suites + 1]]));
        hello[suites + 2..suites + 2 + length].fill(0xfa);
        assert_eq!(fail_with_alert(&mut session, &hello), Failure::Cipher);
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_malformed() {
    let scene = Scene::of(TlsVersion::Tls12);
    let leaf = scene.device.clone().unwrap().chain.remove(0);
    let (mut session, mut peer) = (scene.session(), scene.peer());
    let Reaction::Answer(hello) = peer.respond(&packet::start_request(1)) else {
        panic!("no hello")
    };
    let Step::Ask(request) = session.step(&hello, NOW, 1400) else { panic!("no server hello") };
    let Reaction::Answer(mut flight) = peer.respond(&request) else { panic!("no flight") };
    let place = flight.windows(leaf.len()).position(|bytes| bytes == leaf).unwrap();
    flight[place] = 0x31;
    let failure = fail_with_alert(&mut session, &flight);
    assert_eq!(failure, Failure::Certificate(CertificateFault::Malformed));
}

#[test]
fn a_chain_that_is_too_long_is_not_looked_at() {
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let mut scene = Scene::of(version);
        scene.device_fragment = 4000;
        scene.device.as_mut().unwrap().chain.push(vec![0; 17 * 1024]);
        let (failure, _, leaf) = scene.fail();
        assert_eq!(failure, Failure::Certificate(CertificateFault::TooLong));
        assert_eq!((leaf, scene.memory.asked()), (None, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered_without_harm(
        packets in proptest::collection::vec(
            (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..80)), 1..6),
    ) {
        let mut session = session();
        for (flags, data) in packets {
            let step = session.step(&tls(session.identifier(), flags, &data), NOW, SIZE);
            prop_assert!(!matches!(step, Step::Proved(_) | Step::Done(_)));
        }
    }
}
