//! The API: `/api/v1/…` over actions. It translates and decides nothing.

pub mod administrator;
pub mod audit;
pub mod certificate;
pub mod certificate_authority;
pub mod certificate_template;
pub mod decision;
pub mod device;
pub mod doctor;
pub mod event;
pub mod gate;
pub mod gateway;
pub mod live;
pub mod network_profile;
pub mod object;
pub mod openapi;
pub mod operation;
pub mod organization;
pub mod overview;
pub mod person;
pub mod policy;
pub mod problem;
pub mod reply_attribute;
pub mod schema;
pub mod search;
pub mod server_certificate;
pub mod session;
mod sheet;
mod taken;
pub mod version;

use std::sync::Arc;

use actions::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::FromRequestParts;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::routing::MethodRouter;
use axum::routing::get;
use domain::actor::Actor;
use domain::inventory::csv::TABLE_BYTES_MAX;
use domain::refusal::Refusal;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::gate::Gate;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// Largest request body: a declarative file with 20,000 objects fits.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Items on a page if the request does not say.
pub const PAGE_DEFAULT: u32 = 100;

/// Most items on a page.
const PAGE_MAX: u32 = 1000;

/// Reads how many items a page is to have.
fn page_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let limit = Option::<u32>::deserialize(deserializer)?;
    if limit.is_some_and(|limit| !(1..=PAGE_MAX).contains(&limit)) {
        return Err(D::Error::custom(format_args!("is not 1 to {PAGE_MAX}")));
    }
    Ok(limit)
}

/// How the API answers.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests that one sender may make in a minute; 0 is as many as they like.
    pub requests_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_per_minute: gate::REQUESTS_PER_MINUTE_DEFAULT }
    }
}

/// Every URL of the API. A door that knows who is there puts the [`Actor`] into the request's
/// extensions, and every door the address ([`gate::Peer`]); otherwise a token is asked for.
pub fn router(app: Arc<App>, limits: Limits) -> Router {
    let gate = Gate::new(Arc::clone(&app), limits.requests_per_minute);
    let table = filled(Table::new(Arc::new(gate)));
    let description = openapi::describe(&table.operations);
    let description: Arc<[u8]> = description.to_string().into_bytes().into();
    let kind = [(CONTENT_TYPE, "application/json")];
    table
        .router
        .route(openapi::PATH, get(move || async move { (kind, description.to_vec()) }))
        .fallback(missing)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

/// Every operation, as the description and tests see it.
pub fn operations() -> Vec<Operation> {
    filled(Table::on_paper()).operations
}

/// The description, as it is served.
pub fn description() -> serde_json::Value {
    openapi::describe(&operations())
}

fn filled(mut table: Table) -> Table {
    for operations in [
        organization::operations,
        certificate_authority::operations,
        certificate_template::operations,
        object::operations,
        gateway::operations,
        network_profile::operations,
        server_certificate::operations,
        certificate::operations,
        device::operations,
        person::operations,
        policy::operations,
        reply_attribute::operations,
        decision::operations,
        doctor::operations,
        event::operations,
        live::operations,
        overview::operations,
        search::operations,
        audit::operations,
        administrator::operations,
        session::operations,
        version::operations,
    ] {
        operations(&mut table);
    }
    table
}

/// Lets an operation take a table, which may be larger than other requests.
pub(crate) fn large(route: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    route.layer(DefaultBodyLimit::max(TABLE_BYTES_MAX + 1))
}

/// Who is asking; a handler cannot run without.
pub struct Caller(pub Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Actor>()
            .cloned()
            .map(Self)
            .ok_or_else(|| Problem::from(Refusal::Unauthenticated))
    }
}

async fn other_method() -> Problem {
    Problem::other_method()
}

async fn missing(uri: axum::http::Uri) -> Problem {
    let name = uri.path().to_owned();
    Problem::from(Refusal::NotFound { noun: "URL".into(), name })
}
