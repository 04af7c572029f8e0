//! What a URL says must be text that can be kept: UTF-8 without NUL, which no database of ours takes.

use axum::RequestExt;
use axum::extract::RawPathParams;
use axum::extract::Request;
use domain::refusal::Refusal;

/// A NUL, as it stands in a URL.
const NUL: &str = "%00";

/// Checks the parameters of a request's URL.
pub(super) async fn check(request: &mut Request) -> Result<(), Refusal> {
    let wrong = |parameter: &str, what: &str| Refusal::ParameterWrong {
        parameter: parameter.to_owned(),
        what: what.to_owned(),
    };
    let path = request.extract_parts::<RawPathParams>().await;
    let path = path.map_err(|_| wrong("of the path", "is not UTF-8"))?;
    if let Some((name, _)) = path.iter().find(|(_, text)| text.contains('\0')) {
        return Err(wrong(name, "holds a NUL"));
    }
    if request.uri().query().is_some_and(|query| query.contains(NUL)) {
        return Err(wrong("behind the question mark", "holds a NUL"));
    }
    Ok(())
}
