//! Plans: what a document would change in an organization, before anything is changed.

pub mod rename;

use std::collections::HashMap;
use std::collections::HashSet;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::certificate_authority::CertificateAuthority;
use crate::complaint::Complaint;
use crate::former_name::FormerNames;
use crate::object::Kind;
use crate::organization::EachKind;
use crate::organization::Listed;
use crate::organization::Organization;
use crate::organization::check;
use crate::organization::check::Places;
use crate::organization::document::Document;
use crate::organization::each_kind;
use crate::plan::rename::Renames;
use crate::secret::Secret;
use crate::slug;

/// What would change, object by object.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Plan {
    /// Objects that are new.
    pub create: Vec<Change>,
    /// Objects that become different.
    pub change: Vec<Change>,
    /// How many stay as they are.
    pub unchanged: usize,
    /// Objects that go.
    pub remove: Vec<Change>,
}

/// One object that would change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = PlanChange)]
pub struct Change {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The name that it has now, if it would get another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// Each field that differs; a secret is only said to be changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
}

impl Change {
    /// A change of an object that keeps its name.
    pub fn new(kind: Kind, name: impl Into<String>, fields: Vec<FieldChange>) -> Self {
        Self { kind, name: name.into(), renamed_from: None, fields }
    }
}

/// The objects that a plan would make or change, by kind and name.
#[derive(Debug)]
pub struct Touched<'a>(HashSet<(Kind, &'a str)>);

impl Touched<'_> {
    /// Whether an object is one of them.
    pub fn holds(&self, kind: Kind, name: &str) -> bool {
        self.0.contains(&(kind, name))
    }
}

/// One field that would change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What it holds now; null if nothing, or if it is secret.
    pub before: Value,
    /// What it would hold.
    pub after: Value,
}

/// An organization as it would be, and what led there.
#[derive(Clone, Debug)]
pub struct Merged {
    /// As it would be.
    pub organization: Organization,
    /// What would change.
    pub plan: Plan,
    /// Where the document's objects stand in it.
    places: Places,
}

impl Merged {
    /// The path of an object's field, for a complaint.
    pub fn path(&self, kind: Kind, name: &str, field: &str) -> String {
        path(&self.places, kind, name, field)
    }
}

fn path(places: &Places, kind: Kind, name: &str, field: &str) -> String {
    match places.get(&(kind, name.to_owned())) {
        Some(place) => format!("{place}.{field}"),
        None => format!("{kind} \"{name}\".{field}"),
    }
}

/// The shared secrets that access points have now, by name.
pub type SharedSecrets = HashMap<String, Secret>;

/// What of that which a document does not name goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Going<'a> {
    /// Nothing.
    Nothing,
    /// Everything.
    Unnamed,
    /// These, each by its kind and name.
    These(&'a [(Kind, String)]),
}

impl Going<'_> {
    fn takes(self, kind: Kind, name: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Unnamed => true,
            Self::These(these) => these.iter().any(|(its, one)| *its == kind && one == name),
        }
    }
}

/// Puts a document over an organization, or says all that is wrong with the result.
///
/// Objects that the document does not name stay, unless they are `going`; ordered ones stand behind
/// those that it names.
pub fn merge(
    current: &Organization,
    secrets: &SharedSecrets,
    document: Document,
    going: Going<'_>,
) -> Result<Merged, Vec<Complaint>> {
    let Document { settings, mut objects, .. } = document;
    let settings = settings.unwrap_or_else(|| current.settings.clone());
    let mut complaints = Vec::new();
    let renames = Renames::find(current, &mut objects, &mut complaints);
    let renamed = renames.applied(current);
    let mut merger = Merger {
        current,
        renames,
        renamed: &renamed,
        secrets,
        going,
        document: objects,
        merged: Organization { settings, ..Organization::default() },
        places: Places::new(),
        plan: Plan::default(),
        complaints,
    };
    merger.settings();
    each_kind(&mut merger);
    merger.shared_secrets();
    let Merger { merged, places, plan, mut complaints, .. } = merger;
    let gone = plan.remove.iter().map(|change| (change.kind, change.name.clone())).collect();
    complaints.extend(check::check(&merged, &places, &gone));
    complaints.extend(signed_by_disabled(&merged, &plan, &places));
    if !complaints.is_empty() {
        return Err(complaints);
    }
    Ok(Merged { organization: merged, plan, places })
}

impl Plan {
    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.change.is_empty() && self.remove.is_empty()
    }

    /// Whether an object of this kind and name would be made.
    pub fn creates(&self, kind: Kind, name: &str) -> bool {
        self.create.iter().any(|change| change.kind == kind && change.name == name)
    }

    /// The objects that would be made.
    pub fn created(&self) -> Touched<'_> {
        Touched(names(&self.create).collect())
    }

    /// The objects that would be made or changed.
    pub fn touched(&self) -> Touched<'_> {
        Touched(names(&self.create).chain(names(&self.change)).collect())
    }

    /// What would get another name: kind, old name, new name.
    pub fn renamed(&self) -> impl Iterator<Item = (Kind, &str, &str)> {
        let changes = self.change.iter();
        changes.filter_map(|one| Some((one.kind, one.renamed_from.as_deref()?, &*one.name)))
    }

    /// The server certificates that are new, or say something else than before: for these a key and
    /// a certificate are made.
    pub fn made_server_keys(&self) -> Touched<'_> {
        let changed = self.change.iter().filter(|change| {
            change.kind == Kind::ServerCertificate
                && change.fields.iter().any(|field| field.field != "slug")
        });
        let created = self.create.iter().filter(|one| one.kind == Kind::ServerCertificate);
        Touched(names(created.chain(changed)).collect())
    }
}

fn names<'a>(
    changes: impl IntoIterator<Item = &'a Change>,
) -> impl Iterator<Item = (Kind, &'a str)> {
    changes.into_iter().map(|change| (change.kind, change.name.as_str()))
}

/// What would have to be signed by an authority that is disabled.
fn signed_by_disabled(merged: &Organization, plan: &Plan, places: &Places) -> Vec<Complaint> {
    let (created, made) = (plan.created(), plan.made_server_keys());
    let authorities = merged.certificate_authority.iter();
    let authorities =
        authorities.filter(|one| created.holds(Kind::CertificateAuthority, &one.name));
    let authorities = authorities.filter_map(|one| {
        Some((Kind::CertificateAuthority, &one.name, "issuer", one.issuer.as_ref()?))
    });
    let servers = merged.server_certificate.iter();
    let servers = servers.filter(|one| made.holds(Kind::ServerCertificate, &one.name)).map(|one| {
        let field = "certificate_authority";
        (Kind::ServerCertificate, &one.name, field, &one.certificate_authority)
    });
    // One that comes disabled signs what comes with it, as it did where the file was written.
    let is_disabled = |name: &str| {
        let found = merged.find::<CertificateAuthority>(name);
        found.is_some_and(|authority| authority.disabled)
            && !created.holds(Kind::CertificateAuthority, name)
    };
    authorities
        .chain(servers)
        .filter(|(_, _, _, signer)| is_disabled(signer))
        .map(|(kind, name, field, signer)| {
            let what = format!("\"{signer}\" is disabled and issues nothing more");
            let fix = "name another authority, or set disabled = false in that one";
            Complaint::new(path(places, kind, name, field), what, fix)
        })
        .collect()
}

struct Merger<'a> {
    /// As it is.
    current: &'a Organization,
    renames: Renames,
    /// As it is, under the names that the document gives.
    renamed: &'a Organization,
    secrets: &'a SharedSecrets,
    going: Going<'a>,
    document: Organization,
    merged: Organization,
    places: Places,
    plan: Plan,
    complaints: Vec<Complaint>,
}

impl EachKind for Merger<'_> {
    fn visit<T: Listed>(&mut self) {
        let existing: HashMap<&str, (usize, &T)> = T::list(self.renamed)
            .iter()
            .enumerate()
            .map(|(position, object)| (object.name(), (position, object)))
            .collect();
        let mut named = core::mem::take(T::list_mut(&mut self.document));
        self.duplicates(&named);
        for (index, object) in named.iter_mut().enumerate() {
            let place = format!("{}[{index}]", T::KIND);
            let before = existing.get(object.name()).map(|(_, before)| *before);
            self.slug(object, before, &place);
            self.places.insert((T::KIND, object.name().to_owned()), place);
        }
        let merged = self.order(named, &existing);
        for (position, object) in merged.iter().enumerate() {
            let place = existing.get(object.name()).map(|(position, _)| *position);
            self.compare(object, position, place);
        }
        *T::list_mut(&mut self.merged) = merged;
    }
}

impl Merger<'_> {
    fn settings(&mut self) {
        let before = serde_json::to_value(&self.current.settings).unwrap_or_default();
        let after = serde_json::to_value(&self.merged.settings).unwrap_or_default();
        let fields = differences(&before, &after);
        if fields.is_empty() {
            self.plan.unchanged += 1;
            return;
        }
        let name = self.merged.settings.name.clone();
        self.plan.change.push(Change::new(Kind::Organization, name, fields));
    }

    fn duplicates<T: Listed>(&mut self, named: &[T]) {
        let mut seen = HashSet::new();
        for (index, object) in named.iter().enumerate() {
            if !seen.insert(object.name()) {
                self.complaints.push(Complaint::new(
                    format!("{}[{index}].name", T::KIND),
                    format!("there is another {} \"{}\"", T::KIND.words(), object.name()),
                    "names are unique within their kind: rename one of them",
                ));
            }
        }
    }

    fn slug<T: Listed>(&mut self, object: &mut T, before: Option<&T>, place: &str) {
        if let Some(given) = object.slug() {
            let given = given.to_owned();
            let complaints = &mut self.complaints;
            slug::check(&given, &mut crate::complaint::Complaints::new(place, complaints));
            return;
        }
        let kept = before.and_then(|before| before.slug()).map(str::to_owned);
        let slug = kept.unwrap_or_else(|| slug::from_name(object.name()));
        if slug.is_empty() {
            self.complaints.push(Complaint::new(
                format!("{place}.name"),
                "has no letter or digit that a URL can show",
                "give the object a slug of its own: slug = \"…\"",
            ));
        }
        object.keep_slug(slug);
    }

    /// Named objects first where order decides; elsewhere everything keeps its place.
    fn order<T: Listed>(&mut self, named: Vec<T>, existing: &HashMap<&str, (usize, &T)>) -> Vec<T> {
        let names: HashSet<String> = named.iter().map(|object| object.name().to_owned()).collect();
        let (mut merged, mut fresh) = (Vec::new(), Vec::new());
        if T::KIND.is_ordered() {
            merged.extend(named);
        } else {
            let mut by_name: HashMap<String, T> = HashMap::new();
            for object in named {
                if existing.contains_key(object.name()) {
                    by_name.insert(object.name().to_owned(), object);
                } else {
                    fresh.push(object);
                }
            }
            let changed = T::list(self.renamed).iter();
            merged.extend(changed.filter_map(|object| by_name.remove(object.name())));
        }
        let left: Vec<&T> =
            T::list(self.renamed).iter().filter(|object| !names.contains(object.name())).collect();
        let going = self.going;
        let (gone, staying): (Vec<&T>, Vec<&T>) =
            left.into_iter().partition(|object| going.takes(T::KIND, object.name()));
        self.remove(&gone, &names);
        merged.extend(staying.into_iter().cloned());
        if !T::KIND.is_ordered() {
            merged.sort_by_key(|object| existing.get(object.name()).map(|(position, _)| *position));
        }
        merged.extend(fresh);
        merged
    }

    fn remove<T: Listed>(&mut self, gone: &[&T], named: &HashSet<String>) {
        for object in gone {
            let name = object.name().to_owned();
            let place = || format!("{} \"{name}\"", T::KIND);
            if T::KIND.holds_key() {
                let (what, fix) = match self.going {
                    Going::These(_) => (
                        "holds a key, and what holds a key is never removed",
                        "set disabled = true in an authority; leave a server certificate be",
                    ),
                    Going::Unnamed | Going::Nothing => (
                        "would be pruned, and what holds a key is never removed",
                        "name it in the file, or apply without --prune",
                    ),
                };
                self.complaints.push(Complaint::new(place(), what, fix));
                continue;
            }
            let former = object.renamed_from().into_iter().flat_map(FormerNames::names);
            if let Some(former) = former.into_iter().find(|former| named.contains(*former)) {
                let what = format!("would be pruned for a new one, and was called \"{former}\"");
                let fix = "write its present name in the file, or remove it first";
                self.complaints.push(Complaint::new(place(), what, fix));
                continue;
            }
            self.plan.remove.push(Change::new(T::KIND, name, Vec::new()));
        }
    }

    /// Compares an object with what stands at its place now: renaming moves nothing.
    fn compare<T: Listed>(&mut self, object: &T, position: usize, place: Option<usize>) {
        let name = object.name().to_owned();
        let before = place.and_then(|place| Some((place, T::list(self.current).get(place)?)));
        let Some((position_before, before)) = before else {
            let fields = serde_json::to_value(object).unwrap_or_default();
            let mut fields = differences(&Value::Null, &fields);
            fields.retain(|field| field.field != "name");
            self.plan.create.push(Change::new(T::KIND, name, fields));
            return;
        };
        let mut fields = if before == object {
            Vec::new()
        } else {
            let before = serde_json::to_value(before).unwrap_or_default();
            differences(&before, &serde_json::to_value(object).unwrap_or_default())
        };
        if T::KIND.is_ordered() && position != position_before {
            let (before, after) = (Value::from(position_before + 1), Value::from(position + 1));
            fields.push(FieldChange { field: "position".to_owned(), before, after });
        }
        if T::KIND == Kind::CertificateAuthority {
            self.frozen::<T>(&name, &fields);
        }
        if fields.is_empty() {
            self.plan.unchanged += 1;
        } else {
            let renamed_from = self.renames.old_name(T::KIND, &name).map(str::to_owned);
            self.plan.change.push(Change { kind: T::KIND, name, renamed_from, fields });
        }
    }

    /// An authority is what its certificate says; only its description and slug may change, and
    /// whether it issues.
    fn frozen<T: Listed>(&mut self, name: &str, fields: &[FieldChange]) {
        let place = self.places.get(&(T::KIND, name.to_owned())).cloned().unwrap_or_default();
        for change in fields {
            if !matches!(change.field.as_str(), "description" | "disabled" | "slug") {
                self.complaints.push(Complaint::new(
                    format!("{place}.{}", change.field),
                    format!("would change from {} to {}", change.before, change.after),
                    "an authority is what its certificate says: define another authority",
                ));
            }
        }
    }

    /// A new access point needs a secret; of an old one it is only told whether it changes.
    fn shared_secrets(&mut self) {
        let mut changed = Vec::new();
        for point in &self.merged.access_point {
            let kind = Kind::AccessPoint;
            let place = self.places.get(&(kind, point.name.clone())).cloned().unwrap_or_default();
            let known = self.renames.old_name(kind, &point.name).unwrap_or(&point.name);
            match (&point.shared_secret, self.secrets.get(known)) {
                (None, None) => self.complaints.push(Complaint::new(
                    format!("{place}.shared_secret"),
                    "is missing, and the access point has none yet",
                    "give shared_secret, or shared_secret_file",
                )),
                (Some(given), Some(kept)) if given != kept => changed.push(point.name.as_str()),
                (Some(_) | None, Some(_)) | (Some(_), None) => {}
            }
        }
        self.plan.secrets_change(&changed);
    }
}

impl Plan {
    /// Says that these access points get another secret.
    fn secrets_change(&mut self, points: &[&str]) {
        let mut points: HashSet<&str> = points.iter().copied().collect();
        let field = || FieldChange {
            field: "shared_secret".to_owned(),
            before: Value::Null,
            after: Value::from("changed"),
        };
        for change in self.change.iter_mut().filter(|change| change.kind == Kind::AccessPoint) {
            if points.remove(change.name.as_str()) {
                change.fields.push(field());
            }
        }
        let mut left: Vec<&str> = points.into_iter().collect();
        left.sort_unstable();
        self.unchanged = self.unchanged.saturating_sub(left.len());
        let left = left.into_iter();
        self.change.extend(left.map(|name| Change::new(Kind::AccessPoint, name, vec![field()])));
    }
}

/// The fields in which two objects differ.
pub fn differences(before: &Value, after: &Value) -> Vec<FieldChange> {
    let empty = serde_json::Map::new();
    let before = before.as_object().unwrap_or(&empty);
    let after = after.as_object().unwrap_or(&empty);
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort();
    fields.dedup();
    let value = |map: &serde_json::Map<String, Value>, field: &String| {
        map.get(field).cloned().unwrap_or_default()
    };
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| FieldChange {
            field: field.clone(),
            before: value(before, field),
            after: value(after, field),
        })
        .collect()
}
