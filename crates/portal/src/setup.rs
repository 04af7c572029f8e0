//! The set-up: from an empty portal to the first device that is let in, step by step. What is there
//! already is done, so that it goes on where it was left.

mod step;

use std::sync::Arc;

use actions::event;
use actions::organization;
use actions::organization::Application;
use actions::organization::Applied;
use actions::setup;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::event::Shown;
use domain::network_profile::NetworkProfile;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use serde_json::Value;
use serde_json::json;

use crate::entry::Basis;
use crate::entry::Entry;
use crate::entry::Why;
use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::object;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::setup::step::Step;
use crate::sign_in;
use crate::text;
use crate::twin;
use crate::twin::Twin;
use crate::url;
use crate::visitor::Visitor;
use crate::visitor::Whence;

/// Where it begins, and goes on.
const PATH: &str = "/setup";

/// Where the first device is waited for.
const FIRST: &str = "/setup/_device";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::OrganizationRead);
    pages.get(PATH, Access::Public, show);
    pages.post(PATH, Access::Public, make_owner);
    pages.get(FIRST, Access::Needs(Permission::EventRead), first_device);
    pages.get("/setup/{name}", read, show_step);
    pages.proven("/setup/{name}", read, do_step);
}

#[derive(Template)]
#[template(path = "setup/owner.html")]
struct OwnerPage {
    frame: Frame,
    name: String,
    email: String,
    wrong: Vec<String>,
    twins: Vec<Twin>,
}

#[derive(Template)]
#[template(path = "setup/steps.html")]
struct StepsPage {
    frame: Frame,
    steps: Vec<ShownStep>,
    /// Where it goes on.
    next: String,
    /// Whether everything is there.
    is_done: bool,
}

/// A step as it is listed.
struct ShownStep {
    title: String,
    url: String,
    is_done: bool,
    is_next: bool,
}

/// `GET /setup`: the owner first, then the steps.
async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    if setup::is_open(&desk.app).await? {
        return Ok(owner_page(&desk, &visitor, [String::new(), String::new()], None));
    }
    if visitor.actor.is_none() {
        return Ok(Redirect::to("/sign-in?to=%2Fsetup").into_response());
    }
    visitor.actor()?.may(Permission::OrganizationRead)?;
    let rules = desk.app.snapshot.rules();
    let next = Step::ALL.into_iter().find(|step| !step.is_done(&rules.organization));
    let shown = |step: Step| ShownStep {
        title: title(step),
        url: format!("{PATH}/{}", step.as_str()),
        is_done: step.is_done(&rules.organization),
        is_next: Some(step) == next,
    };
    let page = StepsPage {
        frame: Frame::new(&desk, &visitor, text::t("setup.title")),
        steps: Step::ALL.into_iter().map(shown).collect(),
        next: next.map_or(FIRST.to_owned(), |step| format!("{PATH}/{}", step.as_str())),
        is_done: next.is_none(),
    };
    Ok(fault::render(&page, StatusCode::OK))
}

fn title(step: Step) -> String {
    text::t(&format!("setup.section.{}", step.as_str())).into_owned()
}

fn owner_page(
    desk: &Desk,
    visitor: &Visitor,
    [name, email]: [String; 2],
    refused: Option<(Vec<String>, StatusCode)>,
) -> Response {
    let (wrong, status) = refused.unwrap_or((Vec::new(), StatusCode::OK));
    let said = if name.is_empty() { "Ann" } else { name.as_str() };
    let words = ["safeconduct", "administrator", "add", said, "--role", "owner"];
    let page = OwnerPage {
        frame: Frame::new(desk, visitor, text::t("setup.owner")),
        twins: vec![twin::command(&words)],
        name,
        email,
        wrong,
    };
    fault::render(&page, status)
}

/// `POST /setup`: makes the owner, who is signed in with it.
async fn make_owner(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Whence(place): Whence,
    posted: Posted,
) -> Result<Response, Fault> {
    let [name, email] =
        ["name", "email"].map(|field| posted.text(field).unwrap_or_default().to_owned());
    let made = match sign_in::new_password(&posted) {
        Ok(password) => {
            let order = setup::Order {
                code: posted.secret("code").unwrap_or_else(|| Secret::new("")),
                name: name.clone(),
                email: Some(email.clone()).filter(|email| !email.is_empty()),
                password: Some(password),
            };
            setup::enter(&desk.app, &order, &place).await
        }
        Err(wrong) => Err(wrong),
    };
    match made {
        Ok(opened) => Ok(sign_in::entered(&opened, PATH)),
        Err(not_applied) => {
            let status = fault::status_of(&not_applied.refusal());
            let Why { complaints, wrong } = Why::of(not_applied)?;
            let complaints =
                complaints.iter().map(|it| format!("{}: {}; {}", it.path, it.what, it.fix));
            let wrong = wrong.into_iter().chain(complaints).collect();
            Ok(owner_page(&desk, &visitor, [name, email], Some((wrong, status))))
        }
    }
}

fn parse(name: &str) -> Result<Step, Fault> {
    let missing = || Refusal::NotFound { noun: "step".into(), name: name.to_owned() };
    Step::parse(name).ok_or_else(|| missing().into())
}

/// `GET /setup/{name}`
async fn show_step(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let step = parse(&name)?;
    let rules = desk.app.snapshot.rules();
    if step.is_done(&rules.organization) {
        return Ok(done_page(&desk, &visitor, step, StatusCode::OK));
    }
    let said = step.blank(&rules.organization);
    Ok(step_page(&desk, &visitor, (step, &said), &Why::default()))
}

#[derive(Template)]
#[template(path = "setup/done.html")]
struct DonePage {
    frame: Frame,
    /// Whether somebody tried to do it again.
    is_refused: bool,
    /// Where what it made is changed.
    edit: Link,
    next: String,
}

/// The page of a step that is done.
fn done_page(desk: &Desk, visitor: &Visitor, step: Step, status: StatusCode) -> Response {
    let rules = desk.app.snapshot.rules();
    let organization = &rules.organization;
    let names = actions::object::names(organization, step.kind());
    let list = match step {
        Step::Organization => Link::new("settings.title", "/settings"),
        Step::Authorities
        | Step::Server
        | Step::Template
        | Step::Gateway
        | Step::Workflow
        | Step::Enrollment
        | Step::Network
        | Step::Profile
        | Step::AccessPoint => {
            let key = format!("{}.plural", step.kind().as_str());
            Link::new(&key, object::list_url(step.kind()))
        }
    };
    let edit = match names.as_slice() {
        [only] => {
            let slug = actions::object::slug_of(organization, step.kind(), only);
            let url = slug.map(|slug| format!("{}/edit", object::url(step.kind(), &slug)));
            url.map_or(list, |url| Link { title: only.clone(), url })
        }
        _ => list,
    };
    let page = DonePage {
        frame: Frame::new(desk, visitor, title(step)),
        is_refused: status != StatusCode::OK,
        edit,
        next: next(desk, step),
    };
    fault::render(&page, status)
}

fn step_page(desk: &Desk, visitor: &Visitor, (step, said): (Step, &Value), why: &Why) -> Response {
    let rules = desk.app.snapshot.rules();
    let form = step.form();
    let definitions = step.definitions(said, &rules.organization);
    let page = Entry {
        frame: Frame::new(desk, visitor, title(step)),
        up: Some(Link::new("setup.title", PATH)),
        about: about(step),
        to: format!("{PATH}/{}", step.as_str()),
        sections: form.shown(said, &why.complaints),
        wrong: why.unplaced(&form),
        button: "setup.go_on",
        twins: twins(step, &definitions),
        basis: Basis::default(),
    };
    page.render(why.status())
}

/// What the step is for.
fn about(step: Step) -> &'static str {
    match step {
        Step::Organization => "setup.about.organization",
        Step::Authorities => "setup.about.authorities",
        Step::Server => "setup.about.server",
        Step::Template => "setup.about.template",
        Step::Gateway => "setup.about.gateway",
        Step::Workflow => "setup.about.workflow",
        Step::Enrollment => "setup.about.enrollment",
        Step::Network => "setup.about.network",
        Step::Profile => "setup.about.profile",
        Step::AccessPoint => "setup.about.access_point",
    }
}

/// The step as commands.
fn twins(step: Step, definitions: &[Value]) -> Vec<Twin> {
    if step == Step::Organization {
        let said = |definition: &Value, field: &str| {
            format!("{field}={}", crate::form::plain(definition.get(field).unwrap_or(&Value::Null)))
        };
        let command = |definition: &Value| {
            let (name, url) = (said(definition, "name"), said(definition, "base_url"));
            let words = ["safeconduct", "organization", "edit", "--set", &name, "--set", &url];
            twin::command(&words)
        };
        return definitions.iter().map(command).collect();
    }
    let command = |definition: &Value| twin::of(step.kind(), definition, None).into_iter().next();
    definitions.iter().filter_map(command).collect()
}

/// `POST /setup/{name}`
async fn do_step(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let step = parse(&name)?;
    let actor = visitor.actor()?;
    actor.may(step.permission())?;
    let mut said = step.form().read(&posted, &json!({}));
    let is_drawn = step == Step::AccessPoint && posted.text("shared_secret").is_none();
    if is_drawn {
        // Nobody thinks of a better one.
        let drawn = actions::gateway::draw_secret(&desk.app.world);
        crate::form::value::put(&mut said, "shared_secret", Value::from(drawn.reveal()));
    }
    let definitions = step.definitions(&said, &desk.app.snapshot.rules().organization);
    let document = step.document(definitions);
    if step.is_done(&desk.app.snapshot.rules().organization) {
        // Done once more it changes nothing, or is refused: nothing is overwritten from here.
        let tried = Application { document, dry_run: true, ..Application::default() };
        let same = organization::apply(&desk.app, actor, tried).await;
        return Ok(match same.is_ok_and(|applied| applied.plan.is_empty()) {
            true => Redirect::to(&next(&desk, step)).into_response(),
            false => done_page(&desk, &visitor, step, StatusCode::CONFLICT),
        });
    }
    let application = Application { document, ..Application::default() };
    match organization::apply(&desk.app, actor, application).await {
        Ok(applied) => Ok(after(&desk, &visitor, (step, &said, is_drawn), &applied)),
        Err(not_applied) => {
            let mut why = Why::of(not_applied)?;
            why.complaints.iter_mut().for_each(unprefix);
            if is_drawn {
                crate::form::value::remove(&mut said, "shared_secret");
            }
            Ok(step_page(&desk, &visitor, (step, &said), &why))
        }
    }
}

/// What is said of a document is said of its fields here.
fn unprefix(complaint: &mut domain::complaint::Complaint) {
    if let Some((_, field)) = complaint.path.rsplit_once("].") {
        complaint.path = field.to_owned();
    }
}

#[derive(Template)]
#[template(path = "setup/secret.html")]
struct SecretPage {
    frame: Frame,
    name: String,
    /// Where devices enroll, of a gateway.
    url: Option<String>,
    secret: String,
    /// The file, as a URL holds it.
    csv: String,
}

/// The page behind a step: what is shown only once, or the next one.
fn after(
    desk: &Desk,
    visitor: &Visitor,
    (step, said, is_drawn): (Step, &Value, bool),
    applied: &Applied,
) -> Response {
    let of = |field: &str| crate::form::plain(said.get(field).unwrap_or(&Value::Null));
    let shown = match applied.secrets.first() {
        Some(secret) => {
            Some((secret.name.clone(), Some(secret.url.clone()), secret.secret.clone()))
        }
        None if is_drawn => Some((of("name"), None, Secret::new(of("shared_secret")))),
        None => None,
    };
    let Some((name, url, secret)) = shown else {
        return Redirect::to(&next(desk, step)).into_response();
    };
    let cells = vec![name.clone(), url.clone().unwrap_or_default(), secret.reveal().to_owned()];
    let page = SecretPage {
        frame: Frame::new(desk, visitor, text::t("setup.secret")),
        csv: url::escaped(&export::table(&["name", "url", "secret"], [cells])),
        secret: secret.reveal().to_owned(),
        name,
        url,
    };
    fault::render(&page, StatusCode::CREATED)
}

/// The next step that is not done; the first device if all are.
fn next(desk: &Desk, done: Step) -> String {
    let rules = desk.app.snapshot.rules();
    let open = |step: &Step| *step != done && !step.is_done(&rules.organization);
    let next = Step::ALL.into_iter().find(open);
    next.map_or(FIRST.to_owned(), |step| format!("{PATH}/{}", step.as_str()))
}

#[derive(Template)]
#[template(path = "setup/device.html")]
struct DevicePage {
    frame: Frame,
    /// The newest certificate that a device got.
    enrolled: Option<Shown>,
    /// The newest device that was let in.
    joined: Option<Shown>,
    /// The newest no to a device, if nothing good came after it.
    refused: Option<Shown>,
    /// Where devices enroll.
    url: Option<String>,
    /// Where each network profile is written for devices.
    profiles: Vec<Link>,
}

fn to_write(profile: &NetworkProfile) -> Link {
    let slug = profile.slug.as_deref().unwrap_or_default();
    let own = object::url(Kind::NetworkProfile, slug);
    Link { title: profile.name.clone(), url: format!("{own}/render") }
}

/// `GET /setup/_device`: waits for the first device.
async fn first_device(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let newest = async |filter: &str| -> Result<Option<Shown>, Fault> {
        let ask = event::Ask { filter, limit: 1, ..event::Ask::default() };
        let page = event::list(&desk.app, visitor.actor()?, ask).await?;
        Ok(page.items.into_iter().next())
    };
    let enrolled = newest("kind:certificate.enrollment outcome:accepted").await?;
    let joined = newest("kind:network.access outcome:accepted").await?;
    let refused = match newest("kind:network.access outcome:refused").await? {
        Some(refused) => Some(refused),
        None => newest("kind:certificate.enrollment outcome:refused").await?,
    };
    let rules = desk.app.snapshot.rules();
    let gateway = rules.organization.gateway.first();
    let page = DevicePage {
        frame: Frame::new(&desk, &visitor, text::t("setup.device")),
        url: gateway.map(|gateway| rules.organization.enrollment_url(gateway)),
        profiles: rules.organization.network_profile.iter().map(to_write).collect(),
        refused: refused.filter(|_| joined.is_none()),
        enrolled,
        joined,
    };
    Ok(fault::render(&page, StatusCode::OK))
}
