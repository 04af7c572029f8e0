//! Devices and People > Devices.

pub(crate) mod story;

use std::sync::Arc;

use actions::certificate::Page;
use actions::device;
use actions::device::Shown;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::device::Device;
use domain::device::DeviceStatus;
use domain::device::Fact;
use domain::device::told::Told;
use domain::filter::Field as Asking;
use domain::inventory::csv;
use domain::inventory::listing::FIELDS;
use domain::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::entry::Basis;
use crate::fault::Fault;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::inventory;
use crate::inventory::Editing;
use crate::inventory::importing;
use crate::inventory::importing::Place;
use crate::list::Asked;
use crate::list::Cell;
use crate::list::Link;
use crate::list::List;
use crate::list::Row;
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

const LIST: &str = "/devices";

const IMPORT: Place = Place {
    noun: "device",
    list: LIST,
    columns: "name,serial,udid,model,os,os_version,mac_addresses,owner,tags,status",
};

/// The columns of the list, and what they are ordered by.
const COLUMNS: [(&str, &str); 6] =
    [("name", "name"), ("serial", ""), ("os", ""), ("owner", ""), ("tags", ""), ("status", "")];

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::InventoryRead);
    let change = Access::Needs(Permission::InventoryChange);
    record::pages::<DeviceRecord>(pages, read);
    pages.get("/devices/_new", change, blank);
    pages.post("/devices/_new", change, create);
    pages.get("/devices/_import", change, import_form);
    pages.post("/devices/_import", change, import);
    pages.get("/devices/{name}", read, story::show);
    pages.get("/devices/{name}/edit", change, edit);
    pages.post("/devices/{name}/edit", change, save);
    pages.get("/devices/{name}/remove", change, ask_to_remove);
    pages.post("/devices/{name}/remove", change, remove);
}

/// The URL of a device: by its id, which no other name hides.
pub(crate) fn url_of(device: &Device) -> String {
    format!("{LIST}/{}", device.id)
}

pub(crate) struct DeviceRecord;

impl Record for DeviceRecord {
    const NOUN: &'static str = "device";

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
        device::list(&desk.app, actor, &start, part).await
    }

    fn columns(_: &Visitor) -> Vec<(&'static str, &'static str)> {
        COLUMNS.to_vec()
    }

    fn row(_: &Visitor, shown: &Shown) -> Row {
        row(shown)
    }

    fn offer(visitor: &Visitor, list: &mut List) {
        inventory::offer(visitor, list);
    }

    fn head() -> Vec<&'static str> {
        csv::head::<Told>()
    }

    /// As it can be imported again: of what only requests told, the inventory knows nothing.
    fn line(shown: &Shown) -> Option<Vec<String>> {
        shown.known.then(|| csv::cells(&Told::of(&shown.device)))
    }
}

fn row(shown: &Shown) -> Row {
    let device = &shown.device;
    let value = |fact: &Option<Fact<String>>| fact.as_ref().map(|fact| fact.value.clone());
    let text = |fact| value(fact).map_or(Cell::None, Cell::Text);
    let os = [value(&device.os), value(&device.os_version)];
    let os = os.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let tags = device.tags.as_ref().map(|fact| fact.value.join(", "));
    let (color, key) = match (shown.known, device.status()) {
        (false, _) => ("secondary", "device.told_only".to_owned()),
        (true, DeviceStatus::Active) => ("green", "device.status.active".to_owned()),
        (true, other) => ("red", format!("device.status.{}", other.as_str())),
    };
    let cells = vec![
        Cell::Text(device.name.clone()),
        value(&device.serial).map_or(Cell::None, Cell::Code),
        if os.is_empty() { Cell::None } else { Cell::Text(os) },
        text(&device.owner),
        tags.map_or(Cell::None, Cell::Text),
        Cell::Badge(color, text::t(&key).into_owned()),
    ];
    Row { url: url_of(device), cells }
}

/// What is told of a device, as a form holds it.
fn held(device: &Device) -> Value {
    let mut held = Map::new();
    held.insert("name".into(), Value::from(device.name.clone()));
    held.insert("status".into(), Value::from(device.status().as_str()));
    let texts = [
        ("serial", &device.serial),
        ("udid", &device.udid),
        ("model", &device.model),
        ("os", &device.os),
        ("os_version", &device.os_version),
        ("owner", &device.owner),
    ];
    for (name, fact) in texts {
        if let Some(fact) = fact {
            held.insert(name.into(), Value::from(fact.value.clone()));
        }
    }
    for (name, fact) in [("mac_addresses", &device.mac_addresses), ("tags", &device.tags)] {
        if let Some(fact) = fact {
            held.insert(name.into(), Value::from(fact.value.clone()));
        }
    }
    Value::Object(held)
}

fn form() -> Form {
    let status = Choice::words("device.status", &DeviceStatus::ALL.map(DeviceStatus::as_str));
    let basic = vec![
        Field::text("name").required(),
        Field::text("serial"),
        Field::text("udid"),
        Field::new("mac_addresses", Input::Lines),
    ];
    let further = vec![
        Field::text("owner"),
        Field::new("status", Input::Choice(status)).default("active"),
        Field::new("tags", Input::Lines),
        Field::text("model"),
        Field::text("os"),
        Field::text("os_version"),
    ];
    let sections = vec![Section::new("basic", basic), Section::new("further", further)];
    Form { noun: "device", sections }
}

fn adding(held: Value) -> Editing {
    Editing {
        title: text::t("device.add").into_owned(),
        up: Link::new("device.plural", LIST),
        to: "/devices/_new".to_owned(),
        form: form(),
        held,
        basis: Basis::default(),
    }
}

fn editing(device: &Device, held: Value, basis: Basis) -> Editing {
    let own = url_of(device);
    Editing {
        title: device.name.clone(),
        to: format!("{own}/edit"),
        up: Link { title: device.name.clone(), url: own },
        form: form(),
        held,
        basis,
    }
}

/// `GET /devices/_new`
async fn blank(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    adding(form().blank()).page(&desk, &visitor)
}

/// `POST /devices/_new`
async fn create(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let told = inventory::told(&form(), &posted, &json!({}));
    match device::create(&desk.app, actor, parse(told)?).await {
        Ok(shown) => Ok(redirect(&format!("{}?done=created", url_of(&shown.device)))),
        Err(wrong) => adding(form().read(&posted, &json!({}))).refused(&desk, &visitor, wrong),
    }
}

/// What a form tells; each field is a text or a list of them already.
fn parse(told: Map<String, Value>) -> Result<Told, Fault> {
    let wrong = |_| Fault::Form("the form says something that is nothing of a device");
    serde_json::from_value(Value::Object(told)).map_err(wrong)
}

/// `GET /devices/{name}/edit`
async fn edit(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let device = device::show(&desk.app, visitor.actor()?, &name).await?.device;
    let basis = Basis::of(device::etag(&device));
    Ok(editing(&device, held(&device), basis).page(&desk, &visitor))
}

/// `POST /devices/{name}/edit`
async fn save(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let device = device::show(&desk.app, actor, &name).await?.device;
    let own = url_of(&device);
    let told = inventory::told(&form(), &posted, &held(&device));
    if told.is_empty() {
        return Ok(redirect(&own));
    }
    let id = device.id.to_string();
    let meant = (id.as_str(), Basis::meant(&posted));
    match device::tell(&desk.app, actor, meant, parse(told)?).await {
        Ok(_) => Ok(redirect(&format!("{own}?done=saved"))),
        Err(wrong) => {
            let written = form().read(&posted, &json!({}));
            let device = device::show(&desk.app, actor, &id).await?.device;
            let now = (&held(&device), device::etag(&device));
            let basis = Basis::again(&posted, &written, now);
            editing(&device, written, basis).refused(&desk, &visitor, wrong)
        }
    }
}

fn redirect(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// `GET /devices/{name}/remove`
async fn ask_to_remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let device = device::show(&desk.app, visitor.actor()?, &name).await?.device;
    let own = url_of(&device);
    Ok(Question::removal(&desk, &visitor, &device.name, &own).page(StatusCode::OK))
}

/// `POST /devices/{name}/remove`
async fn remove(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _posted: Posted,
) -> Result<Response, Fault> {
    device::remove(&desk.app, visitor.actor()?, &name).await?;
    Ok(redirect("/devices?done=removed"))
}

/// `GET /devices/_import`
async fn import_form(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Response {
    importing::blank(&desk, &visitor, IMPORT)
}

/// `POST /devices/_import`
async fn import(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let (table, import) = importing::asked(&posted);
    let answer = device::import(&desk.app, visitor.actor()?, &table, import).await;
    importing::answer(&desk, &visitor, (IMPORT, &posted), answer)
}

/// The URL of the list of devices that are looked for so.
pub(crate) fn search_url(text: &str) -> String {
    url::with(LIST, &[("search", text)])
}
