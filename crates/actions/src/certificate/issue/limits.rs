//! What an enrollment policy allows one device: how many certificates, how often, known how well,
//! and what becomes of those it has.

use domain::actor::Actor;
use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::enrollment_policy::OldCertificate;
use domain::event::Event;
use domain::refusal::Refusal;
use pki::time::Time;
use store::certificate::Kept;
use store::write::Write;

use super::Decided;
use super::Right;
use crate::App;
use crate::certificate::revocation;
use crate::unavailable;

const DAY_SECONDS: i64 = 86_400;

/// What one device has.
pub(super) struct Held {
    /// Its certificates in use, newest first, when a limit asks for them.
    certificates: Vec<Kept>,
}

/// Refuses a device that is not known well enough, has too many certificates, or got its last one
/// too short a while ago. A renewal replaces a certificate and is not counted.
pub(super) async fn check(
    app: &App,
    decided: &Decided<'_>,
    device: Option<&str>,
    now: Time,
) -> Result<Held, Refusal> {
    let (settings, policy) = (decided.settings, &decided.policy.name);
    if decided.holder.assurance < settings.assurance {
        return Err(Refusal::AssuranceLow {
            assurance: decided.holder.assurance.to_string(),
            expected: settings.assurance.to_string(),
            policy: policy.clone(),
        });
    }
    let asks = settings.certificates_per_device.is_some()
        || settings.days_between.is_some()
        || !settings.old_certificate.is_keep();
    let (Some(device), true) = (device, asks) else {
        return Ok(Held { certificates: Vec::new() });
    };
    let certificates = store::certificate::in_use_of_device(&app.store, device, now).await;
    let certificates = certificates.map_err(unavailable)?;
    if matches!(decided.right, Right::Renewal(_)) {
        return Ok(Held { certificates });
    }
    if let (Some(days), Some(last)) = (settings.days_between, certificates.first()) {
        let from = last.intended_at.plus_seconds(i64::from(days) * DAY_SECONDS);
        if now < from {
            let (device, policy) = (device.to_owned(), policy.clone());
            let serial = last.certificate.serial.clone();
            return Err(Refusal::TooSoon { device, serial, from, policy });
        }
    }
    let count = u64::try_from(certificates.len()).unwrap_or(u64::MAX);
    if let Some(allowed) = settings.certificates_per_device
        && settings.old_certificate.is_keep()
        && count >= u64::from(allowed)
    {
        let (device, policy) = (device.to_owned(), policy.clone());
        return Err(Refusal::TooManyCertificates { device, count, allowed, policy });
    }
    Ok(Held { certificates })
}

/// What a new certificate takes the place of.
#[derive(Default)]
pub(super) struct Superseded {
    /// The certificates as they stand since.
    pub(super) certificates: Vec<Certificate>,
    /// What tells of them.
    pub(super) events: Vec<Event>,
}

impl Held {
    /// Revokes what the device has, together with its new certificate, if the policy says so.
    pub(super) fn supersede(
        self,
        app: &App,
        mut write: Write,
        decided: &Decided<'_>,
        now: Time,
    ) -> Result<(Write, Superseded), Refusal> {
        let mut superseded = Superseded::default();
        if decided.settings.old_certificate == OldCertificate::Keep {
            return Ok((write, superseded));
        }
        for Kept { mut certificate, .. } in self.certificates {
            certificate.revoke(now, RevocationReason::Superseded)?;
            write = store::certificate::stand(write, &certificate);
            let actor = Actor::gateway(&decided.gateway.name);
            superseded.events.push(revocation::event(app, &actor, &certificate));
            superseded.certificates.push(certificate);
        }
        Ok((write, superseded))
    }
}
