//! Tables in the body of a request.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;

use crate::problem::Problem;

/// What programs call a table; Windows takes it for its spreadsheet's, and some say nothing of it.
const KINDS: [&str; 5] = [
    "text/csv",
    "text/plain",
    "application/csv",
    "application/vnd.ms-excel",
    "application/octet-stream",
];

/// The bytes of a table.
pub struct Sheet(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Sheet {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if let Some(kind) = request.headers().get(CONTENT_TYPE) {
            let kind = kind.to_str().unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            if !KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
                return Err(Problem::no_table());
            }
        }
        Ok(Self(Bytes::from_request(request, state).await?))
    }
}
