//! `/api/v1/events`, and the histories of certificates, devices and people

use std::sync::Arc;

use actions::App;
use actions::event;
use actions::event::Ask;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use domain::actor::Permission;
use domain::event::Shown;
use domain::event::listing::Order;
use domain::filter::ListedField;
use domain::refusal::Refusal;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate;
use crate::certificate::Page;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// Which events, and which page of their list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// In the language of filters, with the fields of `/api/v1/event-fields`.
    #[serde(default)]
    #[param(required = false)]
    pub filter: String,
    /// `newest` first, or `oldest`.
    pub order: Option<String>,
    /// The `next` of another page, or the id of an event: what comes behind it in this order.
    pub cursor: Option<String>,
    /// Most events; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// Which page of a history.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    /// `newest` first, or `oldest`.
    pub order: Option<String>,
    /// The `next` of another page, or the id of an event: what comes behind it in this order.
    pub cursor: Option<String>,
    /// Most events; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::EventRead;
    let list = Operation::get("/api/v1/events", "List what happened").needs(read);
    table.add(list.query::<ListQuery>().lists::<Shown>(), self::list);
    let show = Operation::get("/api/v1/events/{id}", "Show one event").needs(read);
    table.add(show.answers::<Shown>(), self::show);
    let list = Operation::get("/api/v1/event-fields", "List what events can be asked by");
    table.add(list.needs(read).lists::<ListedField>(), fields);
    let history = |path: &str, what: &str| {
        let about = format!("List what happened to {what} and with it");
        let history = Operation::get(format!("/api/v1/{path}/history"), about);
        history.query::<HistoryQuery>().lists::<Shown>()
    };
    table.add(history("administrators/{name}", "an administrator"), of_administrator);
    let of_name = history("tokens/{id}", "the tokens of a name");
    table.add(of_name.needs(Permission::AdministratorRead), of_token);
    let of_one = history("certificates/{serial}", "a certificate").needs(read);
    table.add(of_one.needs(Permission::CertificateRead), of_certificate);
    let of_one = history("devices/{name}", "a device").needs(read);
    table.add(of_one.needs(Permission::InventoryRead), of_device);
    let of_one = history("people/{name}", "a person").needs(read);
    table.add(of_one.needs(Permission::InventoryRead), of_person);
}

/// `GET /api/v1/events`
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(ListQuery { filter, order, cursor, limit }) = query?;
    let history = HistoryQuery { order, cursor, limit };
    let ask = Ask { filter: &filter, ..history.ask()? };
    page(event::list(&app, &actor, ask).await)
}

/// `GET /api/v1/event-fields`
pub async fn fields(Caller(actor): Caller) -> Result<Json<Page<ListedField>>, Problem> {
    Ok(Json(Page { items: event::fields(&actor)?, next: None }))
}

/// `GET /api/v1/events/ID`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    Ok(Json(event::show(&app, &actor, &id).await?))
}

/// `GET /api/v1/certificates/SERIAL/history`
pub async fn of_certificate(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(serial): Path<String>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    let serial = certificate::parse(&serial)?;
    page(event::of_certificate(&app, &actor, &serial, query.ask()?).await)
}

/// `GET /api/v1/devices/NAME/history`
pub async fn of_device(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    page(event::of_device(&app, &actor, &name, query.ask()?).await)
}

/// `GET /api/v1/people/NAME/history`
pub async fn of_person(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    page(event::of_person(&app, &actor, &name, query.ask()?).await)
}

/// `GET /api/v1/administrators/NAME/history`
pub async fn of_administrator(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    page(event::of_administrator(&app, &actor, &name, query.ask()?).await)
}

/// `GET /api/v1/tokens/NAME/history`
pub async fn of_token(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(query) = query?;
    page(event::of_token(&app, &actor, &name, query.ask()?).await)
}

impl HistoryQuery {
    fn ask(&self) -> Result<Ask<'_>, Problem> {
        let order = self.order.as_deref().map(|text| {
            let what = "is not newest or oldest".to_owned();
            let wrong = Refusal::ParameterWrong { parameter: "order".into(), what };
            Order::parse(text).ok_or(wrong)
        });
        Ok(Ask {
            filter: "",
            order: order.transpose()?.unwrap_or_default(),
            cursor: self.cursor.as_deref(),
            limit: self.limit.unwrap_or(PAGE_DEFAULT),
        })
    }
}

fn page(
    page: Result<actions::certificate::Page<Shown>, Refusal>,
) -> Result<Json<Page<Shown>>, Problem> {
    let actions::certificate::Page { items, next } = page?;
    Ok(Json(Page { items, next }))
}
