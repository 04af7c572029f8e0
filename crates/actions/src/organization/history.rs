//! Versions of what administrators defined: who changed what, from what, and the way back.

use std::collections::HashMap;
use std::collections::HashSet;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::former_name;
use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::Organization;
use domain::organization::each_kind;
use domain::plan::Change;
use domain::plan::FieldChange;
use domain::plan::Merged;
use domain::plan::differences;
use domain::plan::rename;
use domain::refusal::Refusal;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use store::StoreError;
use store::object_version;
use store::object_version::Version;
use store::write::Bookkeeping;
use store::write::CommitError;
use store::write::Why;
use store::write::Write;
use utoipa::ToSchema;

use crate::App;
use crate::certificate::Page;
use crate::object::Expected;
use crate::organization;
use crate::organization::Application;
use crate::organization::Applied;
use crate::organization::NotApplied;
use crate::unavailable;

/// One version of an object, as people and programs see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct ShownVersion {
    /// The version of the organization that it came with.
    pub version: i64,
    /// When.
    pub at: Time,
    /// Who did it.
    pub actor: String,
    /// `created`, `changed`, `removed`, or `renamed`: it goes on under another name.
    pub what: String,
    /// Each field that differs from the version before.
    pub fields: Vec<FieldChange>,
    /// The definition; none: it was removed.
    pub definition: Option<Value>,
}

/// Who wrote the versions that were there before versions were kept.
const BEFORE: &str = "before versions were kept";

/// Keeps a version of every object that a change touches.
pub(crate) fn keep(
    write: Write,
    merged: &Merged,
    (version, at): (i64, Time),
    actor: &Actor,
) -> Write {
    let plan = &merged.plan;
    let version = version.saturating_add(1);
    let actor = actor.name().to_owned();
    let write = keep_settings(write, merged, (version, at), &actor);
    let write = plan.remove.iter().fold(write, |write, change| {
        let (kind, name) = (change.kind, change.name.clone());
        object_version::keep(write, &gone((kind, name), None, (version, at), &actor))
    });
    let write = plan.renamed().fold(write, |write, (kind, old, new)| {
        let (old, new) = ((kind, old.to_owned()), Some(new.to_owned()));
        object_version::keep(write, &gone(old, new, (version, at), &actor))
    });
    let touched = plan.touched();
    let touched = |kind: Kind, name: &str| touched.holds(kind, name);
    let keeper = Keeper { organization: &merged.organization, touched, all: Vec::new() };
    versions(keeper).into_iter().fold(write, |write, (kind, name, position, body)| {
        let (body, renamed_to, actor) = (Some(body), None, actor.clone());
        let kept = Version { version, kind, name, position, body, renamed_to, at, actor };
        object_version::keep(write, &kept)
    })
}

/// What the settings are called in their history, whatever the organization is.
pub const SETTINGS: &str = "organization";

fn keep_settings(write: Write, merged: &Merged, (version, at): (i64, Time), actor: &str) -> Write {
    let kind = Kind::Organization;
    if !merged.plan.change.iter().any(|change| change.kind == kind) {
        return write;
    }
    let body = serde_json::to_value(&merged.organization.settings).ok();
    let (name, position, actor) = (SETTINGS.to_owned(), 0, actor.to_owned());
    object_version::keep(
        write,
        &Version { version, kind, name, position, body, renamed_to: None, at, actor },
    )
}

/// The last version of something under a name.
fn gone(
    (kind, name): (Kind, String),
    renamed_to: Option<String>,
    (version, at): (i64, Time),
    actor: &str,
) -> Version {
    let (position, body, actor) = (0, None, actor.to_owned());
    Version { version, kind, name, position, body, renamed_to, at, actor }
}

/// Begins the history of an organization that was defined before versions were kept.
pub(crate) async fn begin(
    store: &store::Store,
    (organization, version): (&Organization, i64),
    at: Time,
) -> Result<(), StoreError> {
    if version == 0 || object_version::newest(store).await?.is_some() {
        return Ok(());
    }
    let keeper = Keeper { organization, touched: |_: Kind, _: &str| true, all: Vec::new() };
    let mut write = Write::new();
    for (kind, name, position, body) in versions(keeper) {
        let (body, renamed_to, actor) = (Some(body), None, BEFORE.to_owned());
        let kept = Version { version, kind, name, position, body, renamed_to, at, actor };
        write = object_version::keep(write, &kept);
    }
    match write.commit(store, Why::Bookkeeping(Bookkeeping::VersionsBegun)).await {
        // Another server began at the same time.
        Ok(()) | Err(CommitError::Conflict(_) | CommitError::Constraint(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
        Err(error @ CommitError::Unexplained) => Err(StoreError::Statement(error.to_string())),
    }
}

type Touched = (Kind, String, i64, Value);

struct Keeper<'a, F> {
    organization: &'a Organization,
    touched: F,
    all: Vec<Touched>,
}

fn versions<F: Fn(Kind, &str) -> bool>(mut keeper: Keeper<'_, F>) -> Vec<Touched> {
    each_kind(&mut keeper);
    keeper.all
}

impl<F: Fn(Kind, &str) -> bool> EachKind for Keeper<'_, F> {
    fn visit<T: Listed>(&mut self) {
        for (position, object) in T::list(self.organization).iter().enumerate() {
            let body = serde_json::to_value(object);
            if let (true, Ok(body)) = ((self.touched)(T::KIND, object.name()), body) {
                let position = i64::try_from(position).unwrap_or(i64::MAX);
                self.all.push((T::KIND, object.name().to_owned(), position, body));
            }
        }
    }
}

/// What a change makes and takes away, as events tell it.
#[derive(Debug, Default)]
pub(crate) struct Definitions(HashMap<(Kind, String), Value>);

impl Definitions {
    /// Those of a change of this organization.
    pub(crate) fn of(current: &Organization, merged: &Merged) -> Self {
        let of_change = |changes: &[Change]| {
            changes.iter().map(|change| (change.kind, change.name.clone())).collect()
        };
        let (made, gone): (HashSet<_>, HashSet<_>) =
            (of_change(&merged.plan.create), of_change(&merged.plan.remove));
        let mut all = HashMap::new();
        for (organization, names) in [(&merged.organization, made), (current, gone)] {
            if names.is_empty() {
                continue;
            }
            let touched = |kind: Kind, name: &str| names.contains(&(kind, name.to_owned()));
            let found = versions(Keeper { organization, touched, all: Vec::new() });
            all.extend(found.into_iter().map(|(kind, name, _, body)| ((kind, name), body)));
        }
        Self(all)
    }

    /// Adds records of the inventory.
    pub(crate) fn with(mut self, records: impl Iterator<Item = (Kind, String, Value)>) -> Self {
        self.0.extend(records.map(|(kind, name, record)| ((kind, name), record)));
        self
    }

    /// What is known of an object that comes or goes.
    pub(crate) fn find(&self, kind: Kind, name: &str) -> Option<&Value> {
        self.0.get(&(kind, name.to_owned()))
    }
}

/// The versions of an object, newest first, each with what it changed.
pub async fn list(
    app: &App,
    actor: &Actor,
    (kind, name): (Kind, &str),
    (before, limit): (Option<i64>, u32),
) -> Result<Page<ShownVersion>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let limit = limit.clamp(1, object_version::PAGE_MAX - 1);
    // One more, for what the last one changed.
    let read = of_all_names(app, (kind, name), before, limit + 1).await?;
    if read.is_empty() && before.is_none() {
        return Err(Refusal::NotFound { noun: kind.words(), name: name.to_owned() });
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let earlier = read.iter().skip(1).map(Some).chain([None]);
    let items: Vec<ShownVersion> =
        read.iter().zip(earlier).take(limit).map(|(one, before)| shown(one, before)).collect();
    let next = items.last().filter(|_| read.len() > limit).map(|last| last.version.to_string());
    Ok(Page { items, next })
}

/// The versions of an object under all the names that it had, newest first.
async fn of_all_names(
    app: &App,
    (kind, name): (Kind, &str),
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Version>, Refusal> {
    let former = former_names(&app.snapshot.rules().organization, kind, name);
    let mut all = Vec::new();
    for (index, name) in core::iter::once(name).chain(former.iter().map(String::as_str)).enumerate()
    {
        let read = object_version::list(&app.store, (kind, name), before, limit).await;
        // That it lost a former name is told by the version of its next one.
        let own = read.map_err(unavailable)?.into_iter();
        all.extend(own.filter(|one| index == 0 || one.renamed_to.is_none()));
    }
    all.sort_by_key(|one| core::cmp::Reverse(one.version));
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

/// What an object was called before.
pub(crate) fn former_names(organization: &Organization, kind: Kind, name: &str) -> Vec<String> {
    struct Finder<'a>(&'a Organization, Kind, &'a str, Vec<String>);
    impl EachKind for Finder<'_> {
        fn visit<T: Listed>(&mut self) {
            let wanted = (T::KIND == self.1).then(|| self.0.find::<T>(self.2)).flatten();
            self.3.extend(wanted.into_iter().flat_map(former_name::of).cloned());
        }
    }
    let mut finder = Finder(organization, kind, name, Vec::new());
    each_kind(&mut finder);
    finder.3
}

fn shown(one: &Version, before: Option<&Version>) -> ShownVersion {
    let earlier = before.and_then(|before| before.body.as_ref());
    let what = match (&one.body, earlier) {
        (None, _) if one.renamed_to.is_some() => "renamed",
        (None, _) => "removed",
        (Some(_), None) => "created",
        (Some(_), Some(_)) => "changed",
    };
    let mut fields = match (&one.body, earlier) {
        (Some(body), Some(earlier)) => differences(earlier, body),
        (Some(_) | None, _) => Vec::new(),
    };
    if let Some(new) = &one.renamed_to {
        let (before, after) = (json!(one.name), json!(new));
        fields.push(FieldChange { field: "name".to_owned(), before, after });
    }
    let moved = before.filter(|before| what == "changed" && before.position != one.position);
    if let Some(before) = moved {
        let (before, after) = (json!(before.position + 1), json!(one.position + 1));
        fields.push(FieldChange { field: "position".to_owned(), before, after });
    }
    // Of access points only: no definition holds the secret, and a version comes with a change.
    if what == "changed" && fields.is_empty() && one.kind == Kind::AccessPoint {
        let (before, after) = (Value::Null, json!("changed"));
        fields.push(FieldChange { field: "shared_secret".to_owned(), before, after });
    }
    ShownVersion {
        version: one.version,
        at: one.at,
        actor: one.actor.clone(),
        what: what.to_owned(),
        fields,
        definition: one.body.clone(),
    }
}

/// Which version to go back to, and how.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    /// The version of the organization.
    pub version: i64,
    /// Only say what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// How many devices may lose access by it, where that is more than a few.
    #[serde(default)]
    pub confirm: Option<u64>,
}

/// Lets an object be again what it was in a version: an ordinary change, checked like every other.
/// Refused if it is not of the version that is meant any more, where one is.
pub async fn roll_back(
    app: &App,
    actor: &Actor,
    (kind, name): (Kind, &str),
    (RollBack { version, dry_run, confirm }, etag): (RollBack, Option<String>),
) -> Result<Applied, NotApplied> {
    actor.may(Permission::to_change(kind))?;
    let missing = || Refusal::NotFound {
        noun: format!("version of {}", kind.words()),
        name: version.to_string(),
    };
    let before = Some(version.saturating_add(1));
    let found = of_all_names(app, (kind, name), before, 1).await?.into_iter().next();
    let found = found.ok_or_else(missing)?;
    let body = found.body.ok_or_else(|| Refusal::Conflict {
        what: match &found.renamed_to {
            Some(new) => format!("the {} \"{name}\" is called \"{new}\" now", kind.words()),
            None => format!("the {} \"{name}\" was removed in version {version}", kind.words()),
        },
    })?;
    let rules = app.snapshot.rules();
    let mut body = rename::under_names_of_now(kind, body, &rules.policies.names);
    if let Some(fields) = body.as_object_mut() {
        // It keeps the names that it had since.
        fields.remove("renamed_from");
    }
    let mut document = Document { kind, name, place: found.position, body, list: Vec::new() };
    document.fill(&rules.organization);
    let document = json!({ kind.as_str(): document.list });
    let application = Application {
        document,
        version: Some(rules.version),
        expected: etag.map(|etag| Expected { kind, name: name.to_owned(), etag }),
        about: Some(format!("{kind}:{name}")),
        dry_run,
        confirm,
        ..Application::default()
    };
    organization::apply(app, actor, application).await
}

/// All objects of a kind in their order, one of them as it was: what a document does not name would
/// stand behind.
struct Document<'a> {
    kind: Kind,
    name: &'a str,
    place: i64,
    body: Value,
    list: Vec<Value>,
}

impl Document<'_> {
    fn fill(&mut self, organization: &Organization) {
        let everything = |kind: Kind, _: &str| kind == self.kind;
        let keeper = Keeper { organization, touched: everything, all: Vec::new() };
        let mut found = false;
        let kept: Vec<Value> = versions(keeper)
            .into_iter()
            .map(|(_, name, _, body)| {
                let same = name == self.name;
                found |= same;
                if same { self.body.clone() } else { body }
            })
            .collect();
        self.list = kept;
        if !found {
            let place = usize::try_from(self.place).unwrap_or(0).min(self.list.len());
            self.list.insert(place, self.body.clone());
        }
    }
}
