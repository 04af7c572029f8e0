//! Renames: objects that a document gives another name, and everything that knows them by the old
//! one.

use std::collections::HashMap;
use std::collections::HashSet;

use serde_json::Value;

use crate::complaint::Complaint;
use crate::former_name;
use crate::former_name::CurrentNames;
use crate::former_name::FORMER_NAMES_MAX;
use crate::former_name::FormerNames;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::organization::EachKind;
use crate::organization::Listed;
use crate::organization::Organization;
use crate::organization::each_kind;

/// What a document renames.
#[derive(Clone, Debug, Default)]
pub(super) struct Renames {
    /// The new name by the old one.
    by_old: CurrentNames,
    /// The old name by the new one.
    by_new: HashMap<(Kind, String), String>,
}

impl Renames {
    /// Finds what a document renames, and lets its objects keep the former names that are known.
    pub(super) fn find(
        current: &Organization,
        document: &mut Organization,
        complaints: &mut Vec<Complaint>,
    ) -> Self {
        let mut finder = Finder { current, document, complaints, renames: Self::default() };
        each_kind(&mut finder);
        finder.renames
    }

    /// The old name of what is renamed.
    pub(super) fn old_name(&self, kind: Kind, new: &str) -> Option<&str> {
        if self.by_new.is_empty() {
            return None;
        }
        self.by_new.get(&(kind, new.to_owned())).map(String::as_str)
    }

    /// The organization with the new names: in the objects themselves, and wherever another names
    /// them. Everything keeps its place.
    pub(super) fn applied(&self, current: &Organization) -> Organization {
        if self.by_old.is_empty() {
            return current.clone();
        }
        let settings = current.settings.clone();
        let renamed = Organization { settings, ..Organization::default() };
        let mut renamer = Renamer { current, names: &self.by_old, renamed };
        each_kind(&mut renamer);
        renamer.renamed
    }
}

struct Finder<'a> {
    current: &'a Organization,
    document: &'a mut Organization,
    complaints: &'a mut Vec<Complaint>,
    renames: Renames,
}

impl EachKind for Finder<'_> {
    fn visit<T: Listed>(&mut self) {
        let existing: HashMap<&str, &T> =
            T::list(self.current).iter().map(|object| (object.name(), object)).collect();
        let mut taken = HashSet::new();
        for (index, object) in T::list_mut(self.document).iter_mut().enumerate() {
            let mut complain = |object: &mut T, what: String, fix: &str| {
                let path = format!("{}[{index}].renamed_from", T::KIND);
                self.complaints.push(Complaint::new(path, what, fix));
                // One complaint about it is enough.
                object.keep_renamed_from(None);
            };
            let own = existing.get(object.name()).copied();
            let given = former_name::of(object).to_vec();
            let mut old = given.iter().filter(|name| existing.contains_key(name.as_str()));
            let before = match (own, old.next(), old.next()) {
                (own, None, _) => own,
                (Some(_), Some(old), _) => {
                    let what = format!("both \"{}\" and \"{old}\" are there", object.name());
                    complain(object, what, "remove renamed_from, or one of the two objects first");
                    continue;
                }
                (None, Some(one), Some(other)) => {
                    let what = format!("both \"{one}\" and \"{other}\" are there");
                    complain(object, what, "name the one that this object was");
                    continue;
                }
                (None, Some(old), None) => {
                    if !taken.insert(old.clone()) {
                        let what = format!("another object takes the place of \"{old}\" already");
                        complain(object, what, "name the one that this object was");
                        continue;
                    }
                    self.renames.by_old.add(T::KIND, old, object.name());
                    let new = (T::KIND, object.name().to_owned());
                    self.renames.by_new.insert(new, old.clone());
                    existing.get(old.as_str()).copied()
                }
            };
            keep(object, before);
            let known = former_name::of(object).len();
            if known > FORMER_NAMES_MAX && known > given_names(before) {
                let what = format!("{known} former names, {FORMER_NAMES_MAX} are possible");
                complain(
                    object,
                    what,
                    "write renamed_from = [] once, so that all of them are forgotten",
                );
            }
        }
    }
}

fn given_names<T: Object>(object: Option<&T>) -> usize {
    object.map_or(0, |object| former_name::of(object).len())
}

/// Lets an object have its former names: those given, then those that it has. An empty list forgets
/// them all.
fn keep<T: Object>(object: &mut T, before: Option<&T>) {
    let mut names: Vec<String> = former_name::of(object).to_vec();
    let forgets = object.renamed_from().is_some() && names.is_empty();
    if let Some(before) = before.filter(|_| !forgets) {
        names.extend(former_name::of(before).iter().cloned());
    }
    let mut seen = HashSet::from([object.name().to_owned()]);
    names.retain(|name| seen.insert(name.clone()));
    object.keep_renamed_from((!names.is_empty()).then(|| FormerNames::new(names)));
}

struct Renamer<'a> {
    current: &'a Organization,
    names: &'a CurrentNames,
    renamed: Organization,
}

impl EachKind for Renamer<'_> {
    fn visit<T: Listed>(&mut self) {
        let objects = T::list(self.current).iter().map(|object| renamed(object, self.names));
        *T::list_mut(&mut self.renamed) = objects.collect();
    }
}

/// A definition of an earlier time under the names of now, its own and those of others.
pub fn under_names_of_now(kind: Kind, definition: Value, names: &CurrentNames) -> Value {
    struct Visitor<'a>(Kind, Value, &'a CurrentNames);
    impl EachKind for Visitor<'_> {
        fn visit<T: Listed>(&mut self) {
            if T::KIND != self.0 {
                return;
            }
            // What is no definition any more is refused where it is read.
            if let Ok(object) = serde_json::from_value::<T>(self.1.clone()) {
                let now = serde_json::to_value(renamed(&object, self.2));
                self.1 = now.unwrap_or_else(|_| self.1.clone());
            }
        }
    }
    let mut visitor = Visitor(kind, definition, names);
    each_kind(&mut visitor);
    visitor.1
}

/// An object under the names of now.
fn renamed<T: Object>(object: &T, names: &CurrentNames) -> T {
    let own = names.find(T::KIND, object.name());
    let references = object.references();
    let stale: Vec<&Reference> =
        references.iter().filter(|one| names.find(one.kind, &one.name).is_some()).collect();
    if own.is_none() && stale.is_empty() {
        return object.clone();
    }
    // A reference knows its place in the object as it is written.
    let Ok(mut written) = serde_json::to_value(object) else { return object.clone() };
    if let (Some(name), Some(fields)) = (own, written.as_object_mut()) {
        fields.insert("name".to_owned(), Value::from(name));
    }
    for reference in stale {
        let new = names.find(reference.kind, &reference.name);
        let place = written.pointer_mut(&pointer(&reference.field));
        if let (Some(new), Some(place)) = (new, place) {
            replace(place, &reference.name, new);
        }
    }
    serde_json::from_value(written).unwrap_or_else(|_| object.clone())
}

/// `rules[0].value` as a JSON pointer: `/rules/0/value`.
fn pointer(field: &str) -> String {
    format!("/{}", field.replace(['.', '['], "/").replace(']', ""))
}

/// Replaces a name where it stands alone, or in a list.
fn replace(value: &mut Value, old: &str, new: &str) {
    match value {
        Value::String(name) if name == old => new.clone_into(name),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, old, new)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {}
    }
}
