//! The guard before every page: where a request comes from, who sends it, whether they may.

mod origin;

use core::net::IpAddr;
use std::sync::Arc;

use actions::session;
use actions::session::Place;
use actions::session::Present;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Actor;
use domain::refusal::Refusal;
use pki::algorithm::Digest;

use crate::fault;
use crate::fault::Fault;
use crate::fault::Told;
use crate::frame::Frame;
use crate::page::Access;
use crate::page::Desk;
use crate::proof;
use crate::proof::Asked;
use crate::visitor::THEMES;
use crate::visitor::Visitor;

/// Where a request comes from; a door puts it into the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The cookie of a session. The prefix lets browsers keep it to this host and HTTPS.
pub(crate) const SESSION: &str = "__Host-session";

/// The cookie of somebody who has not signed in: what forms prove themselves by.
pub(crate) const VISITOR: &str = "__Host-visitor";

/// The cookie of how somebody likes the pages to look.
pub(crate) const THEME: &str = "__Host-theme";

/// The header of what the script of an open page fetches by itself.
const LIVE: &str = "x-live";

/// What it says.
const REFRESH: &str = "refresh";

/// Longest text of a browser about itself that is kept, in bytes.
const USER_AGENT_BYTES_MAX: usize = 512;

/// One page's way through the guard.
#[derive(Clone)]
pub(crate) struct Passing {
    pub(crate) desk: Arc<Desk>,
    pub(crate) access: Access,
    pub(crate) proof: bool,
}

/// That a form is to be proven with the password, unless that was given just now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NeedsProof;

/// Lets a request pass to its page, or answers it here.
pub(crate) async fn pass(
    State(passing): State<Passing>,
    mut request: Request,
    next: Next,
) -> Response {
    let desk = Arc::clone(&passing.desk);
    let cookies = Cookies::of(request.headers());
    let place = place_of(&request);
    let present = match &cookies.session {
        Some(secret) if is_by_itself(&request) => {
            session::recognize(&desk.app, secret).await.map(Some)
        }
        Some(secret) => session::authenticate(&desk.app, secret, &place).await.map(Some),
        None => Ok(None),
    };
    let is_new = cookies.session.is_none() && cookies.visitor.is_none();
    let drawn = is_new.then(|| hex(&desk.app.world.random::<32>()));
    let secret = cookies.session.as_ref().or(cookies.visitor.as_ref()).or(drawn.as_ref());
    let mut visitor = Visitor {
        actor: None,
        csrf: csrf(secret.map(String::as_str).unwrap_or_default()),
        theme: cookies.theme,
        place: request.uri().path_and_query().map_or("/", |place| place.as_str()).to_owned(),
        done: done_of(request.uri().query().unwrap_or_default()),
    };
    let back = if is_unsafe(request.method()) { "/".to_owned() } else { visitor.place.clone() };
    let response = match passing.enter(&request, present, &mut visitor) {
        Err(fault) => fault.into_response(),
        Ok(present) => {
            let extensions = request.extensions_mut();
            extensions.insert(visitor.clone());
            extensions.insert(place);
            if let Some(present) = present {
                extensions.insert(present);
                if passing.proof {
                    extensions.insert(NeedsProof);
                }
            }
            next.run(request).await
        }
    };
    let mut response = finish(&desk, (&visitor, &back), response);
    if let Some(secret) = drawn {
        set_cookie(response.headers_mut(), VISITOR, &secret, "");
    }
    response
}

impl Passing {
    /// Whether the request may go on, and who it is.
    fn enter(
        &self,
        request: &Request,
        present: Result<Option<Present>, Refusal>,
        visitor: &mut Visitor,
    ) -> Result<Option<Present>, Fault> {
        origin::check(request, &self.desk)?;
        let known = request.extensions().get::<Actor>().cloned();
        let (present, refused) = match present {
            Ok(present) => (present, None),
            // A cookie that is good no more is none.
            Err(refusal) => (None, Some(refusal)),
        };
        let actor = known.or_else(|| present.as_ref().map(|present| present.actor.clone()));
        visitor.actor.clone_from(&actor);
        match (self.access, actor) {
            (Access::Public, _) | (Access::Known, Some(_)) => Ok(present),
            (Access::Needs(permission), Some(actor)) => {
                actor.may(permission)?;
                Ok(present)
            }
            (Access::Known | Access::Needs(_), None) => match refused {
                Some(unavailable @ Refusal::StoreUnavailable { .. }) => Err(unavailable.into()),
                Some(_) | None => Err(Refusal::Unauthenticated.into()),
            },
        }
    }
}

/// Whether an open page asks by itself, which keeps no session from going idle. Whoever leaves the
/// header out only keeps their own session longer.
fn is_by_itself(request: &Request) -> bool {
    let is_refresh = request.headers().get(LIVE).is_some_and(|value| value == REFRESH);
    !is_unsafe(request.method()) && (is_refresh || request.uri().path() == crate::live::PATH)
}

/// Where a request comes from.
pub(crate) fn place_of(request: &Request) -> Place {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.and_then(|text| text.get(..text.len().min(USER_AGENT_BYTES_MAX)));
    Place {
        address: request.extensions().get::<Peer>().map(|peer| peer.0),
        user_agent: agent.unwrap_or_default().to_owned(),
    }
}

/// Makes a page of a no, and lets browsers be strict with every page.
fn finish(desk: &Desk, (visitor, back): (&Visitor, &str), response: Response) -> Response {
    if let Some(asked) = response.extensions().get::<Asked>().cloned() {
        return proof::page(Frame::new(desk, visitor, crate::text::t("proof.title")), asked);
    }
    let told = response.extensions().get::<Told>().cloned();
    let mut response = match told {
        None => response,
        Some(_) if response.status() == StatusCode::UNAUTHORIZED => {
            let to = crate::url::escaped(back);
            Redirect::to(&format!("/sign-in?to={to}")).into_response()
        }
        Some(told) => {
            let status = response.status();
            let frame = Frame::new(desk, visitor, crate::text::t("fault.title"));
            fault::page(status, frame, told)
        }
    };
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The cookies that we know.
struct Cookies {
    session: Option<String>,
    visitor: Option<String>,
    theme: &'static str,
}

impl Cookies {
    fn of(headers: &HeaderMap) -> Self {
        let all = headers.get_all(header::COOKIE).into_iter();
        let pairs = all.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(';'));
        let mut cookies = Self { session: None, visitor: None, theme: THEMES[0] };
        for (name, value) in pairs.filter_map(|pair| pair.trim().split_once('=')) {
            match name {
                SESSION if !value.is_empty() => cookies.session = Some(value.to_owned()),
                VISITOR if !value.is_empty() => cookies.visitor = Some(value.to_owned()),
                THEME => {
                    let known = THEMES.into_iter().find(|theme| *theme == value);
                    cookies.theme = known.unwrap_or(THEMES[0]);
                }
                _ => {}
            }
        }
        cookies
    }
}

/// What a form proves itself by: made from the cookie, which other sites cannot read.
pub(crate) fn csrf(secret: &str) -> String {
    let digest = Digest::Sha256.compute(format!("csrf {secret}").as_bytes());
    hex(&digest.unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives a browser a cookie that only this host sees again, over HTTPS, and no script.
pub(crate) fn set_cookie(headers: &mut HeaderMap, name: &str, value: &str, more: &str) {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{more}");
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn done_of(query: &str) -> Option<String> {
    let found = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    Some(found.to_owned())
}

/// Whether a request may change something.
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}
