//! EAP packets: what is read is written back alike.
#![no_main]

use eap::packet::{self, Body, Code, Fragment, HEADER_LENGTH, PACKET_LENGTH_MAX, Packet};
use fuzz::seed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| check(data)
);

fn seeds() -> Vec<Vec<u8>> {
    let fragment = |start, more, total_length| Fragment { start, more, total_length, data: b"tls" };
    let of = |code, body| Packet { code, identifier: 7, body }.write();
    vec![
        packet::start_request(1),
        packet::identity_request(2),
        packet::identity_response(3, b"host/mac-1"),
        packet::nak_response(4),
        packet::success(5),
        packet::failure(6),
        of(Code::Response, Body::Tls(fragment(false, true, Some(1000)))),
        of(Code::Response, Body::Tls(fragment(false, false, None))),
        of(Code::Request, Body::Tls(fragment(true, false, None))),
        of(Code::Request, Body::Notification(b"hello")),
        of(Code::Response, Body::Nak(&[25, 21])),
        of(Code::Response, Body::Other(25)),
    ]
}

fn check(data: &[u8]) {
    let Ok(read) = Packet::parse(data) else { return };
    assert!(data.len() <= PACKET_LENGTH_MAX);
    let written = read.write();
    assert_eq!(Packet::parse(&written), Ok(read));
    let length = usize::from(u16::from_be_bytes([data[2], data[3]]));
    assert!(written.len() <= length);
    match read.body {
        Body::Identity(_) | Body::Notification(_) | Body::Nak(_) => {
            assert_eq!(written, data[..length]);
        }
        Body::Tls(fragment) => {
            // Flags that mean nothing are not repeated (RFC 5216 section 3.1).
            let mut expected = data[..length].to_vec();
            expected[HEADER_LENGTH + 1] &= 0xe0;
            assert_eq!(written, expected);
            assert_eq!(fragment.start, data[HEADER_LENGTH + 1] & 0x20 != 0);
        }
        // What stands behind another method's number, or a code without a method, is dropped.
        Body::Other(method) => assert_eq!((written.len(), data[HEADER_LENGTH]), (5, method)),
        Body::Nothing => assert_eq!(written.len(), HEADER_LENGTH),
    }
}
