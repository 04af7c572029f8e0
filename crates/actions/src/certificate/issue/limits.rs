//! What an enrollment policy allows one device: how many certificates, how often, known how well,
//! and what becomes of those it has.

use domain::actor::Actor;
use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::device::DeviceId;
use domain::enrollment_policy::OldCertificate;
use domain::enrollment_policy::Settings;
use domain::event::Event;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use pki::time::Time;
use store::certificate::Kept;
use store::write::Write;

use super::Decided;
use super::Right;
use crate::App;
use crate::certificate::revocation;
use crate::unavailable;

const DAY_SECONDS: i64 = 86_400;

/// A device that asks, and the policy that decided about it.
pub(crate) struct Asking<'a> {
    pub(crate) policy: &'a str,
    pub(crate) settings: &'a Settings,
    /// How the device is known.
    pub(crate) assurance: u8,
    /// What the device is called.
    pub(crate) device: String,
    /// Its record.
    pub(crate) device_id: Option<DeviceId>,
    /// Whether it renews with its certificate.
    pub(crate) renews: bool,
}

/// What one device has, when a limit asks for it.
pub(crate) struct Held {
    device: Option<DeviceId>,
    /// Its certificates in use, newest first.
    certificates: Vec<Kept>,
}

/// Refuses a device that is not known well enough, has too many certificates, or got its last one
/// too short a while ago. A renewal replaces a certificate and is not counted. What counts is the
/// record that the certificate is bound to, whatever the request calls itself: without one there is
/// nothing to count.
pub(super) async fn check(app: &App, decided: &Decided<'_>, now: Time) -> Result<Held, Refusal> {
    let holder = decided.holder;
    let asking = Asking {
        policy: &decided.policy.name,
        settings: decided.settings,
        assurance: holder.assurance,
        device: holder.name().unwrap_or_else(|| decided.claim.csr.subject.to_string()),
        device_id: holder.device_id,
        renews: matches!(decided.right, Right::Renewal(_)),
    };
    allow(app, &asking, now).await
}

/// The same for whoever asks, or might.
pub(crate) async fn allow(app: &App, asking: &Asking<'_>, now: Time) -> Result<Held, Refusal> {
    let settings = asking.settings;
    let (policy, device) = (asking.policy.to_owned(), asking.device.clone());
    if asking.assurance < settings.assurance {
        return Err(Refusal::AssuranceLow {
            assurance: asking.assurance.to_string(),
            expected: settings.assurance.to_string(),
            policy,
        });
    }
    let asks = settings.certificates_per_device.is_some()
        || settings.days_between.is_some()
        || !settings.old_certificate.is_keep();
    if !asks {
        return Ok(Held { device: None, certificates: Vec::new() });
    }
    let Some(id) = asking.device_id else {
        return Err(Refusal::DeviceUnknown { device, policy });
    };
    let certificates = store::certificate::in_use_of_record(&app.store, id, now).await;
    let certificates = certificates.map_err(unavailable)?;
    let held = Held { device: Some(id), certificates };
    if asking.renews {
        return Ok(held);
    }
    if let (Some(days), Some(last)) = (settings.days_between, held.certificates.first()) {
        let from = last.intended_at.plus_seconds(i64::from(days) * DAY_SECONDS);
        if now < from {
            let serial = last.certificate.serial.clone();
            return Err(Refusal::TooSoon { device, serial, from, policy });
        }
    }
    let count = u64::try_from(held.certificates.len()).unwrap_or(u64::MAX);
    if let Some(allowed) = settings.certificates_per_device
        && settings.old_certificate.is_keep()
        && count >= u64::from(allowed)
    {
        return Err(Refusal::TooManyCertificates { device, count, allowed, policy });
    }
    Ok(held)
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
    /// Lets the new certificate depend on what was counted, and revokes what the device has together
    /// with it, if the policy says so.
    pub(super) fn supersede(
        self,
        app: &App,
        mut write: Write,
        (decided, serial): (&Decided<'_>, &Serial),
        now: Time,
    ) -> Result<(Write, Superseded), Refusal> {
        let mut superseded = Superseded::default();
        if let Some(device) = self.device {
            let counted = (device, self.certificates.len());
            write = store::certificate::keep_count(write, counted, serial, now);
        }
        if decided.settings.old_certificate == OldCertificate::Keep {
            return Ok((write, superseded));
        }
        for Kept { mut certificate, .. } in self.certificates {
            let before = certificate.status;
            certificate.revoke(now, RevocationReason::Superseded)?;
            write = store::certificate::stand(write, &certificate);
            let actor = Actor::gateway(&decided.gateway.name);
            superseded.events.push(revocation::event(app, &actor, before, &certificate));
            superseded.certificates.push(certificate);
        }
        Ok((write, superseded))
    }
}
