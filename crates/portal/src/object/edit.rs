//! Making, changing and removing an object by a form: nothing that was written is lost, and what is
//! in use is changed only after the difference was shown.

use std::collections::HashMap;
use std::sync::Arc;

use actions::object;
use actions::object::Saved;
use actions::object::Saving;
use actions::object::Shown;
use actions::organization::NotApplied;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::complaint::Complaint;
use domain::plan::FieldChange;
use domain::refusal::Refusal;
use serde_json::Value;

use super::Noun;
use super::list_url;
use super::question::Question;
use super::url;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Control;
use crate::form::Form;
use crate::form::ShownSection;
use crate::form::value;
use crate::frame::Frame;
use crate::list::Link;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::twin;
use crate::twin::Twin;
use crate::visitor::Visitor;

/// The button that adds or takes a part of the form without saving it.
const ADJUST: &str = "adjust";

/// That the difference was seen.
const SURE: &str = "sure";

#[derive(Template)]
#[template(path = "object/edit.html")]
struct EditPage {
    frame: Frame,
    up: Link,
    /// Where the form is sent.
    to: String,
    sections: Vec<ShownSection>,
    /// The version that is changed.
    etag: Option<String>,
    /// Secrets that were typed and that no page holds.
    typed: Vec<&'static str>,
    /// What is wrong with the whole.
    wrong: Vec<String>,
    /// How many may lose something, if that is to be said.
    confirm: Option<Confirm>,
    /// What would change, before it is saved.
    review: Option<Vec<FieldChange>>,
    /// What somebody else made of it meanwhile.
    theirs: Option<Vec<FieldChange>>,
    /// What was found out about the draft: parts of HTML, escaped already.
    above: Vec<String>,
    /// Where else the form can be sent, without saving anything.
    tries: Vec<Link>,
    twins: Vec<Twin>,
}

/// A number that whoever saves is to agree to.
pub(super) struct Confirm {
    pub(super) count: u64,
    pub(super) sentence: String,
}

impl Confirm {
    /// What is to be agreed to, if a refusal asks for that.
    pub(super) fn of(refusal: &Refusal) -> Option<Self> {
        let Refusal::MassChange { count, .. } = refusal else { return None };
        Some(Self { count: *count, sentence: refusal.reason().sentence })
    }
}

/// A form under way.
pub(crate) struct Editing<'a> {
    desk: &'a Desk,
    visitor: &'a Visitor,
    /// As it is; none if it is new.
    before: Option<&'a Shown>,
    definition: Value,
    form: Form,
    complaints: Vec<Complaint>,
    wrong: Vec<String>,
    confirm: Option<Confirm>,
    review: Option<Vec<FieldChange>>,
    theirs: Option<Vec<FieldChange>>,
    above: Vec<String>,
    etag: Option<String>,
    typed: Vec<&'static str>,
}

impl<'a> Editing<'a> {
    fn new<N: Noun>(
        desk: &'a Desk,
        visitor: &'a Visitor,
        before: Option<&'a Shown>,
        definition: Value,
    ) -> Self {
        Self {
            desk,
            visitor,
            form: N::form(desk, &definition),
            definition,
            complaints: Vec::new(),
            wrong: Vec::new(),
            confirm: None,
            review: None,
            theirs: None,
            above: Vec::new(),
            etag: before.map(|before| before.etag.clone()),
            typed: Vec::new(),
            before,
        }
    }

    /// The form of an existing one as it was just sent.
    pub(crate) fn again<N: Noun>(
        desk: &'a Desk,
        visitor: &'a Visitor,
        before: &'a Shown,
        definition: Value,
        posted: &Posted,
    ) -> Self {
        let editing = Self::new::<N>(desk, visitor, Some(before), definition);
        Self { etag: posted.text("etag").map(str::to_owned), ..editing }
    }

    /// Puts a part of HTML above the form.
    pub(crate) fn add(&mut self, part: String) {
        self.above.push(part);
    }

    pub(crate) fn page<N: Noun>(self, status: StatusCode) -> Response {
        let noun = N::KIND.as_str();
        let title = match self.before {
            Some(before) => before.name.clone(),
            None => text::t(&format!("{noun}.add")).into_owned(),
        };
        let slug = self.before.map(|before| before.slug.as_str());
        let (up, to) = match slug {
            Some(slug) => {
                let own = url(N::KIND, slug);
                (Link { title: title.clone(), url: own.clone() }, format!("{own}/edit"))
            }
            None => {
                let list = list_url(N::KIND);
                (Link::new(&format!("{noun}.plural"), list.clone()), format!("{list}/_new"))
            }
        };
        let unplaced = self.form.unplaced(&self.complaints);
        let unplaced = unplaced.into_iter().map(ToString::to_string);
        let mut sections = self.form.shown(&self.definition, &self.complaints);
        let fields = sections.iter_mut().flat_map(|section| &mut section.fields);
        for field in fields.filter(|field| self.typed.contains(&field.name)) {
            field.wrong.push(text::t("form.secret_again").into_owned());
        }
        let page = EditPage {
            frame: Frame::new(self.desk, self.visitor, title),
            up,
            to,
            sections,
            etag: self.etag,
            typed: self.typed,
            wrong: self.wrong.into_iter().chain(unplaced).collect(),
            confirm: self.confirm,
            review: self.review,
            theirs: self.theirs,
            above: self.above,
            tries: slug.map(N::tries).unwrap_or_default(),
            twins: twin::of(N::KIND, &self.definition, slug),
        };
        fault::render(&page, status)
    }

    /// The form again, with why it was not saved.
    pub(crate) fn refused<N: Noun>(mut self, not_applied: NotApplied) -> Result<Response, Fault> {
        match not_applied {
            NotApplied::Complaints(complaints) => self.complaints = complaints,
            NotApplied::Outdated(outdated) => {
                let Some(current) = &outdated.current else {
                    return Err(NotApplied::Outdated(outdated).into());
                };
                self.theirs =
                    Some(domain::plan::differences(&self.definition, &current.definition));
                self.etag = Some(current.etag.clone());
                self.wrong.push(text::t("form.outdated").into_owned());
                return Ok(self.page::<N>(StatusCode::CONFLICT));
            }
            NotApplied::Refused(refusal) => {
                self.confirm = Confirm::of(&refusal);
                if self.confirm.is_some() {
                    // To be agreed to below.
                } else if fault::status_of(&refusal) == StatusCode::SERVICE_UNAVAILABLE {
                    return Err(refusal.into());
                } else {
                    let reason = refusal.reason();
                    self.wrong.push(format!("{}; {}", reason.sentence, reason.fix));
                }
            }
        }
        Ok(self.page::<N>(StatusCode::UNPROCESSABLE_ENTITY))
    }
}

/// `GET /{plural}/_new`: parameters fill in fields.
pub(crate) async fn blank<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(given): Query<HashMap<String, String>>,
) -> Response {
    let mut definition = N::form(&desk, &Value::Null).blank();
    let form = N::form(&desk, &definition);
    for field in form.sections.iter().flat_map(|section| &section.fields) {
        if let Some(text) = given.get(field.path) {
            value::put(&mut definition, field.path, Value::from(text.as_str()));
        }
    }
    Editing::new::<N>(&desk, &visitor, None, definition).page::<N>(StatusCode::OK)
}

/// `POST /{plural}/_new`
pub(crate) async fn create<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let blank = Value::Object(serde_json::Map::new());
    let definition = N::form(&desk, &blank).read(&posted, &blank);
    let mut editing = Editing::new::<N>(&desk, &visitor, None, definition.clone());
    editing.typed = editing.form.secrets_typed(&posted);
    if !posted.has(ADJUST)
        && let Some(lost) = editing.typed.iter().find(|path| posted.text(path).is_none())
    {
        // Sent without it once more, it is meant to be drawn.
        let (what, fix) = (text::t("form.secret_lost"), text::t("form.secret_lost_fix"));
        let complaint = Complaint::new(*lost, what.into_owned(), fix.into_owned());
        editing.typed.clear();
        return editing.refused::<N>(NotApplied::Complaints(vec![complaint]));
    }
    if posted.has(ADJUST) {
        return Ok(editing.page::<N>(StatusCode::OK));
    }
    let saving = Saving { confirm: confirmed(&posted), ..Saving::default() };
    let actor = visitor.actor()?;
    let mut complete = definition.clone();
    N::complete(&desk, &mut complete);
    match object::create(&desk.app, actor, N::KIND, (complete.clone(), saving)).await {
        Err(not_applied) => editing.refused::<N>(not_applied),
        Ok(saved) => {
            let page = N::completed(&desk, &visitor, &saved, (&definition, &complete));
            Ok(page.unwrap_or_else(|| redirect::<N>(&saved, "created")))
        }
    }
}

/// `GET /{plural}/{name}/edit`
pub(crate) async fn show<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let before = object::show(&desk.app, visitor.actor()?, N::KIND, &name)?;
    let definition = before.definition.clone();
    let editing = Editing::new::<N>(&desk, &visitor, Some(&before), definition);
    Ok(editing.page::<N>(StatusCode::OK))
}

/// `POST /{plural}/{name}/edit`: the difference first, then the change.
pub(crate) async fn save<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let before = object::show(&desk.app, actor, N::KIND, &name)?;
    let definition = N::form(&desk, &before.definition).read(&posted, &before.definition);
    let mut editing = Editing::again::<N>(&desk, &visitor, &before, definition.clone(), &posted);
    if posted.has(ADJUST) {
        return Ok(editing.page::<N>(StatusCode::OK));
    }
    let is_sure = posted.has(SURE);
    let saving = Saving {
        etag: editing.etag.clone(),
        dry_run: !is_sure,
        confirm: confirmed(&posted),
        ..Saving::default()
    };
    match object::replace(&desk.app, actor, (N::KIND, &name), (definition, saving)).await {
        Err(not_applied) => editing.refused::<N>(not_applied),
        Ok(saved) if is_sure => Ok(after::<N>(&desk, &visitor, &saved, "saved")),
        Ok(saved) => {
            let plan = saved.applied.plan;
            let fields = plan.change.into_iter().flat_map(|change| change.fields).collect();
            editing.review = Some(fields);
            Ok(editing.page::<N>(StatusCode::OK))
        }
    }
}

/// How many may lose something, where that was agreed to.
pub(super) fn confirmed(posted: &Posted) -> Option<u64> {
    posted.text("confirm").and_then(|count| count.parse().ok())
}

/// The version that a page was shown with: without it nobody knows what is meant.
pub(super) fn version_meant(posted: &Posted) -> Result<String, Fault> {
    let etag = posted.text("etag").map(str::to_owned);
    etag.ok_or(Fault::Form("the form does not say which version it was made for"))
}

fn after<N: Noun>(desk: &Desk, visitor: &Visitor, saved: &Saved, done: &str) -> Response {
    if let Some(response) = N::made(desk, visitor, saved) {
        return response;
    }
    redirect::<N>(saved, done)
}

fn redirect<N: Noun>(saved: &Saved, done: &str) -> Response {
    let to = saved.shown.as_ref().map_or_else(|| list_url(N::KIND), |it| url(N::KIND, &it.slug));
    Redirect::to(&format!("{to}?done={done}")).into_response()
}

/// `GET /{plural}/{name}/remove`
pub(crate) async fn ask_to_remove<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, N::KIND, &name)?;
    // What stands in the way is said before anybody agrees.
    let saving = Saving { dry_run: true, ..Saving::default() };
    let tried = object::remove(&desk.app, actor, (N::KIND, &name), saving).await;
    let question = removal::<N>(&desk, &visitor, &shown).meaning(&shown.etag);
    match tried {
        Ok(_) => Ok(question.page(StatusCode::OK)),
        Err(not_applied) => {
            let mut response = question.refused(not_applied)?;
            // Nothing was asked for yet.
            *response.status_mut() = StatusCode::OK;
            Ok(response)
        }
    }
}

fn removal<N: Noun>(desk: &Desk, visitor: &Visitor, shown: &Shown) -> Question {
    Question::removal(desk, visitor, &shown.name, &url(N::KIND, &shown.slug))
}

/// `POST /{plural}/{name}/remove`
pub(crate) async fn remove<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, N::KIND, &name)?;
    let etag = version_meant(&posted)?;
    let confirm = confirmed(&posted);
    let saving = Saving { confirm, etag: Some(etag.clone()), ..Saving::default() };
    match object::remove(&desk.app, actor, (N::KIND, &name), saving).await {
        Ok(_) => Ok(Redirect::to(&format!("{}?done=removed", list_url(N::KIND))).into_response()),
        Err(not_applied) => {
            removal::<N>(&desk, &visitor, &shown).meaning(etag).refused(not_applied)
        }
    }
}
