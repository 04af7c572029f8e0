//! RADIUS packets: raw datagrams, and proved ones whose attributes go to and fro.
#![no_main]

use fuzz::{draw::Draw, seed};
use libfuzzer_sys::fuzz_target;
use radius::{
    attribute::number,
    dictionary,
    mppe::{self, Keys, Salts},
    packet::{self, ATTRIBUTES_MAX, CalledStation, Code, PACKET_LENGTH_MAX, Packet},
    reply::Reply,
    request,
};

const SECRET: &[u8] = b"a-long-shared-secret";
const RANDOM: [u8; 16] = [0x5a; 16];

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        match draw.byte() {
            Some(0) => raw(draw.0),
            Some(kind) => proved(kind, draw),
            None => {}
        }
    }
);

fn seeds() -> Vec<Vec<u8>> {
    let request = request::build(42, RANDOM)
        .attribute(number::USER_NAME, b"anonymous@example.test")
        .attribute(number::NAS_IP_ADDRESS, &[192, 0, 2, 7])
        .attribute(number::CALLED_STATION_ID, b"00-11-22-33-44-55:Example-Secure")
        .attribute(number::CALLING_STATION_ID, b"66-77-88-99-AA-BB")
        .attribute(number::FRAMED_MTU, &1400_u32.to_be_bytes())
        .attribute(number::STATE, &[7; 16])
        .attribute(number::PROXY_STATE, b"one")
        .attribute(number::VENDOR_SPECIFIC, &[0, 0, 1, 0x37, 11, 4, 1, 2])
        .attribute(number::TUNNEL_PRIVATE_GROUP_ID, b"\x01120")
        .eap_message(&[1; 300])
        .finish(SECRET)
        .expect("it is short");
    let accounting = request::build_accounting(9)
        .attribute(number::ACCT_STATUS_TYPE, &1_u32.to_be_bytes())
        .finish(SECRET)
        .expect("it is short");
    let status = request::build_status(3, RANDOM).finish(SECRET).expect("it is short");
    let parsed = Packet::parse(&request, SECRET).expect("we wrote it");
    let reply = Reply::new(Code::AccessAccept, &parsed)
        .keys(&Keys::from_msk(&[3; 64]), Salts::from_random([1, 2]), SECRET)
        .finish(SECRET)
        .expect("it is short");
    let whole = vec![request.clone(), accounting, status, reply];
    let attributes = request.get(38..).unwrap_or_default().to_vec();
    let kinds = [1, 2, 3].map(|kind| [&[kind], attributes.as_slice()].concat());
    seed::marked(0, whole).chain(kinds).collect()
}

fn raw(datagram: &[u8]) {
    let peeked = packet::peek_state(datagram);
    assert!(peeked.is_none_or(|state| state.len() <= 253));
    let asked = request::build(1, RANDOM).finish(SECRET).expect("it is short");
    let _ = request::verify_reply(&asked, datagram, SECRET);
    let _ = request::verify_reply(datagram, &asked, SECRET);
    if let Ok(packet) = Packet::parse(datagram, SECRET) {
        assert_eq!(packet.state(), peeked);
        read(&packet);
    }
}

/// Builds a request of drawn attributes, reads it, answers with the same and reads that.
fn proved(kind: u8, mut draw: Draw<'_>) {
    let mut attributes = Vec::new();
    while let (Some(number), Some(value)) = (draw.byte(), draw.piece()) {
        if number != number::MESSAGE_AUTHENTICATOR {
            attributes.push((number, value));
        }
    }
    let request = match kind % 3 {
        0 => request::build_status(kind, RANDOM),
        1 => request::build(kind, RANDOM),
        _ => request::build_accounting(kind),
    };
    let add = |request: request::Request, (number, value): &(u8, &[u8])| {
        request.attribute(*number, value)
    };
    let Ok(asked) = attributes.iter().fold(request, add).finish(SECRET) else {
        let bytes: usize = attributes.iter().map(|(_, value)| value.len() + 2).sum();
        let longest = attributes.iter().map(|(_, value)| value.len()).max();
        assert!(bytes + 38 > PACKET_LENGTH_MAX || longest > Some(253));
        return;
    };
    let parsed = Packet::parse(&asked, SECRET);
    if attributes.len() + 1 > ATTRIBUTES_MAX {
        // One of them may be Message-Authenticator.
        assert!(parsed.is_err() || attributes.len() <= ATTRIBUTES_MAX);
        return;
    }
    let parsed = parsed.expect("we wrote it");
    assert_eq!(parsed.identifier(), kind);
    let ours = usize::from(kind % 3 != 2);
    let kept: Vec<_> = parsed.attributes().skip(ours).collect();
    assert_eq!(kept, attributes);
    assert_eq!(packet::peek_state(&asked), parsed.state());
    read(&parsed);
    answer(&asked, &parsed);
    let mut altered = asked.clone();
    if let Some(byte) = altered.get_mut(20) {
        *byte ^= 1;
        assert!(Packet::parse(&altered, SECRET).is_err());
    }
}

fn read(packet: &Packet) {
    let eap = packet.eap_message();
    assert!(eap.is_none_or(|eap| eap.len() <= PACKET_LENGTH_MAX));
    let _ = (packet.user_name(), packet.calling_station_id(), packet.nas_ip_address());
    let _ = (packet.nas_identifier(), packet.nas_port_type(), packet.nas_port_id());
    let _ = (packet.framed_mtu(), packet.nas_port());
    if let (Some(CalledStation { address, ssid }), Some(whole)) =
        (packet.called_station_id(), packet.text(number::CALLED_STATION_ID))
    {
        let again = ssid.map_or_else(|| address.clone(), |ssid| format!("{address}:{ssid}"));
        assert_eq!(
            again,
            whole.strip_suffix(':').filter(|_| again.len() < whole.len()).unwrap_or(&whole)
        );
    }
    for (number, value) in packet.attributes() {
        let (name, shown) = dictionary::show(number, value);
        assert!(!name.is_empty() && !shown.chars().any(char::is_control), "{shown:?}");
        let Some(attribute) = dictionary::recognize(number, value) else { continue };
        // What is shown as text means the same when an administrator types it.
        if let Ok(written) = attribute.encode(&shown, 0) {
            assert!(written.len() <= 253);
            let again = attribute.show(&written);
            assert!(!again.chars().any(char::is_control));
        }
    }
    let _ = mppe::decode(packet, SECRET, packet.authenticator());
}

fn answer(asked: &[u8], request: &Packet) {
    let code = match request.code() {
        Code::AccountingRequest => Code::AccountingResponse,
        _ => Code::AccessAccept,
    };
    let Ok(reply) = Reply::new(code, request).proxy_states(request).finish(SECRET) else { return };
    let read = request::verify_reply(asked, &reply, SECRET).expect("we wrote it");
    let proxies = |packet: &Packet| -> Vec<Vec<u8>> {
        let all = packet.attributes().filter(|(number, _)| *number == number::PROXY_STATE);
        all.map(|(_, value)| value.to_vec()).collect()
    };
    assert_eq!(proxies(&read), proxies(request));
    assert!(reply.len() <= PACKET_LENGTH_MAX);
}
