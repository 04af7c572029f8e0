//! Settings > Administrators.

use std::sync::Arc;

use actions::administrator;
use actions::organization::NotApplied;
use actions::password;
use actions::totp;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::actor::Role;
use domain::administrator::Administrator;
use domain::administrator::Told;
use domain::credential::Shown;
use serde_json::Value;
use serde_json::json;

use crate::entry::Basis;
use crate::entry::Entry;
use crate::entry::Why;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::form::value;
use crate::frame::Frame;
use crate::list::Cell;
use crate::list::Link;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::sign_in;
use crate::table;
use crate::table::Line;
use crate::table::Table;
use crate::text;
use crate::twin;
use crate::url;
use crate::visitor::Visitor;
use crate::visitor::Whence;

/// The list.
const LIST: &str = "/administrators";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::AdministratorRead);
    let change = Access::Needs(Permission::AdministratorChange);
    pages.get(LIST, read, list);
    pages.get("/administrators/_new", change, blank);
    pages.proven("/administrators/_new", change, create);
    pages.get("/administrators/{name}", read, show);
    pages.get("/administrators/{name}/edit", change, edit);
    pages.proven("/administrators/{name}/edit", change, save);
    pages.get("/administrators/{name}/remove", change, ask_to_remove);
    pages.proven("/administrators/{name}/remove", change, remove);
    pages.get("/administrators/{name}/password", change, ask_for_password);
    pages.proven("/administrators/{name}/password", change, set_password);
    pages.proven("/administrators/{name}/totp-remove", change, remove_totp);
}

fn url_of(name: &str) -> String {
    format!("{LIST}/{}", url::escaped(name))
}

/// `GET /administrators`
async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let all = administrator::list(&desk.app, visitor.actor()?).await?;
    let frame = Frame::new(&desk, &visitor, text::t("administrator.plural"));
    let columns = ["name", "role", "email", "state", "since"];
    let mut page = Table::new(frame, "administrator", &columns);
    if visitor.can(Permission::AdministratorChange) {
        page.links = vec![Link::new("administrator.add", "/administrators/_new")];
    }
    page.rows = all.into_iter().map(line).collect();
    Ok(page.render())
}

fn line(administrator: Administrator) -> Line {
    let Administrator { name, email, role, disabled, created_at } = administrator;
    let (color, state) = match disabled {
        true => ("red", "administrator.disabled"),
        false => ("green", "administrator.enabled"),
    };
    Line {
        url: url_of(&name),
        cells: vec![
            Cell::Text(name),
            Cell::Text(text::t(&format!("administrator.role.{}", role.as_str())).into_owned()),
            table::some(email),
            Cell::Badge(color, text::t(state).into_owned()),
            Cell::At(created_at),
        ],
        button: None,
    }
}

#[derive(Template)]
#[template(path = "administrator/show.html")]
struct ShowPage {
    frame: Frame,
    administrator: Administrator,
    shown: Shown,
    /// Below which the further pages are.
    url: String,
    can_change: bool,
}

/// `GET /administrators/{name}`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let administrator = administrator::show(&desk.app, actor, &name).await?;
    let page = ShowPage {
        frame: Frame::new(&desk, &visitor, name.clone()),
        shown: totp::show(&desk.app, actor, &name).await?,
        administrator,
        url: url_of(&name),
        can_change: visitor.can(Permission::AdministratorChange),
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// The form; the name is for good once there is one.
fn form(is_new: bool) -> Form {
    let roles = Role::ALL.map(Role::as_str);
    let role = Input::Choice(Choice::words("administrator.role", &roles));
    let mut fields = vec![Field::new("role", role).required(), Field::text("email")];
    if is_new {
        fields.insert(0, Field::text("name").required());
    } else {
        fields.push(Field::new("disabled", Input::Flag));
    }
    Form { noun: "administrator", sections: vec![Section::new("basic", fields)] }
}

/// An administrator as the form holds them.
fn fields(found: &Administrator) -> Value {
    let mut fields = json!({ "role": found.role, "disabled": found.disabled });
    if let Some(email) = &found.email {
        value::put(&mut fields, "email", Value::from(email.as_str()));
    }
    fields
}

/// What a form says.
fn told(form: &Form, posted: &Posted) -> Result<(Value, Told), Fault> {
    let written = form.read(posted, &json!({ "disabled": false }));
    let told = serde_json::from_value(written.clone());
    let mut told: Told = told.map_err(|_| Fault::Form("a field holds what cannot be chosen"))?;
    // An empty field takes the address back.
    told.email = Some(posted.text("email").unwrap_or_default().to_owned());
    Ok((written, told))
}

fn entry(
    desk: &Desk,
    visitor: &Visitor,
    (name, form, written): (Option<&str>, Form, &Value),
    (mut why, basis): (Why, Basis),
) -> Response {
    let status = basis.status(&mut why);
    let (title, up, to) = match name {
        Some(name) => (name.to_owned(), url_of(name), format!("{}/edit", url_of(name))),
        None => {
            let title = text::t("administrator.add").into_owned();
            (title, LIST.to_owned(), format!("{LIST}/_new"))
        }
    };
    let up = match name {
        Some(name) => Link { title: name.to_owned(), url: up },
        None => Link::new("administrator.plural", up),
    };
    let said = |field: &str| written.get(field).and_then(Value::as_str).unwrap_or_default();
    let twins = match name {
        Some(name) => ["safeconduct", "administrator", "edit", name, "--role", said("role")],
        None => ["safeconduct", "administrator", "add", said("name"), "--role", said("role")],
    };
    let page = Entry {
        frame: Frame::new(desk, visitor, title),
        up: Some(up),
        about: if name.is_some() { "" } else { "administrator.add_about" },
        to,
        sections: form.shown(written, &why.complaints),
        wrong: why.unplaced(&form),
        button: "form.save",
        twins: vec![twin::command(&twins)],
        basis,
    };
    page.render(status)
}

/// `GET /administrators/_new`
async fn blank(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    let written = json!({ "role": Role::Helpdesk.as_str() });
    let fresh = (Why::default(), Basis::default());
    entry(&desk, &visitor, (None, form(true), &written), fresh)
}

/// `POST /administrators/_new`
async fn create(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let form = form(true);
    let (written, told) = told(&form, &posted)?;
    match administrator::create(&desk.app, visitor.actor()?, told).await {
        // Without a password nobody signs in.
        Ok(made) => {
            let to = format!("{}/password?done=created", url_of(&made.name));
            Ok(Redirect::to(&to).into_response())
        }
        Err(not_applied) => {
            let why = Why::of(not_applied)?;
            Ok(entry(&desk, &visitor, (None, form, &written), (why, Basis::default())))
        }
    }
}

/// `GET /administrators/{name}/edit`
async fn edit(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let found = administrator::show(&desk.app, visitor.actor()?, &name).await?;
    let fresh = (Why::default(), Basis::of(administrator::etag(&found)));
    let written = serde_json::to_value(found).unwrap_or_default();
    Ok(entry(&desk, &visitor, (Some(&name), form(false), &written), fresh))
}

/// `POST /administrators/{name}/edit`
async fn save(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let form = form(false);
    let (written, told) = told(&form, &posted)?;
    let (actor, meant) = (visitor.actor()?, (name.as_str(), Basis::meant(&posted)));
    match administrator::change(&desk.app, actor, meant, told).await {
        Ok(_) => Ok(Redirect::to(&format!("{}?done=saved", url_of(&name))).into_response()),
        Err(not_applied) => {
            let why = Why::of(not_applied)?;
            let found = administrator::show(&desk.app, actor, &name).await?;
            let etag = administrator::etag(&found);
            let basis = Basis::again(&posted, &written, (&fields(&found), etag));
            Ok(entry(&desk, &visitor, (Some(&name), form, &written), (why, basis)))
        }
    }
}

#[derive(Template)]
#[template(path = "object/remove.html")]
struct RemovePage {
    frame: Frame,
    up: Link,
    to: String,
    name: String,
    wrong: Vec<String>,
}

fn remove_page(desk: &Desk, visitor: &Visitor, name: &str, wrong: Vec<String>) -> Response {
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let page = RemovePage {
        frame: Frame::new(desk, visitor, name),
        up: Link { title: name.to_owned(), url: url_of(name) },
        to: format!("{}/remove", url_of(name)),
        name: name.to_owned(),
        wrong,
    };
    fault::render(&page, status)
}

/// `GET /administrators/{name}/remove`
async fn ask_to_remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    administrator::show(&desk.app, visitor.actor()?, &name).await?;
    Ok(remove_page(&desk, &visitor, &name, Vec::new()))
}

/// `POST /administrators/{name}/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _: Posted,
) -> Result<Response, Fault> {
    match administrator::remove(&desk.app, visitor.actor()?, &name).await {
        Ok(()) => Ok(Redirect::to(&format!("{LIST}?done=removed")).into_response()),
        Err(not_applied) => {
            let wrong = Why::of(not_applied)?.wrong;
            Ok(remove_page(&desk, &visitor, &name, wrong))
        }
    }
}

#[derive(Template)]
#[template(path = "administrator/password.html")]
struct PasswordPage {
    frame: Frame,
    name: String,
    url: String,
    wrong: Vec<String>,
}

/// `GET /administrators/{name}/password`
async fn ask_for_password(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    administrator::show(&desk.app, visitor.actor()?, &name).await?;
    Ok(password_page(&desk, &visitor, name, (Vec::new(), StatusCode::OK)))
}

fn password_page(
    desk: &Desk,
    visitor: &Visitor,
    name: String,
    (wrong, status): (Vec<String>, StatusCode),
) -> Response {
    let frame = Frame::new(desk, visitor, text::t("administrator.password_title"));
    let page = PasswordPage { frame, url: url_of(&name), name, wrong };
    fault::render(&page, status)
}

/// `POST /administrators/{name}/password`
async fn set_password(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Whence(place): Whence,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    if actor.administrator_name() == Some(name.as_str()) {
        return Ok(Redirect::to("/account").into_response());
    }
    let set = match sign_in::new_password(&posted) {
        Ok(password) => {
            let order = password::Order { password, old: None };
            password::set(&desk.app, actor, &name, &order, &place).await
        }
        Err(wrong) => Err(wrong),
    };
    match set {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=password_set", url_of(&name))).into_response()),
        Err(not_applied) => refused(&desk, &visitor, name, not_applied),
    }
}

fn refused(
    desk: &Desk,
    visitor: &Visitor,
    name: String,
    not_applied: NotApplied,
) -> Result<Response, Fault> {
    let status = fault::status_of(&not_applied.refusal());
    let Why { complaints, wrong } = Why::of(not_applied)?;
    let complaints = complaints.iter().map(|it| format!("{}; {}", it.what, it.fix));
    let wrong = wrong.into_iter().chain(complaints).collect();
    Ok(password_page(desk, visitor, name, (wrong, status)))
}

/// `POST /administrators/{name}/totp-remove`
async fn remove_totp(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _: Posted,
) -> Result<Response, Fault> {
    totp::remove_of(&desk.app, visitor.actor()?, &name).await?;
    Ok(Redirect::to(&format!("{}?done=totp_removed", url_of(&name))).into_response())
}
