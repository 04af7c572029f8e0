//! A no, as a page.

use actions::organization::NotApplied;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::complaint::Complaint;
use domain::refusal::Reason;
use domain::refusal::Refusal;

use crate::filters;
use crate::frame::Frame;
use crate::proof::Asked;

/// Why a page is not shown, or a thing is not done.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The answer is no.
    Refused(Refusal),
    /// A document was refused field by field, where no form can show it.
    Complaints(Vec<Complaint>),
    /// What was sent is no form of ours.
    Form(&'static str),
    /// The password is asked for first.
    Proof(Box<Asked>),
}

/// What the guard makes a page of: whoever looks is known there.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) sentence: String,
    pub(crate) fix: String,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<NotApplied> for Fault {
    fn from(not_applied: NotApplied) -> Self {
        match not_applied {
            NotApplied::Complaints(complaints) => Self::Complaints(complaints),
            NotApplied::Refused(refusal) => Self::Refused(refusal),
            outdated @ NotApplied::Outdated(_) => Self::Refused(outdated.refusal()),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (status, told) = match self {
            Self::Refused(refusal) => {
                let Reason { code, sentence, fix, .. } = refusal.reason();
                (status_of(&refusal), Told { code, sentence, fix })
            }
            Self::Complaints(complaints) => {
                let all: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                let told = Told {
                    code: "API-DOCUMENT".to_owned(),
                    sentence: all.join("; "),
                    fix: crate::text::t("fault.complaints_fix").into_owned(),
                };
                (StatusCode::UNPROCESSABLE_ENTITY, told)
            }
            Self::Form(what) => {
                let told = Told {
                    code: "PORTAL-FORM".to_owned(),
                    sentence: what.to_owned(),
                    fix: crate::text::t("fault.form_fix").into_owned(),
                };
                (StatusCode::BAD_REQUEST, told)
            }
            Self::Proof(asked) => {
                let mut response = StatusCode::FORBIDDEN.into_response();
                response.extensions_mut().insert(*asked);
                return response;
            }
        };
        let mut response = (status, told.sentence.clone()).into_response();
        response.extensions_mut().insert(told);
        response
    }
}

/// The status of an answer that says no.
pub(crate) fn status_of(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[derive(Template)]
#[template(path = "fault.html")]
struct FaultPage {
    frame: Frame,
    told: Told,
}

/// The page that says no.
pub(crate) fn page(status: StatusCode, frame: Frame, told: Told) -> Response {
    render(&FaultPage { frame, told }, status)
}

/// A template as an answer.
pub(crate) fn render(template: &impl Template, status: StatusCode) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page was not made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
