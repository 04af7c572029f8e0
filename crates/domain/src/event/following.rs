//! Following events as they come. Their ids order by the time at which they happened, but they are
//! seen later, and those of several servers not in that order: so every look goes back over what
//! was looked at before, and what was told once is not told again.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Event;
use super::Moment;

/// How far every look goes back, in milliseconds: answers gather for a moment before they are
/// written, and clocks of servers differ a little.
const NEAR_MILLIS: i64 = 5_000;

/// How far some looks go back: a database that was slow or away gets answers late.
const FAR_MILLIS: i64 = 60_000;

/// Every so many looks, one goes far back.
const FAR_EVERY: u32 = 10;

/// Most events that are remembered as told: a minute of more logins than a server has.
pub const TOLD_MAX: usize = 1_000_000;

/// What was told already, and where to look next.
#[derive(Debug)]
pub struct Following {
    /// What is before it is not told any more.
    floor: Uuid,
    told: BTreeSet<Uuid>,
    last_look: Option<Moment>,
    looks: u32,
}

impl Following {
    /// Follows what happens from this moment on.
    pub fn from(start: Moment) -> Self {
        let floor = Event::id_at(start, [0; 10]);
        Self { floor, told: BTreeSet::new(), last_look: None, looks: 0 }
    }

    /// Follows what comes from this moment on, also that of servers whose clocks are a little behind:
    /// what the first look finds was there before, and is not news.
    pub fn newly(start: Moment) -> Self {
        Self::from(Moment(start.0.saturating_sub(NEAR_MILLIS)))
    }

    /// The id behind which to look now.
    pub fn look(&mut self, now: Moment) -> Uuid {
        let back = if self.looks.is_multiple_of(FAR_EVERY) { FAR_MILLIS } else { NEAR_MILLIS };
        // What came since the last look began, however long ago that is.
        let from = self.last_look.map(|last| Moment(last.0.min(now.0).saturating_sub(back)));
        let from = from.map_or(self.floor, |from| Event::id_at(from, [0; 10]).max(self.floor));
        self.looks = self.looks.wrapping_add(1);
        self.last_look = Some(now);
        Uuid::from_u128(from.as_u128().saturating_sub(1))
    }

    /// Whether an event that was found has not been told yet; it has then.
    pub fn is_new(&mut self, id: Uuid) -> bool {
        id >= self.floor && self.told.insert(id)
    }

    /// Whether an event that was heard of in another way has not been told yet; it has then.
    pub fn note_told(&mut self, id: Uuid) -> bool {
        self.told.insert(id)
    }

    /// Whether an event would be told if it were found.
    pub fn wants(&self, id: Uuid) -> bool {
        id >= self.floor && !self.told.contains(&id)
    }

    /// Forgets what no look goes back to any more: to be called after each.
    pub fn settle(&mut self) {
        let Some(last) = self.last_look else { return };
        let far = Event::id_at(Moment(last.0.saturating_sub(FAR_MILLIS)), [0; 10]);
        self.floor = self.floor.max(far);
        while self.told.first().is_some_and(|first| *first < self.floor) {
            self.told.pop_first();
        }
        while self.told.len() > TOLD_MAX {
            let Some(first) = self.told.pop_first() else { break };
            self.floor = self.floor.max(Uuid::from_u128(first.as_u128().saturating_add(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_795_471_200_000;

    fn id(millis: i64, chance: u8) -> Uuid {
        Event::id_at(Moment(START + millis), [chance; 10])
    }

    /// Looks at this time at a list in which so much is, and tells what is new.
    fn look(following: &mut Following, millis: i64, list: &[Uuid]) -> Vec<Uuid> {
        let after = following.look(Moment(START + millis));
        let mut found: Vec<Uuid> = list.iter().copied().filter(|id| *id > after).collect();
        found.sort();
        found.retain(|id| following.is_new(*id));
        following.settle();
        found
    }

    #[test]
    fn what_comes_late_is_told_and_nothing_twice() {
        let mut following = Following::from(Moment(START));
        let mut list = vec![id(-1, 0), id(100, 1), id(700, 2)];
        assert_eq!(look(&mut following, 800, &list), [id(100, 1), id(700, 2)]);
        // Another server's, of before and with a clock ahead of ours.
        list.extend([id(300, 3), id(2000, 4)]);
        assert_eq!(look(&mut following, 1300, &list), [id(300, 3), id(2000, 4)]);
        assert!(look(&mut following, 1800, &list).is_empty());
        list.push(id(1900, 5));
        assert_eq!(look(&mut following, 2300, &list), [id(1900, 5)]);
    }

    #[test]
    fn what_was_heard_of_in_another_way_is_not_told_again() {
        let mut following = Following::from(Moment(START));
        let list = vec![id(100, 1), id(200, 2)];
        // Of before the start, and told all the same.
        assert!(following.note_told(id(-100, 0)));
        assert!(following.note_told(id(100, 1)));
        assert!(!following.note_told(id(100, 1)));
        assert!(following.wants(id(200, 2)) && !following.wants(id(100, 1)));
        assert!(!following.wants(id(-200, 0)));
        assert_eq!(look(&mut following, 800, &list), [id(200, 2)]);
    }

    #[test]
    fn what_comes_very_late_is_told_by_a_look_far_back() {
        let mut following = Following::from(Moment(START));
        let mut list = Vec::new();
        let mut told = Vec::new();
        for number in 0..200 {
            let now = number * 500;
            if number == 60 {
                list.push(id(1000, 1));
            }
            told.extend(look(&mut following, now, &list));
        }
        assert_eq!(told, [id(1000, 1)]);
    }

    #[test]
    fn a_pause_between_two_looks_misses_nothing() {
        let mut following = Following::from(Moment(START));
        let list: Vec<Uuid> = (0..100).map(|second| id(second * 10_000, 1)).collect();
        let mut told = look(&mut following, 500, &list[..1]);
        for now in [1000, 900_000, 990_000, 1_000_000] {
            let there = list.iter().filter(|one| **one <= id(now, 255)).count();
            told.extend(look(&mut following, now, &list[..there]));
        }
        assert_eq!(told, list);
    }

    /// Events by chance, each written up to 4 s late: every look tells those that are new.
    #[test]
    fn of_many_that_come_in_any_order_each_is_told_once() {
        let mut chance = 7_u64;
        let mut below = |bound: i64| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            i64::try_from(chance >> 33).unwrap() % bound
        };
        let all: Vec<(i64, Uuid)> = (0..5000)
            .map(|number| {
                let at = number * 20;
                (at + below(4000), id(at, u8::try_from(number % 256).unwrap()))
            })
            .collect();
        let mut following = Following::from(Moment(START));
        let mut told = Vec::new();
        for now in (0..120_000).step_by(500) {
            let list: Vec<Uuid> =
                all.iter().filter(|(written, _)| *written <= now).map(|(_, id)| *id).collect();
            told.extend(look(&mut following, now, &list));
            assert!(following.told.len() < 4000);
        }
        told.sort();
        let expected: Vec<Uuid> = all.iter().map(|(_, id)| *id).collect();
        assert_eq!(told, expected);
    }
}
