//! Datagrams that no honest access point sends, row by row of the table in `docs/fuzzing.md`: each
//! is dropped for its stated reason, at little cost. This file is a process of its own, so that
//! its memory can be measured.

use radius::attribute::number;
use radius::packet::Code;
use radius::packet::Packet;
use radius::packet::ParseError;
use radius::reply::Reply;
use radius::request;

const SECRET: &[u8] = b"a-long-shared-secret";
const RANDOM: [u8; 16] = [0x5a; 16];

/// What a hundred thousand datagrams may add to the memory of the process, in KiB.
const GROWTH_KIB_MAX: u64 = 1024;

/// The most memory that this process ever had, in KiB.
#[cfg(test)]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// A datagram whose Length says this, with these attributes behind it.
#[cfg(test)]
fn bare(code: u8, length: usize, attributes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(length).unwrap().to_be_bytes();
    [&[code, 1], length.as_slice(), &RANDOM, attributes].concat()
}

#[test]
fn d1_malformed_datagrams_are_dropped_by_name_and_keep_no_memory() {
    use ParseError::{BadAttribute, Overlong, TooManyAttributes, Truncated, UnsupportedCode};

    let cases: [(&str, Vec<u8>, ParseError); 14] = [
        ("nothing", vec![], Truncated),
        ("19 bytes", vec![1; 19], Truncated),
        ("a Length of 19", bare(1, 19, &[]), Truncated),
        ("a Length of 65535", bare(1, 65_535, &[0; 4076]), Overlong),
        ("4097 bytes", bare(1, 4097, &[1, 253].repeat(2039)), Overlong),
        ("60000 bytes of a Length of 60000", bare(1, 60_000, &[0; 59_980]), Overlong),
        ("a Length above the datagram", bare(1, 100, &[1, 3, 0]), Truncated),
        ("an attribute of length 0", bare(1, 22, &[1, 0]), BadAttribute),
        ("an attribute of length 1", bare(1, 22, &[1, 1]), BadAttribute),
        ("an attribute beyond the end", bare(1, 23, &[1, 9, 0]), BadAttribute),
        ("half an attribute", bare(1, 21, &[1]), BadAttribute),
        ("2000 attributes of nothing", bare(1, 4020, &[0, 2].repeat(2000)), TooManyAttributes),
        ("code 0", bare(0, 20, &[]), UnsupportedCode(0)),
        ("code 255", bare(255, 20, &[]), UnsupportedCode(255)),
    ];
    for (what, datagram, expected) in &cases {
        assert_eq!(Packet::parse(datagram, SECRET), Err(*expected), "{what}");
    }
    let before = peak_kib();
    for (_, datagram, _) in cases.iter().cycle().take(100_000) {
        assert!(Packet::parse(datagram, SECRET).is_err());
    }
    let growth = peak_kib() - before;
    assert!(growth < GROWTH_KIB_MAX, "{growth} KiB");
}

#[test]
fn d3_a_request_proves_its_secret_exactly_once_wherever_the_proof_stands() {
    let honest = request::build(1, RANDOM).attribute(number::PROXY_STATE, b"proxy");
    let honest = honest.finish(SECRET).unwrap();
    let (header, attributes) = honest.split_at(20);
    let (proof, proxy) = attributes.split_at(18);
    let other = request::build(1, RANDOM).finish(b"another-long-secret").unwrap();
    let dropped = |attributes: &[u8], expected| {
        let datagram = bare(1, 20 + attributes.len(), attributes);
        assert_eq!(Packet::parse(&datagram, SECRET), Err(expected));
    };
    dropped(proxy, ParseError::MissingMessageAuthenticator);
    dropped(&[proof, proxy, proof].concat(), ParseError::RepeatedMessageAuthenticator);
    dropped(
        &[&[80, 18], [0; 16].as_slice(), proxy].concat(),
        ParseError::WrongMessageAuthenticator,
    );
    dropped(&other[20..], ParseError::WrongMessageAuthenticator);
    dropped(
        &[&[80, 17], [0; 15].as_slice(), proxy].concat(),
        ParseError::WrongMessageAuthenticator,
    );
    // Behind Proxy-State it is another proof, and an honest one counts.
    dropped(&[proxy, proof].concat(), ParseError::WrongMessageAuthenticator);
    let zeros = [proxy, &[80, 18], [0; 16].as_slice()].concat();
    let late = radius::authenticator::hmac_md5(SECRET, &[header, &zeros]);
    let datagram = [header, proxy, &[80, 18], &late].concat();
    let late = Packet::parse(&datagram, SECRET).unwrap();
    // The answer's own proof stands first all the same (CVE-2024-3596).
    let reply = Reply::new(Code::AccessReject, &late).proxy_states(&late).finish(SECRET).unwrap();
    assert_eq!(reply[20..22], [80, 18]);
    let reply = request::verify_reply(&datagram, &reply, SECRET).unwrap();
    assert_eq!(reply.first(number::PROXY_STATE), Some(b"proxy".as_slice()));
}
