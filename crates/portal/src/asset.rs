//! What browsers fetch beside the pages: style sheets and scripts, inside the program.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

/// One file that is served.
struct Asset {
    /// As pages name it.
    name: &'static str,
    /// As it is served: with the digest of its content.
    hashed: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    brotli: &'static [u8],
}

static ASSETS: &[Asset] = &include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where they are.
pub(crate) const PATH: &str = "/static/{name}";

/// A name changes with the content, so that what is kept is never old.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The URL of a file.
pub(crate) fn url(name: &str) -> String {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    format!("/static/{}", found.map_or(name, |asset| asset.hashed))
}

/// Bytes that a browser fetches in all, compressed.
#[must_use]
pub fn compressed_bytes() -> usize {
    ASSETS.iter().map(|asset| asset.brotli.len()).sum()
}

/// `GET /static/{name}`
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.hashed == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let takes_brotli = accepted.is_some_and(|accepted| {
        accepted.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == "br"))
    });
    let body = if takes_brotli { asset.brotli } else { asset.plain };
    let mut response = body.into_response();
    let answered = response.headers_mut();
    answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    answered.insert(header::CACHE_CONTROL, KEEP);
    answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if takes_brotli {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}
