//! The question before something is done that no form is filled in for: what it would change, what
//! it would take from whom, and which version of the object is meant.

use actions::organization::NotApplied;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::plan::FieldChange;
use domain::refusal::Refusal;

use super::edit::Confirm;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::page::Desk;
use crate::text;
use crate::visitor::Visitor;

/// A question, and what is known of the answer.
#[derive(Template)]
#[template(path = "object/question.html")]
pub(crate) struct Question {
    frame: Frame,
    up: Link,
    /// Where a yes is sent.
    to: String,
    /// What is asked, before the name.
    sentence: String,
    name: String,
    /// What the button of a yes says.
    button: &'static str,
    is_grave: bool,
    /// What a yes takes along.
    hidden: Vec<(&'static str, String)>,
    /// The version that is meant, where there are versions.
    etag: Option<String>,
    fields: Vec<FieldChange>,
    confirm: Option<Confirm>,
    wrong: Vec<String>,
    /// Whether a yes can help.
    is_open: bool,
}

impl Question {
    /// Whether what has this name and URL is to be removed.
    pub(crate) fn removal(desk: &Desk, visitor: &Visitor, name: &str, own: &str) -> Self {
        Self {
            frame: Frame::new(desk, visitor, text::t("object.remove_title")),
            up: Link { title: name.to_owned(), url: own.to_owned() },
            to: format!("{own}/remove"),
            sentence: text::t("object.remove_sure").into_owned(),
            name: name.to_owned(),
            button: "object.remove",
            is_grave: true,
            hidden: Vec::new(),
            etag: None,
            fields: Vec::new(),
            confirm: None,
            wrong: Vec::new(),
            is_open: true,
        }
    }

    /// Whether it is to be again what it was in a version.
    pub(crate) fn rollback(
        desk: &Desk,
        visitor: &Visitor,
        (name, own): (&str, &str),
        version: i64,
    ) -> Self {
        let version = version.to_string();
        let asked = [("version", version.as_str())];
        Self {
            frame: Frame::new(desk, visitor, text::t("history.roll_back")),
            to: format!("{own}/rollback"),
            sentence: text::with("history.roll_back_sure", &asked),
            button: "history.roll_back",
            is_grave: false,
            hidden: vec![("version", version)],
            ..Self::removal(desk, visitor, name, own)
        }
    }

    /// Whether it is to stand at another place of its list, which is at this URL.
    pub(crate) fn moving(
        desk: &Desk,
        visitor: &Visitor,
        ((name, own), list): ((&str, &str), Link),
        place: usize,
    ) -> Self {
        let place = place.to_string();
        let asked = [("place", place.as_str())];
        Self {
            frame: Frame::new(desk, visitor, text::t("order.move")),
            up: list,
            to: format!("{own}/move"),
            sentence: text::with("order.move_sure", &asked),
            button: "order.move",
            is_grave: false,
            hidden: vec![("place", place)],
            ..Self::removal(desk, visitor, name, own)
        }
    }

    /// About this version of it.
    pub(crate) fn meaning(self, etag: impl Into<String>) -> Self {
        Self { etag: Some(etag.into()), ..self }
    }

    /// With what would change.
    pub(crate) fn changing(self, fields: Vec<FieldChange>) -> Self {
        Self { fields, ..self }
    }

    /// The page.
    pub(crate) fn page(&self, status: StatusCode) -> Response {
        fault::render(self, status)
    }

    /// The question again, with why nothing was done: to agree to what it takes from many, to look
    /// at what somebody else made of it, or to learn that it cannot be done.
    pub(crate) fn refused(mut self, not_applied: NotApplied) -> Result<Response, Fault> {
        let status = match not_applied {
            NotApplied::Outdated(outdated) => {
                let Some(current) = &outdated.current else {
                    return Err(NotApplied::Outdated(outdated).into());
                };
                self.etag = Some(current.etag.clone());
                self.wrong.push(text::t("object.outdated").into_owned());
                StatusCode::CONFLICT
            }
            NotApplied::Refused(refusal @ Refusal::MassChange { .. }) => {
                self.confirm = Confirm::of(&refusal);
                StatusCode::UNPROCESSABLE_ENTITY
            }
            NotApplied::Refused(refusal) => {
                let status = fault::status_of(&refusal);
                if status.is_server_error() || status == StatusCode::FORBIDDEN {
                    return Err(refusal.into());
                }
                let reason = refusal.reason();
                self.wrong.push(format!("{}; {}", reason.sentence, reason.fix));
                self.is_open = false;
                status
            }
            NotApplied::Complaints(complaints) => {
                self.wrong.extend(complaints.iter().map(ToString::to_string));
                self.is_open = false;
                StatusCode::UNPROCESSABLE_ENTITY
            }
        };
        Ok(self.page(status))
    }
}
