//! A page with one form that is no definition's: an administrator, a token, the organization.

use actions::organization::NotApplied;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::complaint::Complaint;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Control;
use crate::form::Form;
use crate::form::ShownSection;
use crate::frame::Frame;
use crate::list::Link;
use crate::twin::Twin;

/// The page.
#[derive(Template)]
#[template(path = "part/entry.html")]
pub(crate) struct Entry {
    pub(crate) frame: Frame,
    /// Where it leads back to.
    pub(crate) up: Option<Link>,
    /// What it is for, as a key of the catalogue; nothing if empty.
    pub(crate) about: &'static str,
    /// Where the form is sent.
    pub(crate) to: String,
    pub(crate) sections: Vec<ShownSection>,
    /// What is wrong with the whole.
    pub(crate) wrong: Vec<String>,
    /// The key of the button's words.
    pub(crate) button: &'static str,
    /// The same in other ways.
    pub(crate) twins: Vec<Twin>,
}

/// Why a form was not taken.
#[derive(Debug, Default)]
pub(crate) struct Why {
    /// Field by field.
    pub(crate) complaints: Vec<Complaint>,
    /// As a whole.
    pub(crate) wrong: Vec<String>,
}

impl Why {
    /// What a verb said; a fault if it is not about what was written.
    pub(crate) fn of(not_applied: NotApplied) -> Result<Self, Fault> {
        match not_applied {
            NotApplied::Complaints(complaints) => Ok(Self { complaints, wrong: Vec::new() }),
            other @ (NotApplied::Refused(_) | NotApplied::Outdated(_)) => {
                let refusal = other.refusal();
                if fault::status_of(&refusal) == StatusCode::SERVICE_UNAVAILABLE {
                    return Err(refusal.into());
                }
                let reason = refusal.reason();
                let wrong = vec![format!("{}; {}", reason.sentence, reason.fix)];
                Ok(Self { complaints: Vec::new(), wrong })
            }
        }
    }

    /// The status of the page that shows it.
    pub(crate) fn status(&self) -> StatusCode {
        let is_good = self.complaints.is_empty() && self.wrong.is_empty();
        if is_good { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }

    /// What is wrong with no field of a form.
    pub(crate) fn unplaced(&self, form: &Form) -> Vec<String> {
        let unplaced = form.unplaced(&self.complaints).into_iter().map(ToString::to_string);
        self.wrong.iter().cloned().chain(unplaced).collect()
    }
}

impl Entry {
    /// As an answer.
    pub(crate) fn render(&self, status: StatusCode) -> Response {
        fault::render(self, status)
    }
}
