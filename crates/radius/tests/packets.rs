//! Requests, replies and the datagrams of strangers: what is read, what is dropped and why.

use proptest::prelude::*;
use radius::attribute::number;
use radius::packet;
use radius::packet::ATTRIBUTES_MAX;
use radius::packet::CalledStation;
use radius::packet::Code;
use radius::packet::PACKET_LENGTH_MAX;
use radius::packet::Packet;
use radius::packet::ParseError;
use radius::reply::Reply;
use radius::reply::TooLarge;
use radius::request;

const SECRET: &[u8] = b"a-long-shared-secret";
const RANDOM: [u8; 16] = [0x5a; 16];

#[cfg(test)]
fn access_request() -> Vec<u8> {
    request::build(42, RANDOM)
        .attribute(number::USER_NAME, b"anonymous@example.test")
        .attribute(number::NAS_IP_ADDRESS, &[192, 0, 2, 7])
        .attribute(number::CALLED_STATION_ID, b"00-11-22-33-44-55:Example-Secure")
        .attribute(number::CALLING_STATION_ID, b"66-77-88-99-AA-BB")
        .attribute(number::FRAMED_MTU, &1400_u32.to_be_bytes())
        .attribute(number::NAS_PORT_TYPE, &19_u32.to_be_bytes())
        .attribute(number::STATE, &[7; 16])
        .attribute(number::PROXY_STATE, b"one")
        .attribute(200, b"unknown")
        .attribute(number::PROXY_STATE, b"two")
        .eap_message(&[1; 600])
        .finish(SECRET)
        .unwrap()
}

/// Writes a datagram whose Length is its own, without any proof.
#[cfg(test)]
fn bare(code: u8, attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + attributes.len()).unwrap().to_be_bytes();
    [&[code, 1], length.as_slice(), &RANDOM, attributes].concat()
}

#[cfg(test)]
fn refused(bytes: &[u8], expected: ParseError) {
    assert_eq!(Packet::parse(bytes, SECRET), Err(expected));
}

#[test]
fn a_request_is_read_as_it_was_written() {
    let packet = Packet::parse(&access_request(), SECRET).unwrap();
    assert_eq!((packet.code(), packet.identifier()), (Code::AccessRequest, 42));
    assert_eq!(packet.authenticator(), &RANDOM);
    assert_eq!(packet.user_name().unwrap(), "anonymous@example.test");
    assert_eq!(packet.nas_ip_address().unwrap().to_string(), "192.0.2.7");
    assert_eq!(packet.calling_station_id().unwrap(), "66-77-88-99-AA-BB");
    assert_eq!(packet.called_station_id().unwrap().ssid.unwrap(), "Example-Secure");
    assert_eq!(packet.framed_mtu(), Some(1400));
    assert_eq!(packet.nas_port_type(), Some(19));
    assert_eq!(packet.state(), Some([7; 16].as_slice()));
    assert_eq!(packet.first(200), Some(b"unknown".as_slice()));
    assert_eq!(packet.eap_message().unwrap(), [1; 600]);
    assert_eq!((packet.nas_identifier(), packet.nas_port()), (None, None));
}

#[test]
fn bytes_behind_the_length_are_ignored() {
    let mut bytes = access_request();
    bytes.extend_from_slice(&[0xff; 30]);
    assert!(Packet::parse(&bytes, SECRET).is_ok());
}

#[test]
fn sizes_outside_the_protocol_are_dropped() {
    refused(&[], ParseError::Truncated);
    refused(&[1; 19], ParseError::Truncated);
    let mut short = bare(1, &[]);
    for length in [0, 3, 19, 21] {
        short[3] = length;
        refused(&short, ParseError::Truncated);
    }
    let mut long = bare(1, &[0; PACKET_LENGTH_MAX - 20]);
    long.push(0);
    long[2..4].copy_from_slice(&4097_u16.to_be_bytes());
    refused(&long, ParseError::Overlong);
}

#[test]
fn attributes_that_do_not_add_up_are_dropped() {
    refused(&bare(1, &[1]), ParseError::BadAttribute);
    refused(&bare(1, &[1, 0]), ParseError::BadAttribute);
    refused(&bare(1, &[1, 1]), ParseError::BadAttribute);
    refused(&bare(1, &[1, 3]), ParseError::BadAttribute);
    refused(&bare(1, &[1, 255, 0, 0]), ParseError::BadAttribute);
    let full = [200, 2].repeat(ATTRIBUTES_MAX);
    refused(&bare(1, &full), ParseError::MissingMessageAuthenticator);
    let many = [200, 2].repeat(ATTRIBUTES_MAX + 1);
    refused(&bare(1, &many), ParseError::TooManyAttributes);
    refused(&bare(1, &[0, 2].repeat(2000)), ParseError::TooManyAttributes);
}

#[test]
fn codes_that_are_no_requests_are_dropped() {
    for code in [0, 2, 3, 5, 11, 13, 40, 255] {
        refused(&bare(code, &[]), ParseError::UnsupportedCode(code));
    }
}

#[test]
fn a_request_must_prove_its_secret_exactly_once() {
    refused(&bare(1, &[]), ParseError::MissingMessageAuthenticator);
    refused(&bare(12, &[]), ParseError::MissingMessageAuthenticator);
    let one = [&[number::MESSAGE_AUTHENTICATOR, 18], [0; 16].as_slice()].concat();
    refused(&bare(1, &one), ParseError::WrongMessageAuthenticator);
    refused(&bare(1, &one.repeat(2)), ParseError::RepeatedMessageAuthenticator);
    refused(&bare(1, &[number::MESSAGE_AUTHENTICATOR, 2]), ParseError::WrongMessageAuthenticator);
    let bytes = access_request();
    let wrong = Packet::parse(&bytes, b"another secret").unwrap_err();
    assert_eq!(wrong, ParseError::WrongMessageAuthenticator);
    assert!(wrong.to_string().contains("shared secret differs"));
}

#[test]
fn no_byte_of_a_request_can_be_changed() {
    let bytes = access_request();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        assert!(Packet::parse(&changed, SECRET).is_err(), "byte {place}");
    }
}

#[test]
fn a_reply_begins_with_its_proof_and_returns_proxy_states_in_order() {
    let asked = access_request();
    let request = Packet::parse(&asked, SECRET).unwrap();
    let bytes = Reply::new(Code::AccessChallenge, &request)
        .eap_message(&[2; 1000])
        .state(&[9; 16])
        .proxy_states(&request)
        .finish(SECRET)
        .unwrap();
    let reply = request::verify_reply(&asked, &bytes, SECRET).unwrap();
    let numbers: Vec<u8> = reply.attributes().map(|(number, _)| number).collect();
    assert_eq!(numbers, [80, 79, 79, 79, 79, 24, 33, 33]);
    let proxies: Vec<&[u8]> =
        reply.attributes().filter(|(number, _)| *number == 33).map(|(_, value)| value).collect();
    assert_eq!(proxies, [b"one".as_slice(), b"two"]);
    assert_eq!(reply.eap_message().unwrap(), [2; 1000]);
}

#[test]
fn a_forged_or_foreign_reply_is_not_believed() {
    let asked = access_request();
    let request = Packet::parse(&asked, SECRET).unwrap();
    let reply = Reply::new(Code::AccessAccept, &request).finish(SECRET).unwrap();
    assert!(request::verify_reply(&asked, &reply, SECRET).is_ok());
    for place in 0..reply.len() {
        let mut changed = reply.clone();
        changed[place] ^= 1;
        assert!(request::verify_reply(&asked, &changed, SECRET).is_err(), "byte {place}");
    }
    let wrong = request::verify_reply(&asked, &reply, b"another secret");
    assert_eq!(wrong, Err(ParseError::WrongResponseAuthenticator));
    let other = request::build(43, RANDOM).finish(SECRET).unwrap();
    let foreign = request::verify_reply(&other, &reply, SECRET);
    assert_eq!(foreign, Err(ParseError::WrongIdentifier));
    let echo = request::verify_reply(&asked, &asked, SECRET);
    assert_eq!(echo, Err(ParseError::UnsupportedCode(1)));
}

#[test]
fn a_reply_that_only_md5_proves_is_not_believed() {
    let asked = access_request();
    let header = [2, 42, 0, 20];
    let digest = radius::authenticator::md5(&[&header, &RANDOM, SECRET]);
    let reply = [header.as_slice(), &digest].concat();
    let missing = request::verify_reply(&asked, &reply, SECRET);
    assert_eq!(missing, Err(ParseError::MissingMessageAuthenticator));
}

#[test]
fn a_reply_never_passes_the_limits_of_the_protocol() {
    let request = Packet::parse(&access_request(), SECRET).unwrap();
    let reply = Reply::new(Code::AccessAccept, &request);
    assert!(reply.clone().attribute(18, &[0; 253]).finish(SECRET).is_ok());
    assert_eq!(reply.clone().attribute(18, &[0; 254]).finish(SECRET), Err(TooLarge));
    // 20 of header, 18 of Message-Authenticator, 2 for every 253 of EAP.
    assert_eq!(reply.clone().eap_message(&[0; 4026]).finish(SECRET).unwrap().len(), 4096);
    assert_eq!(reply.eap_message(&[0; 4027]).finish(SECRET), Err(TooLarge));
}

#[test]
fn accounting_is_proved_by_its_own_authenticator() {
    let bytes = request::build_accounting(9)
        .attribute(number::ACCT_STATUS_TYPE, &1_u32.to_be_bytes())
        .finish(SECRET)
        .unwrap();
    let packet = Packet::parse(&bytes, SECRET).unwrap();
    assert_eq!(packet.integer(number::ACCT_STATUS_TYPE), Some(1));
    let wrong = Packet::parse(&bytes, b"another secret");
    assert_eq!(wrong, Err(ParseError::WrongRequestAuthenticator));
    let reply = Reply::new(Code::AccountingResponse, &packet).finish(SECRET).unwrap();
    let reply = request::verify_reply(&bytes, &reply, SECRET).unwrap();
    assert_eq!(reply.attributes().count(), 0);
    let access = Reply::new(Code::AccessAccept, &packet).finish(SECRET).unwrap();
    assert!(request::verify_reply(&bytes, &access, SECRET).is_err());
}

#[test]
fn a_status_request_is_read_and_answered() {
    let asked = request::build_status(3, RANDOM).finish(SECRET).unwrap();
    let packet = Packet::parse(&asked, SECRET).unwrap();
    assert_eq!(packet.code(), Code::StatusServer);
    let reply = Reply::new(Code::AccessAccept, &packet).finish(SECRET).unwrap();
    assert!(request::verify_reply(&asked, &reply, SECRET).is_ok());
}

#[test]
fn the_state_of_an_unverified_datagram_can_be_peeked_at() {
    assert_eq!(packet::peek_state(&access_request()), Some([7; 16].as_slice()));
    assert_eq!(packet::peek_state(&bare(1, &[24, 4, 1, 2])), Some([1, 2].as_slice()));
    assert_eq!(packet::peek_state(&bare(1, &[24, 0, 1, 2])), None);
    assert_eq!(packet::peek_state(&bare(1, &[])), None);
    assert_eq!(packet::peek_state(&[24; 10]), None);
    let late = [[200, 2].repeat(ATTRIBUTES_MAX), vec![24, 3, 1]].concat();
    assert_eq!(packet::peek_state(&bare(1, &late)), None);
}

#[test]
fn an_ssid_is_found_however_the_address_is_written() {
    let check = |text: &str, address: &str, ssid: Option<&str>| {
        let station = CalledStation::split(text);
        assert_eq!((station.address.as_str(), station.ssid.as_deref()), (address, ssid));
    };
    check("00-11-22-33-44-55:School", "00-11-22-33-44-55", Some("School"));
    check("00:11:22:33:44:55:School:5", "00:11:22:33:44:55", Some("School:5"));
    check("001122334455:School", "001122334455", Some("School"));
    check("0011.2233.4455:School", "0011.2233.4455", Some("School"));
    check("00-11-22-33-44-55", "00-11-22-33-44-55", None);
    check("00-11-22-33-44-55:", "00-11-22-33-44-55", None);
    check("School", "School", None);
    check("", "", None);
}

#[test]
fn what_an_unproved_sender_says_of_itself_is_read() {
    let bytes = request::build(1, RANDOM)
        .attribute(number::NAS_IDENTIFIER, b"ap-\xff-7")
        .attribute(number::NAS_IPV6_ADDRESS, &[0xfd; 16])
        .attribute(number::NAS_IP_ADDRESS, &[192, 0, 2, 7])
        .attribute(number::CALLED_STATION_ID, b"00-11-22-33-44-55:School")
        .finish(b"another secret that nobody here knows")
        .unwrap();
    let sender = packet::peek_sender(&bytes);
    assert_eq!(sender.identifier.as_deref(), Some("ap-\u{fffd}-7"));
    assert_eq!(sender.address, Some([192, 0, 2, 7].into()));
    assert_eq!(sender.called_station.as_deref(), Some("00-11-22-33-44-55:School"));
    for nonsense in [&b""[..], b"hello", &bytes[..19], &[1; 5000]] {
        assert_eq!(packet::peek_sender(nonsense), packet::Sender::default());
    }
    let short = bare(1, &[number::NAS_IP_ADDRESS, 5, 1, 2, 3]);
    assert_eq!(packet::peek_sender(&short).address, None);
}

proptest! {
    #[test]
    fn any_datagram_is_dropped_without_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(Packet::parse(&bytes, SECRET).is_err());
        prop_assert!(packet::peek_state(&bytes).is_none_or(|state| state.len() < 200));
        let name = packet::peek_sender(&bytes).identifier;
        prop_assert!(name.is_none_or(|name| name.len() < 600));
    }

    #[test]
    fn any_framing_is_dropped_without_harm(
        attributes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert!(Packet::parse(&bare(1, &attributes), SECRET).is_err());
        let state = packet::peek_state(&bare(1, &attributes)).map(<[u8]>::len);
        prop_assert!(state.is_none_or(|length| length < 200));
    }

    #[test]
    fn any_eap_packet_survives_the_way(eap in proptest::collection::vec(any::<u8>(), 1..3900)) {
        let bytes = request::build(1, RANDOM).eap_message(&eap).finish(SECRET).unwrap();
        let packet = Packet::parse(&bytes, SECRET).unwrap();
        prop_assert_eq!(packet.eap_message(), Some(eap));
    }

    #[test]
    fn any_attributes_are_read_as_they_were_written(
        kind in 0_usize..3,
        identifier: u8,
        attributes in proptest::collection::vec(
            (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..=253)), 0..14),
    ) {
        let start = match kind {
            0 => request::build(identifier, RANDOM),
            1 => request::build_status(identifier, RANDOM),
            _ => request::build_accounting(identifier),
        };
        // What proves the request stands there already, and once.
        let given: Vec<(u8, &[u8])> = attributes
            .iter()
            .map(|(number, value)| (*number, value.as_slice()))
            .filter(|(number, _)| *number != number::MESSAGE_AUTHENTICATOR)
            .collect();
        let add = |request: request::Request, (number, value): &(u8, &[u8])| {
            request.attribute(*number, value)
        };
        let asked = given.iter().fold(start, add).finish(SECRET).unwrap();
        let read = Packet::parse(&asked, SECRET).unwrap();
        let proofs = usize::from(kind < 2);
        prop_assert_eq!(read.identifier(), identifier);
        prop_assert_eq!(read.attributes().skip(proofs).collect::<Vec<_>>(), given.clone());
        let code = if kind < 2 { Code::AccessAccept } else { Code::AccountingResponse };
        let reply = Reply::new(code, &read);
        let add = |reply: Reply, (number, value): &(u8, &[u8])| reply.attribute(*number, value);
        let reply = given.iter().fold(reply, add).finish(SECRET).unwrap();
        let read = request::verify_reply(&asked, &reply, SECRET).unwrap();
        prop_assert_eq!(read.attributes().skip(proofs).collect::<Vec<_>>(), given);
    }
}
