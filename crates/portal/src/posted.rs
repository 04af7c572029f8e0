//! What a form sends: read once, bounded, proven to come from our page.

use std::collections::BTreeMap;
use std::sync::Arc;

use actions::session;
use actions::session::Present;
use axum::Form;
use axum::extract::FromRequest;
use axum::extract::Request;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::algorithm::Digest;

use crate::fault::Fault;
use crate::guard::NeedsProof;
use crate::page::Desk;
use crate::proof;
use crate::visitor::Visitor;

/// Most fields of a form: a policy of 200 rules with 1000 values in a text each has fewer.
pub(crate) const FIELDS_MAX: usize = 4000;

/// The field that proves a form to be ours.
pub(crate) const CSRF: &str = "csrf";

/// The field of a password that proves who sits there.
pub(crate) const PROOF: &str = "proof_password";

/// The field of a code beside it.
pub(crate) const PROOF_CODE: &str = "proof_code";

/// The fields of a form by their names; of several of a name, all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posted {
    fields: BTreeMap<String, Vec<String>>,
}

impl Posted {
    /// The last value of a field; a box that is ticked comes behind the one that it overrides.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(|all| all.last()).map(String::as_str)
    }

    /// The value of a field without spaces around it; nothing if nothing is left.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.one(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// Every value of a field that is not empty.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let all = self.fields.get(name).into_iter().flatten();
        all.map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether a field is there at all.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// A password or another secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret> {
        self.one(name).filter(|text| !text.is_empty()).map(Secret::new)
    }

    /// Every field with each of its values.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.fields.iter();
        all.flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), value.as_str())))
    }

    /// A form with these fields.
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in pairs {
            // Browsers end the lines of a text with both (WHATWG, form submission).
            fields.entry(name).or_default().push(value.replace("\r\n", "\n"));
        }
        Self { fields }
    }
}

impl FromRequest<Arc<Desk>> for Posted {
    type Rejection = Fault;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Fault> {
        let visitor = request.extensions().get::<Visitor>().cloned();
        let present = request.extensions().get::<Present>().cloned();
        let needs_proof = request.extensions().get::<NeedsProof>().is_some();
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, desk)
            .await
            .map_err(|_| Fault::Form("the form was not read: it is too large, or none"))?;
        if pairs.len() > FIELDS_MAX {
            return Err(Fault::Form("the form has too many fields"));
        }
        let posted = Self::of(pairs);
        let visitor = visitor.ok_or(Fault::Refused(Refusal::Unauthenticated))?;
        if !is_same(posted.one(CSRF).unwrap_or_default(), &visitor.csrf) {
            return Err(Fault::Form("the form was made for another session"));
        }
        if let Some(present) = present.filter(|_| needs_proof) {
            prove(desk, &present, &posted).await.map_err(|wrong| {
                Fault::Proof(Box::new(proof::Asked::new(&visitor, &posted, wrong)))
            })?;
        }
        Ok(posted)
    }
}

/// Whether whoever sits there has just given the password, or gives it now; else what was wrong.
async fn prove(desk: &Desk, present: &Present, posted: &Posted) -> Result<(), Option<Refusal>> {
    if present.session.is_fresh(desk.app.world.time()) {
        return Ok(());
    }
    let password = posted.secret(PROOF).ok_or(None)?;
    let code = posted.secret(PROOF_CODE);
    session::prove(&desk.app, present, &password, code.as_ref()).await.map_err(Some)
}

/// Whether two texts are the same, told in a time that does not say where they differ.
fn is_same(one: &str, other: &str) -> bool {
    let digest = |text: &str| Digest::Sha256.compute(text.as_bytes());
    !other.is_empty() && digest(one).is_some() && digest(one) == digest(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_by_their_names() {
        let pairs = [("a", " x "), ("b", ""), ("c", "1"), ("c", "2"), ("d", "l\r\nm")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let posted = Posted::of(pairs.to_vec());
        assert_eq!(posted.text("a"), Some("x"));
        assert_eq!(posted.text("b"), None);
        assert!(posted.has("b") && !posted.has("z"));
        assert_eq!(posted.all("c").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(posted.one("c"), Some("2"));
        assert_eq!(posted.one("d"), Some("l\nm"));
    }

    #[test]
    fn a_proof_is_compared_as_a_whole() {
        assert!(is_same("abc", "abc"));
        assert!(!is_same("abd", "abc"));
        assert!(!is_same("", ""));
    }
}
