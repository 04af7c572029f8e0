//! What is wrong with something an administrator wrote, where, and what would be right.

use core::fmt;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

/// One thing wrong with an input; the input is refused whole.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Complaint {
    /// The field, as a path into the document: `gateway[0].certificate_authority`.
    pub path: String,
    /// What is wrong, as a sentence without its full stop.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl Complaint {
    /// A complaint about the field at `path`.
    pub fn new(path: impl Into<String>, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path, self.what, self.fix)
    }
}

/// Collects complaints about one object; every field is told apart by its path.
#[derive(Debug)]
pub struct Complaints<'a> {
    prefix: String,
    list: &'a mut Vec<Complaint>,
}

impl<'a> Complaints<'a> {
    /// Complaints about the object at `prefix`, added to `list`.
    pub fn new(prefix: impl Into<String>, list: &'a mut Vec<Complaint>) -> Self {
        Self { prefix: prefix.into(), list }
    }

    /// Adds one about `field` of this object.
    pub fn add(&mut self, field: &str, what: impl Into<String>, fix: impl Into<String>) {
        self.list.push(Complaint::new(self.path(field), what, fix));
    }

    /// The same list, for a part of this object.
    pub fn at(&mut self, field: &str) -> Complaints<'_> {
        let prefix = self.path(field);
        Complaints { prefix, list: self.list }
    }

    fn path(&self, field: &str) -> String {
        if self.prefix.is_empty() {
            return field.to_owned();
        }
        format!("{}.{field}", self.prefix)
    }
}
