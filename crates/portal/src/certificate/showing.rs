//! A certificate's page: everything that is in it, and everything that is known of it.

use std::sync::Arc;

use actions::event;
use actions::event::Ask;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::Status;
use domain::event::Outcome;
use domain::object::Kind;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use pki::extension::readable::readable;
use pki::key::KeyKind;
use pki::pem;

use super::LIST;
use super::reasons;
use super::tone;
use crate::device;
use crate::device::story::ShownLine;
use crate::device::story::lines;
use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::frame::Frame;
use crate::life::Life;
use crate::list::Link;
use crate::object;
use crate::page::Desk;
use crate::text;
use crate::visitor::Visitor;

/// Events of a certificate that its page tells.
const EVENTS: u32 = 50;

/// An extension as the page shows it.
struct ShownExtension {
    name: String,
    critical: bool,
    lines: Vec<String>,
}

/// What only the bytes tell.
struct Content {
    issuer: String,
    key: String,
    sha256: String,
    sha1: String,
    extensions: Vec<ShownExtension>,
    pem: String,
}

#[derive(Template)]
#[template(path = "certificate/show.html")]
struct ShowPage {
    frame: Frame,
    up: Link,
    certificate: Certificate,
    tone: &'static str,
    status: String,
    usage: String,
    reason: Option<String>,
    content: Option<Content>,
    life: Life,
    /// Where it is used: what it belongs to and where it came from, each under a word.
    used: Vec<(String, Link)>,
    /// The URL of the page, if whoever looks may revoke.
    revoke: Option<String>,
    is_held: bool,
    can_revoke: bool,
    reasons: Vec<Choice>,
    lines: Option<Vec<ShownLine>>,
}

/// Reads the number of a certificate out of a URL.
pub(super) fn parse(serial: &str) -> Result<Serial, Fault> {
    let wrong = |_| Refusal::ParameterWrong {
        parameter: "serial".to_owned(),
        what: "is not a serial number in hexadecimal digits".to_owned(),
    };
    Ok(Serial::parse_text(serial).map_err(wrong)?)
}

/// `GET /certificates/{serial}`
pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(serial): Path<String>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let serial = parse(&serial)?;
    let kept = actions::certificate::show(&desk.app, actor, &serial).await?;
    let certificate = kept.certificate;
    let lines = if visitor.can(Permission::EventRead) {
        let ask = Ask { limit: EVENTS, ..Ask::default() };
        Some(lines(event::of_certificate(&desk.app, actor, &serial, ask).await?.items))
    } else {
        None
    };
    let word =
        |start: &str, word: &str| text::t(&format!("certificate.{start}.{word}")).into_owned();
    let may = visitor.can(Permission::CertificateRevoke);
    let page = ShowPage {
        frame: Frame::new(&desk, &visitor, certificate.subject.clone()),
        up: Link::new("certificate.plural", LIST),
        tone: tone(certificate.status),
        status: word("status", certificate.status.as_str()),
        usage: word("usage", certificate.usage.as_str()),
        reason: certificate.revocation_reason.map(|reason| word("reason", reason.as_str())),
        content: kept.der.as_deref().and_then(content),
        life: Life::of(certificate.not_before, certificate.not_after, desk.app.world.time()),
        used: used(&desk, &visitor, &certificate),
        revoke: may.then(|| format!("{LIST}/{serial}")),
        is_held: certificate.status == Status::Held,
        can_revoke: matches!(certificate.status, Status::Issued | Status::Held),
        reasons: reasons(),
        lines,
        certificate,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

fn content(der: &[u8]) -> Option<Content> {
    let read = pki::certificate::Certificate::parse(der).ok()?;
    let extension = |one: &pki::extension::Extension| {
        let shown = readable(one);
        ShownExtension { name: shown.name, critical: one.critical, lines: shown.lines }
    };
    let key = match (read.public_key.key_type(), read.public_key.kind()) {
        (Some(known), _) => known.as_str().to_owned(),
        (None, KeyKind::Rsa { bits, .. }) => format!("rsa-{bits}"),
        (None, _) => text::t("certificate.other_key").into_owned(),
    };
    Some(Content {
        issuer: read.issuer.to_string(),
        key,
        sha256: hex(&read.sha256_fingerprint()),
        sha1: hex(&read.sha1_fingerprint()),
        extensions: read.extensions.iter().map(extension).collect(),
        pem: pem::certificate(&read),
    })
}

/// What it belongs to and where it came from, as far as whoever looks may see that.
fn used(desk: &Desk, visitor: &Visitor, certificate: &Certificate) -> Vec<(String, Link)> {
    let mut used = Vec::new();
    let mut add = |key: &str, title: &str, url: String| {
        used.push((text::t(key).into_owned(), Link { title: title.to_owned(), url }));
    };
    if visitor.can(Permission::InventoryRead) {
        let record = certificate.device_id.and_then(|id| desk.app.snapshot.inventory().device(&id));
        match (record, &certificate.device) {
            (Some(device), _) => {
                add("certificate.of_device", &device.name, device::url_of(&device));
            }
            (None, Some(name)) => add("certificate.of_device", name, device::search_url(name)),
            (None, None) => {}
        }
        if let Some(person) = &certificate.person {
            add("certificate.of_person", person, object::url(Kind::Person, person));
        }
    }
    if visitor.can(Permission::OrganizationRead) {
        let authority = &certificate.authority;
        let url = object::url_of_name(desk, Kind::CertificateAuthority, authority);
        add("certificate.by_authority", authority, url);
        let from = [
            ("certificate.at_gateway", Kind::Gateway, &certificate.gateway),
            ("certificate.from_template", Kind::CertificateTemplate, &certificate.template),
        ];
        for (key, kind, name) in from {
            if let Some(name) = name {
                add(key, name, object::url_of_name(desk, kind, name));
            }
        }
    }
    used
}

async fn bytes(desk: &Desk, visitor: &Visitor, serial: &str) -> Result<Vec<u8>, Fault> {
    let serial = parse(serial)?;
    let kept = actions::certificate::show(&desk.app, visitor.actor()?, &serial).await?;
    let missing = || Refusal::NotFound { noun: "certificate".into(), name: serial.to_string() };
    Ok(kept.der.ok_or_else(missing)?)
}

/// `GET /certificates/{serial}/download.pem`
pub(super) async fn pem(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(serial): Path<String>,
) -> Result<Response, Fault> {
    let text = pem::encode(pem::CERTIFICATE, &bytes(&desk, &visitor, &serial).await?);
    Ok(export::file(&format!("{serial}.pem"), "application/x-pem-file", text))
}

/// `GET /certificates/{serial}/download.cer`
pub(super) async fn cer(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(serial): Path<String>,
) -> Result<Response, Fault> {
    let der = bytes(&desk, &visitor, &serial).await?;
    Ok(export::file(&format!("{serial}.cer"), "application/pkix-cert", der))
}
