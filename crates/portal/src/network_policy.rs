//! Policy Management > Network: which role gets onto which network.

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
use crate::form::value;
use crate::list::Cell;
use crate::list::Link;
use crate::object;
use crate::object::Noun;
use crate::page::Desk;
use crate::page::Pages;
use crate::policy;
use crate::policy::attributes::Attributes;
use crate::policy::checks::Checks;
use crate::policy::lately;
use crate::policy::replay;
use crate::policy::rules::Rules;
use crate::policy::simulate;
use crate::policy::words;
use crate::text;
use crate::visitor::Visitor;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<NetworkPages>(pages);
    replay::pages::<NetworkPages>(pages);
    simulate::pages(pages, Kind::NetworkPolicy);
}

pub(crate) struct NetworkPages;

impl Noun for NetworkPages {
    const KIND: Kind = Kind::NetworkPolicy;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("position", ""), ("state", ""), ("rules", ""), ("answer", "")];

    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell> {
        let mut cells = policy::cells(desk, shown);
        cells.push(answer(&shown.definition));
        cells
    }

    fn form(desk: &Desk, _: &Value) -> Form {
        let access = Choice::words("policy.access", &["accept", "refuse"]);
        let access = Choice::or_none(access, "policy.access_none");
        let mode = Choice::words("network_policy.mode", &["enforce", "monitor"]);
        let settings = vec![
            Field::new("settings.access", Input::Choice(access)),
            Field::new("settings.attributes", Input::Own(Box::new(Attributes::new()))),
        ];
        let when = vec![
            Field::new("mode", Input::Choice(mode)).default("enforce"),
            Field::text("active_from"),
            Field::text("active_until"),
        ];
        let tests = vec![Field::new("tests", Input::Own(Box::new(Checks::new(desk))))];
        let sections = vec![
            policy::basic(Vec::new()),
            policy::conditions(Rules::new(desk)),
            Section::new("settings", settings),
            Section::new("when", when),
            Section::new("tests", tests),
        ];
        Form { noun: "network_policy", sections }
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

/// What a policy answers, in a few words.
fn answer(definition: &Value) -> Cell {
    let Some(access) = value::at(definition, "settings.access").and_then(Value::as_str) else {
        return Cell::None;
    };
    let attributes = value::at(definition, "settings.attributes").and_then(Value::as_array);
    let attributes: Vec<String> =
        attributes.into_iter().flatten().map(words::of_attribute).collect();
    let said = text::t(&format!("policy.access.{access}"));
    Cell::Text(if attributes.is_empty() {
        said.into_owned()
    } else {
        format!("{said}; {}", attributes.join(", "))
    })
}
