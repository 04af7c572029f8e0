//! Accounting (RFC 2866): what an access point tells of a device's session becomes an event.

use actions::snapshot::Snapshot;
use radius::dictionary;
use serde_json::Map;
use serde_json::Value;

use crate::conversation;
use crate::conversation::Asked;

/// The attributes that say how a session goes, by their numbers.
const TOLD: [u8; 9] = [40, 42, 43, 44, 46, 47, 48, 49, 50];

/// Notes what an Accounting-Request tells. The journal has it before the access point is answered.
pub(super) fn note(snapshot: &Snapshot, asked: &Asked<'_>) {
    let mut session = Map::new();
    for (number, value) in asked.request.attributes().filter(|(n, _)| TOLD.contains(n)) {
        let (name, value) = dictionary::show(number, value);
        session.insert(name, Value::from(value));
    }
    actions::visit::report(snapshot, &conversation::place(snapshot, asked), session);
}
