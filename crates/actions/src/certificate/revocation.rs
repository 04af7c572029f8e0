//! Revoking certificates: one, or many at once, for good or on hold.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::Chosen;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::event::EventKind;
use domain::plan::FieldChange;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::certificate::chosen;
use store::certificate::chosen::Standing;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::change;
use crate::share;
use crate::unavailable;
use crate::world::Said;

/// Certificates of one call: a commit of theirs holds the one writer for a few milliseconds.
pub const BATCH_MAX: usize = 250;

/// Attempts at a batch of which somebody else changed a certificate in the meantime.
const ATTEMPTS_MAX: u32 = 4;

/// What is to become of many certificates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Change {
    /// They are revoked, or put on hold, for this reason.
    Revoke(RevocationReason),
    /// They are taken off hold.
    Release,
}

/// Which certificates are to change, and what whoever asks knows of their number.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Which.
    pub chosen: Chosen,
    /// What is to become of them.
    pub change: Change,
    /// Most that whoever asks means, if it is more than goes without saying.
    pub confirm: Option<u64>,
    /// Go on behind this one: the `next` of another call.
    pub after: Option<Serial>,
    /// Only count them.
    pub dry_run: bool,
}

/// What a call of [`sweep`] did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Swept {
    /// How many were chosen, before anything was done; none when a call goes on.
    pub count: Option<u64>,
    /// Changed by this call.
    pub changed: Vec<Serial>,
    /// Where to go on; none when all is done.
    pub next: Option<Serial>,
}

impl Change {
    /// The certificates that it is for.
    fn from(self) -> &'static [Status] {
        match self {
            Self::Revoke(RevocationReason::CertificateHold) => &[Status::Issued],
            Self::Revoke(_) => &[Status::Issued, Status::Held],
            Self::Release => &[Status::Held],
        }
    }

    fn make(self, certificate: &mut Certificate, now: Time) -> Result<(), Refusal> {
        match self {
            Self::Revoke(reason) => certificate.revoke(now, reason),
            Self::Release => certificate.release(),
        }
    }
}

/// Revokes a certificate. No login is admitted with it from the moment that this returns.
pub async fn revoke(
    app: &App,
    actor: &Actor,
    serial: &Serial,
    reason: RevocationReason,
) -> Result<Certificate, Refusal> {
    stand(app, actor, serial, |certificate| certificate.revoke(app.world.time(), reason)).await
}

/// Puts a certificate on hold: revoked until it is released.
pub async fn hold(app: &App, actor: &Actor, serial: &Serial) -> Result<Certificate, Refusal> {
    revoke(app, actor, serial, RevocationReason::CertificateHold).await
}

/// Takes a certificate off hold: it gets in again.
pub async fn release(app: &App, actor: &Actor, serial: &Serial) -> Result<Certificate, Refusal> {
    stand(app, actor, serial, Certificate::release).await
}

/// Lets one certificate stand differently, and records who did it or why not.
async fn stand(
    app: &App,
    actor: &Actor,
    serial: &Serial,
    change: impl FnOnce(&mut Certificate) -> Result<(), Refusal>,
) -> Result<Certificate, Refusal> {
    let answer = try_stand(app, actor, serial, change).await;
    if let Err(refusal) = &answer {
        let object = format!("certificate:{serial}");
        let said = Said { actor: actor.name().to_owned(), object, details: Map::new() };
        certificate::refused(app, EventKind::RequestRefused, refusal, said).await;
    }
    answer
}

async fn try_stand(
    app: &App,
    actor: &Actor,
    serial: &Serial,
    change: impl FnOnce(&mut Certificate) -> Result<(), Refusal>,
) -> Result<Certificate, Refusal> {
    actor.may(Permission::CertificateRevoke)?;
    let mut certificate = certificate::find(app, serial).await?.certificate;
    if certificate.usage != Usage::Device {
        actor.may(Permission::PkiChange)?;
    }
    if certificate.usage == Usage::Authority && is_root(app, &certificate) {
        return Err(Refusal::ParameterWrong {
            parameter: "serial".into(),
            what: "is that of a root, which nobody above could revoke; disable it, and take it \
                   out of the network profiles"
                .into(),
        });
    }
    let before = certificate.status;
    change(&mut certificate)?;
    let event = event(app, actor, before, &certificate);
    let write = store::certificate::stand(Write::new(), &certificate);
    certificate::publish(app, write, vec![event], vec![certificate.clone()]).await?;
    Ok(certificate)
}

/// Whether an authority's certificate is signed by itself.
fn is_root(app: &App, certificate: &Certificate) -> bool {
    let rules = app.snapshot.rules();
    let Some(authority) = rules.authority(&certificate.authority) else { return false };
    let mut own = authority.generations().filter_map(|one| one.chain.first());
    own.any(|own| own.serial == certificate.serial)
}

/// What tells how a certificate stands since.
pub(super) fn event(
    app: &App,
    actor: &Actor,
    before: Status,
    certificate: &Certificate,
) -> domain::event::Event {
    let kind = match certificate.status {
        Status::Held => EventKind::CertificateHeld,
        Status::Revoked => EventKind::CertificateRevoked,
        Status::Intended | Status::Issued => EventKind::CertificateReleased,
    };
    let status = FieldChange {
        field: "status".to_owned(),
        before: Value::from(before.as_str()),
        after: Value::from(certificate.status.as_str()),
    };
    let mut details = change::changed(&[status]);
    if let Some(reason) = certificate.revocation_reason {
        details.insert("revocation_reason".into(), Value::from(reason.as_str()));
    }
    details.insert("subject".into(), Value::from(certificate.subject.clone()));
    let object = format!("certificate:{}", certificate.serial);
    app.world.event(kind, None, Said { actor: actor.name().to_owned(), object, details })
}

/// Changes a batch of the chosen certificates; whoever asks goes on behind `next` until there is
/// none. To revoke more than a share of all is refused unless their number is confirmed.
pub async fn sweep(app: &App, actor: &Actor, sweep: &Sweep) -> Result<Swept, Refusal> {
    let answer = try_sweep(app, actor, sweep).await;
    if let Err(refusal) = &answer {
        let (actor, object) = (actor.name().to_owned(), sweep.chosen.to_string());
        let said = Said { actor, object, details: Map::new() };
        certificate::refused(app, EventKind::RequestRefused, refusal, said).await;
    }
    answer
}

async fn try_sweep(app: &App, actor: &Actor, sweep: &Sweep) -> Result<Swept, Refusal> {
    actor.may(Permission::CertificateRevokeMany)?;
    let now = app.world.time();
    let standing = Standing { status: sweep.change.from(), now };
    // Who goes on was counted and checked when it began.
    let begins = sweep.after.is_none() || sweep.confirm.is_none();
    let mut count = None;
    if begins {
        let former = former_names(app, &sweep.chosen);
        let counted = chosen::count(&app.store, Some((&sweep.chosen, &former)), standing).await;
        let counted = counted.map_err(unavailable)?;
        if sweep.dry_run {
            return Ok(Swept { count: Some(counted), changed: Vec::new(), next: None });
        }
        check_share(app, sweep, counted).await?;
        count = Some(counted);
    }
    for _ in 1..ATTEMPTS_MAX {
        match change_batch(app, actor, sweep, standing).await {
            Err(Refusal::Conflict { .. }) => {}
            answer => return answer.map(|swept| Swept { count, ..swept }),
        }
    }
    change_batch(app, actor, sweep, standing).await.map(|swept| Swept { count, ..swept })
}

/// What the chosen gateway was called before: its certificates say so for ever.
fn former_names(app: &App, chosen: &Chosen) -> Vec<String> {
    match chosen {
        Chosen::Gateway(name) => app.snapshot.rules().former_gateway_names(name),
        Chosen::Device(_) | Chosen::Person(_) | Chosen::Authority(_) => Vec::new(),
    }
}

async fn change_batch(
    app: &App,
    actor: &Actor,
    sweep: &Sweep,
    standing: Standing<'_>,
) -> Result<Swept, Refusal> {
    let page = (sweep.after.as_ref(), BATCH_MAX);
    let former = former_names(app, &sweep.chosen);
    let batch = chosen::batch(&app.store, (&sweep.chosen, &former), standing, page).await;
    let mut certificates: Vec<Certificate> = batch.map_err(unavailable)?;
    if certificates.is_empty() {
        return Ok(Swept { count: None, changed: Vec::new(), next: None });
    }
    let (mut write, mut events) = (Write::new(), Vec::new());
    for certificate in &mut certificates {
        let before = certificate.status;
        sweep.change.make(certificate, standing.now)?;
        write = store::certificate::stand(write, certificate);
        events.push(event(app, actor, before, certificate));
    }
    let changed: Vec<Serial> = certificates.iter().map(|one| one.serial.clone()).collect();
    certificate::publish(app, write, events, certificates).await?;
    let next = changed.last().filter(|_| changed.len() == BATCH_MAX).cloned();
    Ok(Swept { count: None, changed, next })
}

/// Refuses to revoke more than a share of all that are in use, unless so many are meant.
async fn check_share(app: &App, sweep: &Sweep, count: u64) -> Result<(), Refusal> {
    if sweep.change == Change::Release || share::is_meant(count, sweep.confirm) {
        return Ok(());
    }
    let in_use = Standing { status: &[Status::Issued], now: app.world.time() };
    let of = chosen::count(&app.store, None, in_use).await.map_err(unavailable)?;
    share::check(MassChange::Certificates, (count, of), sweep.confirm)
}
