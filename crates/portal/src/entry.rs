//! A page with one form that is no definition's: an administrator, a token, the organization.

use actions::organization::NotApplied;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::complaint::Complaint;
use domain::plan::FieldChange;
use serde_json::Value;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Control;
use crate::form::Form;
use crate::form::ShownSection;
use crate::frame::Frame;
use crate::list::Link;
use crate::posted::Posted;
use crate::text;
use crate::twin::Twin;

/// The field of the version that a form was made for.
const ETAG: &str = "etag";

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
    /// What it changes, and how; of something new, nothing.
    pub(crate) basis: Basis,
}

/// What a form rests on that changes something which is there.
#[derive(Debug, Default)]
pub(crate) struct Basis {
    /// The version that is changed.
    pub(crate) etag: Option<String>,
    /// What would change, before it is saved.
    pub(crate) review: Option<Vec<FieldChange>>,
    /// What somebody else made of it meanwhile.
    pub(crate) theirs: Option<Vec<FieldChange>>,
}

impl Basis {
    /// The version that a form shows.
    pub(crate) fn of(etag: String) -> Self {
        Self { etag: Some(etag), ..Self::default() }
    }

    /// The version that a form was made for, if it says one.
    pub(crate) fn meant(posted: &Posted) -> Option<&str> {
        posted.text(ETAG)
    }

    /// Of a form that was refused: against what is there now, if that is not what it was made for.
    pub(crate) fn again(posted: &Posted, written: &Value, (now, etag): (&Value, String)) -> Self {
        let meant = Self::meant(posted);
        let is_stale = meant.is_some_and(|meant| meant != etag);
        let theirs = is_stale.then(|| domain::plan::differences(written, now));
        Self { etag: Some(etag), review: None, theirs }
    }

    /// The status of the form that is shown again, and what is wrong with all of it.
    pub(crate) fn status(&self, why: &mut Why) -> StatusCode {
        if self.theirs.is_none() {
            return why.status();
        }
        why.wrong = vec![text::t("form.outdated").into_owned()];
        StatusCode::CONFLICT
    }
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
