//! `/crl/AUTHORITY.crl` and `/crl/AUTHORITY/3-of-16.crl`: revocation lists (RFC 5280, RFC 2585).

use std::sync::Arc;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use actions::App;
use actions::revocation_list;
use actions::revocation_list::Published;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::ETAG;
use axum::http::header::EXPIRES;
use axum::http::header::IF_NONE_MATCH;
use axum::http::header::LAST_MODIFIED;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use domain::revocation_list::Part;
use pki::time::Time;

/// For a minute nobody need ask again: what is revoked is on the list a second later, and whoever
/// cannot wait asks OCSP.
const CACHED: &str = "public, max-age=60, must-revalidate";

/// Lists of authorities.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/crl/{file}", get(whole))
        .route("/crl/{slug}/{file}", get(part))
        .with_state(app)
}

async fn whole(
    State(app): State<Arc<App>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let rules = app.snapshot.rules();
    let key = file.strip_suffix(".crl").and_then(|slug| rules.authority_key(slug));
    let Some(key) = key else { return missing() };
    match revocation_list::find(&app, key) {
        Some(published) => list(&published, &headers),
        None => not_yet(),
    }
}

async fn part(
    State(app): State<Arc<App>>,
    Path((slug, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let rules = app.snapshot.rules();
    let part = file.strip_suffix(".crl").and_then(Part::parse);
    let Some((key, part)) = rules.authority_key(&slug).zip(part) else { return missing() };
    match revocation_list::find_part(&app, key, part).await {
        Some(published) => list(&published, &headers),
        None => not_yet(),
    }
}

fn list(published: &Published, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", published.number);
    let about = [
        (CACHE_CONTROL, CACHED.to_owned()),
        (ETAG, etag.clone()),
        (LAST_MODIFIED, http_date(published.this_update)),
        (EXPIRES, http_date(published.next_update)),
    ];
    if is_known(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    let kind = [(CONTENT_TYPE, "application/pkix-crl")];
    (about, kind, published.der.clone()).into_response()
}

/// Whether whoever asks has this very version (RFC 9110, 13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(','));
    tags.any(|tag| ["*", etag].contains(&tag.trim().trim_start_matches("W/")))
}

/// A time as HTTP writes it (RFC 9110, 5.6.7).
pub(crate) fn http_date(time: Time) -> String {
    let seconds = u64::try_from(time.0).unwrap_or(0);
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn missing() -> Response {
    let text = "there is no such authority, or no list of it at this address\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

fn not_yet() -> Response {
    let text = "the list is not made yet\n";
    (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], text).into_response()
}
