//! Issuing, revoking and finding certificates.

pub mod issue;
pub mod revocation;

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::certificate::search::Search;
use domain::event::Event;
use domain::event::EventKind;
use domain::refusal::Refusal;
use pki::algorithm::Digest;
use pki::certificate::Serial;
use pki::draft::Draft;
use pki::draft::Linted;
use pki::key::PublicKey;
use store::certificate::Kept;
use store::certificate::search::PAGE_MAX;
use store::write::Bookkeeping;
use store::write::CommitError;
use store::write::Why;
use store::write::Write;

use crate::App;
use crate::signer::SignerError;
use crate::signer::SigningKey;
use crate::unavailable;
use crate::world::Said;

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What is on it, in the order of the list.
    pub items: Vec<T>,
    /// What to ask for to get the next page; none on the last.
    pub next: Option<String>,
}

/// A page of the certificates of a search, behind the cursor of another page of it.
pub async fn list(
    app: &App,
    actor: &Actor,
    search: &Search,
    (cursor, limit): (Option<&str>, u32),
) -> Result<Page<Certificate>, Refusal> {
    actor.may(Permission::CertificateRead)?;
    let after = cursor.map(|cursor| search.parse_place(cursor)).transpose()?;
    let limit = limit.clamp(1, PAGE_MAX);
    let gateway = search.gateway.as_ref().map(|gateway| gateway.as_str());
    let former = gateway.map(|name| app.snapshot.rules().former_gateway_names(name));
    let search_and_names = (search, former.as_deref().unwrap_or_default());
    let after = after.as_ref();
    let kept = store::certificate::search::list(&app.store, search_and_names, after, limit).await;
    let kept = kept.map_err(unavailable)?;
    let full = u32::try_from(kept.len()).is_ok_and(|count| count == limit);
    let last = kept.last().filter(|_| full);
    let next = last.and_then(|last| search.place(&last.certificate, last.intended_at));
    let next = next.map(|place| place.to_string());
    Ok(Page { items: kept.into_iter().map(|kept| kept.certificate).collect(), next })
}

/// One certificate, with its bytes.
pub async fn show(app: &App, actor: &Actor, serial: &Serial) -> Result<Kept, Refusal> {
    actor.may(Permission::CertificateRead)?;
    find(app, serial).await
}

pub(crate) async fn find(app: &App, serial: &Serial) -> Result<Kept, Refusal> {
    let found = store::certificate::find(&app.store, serial).await.map_err(unavailable)?;
    found.ok_or_else(|| Refusal::NotFound { noun: "certificate".into(), name: serial.to_string() })
}

/// Commits what became of certificates, and lets logins know. It is done to its end also if
/// whoever asked goes away in between: memory must not stay behind the database.
pub(crate) async fn publish(
    app: &App,
    write: Write,
    events: Vec<Event>,
    certificates: Vec<Certificate>,
) -> Result<(), Refusal> {
    let (store, snapshot) = (app.store.clone(), Arc::clone(&app.snapshot));
    let published = tokio::spawn(async move {
        store::event::commit(write, &store, &events).await.map_err(conflict)?;
        for certificate in certificates {
            snapshot.set_standing(&certificate.serial, &standing(&certificate));
        }
        Ok(())
    });
    published.await.unwrap_or_else(|error| Err(Refusal::Internal { what: error.to_string() }))
}

/// Records that something was refused. The answer stays no, even if this fails.
pub(crate) async fn refused(app: &App, kind: EventKind, refusal: &Refusal, said: Said) {
    note_refused(app, refusal, app.world.event(kind, Some(refusal.clone()), said)).await;
}

/// The same, of an event that is made already.
pub(crate) async fn note_refused(app: &App, refusal: &Refusal, event: Event) {
    if let Err(error) = store::event::commit(Write::new(), &app.store, &[event]).await {
        tracing::error!(%error, code = refusal.code(), "a refusal could not be recorded");
    }
}

/// What is recorded of a draft that an authority signs with its key of this number.
pub(crate) fn record(
    draft: &Draft,
    usage: Usage,
    (authority, generation): (&str, i64),
) -> Certificate {
    Certificate {
        serial: draft.serial.clone(),
        usage,
        authority: authority.to_owned(),
        generation,
        subject: draft.subject.to_string(),
        names: draft.general_names.iter().map(ToString::to_string).collect(),
        gateway: None,
        template: None,
        device: None,
        person: None,
        device_id: None,
        assurance: 0,
        key: Some(key_name(&draft.public_key)),
        rendering: None,
        not_before: draft.not_before,
        not_after: draft.not_after,
        status: Status::Intended,
        revoked_at: None,
        revocation_reason: None,
        version: 0,
    }
}

/// What tells keys apart: the SHA-256 of the `SubjectPublicKeyInfo`, in hexadecimal digits.
pub(crate) fn key_name(key: &PublicKey) -> String {
    let digest = Digest::Sha256.compute(key.der()).expect("SHA-256 is computed here");
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Lints a draft; the first complaint is the refusal.
pub(crate) fn lint(draft: Draft) -> Result<Linted, Refusal> {
    draft.lint().map_err(|complaints| Refusal::broken_rules(&complaints))
}

/// Signs what was linted, after its number and content are durable: whatever happens then, no
/// certificate exists that is not on record.
///
/// `with` is committed together with the intention.
pub(crate) async fn sign(
    app: &App,
    with: Write,
    (certificate, linted): (&Certificate, Linted),
    key: &SigningKey,
) -> Result<pki::certificate::Certificate, Refusal> {
    let now = app.world.time();
    store::certificate::intend(with, certificate, linted.tbs_der(), now)
        .commit(&app.store, Why::Bookkeeping(Bookkeeping::IssuanceIntended))
        .await
        .map_err(conflict)?;
    let signed = app.signer.sign(key, |key| linted.sign(key)).await;
    signed.map_err(|error| match error {
        SignerError::Busy => Refusal::SignerBusy { authority: certificate.authority.clone() },
        SignerError::Sign(error) => Refusal::Internal { what: error.to_string() },
    })
}

/// What logins must know of a certificate.
pub(crate) fn standing(certificate: &Certificate) -> Standing {
    Standing {
        authority: certificate.authority.as_str().into(),
        usage: certificate.usage,
        status: certificate.status,
        gateway: certificate.gateway.as_deref().map(Into::into),
        revoked: certificate.revoked_at.zip(certificate.revocation_reason),
        version: certificate.version,
        template: certificate.template.as_deref().map(Into::into),
        assurance: certificate.assurance,
        device: certificate.device_id,
    }
}

/// A commit that failed: a conflict with somebody else, or no database.
pub(crate) fn conflict(error: CommitError) -> Refusal {
    match error {
        CommitError::Conflict(conflict) => Refusal::Conflict { what: conflict.to_string() },
        CommitError::Constraint(what) => Refusal::Conflict { what },
        CommitError::Unexplained => Refusal::Internal { what: error.to_string() },
        CommitError::Store(error) => unavailable(error),
    }
}
