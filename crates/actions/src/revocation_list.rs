//! Revocation lists: made when something was revoked, and before the last is half over; the last
//! good one stays where the next cannot be made.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::certificate::RevocationReason;
use domain::refusal::Refusal;
use domain::revocation_list;
use domain::revocation_list::Part;
use pki::certificate::Serial;
use pki::crl::Crl;
use pki::crl::CrlDraft;
use pki::crl::Entry;
use pki::crl::ReasonCode;
use pki::draft::SignError;
use pki::key::PrivateKey;
use pki::time::Time;
use store::StoreError;
use store::revocation_list::Kept;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::rules::AuthorityKey;
use crate::signer::SignerError;
use crate::unavailable;

/// A list, or a part of one, that is there to be fetched.
#[derive(Debug)]
pub struct Published {
    /// Its number.
    pub number: u64,
    /// When it was made.
    pub this_update: Time,
    /// When the next is there at the latest.
    pub next_update: Time,
    /// Its bytes.
    pub der: Vec<u8>,
    /// What is on it, in the order of the serial numbers.
    pub entries: Vec<Entry>,
}

impl Published {
    /// Whether it need not be made anew for its age: neither a day old nor of the future.
    fn is_young(&self, now: Time) -> bool {
        let due = self.this_update.plus_seconds(revocation_list::REFRESH_SECONDS);
        (self.this_update..due).contains(&now)
    }
}

/// The lists of every key of every authority.
#[derive(Debug, Default)]
pub struct Lists {
    whole: Mutex<HashMap<KeyName, Arc<Published>>>,
    parts: Mutex<HashMap<(KeyName, Part), Arc<Published>>>,
}

/// What names a key: its authority, and which of that one's keys it is. Slugs may change hands.
type KeyName = (String, i64);

fn name_of(key: AuthorityKey<'_>) -> KeyName {
    (key.definition.name.clone(), key.generation.number)
}

impl Lists {
    /// The newest list of a key.
    fn whole(&self, key: &KeyName) -> Option<Arc<Published>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn part(&self, key: &KeyName, part: Part) -> Option<Arc<Published>> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.get(&(key.clone(), part)).cloned()
    }

    /// Takes a list, unless there is a newer.
    fn put(&self, key: KeyName, published: Arc<Published>) {
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let known = whole.get(&key).map_or(0, |known| known.number);
        if known <= published.number {
            whole.insert(key, published);
        }
    }

    fn put_part(&self, key: KeyName, part: Part, published: Arc<Published>) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert((key, part), published);
    }

    /// Where a certificate that a key signs now is told of: on a part, if the list is long.
    pub(crate) fn part_of(&self, key: AuthorityKey<'_>, serial: &Serial) -> Option<Part> {
        let entries = self.whole(&name_of(key)).map_or(0, |whole| whole.entries.len());
        Part::of_serial(serial, entries)
    }
}

/// Why there is no new list.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// The list breaks a rule, or the key did not sign.
    #[error("{0}")]
    Refused(Refusal),
    /// Somebody else made one at the same time.
    #[error("somebody else made a newer list at the same time")]
    Overtaken,
}

impl From<Refusal> for NotPublished {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Reads the lists that are kept, so that they are there before new ones are made.
pub(crate) async fn load(app: &App) -> Result<(), StoreError> {
    for kept in store::revocation_list::load(&app.store).await? {
        let published = read(kept.number, kept.der).map_err(|what| {
            StoreError::Statement(format!("the list of {} is unsound: {what}", kept.authority))
        })?;
        app.revocation_lists.put((kept.authority, kept.generation), Arc::new(published));
    }
    Ok(())
}

fn read(number: u64, der: Vec<u8>) -> Result<Published, String> {
    let crl = Crl::parse(&der).map_err(|error| error.to_string())?;
    let next_update = crl.next_update.ok_or("a list without an end")?;
    let this_update = crl.this_update;
    Ok(Published { number, this_update, next_update, der, entries: crl.entries })
}

/// Makes a new list of a key if what is on it changed, or the last is a day old. True if one was
/// made.
pub async fn refresh(app: &App, key: AuthorityKey<'_>) -> Result<bool, NotPublished> {
    let now = app.world.time();
    let last = app.revocation_lists.whole(&name_of(key));
    let last_update = last.as_ref().map(|last| last.this_update);
    let before = revocation_list::expired_before(last_update, now);
    let entries = entries(app, key, before, now).await?;
    if last.as_ref().is_some_and(|last| last.entries == entries && last.is_young(now)) {
        return Ok(false);
    }
    let before = last.map_or(0, |last| last.number);
    let number = revocation_list::next_number(before, now);
    let published = sign(app, key, (number, now), entries, None).await?;
    let kept = Kept {
        authority: key.definition.name.clone(),
        generation: key.generation.number,
        number,
        der: published.der.clone(),
    };
    let why = Why::Bookkeeping(Bookkeeping::RevocationPublished);
    let saved = store::revocation_list::save(Write::new(), &kept, before).commit(&app.store, why);
    if let Err(error) = saved.await {
        let refusal = certificate::conflict(error);
        let overtaken = matches!(refusal, Refusal::Conflict { .. });
        return Err(if overtaken { NotPublished::Overtaken } else { refusal.into() });
    }
    let list = key.definition.key_slug(key.generation.number);
    tracing::info!(list, number, entries = published.entries.len(), "list published");
    app.revocation_lists.put(name_of(key), Arc::new(published));
    Ok(true)
}

/// Whether there is a list of a key, however old.
pub(crate) fn exists(app: &App, key: AuthorityKey<'_>) -> bool {
    app.revocation_lists.whole(&name_of(key)).is_some()
}

/// Whether the list of a key is to be made anew for its age, or was never made.
pub(crate) fn is_due(app: &App, key: AuthorityKey<'_>) -> bool {
    let last = app.revocation_lists.whole(&name_of(key));
    !last.is_some_and(|last| last.is_young(app.world.time()))
}

/// The keys whose lists are missing or have passed half of their life, by their slugs: something
/// keeps new ones from being made.
pub fn overdue(app: &App) -> Vec<String> {
    let now = app.world.time();
    let rules = app.snapshot.rules();
    let alive = |key: &AuthorityKey<'_>| {
        key.generation.chain.first().is_some_and(|own| own.not_after >= now)
    };
    let half = revocation_list::VALIDITY_SECONDS / 2;
    let is_overdue = |key: &AuthorityKey<'_>| {
        let list = app.revocation_lists.whole(&name_of(*key));
        list.is_none_or(|list| list.this_update.plus_seconds(half) < now)
    };
    let keys = rules.authority_keys().filter(alive).filter(is_overdue);
    keys.map(|key| key.definition.key_slug(key.generation.number)).collect()
}

async fn entries(
    app: &App,
    key: AuthorityKey<'_>,
    expired_before: Time,
    now: Time,
) -> Result<Vec<Entry>, Refusal> {
    let (store, name) = (app.store.clone(), key.definition.name.clone());
    let number = key.generation.number;
    let read = tokio::task::spawn_blocking(move || {
        store::revocation_list::revoked(&store, &name, number, expired_before)
    });
    let revoked = read.await.map_err(|error| internal(error.to_string()))?;
    let revoked = revoked.map_err(unavailable)?.into_iter();
    // A clock that was set back does not keep a revocation from the list.
    Ok(revoked
        .map(|one| Entry { serial: one.serial, at: one.at.min(now), reason: code(one.reason) })
        .collect())
}

/// Signs a list, or a part of one, on the threads that use keys.
async fn sign(
    app: &App,
    key: AuthorityKey<'_>,
    (number, now): (u64, Time),
    entries: Vec<Entry>,
    part: Option<Part>,
) -> Result<Published, Refusal> {
    let generation = key.generation;
    let issuer = generation.issuer(key.definition.signature_algorithm);
    let issuer = issuer.ok_or_else(|| internal("the authority cannot sign".to_owned()))?;
    if issuer.not_after < now {
        let (authority, not_after) = (key.definition.name.clone(), issuer.not_after);
        return Err(Refusal::AuthorityExpired { authority, not_after });
    }
    let url = part.map(|part| {
        let rules = app.snapshot.rules();
        let base_url = &rules.organization.settings.base_url;
        let slug = key.definition.key_slug(generation.number);
        revocation_list::address(base_url, &slug, Some(part))
    });
    let next_update = now.plus_seconds(revocation_list::VALIDITY_SECONDS);
    let draft = CrlDraft { issuer, number, this_update: now, next_update, url, entries };
    let kept = draft.entries.clone();
    let signed = app.signer.sign(&generation.key, move |key| lint_and_sign(draft, key)).await;
    let der = signed.map_err(|error| match error {
        SignerError::Busy => Refusal::SignerBusy { authority: key.definition.name.clone() },
        SignerError::Sign(error) => internal(error.to_string()),
    })?;
    let der = der.map_err(|what| Refusal::DraftRejected { lint: "crl".into(), what })?;
    Ok(Published { number, this_update: now, next_update, der, entries: kept })
}

/// What was linted is signed; the inner error is what the lint complains about.
fn lint_and_sign(draft: CrlDraft, key: &PrivateKey) -> Result<Result<Vec<u8>, String>, SignError> {
    match draft.lint() {
        Ok(linted) => linted.sign(key).map(Ok),
        Err(complaint) => Ok(Err(complaint.to_string())),
    }
}

/// The newest list of a key that there is.
pub fn find(app: &App, key: AuthorityKey<'_>) -> Option<Arc<Published>> {
    app.revocation_lists.whole(&name_of(key))
}

/// A part of the newest list of a key: signed when it is first asked for, kept until the list is
/// replaced. Where the new one cannot be signed, the last one is given.
pub async fn find_part(app: &App, key: AuthorityKey<'_>, part: Part) -> Option<Arc<Published>> {
    let whole = app.revocation_lists.whole(&name_of(key))?;
    let last = app.revocation_lists.part(&name_of(key), part);
    if last.as_ref().is_some_and(|last| last.number == whole.number) {
        return last;
    }
    let held = |entry: &&Entry| part.holds(&entry.serial);
    let entries = whole.entries.iter().filter(held).cloned().collect();
    let moment = (whole.number, whole.this_update);
    match sign(app, key, moment, entries, Some(part)).await {
        Ok(published) => {
            let published = Arc::new(published);
            app.revocation_lists.put_part(name_of(key), part, Arc::clone(&published));
            Some(published)
        }
        Err(refusal) => {
            let list = key.definition.key_slug(key.generation.number);
            tracing::error!(%refusal, list, part = part.text(), "a part is not signed");
            last
        }
    }
}

/// The reason as it travels; what the RFC would not have written is left out there.
pub(crate) fn code(reason: RevocationReason) -> ReasonCode {
    match reason {
        RevocationReason::Unspecified => ReasonCode::Unspecified,
        RevocationReason::KeyCompromise => ReasonCode::KeyCompromise,
        RevocationReason::CaCompromise => ReasonCode::CaCompromise,
        RevocationReason::AffiliationChanged => ReasonCode::AffiliationChanged,
        RevocationReason::Superseded => ReasonCode::Superseded,
        RevocationReason::CessationOfOperation => ReasonCode::CessationOfOperation,
        RevocationReason::CertificateHold => ReasonCode::CertificateHold,
        RevocationReason::PrivilegeWithdrawn => ReasonCode::PrivilegeWithdrawn,
    }
}

fn internal(what: String) -> Refusal {
    Refusal::Internal { what }
}
