//! The packets of a conversation, told with a no: who said what, when, and who fell silent. Nothing
//! in them is secret: of each no more than its kind and its length is kept.

use std::time::Duration;
use std::time::Instant;

use eap::packet::Body;
use eap::packet::Code;
use eap::packet::Fragment;
use eap::packet::Packet as Eap;
use serde_json::Value;
use serde_json::json;

/// Most packets that are kept: a login has about twelve, and with large certificates twenty. Of
/// more, the first are kept, and the last takes the place of the one before.
const PACKETS_MAX: usize = 24;

/// A handshake message's type stands behind the five bytes of a record's header (RFC 8446, 5.1).
const RECORD_HEADER_BYTES: usize = 5;

/// Who sent a packet.
#[derive(Clone, Copy)]
pub(super) enum Sender {
    Device,
    Server,
}

struct Packet {
    after: Duration,
    sender: Sender,
    what: &'static str,
    bytes: usize,
}

/// The packets of one conversation.
pub(super) struct Packets {
    began: Instant,
    kept: Vec<Packet>,
    count: usize,
}

impl Packets {
    /// None yet.
    pub(super) fn new(began: Instant) -> Self {
        Self { began, kept: Vec::new(), count: 0 }
    }

    /// Keeps one.
    pub(super) fn add(&mut self, sender: Sender, message: &[u8], at: Instant) {
        let after = at.saturating_duration_since(self.began);
        let packet = Packet { after, sender, what: what(message), bytes: message.len() };
        self.count += 1;
        if self.kept.len() >= PACKETS_MAX {
            self.kept.pop();
        }
        self.kept.push(packet);
    }

    /// As an event tells them; what was left out stands before the last.
    pub(super) fn told(&self) -> Value {
        let mut told: Vec<Value> = self.kept.iter().map(Packet::told).collect();
        let left_out = self.count.saturating_sub(self.kept.len());
        if left_out > 0 {
            let last = told.len().saturating_sub(1);
            told.insert(last, json!({ "left_out": left_out }));
        }
        Value::from(told)
    }
}

impl Packet {
    fn told(&self) -> Value {
        let from = match self.sender {
            Sender::Device => "device",
            Sender::Server => "server",
        };
        let after = u64::try_from(self.after.as_millis()).unwrap_or(u64::MAX);
        json!({ "after_ms": after, "from": from, "what": self.what, "bytes": self.bytes })
    }
}

/// The kind of an EAP packet, and of EAP-TLS what begins in it.
fn what(message: &[u8]) -> &'static str {
    let Ok(packet) = Eap::parse(message) else { return "no EAP packet" };
    match (packet.code, packet.body) {
        (Code::Success, _) => "EAP-Success",
        (Code::Failure, _) => "EAP-Failure",
        (_, Body::Identity(_)) => "Identity",
        (_, Body::Notification(_)) => "Notification",
        (_, Body::Nak(_)) => "Nak",
        (_, Body::Other(_)) => "another EAP method",
        (_, Body::Nothing) => "nothing",
        (_, Body::Tls(fragment)) => tls(&fragment),
    }
}

fn tls(fragment: &Fragment<'_>) -> &'static str {
    if fragment.start {
        return "EAP-TLS Start";
    }
    let Some(content) = fragment.data.first() else { return "EAP-TLS acknowledgement" };
    // A message in pieces begins with the length of the whole; what follows has none.
    let begins = fragment.total_length.is_some() || !fragment.more;
    match (content, fragment.data.get(RECORD_HEADER_BYTES)) {
        (0x15, _) => "TLS alert",
        (0x14, _) => "TLS ChangeCipherSpec",
        (0x17, _) => "TLS encrypted records",
        (0x16, Some(1)) if begins => "TLS ClientHello",
        (0x16, Some(2)) if begins => "TLS ServerHello",
        (0x16, Some(11)) if begins => "TLS Certificate",
        (0x16, _) if begins => "TLS handshake",
        _ => "EAP-TLS fragment",
    }
}

#[cfg(test)]
mod tests {
    use eap::packet;

    use super::*;

    fn response(data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len() + 6).unwrap();
        [&[2, 7, 0, length, 13, 0], data].concat()
    }

    #[test]
    fn a_packet_is_told_by_what_begins_in_it() {
        for (message, expected) in [
            (packet::start_request(1), "EAP-TLS Start"),
            (packet::success(1), "EAP-Success"),
            (packet::failure(1), "EAP-Failure"),
            (response(&[]), "EAP-TLS acknowledgement"),
            (response(&[0x16, 3, 1, 0, 9, 1]), "TLS ClientHello"),
            (response(&[0x16, 3, 3, 0, 9, 11]), "TLS Certificate"),
            (response(&[0x16]), "TLS handshake"),
            (response(&[0x15, 3, 3, 0, 2, 2, 48]), "TLS alert"),
            (response(&[0x99]), "EAP-TLS fragment"),
            (vec![2, 1, 0, 6, 3, 25], "Nak"),
            (vec![2, 1, 0, 6, 1, b'a'], "Identity"),
            (vec![2, 1], "no EAP packet"),
        ] {
            assert_eq!(what(&message), expected, "{message:?}");
        }
    }

    #[test]
    fn of_many_the_first_are_kept_and_the_last() {
        let began = crate::clock::instant();
        let mut packets = Packets::new(began);
        for number in 0..40_u8 {
            let at = began + Duration::from_millis(u64::from(number));
            packets.add(Sender::Device, &response(&vec![0x17; usize::from(number)]), at);
        }
        let told = packets.told();
        let told = told.as_array().unwrap();
        assert_eq!(told.len(), PACKETS_MAX + 1);
        assert_eq!(told[0]["after_ms"], 0);
        assert_eq!(told[PACKETS_MAX - 1], json!({ "left_out": 16 }));
        assert_eq!(
            (&told[PACKETS_MAX]["after_ms"], &told[PACKETS_MAX]["bytes"]),
            (&json!(39), &json!(45))
        );
    }
}
