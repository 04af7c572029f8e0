//! `/scep/GATEWAY`: SCEP over HTTP (RFC 8894).

use std::sync::Arc;
use std::time::Duration;

use actions::App;
use actions::certificate::issue;
use actions::rules::Authority;
use actions::rules::Rules;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;
use domain::actor::Actor;
use domain::claim::Claim;
use domain::gateway::Gateway;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::certificate::Certificate;
use scep::capabilities;
use scep::capabilities::Algorithms;
use scep::message::FailInfo;
use scep::reply;
use scep::reply::Responder;
use scep::request::NoRequest;
use scep::request::Recipient;
use scep::request::Refused;
use scep::request::SignedBy;
use scep::transport;
use scep::transport::Operation;
use serde_json::Map;
use serde_json::Value;

/// How long a device may take to send its message.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// How long a device should wait before it asks a busy server again, in seconds.
const RETRY_SECONDS: &str = "5";

const CA_CERTIFICATES: &str = "application/x-x509-ca-ra-cert";
const PKI_MESSAGE: &str = "application/x-pki-message";

/// Every path that devices are known to use. What stands behind the gateway is ignored: Cisco
/// devices append `/pkiclient.exe`.
pub(crate) fn routes(app: Arc<App>) -> Router {
    Router::new()
        .route("/scep", any(answer))
        .route("/scep/{*path}", any(answer))
        .route("/cgi-bin/pkiclient.exe", any(answer))
        .route("/certsrv/mscep/mscep.dll", any(answer))
        .route("/certsrv/mscep/mscep.dll/{*path}", any(answer))
        .with_state(app)
}

async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    let rules = app.snapshot.rules();
    let path = request.uri().path().to_owned();
    let Some((gateway, authority)) = find(&rules, &path) else {
        let text = "there is no gateway at this address\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let query = request.uri().query().unwrap_or_default().to_owned();
    match transport::operation(&query) {
        Ok(Operation::GetCaCaps) => {
            let text = capabilities::text(&algorithms(gateway));
            ([(CONTENT_TYPE, "text/plain")], text).into_response()
        }
        Ok(Operation::GetCaCert) => {
            let certificates = reply::certificates(&announced(authority));
            ([(CONTENT_TYPE, CA_CERTIFICATES)], certificates).into_response()
        }
        Ok(Operation::PkiOperation) => match message(request, &query).await {
            Ok(message) => {
                let asked = (gateway, rendering(&path));
                pki_operation(&app, &rules, asked, message).await
            }
            Err(answer) => answer,
        },
        Ok(Operation::Other) => bad_request("this operation is not offered"),
        Err(error) => bad_request(&error.to_string()),
    }
}

/// The gateway that a path leads to, and the authority that it enrolls for.
fn find<'a>(rules: &'a Rules, path: &str) -> Option<(&'a Gateway, &'a Authority)> {
    let slug = path.strip_prefix("/scep/").and_then(|rest| rest.split('/').next());
    let gateway = match slug.filter(|slug| !slug.is_empty()) {
        Some(slug) => rules.gateway_by_slug(slug)?,
        None => rules.organization.default_gateway()?,
    };
    let authority = rules.organization.authority_of(gateway)?;
    Some((gateway, rules.authority(&authority.name)?))
}

/// Most digits of a rendering's number in a path: one a second for longer than anybody lives.
const RENDERING_DIGITS_MAX: usize = 10;

/// The rendering of a network profile that a path behind a gateway tells: `/scep/GATEWAY/p-12`.
/// Whatever else stands there means nothing.
fn rendering(path: &str) -> Option<i64> {
    let behind = path.strip_prefix("/scep/")?.split('/').nth(1)?;
    let digits = behind.strip_prefix("p-")?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = (is_number && digits.len() <= RENDERING_DIGITS_MAX).then(|| digits.parse().ok());
    number.flatten().filter(|number| *number > 0)
}

/// What devices are to know: what they encrypt to first, the root last.
fn announced(authority: &Authority) -> Vec<Certificate> {
    let registration = authority.registration.first().map(|newest| newest.certificate.clone());
    registration.into_iter().chain(authority.current.chain.iter().cloned()).collect()
}

fn algorithms(gateway: &Gateway) -> Algorithms {
    Algorithms { strict: gateway.strict, legacy: gateway.legacy }
}

async fn message(request: Request, query: &str) -> Result<Vec<u8>, Response> {
    if request.method() != Method::POST {
        return transport::message_from_query(query)
            .map_err(|error| bad_request(&error.to_string()));
    }
    let body = axum::body::to_bytes(request.into_body(), transport::BODY_BYTES_MAX);
    match tokio::time::timeout(BODY_PATIENCE, body).await {
        Ok(Ok(bytes)) => {
            transport::message_from_body(&bytes).map_err(|error| bad_request(&error.to_string()))
        }
        Ok(Err(_)) => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, "the message is too long\n").into_response())
        }
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the message did not come\n").into_response()),
    }
}

async fn pki_operation(
    app: &Arc<App>,
    rules: &Arc<Rules>,
    (gateway, rendering): (&Gateway, Option<i64>),
    message: Vec<u8>,
) -> Response {
    let actor = Actor::gateway(&gateway.name);
    let (rules, path) = (Arc::clone(rules), gateway.name.clone());
    // Decryption is a private-key operation: not on the threads that wait for sockets.
    let parsed = tokio::task::spawn_blocking(move || parse(&rules, &path, &message));
    let Ok(parsed) = parsed.await else { return unavailable() };
    let (request, rules) = match parsed {
        Ok(parsed) => parsed,
        Err((NoRequest::Unreadable(unreadable), _)) => {
            let refusal = Refusal::MessageUnreadable { what: unreadable.to_string() };
            issue::note_unreadable(app, &gateway.name, &refusal);
            return bad_request(&unreadable.to_string());
        }
        Err((NoRequest::Refused(refused), rules)) => {
            let refusal = match refused.fail_info {
                FailInfo::BadMessageCheck => {
                    Refusal::MessageUnreadable { what: refused.text.clone() }
                }
                FailInfo::BadAlg
                | FailInfo::BadRequest
                | FailInfo::BadTime
                | FailInfo::BadCertId => Refusal::MessageRefused {
                    gateway: gateway.name.clone(),
                    what: refused.text.clone(),
                },
            };
            let details = transaction(&refused);
            issue::refuse(app, &actor, &gateway.name, &refusal, details).await;
            return failure(app, &rules, gateway, &refused);
        }
    };
    let claim = Claim {
        challenge: request.csr.challenge_password.as_ref().map(|c| Secret::new(c.expose())),
        renews: match request.signed_by {
            SignedBy::Itself => None,
            SignedBy::AnIssuedCertificate => Some(request.context.signer.clone()),
        },
        rendering,
        transaction: request.context.transaction_id.text(),
        csr: request.csr.clone(),
    };
    // A device that hangs up asks again: what was begun for it is done to the end.
    let (issuing, name) = (Arc::clone(app), gateway.name.clone());
    let issued =
        tokio::spawn(async move { issue::issue(&issuing, &actor, &name, &claim).await }).await;
    match issued {
        Err(error) => {
            tracing::error!(%error, "a request was given up: this is a bug");
            unavailable()
        }
        Ok(Ok(issued)) => success(app, &rules, gateway, (&request, &issued)),
        Ok(Err(refusal)) if is_passing(&refusal) => unavailable(),
        Ok(Err(refusal)) => {
            let text = format!("{}: see the events of the gateway", refusal.code());
            failure(app, &rules, gateway, &request.refuse(FailInfo::BadRequest, &text))
        }
    }
}

type Parsed = Result<(scep::request::Request, Arc<Rules>), (NoRequest, Arc<Rules>)>;

fn parse(rules: &Arc<Rules>, gateway: &str, message: &[u8]) -> Parsed {
    let found = rules.organization.find::<Gateway>(gateway);
    let authority = found.and_then(|gateway| rules.organization.authority_of(gateway));
    let authority = authority.and_then(|authority| rules.authority(&authority.name));
    let recipients: Vec<Recipient<'_>> = authority
        .iter()
        .flat_map(|authority| &authority.registration)
        .map(|identity| Recipient { certificate: &identity.certificate, key: &identity.key })
        .collect();
    let algorithms = found.map(algorithms).unwrap_or_default();
    let parsed = scep::request::Request::parse(message, &recipients, algorithms);
    match parsed {
        Ok(request) => Ok((request, Arc::clone(rules))),
        Err(error) => Err((error, Arc::clone(rules))),
    }
}

fn success(
    app: &App,
    rules: &Rules,
    gateway: &Gateway,
    (request, issued): (&scep::request::Request, &issue::Issued),
) -> Response {
    let Ok(certificate) = Certificate::parse(&issued.der) else { return unavailable() };
    let sealed = with_responder(rules, gateway, request.context.recipient, |responder| {
        let (now, nonce) = (app.world.time(), app.world.random());
        reply::success(&request.context, &[certificate], responder, now, nonce)
    });
    sent(sealed)
}

fn failure(app: &App, rules: &Rules, gateway: &Gateway, refused: &Refused) -> Response {
    let (now, nonce) = (app.world.time(), app.world.random());
    sent(with_responder(rules, gateway, refused.context.recipient, |responder| {
        reply::failure(refused, responder, now, nonce)
    }))
}

/// Answers with the registration key that the device sealed its request for: it was told of that
/// one, perhaps before the authority was renewed.
fn with_responder<E>(
    rules: &Rules,
    gateway: &Gateway,
    recipient: usize,
    reply: impl FnOnce(&Responder<'_>) -> Result<Vec<u8>, E>,
) -> Option<Result<Vec<u8>, E>> {
    let authority = rules.organization.authority_of(gateway)?;
    let authority = rules.authority(&authority.name)?;
    let registration = authority.registration.get(recipient)?;
    let signer = authority.signer_of(&registration.certificate);
    let issuer = signer.and_then(|signer| signer.chain.get(..1)).unwrap_or_default();
    let responder =
        Responder { certificate: &registration.certificate, key: &registration.key, chain: issuer };
    // A signature, too, is a private-key operation.
    Some(tokio::task::block_in_place(|| reply(&responder)))
}

fn sent<E: core::fmt::Display>(sealed: Option<Result<Vec<u8>, E>>) -> Response {
    match sealed {
        Some(Ok(bytes)) => ([(CONTENT_TYPE, PKI_MESSAGE)], Body::from(bytes)).into_response(),
        Some(Err(error)) => {
            tracing::error!(%error, "a SCEP reply could not be made");
            unavailable()
        }
        None => unavailable(),
    }
}

/// Whether the same request may succeed in a moment.
fn is_passing(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::StoreUnavailable { .. }
            | Refusal::SignerBusy { .. }
            | Refusal::InProgress { .. }
            | Refusal::Internal { .. }
    )
}

fn transaction(refused: &Refused) -> Map<String, Value> {
    let mut details = Map::new();
    let transaction = refused.context.transaction_id.text();
    details.insert("transaction".into(), Value::from(transaction));
    details
}

fn bad_request(what: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{what}\n")).into_response()
}

fn unavailable() -> Response {
    let headers = [(RETRY_AFTER, RETRY_SECONDS)];
    (StatusCode::SERVICE_UNAVAILABLE, headers, "try again in a moment\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_a_rendering_or_nothing() {
        for (path, expected) in [
            ("/scep/mosyle/p-12", Some(12)),
            ("/scep/mosyle/p-9999999999", Some(9_999_999_999)),
            ("/scep/mosyle/p-12/pkiclient.exe", Some(12)),
            ("/scep/mosyle", None),
            ("/scep/mosyle/", None),
            ("/scep/mosyle/pkiclient.exe", None),
            ("/scep/mosyle/p-", None),
            ("/scep/mosyle/p-0", None),
            ("/scep/mosyle/p--1", None),
            ("/scep/mosyle/p-+1", None),
            ("/scep/mosyle/p-12x", None),
            ("/scep/mosyle/p-\u{0661}", None),
            ("/scep/mosyle/p-99999999999", None),
            ("/scep/p-12", None),
            ("/scep", None),
            ("/certsrv/mscep/mscep.dll/p-12", None),
        ] {
            assert_eq!(rendering(path), expected, "{path}");
        }
    }
}
