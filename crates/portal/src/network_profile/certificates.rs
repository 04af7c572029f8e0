//! The Certificates section of a network profile: what devices trust, to be chosen among own
//! authorities and public roots, and to be taken along.

use std::sync::Arc;

use actions::network_profile;
use actions::network_profile::Origin;
use actions::network_profile::Trusted;
use actions::object;
use actions::object::Saving;
use actions::organization::NotApplied;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::complaint::Complaint;
use domain::network_profile::uploaded;
use domain::object::Kind;
use domain::plan::FieldChange;
use domain::refusal::Refusal;
use pki::pem;
use serde_json::Map;
use serde_json::Value;

use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form;
use crate::form::widget::Widget;
use crate::frame::Frame;
use crate::list::Link;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// The field that names what devices trust.
const FIELD: &str = "trusted_authorities";

/// The field of those that were given as PEM.
const GIVEN: &str = "trusted_certificates";

/// Most names that are read out of a form.
const NAMES_MAX: usize = 1000;

/// An authority to be ticked.
struct Choice {
    name: String,
    /// When it ends, as the guide shows it.
    end: String,
    is_public: bool,
    is_chosen: bool,
    /// Stands in the id of its box.
    number: usize,
}

/// Everything that can be ticked, and first what is ticked and cannot be chosen any more.
fn choices(all: &[Trusted], held: &[String]) -> Vec<Choice> {
    let is_offered = |name: &String| all.iter().any(|one| one.name == *name);
    let lost = held.iter().filter(|name| !is_offered(name)).map(|name| Choice {
        name: name.clone(),
        end: String::new(),
        is_public: false,
        is_chosen: true,
        number: 0,
    });
    let offered = all.iter().map(|one| Choice {
        name: one.name.clone(),
        end: one.not_after.to_date_text(),
        is_public: one.kind == Origin::Public,
        is_chosen: held.contains(&one.name),
        number: 0,
    });
    let numbered = lost.chain(offered).enumerate();
    numbered.map(|(number, one)| Choice { number, ..one }).collect()
}

/// What is ticked: what was so before in its order, then what is new.
fn ticked(posted: &Posted, before: &[String]) -> Vec<String> {
    let ticked: Vec<&str> = posted.all(FIELD).take(NAMES_MAX).collect();
    let kept = before.iter().filter(|name| ticked.contains(&name.as_str())).cloned();
    let mut names: Vec<String> = kept.collect();
    for name in ticked {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// A certificate that was given as PEM, to be kept or not.
struct Upload {
    sha256: String,
    name: String,
    end: String,
    is_kept: bool,
}

fn uploads(given: &[String], kept: &[String]) -> Vec<Upload> {
    let read = given.iter().filter_map(|text| Some((text, uploaded(text).ok()?)));
    let shown = read.map(|(text, certificate)| {
        let one = Trusted::of_uploaded(&certificate);
        let is_kept = kept.contains(text);
        let end = one.not_after.to_date_text();
        Upload { sha256: one.sha256, name: one.name, end, is_kept }
    });
    shown.collect()
}

/// What was given before and is still ticked, and what is given now; what is wrong with that
/// otherwise.
fn given(posted: &Posted, before: &[String]) -> Result<Vec<String>, String> {
    let ticked: Vec<&str> = posted.all("keep").take(NAMES_MAX).collect();
    let is_kept = |text: &&String| {
        uploaded(text).is_ok_and(|one| {
            let sha256 = Trusted::of_uploaded(&one).sha256;
            ticked.contains(&sha256.as_str())
        })
    };
    let mut all: Vec<String> = before.iter().filter(is_kept).cloned().collect();
    let Some(text) = posted.text("upload") else { return Ok(all) };
    let added = pem::certificates(text).map_err(|error| error.to_string())?;
    if added.is_empty() {
        return Err("-----BEGIN CERTIFICATE-----".to_owned());
    }
    for one in added.iter().take(NAMES_MAX).map(pem::certificate) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Ok(all)
}

/// The section within the form.
pub(super) struct Chooser {
    all: Vec<Trusted>,
}

#[derive(Template)]
#[template(path = "network_profile/chooser.html")]
struct ChooserPart {
    chosen: Vec<String>,
    choices: Vec<Choice>,
}

impl Chooser {
    /// What can be chosen; a form is shown to whoever may see the organization.
    pub(super) fn of(desk: &Desk, _: &Value) -> Self {
        Self { all: network_profile::offered(&desk.app, "").items }
    }
}

impl Widget for Chooser {
    fn read(&self, _: &str, posted: &Posted, before: Option<&Value>) -> Option<Value> {
        let before = before.map(form::texts).unwrap_or_default();
        Some(Value::from(ticked(posted, &before)))
    }

    fn shown(&self, _: &str, held: &Value, _: &[&Complaint]) -> String {
        let chosen = form::texts(held);
        let part = ChooserPart { choices: choices(&self.all, &chosen), chosen };
        part.render().unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "network_profile/choose.html")]
struct ChoosePage {
    frame: Frame,
    up: Link,
    to: String,
    etag: String,
    choices: Vec<Choice>,
    uploads: Vec<Upload>,
    upload: String,
    wrong: Vec<String>,
    /// What somebody else made of it meanwhile.
    theirs: Option<Vec<FieldChange>>,
}

/// Why it was not saved.
#[derive(Default)]
struct Why {
    wrong: Vec<String>,
    theirs: Option<Vec<FieldChange>>,
}

fn page(
    desk: &Desk,
    visitor: &Visitor,
    (shown, held): (&object::Shown, &Held),
    (why, status): (Why, StatusCode),
) -> Result<Response, Fault> {
    let own = crate::object::url(Kind::NetworkProfile, &shown.slug);
    let all = network_profile::choices(&desk.app, visitor.actor()?, "")?;
    let page = ChoosePage {
        frame: Frame::new(desk, visitor, text::t("network_profile.choose")),
        up: Link { title: shown.name.clone(), url: own.clone() },
        to: format!("{own}/certificates"),
        etag: shown.etag.clone(),
        choices: choices(&all.items, &held.names),
        uploads: uploads(&texts(shown, GIVEN), &held.given),
        upload: held.upload.clone(),
        wrong: why.wrong,
        theirs: why.theirs,
    };
    Ok(fault::render(&page, status))
}

/// What is ticked, and what was written.
struct Held {
    names: Vec<String>,
    given: Vec<String>,
    upload: String,
}

fn texts(shown: &object::Shown, field: &str) -> Vec<String> {
    shown.definition.get(field).map(form::texts).unwrap_or_default()
}

/// `GET /network-profiles/{name}/certificates`: Add/Remove Certificate.
pub(super) async fn choose(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let shown = object::show(&desk.app, visitor.actor()?, Kind::NetworkProfile, &name)?;
    let (names, given) = (texts(&shown, FIELD), texts(&shown, GIVEN));
    let held = Held { names, given, upload: String::new() };
    page(&desk, &visitor, (&shown, &held), (Why::default(), StatusCode::OK))
}

/// `POST /network-profiles/{name}/certificates`: Update.
pub(super) async fn update(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::NetworkProfile, &name)?;
    let before = texts(&shown, GIVEN);
    let mut held = Held {
        names: ticked(&posted, &texts(&shown, FIELD)),
        given: before.clone(),
        upload: posted.text("upload").unwrap_or_default().to_owned(),
    };
    match given(&posted, &before) {
        Ok(given) => held.given = given,
        Err(why) => {
            let wrong = vec![text::with("network_profile.upload_unread", &[("why", &why)])];
            let why = Why { wrong, theirs: None };
            return page(&desk, &visitor, (&shown, &held), (why, StatusCode::UNPROCESSABLE_ENTITY));
        }
    }
    let mut patch = Map::new();
    patch.insert(FIELD.to_owned(), Value::from(held.names.clone()));
    if held.given != before {
        patch.insert(GIVEN.to_owned(), Value::from(held.given.clone()));
    }
    let etag = posted.text("etag").map(str::to_owned);
    let saving = Saving { etag, ..Saving::default() };
    let object = (Kind::NetworkProfile, name.as_str());
    let (shown, why, status) = match object::change(&desk.app, actor, object, (patch, saving)).await
    {
        Ok(saved) => {
            let slug = saved.shown.map_or(shown.slug, |shown| shown.slug);
            let own = crate::object::url(Kind::NetworkProfile, &slug);
            return Ok(Redirect::to(&format!("{own}?done=saved#certificates")).into_response());
        }
        Err(NotApplied::Complaints(complaints)) => {
            let wrong = complaints.iter().map(ToString::to_string).collect();
            (shown, Why { wrong, theirs: None }, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(NotApplied::Outdated(outdated)) => {
            let Some(current) = outdated.current.clone() else {
                return Err(NotApplied::Outdated(outdated).into());
            };
            let mut own = current.definition.clone();
            form::value::put(&mut own, FIELD, Value::from(held.names.clone()));
            form::value::put(&mut own, GIVEN, Value::from(held.given.clone()));
            let theirs = Some(domain::plan::differences(&own, &current.definition));
            let wrong = vec![text::t("form.outdated").into_owned()];
            (current, Why { wrong, theirs }, StatusCode::CONFLICT)
        }
        Err(NotApplied::Refused(refusal)) => return Err(refusal.into()),
    };
    page(&desk, &visitor, (&shown, &held), (why, status))
}

/// `GET /network-profiles/{name}/certificates.pem`: Download.
pub(super) async fn bundle(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let all = network_profile::certificates(&desk.app, actor, &name)?;
    let text = network_profile::bundle(&all);
    Ok(export::file(&format!("{name}-certificates.pem"), "application/x-pem-file", text))
}

/// `GET /network-profiles/{name}/certificates/{id}`: one of them, by its SHA-256 and `.cer`.
pub(super) async fn one(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let all = network_profile::certificates(&desk.app, visitor.actor()?, &name)?;
    let sha256 = id.strip_suffix(".cer").unwrap_or(&id);
    let found = all.into_iter().find(|one| one.sha256 == sha256);
    let read = found.and_then(|one| pem::certificates(one.pem.as_deref()?).ok());
    let read = read.and_then(|all| all.into_iter().next());
    let missing = || Refusal::NotFound { noun: "certificate".into(), name: sha256.to_owned() };
    let certificate = read.ok_or_else(missing)?;
    let file = format!("{sha256}.cer");
    Ok(export::file(&file, "application/pkix-cert", certificate.der))
}
