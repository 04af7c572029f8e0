//! What cannot be said to a device, where it stands, and what would be right.

use core::fmt;

/// One thing that a platform cannot hold or that cannot work; nothing is written with it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Complaint {
    /// The field, as the administrator writes it: `radius_server_names[1]`.
    pub field: String,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl Complaint {
    /// A complaint about a field.
    #[must_use]
    pub fn new(field: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { field: field.into(), what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.field, self.what, self.fix)
    }
}
