//! Who looks at a page, and how they like it; a handler cannot run without.

use actions::session::Place;
use actions::session::Present;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::refusal::Refusal;

use crate::fault::Fault;

/// Whoever looks at a page. The guard has made sure of it.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// Who it is; nobody on pages that anybody may see.
    pub(crate) actor: Option<Actor>,
    /// Goes into every form, and only we know it.
    pub(crate) csrf: String,
    /// `light`, `dark` or `auto`.
    pub(crate) theme: &'static str,
    /// The page's own path and what stands behind its question mark.
    pub(crate) place: String,
    /// What was done just now, as a key of the catalogue.
    pub(crate) done: Option<String>,
}

/// The looks that there are.
pub(crate) const THEMES: [&str; 3] = ["auto", "light", "dark"];

impl Visitor {
    /// Whoever has signed in.
    pub(crate) fn actor(&self) -> Result<&Actor, Fault> {
        self.actor.as_ref().ok_or(Fault::Refused(Refusal::Unauthenticated))
    }

    /// Whether they may do this.
    pub(crate) fn can(&self, permission: Permission) -> bool {
        self.actor.as_ref().is_some_and(|actor| actor.can(permission))
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or(Fault::Refused(Refusal::Unauthenticated))
    }
}

/// Whoever has signed in with a password: pages about their own account are for nobody else.
pub(crate) struct SignedIn(pub(crate) Present);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let found = parts.extensions.get::<Present>().cloned();
        found.map(Self).ok_or(Fault::Refused(Refusal::Unauthenticated))
    }
}

/// Where the request comes from.
pub(crate) struct Whence(pub(crate) Place);

impl<S: Sync> FromRequestParts<S> for Whence {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let found = parts.extensions.get::<Place>().cloned();
        Ok(Self(found.unwrap_or(Place { address: None, user_agent: String::new() })))
    }
}
