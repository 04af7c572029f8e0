//! Dropped packets: the first of each reason and address is an event at once, the rest are
//! counted and told once a minute, so that a flood is one line and not a full disk.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;
use std::time::Instant;

use actions::snapshot::Snapshot;
use domain::refusal::Refusal;
use radius::packet;
use radius::packet::Sender;
use serde_json::Map;
use serde_json::Value;

/// Most reasons and addresses counted at once; what is beyond is counted without its address.
const SOURCES_MAX: usize = 1024;

/// How often the count is told.
const INTERVAL: Duration = Duration::from_secs(60);

/// The counts of the door.
#[derive(Default)]
pub(super) struct Drops {
    counts: HashMap<(IpAddr, &'static str), Count>,
    beyond: u64,
}

/// A packet that was dropped.
pub(super) struct Dropped<'a> {
    /// Where it came from.
    pub(super) address: IpAddr,
    /// The whole of it.
    pub(super) bytes: &'a [u8],
    /// Why.
    pub(super) refusal: &'a Refusal,
}

struct Count {
    refusal: Refusal,
    /// What the first packet said of its sender.
    sender: Map<String, Value>,
    packets: u64,
    told: Instant,
}

impl Drops {
    /// Counts a packet that was dropped.
    pub(super) fn count(
        &mut self,
        snapshot: &Snapshot,
        Dropped { address, bytes, refusal }: Dropped<'_>,
        now: Instant,
    ) {
        let key = (address, refusal.code());
        if let Some(count) = self.counts.get_mut(&key) {
            count.packets += 1;
        } else if self.counts.len() < SOURCES_MAX {
            let sender = details(packet::peek_sender(bytes));
            let from = address.to_string();
            actions::visit::dropped_of(snapshot, (&from, &sender), refusal, 1);
            let count = Count { refusal: refusal.clone(), sender, packets: 0, told: now };
            self.counts.insert(key, count);
        } else {
            self.beyond += 1;
        }
    }

    /// Tells what was counted a minute ago, and forgets who has been quiet since.
    pub(super) fn sweep(&mut self, snapshot: &Snapshot, now: Instant) {
        self.counts.retain(|(address, _), count| {
            if now.duration_since(count.told) < INTERVAL {
                return true;
            }
            if count.packets == 0 {
                return false;
            }
            count.tell(snapshot, *address);
            (count.packets, count.told) = (0, now);
            true
        });
        if self.beyond > 0 && self.counts.len() < SOURCES_MAX {
            self.tell_beyond(snapshot);
        }
    }

    /// Tells everything: the server stops.
    pub(super) fn flush(&mut self, snapshot: &Snapshot) {
        for ((address, _), count) in self.counts.drain().filter(|(_, count)| count.packets > 0) {
            count.tell(snapshot, address);
        }
        if self.beyond > 0 {
            self.tell_beyond(snapshot);
        }
    }

    fn tell_beyond(&mut self, snapshot: &Snapshot) {
        let refusal = Refusal::AccessPointUnknown { address: "many addresses".to_owned() };
        actions::visit::dropped(snapshot, "many addresses", &refusal, self.beyond);
        self.beyond = 0;
    }
}

impl Count {
    fn tell(&self, snapshot: &Snapshot, address: IpAddr) {
        let from = address.to_string();
        actions::visit::dropped_of(snapshot, (&from, &self.sender), &self.refusal, self.packets);
    }
}

/// What a sender says of itself, for the event; no longer than attributes are.
fn details(sender: Sender) -> Map<String, Value> {
    let Sender { identifier, address, called_station } = sender;
    let known = [
        ("nas_identifier", identifier),
        ("nas_address", address.map(|address| address.to_string())),
        ("called_station", called_station),
    ];
    let known = known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.into())));
    known.collect()
}
