//! The packets of a conversation that ended with a no, as its event tells them.

use domain::event::Shown;
use serde_json::Value;

use crate::text;

/// Most packets that are shown; an event holds fewer.
const SHOWN_MAX: usize = 50;

/// One packet, or how many were left out there.
pub(super) struct Packet {
    /// Milliseconds since the first.
    pub(super) after_ms: Option<u64>,
    /// Who sent it.
    pub(super) from: String,
    /// What it is.
    pub(super) what: String,
    /// Its length.
    pub(super) bytes: Option<u64>,
}

/// The packets that an event tells of.
pub(super) fn of(event: &Shown) -> Vec<Packet> {
    let told = event.details.get("packets").and_then(Value::as_array);
    told.into_iter().flatten().take(SHOWN_MAX).map(packet).collect()
}

fn packet(told: &Value) -> Packet {
    let number = |key: &str| told.get(key).and_then(Value::as_u64);
    let text = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(count) = number("left_out") {
        let what = text::with("event.packets_left_out", &[("count", &count.to_string())]);
        return Packet { after_ms: None, from: String::new(), what, bytes: None };
    }
    let from = match text("from").as_str() {
        "device" => text::t("event.from_device").into_owned(),
        "server" => text::t("event.from_server").into_owned(),
        other => other.to_owned(),
    };
    Packet { after_ms: number("after_ms"), from, what: text("what"), bytes: number("bytes") }
}
