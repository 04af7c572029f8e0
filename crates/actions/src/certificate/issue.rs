//! The one road to a certificate for a device, whatever protocol it speaks.

mod holder;
pub(crate) mod limits;

use core::time::Duration;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Certificate;
use domain::certificate::RevocationReason;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::certificate_authority::Addresses;
use domain::certificate_template::Identity;
use domain::certificate_template::Request;
use domain::certificate_template::excess::LeftOut;
use domain::certificate_template::excess::Wanted;
use domain::claim::Claim;
use domain::condition::Facts;
use domain::condition::facts::Inputs;
use domain::decision::OfEnrollment;
use domain::enrollment_policy;
use domain::enrollment_policy::EnrollmentPolicy;
use domain::event::EventKind;
use domain::event::Moment;
use domain::gateway::Gateway;
use domain::inventory::matching::Matched;
use domain::refusal::Refusal;
use domain::variable::values::Values;
use pki::algorithm::Digest;
use pki::certificate::Serial;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::StoreError;
use store::certificate::Kept;
use store::enrollment::Known;
use store::write::Write;

use self::holder::Holder;
use self::limits::Held;
use self::limits::Superseded;
use crate::App;
use crate::certificate;
use crate::certificate_authority;
use crate::decision;
use crate::gateway;
use crate::metrics;
use crate::rules::AuthorityKey;
use crate::rules::Rules;
use crate::unavailable;
use crate::world::Said;

/// How often a request whose answer failed is let go of, until the database does it.
const LET_GO_RETRY: Duration = Duration::from_secs(1);

/// A certificate that was issued to a device.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What is known of it.
    pub certificate: Certificate,
    /// Its bytes.
    pub der: Vec<u8>,
}

/// Answers a claim with a certificate or a refusal, and remembers which before it answers.
pub async fn issue(
    app: &App,
    actor: &Actor,
    gateway: &str,
    claim: &Claim,
) -> Result<Issued, Refusal> {
    let mut told = Told { details: claim.details(), inputs: None, began: app.world.now() };
    let answer = answer(app, actor, gateway, claim, &mut told).await;
    let metrics = app.snapshot.metrics();
    metrics.enrollments.add(answer.as_ref().map_or_else(Refusal::code, |_| metrics::ACCEPTED));
    let took = app.world.now().0.saturating_sub(told.began.0);
    metrics.enrollment_time.add(Duration::from_millis(u64::try_from(took).unwrap_or_default()));
    if let Err(refusal) = &answer {
        told.time(app);
        let said = said(actor, gateway, told.details);
        let event = app.world.event(EventKind::CertificateIssued, Some(refusal.clone()), said);
        certificate::note_refused(app, refusal, event.resting_on(told.inputs)).await;
    }
    answer
}

/// What the event of a request tells.
struct Told {
    details: Map<String, Value>,
    /// What the policies were asked about.
    inputs: Option<Inputs>,
    /// When the request came.
    began: Moment,
}

impl Told {
    /// Lets the event say how long the answer took.
    fn time(&mut self, app: &App) {
        let took = app.world.now().0.saturating_sub(self.began.0);
        self.details.insert("took_ms".into(), Value::from(took));
    }
}

fn said(actor: &Actor, gateway: &str, details: Map<String, Value>) -> Said {
    Said { actor: actor.name().to_owned(), object: format!("gateway:{gateway}"), details }
}

/// Remembers that a device at a gateway was refused: also what a door could not even read.
pub async fn refuse(
    app: &App,
    actor: &Actor,
    gateway: &str,
    refusal: &Refusal,
    details: Map<String, Value>,
) {
    app.snapshot.metrics().enrollments.add(refusal.code());
    let said = said(actor, gateway, details);
    certificate::refused(app, EventKind::CertificateIssued, refusal, said).await;
}

async fn answer(
    app: &App,
    actor: &Actor,
    gateway: &str,
    claim: &Claim,
    told: &mut Told,
) -> Result<Issued, Refusal> {
    actor.may(Permission::CertificateIssue)?;
    let rules = app.snapshot.rules();
    // It may have got another name since the door looked it up.
    let called = || rules.organization.gateway.iter().find(|one| one.is_called(gateway));
    let gateway: &Gateway = rules
        .organization
        .find(gateway)
        .or_else(called)
        .ok_or_else(|| Refusal::GatewayUnknown { gateway: gateway.to_owned() })?;
    let request = request_key(gateway, claim);
    let right = match authorize(app, &rules, gateway, claim).await {
        // It took the place of the certificate that signed this very request, and the device has
        // not heard of it.
        Err(Refusal::CertificateRevoked { reason: RevocationReason::Superseded, serial, at }) => {
            let reason = RevocationReason::Superseded;
            let refusal = Refusal::CertificateRevoked { serial, at, reason };
            let kept = answered(app, claim, &request).await?.ok_or(refusal)?;
            return again(app, kept, told.details.clone()).await;
        }
        right => right?,
    };
    if let Some(kept) = answered(app, claim, &request).await? {
        return again(app, kept, told.details.clone()).await;
    }
    claim.check_expanded()?;
    let holder = Holder::find(app, claim, &right, app.world.time()).await?;
    holder.tell(&mut told.details);
    let decision = decide(app, &rules, (gateway, claim, &right, &holder), told);
    let (policy, settings) = decision.answer?;
    told.details.insert("policy".into(), Value::from(policy.name.clone()));
    let (right, request, holder) = (&right, request.as_str(), &holder);
    let decided = Decided { gateway, policy, settings, claim, right, request, holder };
    let issued = match sign(app, &rules, &decided, told).await {
        // Perhaps the certificate that has the key is the answer to this very request, given while
        // we looked.
        Err(refusal @ Refusal::KeyInUse { .. }) => {
            let kept = answered(app, claim, request).await?.ok_or(refusal)?;
            return again(app, kept, told.details.clone()).await;
        }
        signed => signed?,
    };
    // The answer does not depend on this note.
    if let Right::Challenge(secret_id) = &right
        && let Err(error) = store::gateway::used(&app.store, secret_id, app.world.time()).await
    {
        tracing::warn!(%error, "the use of a challenge was not noted");
    }
    Ok(issued)
}

/// Asks the policies, and notes what they rest on.
fn decide<'a>(
    app: &App,
    rules: &'a Rules,
    (gateway, claim, right, holder): (&Gateway, &Claim, &Right, &Holder),
    told: &mut Told,
) -> OfEnrollment<'a> {
    let authority = rules.organization.authority_of(gateway).map(|one| one.name.as_str());
    let renews = match right {
        Right::Challenge(_) => None,
        Right::Renewal(old) => Some(&old.certificate),
    };
    let asked = (gateway.name.as_str(), authority);
    let facts = decision::facts_of_claim(claim, asked, renews, app.world.time());
    let Matched { device, person, .. } = holder.matched.clone();
    let facts = Facts { device, person, ..facts };
    told.inputs = Some(Inputs::of(&facts));
    let answered = domain::decision::of_enrollment(&rules.policies, facts);
    let details = &mut told.details;
    details.insert("roles".into(), Value::from(answered.facts.roles.clone()));
    details.insert("policy_version".into(), Value::from(rules.version));
    details.insert("trace".into(), Value::from(answered.trace.digest()));
    details.insert("decided_at".into(), Value::from(answered.facts.at.to_rfc3339()));
    answered
}

/// What gives a device the right to a certificate.
enum Right {
    /// It knows the gateway's secret of this id.
    Challenge(String),
    /// It holds the key of a certificate of ours.
    Renewal(Box<Old>),
}

/// The certificate that a device renews.
struct Old {
    certificate: pki::certificate::Certificate,
    record: Certificate,
}

/// The right of a claim. A certificate of ours that signed it counts before any challenge. If its
/// time is over, or it is another gateway's or not ours at all, the challenge decides; revoked or
/// too early, nothing else helps.
async fn authorize(
    app: &App,
    rules: &Rules,
    gateway: &Gateway,
    claim: &Claim,
) -> Result<Right, Refusal> {
    let Some(signer) = &claim.renews else {
        return accept(app, rules, gateway, claim).map(Right::Challenge);
    };
    let kept = store::certificate::find(&app.store, &signer.serial).await.map_err(unavailable)?;
    let Some(kept) = kept.filter(|kept| kept.der.as_deref() == Some(signer.der.as_slice())) else {
        return accept(app, rules, gateway, claim).map(Right::Challenge);
    };
    match gateway.check_renewal(&kept.certificate, app.world.time()) {
        Ok(()) => {
            let old = Old { certificate: signer.clone(), record: kept.certificate };
            Ok(Right::Renewal(Box::new(old)))
        }
        Err(refusal) => {
            let over =
                matches!(refusal, Refusal::RenewalLate { .. } | Refusal::RenewalElsewhere { .. });
            let accepted = if over { accept(app, rules, gateway, claim).ok() } else { None };
            accepted.map(Right::Challenge).ok_or(refusal)
        }
    }
}

/// What makes a request the same: gateway and transaction, the key, and the whole CSR.
fn request_key(gateway: &Gateway, claim: &Claim) -> String {
    // Its first name, so that a rename makes no request another.
    let gateway = gateway.names().last().unwrap_or_default();
    let transaction = format!("{gateway}\0{}", claim.transaction);
    let parts = [transaction.as_bytes(), claim.csr.public_key.der(), &claim.csr.der];
    let parts = parts.map(|bytes| {
        let digest = Digest::Sha256.compute(bytes).expect("SHA-256 is computed here");
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    });
    parts.join(":")
}

/// The certificate that this request got before, if that still counts.
async fn answered(app: &App, claim: &Claim, request: &str) -> Result<Option<Kept>, Refusal> {
    let known = store::enrollment::known(&app.store, request, app.world.time()).await;
    match known.map_err(unavailable)? {
        Known::Nothing => Ok(None),
        Known::AnotherKeys => {
            Err(Refusal::TransactionTaken { transaction: claim.transaction.clone() })
        }
        Known::Answered(kept) => match (kept.certificate.status, kept.certificate.revoked_at) {
            (Status::Held, Some(at)) => {
                Err(Refusal::CertificateHeld { serial: kept.certificate.serial, at })
            }
            (Status::Intended | Status::Issued | Status::Held | Status::Revoked, _) => {
                Ok(Some(*kept))
            }
        },
    }
}

/// The device lost our answer and asks again: it gets the same certificate, and an event.
async fn again(
    app: &App,
    Kept { certificate, der, .. }: Kept,
    mut details: Map<String, Value>,
) -> Result<Issued, Refusal> {
    let empty = || Refusal::Internal { what: "an issued certificate is empty".into() };
    let der = der.ok_or_else(empty)?;
    details.insert("again".into(), Value::from(true));
    let said = Said {
        actor: Actor::gateway(certificate.gateway.as_deref().unwrap_or_default()).name().to_owned(),
        object: format!("certificate:{}", certificate.serial),
        details,
    };
    let event = app.world.event(EventKind::CertificateIssued, None, said);
    let committed = store::event::commit(Write::new(), &app.store, &[event]).await;
    committed.map_err(certificate::conflict)?;
    Ok(Issued { certificate, der })
}

/// Refuses a claim that carries none of the gateway's secrets; names the one it carries.
fn accept(app: &App, rules: &Rules, gateway: &Gateway, claim: &Claim) -> Result<String, Refusal> {
    let name = &gateway.name;
    let challenge = claim
        .challenge
        .as_ref()
        .ok_or_else(|| Refusal::ChallengeMissing { gateway: name.clone() })?;
    let found = gateway::secret::found(app, rules, gateway, challenge);
    found.ok_or_else(|| Refusal::ChallengeWrong { gateway: name.clone() })
}

/// A claim that is to get a certificate.
struct Decided<'a> {
    gateway: &'a Gateway,
    policy: &'a EnrollmentPolicy,
    settings: &'a enrollment_policy::Settings,
    claim: &'a Claim,
    right: &'a Right,
    request: &'a str,
    holder: &'a Holder,
}

async fn sign(
    app: &App,
    rules: &Rules,
    decided: &Decided<'_>,
    told: &mut Told,
) -> Result<Issued, Refusal> {
    let Decided { gateway, settings, claim, right, request, holder, .. } = decided;
    let name = &settings.certificate_authority;
    let key = rules.signing_key(name).ok_or_else(|| missing(name))?;
    certificate_authority::check_issues(app, key.definition, key.authority)?;
    let template: &domain::certificate_template::CertificateTemplate = rules
        .organization
        .find(&settings.certificate_template)
        .ok_or_else(|| missing(&settings.certificate_template))?;
    let issuer =
        key.generation.issuer(template.signature_algorithm).ok_or_else(|| missing(name))?;
    let now = app.world.time();
    check_key(app, decided).await?;
    let values = Values::of_request(&claim.csr.subject, &claim.csr.general_names);
    let values = values.matched(&holder.matched, now);
    let held = limits::check(app, decided, now).await?;
    let identity = match right {
        Right::Challenge(_) => Identity::Template(&values),
        Right::Renewal(old) => Identity::Renewed(&old.certificate),
    };
    let (public_key, serial) = (claim.csr.public_key.clone(), app.world.serial());
    let addresses = addresses(app, rules, key, &serial);
    let drafted =
        template.draft(Request { public_key, identity, serial, issuer, addresses, now })?;
    let left_out = template.left_out(Wanted::of_request(&claim.csr), identity, &drafted);
    tell(&left_out, &mut told.details);
    template.check_excess(&left_out)?;
    let signer = (name.as_str(), key.generation.number);
    let mut certificate = certificate::record(&drafted.draft, Usage::Device, signer);
    certificate.gateway = Some(gateway.name.clone());
    certificate.template = Some(template.name.clone());
    (certificate.device, certificate.person) = match right {
        Right::Challenge(_) => (values.device(), values.person()),
        Right::Renewal(old) => (old.record.device.clone(), old.record.person.clone()),
    };
    (certificate.device_id, certificate.assurance) = (holder.device_id, holder.assurance);
    let details = &mut told.details;
    details.insert("renewed".into(), Value::from(matches!(right, Right::Renewal(_))));
    details.insert("warnings".into(), Value::from(drafted.warnings));
    let linted = certificate::lint(drafted.draft)?;
    let begin = store::enrollment::begin(Write::new(), request, &certificate.serial, now);
    let begin = store::enrollment::age(begin, now);
    let signed = certificate::sign(app, begin, (&certificate, linted), &key.generation.key).await;
    let signed = signed.map_err(|refusal| {
        let under_way = |what: &str| what == store::enrollment::UNDER_WAY;
        if matches!(&refusal, Refusal::Conflict { what } if under_way(what)) {
            return Refusal::InProgress { transaction: claim.transaction.clone() };
        }
        let_go(app, request, &certificate.serial);
        refusal
    })?;
    certificate.mark_issued();
    let issued = Issued { certificate, der: signed.der };
    if let Err(refusal) = keep(app, decided, held, &issued, told).await {
        if !is_unconfirmed(&refusal) {
            let_go(app, request, &issued.certificate.serial);
        }
        return Err(refusal);
    }
    holder.remember(app).await;
    Ok(issued)
}

/// Makes a signed certificate durable, if what it rested on still holds.
async fn keep(
    app: &App,
    decided: &Decided<'_>,
    held: Held,
    Issued { certificate, der }: &Issued,
    told: &mut Told,
) -> Result<(), Refusal> {
    let now = app.world.time();
    // Whoever removed the gateway or its secret in the meantime, or revoked the old certificate,
    // meant this device too.
    let write = match decided.right {
        Right::Challenge(secret_id) => store::gateway::keep_secret(Write::new(), secret_id),
        Right::Renewal(old) => store::certificate::keep_issued(Write::new(), &old.record.serial),
    };
    let write = keep_key_free(write, certificate, decided, now);
    let write = store::enrollment::keep(write, decided.request, &certificate.serial, now);
    let write = store::certificate::issued(write, certificate, der);
    let write = decided.holder.record(write, now);
    let counted = (decided, &certificate.serial);
    let (write, superseded) = held.supersede(app, write, counted, now)?;
    told.time(app);
    save(app, write, (certificate, superseded), told).await
}

fn missing(what: &str) -> Refusal {
    Refusal::Internal { what: format!("{what} is gone") }
}

/// Where a key of an authority will tell of a certificate.
pub(crate) fn addresses(
    app: &App,
    rules: &Rules,
    key: AuthorityKey<'_>,
    serial: &Serial,
) -> Addresses {
    let key_slug = key.definition.key_slug(key.generation.number);
    let part = app.revocation_lists.part_of(key, serial);
    Addresses::of(&rules.organization.settings.base_url, &key_slug, part)
}

/// Lets the event say what was asked beyond the template.
fn tell(left_out: &[LeftOut], details: &mut Map<String, Value>) {
    if !left_out.is_empty() {
        let list = left_out.iter().map(|entry| serde_json::json!(entry));
        details.insert("left_out".into(), list.collect());
    }
}

/// Refuses a key that others may know, and one that another certificate in use has.
async fn check_key(app: &App, decided: &Decided<'_>) -> Result<(), Refusal> {
    let key = certificate::key_name(&decided.claim.csr.public_key);
    let holders = store::certificate::key_holders(&app.store, &key, app.world.time());
    let holders = holders.await.map_err(unavailable)?;
    if let Some(serial) = holders.compromised {
        return Err(Refusal::KeyBlocked { serial });
    }
    match holders.in_use {
        Some(serial) if decided.uses_key_once() => {
            Err(Refusal::KeyInUse { serial, policy: decided.policy.name.clone() })
        }
        Some(_) | None => Ok(()),
    }
}

/// Lets the answer pass only if nobody took the key, or made it known, in the meantime.
fn keep_key_free(
    write: Write,
    certificate: &Certificate,
    decided: &Decided<'_>,
    now: Time,
) -> Write {
    let Some(key) = &certificate.key else { return write };
    let once = decided.uses_key_once().then_some(now);
    store::certificate::keep_key_free(write, key, &certificate.serial, once)
}

impl Decided<'_> {
    /// Whether no other certificate may have the key. Who renews may keep it.
    fn uses_key_once(&self) -> bool {
        let keeps = match self.right {
            Right::Challenge(_) => false,
            Right::Renewal(old) => {
                old.certificate.public_key.is_same_key(&self.claim.csr.public_key)
            }
        };
        !keeps && !self.settings.key_reuse
    }
}

/// Whether it is not known if the certificate is on record; then the request stays taken for it.
fn is_unconfirmed(refusal: &Refusal) -> bool {
    let unconfirmed = StoreError::Unconfirmed.to_string();
    matches!(refusal, Refusal::StoreUnavailable { what } if *what == unconfirmed)
}

/// The device need not wait for an answer that failed under way: as soon as the database takes it,
/// the request is anybody's again.
fn let_go(app: &App, request: &str, serial: &Serial) {
    let (store, request, serial) = (app.store.clone(), request.to_owned(), serial.clone());
    tokio::spawn(async move {
        for _ in 0..store::enrollment::UNDER_WAY_SECONDS {
            match store::enrollment::release(&store, &request, &serial).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(%error, %serial, "a request is not let go yet"),
            }
            tokio::time::sleep(LET_GO_RETRY).await;
        }
    });
}

/// Records the signed bytes with the event that explains them; logins know the certificate from
/// here on.
async fn save(
    app: &App,
    write: Write,
    (certificate, superseded): (&Certificate, Superseded),
    told: &Told,
) -> Result<(), Refusal> {
    let mut details = told.details.clone();
    details.insert("subject".into(), Value::from(certificate.subject.clone()));
    details.insert("names".into(), Value::from(certificate.names.clone()));
    details.insert("authority".into(), Value::from(certificate.authority.clone()));
    details.insert("template".into(), Value::from(certificate.template.clone()));
    details.insert("not_after".into(), Value::from(certificate.not_after.to_rfc3339()));
    let said = Said {
        actor: Actor::gateway(certificate.gateway.as_deref().unwrap_or_default()).name().to_owned(),
        object: format!("certificate:{}", certificate.serial),
        details,
    };
    let event = app.world.event(EventKind::CertificateIssued, None, said);
    let event = event.resting_on(told.inputs.clone());
    let events = [vec![event], superseded.events].concat();
    let certificates = [vec![certificate.clone()], superseded.certificates].concat();
    certificate::publish(app, write, events, certificates).await
}

/// Remembers that a message at a gateway could not even be answered. Anybody can send such, so
/// it goes the bounded way.
pub fn note_unreadable(app: &App, gateway: &str, refusal: &Refusal) {
    app.snapshot.metrics().enrollments.add(refusal.code());
    let said = Said {
        actor: Actor::gateway(gateway).name().to_owned(),
        object: format!("gateway:{gateway}"),
        details: Map::new(),
    };
    let event = app.world.event(EventKind::CertificateIssued, Some(refusal.clone()), said);
    app.snapshot.journal().note(event);
}
