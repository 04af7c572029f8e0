//! Policy Management > Policy Workflows: who has which role.

use actions::object::Saved;
use actions::object::Shown;
use axum::response::Response;
use domain::object::Kind;
use serde_json::Value;

use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::list::Cell;
use crate::list::Link;
use crate::object;
use crate::object::Noun;
use crate::page::Desk;
use crate::page::Pages;
use crate::policy;
use crate::policy::replay;
use crate::policy::rules::Rules;
use crate::policy::simulate;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<WorkflowPages>(pages);
    replay::pages::<WorkflowPages>(pages);
    simulate::pages(pages, Kind::PolicyWorkflow);
}

pub(crate) struct WorkflowPages;

impl Noun for WorkflowPages {
    const KIND: Kind = Kind::PolicyWorkflow;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("position", ""), ("state", ""), ("rules", ""), ("grants", "")];

    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell> {
        let grants = shown.definition.get("grants").and_then(Value::as_str).unwrap_or("user-role");
        let grants = crate::text::t(&format!("policy_workflow.grants.{grants}")).into_owned();
        let mut cells = policy::cells(desk, shown);
        cells.push(Cell::Text(grants));
        cells
    }

    fn form(desk: &Desk, _: &Value) -> Form {
        let grants = Choice::words("policy_workflow.grants", &["user-role", "device-role"]);
        let grants = Field::new("grants", Input::Choice(grants)).default("user-role");
        let sections =
            vec![policy::basic(vec![grants]), policy::conditions(Rules::new(desk).with_provider())];
        Form { noun: "policy_workflow", sections }
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
