//! Former names: what an object was called before, so that what knows it by an old name still finds
//! it.

use std::collections::HashMap;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::Array;
use utoipa::openapi::OneOf;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;

use crate::complaint::Complaints;
use crate::object::Kind;
use crate::object::Object;
use crate::object::check_text;
use crate::organization::EachKind;
use crate::organization::Listed;
use crate::organization::Organization;
use crate::organization::each_kind;

/// Most former names of one object: each is tried when a device comes with an old challenge.
pub const FORMER_NAMES_MAX: usize = 16;

/// The names that an object had, newest first. Written as a text if it is one, else as a list.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FormerNames(Vec<String>);

impl FormerNames {
    /// These names.
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// Every name.
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Several(Vec<String>),
}

impl PartialSchema for FormerNames {
    fn schema() -> RefOr<Schema> {
        let name = || pki::schema::text("A former name.");
        let several = Schema::Array(Array::new(name()));
        let description = Some("One former name, or a list of such.".to_owned());
        let either = OneOf { items: vec![name(), several.into()], description, ..OneOf::default() };
        Schema::OneOf(either).into()
    }
}

impl ToSchema for FormerNames {}

impl<'de> Deserialize<'de> for FormerNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer).map_err(|_| {
            serde::de::Error::custom("is no name, expected a text in quotes, or a list of such")
        })?;
        Ok(Self(match written {
            Written::One(name) => vec![name],
            Written::Several(names) => names,
        }))
    }
}

impl Serialize for FormerNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

/// The names that an object had; none of most.
pub fn of<T: Object>(object: &T) -> &[String] {
    object.renamed_from().map(FormerNames::names).unwrap_or_default()
}

/// Complains about former names that an object cannot have.
pub(crate) fn check<T: Object>(object: &T, complaints: &mut Complaints<'_>) {
    const FIELD: &str = "renamed_from";
    let names = of(object);
    if names.is_empty() {
        return;
    }
    if T::KIND.holds_key() {
        let what = format!("a {} keeps its name, because it holds a key", T::KIND.words());
        complaints.add(FIELD, what, "keep the name, or define another beside it");
        return;
    }
    if names.len() > FORMER_NAMES_MAX {
        let what = format!("{} names given, {FORMER_NAMES_MAX} are possible", names.len());
        complaints.add(FIELD, what, "keep the newest");
    }
    for name in names.iter().take(FORMER_NAMES_MAX) {
        check_text(FIELD, name, crate::object::NAME_CHARS_MAX, complaints);
        if name == object.name() {
            complaints.add(FIELD, "is the object's own name", "give the name that it had before");
        }
        if name.trim().is_empty() {
            complaints.add(FIELD, "is empty", "give the name that it had before");
        }
    }
}

/// What objects of an organization are called now, by what they were called before.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CurrentNames(HashMap<Kind, HashMap<String, String>>);

impl CurrentNames {
    /// Those of an organization.
    pub fn of(organization: &Organization) -> Self {
        let mut collector = Collector { organization, names: Self::default() };
        each_kind(&mut collector);
        collector.names
    }

    /// Notes that an object of this kind is called something else now.
    pub fn add(&mut self, kind: Kind, former: &str, name: &str) {
        self.0.entry(kind).or_default().insert(former.to_owned(), name.to_owned());
    }

    /// Whether nothing was ever renamed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the object of a former name is called now; none if no object had that name.
    pub fn find(&self, kind: Kind, former: &str) -> Option<&str> {
        self.0.get(&kind)?.get(former).map(String::as_str)
    }

    /// Lets a name be the one of now.
    pub fn bring_up_to_date(&self, kind: Kind, name: &mut String) {
        if let Some(now) = self.find(kind, name) {
            now.clone_into(name);
        }
    }
}

struct Collector<'a> {
    organization: &'a Organization,
    names: CurrentNames,
}

impl EachKind for Collector<'_> {
    fn visit<T: Listed>(&mut self) {
        for object in T::list(self.organization) {
            for former in of(object) {
                self.names.add(T::KIND, former, object.name());
            }
        }
    }
}
