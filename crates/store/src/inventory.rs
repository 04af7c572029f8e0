//! What devices and people have in common: what is announced of their changes.

use domain::device::DeviceId;

use crate::change::KEY_BYTES_MAX;
use crate::change::Topic;
use crate::write::Write;

/// Records of one change that are announced one by one; of more, that many changed, once.
const ANNOUNCED_MAX: usize = 64;

/// What was announced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Announced {
    /// A device has this version since; it may be gone.
    Device(DeviceId, i64),
    /// A person has this version since; they may be gone.
    Person(String, i64),
    /// Many devices changed, this one last.
    Devices(DeviceId, i64),
    /// Many people changed, this one last.
    People(String, i64),
}

/// Reads what was announced; none if it is not understood.
#[must_use]
pub fn announced(key: &str) -> Option<Announced> {
    let mut parts = key.splitn(3, ' ');
    let (what, version, name) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    match what {
        "device" => Some(Announced::Device(DeviceId::parse(name)?, version)),
        "devices" => Some(Announced::Devices(DeviceId::parse(name)?, version)),
        "person" => Some(Announced::Person(name.to_owned(), version)),
        "people" => Some(Announced::People(name.to_owned(), version)),
        _ => None,
    }
}

/// Announces records, each by its name and the version that it has since.
pub(crate) fn announce(
    mut write: Write,
    (one, many): (&str, &str),
    records: &[(String, i64)],
) -> Write {
    let key = |what: &str, (name, version): &(String, i64)| {
        let key = format!("{what} {version} {name}");
        // A listener reads everything again if it does not understand.
        if key.len() > KEY_BYTES_MAX { what.to_owned() } else { key }
    };
    if records.len() > ANNOUNCED_MAX {
        return match records.last() {
            Some(last) => write.announce(Topic::Inventory, key(many, last)),
            None => write,
        };
    }
    for record in records {
        write = write.announce(Topic::Inventory, key(one, record));
    }
    write
}

/// What a text begins with lies from it to here: behind every text that begins so.
pub(crate) fn end_of(start: &str) -> String {
    format!("{start}{}", char::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_read_back_and_what_is_none_is_not() {
        let device = Announced::Device(DeviceId(10), 3);
        assert_eq!(announced("device 3 000000000000000a"), Some(device));
        assert_eq!(announced("person 1 Anna Lee"), Some(Announced::Person("Anna Lee".into(), 1)));
        for key in ["", "device", "device 3", "device x 000000000000000a", "device 3 a", "x 1 y"] {
            assert_eq!(announced(key), None, "{key}");
        }
        let announce = |count: usize| {
            let records: Vec<(String, i64)> =
                (1..=count).map(|number| (format!("{number:016x}"), 1)).collect();
            announce(Write::new(), ("device", "devices"), &records).announcements
        };
        assert_eq!(announce(ANNOUNCED_MAX).len(), ANNOUNCED_MAX);
        let many = announce(ANNOUNCED_MAX + 1);
        assert_eq!(many.len(), 1);
        assert_eq!(announced(&many[0].1), Some(Announced::Devices(DeviceId(65), 1)));
    }
}
