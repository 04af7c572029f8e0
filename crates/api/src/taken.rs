//! The body of a request, where it is JSON.

use axum::Json;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// An object as a request has it. A list of the values of its fields is none, though readers made
/// by serde would take one.
pub struct Taken<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Taken<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let request = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(request, state).await?;
        let is_list = bytes.trim_ascii_start().starts_with(b"[");
        let request = Request::from_parts(parts, Body::from(bytes));
        let Json(taken) = Json::from_request(request, state).await?;
        if is_list { Err(Problem::no_object()) } else { Ok(Self(taken)) }
    }
}
