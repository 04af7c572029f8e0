//! The API: `/api/v1/…` over actions. It translates and decides nothing.

pub mod audit;
pub mod certificate;
pub mod certificate_authority;
pub mod certificate_template;
pub mod decision;
pub mod device;
pub mod doctor;
pub mod event;
pub mod organization;
pub mod person;
pub mod policy;
pub mod problem;
pub mod reply_attribute;
pub mod version;

use std::sync::Arc;

use actions::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::FromRequestParts;
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::routing::MethodRouter;
use axum::routing::get;
use axum::routing::post;
use domain::actor::Actor;
use domain::inventory::csv::TABLE_BYTES_MAX;
use domain::refusal::Refusal;

use crate::problem::Problem;

/// Largest request body: a declarative file with 20,000 objects fits.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Items on a page if the request does not say.
pub const PAGE_DEFAULT: u32 = 100;

/// Every URL of the API. A door puts the [`Actor`] into the request's extensions, having checked
/// who is there; without one, every URL answers 401.
pub fn router(app: Arc<App>) -> Router {
    policy::routes(Router::new())
        .route("/api/v1/apply", post(organization::apply))
        .route("/api/v1/audit", get(audit::verify))
        .route("/api/v1/certificate-authorities", get(certificate_authority::list))
        .route("/api/v1/certificate-authorities/{name}", get(certificate_authority::show))
        .route("/api/v1/certificate-authorities/{name}/renew", post(certificate_authority::renew))
        .route("/api/v1/certificate-templates/{name}/preview", post(certificate_template::preview))
        .route("/api/v1/certificates", get(certificate::list))
        .route("/api/v1/certificates/{serial}", get(certificate::show))
        .route("/api/v1/certificates/release", post(certificate::release_chosen))
        .route("/api/v1/certificates/revoke", post(certificate::revoke_chosen))
        .route("/api/v1/certificates/{serial}/hold", post(certificate::hold))
        .route("/api/v1/certificates/{serial}/release", post(certificate::release))
        .route("/api/v1/certificates/{serial}/revoke", post(certificate::revoke))
        .route("/api/v1/devices", get(device::list).post(device::create))
        .route("/api/v1/devices/import", table(device::import))
        .route("/api/v1/devices/{name}", device::one())
        .route("/api/v1/doctor", get(doctor::examine))
        .route("/api/v1/events", get(event::list))
        .route("/api/v1/events/{id}", get(event::show))
        .route("/api/v1/export", get(organization::export))
        .route("/api/v1/explain", get(decision::explain))
        .route("/api/v1/organization", get(organization::show))
        .route("/api/v1/policy-fields", get(policy::fields))
        .route("/api/v1/radius-dictionaries", get(reply_attribute::dictionaries))
        .route("/api/v1/reply-presets", get(reply_attribute::presets))
        .route("/api/v1/replay", post(decision::replay))
        .route("/api/v1/simulate", post(decision::simulate))
        .route("/api/v1/people", get(person::list).post(person::create))
        .route("/api/v1/people/import", table(person::import))
        .route("/api/v1/people/{name}", person::one())
        .route("/api/v1/version", get(version::show))
        .fallback(missing)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(app)
}

/// Takes a table, which may be larger than other requests.
fn table<H, T>(handler: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    post(handler).layer(DefaultBodyLimit::max(TABLE_BYTES_MAX + 1))
}

/// Who is asking; a handler cannot run without.
pub struct Caller(pub Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Actor>().cloned().map(Self).ok_or_else(Problem::unauthenticated)
    }
}

async fn missing(uri: axum::http::Uri) -> Problem {
    let name = uri.path().to_owned();
    Problem::from(Refusal::NotFound { noun: "URL".into(), name })
}
