//! Policy Management > Enrollment: which role gets which certificate.

use actions::object::Saved;
use actions::object::Shown;
use axum::response::Response;
use domain::object::Kind;
use serde_json::Value;

use crate::fault::Fault;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::form::plain;
use crate::form::value;
use crate::list::Cell;
use crate::list::Link;
use crate::object;
use crate::object::Noun;
use crate::page::Desk;
use crate::page::Pages;
use crate::policy;
use crate::policy::lately;
use crate::policy::replay;
use crate::policy::rules::Rules;
use crate::policy::simulate;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<EnrollmentPages>(pages);
    replay::pages::<EnrollmentPages>(pages);
    simulate::pages(pages, Kind::EnrollmentPolicy);
}

pub(crate) struct EnrollmentPages;

impl Noun for EnrollmentPages {
    const KIND: Kind = Kind::EnrollmentPolicy;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("position", ""), ("state", ""), ("rules", ""), ("gives", "")];

    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell> {
        let template = value::at(&shown.definition, "settings.certificate_template");
        let mut cells = policy::cells(desk, shown);
        cells.push(template.map_or(Cell::None, |template| Cell::Text(plain(template))));
        cells
    }

    fn form(desk: &Desk, _: &Value) -> Form {
        let named = |kind: Kind| {
            let all = object::names(desk, kind).into_iter().map(Choice::named).collect();
            Input::Choice(Choice::or_none(all, "policy.nothing_chosen"))
        };
        let old = Choice::words("enrollment_policy.old", &["keep", "revoke"]);
        let old = Choice::or_none(old, "enrollment_policy.old_unsaid");
        let settings = vec![
            Field::new("settings.certificate_authority", named(Kind::CertificateAuthority)),
            Field::new("settings.certificate_template", named(Kind::CertificateTemplate)),
            Field::new("settings.key_reuse", Input::Flag),
            Field::new("settings.certificates_per_device", Input::Number),
            Field::new("settings.days_between", Input::Number),
            Field::new("settings.assurance", Input::Number),
            Field::new("settings.old_certificate", Input::Choice(old)),
        ];
        let sections = vec![
            policy::basic(Vec::new()),
            policy::conditions(Rules::new(desk)),
            Section::new("settings", settings),
        ];
        Form { noun: "enrollment_policy", sections }
    }

    async fn panels(desk: &Desk, visitor: &Visitor, shown: &Shown) -> Result<Vec<String>, Fault> {
        lately::panel(desk, visitor, (Self::KIND, shown)).await
    }

    fn links(_: &Desk, visitor: &Visitor, shown: &Shown) -> Vec<Link> {
        replay::links(Self::KIND, visitor, shown)
    }

    fn tries(slug: &str) -> Vec<Link> {
        replay::tries(Self::KIND, slug)
    }

    fn made(_: &Desk, _: &Visitor, saved: &Saved) -> Option<Response> {
        policy::made(Self::KIND, saved)
    }
}
