//! Dynamic PKI > Certificates: every certificate that was issued.

mod revocation;
mod showing;

use actions::certificate::Page;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::certificate::listing::FIELDS;
use domain::certificate::search::Field;
use domain::certificate::search::Search;
use domain::certificate::search::Start;
use domain::filter::Field as Asking;
use domain::refusal::Refusal;

use crate::fault;
use crate::filters;
use crate::form::Choice;
use crate::frame::Frame;
use crate::list::Asked;
use crate::list::Cell;
use crate::list::Link;
use crate::list::List;
use crate::list::Row;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::record;
use crate::record::Record;
use crate::text;
use crate::visitor::Visitor;

const LIST: &str = "/certificates";

/// The columns of the list, and what they are ordered by.
const COLUMNS: [(&str, &str); 6] = [
    ("subject", "subject"),
    ("serial", "serial"),
    ("status", ""),
    ("device", "device"),
    ("person", "person"),
    ("not_after", ""),
];

/// The column in which certificates are chosen, for who may revoke many.
const CHOOSE: (&str, &str) = ("choose", "");

/// Fewest digits that are taken for the beginning of a serial number: fewer are words.
const SERIAL_DIGITS_MIN: usize = 6;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::CertificateRead);
    let revoke = Access::Needs(Permission::CertificateRevoke);
    let many = Access::Needs(Permission::CertificateRevokeMany);
    record::pages::<CertificateRecord>(pages, read);
    pages.get("/certificates/_revoke", many, revocation::choose);
    pages.proven("/certificates/_revoke", many, revocation::sweep);
    pages.proven("/certificates/_revoke-chosen", many, revocation::revoke_chosen);
    pages.get("/certificates/{serial}", read, showing::show);
    pages.get("/certificates/{serial}/download.pem", read, showing::pem);
    pages.get("/certificates/{serial}/download.cer", read, showing::cer);
    pages.post("/certificates/{serial}/revoke", revoke, revocation::revoke);
    pages.post("/certificates/{serial}/hold", revoke, revocation::hold);
    pages.post("/certificates/{serial}/release", revoke, revocation::release);
}

/// How a status is colored.
pub(crate) fn tone(status: Status) -> &'static str {
    match status {
        Status::Issued => "green",
        Status::Held => "yellow",
        Status::Revoked => "red",
        Status::Intended => "secondary",
    }
}

/// The reasons that a certificate is revoked for; to hold it has a button of its own.
pub(crate) fn reasons() -> Vec<Choice> {
    let all = RevocationReason::ALL.into_iter();
    let words = all.filter(|reason| *reason != RevocationReason::CertificateHold);
    let words: Vec<&str> = words.map(RevocationReason::as_str).collect();
    Choice::words("certificate.reason", &words)
}

/// What is asked for: a filter, an order, and a text that may be the beginning of a serial number,
/// of an e-mail address, or of a name.
fn search(asked: &Asked) -> Result<Search, Refusal> {
    let mut search = Search::default();
    let text = asked.search.trim();
    if !text.is_empty() {
        let digits = text.chars().filter(|c| *c != ':' && *c != ' ');
        let is_number =
            digits.clone().all(|c| c.is_ascii_hexdigit()) && digits.count() >= SERIAL_DIGITS_MIN;
        let (field, text) = if is_number {
            (Field::Serial, text.to_owned())
        } else if text.contains('@') {
            (Field::Person, text.to_owned())
        } else if text.contains('=') {
            (Field::Subject, text.to_owned())
        } else {
            (Field::Subject, format!("CN={text}"))
        };
        search.start = Some(Start::parse(field, &text)?);
    }
    let search = search.with_filter(&asked.filter())?;
    // What is looked for by a text comes in its order, whatever the order was before.
    if asked.sort.is_empty() || search.start.is_some() {
        return Ok(search);
    }
    search.in_order(&asked.sort)
}

struct CertificateRecord;

impl Record for CertificateRecord {
    const NOUN: &'static str = "certificate";

    const LIST: &'static str = LIST;

    const FIELDS: &'static [Asking] = &FIELDS;

    type Item = Certificate;

    async fn ask(
        desk: &Desk,
        visitor: &Visitor,
        asked: &Asked,
        part: (Option<&str>, u32),
    ) -> Result<Page<Certificate>, Refusal> {
        let search = search(asked)?;
        let actor = visitor.actor.as_ref().ok_or(Refusal::Unauthenticated)?;
        actions::certificate::list(&desk.app, actor, &search, part).await
    }

    fn columns(visitor: &Visitor) -> Vec<(&'static str, &'static str)> {
        let mut columns = COLUMNS.to_vec();
        if may_choose(visitor) {
            columns.insert(1, CHOOSE);
        }
        columns
    }

    fn row(visitor: &Visitor, one: &Certificate) -> Row {
        row(one, may_choose(visitor))
    }

    fn offer(visitor: &Visitor, list: &mut List) {
        if may_choose(visitor) {
            list.links.push(Link::new("certificate.revoke_many", "/certificates/_revoke"));
        }
    }

    fn head() -> Vec<&'static str> {
        HEAD.to_vec()
    }

    fn line(one: &Certificate) -> Option<Vec<String>> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Some(vec![
            one.serial.to_string(),
            one.status.as_str().to_owned(),
            one.usage.as_str().to_owned(),
            one.subject.clone(),
            one.names.join(";"),
            text(&one.device),
            text(&one.person),
            text(&one.gateway),
            text(&one.template),
            one.authority.clone(),
            one.not_before.to_rfc3339(),
            one.not_after.to_rfc3339(),
        ])
    }

    fn page(visitor: &Visitor, frame: Frame, list: List) -> Response {
        let reasons = if may_choose(visitor) { reasons() } else { Vec::new() };
        fault::render(&ListPage { frame, list, reasons }, StatusCode::OK)
    }
}

/// Whether somebody may tick certificates, to revoke them.
fn may_choose(visitor: &Visitor) -> bool {
    visitor.can(Permission::CertificateRevokeMany)
}

/// The first line of the table.
const HEAD: [&str; 12] = [
    "serial",
    "status",
    "usage",
    "subject",
    "names",
    "device",
    "person",
    "gateway",
    "template",
    "authority",
    "not_before",
    "not_after",
];

#[derive(Template)]
#[template(path = "certificate/list.html")]
struct ListPage {
    frame: Frame,
    list: List,
    /// For who may revoke what is chosen.
    reasons: Vec<Choice>,
}

fn row(one: &Certificate, may_choose: bool) -> Row {
    let text = |text: &Option<String>| text.clone().map_or(Cell::None, Cell::Text);
    let status = text::t(&format!("certificate.status.{}", one.status.as_str())).into_owned();
    let serial = one.serial.to_string();
    let mut cells = vec![
        Cell::Text(one.subject.clone()),
        Cell::Code(serial.clone()),
        Cell::Badge(tone(one.status), status),
        text(&one.device),
        text(&one.person),
        Cell::At(one.not_after),
    ];
    if may_choose {
        let can = matches!(one.status, Status::Issued | Status::Held);
        cells.insert(1, if can { Cell::Choose(serial.clone()) } else { Cell::None });
    }
    Row { url: format!("{LIST}/{serial}"), cells }
}
