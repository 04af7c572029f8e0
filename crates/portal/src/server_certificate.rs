//! RADIUS > Server Certificates: what the RADIUS server shows to devices.

use actions::object::Shown;
use askama::Template;
use domain::object::Kind;
use serde_json::Value;

use crate::certificate_authority::KEYS;
use crate::fault::Fault;
use crate::filters;
use crate::form;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::life::Life;
use crate::list::Cell;
use crate::object;
use crate::object::Noun;
use crate::page::Desk;
use crate::page::Pages;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<ServerCertificatePages>(pages);
}

struct ServerCertificatePages;

impl Noun for ServerCertificatePages {
    const KIND: Kind = Kind::ServerCertificate;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("names", ""), ("certificate_authority", ""), ("expires", "")];

    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell> {
        let names = form::texts(shown.definition.get("names").unwrap_or(&Value::Null));
        let authority = shown.definition.get("certificate_authority").and_then(Value::as_str);
        let rules = desk.app.snapshot.rules();
        let end = rules.server_of(&shown.name).map(|it| it.identity.certificate.not_after);
        vec![
            Cell::Text(shown.name.clone()),
            Cell::Text(names.join(", ")),
            authority.map_or(Cell::None, |name| Cell::Text(name.to_owned())),
            end.map_or(Cell::None, Cell::At),
        ]
    }

    fn form(desk: &Desk, _: &Value) -> Form {
        let authorities = object::names(desk, Kind::CertificateAuthority);
        let authorities = authorities.into_iter().map(Choice::named).collect();
        let basic = vec![
            Field::text("name").required(),
            Field::new("certificate_authority", Input::Choice(authorities)).required(),
            Field::new("names", Input::Lines).required(),
            Field::new("key", Input::Choice(Choice::words("key", &KEYS))).default("ecdsa-p256"),
            Field::new("validity_days", Input::Number).default(397),
        ];
        Form { noun: "server_certificate", sections: vec![Section::new("basic", basic)] }
    }

    async fn panels(desk: &Desk, _: &Visitor, shown: &Shown) -> Result<Vec<String>, Fault> {
        let rules = desk.app.snapshot.rules();
        let Some(server) = rules.server_of(&shown.name) else { return Ok(Vec::new()) };
        let certificate = &server.identity.certificate;
        let now = desk.app.world.time();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let panel = CertificatePanel {
            life: Life::of(certificate.not_before, certificate.not_after, now),
            subject: certificate.subject.to_string(),
            serial: certificate.serial.to_string(),
            sha256: hex(&certificate.sha256_fingerprint()),
            pem: pki::pem::certificate(certificate),
        };
        Ok(vec![panel.render().unwrap_or_default()])
    }
}

#[derive(Template)]
#[template(path = "server_certificate/certificate.html")]
struct CertificatePanel {
    life: Life,
    subject: String,
    serial: String,
    sha256: String,
    pem: String,
}
