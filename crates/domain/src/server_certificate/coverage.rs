//! Coverage: which devices hold a profile that trusts a certificate, by what they enrolled with.
//!
//! What a device holds is known by the Enrollment URL of its newest certificate, which ends in the
//! number of a rendering. A device whose URL has no such number is counted as unknown.

use std::collections::HashMap;

use pki::certificate::Serial;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::device::DeviceId;

/// Whose a certificate is: a device of the inventory, or nobody's but its own.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Holder {
    /// The record of a device.
    Device(DeviceId),
    /// A certificate that is bound to no record, by its number.
    Certificate(String),
}

/// A certificate of a device that is in use.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// Whose.
    pub holder: Holder,
    /// Its number.
    pub serial: Serial,
    /// The gateway that issued it, as it was called then.
    pub gateway: String,
    /// The rendering that the device enrolled by.
    pub rendering: Option<i64>,
    /// When.
    pub at: Time,
}

/// What a rendering of a profile is to the certificate that is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// The profile, by its place among those that are asked; none of one that shows another
    /// server certificate.
    pub profile: Option<usize>,
    /// When it was handed out: nobody enrolled by it before.
    pub at: Time,
    /// Whether devices that have it accept the certificate.
    pub trusts: bool,
}

/// How a device stands to a certificate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize, ToSchema)]
#[schema(as = CoverageVerdict)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It holds a profile that trusts it.
    Covered,
    /// What it holds is not known.
    Unknown,
    /// It holds a profile that does not trust it.
    Uncovered,
}

/// How many devices stand how.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = CoverageCounts)]
pub struct Counts {
    /// Those that hold a profile that trusts it.
    pub covered: u64,
    /// Those that hold a profile that does not.
    pub uncovered: u64,
    /// Those of which it is not known.
    pub unknown: u64,
}

impl Counts {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.covered.saturating_add(self.cut_off())
    }

    /// Those that may not accept the certificate.
    pub fn cut_off(&self) -> u64 {
        self.uncovered.saturating_add(self.unknown)
    }

    fn add(&mut self, verdict: Verdict) {
        let count = match verdict {
            Verdict::Covered => &mut self.covered,
            Verdict::Unknown => &mut self.unknown,
            Verdict::Uncovered => &mut self.uncovered,
        };
        *count = count.saturating_add(1);
    }
}

/// A device that may not accept the certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exposed {
    /// Whose it is.
    pub holder: Holder,
    /// Its newest certificate that says so.
    pub serial: Serial,
    /// How it stands.
    pub verdict: Verdict,
    /// The profiles by which, by their places.
    pub profiles: Vec<usize>,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Profile by profile.
    pub profiles: Vec<Counts>,
    /// Device by device; one with several profiles stands as the worst of them.
    pub devices: Counts,
    /// Those that may not accept it, in the order of their holders.
    pub exposed: Vec<Exposed>,
}

/// Counts certificates one by one.
#[derive(Debug)]
pub struct Counting {
    /// The names of each asked profile's gateway, those of before too.
    gateways: Vec<Vec<String>>,
    renderings: HashMap<i64, Known>,
    devices: HashMap<Holder, Vec<Seen>>,
}

/// The newest certificate of a device that says a thing.
#[derive(Clone, Debug)]
struct Seen {
    thing: Thing,
    at: Time,
    serial: Serial,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Thing {
    /// By a rendering of this profile.
    Known(usize, bool),
    /// By no rendering that is known, at the gateway of this profile and perhaps of others.
    Unknown(usize),
    /// By a rendering of a profile that is not asked about, at the gateway of such a profile.
    Other(usize),
}

impl Thing {
    /// Whether a newer certificate that says `self` takes the place of an older one.
    fn replaces(self, other: Self) -> bool {
        match (self, other) {
            (Self::Known(own, _), Self::Known(its, _))
            | (Self::Unknown(own), Self::Unknown(its))
            | (Self::Other(own), Self::Other(its)) => own == its,
            (Self::Known(..) | Self::Unknown(_) | Self::Other(_), _) => false,
        }
    }
}

impl Counting {
    /// Begins to count for profiles with these gateways, each with all of its names, and the
    /// renderings of these and of other profiles.
    pub fn new(gateways: Vec<Vec<String>>, renderings: HashMap<i64, Known>) -> Self {
        Self { gateways, renderings, devices: HashMap::new() }
    }

    /// Takes a certificate into account.
    pub fn add(&mut self, enrolled: Enrolled) {
        let Enrolled { holder, serial, gateway, rendering, at } = enrolled;
        let known = rendering.and_then(|number| self.renderings.get(&number));
        let known = known.filter(|known| known.at <= at);
        let named = |names: &Vec<String>| names.contains(&gateway);
        let at_gateway = self.gateways.iter().position(named);
        let thing = match (known, at_gateway) {
            (Some(Known { profile: Some(profile), trusts, .. }), _) => {
                Thing::Known(*profile, *trusts)
            }
            (Some(Known { profile: None, .. }), Some(place)) => Thing::Other(place),
            (None, Some(place)) => Thing::Unknown(place),
            (Some(Known { profile: None, .. }) | None, None) => return,
        };
        let seen = Seen { thing, at, serial };
        let all = self.devices.entry(holder).or_default();
        match all.iter_mut().find(|one| thing.replaces(one.thing)) {
            Some(one) if (one.at, one.serial.content()) < (at, seen.serial.content()) => {
                *one = seen;
            }
            Some(_) => {}
            None => all.push(seen),
        }
    }

    /// Ends counting.
    pub fn end(self) -> Tally {
        let profiles = vec![Counts::default(); self.gateways.len()];
        let mut tally = Tally { profiles, ..Tally::default() };
        for (holder, seen) in self.devices {
            stand(&self.gateways, holder, &seen, &mut tally);
        }
        tally.exposed.sort_by(|one, other| one.holder.cmp(&other.holder));
        tally
    }
}

/// How one device stands, profile by profile and as a whole.
fn stand(gateways: &[Vec<String>], holder: Holder, seen: &[Seen], tally: &mut Tally) {
    let mut verdicts: Vec<(usize, Verdict, &Seen)> = Vec::new();
    for (place, names) in gateways.iter().enumerate() {
        let same = |other: usize| gateways.get(other) == Some(names);
        let known =
            seen.iter().find(|one| matches!(one.thing, Thing::Known(its, _) if its == place));
        // Whatever the device holds since it enrolled by a rendering is known by that.
        let newest = seen.iter().filter(|one| match one.thing {
            Thing::Known(its, _) | Thing::Other(its) => same(its),
            Thing::Unknown(_) => false,
        });
        let newest = newest.map(|one| one.at).max();
        let unknown = seen.iter().find(|one| {
            matches!(one.thing, Thing::Unknown(its) if same(its))
                && newest.is_none_or(|newest| newest < one.at)
        });
        if let Some(one) = unknown {
            verdicts.push((place, Verdict::Unknown, one));
        } else if let Some(one) = known {
            let trusts = matches!(one.thing, Thing::Known(_, true));
            let verdict = if trusts { Verdict::Covered } else { Verdict::Uncovered };
            verdicts.push((place, verdict, one));
        }
    }
    for (place, verdict, _) in &verdicts {
        if let Some(counts) = tally.profiles.get_mut(*place) {
            counts.add(*verdict);
        }
    }
    let Some((_, worst, told)) = verdicts.iter().max_by_key(|(_, verdict, _)| *verdict) else {
        return;
    };
    tally.devices.add(*worst);
    if *worst != Verdict::Covered {
        let exposed = verdicts.iter().filter(|(_, verdict, _)| *verdict != Verdict::Covered);
        let profiles = exposed.map(|(place, _, _)| *place).collect();
        let (serial, verdict) = (told.serial.clone(), *worst);
        tally.exposed.push(Exposed { holder, serial, verdict, profiles });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two profiles at one gateway: 1 and 2 are renderings of the first, 3 of the second; the second
    /// is trusted. 9 is of a profile that is not asked about.
    fn counting() -> Counting {
        let gateways = vec![vec!["G".to_owned(), "Old G".to_owned()]; 2];
        let known = |profile, trusts| Known { profile, at: Time(10), trusts };
        let renderings = [
            (1, known(Some(0), false)),
            (2, known(Some(0), true)),
            (3, known(Some(1), true)),
            (9, known(None, false)),
        ];
        Counting::new(gateways, renderings.into())
    }

    fn enrolled(device: u64, gateway: &str, rendering: Option<i64>, at: i64) -> Enrolled {
        let random = [u8::try_from(at).unwrap() + 1; 16];
        let (holder, gateway) = (Holder::Device(DeviceId(device)), gateway.to_owned());
        Enrolled { holder, serial: Serial::from_random(random), gateway, rendering, at: Time(at) }
    }

    /// How one device with these certificates stands: covered, uncovered, unknown, by profile and as
    /// a whole.
    #[track_caller]
    fn check(all: &[(&str, Option<i64>, i64)], expected: [[u64; 3]; 3]) {
        for reversed in [false, true] {
            let mut counting = counting();
            let mut all: Vec<_> = all.to_vec();
            if reversed {
                all.reverse();
            }
            for (gateway, rendering, at) in all {
                counting.add(enrolled(7, gateway, rendering, at));
            }
            let tally = counting.end();
            let shown = |counts: &Counts| [counts.covered, counts.uncovered, counts.unknown];
            let counts = [&tally.profiles[0], &tally.profiles[1], &tally.devices].map(shown);
            assert_eq!(counts, expected);
            assert_eq!(tally.exposed.len() as u64, tally.devices.cut_off());
        }
    }

    const COVERED: [u64; 3] = [1, 0, 0];
    const UNCOVERED: [u64; 3] = [0, 1, 0];
    const UNKNOWN: [u64; 3] = [0, 0, 1];
    const NONE: [u64; 3] = [0; 3];

    #[test]
    fn the_newest_certificate_of_a_profile_says_what_a_device_holds() {
        check(&[("G", Some(2), 20)], [COVERED, NONE, COVERED]);
        check(&[("G", Some(1), 20)], [UNCOVERED, NONE, UNCOVERED]);
        check(&[("G", Some(1), 20), ("G", Some(2), 30)], [COVERED, NONE, COVERED]);
        check(&[("G", Some(2), 20), ("G", Some(1), 30)], [UNCOVERED, NONE, UNCOVERED]);
        // Two networks, of which one is not covered.
        check(&[("G", Some(3), 20), ("G", Some(1), 30)], [UNCOVERED, COVERED, UNCOVERED]);
    }

    #[test]
    fn what_a_device_holds_is_unknown_until_it_enrolls_by_a_rendering() {
        check(&[("G", None, 20)], [UNKNOWN, UNKNOWN, UNKNOWN]);
        check(&[("Old G", None, 20), ("G", Some(2), 30)], [COVERED, NONE, COVERED]);
        check(&[("G", Some(2), 20), ("G", None, 30)], [UNKNOWN, UNKNOWN, UNKNOWN]);
        check(&[("G", None, 20), ("G", Some(9), 30)], [NONE, NONE, NONE]);
        // Numbers that were not handed out, or not yet, say nothing.
        check(&[("G", Some(77), 20)], [UNKNOWN, UNKNOWN, UNKNOWN]);
        check(&[("G", Some(2), 9)], [UNKNOWN, UNKNOWN, UNKNOWN]);
    }

    #[test]
    fn other_gateways_and_other_profiles_are_not_asked() {
        check(&[("Other", None, 20), ("Other", Some(9), 21)], [NONE, NONE, NONE]);
        check(&[("G", Some(9), 20)], [NONE, NONE, NONE]);
        // A rendering says more than the name of a gateway.
        check(&[("Other", Some(2), 20)], [COVERED, NONE, COVERED]);
    }

    #[test]
    fn who_may_be_cut_off_is_listed_in_order() {
        let mut counting = counting();
        for device in (1..=9).rev() {
            counting.add(enrolled(device, "G", Some(1 + i64::from(device % 2 == 0)), 20));
        }
        let tally = counting.end();
        assert_eq!((tally.devices.covered, tally.devices.uncovered), (4, 5));
        let holders: Vec<_> = tally.exposed.iter().map(|one| one.holder.clone()).collect();
        assert_eq!(holders, [1, 3, 5, 7, 9].map(|id| Holder::Device(DeviceId(id))));
        assert!(tally.exposed.iter().all(|one| one.profiles == [0]));
    }
}
