//! Looking at what happened.

use core::net::IpAddr;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::event::Event;
use domain::event::EventKind;
use domain::event::Shown;
use domain::event::listing::FIELDS;
use domain::event::listing::Order;
use domain::filter::Field;
use domain::filter::Filter;
use domain::filter::ListedField;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use serde_json::Map;
use serde_json::Value;
use store::event::About;
use store::event::log;
use store::event::log::Part;
use uuid::Uuid;

use crate::App;
use crate::certificate;
use crate::certificate::Page;
use crate::device;
use crate::person;
use crate::unavailable;
use crate::world::Said;

/// Most devices of one person whose answers are in the person's history; each is a walk of its own.
pub const DEVICES_MAX: usize = 100;

/// Which events, and what part of their list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'a> {
    /// In the language of filters; empty for all.
    pub filter: &'a str,
    /// In which order.
    pub order: Order,
    /// The `next` of another page.
    pub cursor: Option<&'a str>,
    /// Most events.
    pub limit: u32,
}

impl Ask<'_> {
    fn part(&self) -> Result<Part, Refusal> {
        let after = self.cursor.map(|cursor| parse("cursor", cursor)).transpose()?;
        let limit = self.limit.clamp(1, store::event::PAGE_MAX);
        Ok(Part { order: self.order, after, limit })
    }
}

/// A page of events. It may be short of its limit and have a next one all the same: no page looks
/// through more rows than [`log::LOOKED_THROUGH_MAX`].
pub async fn list(app: &App, actor: &Actor, ask: Ask<'_>) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::EventRead)?;
    let filter = Filter::parse(ask.filter, &FIELDS, app.world.time())?;
    let page = log::list(&app.store, &filter, ask.part()?).await.map_err(unavailable)?;
    let Page { items, next } = shown(page);
    Ok(Page { items: items.into_iter().map(|one| as_seen_by(actor, one)).collect(), next })
}

/// Everything that lists of events can be asked by.
pub fn fields(actor: &Actor) -> Result<Vec<ListedField>, Refusal> {
    actor.may(Permission::EventRead)?;
    Ok(FIELDS.iter().map(Field::listed).collect())
}

/// One event.
pub async fn show(app: &App, actor: &Actor, id: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::EventRead)?;
    let found = store::event::find(&app.store, parse("event", id)?).await.map_err(unavailable)?;
    let missing = || Refusal::NotFound { noun: "event".into(), name: id.to_owned() };
    Ok(as_seen_by(actor, found.ok_or_else(missing)?.shown()))
}

/// What an actor may know of an event: who may not see administrators does not see what became of
/// them and of their tokens either, only that something did.
pub(crate) fn as_seen_by(actor: &Actor, mut shown: Shown) -> Shown {
    let of_administrators = ["administrator:", "token:"];
    let is_of = of_administrators.iter().any(|noun| shown.object.starts_with(noun));
    if is_of && !actor.can(Permission::AdministratorRead) {
        shown.details.clear();
    }
    shown
}

/// Records that somebody was not let in at the API, as answers to devices are: bounded, and never
/// waited for.
pub fn note_refused_request(
    app: &App,
    (actor, from): (String, Option<IpAddr>),
    place: &str,
    refusal: Refusal,
) {
    let mut details = Map::new();
    if let Some(from) = from {
        details.insert("address".into(), Value::from(from.to_canonical().to_string()));
    }
    let said = Said { actor, object: format!("api:{place}"), details };
    app.snapshot.journal().note(app.world.event(EventKind::ApiRefused, Some(refusal), said));
}

/// What happened to a certificate and with it.
pub async fn of_certificate(
    app: &App,
    actor: &Actor,
    serial: &Serial,
    ask: Ask<'_>,
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::EventRead)?;
    actor.may(Permission::CertificateRead)?;
    let part = ask.part()?;
    certificate::find(app, serial).await?;
    let object = format!("certificate:{serial}");
    history(app, &[About::Object(&object)], part).await
}

/// What happened to an administrator and with them; everybody may see their own.
pub async fn of_administrator(
    app: &App,
    actor: &Actor,
    name: &str,
    ask: Ask<'_>,
) -> Result<Page<Shown>, Refusal> {
    if actor.administrator_name() != Some(name) {
        actor.may(Permission::AdministratorRead)?;
    }
    let object = format!("administrator:{name}");
    of_found(
        history(app, &[About::Object(&object)], ask.part()?).await?,
        ("administrator", name),
        false,
    )
}

/// What happened to the tokens of a name.
pub async fn of_token(
    app: &App,
    actor: &Actor,
    name: &str,
    ask: Ask<'_>,
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::AdministratorRead)?;
    let object = format!("token:{name}");
    of_found(history(app, &[About::Object(&object)], ask.part()?).await?, ("token", name), false)
}

/// What happened to a device, and how it was answered: under its name and at its addresses. Of one
/// that was removed, what is on record under the name.
pub async fn of_device(
    app: &App,
    actor: &Actor,
    text: &str,
    ask: Ask<'_>,
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::EventRead)?;
    actor.may(Permission::InventoryRead)?;
    let part = ask.part()?;
    let found = known(device::find(app, text).await)?;
    let name = found.as_ref().map_or(text, |(device, _)| &device.name);
    let object = format!("device:{name}");
    let stations = found.as_ref().map_or(&[][..], |(device, _)| device.mac_keys());
    let mut about = vec![About::Object(&object), About::Device(name)];
    about.extend(stations.iter().map(|station| About::Station(station)));
    of_found(history(app, &about, part).await?, ("device", text), found.is_some())
}

/// What happened to a person, and how their devices were answered. Of one who was removed, what is
/// on record under the name.
pub async fn of_person(
    app: &App,
    actor: &Actor,
    text: &str,
    ask: Ask<'_>,
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::EventRead)?;
    actor.may(Permission::InventoryRead)?;
    let part = ask.part()?;
    let found = known(person::find(app, text).await)?;
    let person = found.as_ref().map(|(person, _)| person);
    let object = format!("person:{}", person.map_or(text, |person| &person.name));
    let devices = person.map(|person| app.snapshot.inventory().devices_of(person));
    let mut devices = devices.unwrap_or_default();
    devices.sort_by(|a, b| a.name.cmp(&b.name));
    devices.truncate(DEVICES_MAX);
    let mut about = vec![About::Object(&object)];
    about.extend(devices.iter().map(|device| About::Device(&device.name)));
    of_found(history(app, &about, part).await?, ("person", text), found.is_some())
}

fn known<T>(found: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Refusal::NotFound { .. }) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// A history, unless nothing ever was under the name.
fn of_found(
    page: Page<Shown>,
    (noun, name): (&str, &str),
    is_known: bool,
) -> Result<Page<Shown>, Refusal> {
    if is_known || !page.items.is_empty() {
        return Ok(page);
    }
    Err(Refusal::NotFound { noun: noun.to_owned(), name: name.to_owned() })
}

async fn history(app: &App, about: &[About<'_>], part: Part) -> Result<Page<Shown>, Refusal> {
    Ok(shown(log::history(&app.store, about, part).await.map_err(unavailable)?))
}

fn shown(page: log::Page) -> Page<Shown> {
    let next = page.next.map(|next| next.to_string());
    Page { items: page.events.iter().map(Event::shown).collect(), next }
}

fn parse(parameter: &str, id: &str) -> Result<Uuid, Refusal> {
    Uuid::parse_str(id).map_err(|_| Refusal::ParameterWrong {
        parameter: parameter.into(),
        what: "is not the id of an event".into(),
    })
}
