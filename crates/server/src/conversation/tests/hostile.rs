//! Requests that no honest access point or device sends: each has its stated answer.

use proptest::prelude::*;

use super::*;

const STATION: &str = "02-00-00-00-00-01";

/// Asks a fresh conversation; the answer must be a reject with EAP-Failure and this reason.
async fn check(state: Option<&[u8]>, eap: &[u8], code: &str) {
    let mut fixture = Fixture::new().await;
    let dialog = fixture.begin(STATION, 0);
    let state = state.unwrap_or(&dialog.state);
    let reply = fixture.ask((STATION, 1), Some(state), eap).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    assert_eq!(reply.eap_message().unwrap()[0], 4);
    assert_eq!(fixture.codes().await, [code]);
}

fn eap(identifier: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + body.len()).unwrap().to_be_bytes();
    [&[2, identifier, length[0], length[1]], body].concat()
}

/// The identifier of the request that waits after `Fixture::begin`.
const WAITING: u8 = 3;

#[tokio::test]
async fn a_state_that_is_not_ours_is_refused() {
    for state in [&[0][..], &[0xff; 15], &[7; 16], &[0xc0; 22], &[0xc0; 253]] {
        check(Some(state), &piece(WAITING), "EAP-STATE-UNKNOWN").await;
    }
}

#[tokio::test]
async fn other_methods_and_broken_packets_end_the_conversation_by_name() {
    check(None, &eap(WAITING, &[3, 25]), "EAP-METHOD").await;
    check(None, &eap(WAITING, &[3, 0]), "EAP-METHOD").await;
    check(None, &eap(WAITING, &[13]), "EAP-MALFORMED").await;
    // It says that it is longer than it is.
    check(None, &[2, WAITING, 0, 200, 13, 0], "EAP-MALFORMED").await;
    // A length of 4 GiB, a fragment without end, the Start flag.
    check(None, &eap(WAITING, &[13, 0xc0, 255, 255, 255, 255, 1]), "EAP-MALFORMED").await;
    check(None, &eap(WAITING, &[13, 0x40]), "EAP-MALFORMED").await;
    check(None, &eap(WAITING, &[13, 0x20]), "EAP-MALFORMED").await;
}

#[tokio::test]
async fn another_identifier_meets_silence_and_harms_nothing() {
    let mut fixture = Fixture::new().await;
    let mut dialog = fixture.begin(STATION, 0);
    for wrong in [dialog.identifier.wrapping_sub(1), dialog.identifier.wrapping_add(1), 255] {
        assert!(fixture.ask((STATION, 1), Some(&dialog.state), &piece(wrong)).is_none());
    }
    fixture.go_on(&mut dialog, 2);
    fixture.check(1);
}

#[tokio::test]
async fn a_device_that_never_comes_to_an_end_is_ended() {
    let mut fixture = Fixture::new().await;
    let mut dialog = fixture.begin(STATION, 0);
    for _ in 1..session::ROUNDS_MAX {
        fixture.go_on(&mut dialog, 1);
    }
    let eap = piece(dialog.identifier);
    let reply = fixture.ask((STATION, 1), Some(&dialog.state), &eap).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    fixture.check(0);
}

#[tokio::test]
async fn a_cookie_brought_twice_begins_twice_and_disturbs_nobody() {
    let mut fixture = Fixture::new().await;
    let identity = packet::identity_response(1, b"host/x");
    let start = fixture.ask((STATION, 0), None, &identity).unwrap();
    let cookie = followed(STATION, &start);
    let eap = piece(cookie.identifier);
    let first = fixture.ask((STATION, 1), Some(&cookie.state), &eap).unwrap();
    let second = fixture.ask((STATION, 2), Some(&cookie.state), &eap).unwrap();
    let (mut first, second) = (followed(STATION, &first), followed(STATION, &second));
    assert_ne!(first.state, second.state);
    fixture.check(2);
    fixture.go_on(&mut first, 3);
    // A cookie of another access point, though it shares the address, is worth nothing.
    fixture.access_point.name = "another".to_owned();
    let reply = fixture.ask((STATION, 4), Some(&cookie.state), &eap).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    fixture.check(2);
    fixture.sweep(100);
    fixture.check(0);
}

#[tokio::test]
async fn a_hostile_identity_is_only_a_hint() {
    let mut fixture = Fixture::new().await;
    let long = "x".repeat(packet::IDENTITY_LENGTH_MAX);
    for name in ["", "\0", "\u{1b}[2J", "<script>", "${jndi:ldap://x}", "a\r\nb", &long] {
        let identity = packet::identity_response(1, name.as_bytes());
        let reply = fixture.ask((STATION, 0), None, &identity).unwrap();
        assert_eq!(reply.code(), Code::AccessChallenge);
        fixture.check(0);
    }
    let identity = packet::identity_response(1, "x".repeat(3000).as_bytes());
    let reply = fixture.ask((STATION, 0), None, &identity).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    assert_eq!(fixture.codes().await, ["EAP-MALFORMED"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_after_any_state_are_answered_without_harm(
        packets in proptest::collection::vec(
            (any::<bool>(), proptest::collection::vec(any::<u8>(), 1..40),
             proptest::collection::vec(any::<u8>(), 1..60)), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut fixture = Fixture::new().await;
            let dialog = fixture.begin(STATION, 0);
            for (known, state, eap) in packets {
                let state = if known { &dialog.state } else { &state };
                let reply = fixture.ask((STATION, 1), Some(state), &eap);
                assert!(reply.is_none_or(|reply| reply.code() != Code::AccessAccept));
            }
            assert!(fixture.conversations.open.len() <= 1);
        });
    }
}
