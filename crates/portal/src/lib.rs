//! The management portal: every page, and its URL. Pages show what verbs answer and decide nothing.

mod access_point;
mod account;
mod administrator;
mod asset;
mod audit;
mod certificate;
mod certificate_authority;
mod certificate_template;
mod chart;
mod device;
mod enrollment_policy;
mod entry;
mod event;
mod export;
mod fault;
mod filters;
mod form;
mod frame;
mod gateway;
pub mod guard;
mod inventory;
mod life;
mod list;
mod live;
mod look;
mod moment;
mod network_policy;
mod network_profile;
mod object;
mod overview;
pub mod page;
mod path;
mod person;
mod policy;
mod policy_workflow;
mod posted;
mod proof;
mod record;
mod search;
mod server_certificate;
mod session;
mod settings;
mod setup;
mod sign_in;
mod subject;
mod table;
mod text;
mod token;
mod twin;
mod url;
mod visible;
mod visitor;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use actions::App;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Uri;
use axum::middleware;
use axum::response::Response;
use axum::routing::MethodRouter;
use axum::routing::any;
use axum::routing::get;
use domain::refusal::Refusal;

pub use crate::asset::compressed_bytes;
use crate::fault::Fault;
use crate::guard::Passing;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Page;
use crate::page::Pages;

/// Largest form: a policy with every rule and value that it may have fits.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// How the portal is reached.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Names that browsers may call it by, beside addresses, `localhost` and the organization's.
    pub hosts: Vec<String>,
}

/// What browsers are told of every answer: nothing but ours is loaded, nobody frames us, and we are
/// always asked over HTTPS.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'; report-uri /csp-report",
    ),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// Every page of the portal. A door puts the address into the request's extensions
/// ([`guard::Peer`]), and whoever is known to it.
pub fn router(app: Arc<App>, settings: Settings) -> Router {
    let desk = Arc::new(Desk { app, settings, reports: AtomicU32::new(0) });
    let pages = filled(Pages::new(Arc::clone(&desk)));
    pages
        .router
        .route(asset::PATH, get(asset::serve))
        .fallback_service(missing(&desk))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::map_response(strict))
        .with_state(desk)
}

/// Every page, as tests see it.
#[must_use]
pub fn pages() -> Vec<Page> {
    filled(Pages::on_paper()).list
}

fn filled(mut pages: Pages) -> Pages {
    for add in [
        look::pages,
        sign_in::pages,
        account::pages,
        settings::pages,
        setup::pages,
        administrator::pages,
        token::pages,
        session::pages,
        audit::pages,
        overview::pages,
        event::pages,
        live::pages,
        certificate_authority::pages,
        certificate_template::pages,
        server_certificate::pages,
        gateway::pages,
        policy_workflow::pages,
        enrollment_policy::pages,
        network_policy::pages,
        search::pages,
        network_profile::pages,
        certificate::pages,
        access_point::pages,
        device::pages,
        person::pages,
    ] {
        add(&mut pages);
    }
    pages
}

/// The page of a URL that is none.
fn missing(desk: &Arc<Desk>) -> MethodRouter {
    let passing = Passing { desk: Arc::clone(desk), access: Access::Public, proof: false };
    any(|uri: Uri| async move {
        Fault::Refused(Refusal::NotFound { noun: "page".into(), name: uri.path().to_owned() })
    })
    .layer(middleware::from_fn_with_state(passing, guard::pass))
}

async fn strict(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_static(value));
        response.headers_mut().insert(name, value);
    }
    response
}
