//! Devices and People > People.

use std::sync::Arc;

use actions::certificate::Page;
use actions::event;
use actions::event::Ask;
use actions::person;
use actions::person::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::event::Outcome;
use domain::filter::Field as Asking;
use domain::inventory::csv;
use domain::inventory::listing::FIELDS;
use domain::object::Kind;
use domain::person::Person;
use domain::person::PersonStatus;
use domain::person::Told;
use domain::refusal::Refusal;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::device;
use crate::device::story::ShownLine;
use crate::device::story::lines;
use crate::entry::Basis;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::form::ShownSection;
use crate::frame::Frame;
use crate::inventory;
use crate::inventory::Editing;
use crate::inventory::importing;
use crate::inventory::importing::Place;
use crate::list::Asked;
use crate::list::Cell;
use crate::list::Link;
use crate::list::List;
use crate::list::Row;
use crate::object;
use crate::object::question::Question;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::record;
use crate::record::Record;
use crate::text;
use crate::url;
use crate::visitor::Visitor;

const LIST: &str = "/people";

const IMPORT: Place =
    Place { noun: "person", list: LIST, columns: "name,email,upn,sid,groups,status" };

/// The columns of the list, and what they are ordered by.
const COLUMNS: [(&str, &str); 5] =
    [("name", "name"), ("email", ""), ("upn", ""), ("groups", ""), ("status", "")];

/// Events of a person that the page tells.
const EVENTS: u32 = 50;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::InventoryRead);
    let change = Access::Needs(Permission::InventoryChange);
    record::pages::<PersonRecord>(pages, read);
    pages.get("/people/_new", change, blank);
    pages.post("/people/_new", change, create);
    pages.get("/people/_import", change, import_form);
    pages.post("/people/_import", change, import);
    pages.get("/people/{name}", read, show);
    pages.get("/people/{name}/edit", change, edit);
    pages.post("/people/{name}/edit", change, save);
    pages.get("/people/{name}/remove", change, ask_to_remove);
    pages.post("/people/{name}/remove", change, remove);
}

fn url_of(person: &Person) -> String {
    object::url(Kind::Person, &person.name)
}

pub(crate) struct PersonRecord;

impl Record for PersonRecord {
    const NOUN: &'static str = "person";

    const LIST: &'static str = LIST;

    const FIELDS: &'static [Asking] = &FIELDS;

    type Item = Shown;

    async fn ask(
        desk: &Desk,
        visitor: &Visitor,
        asked: &Asked,
        part: (Option<&str>, u32),
    ) -> Result<Page<Shown>, Refusal> {
        let start = inventory::start(asked)?;
        let actor = visitor.actor.as_ref().ok_or(Refusal::Unauthenticated)?;
        person::list(&desk.app, actor, &start, part).await
    }

    fn columns(_: &Visitor) -> Vec<(&'static str, &'static str)> {
        COLUMNS.to_vec()
    }

    fn row(_: &Visitor, shown: &Shown) -> Row {
        row(&shown.person)
    }

    fn offer(visitor: &Visitor, list: &mut List) {
        inventory::offer(visitor, list);
    }

    fn head() -> Vec<&'static str> {
        csv::head::<Told>()
    }

    /// As it can be imported again.
    fn line(shown: &Shown) -> Option<Vec<String>> {
        Some(csv::cells(&Told::of(&shown.person)))
    }
}

fn row(person: &Person) -> Row {
    let text = |text: &Option<String>| text.clone().map_or(Cell::None, Cell::Text);
    let color = match person.status {
        PersonStatus::Active => "green",
        PersonStatus::Disabled => "red",
    };
    let word = text::t(&format!("person.status.{}", person.status.as_str())).into_owned();
    let groups = person.groups.join(", ");
    let cells = vec![
        Cell::Text(person.name.clone()),
        text(&person.email),
        text(&person.upn),
        if groups.is_empty() { Cell::None } else { Cell::Text(groups) },
        Cell::Badge(color, word),
    ];
    Row { url: url_of(person), cells }
}

#[derive(Template)]
#[template(path = "person/show.html")]
struct ShowPage {
    frame: Frame,
    up: Link,
    name: String,
    sections: Vec<ShownSection>,
    at: Time,
    source: String,
    devices: Vec<Link>,
    /// Where the person's certificates are listed, and revoked.
    certificates: Option<String>,
    revoke: Option<String>,
    lines: Option<Vec<ShownLine>>,
    edit: Option<String>,
    remove: Option<String>,
}

/// `GET /people/{name}`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let Shown { person, devices } = person::show(&desk.app, actor, &name).await?;
    let inventory = desk.app.snapshot.inventory();
    let device = |name: String| match inventory.device_named(&name) {
        Some(found) => Link { url: device::url_of(&found), title: name },
        None => Link { url: device::search_url(&name), title: name },
    };
    let events = if visitor.can(Permission::EventRead) {
        let ask = Ask { limit: EVENTS, ..Ask::default() };
        Some(lines(event::of_person(&desk.app, actor, &person.name, ask).await?.items))
    } else {
        None
    };
    let own = url_of(&person);
    let may_change = visitor.can(Permission::InventoryChange);
    let account = person.email.clone().or(person.upn.clone());
    let page = ShowPage {
        frame: Frame::new(&desk, &visitor, person.name.clone()),
        up: Link::new("person.plural", LIST),
        sections: form().shown(&held(&person), &[]),
        at: person.at,
        source: text::t(&format!("device.source.{}", person.source.as_str())).into_owned(),
        devices: devices.unwrap_or_default().into_iter().map(device).collect(),
        certificates: account.as_ref().filter(|_| visitor.can(Permission::CertificateRead)).map(
            |account| {
                let quoted = account.replace('\\', "\\\\").replace('"', "\\\"");
                url::with("/certificates", &[("filter", &format!("person:\"{quoted}*\""))])
            },
        ),
        revoke: account
            .filter(|_| visitor.can(Permission::CertificateRevokeMany))
            .map(|account| url::with("/certificates/_revoke", &[("person", &account)])),
        lines: events,
        edit: may_change.then(|| format!("{own}/edit")),
        remove: may_change.then(|| format!("{own}/remove")),
        name: person.name,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// What is told of a person, as a form holds it.
fn held(person: &Person) -> Value {
    let mut held = Map::new();
    held.insert("name".into(), Value::from(person.name.clone()));
    held.insert("status".into(), Value::from(person.status.as_str()));
    held.insert("groups".into(), Value::from(person.groups.clone()));
    for (name, text) in [("email", &person.email), ("upn", &person.upn), ("sid", &person.sid)] {
        if let Some(text) = text {
            held.insert(name.into(), Value::from(text.clone()));
        }
    }
    Value::Object(held)
}

fn form() -> Form {
    let status = Choice::words(
        "person.status",
        &[PersonStatus::Active, PersonStatus::Disabled].map(PersonStatus::as_str),
    );
    let basic = vec![
        Field::text("name").required(),
        Field::text("email"),
        Field::text("upn"),
        Field::new("status", Input::Choice(status)).default("active"),
        Field::new("groups", Input::Lines),
        Field::text("sid"),
    ];
    Form { noun: "person", sections: vec![Section::new("basic", basic)] }
}

fn adding(held: Value) -> Editing {
    Editing {
        title: text::t("person.add").into_owned(),
        up: Link::new("person.plural", LIST),
        to: "/people/_new".to_owned(),
        form: form(),
        held,
        basis: Basis::default(),
    }
}

fn editing(person: &Person, held: Value, basis: Basis) -> Editing {
    let own = url_of(person);
    Editing {
        title: person.name.clone(),
        to: format!("{own}/edit"),
        up: Link { title: person.name.clone(), url: own },
        form: form(),
        held,
        basis,
    }
}

fn parse(told: Map<String, Value>) -> Result<Told, Fault> {
    let wrong = |_| Fault::Form("the form says something that is nothing of a person");
    serde_json::from_value(Value::Object(told)).map_err(wrong)
}

fn redirect(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// `GET /people/_new`
async fn blank(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    adding(form().blank()).page(&desk, &visitor)
}

/// `POST /people/_new`
async fn create(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let told = inventory::told(&form(), &posted, &json!({}));
    match person::create(&desk.app, visitor.actor()?, parse(told)?).await {
        Ok(shown) => Ok(redirect(&format!("{}?done=created", url_of(&shown.person)))),
        Err(wrong) => adding(form().read(&posted, &json!({}))).refused(&desk, &visitor, wrong),
    }
}

/// `GET /people/{name}/edit`
async fn edit(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let person = person::show(&desk.app, visitor.actor()?, &name).await?.person;
    let basis = Basis::of(person::etag(&person));
    Ok(editing(&person, held(&person), basis).page(&desk, &visitor))
}

/// `POST /people/{name}/edit`
async fn save(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let person = person::show(&desk.app, actor, &name).await?.person;
    let own = url_of(&person);
    let told = inventory::told(&form(), &posted, &held(&person));
    if told.is_empty() {
        return Ok(redirect(&own));
    }
    let id = person.name.clone();
    let meant = (id.as_str(), Basis::meant(&posted));
    match person::tell(&desk.app, actor, meant, parse(told)?).await {
        Ok(_) => Ok(redirect(&format!("{own}?done=saved"))),
        Err(wrong) => {
            let written = form().read(&posted, &json!({}));
            let person = person::show(&desk.app, actor, &id).await?.person;
            let now = (&held(&person), person::etag(&person));
            let basis = Basis::again(&posted, &written, now);
            editing(&person, written, basis).refused(&desk, &visitor, wrong)
        }
    }
}

/// `GET /people/{name}/remove`
async fn ask_to_remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let person = person::show(&desk.app, visitor.actor()?, &name).await?.person;
    let own = url_of(&person);
    Ok(Question::removal(&desk, &visitor, &person.name, &own).page(StatusCode::OK))
}

/// `POST /people/{name}/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _posted: Posted,
) -> Result<Response, Fault> {
    person::remove(&desk.app, visitor.actor()?, &name).await?;
    Ok(redirect("/people?done=removed"))
}

/// `GET /people/_import`
async fn import_form(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    importing::blank(&desk, &visitor, IMPORT)
}

/// `POST /people/_import`
async fn import(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let (table, import) = importing::asked(&posted);
    let answer = person::import(&desk.app, visitor.actor()?, &table, import).await;
    importing::answer(&desk, &visitor, (IMPORT, &posted), answer)
}
