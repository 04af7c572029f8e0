//! Whether a condition may hold for devices of which only gateway and roles are known: for checks
//! of a whole organization, before any device has come.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of most fields nothing is known before a device has come"
)]

use crate::condition::Condition;
use crate::condition::Facts;
use crate::condition::Field;
use crate::condition::Match;
use crate::condition::Node;
use crate::condition::What;

/// Whether something holds, as far as can be said.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Possible {
    /// For no device.
    No,
    /// For some devices, or at some times.
    Maybe,
    /// For every device.
    Yes,
}

/// What is known of the devices of a gateway.
#[derive(Clone, Debug)]
pub struct Known {
    /// With the roles that each of them has.
    pub surely: Facts,
    /// With the roles that some of them may have, too.
    pub perhaps: Facts,
}

impl Condition {
    /// Whether it may hold.
    pub fn possible(&self, known: &Known) -> Possible {
        self.possible_but(known, &[])
    }

    /// The same where nothing is known of some fields: what kept it from being possible, if it is
    /// then.
    pub fn possible_but(&self, known: &Known, open: &[Field]) -> Possible {
        let nodes = self.nodes.iter().map(|node| node.possible(known, open));
        match self.how {
            Match::All => nodes.min().unwrap_or(Possible::No),
            Match::Any => nodes.max().unwrap_or(Possible::No),
        }
    }
}

impl Node {
    fn possible(&self, known: &Known, open: &[Field]) -> Possible {
        let possible = match &self.what {
            What::Group(group) => group.possible_but(known, open),
            What::Leaf { field, .. } if open.contains(field) => Possible::Maybe,
            What::Leaf { field, test, .. } => match field {
                Field::Always => Possible::Yes,
                Field::IdentityProvider
                | Field::IdentityRole
                | Field::DeviceRole
                | Field::RequestGateway => {
                    let holds = |facts: &Facts| test.holds(&facts.values(*field));
                    match (holds(&known.surely), holds(&known.perhaps)) {
                        (true, true) => Possible::Yes,
                        (false, false) => Possible::No,
                        (true, false) | (false, true) => Possible::Maybe,
                    }
                }
                _ => Possible::Maybe,
            },
        };
        match (self.not, possible) {
            (true, Possible::Yes) => Possible::No,
            (true, Possible::No) => Possible::Yes,
            (true | false, possible) => possible,
        }
    }
}
