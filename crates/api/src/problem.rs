//! Problem documents (RFC 9457): every no of the API, with its code and its fix.

use actions::object::Shown;
use actions::organization::NotApplied;
use actions::organization::Outdated;
use axum::Json;
use axum::extract::rejection::BytesRejection;
use axum::extract::rejection::JsonRejection;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::complaint::Complaint;
use domain::refusal::Refusal;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A no, as a document.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// The status of the answer.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// What is wrong, as a sentence.
    pub detail: String,
    /// What to do about it.
    pub fix: String,
    /// Field by field, where a document was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<Complaint>,
    /// The object as it is now, where it is not of the version that was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Shown>>,
    /// What it was to become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Box<Value>>,
}

/// The code of a problem, beside the answer that tells it: for whoever counts answers.
#[derive(Clone, Debug)]
pub struct Code(pub String);

impl Problem {
    fn new(status: StatusCode, code: &str, detail: impl Into<String>, fix: &str) -> Self {
        Self {
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            fix: fix.to_owned(),
            complaints: Vec::new(),
            current: None,
            proposed: None,
        }
    }

    /// The URL knows other methods only.
    pub(crate) fn other_method() -> Self {
        let fix = "see the API's description for the methods of this URL";
        let what = "the URL does not know this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "API-METHOD", what, fix)
    }

    /// The body is a list.
    pub(crate) fn no_object() -> Self {
        let what = "the body is a list, where an object is taken";
        let fix = "send JSON of the form that the API describes";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "API-BODY", what, fix)
    }

    /// The body is something other than a table.
    pub(crate) fn no_table() -> Self {
        let (what, fix) = ("the body is not a table", "send the table as text/csv");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "API-BODY", what, fix)
    }

    /// The body is longer than is read.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        let what = format!("the body is longer than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "API-BODY", what, "send less at once")
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.http_status());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = refusal.reason();
        Self::new(status, &reason.code, reason.sentence, &reason.fix)
    }
}

impl From<NotApplied> for Problem {
    fn from(not_applied: NotApplied) -> Self {
        match not_applied {
            NotApplied::Refused(refusal) => refusal.into(),
            NotApplied::Outdated(outdated) => {
                let problem = Self::from(NotApplied::Outdated(outdated.clone()).refusal());
                let Outdated { current, proposed, .. } = *outdated;
                let proposed = (!proposed.is_null()).then(|| Box::new(proposed));
                Self { current: current.map(Box::new), proposed, ..problem }
            }
            NotApplied::Complaints(complaints) => {
                let count = complaints.len();
                let detail = format!("the document was refused: {count} complaints");
                let fix = "correct each field that is named; nothing was changed";
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self { complaints, ..Self::new(status, "API-DOCUMENT", detail, fix) }
            }
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let fix = "send JSON of the form that the API describes";
        Self::new(rejection.status(), "API-BODY", rejection.body_text(), fix)
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        let fix = "send a table of 64 MiB at most, as text/csv";
        Self::new(rejection.status(), "API-BODY", rejection.body_text(), fix)
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let fix = "see the API's description for the parameters of this URL";
        Self::new(rejection.status(), "API-PARAMETER", rejection.body_text(), fix)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = Code(self.code.clone());
        let mut response = (status, Json(self)).into_response();
        response.extensions_mut().insert(code);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
