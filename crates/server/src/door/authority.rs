//! `/ca/AUTHORITY.{cer,pem,p7b}`: what devices and administrators install to trust us.

use std::sync::Arc;

use actions::App;
use actions::rules::Generation;
use axum::Router;
use axum::extract::Path;
use axum::extract::RawQuery;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;

/// What stands behind `?` for the whole chain as PEM.
const CHAIN: &str = "chain";

/// Downloads of authorities.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new().route("/ca/{file}", get(download)).with_state(app)
}

/// A file of an authority.
struct File {
    kind: &'static str,
    name: String,
    bytes: Vec<u8>,
}

async fn download(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let rules = app.snapshot.rules();
    let found = path.rsplit_once('.').and_then(|(slug, ending)| {
        let found = rules.authority_key(slug)?;
        file_of(found.generation, slug, (ending, query.as_deref().unwrap_or_default()))
    });
    let Some(File { kind, name, bytes }) = found else {
        let text = "there is no such authority, or no file of it with this ending\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    // A browser on a device goes on installing what it fetched; a name is for those that keep it.
    let disposition = format!("inline; filename=\"{name}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

/// The authority's own certificate as DER or PEM, or its whole chain as PEM or PKCS #7.
fn file_of(generation: &Generation, slug: &str, asked: (&str, &str)) -> Option<File> {
    let own = generation.chain.first()?;
    let (kind, name, bytes) = match asked {
        ("cer", "") => ("application/pkix-cert", format!("{slug}.cer"), own.der.clone()),
        ("pem", "") => {
            let text = pki::pem::certificate(own);
            ("application/x-pem-file", format!("{slug}.pem"), text.into_bytes())
        }
        ("pem", CHAIN) => {
            let text: String = generation.chain.iter().map(pki::pem::certificate).collect();
            ("application/x-pem-file", format!("{slug}-chain.pem"), text.into_bytes())
        }
        ("p7b", "") => {
            let chain = pki::cms::signed_data::certificates_only(&generation.chain);
            ("application/x-pkcs7-certificates", format!("{slug}.p7b"), chain)
        }
        _ => return None,
    };
    Some(File { kind, name, bytes })
}
