//! Revocation lists of the organization's authorities: their addresses, their parts, their times.

use pki::certificate::Serial;
use pki::time::Time;

/// How long a list is believed, in seconds: a server that is down for a long weekend, and whoever
/// mends it, have time.
pub const VALIDITY_SECONDS: i64 = 7 * 86_400;

/// After how long a list is made anew though nothing was revoked, in seconds: long before half of
/// its life, so that whoever fetches it once a day always has one with days to go.
pub const REFRESH_SECONDS: i64 = 86_400;

/// Entries of a whole list above which new certificates name a part of it instead: a list of so
/// many has about 2 MB, which every access point of a site would fetch.
pub const ENTRIES_WHOLE_MAX: usize = 50_000;

/// Entries that a part is made for, so that it can grow for years before it is as long again.
const ENTRIES_PART: usize = 12_500;

/// Most parts of a list: one byte of the serial number chooses among them.
pub const PARTS_MAX: u16 = 256;

/// A part of a list: the certificates whose serial number ends so. Which part a certificate is on
/// does not change, whatever is revoked later.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Part {
    index: u16,
    of: u16,
}

impl Part {
    /// The part that tells of a certificate, where a list of so many entries is told in parts.
    pub fn of_serial(serial: &Serial, entries: usize) -> Option<Self> {
        if entries <= ENTRIES_WHOLE_MAX {
            return None;
        }
        let wanted = entries.div_ceil(ENTRIES_PART).next_power_of_two();
        let of = u16::try_from(wanted).unwrap_or(PARTS_MAX).min(PARTS_MAX);
        Some(Self { index: last(serial) % of, of })
    }

    /// Reads `3-of-16`: the number of parts is a power of two up to [`PARTS_MAX`], and they are
    /// counted from 0.
    pub fn parse(text: &str) -> Option<Self> {
        let (index, of) = text.split_once("-of-")?;
        let part = Self { index: index.parse().ok()?, of: of.parse().ok()? };
        let sound = part.of.is_power_of_two() && (2..=PARTS_MAX).contains(&part.of);
        // One way of writing it, so that one list has one address.
        (sound && part.index < part.of && part.text() == text).then_some(part)
    }

    /// `3-of-16`.
    pub fn text(self) -> String {
        format!("{}-of-{}", self.index, self.of)
    }

    /// Whether it tells of this certificate.
    pub fn holds(self, serial: &Serial) -> bool {
        last(serial) % self.of == self.index
    }
}

fn last(serial: &Serial) -> u16 {
    serial.content().last().copied().map_or(0, u16::from)
}

/// Where a list, or a part of it, is fetched.
pub fn address(base_url: &str, key_slug: &str, part: Option<Part>) -> String {
    match part {
        None => format!("{base_url}/crl/{key_slug}.crl"),
        Some(part) => format!("{base_url}/crl/{key_slug}/{}.crl", part.text()),
    }
}

/// The number of the next list: the time in seconds, so that an organization that was put back
/// from a backup goes on above every number that it gave before, or one more than the last.
pub fn next_number(last: u64, now: Time) -> u64 {
    u64::try_from(now.0).unwrap_or(0).max(last.saturating_add(1))
}

/// Since when a certificate must be over to be left out of a list made now: it stays on one list
/// that is made after its end (RFC 5280, 3.3), whatever the time between them.
pub fn expired_before(last_update: Option<Time>, now: Time) -> Time {
    let day = now.plus_seconds(-REFRESH_SECONDS);
    last_update.map_or(day, |last| last.min(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(last: u8) -> Serial {
        Serial::from_random([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, last])
    }

    #[test]
    fn a_short_list_is_whole_and_a_long_one_comes_in_parts() {
        assert_eq!(Part::of_serial(&serial(5), ENTRIES_WHOLE_MAX), None);
        let check = |entries: usize, expected: &str| {
            let part = Part::of_serial(&serial(0xa5), entries).unwrap();
            assert_eq!(part.text(), expected);
            assert!(part.holds(&serial(0xa5)));
        };
        check(ENTRIES_WHOLE_MAX + 1, "5-of-8");
        check(200_000, "5-of-16");
        check(usize::MAX, "165-of-256");
    }

    #[test]
    fn every_certificate_is_on_one_part() {
        let parts: Vec<Part> =
            (0..8).map(|index| Part::parse(&format!("{index}-of-8")).unwrap()).collect();
        for last in 0..=255 {
            assert_eq!(parts.iter().filter(|part| part.holds(&serial(last))).count(), 1);
        }
    }

    #[test]
    fn what_is_no_part_is_none() {
        for text in
            ["", "1", "-of-", "8-of-8", "1-of-3", "0-of-1", "0-of-512", "+1-of-8", "01-of-8"]
        {
            assert_eq!(Part::parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_name_the_key_and_the_part() {
        let base = "http://pki.example.org";
        assert_eq!(address(base, "devices", None), "http://pki.example.org/crl/devices.crl");
        let part = Part::parse("3-of-16");
        assert_eq!(
            address(base, "devices-2", part),
            "http://pki.example.org/crl/devices-2/3-of-16.crl"
        );
    }

    #[test]
    fn numbers_only_rise() {
        assert_eq!(next_number(0, Time(1_795_471_200)), 1_795_471_200);
        assert_eq!(next_number(1_795_471_200, Time(1_795_471_200)), 1_795_471_201);
        // The clock was set back.
        assert_eq!(next_number(1_795_471_200, Time(5)), 1_795_471_201);
        assert_eq!(next_number(7, Time(-5)), 8);
    }

    #[test]
    fn what_ended_since_the_last_list_is_on_the_next() {
        let now = Time(100 * REFRESH_SECONDS);
        let day = Time(99 * REFRESH_SECONDS);
        assert_eq!(expired_before(None, now), day);
        assert_eq!(expired_before(Some(now), now), day);
        assert_eq!(expired_before(Some(Time(5)), now), Time(5));
    }
}
