//! What the pages of workflows and policies have in common: rules in words and as a form, trying
//! out, and what their lists say.

pub(crate) mod attributes;
pub(crate) mod checks;
#[cfg(test)]
pub(crate) mod html;
mod items;
pub(crate) mod lately;
pub(crate) mod replay;
pub(crate) mod rules;
pub(crate) mod simulate;
pub(crate) mod words;

use actions::object::Saved;
use actions::object::Shown;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::object::Kind;
use domain::policy::State;

use crate::form::Choice;
use crate::form::Field;
use crate::form::Input;
use crate::form::Section;
use crate::list::Cell;
use crate::object;
use crate::page::Desk;
use crate::policy::rules::Rules;
use crate::text;

/// Name and description, with what else belongs there.
pub(crate) fn basic(more: Vec<Field>) -> Section {
    let mut fields =
        vec![Field::text("name").required(), Field::new("description", Input::LongText)];
    fields.extend(more);
    Section::new("basic", fields)
}

/// Match All or Match Any, and the rules.
pub(crate) fn conditions(rules: Rules) -> Section {
    let how = Input::Choice(Choice::words("policy.how", &["all", "any"]));
    let fields = vec![
        Field::new("match", how).default("all"),
        Field::new("rules", Input::Own(Box::new(rules))),
    ];
    Section::new("conditions", fields)
}

/// The place of a policy in its list, its state, its rules.
pub(crate) fn cells(_: &Desk, shown: &Shown) -> Vec<Cell> {
    let rules = words::of_definition(&shown.definition);
    vec![
        Cell::Text(shown.name.clone()),
        Cell::Text(shown.position.to_string()),
        shown.state.map_or(Cell::None, state),
        if rules.is_empty() { Cell::None } else { Cell::Text(rules) },
    ]
}

fn state(state: State) -> Cell {
    let words = text::t(&format!("state.{}", state.as_str())).into_owned();
    let color = match state {
        State::Active => "green",
        State::Monitor => "blue",
        State::Draft | State::NotYet => "yellow",
        State::Over => "secondary",
    };
    Cell::Badge(color, words)
}

/// After one was made as a draft: on to its conditions, as the guide has it.
pub(crate) fn made(kind: Kind, saved: &Saved) -> Option<Response> {
    let shown = saved.shown.as_ref()?;
    let is_new = !saved.applied.plan.create.is_empty();
    let is_draft = shown.state == Some(State::Draft);
    let to = format!("{}/edit?done=created#section-conditions", object::url(kind, &shown.slug));
    (is_new && is_draft).then(|| Redirect::to(&to).into_response())
}
