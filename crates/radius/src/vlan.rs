//! A VLAN's number, checked once.

use thiserror::Error;

/// The lowest VLAN that IEEE 802.1Q lets a port be put into (0 means "none").
pub const VLAN_MIN: u16 = 1;

/// The highest VLAN of IEEE 802.1Q (4095 is reserved).
pub const VLAN_MAX: u16 = 4094;

/// A VLAN from 1 to 4094.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vlan(u16);

/// Why something is no VLAN's number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VlanError {
    /// It is a number, but none that a VLAN can have.
    #[error("VLAN {0} is outside {VLAN_MIN} to {VLAN_MAX}")]
    OutOfRange(u64),
    /// It is no number.
    #[error("a VLAN is a number from {VLAN_MIN} to {VLAN_MAX}")]
    NotANumber,
}

impl Vlan {
    /// Checks a number.
    ///
    /// # Errors
    /// The number is outside 1 to 4094.
    pub fn check(number: u64) -> Result<Self, VlanError> {
        match u16::try_from(number) {
            Ok(vlan @ VLAN_MIN..=VLAN_MAX) => Ok(Self(vlan)),
            Ok(_) | Err(_) => Err(VlanError::OutOfRange(number)),
        }
    }

    /// Reads decimal digits.
    ///
    /// # Errors
    /// The text is no number, or a number outside 1 to 4094.
    pub fn parse(text: &str) -> Result<Self, VlanError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VlanError::NotANumber);
        }
        Self::check(text.parse().unwrap_or(u64::MAX))
    }

    /// The number, 1 to 4094.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for Vlan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_4094_are_the_ends() {
        assert_eq!(Vlan::parse("1").unwrap().number(), 1);
        assert_eq!(Vlan::parse("4094").unwrap().to_string(), "4094");
        assert_eq!(Vlan::parse("0"), Err(VlanError::OutOfRange(0)));
        assert_eq!(Vlan::parse("4095"), Err(VlanError::OutOfRange(4095)));
    }

    #[test]
    fn what_is_no_number_is_refused_in_a_sentence() {
        for text in ["", "-1", "+5", "twenty", "20 "] {
            assert_eq!(Vlan::parse(text), Err(VlanError::NotANumber));
        }
        let complaint = Vlan::parse("5000").unwrap_err().to_string();
        assert_eq!(complaint, "VLAN 5000 is outside 1 to 4094");
        assert!(Vlan::parse("99999999999999999999999").is_err());
    }
}
