//! What pages of devices and of people have in common: forms of what is told, removal, tables.

pub(crate) mod importing;

use actions::organization::NotApplied;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::complaint::Complaint;
use domain::inventory::listing;
use domain::refusal::Refusal;
use serde_json::Map;
use serde_json::Value;

use crate::entry::Basis;
use crate::entry::Why;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Control;
use crate::form::Form;
use crate::form::ShownSection;
use crate::frame::Frame;
use crate::list::Asked;
use crate::list::Link;
use crate::list::List;
use crate::page::Desk;
use crate::posted::Posted;
use crate::visitor::Visitor;

/// What the names begin with that a list is asked for.
pub(crate) fn start(asked: &Asked) -> Result<String, Refusal> {
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (search, filter, sort) = (given(&asked.search), given(&asked.filter()), given(&asked.sort));
    listing::start(search.as_deref(), filter.as_deref(), sort.as_deref())
}

/// Puts what whoever may change the inventory can do on a list.
pub(crate) fn offer(visitor: &Visitor, list: &mut List) {
    if visitor.can(Permission::InventoryChange) {
        let (noun, url) = (list.noun, list.url.clone());
        list.add = Some(Link::new(&format!("{noun}.add"), format!("{url}/_new")));
        list.links.push(Link::new(&format!("{noun}.import"), format!("{url}/_import")));
    }
}

/// What a form tells that is not told already: unchanged facts keep their source and age, and what
/// was emptied is taken back.
pub(crate) fn told(form: &Form, posted: &Posted, before: &Value) -> Map<String, Value> {
    let read = form.read(posted, &Value::Object(Map::new()));
    let mut told = Map::new();
    let paths = form.sections.iter().flat_map(|section| &section.fields).map(|field| field.path);
    // A field that was not sent says nothing.
    for path in paths.filter(|path| posted.has(path)) {
        let is_empty = |value: &&Value| value.as_array().is_some_and(Vec::is_empty);
        let now = read.get(path).filter(|value| !is_empty(value));
        let was = before.get(path).filter(|value| !is_empty(value));
        match (now, was) {
            (Some(now), was) if Some(now) != was => told.insert(path.to_owned(), now.clone()),
            (None, Some(Value::Array(_))) => told.insert(path.to_owned(), Value::Array(Vec::new())),
            (None, Some(_)) => told.insert(path.to_owned(), Value::from("")),
            (Some(_) | None, _) => continue,
        };
    }
    told
}

/// A form under way.
pub(crate) struct Editing {
    pub(crate) title: String,
    pub(crate) up: Link,
    /// Where it is sent.
    pub(crate) to: String,
    pub(crate) form: Form,
    /// What it holds.
    pub(crate) held: Value,
    /// What it changes.
    pub(crate) basis: Basis,
}

#[derive(Template)]
#[template(path = "inventory/edit.html")]
struct EditPage {
    frame: Frame,
    up: Link,
    to: String,
    sections: Vec<ShownSection>,
    wrong: Vec<String>,
    basis: Basis,
}

impl Editing {
    /// The form.
    pub(crate) fn page(self, desk: &Desk, visitor: &Visitor) -> Response {
        self.shown((desk, visitor), &[], Vec::new(), StatusCode::OK)
    }

    /// The form again, with why it was not saved; nothing that was written is lost.
    pub(crate) fn refused(
        self,
        desk: &Desk,
        visitor: &Visitor,
        not_applied: NotApplied,
    ) -> Result<Response, Fault> {
        let mut why = match not_applied {
            NotApplied::Complaints(complaints) => Why { complaints, wrong: Vec::new() },
            other @ (NotApplied::Refused(_) | NotApplied::Outdated(_)) => {
                let refusal = other.refusal();
                let status = fault::status_of(&refusal);
                if status.is_server_error() || status == StatusCode::FORBIDDEN {
                    return Err(refusal.into());
                }
                let reason = refusal.reason();
                let wrong = vec![format!("{}; {}", reason.sentence, reason.fix)];
                Why { complaints: Vec::new(), wrong }
            }
        };
        let status = self.basis.status(&mut why);
        Ok(self.shown((desk, visitor), &why.complaints, why.wrong, status))
    }

    fn shown(
        self,
        (desk, visitor): (&Desk, &Visitor),
        complaints: &[Complaint],
        wrong: Vec<String>,
        status: StatusCode,
    ) -> Response {
        let unplaced = self.form.unplaced(complaints).into_iter().map(ToString::to_string);
        let page = EditPage {
            frame: Frame::new(desk, visitor, self.title),
            up: self.up,
            to: self.to,
            sections: self.form.shown(&self.held, complaints),
            wrong: wrong.into_iter().chain(unplaced).collect(),
            basis: self.basis,
        };
        fault::render(&page, status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::form::Field;
    use crate::form::Input;
    use crate::form::Section;

    #[test]
    fn only_what_is_new_is_told_and_what_is_emptied_is_taken_back() {
        let fields = vec![
            Field::text("name"),
            Field::text("serial"),
            Field::text("model"),
            Field::new("tags", Input::Lines),
            Field::new("mac_addresses", Input::Lines),
        ];
        let form = Form { noun: "device", sections: vec![Section::new("basic", fields)] };
        let before = json!({"name": "a", "serial": "S", "tags": ["x"], "mac_addresses": []});
        let pairs = [("name", "a"), ("serial", ""), ("model", "M"), ("tags", "")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = told(&form, &Posted::of(pairs.to_vec()), &before);
        assert_eq!(Value::Object(told), json!({"serial": "", "model": "M", "tags": []}));
    }
}
