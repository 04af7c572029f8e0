//! `/ca/AUTHORITY.{cer,pem,p7b}`: what devices and administrators install to trust us.

use std::sync::Arc;

use actions::App;
use actions::rules::Generation;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;

/// Downloads of authorities.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new().route("/ca/{file}", get(download)).with_state(app)
}

async fn download(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let rules = app.snapshot.rules();
    let found = file.rsplit_once('.').and_then(|(slug, ending)| {
        let found = rules.authority_key(slug)?;
        file_of(found.generation, ending)
    });
    match found {
        Some((kind, bytes)) => ([(CONTENT_TYPE, kind)], bytes).into_response(),
        None => {
            let text = "there is no such authority, or no file of it with this ending\n";
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}

/// The authority's own certificate as DER or PEM, or its whole chain as PKCS #7.
fn file_of(generation: &Generation, ending: &str) -> Option<(&'static str, Vec<u8>)> {
    let own = generation.chain.first()?;
    match ending {
        "cer" => Some(("application/pkix-cert", own.der.clone())),
        "pem" => Some(("application/x-pem-file", pki::pem::certificate(own).into_bytes())),
        "p7b" => {
            let chain = pki::cms::signed_data::certificates_only(&generation.chain);
            Some(("application/x-pkcs7-certificates", chain))
        }
        _ => None,
    }
}
