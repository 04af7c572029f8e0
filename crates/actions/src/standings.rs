//! Where every certificate stands, in memory: a sharded map that revocation changes at once.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use domain::certificate::RevocationReason;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::device::DeviceId;
use pki::certificate::SERIAL_BYTES_MAX;
use pki::certificate::Serial;
use pki::time::Time;

/// Shards: enough that a revocation seldom meets a login.
const SHARDS: usize = 32;

/// The ways in which a certificate can stand.
const STATUS: [Status; 4] = [Status::Intended, Status::Issued, Status::Held, Status::Revoked];

/// The standing of every certificate by serial number.
#[derive(Debug)]
pub struct Standings {
    shards: Vec<RwLock<HashMap<Number, Packed>>>,
    names: RwLock<Names>,
    /// How many stand in each way, in the order of [`STATUS`].
    counts: [AtomicU64; STATUS.len()],
    hasher: RandomState,
}

/// A serial number of our own in as little room as it needs: there are millions.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Number {
    length: u8,
    octets: [u8; SERIAL_BYTES_MAX],
}

/// A standing, its names by their places among [`Names`].
#[derive(Clone, Copy, Debug)]
struct Packed {
    revoked_at: Time,
    /// [`NO_DEVICE`] for none.
    device: u64,
    /// No certificate changes four billion times.
    version: u32,
    authority: u16,
    /// [`NO_NAME`] for none.
    gateway: u16,
    /// [`NO_NAME`] for none.
    template: u16,
    usage: Usage,
    status: Status,
    reason: Option<RevocationReason>,
    assurance: u8,
}

/// The place of no name. More than so many names of authorities, gateways and templates are not
/// held: whoever asks for a certificate with a further one reads it from the database.
const NO_NAME: u16 = u16::MAX;

/// The id of no device: none is drawn like this.
const NO_DEVICE: u64 = 0;

/// Names of authorities, gateways and templates, each once.
#[derive(Debug, Default)]
struct Names {
    all: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u16>,
}

impl Standings {
    /// Nothing is known yet.
    pub(crate) fn empty() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        let counts = Default::default();
        Self { shards, names: RwLock::default(), counts, hasher: RandomState::new() }
    }

    /// Where a certificate stands; none if memory does not know it.
    pub fn get(&self, serial: &Serial) -> Option<Standing> {
        let number = Number::of(serial)?;
        let packed =
            *self.shard(&number)?.read().unwrap_or_else(PoisonError::into_inner).get(&number)?;
        self.unpack(packed)
    }

    /// From now on it stands like this. The higher version stays, so that of two who tell at the
    /// same time the later truth does: nothing told late makes a revoked one good.
    pub fn set(&self, serial: &Serial, standing: &Standing) {
        // A number that is too long is none that we gave: nobody asks memory for it.
        let Some(number) = Number::of(serial) else { return };
        let (Some(shard), Some(packed)) = (self.shard(&number), self.pack(standing)) else {
            return;
        };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let known = shard.get(&number).map(|known| known.version);
        if known.is_none_or(|known| known <= packed.version) {
            let before = shard.insert(number, packed);
            drop(shard);
            self.count(packed.status, |count| count.fetch_add(1, Ordering::Relaxed));
            if let Some(before) = before {
                self.count(before.status, |count| count.fetch_sub(1, Ordering::Relaxed));
            }
        }
    }

    fn count(&self, status: Status, change: impl FnOnce(&AtomicU64) -> u64) {
        let mut counts = STATUS.into_iter().zip(&self.counts);
        if let Some((_, count)) = counts.find(|(one, _)| *one == status) {
            change(count);
        }
    }

    /// How many certificates stand in each way.
    pub(crate) fn counts(&self) -> [(Status, u64); STATUS.len()] {
        STATUS.map(|status| {
            let mut counts = STATUS.into_iter().zip(&self.counts);
            let own = counts.find(|(one, _)| *one == status);
            (status, own.map_or(0, |(_, count)| count.load(Ordering::Relaxed)))
        })
    }

    fn pack(&self, standing: &Standing) -> Option<Packed> {
        let named = |name: &Option<Arc<str>>| match name {
            None => Some(NO_NAME),
            Some(name) => self.place(name),
        };
        Some(Packed {
            revoked_at: standing.revoked.map_or(Time(0), |(at, _)| at),
            device: standing.device.map_or(NO_DEVICE, |id| id.0),
            version: u32::try_from(standing.version).unwrap_or(u32::MAX),
            authority: self.place(&standing.authority)?,
            gateway: named(&standing.gateway)?,
            template: named(&standing.template)?,
            usage: standing.usage,
            status: standing.status,
            reason: standing.revoked.map(|(_, reason)| reason),
            assurance: standing.assurance,
        })
    }

    fn unpack(&self, packed: Packed) -> Option<Standing> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let named = |place: u16| match place {
            NO_NAME => Some(None),
            place => names.name(place).map(Some),
        };
        Some(Standing {
            authority: names.name(packed.authority)?,
            usage: packed.usage,
            status: packed.status,
            gateway: named(packed.gateway)?,
            revoked: packed.reason.map(|reason| (packed.revoked_at, reason)),
            version: i64::from(packed.version),
            template: named(packed.template)?,
            assurance: packed.assurance,
            device: (packed.device != NO_DEVICE).then_some(DeviceId(packed.device)),
        })
    }

    /// The place of a name, which it keeps.
    fn place(&self, name: &Arc<str>) -> Option<u16> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = names.places.get(name) {
            return Some(*place);
        }
        drop(names);
        self.names.write().unwrap_or_else(PoisonError::into_inner).add(name)
    }

    fn shard(&self, number: &Number) -> Option<&RwLock<HashMap<Number, Packed>>> {
        let hash = usize::try_from(self.hasher.hash_one(number) % SHARDS as u64).unwrap_or(0);
        self.shards.get(hash)
    }
}

impl Names {
    fn name(&self, place: u16) -> Option<Arc<str>> {
        self.all.get(usize::from(place)).cloned()
    }

    fn add(&mut self, name: &Arc<str>) -> Option<u16> {
        if let Some(place) = self.places.get(name) {
            return Some(*place);
        }
        let place = u16::try_from(self.all.len()).ok().filter(|place| *place != NO_NAME)?;
        self.all.push(Arc::clone(name));
        self.places.insert(Arc::clone(name), place);
        Some(place)
    }
}

impl Number {
    fn of(serial: &Serial) -> Option<Self> {
        let content = serial.content();
        let mut octets = [0; SERIAL_BYTES_MAX];
        octets.get_mut(..content.len())?.copy_from_slice(content);
        Some(Self { length: u8::try_from(content.len()).ok()?, octets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(status: Status, version: i64) -> Standing {
        let revoked =
            (status == Status::Revoked).then_some((Time(1), RevocationReason::Superseded));
        let (authority, usage) = ("CA".into(), Usage::Device);
        let (gateway, template, assurance, device) = (None, None, 0, None);
        Standing {
            authority,
            usage,
            status,
            gateway,
            revoked,
            version,
            template,
            assurance,
            device,
        }
    }

    #[test]
    fn what_is_told_late_never_makes_a_revoked_certificate_good() {
        let standings = Standings::empty();
        let serial = Serial::from_random([1; 16]);
        assert!(standings.get(&serial).is_none());
        standings.set(&serial, &standing(Status::Issued, 1));
        standings.set(&serial, &standing(Status::Revoked, 2));
        standings.set(&serial, &standing(Status::Issued, 1));
        standings.set(&serial, &standing(Status::Intended, 0));
        assert_eq!(standings.get(&serial).unwrap().status, Status::Revoked);
        let one = [Status::Revoked];
        assert!(
            standings
                .counts()
                .into_iter()
                .all(|(status, count)| { count == u64::from(one.contains(&status)) })
        );
    }

    #[test]
    fn a_hold_ends_when_it_is_told_to_have_ended() {
        let standings = Standings::empty();
        let serial = Serial::from_random([1; 16]);
        standings.set(&serial, &standing(Status::Held, 2));
        standings.set(&serial, &standing(Status::Issued, 3));
        standings.set(&serial, &standing(Status::Held, 2));
        assert_eq!(standings.get(&serial).unwrap().status, Status::Issued);
    }

    #[test]
    fn what_is_packed_comes_out_as_it_went_in() {
        let standings = Standings::empty();
        let at = Some((Time(-7), RevocationReason::KeyCompromise));
        let all = [
            standing(Status::Intended, 0),
            Standing { gateway: Some("G".into()), ..standing(Status::Issued, 1) },
            Standing {
                template: Some("T".into()),
                assurance: 2,
                device: Some(DeviceId(u64::MAX)),
                ..standing(Status::Issued, 1)
            },
            Standing { gateway: Some("CA".into()), revoked: at, ..standing(Status::Revoked, 9) },
            Standing { authority: "G".into(), ..standing(Status::Held, 2) },
        ];
        for (number, one) in (1..).zip(&all) {
            standings.set(&Serial::from_random([number; 16]), one);
        }
        for (number, one) in (1..).zip(&all) {
            assert_eq!(standings.get(&Serial::from_random([number; 16])).as_ref(), Some(one));
        }
        assert_eq!(size_of::<(Number, Packed)>(), 56);
    }

    #[test]
    fn more_names_than_have_a_place_are_not_held() {
        let mut names = Names::default();
        for number in 0..NO_NAME {
            assert_eq!(names.add(&number.to_string().into()), Some(number));
        }
        assert_eq!(names.add(&"one more".into()), None);
        assert_eq!(names.add(&"7".into()), Some(7));
    }

    #[test]
    fn numbers_that_differ_in_their_length_only_are_two() {
        let standings = Standings::empty();
        let serial = |content: &[u8]| Serial::from_content(content).unwrap();
        standings.set(&serial(&[1]), &standing(Status::Issued, 1));
        assert!(standings.get(&serial(&[1, 0])).is_none());
        // What is longer than any of ours is never known.
        standings.set(&serial(&[1; 21]), &standing(Status::Issued, 1));
        assert!(standings.get(&serial(&[1; 21])).is_none());
        standings.set(&serial(&[1; 20]), &standing(Status::Issued, 1));
        assert!(standings.get(&serial(&[1; 20])).is_some());
    }
}
