//! RADIUS > Server Certificates: what the RADIUS server shows to devices, and what waits.

mod coverage;
pub(crate) mod importing;
mod slots;

use actions::object::Shown;
use domain::actor::Permission;
use domain::object::Kind;
use serde_json::Value;

use crate::certificate_authority::KEYS;
use crate::fault::Fault;
use crate::form;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::list::Cell;
use crate::object;
use crate::object::Noun;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<ServerCertificatePages>(pages);
    let read = Access::Needs(Permission::OrganizationRead);
    let change = Access::Needs(Permission::PkiChange);
    let at = |rest: &str| format!("/server-certificates/{{name}}/{rest}");
    pages.get(at("coverage"), read, coverage::show);
    pages.get(at("import"), change, importing::show);
    // Keys: whoever sits there proves who they are.
    pages.proven(at("renew"), change, slots::renew);
    pages.proven(at("import"), change, importing::import);
    pages.proven(at("switch"), change, coverage::switch);
    pages.proven(at("discard"), change, slots::discard);
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

    async fn panels(desk: &Desk, visitor: &Visitor, shown: &Shown) -> Result<Vec<String>, Fault> {
        let rules = desk.app.snapshot.rules();
        if rules.slots_of(&shown.name).is_none() {
            return Ok(Vec::new());
        }
        Ok(vec![slots::panel(desk, visitor, shown)?])
    }
}
