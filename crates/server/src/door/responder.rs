//! `/ocsp/AUTHORITY`: OCSP over HTTP, by POST and by GET (RFC 6960, appendix A; RFC 5019).

use std::sync::Arc;
use std::time::Duration;

use actions::App;
use actions::responder;
use actions::responder::Answer;
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::ETAG;
use axum::http::header::EXPIRES;
use axum::http::header::LAST_MODIFIED;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use pki::ocsp::OcspError;
use pki::ocsp::OcspRefusal;
use pki::ocsp::OcspRequest;
use pki::ocsp::REQUEST_BYTES_MAX;

use crate::door::revocation_list::http_date;
use crate::door::revocation_list::is_known;

/// How long whoever asks may take to send the question.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// For five minutes nobody on the way need ask again; the answer itself says how long it may be
/// believed.
const CACHED: &str = "public, max-age=300, no-transform, must-revalidate";

/// Responders of authorities.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/ocsp/{slug}", post(by_post))
        .route("/ocsp/{slug}/{*question}", get(by_get))
        .with_state(app)
}

async fn by_post(State(app): State<Arc<App>>, Path(slug): Path<String>, body: Body) -> Response {
    let body = axum::body::to_bytes(body, REQUEST_BYTES_MAX);
    let request = match tokio::time::timeout(BODY_PATIENCE, body).await {
        Ok(Ok(bytes)) => OcspRequest::parse(&bytes),
        Ok(Err(_)) => Err(OcspError::TooLong),
        Err(_) => return (StatusCode::REQUEST_TIMEOUT, "no question came\n").into_response(),
    };
    match answer(&app, &slug, request).await {
        Some(answer) => (kind(), answer.der).into_response(),
        None => missing(),
    }
}

async fn by_get(
    State(app): State<Arc<App>>,
    Path((slug, question)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let request = OcspRequest::parse_base64(&question);
    let Some(answer) = answer(&app, &slug, request).await else { return missing() };
    let Some((from, to)) = answer.kept else {
        return ([(CACHE_CONTROL, "no-store")], kind(), answer.der).into_response();
    };
    let etag = pki::algorithm::Digest::Sha256.compute(&answer.der).unwrap_or_default();
    let etag: String = etag.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let about = [
        (CACHE_CONTROL, CACHED.to_owned()),
        (LAST_MODIFIED, http_date(from)),
        (EXPIRES, http_date(to)),
        (ETAG, etag.clone()),
    ];
    if is_known(&headers, &etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, kind(), answer.der).into_response()
}

/// What cannot be read is answered in the words of OCSP, whatever authority it is for.
async fn answer(app: &App, slug: &str, request: Result<OcspRequest, OcspError>) -> Option<Answer> {
    match request {
        Ok(request) => responder::answer(app, slug, &request).await,
        Err(error) => {
            tracing::debug!(%error, "a question of OCSP cannot be read");
            Some(Answer { der: OcspRefusal::MalformedRequest.der(), kept: None })
        }
    }
}

fn kind() -> [(axum::http::HeaderName, &'static str); 1] {
    [(CONTENT_TYPE, "application/ocsp-response")]
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "there is no such authority\n").into_response()
}
