//! Importing a certificate from elsewhere, with its key. What is secret stands in no page.

use std::sync::Arc;

use actions::object;
use actions::organization::NotApplied;
use actions::server_certificate::importing;
use actions::server_certificate::importing::Order;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::object::Kind;
use domain::refusal::Refusal;

use super::slots::back;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::object::url;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// The fields that no page holds.
pub(crate) const SECRETS: [&str; 3] = ["private_key", "pkcs12", "pkcs12_password"];

#[derive(Template)]
#[template(path = "server_certificate/import.html")]
struct ImportPage {
    frame: Frame,
    up: Link,
    to: String,
    certificate: String,
    next: bool,
    wrong: Vec<String>,
}

/// `GET /server-certificates/{name}/import`
pub(crate) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let shown = object::show(&desk.app, visitor.actor()?, Kind::ServerCertificate, &name)?;
    let posted = Posted::default();
    Ok(page((&desk, &visitor), &shown, &posted, (Vec::new(), StatusCode::OK)))
}

/// `POST /server-certificates/{name}/import`
pub(crate) async fn import(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::ServerCertificate, &name)?;
    let unreadable = StatusCode::UNPROCESSABLE_ENTITY;
    if SECRETS.iter().all(|field| posted.text(field).is_none()) {
        // Perhaps they were given, before the password was asked for.
        let wrong = vec![text::t("server_certificate.import_again").into_owned()];
        return Ok(page((&desk, &visitor), &shown, &posted, (wrong, unreadable)));
    }
    let next = posted.has("next");
    let order = Order {
        certificate: posted.text("certificate").map(str::to_owned),
        key: posted.secret("private_key"),
        pkcs12: posted.secret("pkcs12"),
        password: posted.secret("pkcs12_password"),
        next,
    };
    let wrong = match importing::import(&desk.app, actor, &shown.name, order).await {
        Ok(_) => return Ok(back(&shown.slug, if next { "waits" } else { "imported_server" })),
        Err(NotApplied::Complaints(complaints)) => {
            complaints.iter().map(ToString::to_string).collect()
        }
        Err(NotApplied::Refused(refusal @ Refusal::RootDiffers { .. })) => {
            let reason = refusal.reason();
            vec![format!("{}; {}", reason.sentence, reason.fix)]
        }
        Err(other) => return Err(other.into()),
    };
    Ok(page((&desk, &visitor), &shown, &posted, (wrong, unreadable)))
}

fn page(
    (desk, visitor): (&Desk, &Visitor),
    shown: &object::Shown,
    posted: &Posted,
    (wrong, status): (Vec<String>, StatusCode),
) -> Response {
    let own = url(Kind::ServerCertificate, &shown.slug);
    let page = ImportPage {
        frame: Frame::new(desk, visitor, text::t("server_certificate.import")),
        up: Link { title: shown.name.clone(), url: own.clone() },
        to: format!("{own}/import"),
        certificate: posted.one("certificate").unwrap_or_default().to_owned(),
        next: posted.has("next"),
        wrong,
    };
    fault::render(&page, status)
}
