//! The page that asks for the password again, and sends on what was to be done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::refusal::Refusal;

use crate::fault;
use crate::filters;
use crate::frame::Frame;
use crate::posted;
use crate::posted::Posted;
use crate::server_certificate::importing;
use crate::visitor::Visitor;

/// What was to be done, and why it was not yet.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Where the form was sent.
    pub(crate) to: String,
    /// Every field but the password.
    pub(crate) fields: Vec<(String, String)>,
    /// What was wrong with a password that was given.
    pub(crate) wrong: Option<String>,
}

impl Asked {
    /// What a form asked for.
    pub(crate) fn new(visitor: &Visitor, posted: &Posted, wrong: Option<Refusal>) -> Self {
        // What is secret stands in no page: it is asked for again.
        let own = [posted::CSRF, posted::PROOF, posted::PROOF_CODE, "new", "again", "old"];
        let own = own.into_iter().chain(importing::SECRETS).collect::<Vec<_>>();
        let fields = posted.pairs().filter(|(name, _)| !own.contains(name));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let wrong = wrong.map(|refusal| refusal.reason().sentence);
        Self { to: visitor.place.clone(), fields, wrong }
    }
}

#[derive(Template)]
#[template(path = "proof.html")]
struct ProofPage {
    frame: Frame,
    asked: Asked,
}

/// The page.
pub(crate) fn page(frame: Frame, asked: Asked) -> Response {
    fault::render(&ProofPage { frame, asked }, StatusCode::FORBIDDEN)
}
