//! Access points that knock: addresses that send RADIUS packets and are no access point's.

use core::net::IpAddr;
use std::collections::HashMap;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::event::Event;
use crate::event::Moment;
use crate::refusal::Refusal;

/// Most addresses that are told: more than a site has access points that were forgotten.
pub const KNOCKS_MAX: usize = 1000;

/// Longest text that an address says of itself, in characters: an attribute holds 253 bytes
/// (RFC 2865, 5).
const SAID_CHARS_MAX: usize = 253;

/// An address that knocks. What it says of itself is not proved.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Knock {
    /// Where its packets come from.
    pub address: String,
    /// How many came.
    pub packets: u64,
    /// When they began (RFC 3339, UTC).
    pub first_at: String,
    /// When one last came.
    pub last_at: String,
    /// The name that it gives itself (NAS-Identifier).
    pub nas_identifier: Option<String>,
    /// The address that it gives itself (NAS-IP-Address).
    pub nas_address: Option<String>,
    /// The radio and the network that a device called (Called-Station-Id).
    pub called_station: Option<String>,
}

/// Addresses that knock, as events tell of them.
#[derive(Debug, Default)]
pub struct Knocks {
    by_address: HashMap<IpAddr, Heard>,
}

/// What was heard from an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heard {
    /// How many packets came.
    pub packets: u64,
    /// When they began.
    pub first: Moment,
    /// When one last came.
    pub last: Moment,
    /// The name that it gives itself (NAS-Identifier).
    pub nas_identifier: Option<String>,
    /// The address that it gives itself (NAS-IP-Address).
    pub nas_address: Option<String>,
    /// The radio and the network that a device called (Called-Station-Id).
    pub called_station: Option<String>,
}

impl Heard {
    /// What an event tells, if it tells of an address that knocks.
    pub fn of(event: &Event) -> Option<(IpAddr, Self)> {
        let Some(Refusal::AccessPointUnknown { address }) = &event.refusal else { return None };
        // Packets of more addresses than are counted one by one have none.
        let address = address.parse::<IpAddr>().ok()?;
        let said = |key: &str| {
            let text = event.details.get(key).and_then(Value::as_str)?;
            Some(text.chars().filter(|c| *c != '\0').take(SAID_CHARS_MAX).collect())
        };
        let heard = Self {
            packets: event.details.get("packets").and_then(Value::as_u64).unwrap_or(1),
            first: event.at,
            last: event.at,
            nas_identifier: said("nas_identifier"),
            nas_address: said("nas_address"),
            called_station: said("called_station"),
        };
        Some((address, heard))
    }

    /// Adds what else was heard from the same address. What it said last counts.
    pub fn join(&mut self, other: Self) {
        let (newer, older) = match other.last > self.last {
            true => (other, self.clone()),
            false => (self.clone(), other),
        };
        *self = Self {
            packets: newer.packets.saturating_add(older.packets),
            first: newer.first.min(older.first),
            last: newer.last,
            nas_identifier: newer.nas_identifier.or(older.nas_identifier),
            nas_address: newer.nas_address.or(older.nas_address),
            called_station: newer.called_station.or(older.called_station),
        };
    }
}

impl Knocks {
    /// Takes into account what was heard from an address. Who knocked last comes first.
    pub fn note(&mut self, address: IpAddr, heard: Heard) {
        if let Some(known) = self.by_address.get_mut(&address) {
            return known.join(heard);
        }
        if self.by_address.len() < KNOCKS_MAX {
            self.by_address.insert(address, heard);
        }
    }

    /// Those that are still no access point's, the last that knocked first.
    pub fn end(self, is_known: impl Fn(IpAddr) -> bool) -> Vec<Knock> {
        let unknown = self.by_address.into_iter().filter(|(address, _)| !is_known(*address));
        let mut knocks: Vec<(IpAddr, Heard)> = unknown.collect();
        knocks.sort_by_key(|(address, heard)| (core::cmp::Reverse(heard.last), *address));
        let knock = |(address, heard): (IpAddr, Heard)| Knock {
            address: address.to_string(),
            packets: heard.packets,
            first_at: heard.first.time().to_rfc3339(),
            last_at: heard.last.time().to_rfc3339(),
            nas_identifier: heard.nas_identifier,
            nas_address: heard.nas_address,
            called_station: heard.called_station,
        };
        knocks.into_iter().map(knock).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::EventKind;
    use crate::event::Outcome;

    fn event(seconds: i64, address: &str, details: &Value) -> Event {
        let at = Moment(seconds * 1000);
        Event {
            id: Event::id_at(at, [0; 10]),
            at,
            kind: EventKind::PacketDropped,
            outcome: Outcome::Refused,
            actor: format!("address {address}"),
            object: "packet:".into(),
            refusal: Some(Refusal::AccessPointUnknown { address: address.into() }),
            details: details.as_object().unwrap().clone(),
            inputs: None,
        }
    }

    fn note(knocks: &mut Knocks, event: &Event) {
        if let Some((address, heard)) = Heard::of(event) {
            knocks.note(address, heard);
        }
    }

    #[test]
    fn packets_of_an_address_are_added_up_with_what_it_last_said() {
        let mut knocks = Knocks::default();
        note(&mut knocks, &event(90, "192.0.2.9", &json!({ "packets": 4 })));
        let said = json!({ "packets": 1, "nas_identifier": "ap-9", "called_station": "x:School" });
        note(&mut knocks, &event(60, "192.0.2.9", &said));
        note(
            &mut knocks,
            &event(30, "192.0.2.9", &json!({ "packets": 2, "nas_identifier": "old" })),
        );
        note(&mut knocks, &event(95, "fd00::7", &json!({})));
        note(&mut knocks, &event(99, "many addresses", &json!({ "packets": 7 })));
        let other = Refusal::SharedSecretWrong { access_point: "Loopback".into() };
        note(&mut knocks, &Event { refusal: Some(other), ..event(99, "192.0.2.1", &json!({})) });
        let told = knocks.end(|_| false);
        let addresses: Vec<&str> = told.iter().map(|knock| knock.address.as_str()).collect();
        assert_eq!(addresses, ["fd00::7", "192.0.2.9"]);
        let knock = told.last().unwrap();
        assert_eq!((knock.packets, knock.nas_identifier.as_deref()), (7, Some("ap-9")));
        assert_eq!(knock.first_at, "1970-01-01T00:00:30Z");
        assert_eq!(knock.last_at, "1970-01-01T00:01:30Z");
        assert_eq!(knock.called_station.as_deref(), Some("x:School"));
        assert_eq!(knock.nas_address, None);
    }

    #[test]
    fn an_address_that_was_added_knocks_no_more() {
        let mut knocks = Knocks::default();
        note(&mut knocks, &event(90, "192.0.2.9", &json!({})));
        note(&mut knocks, &event(90, "192.0.2.10", &json!({})));
        let told = knocks.end(|address| address.to_string() == "192.0.2.9");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].address, "192.0.2.10");
    }

    #[test]
    fn a_flood_of_addresses_is_bounded() {
        let mut knocks = Knocks::default();
        for number in 0..=u32::try_from(KNOCKS_MAX).unwrap() {
            let address = core::net::Ipv4Addr::from_bits(0x0a00_0000 + number).to_string();
            note(&mut knocks, &event(90, &address, &json!({})));
        }
        note(&mut knocks, &event(91, "10.0.0.0", &json!({ "packets": 4 })));
        let told = knocks.end(|_| false);
        assert_eq!(told.len(), KNOCKS_MAX);
        assert_eq!(told[0].packets, 5);
    }
}
