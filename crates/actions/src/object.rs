//! Definitions one by one: each an ordinary change of the organization, checked like every other.

use std::borrow::Cow;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::complaint::Complaint;
use domain::filter::Field;
use domain::filter::Filter;
use domain::filter::Form;
use domain::filter::Held;
use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::Organization;
use domain::organization::Settings;
use domain::organization::each_kind;
use domain::policy::State;
use domain::refusal::Refusal;
use pki::algorithm::Digest;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use utoipa::ToSchema;

use crate::App;
use crate::certificate::Page;
use crate::organization;
use crate::organization::Application;
use crate::organization::Applied;
use crate::organization::NotApplied;
use crate::organization::Outdated;
use crate::policy;

/// Most objects on one page.
const PAGE_MAX: u32 = 1000;

/// Longest text that objects are looked for by, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// The kinds that are defined one by one.
pub const KINDS: [Kind; 9] = [
    Kind::CertificateAuthority,
    Kind::ServerCertificate,
    Kind::CertificateTemplate,
    Kind::Gateway,
    Kind::PolicyWorkflow,
    Kind::EnrollmentPolicy,
    Kind::NetworkPolicy,
    Kind::NetworkProfile,
    Kind::AccessPoint,
];

/// What lists of objects can be asked by.
pub static FIELDS: [Field; 5] = [
    Field { name: "name", form: Form::Text, meaning: "what it is called" },
    Field { name: "slug", form: Form::Text, meaning: "the part of its URLs that names it" },
    Field { name: "description", form: Form::Text, meaning: "what administrators say of it" },
    Field {
        name: "state",
        form: Form::Word(states),
        meaning: "of workflows and policies: whether it decides anything now",
    },
    Field { name: "text", form: Form::Search, meaning: "a word of name, slug or description" },
];

fn states() -> Vec<&'static str> {
    State::ALL.map(State::as_str).to_vec()
}

/// A definition, as people and programs see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Definition)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// The part of its URLs that names it.
    pub slug: String,
    /// Its place among its kind, from 1.
    pub position: usize,
    /// Whether it decides anything now: a draft does not. Of workflows and policies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Tells this version of it from every other.
    pub etag: String,
    /// As the declarative file has it.
    pub definition: Value,
}

/// Which objects, and which part of their list.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// What name, slug or description holds, whatever the case of its letters.
    pub search: String,
    /// In the language of filters, with the fields of [`FIELDS`]; empty for all.
    pub filter: String,
    /// By what they are ordered.
    pub sort: Sort,
    /// The `next` of another page of the same list.
    pub cursor: Option<String>,
    /// Most items.
    pub limit: u32,
}

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// As they are defined; policies are asked in this order.
    #[default]
    Position,
    /// By name.
    Name,
}

/// How an object is saved.
#[derive(Clone, Debug, Default)]
pub struct Saving {
    /// The version that is meant: refused if it is another by now.
    pub etag: Option<String>,
    /// Its place among its kind, from 1; where it is, or behind all others.
    pub position: Option<usize>,
    /// Only say what would change.
    pub dry_run: bool,
    /// How many may lose something by it, where that is more than a few.
    pub confirm: Option<u64>,
}

/// What became of an object.
#[derive(Debug)]
pub struct Saved {
    /// As it is now; as it was, if only tried out.
    pub shown: Option<Shown>,
    /// What was changed, or would be, and secrets that are shown once.
    pub applied: Applied,
}

/// A page of the objects of a kind.
pub fn list(app: &App, actor: &Actor, kind: Kind, choice: &Choice) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    if choice.search.len() > TEXT_BYTES_MAX {
        return Err(wrong("search", &format!("is longer than {TEXT_BYTES_MAX} bytes")));
    }
    let filter = Filter::parse(&choice.filter, &FIELDS, app.world.time())?;
    let search = choice.search.to_lowercase();
    let mut all = all(app, kind);
    if choice.sort == Sort::Name {
        all.sort_by(|one, other| one.name.cmp(&other.name));
    }
    let begin = match &choice.cursor {
        None => 0,
        Some(slug) => {
            let place = all.iter().position(|one| one.slug == *slug);
            place.ok_or_else(|| wrong("cursor", "is not the next of a page of this list"))? + 1
        }
    };
    let holds = |text: &str| text.to_lowercase().contains(&search);
    let fits = |one: &Shown| {
        let description = one.definition.get("description").and_then(Value::as_str);
        holds(&one.name) || holds(&one.slug) || description.is_some_and(holds)
    };
    let fits = |one: &Shown| fits(one) && filter.matches(|field| held(one, field));
    let limit = usize::try_from(choice.limit.clamp(1, PAGE_MAX)).unwrap_or(usize::MAX);
    let mut found: Vec<Shown> = all.into_iter().skip(begin).filter(fits).take(limit + 1).collect();
    let is_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| is_more).map(|last| last.slug.clone());
    Ok(Page { items: found, next })
}

/// What a filter finds in an object.
fn held<'a>(one: &'a Shown, field: &str) -> Held<'a> {
    let description = one.definition.get("description").and_then(Value::as_str);
    let texts = match field {
        "name" => vec![one.name.as_str()],
        "slug" => vec![one.slug.as_str()],
        "description" => description.into_iter().collect(),
        "state" => one.state.map(State::as_str).into_iter().collect(),
        _ => [one.name.as_str(), one.slug.as_str()].into_iter().chain(description).collect(),
    };
    Held::Texts(texts.into_iter().map(Cow::Borrowed).collect())
}

/// The names of the objects of a kind, in their order.
pub fn names(organization: &Organization, kind: Kind) -> Vec<String> {
    definitions(organization, kind).into_iter().map(|one| one.name).collect()
}

/// The slug of the object of this name.
pub fn slug_of(organization: &Organization, kind: Kind, name: &str) -> Option<String> {
    let all = definitions(organization, kind);
    all.into_iter().find(|one| one.name == name).map(|one| one.slug)
}

/// One object, by its name or slug.
pub fn show(app: &App, actor: &Actor, kind: Kind, name: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    find(app, kind, name)
}

/// Makes an object, which must be new.
pub async fn create(
    app: &App,
    actor: &Actor,
    kind: Kind,
    (definition, saving): (Value, Saving),
) -> Result<Saved, NotApplied> {
    actor.may(Permission::to_change(kind))?;
    let name = name_of(&definition)?;
    save(app, actor, (kind, &name, None), (definition, saving)).await
}

/// Puts a definition in the place of an object.
pub async fn replace(
    app: &App,
    actor: &Actor,
    (kind, name): (Kind, &str),
    (definition, saving): (Value, Saving),
) -> Result<Saved, NotApplied> {
    actor.may(Permission::to_change(kind))?;
    let before = find(app, kind, name)?;
    let new_name = name_of(&definition)?;
    let mut definition = definition;
    if new_name != before.name {
        rename(&mut definition, &before.name);
    }
    save(app, actor, (kind, &new_name, Some(&before)), (definition, saving)).await
}

/// Changes fields of an object (a JSON merge patch, RFC 7396): null takes a field back.
pub async fn change(
    app: &App,
    actor: &Actor,
    (kind, name): (Kind, &str),
    (patch, saving): (Map<String, Value>, Saving),
) -> Result<Saved, NotApplied> {
    actor.may(Permission::to_change(kind))?;
    let before = find(app, kind, name)?;
    let mut definition = before.definition.clone();
    merge_patch(&mut definition, Value::Object(patch), 0);
    // Without one it was not said which version is meant; what was patched must not be lost.
    let etag = saving.etag.clone().or_else(|| Some(before.etag.clone()));
    let saving = Saving { etag, ..saving };
    replace(app, actor, (kind, &before.name), (definition, saving)).await
}

/// Removes an object that no other names.
pub async fn remove(
    app: &App,
    actor: &Actor,
    (kind, name): (Kind, &str),
    saving: Saving,
) -> Result<Applied, NotApplied> {
    actor.may(Permission::to_change(kind))?;
    let before = find(app, kind, name)?;
    let application = Application {
        document: json!({}),
        dry_run: saving.dry_run,
        confirm: saving.confirm,
        expected: expected(kind, &before, saving.etag),
        about: Some(format!("{kind}:{}", before.name)),
        remove: vec![(kind, before.name)],
        ..Application::default()
    };
    organization::apply(app, actor, application).await
}

async fn save(
    app: &App,
    actor: &Actor,
    (kind, name, before): (Kind, &str, Option<&Shown>),
    (definition, saving): (Value, Saving),
) -> Result<Saved, NotApplied> {
    let mut proposed = definition.clone();
    // What is told back was not to be told.
    if let Some(proposed) = proposed.as_object_mut() {
        proposed.remove("shared_secret");
    }
    let place = saving.position.map(|position| position.saturating_sub(1));
    let application = Application {
        single: Some(Single {
            kind,
            before: before.map(|before| before.name.clone()),
            definition,
            place,
        }),
        about: Some(format!("{kind}:{}", before.map_or(name, |before| &before.name))),
        dry_run: saving.dry_run,
        confirm: saving.confirm,
        expected: before.and_then(|before| expected(kind, before, saving.etag)),
        ..Application::default()
    };
    let applied = organization::apply(app, actor, application).await;
    let applied = applied.map_err(|not_applied| match not_applied {
        NotApplied::Outdated(outdated) => {
            NotApplied::Outdated(Box::new(Outdated { proposed, ..*outdated }))
        }
        other @ (NotApplied::Complaints(_) | NotApplied::Refused(_)) => local(kind, other),
    })?;
    let shown = find(app, kind, name).ok().or_else(|| before.cloned());
    Ok(Saved { shown, applied })
}

/// The version that is to be there when the change is made.
fn expected(kind: Kind, before: &Shown, etag: Option<String>) -> Option<Expected> {
    let name = before.name.clone();
    etag.map(|etag| Expected { kind, name, etag })
}

/// A version of an object that a change rests on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Expected {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What tells it from others.
    pub etag: String,
}

impl Expected {
    /// Whether the object is as it is meant to be; else how it is.
    pub(crate) fn check(&self, organization: &Organization) -> Result<(), Option<Shown>> {
        if self.kind == Kind::Organization {
            let etag = etag_of_settings(&organization.settings);
            return if etag == self.etag || self.etag == "*" { Ok(()) } else { Err(None) };
        }
        let found = definitions(organization, self.kind);
        let found = found.into_iter().find(|one| one.name == self.name);
        match found {
            Some(found) if self.etag == "*" || found.etag == self.etag => Ok(()),
            other => Err(other),
        }
    }
}

/// One object that is saved, as it stands among its kind.
#[derive(Clone, Debug)]
pub struct Single {
    kind: Kind,
    /// What it is called now; none if it is new.
    before: Option<String>,
    definition: Value,
    /// Its place, from 0; where it is, or behind all others, if none.
    place: Option<usize>,
}

impl Single {
    /// A document of the one object. Where order decides it holds all of the kind, as they are in
    /// the moment of the change: what a document does not name would stand behind.
    pub(crate) fn document(self, organization: &Organization) -> Result<Value, Refusal> {
        let Self { kind, before, definition, place } = self;
        let all = definitions(organization, kind);
        let name = definition.get("name").and_then(Value::as_str).unwrap_or_default();
        if before.is_none() && all.iter().any(|one| one.name == name) {
            let what = format!("there is a {} \"{name}\" already", kind.words());
            return Err(Refusal::Conflict { what });
        }
        if !kind.is_ordered() {
            return Ok(json!({ kind.as_str(): [definition] }));
        }
        let own = all.iter().position(|one| Some(&one.name) == before.as_ref());
        let others = all.into_iter().filter(|one| Some(&one.name) != before.as_ref());
        let mut list: Vec<Value> = others.map(|one| one.definition).collect();
        list.insert(place.or(own).unwrap_or(list.len()).min(list.len()), definition);
        Ok(json!({ kind.as_str(): list }))
    }
}

/// Refuses to remove what is not there.
pub(crate) fn check_there(
    organization: &Organization,
    remove: &[(Kind, String)],
) -> Result<(), Refusal> {
    for (kind, name) in remove {
        if !definitions(organization, *kind).iter().any(|one| one.name == *name) {
            return Err(Refusal::NotFound { noun: kind.words(), name: name.clone() });
        }
    }
    Ok(())
}

/// Complaints about a single object name its fields without its place in a document.
pub fn local(kind: Kind, not_applied: NotApplied) -> NotApplied {
    let NotApplied::Complaints(complaints) = not_applied else { return not_applied };
    let own = |complaint: Complaint| {
        let rest = complaint.path.strip_prefix(kind.as_str()).and_then(|rest| {
            let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
            index.parse::<usize>().ok()?;
            Some(rest.trim_start_matches('.').to_owned())
        });
        match rest {
            Some(path) => Complaint { path, ..complaint },
            None => complaint,
        }
    };
    NotApplied::Complaints(complaints.into_iter().map(own).collect())
}

fn name_of(definition: &Value) -> Result<String, NotApplied> {
    match definition.get("name") {
        Some(Value::String(name)) => Ok(name.clone()),
        Some(_) | None => {
            let fix = "say what it is called, as a text";
            Err(NotApplied::Complaints(vec![Complaint::new("name", "is missing", fix)]))
        }
    }
}

/// Lets a definition say what it was called before.
pub fn rename(definition: &mut Value, before: &str) {
    let Some(definition) = definition.as_object_mut() else { return };
    let mut names = vec![Value::from(before)];
    match definition.remove("renamed_from") {
        Some(Value::Array(earlier)) => names.extend(earlier),
        Some(Value::Null) | None => {}
        Some(earlier) => names.push(earlier),
    }
    // Called again what it was called once, that is no former name any more.
    let own = definition.get("name").cloned().unwrap_or_default();
    names.retain(|name| *name != own);
    definition.insert("renamed_from".to_owned(), Value::from(names));
}

/// Deepest nesting of a patch; definitions have four levels.
const PATCH_DEPTH_MAX: usize = 16;

/// RFC 7396, section 2.
fn merge_patch(target: &mut Value, patch: Value, depth: usize) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(target) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.remove(&key);
        } else if depth < PATCH_DEPTH_MAX {
            merge_patch(target.entry(key).or_insert(Value::Null), value, depth + 1);
        }
    }
}

fn find(app: &App, kind: Kind, name: &str) -> Result<Shown, Refusal> {
    let all = all(app, kind);
    let by_name = all.iter().position(|one| one.name == name);
    let place = by_name.or_else(|| all.iter().position(|one| one.slug == name));
    let missing = || Refusal::NotFound { noun: kind.words(), name: name.to_owned() };
    place.and_then(|place| all.into_iter().nth(place)).ok_or_else(missing)
}

fn all(app: &App, kind: Kind) -> Vec<Shown> {
    let rules = app.snapshot.rules();
    let mut all = definitions(&rules.organization, kind);
    for (shown, state) in all.iter_mut().zip(policy::states(app, &rules, kind)) {
        shown.state = Some(state);
    }
    all
}

/// The objects of a kind in their order.
fn definitions(organization: &Organization, kind: Kind) -> Vec<Shown> {
    let mut reader = Reader { organization, kind, all: Vec::new() };
    each_kind(&mut reader);
    reader.all
}

struct Reader<'a> {
    organization: &'a Organization,
    kind: Kind,
    all: Vec<Shown>,
}

impl EachKind for Reader<'_> {
    fn visit<T: Listed>(&mut self) {
        if T::KIND != self.kind {
            return;
        }
        for (index, object) in T::list(self.organization).iter().enumerate() {
            let definition = serde_json::to_value(object).unwrap_or_default();
            self.all.push(Shown {
                name: object.name().to_owned(),
                slug: object.slug().unwrap_or_default().to_owned(),
                position: index + 1,
                state: None,
                // Where order decides nothing, a place is nobody's change.
                etag: etag(if T::KIND.is_ordered() { index } else { 0 }, &definition),
                definition,
            });
        }
    }
}

/// Digits of an etag: of versions of one object, two in 2^64 look alike.
const ETAG_DIGITS: usize = 16;

fn etag(index: usize, definition: &Value) -> String {
    let text = format!("{index} {definition}");
    let digest = Digest::Sha256.compute(text.as_bytes()).unwrap_or_default();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.chars().take(ETAG_DIGITS).collect()
}

pub(crate) fn etag_of_settings(settings: &Settings) -> String {
    etag_of(0, settings)
}

/// Refuses a change that rests on another version of a record than is there now.
pub(crate) fn check_etag(
    expected: Option<&str>,
    current: &str,
    (noun, name): (&str, &str),
) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != current && expected != "*" => {
            let what = format!("somebody changed the {noun} \"{name}\" in the meantime");
            Err(Refusal::Conflict { what })
        }
        Some(_) | None => Ok(()),
    }
}

/// What tells this version of a definition from others.
pub(crate) fn etag_of(index: usize, definition: &impl Serialize) -> String {
    etag(index, &serde_json::to_value(definition).unwrap_or_default())
}

fn wrong(parameter: &str, what: &str) -> Refusal {
    Refusal::ParameterWrong { parameter: parameter.to_owned(), what: what.to_owned() }
}
