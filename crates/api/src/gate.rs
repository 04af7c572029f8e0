//! The gate before every operation: who asks, how often, whether they may, and whether this was
//! asked before.

mod limit;
mod text;

use core::net::IpAddr;
use std::sync::Arc;

use actions::App;
use actions::idempotency;
use actions::idempotency::ANSWER_BYTES_MAX;
use actions::idempotency::Turn;
use axum::body::Body;
use axum::body::Bytes;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::RETRY_AFTER;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Actor;
use domain::refusal::Refusal;
use domain::session;

use crate::BODY_BYTES_MAX;
use crate::gate::limit::Limit;
use crate::gate::limit::Standing;
use crate::operation::Access;
use crate::problem::Code;
use crate::problem::Problem;

pub use crate::gate::limit::REQUESTS_PER_MINUTE_DEFAULT;

/// The header that names a request, so that it is carried out once.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Where a request comes from; a door puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What all operations share.
pub struct Gate {
    app: Arc<App>,
    limit: Limit,
    /// What is refused to one sender and recorded: beyond, whoever guesses waits, and nobody fills
    /// the record of events.
    refusals: Limit,
}

/// Refusals of one sender that are recorded in a minute; a program that is set up wrongly asks a
/// few times, and whoever guesses gets no further.
const REFUSALS_PER_MINUTE: u32 = 60;

/// One operation's way through the gate.
#[derive(Clone)]
pub(crate) struct Passing {
    pub(crate) gate: Arc<Gate>,
    pub(crate) access: Access,
    /// `GET /api/v1/…`, as events name it.
    pub(crate) place: Arc<str>,
}

impl Gate {
    /// The gate of an organization, at which each may ask so often in a minute; 0 is as often as
    /// they like.
    pub(crate) fn new(app: Arc<App>, requests_per_minute: u32) -> Self {
        Self {
            app,
            limit: Limit::new(requests_per_minute),
            refusals: Limit::new(REFUSALS_PER_MINUTE),
        }
    }
}

/// Lets a request pass to its handler, or answers it here.
pub(crate) async fn pass(
    State(passing): State<Passing>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0);
    let own = request.extensions().get::<Actor>().cloned();
    let is_here = own.is_some();
    let standing = match is_here {
        true => Ok(None),
        false => passing.gate.count(peer),
    };
    let standing = match standing {
        Ok(standing) => standing,
        Err((sender, standing)) => return too_many(sender, standing),
    };
    let actor = match own {
        Some(actor) => Ok(Some(actor)),
        None => passing.who(request.headers(), peer).await,
    };
    let response = match actor {
        Err(refusal) => passing.refuse(None, peer, refusal),
        Ok(actor) => match passing.may(actor.as_ref()) {
            Err(refusal) => passing.refuse(actor.as_ref(), peer, refusal),
            Ok(()) => {
                if let Some(actor) = &actor {
                    request.extensions_mut().insert(actor.clone());
                }
                let response = match text::check(&mut request).await {
                    Ok(()) => passing.once(actor.as_ref(), request, next).await,
                    Err(refusal) => Problem::from(refusal).into_response(),
                };
                passing.answered(peer, response)
            }
        },
    };
    match standing {
        Some(standing) => told(response, standing),
        None => response,
    }
}

impl Gate {
    /// Counts a request against where it comes from: what it says of itself is not proved yet.
    fn count(&self, peer: Option<IpAddr>) -> Result<Option<Standing>, (String, Standing)> {
        let sender = session::sender(peer);
        match self.limit.take(&sender, self.app.world.now()) {
            Ok(standing) => Ok(standing),
            Err(standing) => Err((sender, standing)),
        }
    }
}

impl Passing {
    /// Who proves to be there; nobody, where anybody may ask.
    async fn who(
        &self,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Option<Actor>, Refusal> {
        if self.access == Access::Public {
            return Ok(None);
        }
        let text = bearer(headers).ok_or(Refusal::Unauthenticated)?;
        actions::token::authenticate(&self.gate.app, text, peer).await.map(Some)
    }

    fn may(&self, actor: Option<&Actor>) -> Result<(), Refusal> {
        match (&self.access, actor) {
            (Access::Public, _) | (Access::Known, Some(_)) => Ok(()),
            (Access::Known | Access::Permitted(_), None) => Err(Refusal::Unauthenticated),
            (Access::Permitted(all), Some(actor)) => {
                all.iter().try_for_each(|permission| actor.may(*permission))
            }
        }
    }

    /// Says no, and records it, unless nobody in particular asked.
    fn refuse(&self, actor: Option<&Actor>, peer: Option<IpAddr>, refusal: Refusal) -> Response {
        if refusal != Refusal::Unauthenticated {
            let is_known = actor.is_some();
            let actor =
                actor.map_or_else(|| session::sender(peer), |actor| actor.name().to_owned());
            match self.gate.refusals.take(&actor, self.gate.app.world.now()) {
                Ok(_) => {}
                Err(_) if is_known => return Problem::from(refusal).into_response(),
                Err(standing) => return too_many(actor, standing),
            }
            actions::event::note_refused_request(
                &self.gate.app,
                (actor, peer),
                &self.place,
                refusal.clone(),
            );
        }
        Problem::from(refusal).into_response()
    }

    /// What anybody may try and did not know is refused like a wrong token: recorded with its
    /// address, and within bounds.
    fn answered(&self, peer: Option<IpAddr>, response: Response) -> Response {
        let refusal = Refusal::SetupCodeWrong;
        let code = response.extensions().get::<Code>();
        match code.filter(|code| self.access == Access::Public && code.0 == refusal.code()) {
            Some(_) => self.refuse(None, peer, refusal),
            None => response,
        }
    }

    /// Carries the request out, unless it has a key under which it was carried out before.
    async fn once(&self, actor: Option<&Actor>, request: Request, next: Next) -> Response {
        let key = request.headers().get(IDEMPOTENCY_KEY).cloned();
        let (Some(key), Some(actor), &Method::POST) = (key, actor, request.method()) else {
            return next.run(request).await;
        };
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, BODY_BYTES_MAX).await else {
            return Problem::too_large(BODY_BYTES_MAX).into_response();
        };
        let uri = parts.uri.to_string();
        let request = [uri.as_bytes(), &bytes];
        let sender = actor.token_id().unwrap_or(actor.name());
        let key = (sender, key.to_str().unwrap_or_default());
        match idempotency::take(&self.gate.app, key, &request).await {
            Err(refusal) => Problem::from(refusal).into_response(),
            Ok(Turn::Again { status, body }) => again(status, body),
            Ok(Turn::First(ticket)) => {
                // To its end, also if whoever asked goes away: the answer is what they come back
                // for.
                let (gate, request) =
                    (Arc::clone(&self.gate), Request::from_parts(parts, bytes.into()));
                let done = tokio::spawn(async move {
                    let (parts, body) = next.run(request).await.into_parts();
                    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
                    keep(&gate.app, ticket, parts.status, &body).await;
                    Response::from_parts(parts, Body::from(body))
                });
                done.await.unwrap_or_else(|error| {
                    Problem::from(Refusal::Internal { what: error.to_string() }).into_response()
                })
            }
        }
    }
}

/// Keeps an answer that will be given again. Of one that failed inside nobody knows whether it was
/// carried out: its key stays in use, and whoever sends it again is told to look.
async fn keep(app: &App, ticket: idempotency::Ticket, status: StatusCode, body: &Bytes) {
    let kept = if status.is_server_error() {
        Ok(())
    } else if body.len() > ANSWER_BYTES_MAX {
        let what = "was carried out, and its answer was too large to be kept".to_owned();
        let problem = Problem::from(Refusal::IdempotencyKeyUsed { what });
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        idempotency::keep(app, ticket, problem.status, &body).await
    } else {
        idempotency::keep(app, ticket, status.as_u16(), body).await
    };
    if let Err(refusal) = kept {
        tracing::warn!(%refusal, "an answer is not kept under its idempotency key");
    }
}

/// An answer that was given before.
fn again(status: u16, body: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = (status, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Says when to come again.
fn too_many(actor: String, standing: Standing) -> Response {
    let seconds = standing.seconds;
    let refusal = Refusal::TooManyRequests { actor, seconds };
    let mut response = told(Problem::from(refusal).into_response(), standing);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// What follows `Authorization: Bearer`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, text) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
}

/// Tells in headers how often more may be asked (draft-ietf-httpapi-ratelimit-headers).
fn told(mut response: Response, standing: Standing) -> Response {
    let Standing { most, left, seconds } = standing;
    let headers = [
        ("ratelimit-policy", format!("\"minute\";q={most};w=60")),
        ("ratelimit", format!("\"minute\";r={left};t={seconds}")),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
