//! Settings > Tokens: how programs act for administrators.

use std::sync::Arc;

use actions::token;
use actions::token::ShownToken;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::token::DAYS_DEFAULT;
use domain::token::Order;
use domain::token::Token;
use serde_json::Value;
use serde_json::json;

use crate::entry::Basis;
use crate::entry::Entry;
use crate::entry::Why;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::frame::Frame;
use crate::list::Cell;
use crate::list::Link;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::table;
use crate::table::Line;
use crate::table::Table;
use crate::text;
use crate::twin;
use crate::url;
use crate::visitor::Visitor;

/// The list.
const LIST: &str = "/tokens";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let own = Access::Needs(Permission::TokenOwn);
    pages.get(LIST, own, list);
    pages.get("/tokens/_new", own, blank);
    pages.proven("/tokens/_new", own, create);
    pages.get("/tokens/{id}", own, show);
    pages.post("/tokens/{id}/remove", own, remove);
}

/// `GET /tokens`
async fn list(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let all = token::list(&desk.app, visitor.actor()?, None).await?;
    let now = desk.app.world.time();
    let frame = Frame::new(&desk, &visitor, text::t("token.plural"));
    let columns = ["name", "administrator", "scopes", "addresses", "used", "ends"];
    let mut page = Table::new(frame, "token", &columns);
    page.links = vec![Link::new("token.add", "/tokens/_new")];
    let line = |token: Token| {
        let url = format!("{LIST}/{}", url::escaped(&token.id));
        let ends = match token.expires_at > now {
            true => Cell::At(token.expires_at),
            false => Cell::Badge("red", text::t("token.ended").into_owned()),
        };
        Line {
            cells: vec![
                Cell::Text(token.name.clone()),
                Cell::Text(token.administrator.clone()),
                Cell::Text(scopes(&token)),
                Cell::Text(addresses(&token)),
                table::at(token.last_used_at),
                ends,
            ],
            url,
            button: None,
        }
    };
    page.rows = all.into_iter().map(line).collect();
    Ok(page.render())
}

fn scopes(token: &Token) -> String {
    match token.scopes.as_slice() {
        [] => text::t("token.whole_role").into_owned(),
        scopes => scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn addresses(token: &Token) -> String {
    match token.addresses.as_slice() {
        [] => text::t("token.anywhere").into_owned(),
        addresses => addresses.join(", "),
    }
}

#[derive(Template)]
#[template(path = "token/show.html")]
struct ShowPage {
    frame: Frame,
    token: Token,
    scopes: String,
    addresses: String,
    url: String,
}

/// `GET /tokens/{id}`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let token = token::show(&desk.app, visitor.actor()?, &id).await?;
    let page = ShowPage {
        frame: Frame::new(&desk, &visitor, token.name.clone()),
        scopes: scopes(&token),
        addresses: addresses(&token),
        url: format!("{LIST}/{}", url::escaped(&token.id)),
        token,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// The form, with what the visitor may give.
async fn form(desk: &Desk, visitor: &Visitor) -> Result<Form, Fault> {
    let actor = visitor.actor()?;
    let own = Permission::ALL.into_iter().filter(|permission| actor.can(*permission));
    let scopes = own.map(|permission| Choice::named(permission.as_str())).collect();
    let mut fields = vec![Field::text("name").required()];
    if actor.can(Permission::AdministratorChange) {
        let all = actions::administrator::list(&desk.app, actor).await?;
        let names = all.into_iter().map(|one| Choice::named(one.name)).collect();
        let names = Choice::or_none(names, "token.for_me");
        fields.push(Field::new("administrator", Input::Choice(names)));
    }
    fields.push(Field::new("days", Input::Number));
    fields.push(Field::new("scopes", Input::Choices(scopes)));
    fields.push(Field::new("addresses", Input::Lines));
    Ok(Form { noun: "token", sections: vec![Section::new("basic", fields)] })
}

fn entry(desk: &Desk, visitor: &Visitor, (form, written): (Form, &Value), why: &Why) -> Response {
    let said = |field: &str| form::plain(written.get(field).unwrap_or(&Value::Null));
    let list = |field: &str| form::texts(written.get(field).unwrap_or(&Value::Null));
    let mut words: Vec<String> =
        ["safeconduct", "token", "add"].iter().map(|word| (*word).to_owned()).collect();
    words.push(said("name"));
    for (option, value) in [("--administrator", said("administrator")), ("--days", said("days"))] {
        if !value.is_empty() {
            words.extend([option.to_owned(), value]);
        }
    }
    for (option, field) in [("--scope", "scopes"), ("--address", "addresses")] {
        words.extend(list(field).into_iter().flat_map(|value| [option.to_owned(), value]));
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let page = Entry {
        frame: Frame::new(desk, visitor, text::t("token.add")),
        up: Some(Link::new("token.plural", LIST)),
        about: "token.add_about",
        to: "/tokens/_new".to_owned(),
        sections: form.shown(written, &why.complaints),
        wrong: why.unplaced(&form),
        button: "token.make",
        twins: vec![twin::command(&words)],
        basis: Basis::default(),
    };
    page.render(why.status())
}

/// `GET /tokens/_new`
async fn blank(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let written = json!({ "days": DAYS_DEFAULT });
    let form = form(&desk, &visitor).await?;
    Ok(entry(&desk, &visitor, (form, &written), &Why::default()))
}

#[derive(Template)]
#[template(path = "token/made.html")]
struct MadePage {
    frame: Frame,
    made: ShownToken,
}

/// `POST /tokens/_new`: the token is shown once.
async fn create(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let form = form(&desk, &visitor).await?;
    let written = form.read(&posted, &json!({}));
    let scopes = posted.all("scopes").map(Permission::parse).collect::<Option<_>>();
    // Without one it would be the whole role.
    let scopes = scopes.ok_or(Fault::Form("a scope is none that there is"))?;
    let order = Order {
        name: posted.text("name").unwrap_or_default().to_owned(),
        administrator: posted.text("administrator").map(str::to_owned),
        scopes,
        addresses: form::texts(written.get("addresses").unwrap_or(&Value::Null)),
        // What is no number is none that a token can live.
        days: posted.text("days").map(|days| days.parse().unwrap_or(0)),
    };
    match token::create(&desk.app, visitor.actor()?, order).await {
        Ok(made) => {
            let frame = Frame::new(&desk, &visitor, text::t("token.made"));
            Ok(fault::render(&MadePage { frame, made }, StatusCode::CREATED))
        }
        Err(not_applied) => {
            let why = Why::of(not_applied)?;
            Ok(entry(&desk, &visitor, (form, &written), &why))
        }
    }
}

/// `POST /tokens/{id}/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Posted,
) -> Result<Response, Fault> {
    token::remove(&desk.app, visitor.actor()?, &id).await?;
    Ok(Redirect::to(&format!("{LIST}?done=token_removed")).into_response())
}
