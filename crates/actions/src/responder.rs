//! Answers of OCSP, signed by a responder that each key of an authority certifies for it (RFC 6960).

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;

use domain::certificate::Standing;
use domain::certificate::Status;
use domain::certificate::Usage;
use domain::certificate_authority::COMMON_NAME_CHARS_MAX;
use domain::event::EventKind;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use pki::crl::ReasonCode;
use pki::draft::Draft;
use pki::extension::BasicConstraints;
use pki::extension::Extension;
use pki::extension::KeyUsage;
use pki::key::KeyType;
use pki::ocsp::CertId;
use pki::ocsp::CertStatus;
use pki::ocsp::OcspDraft;
use pki::ocsp::OcspRefusal;
use pki::ocsp::OcspRequest;
use pki::ocsp::SingleResponse;
use pki::oid;
use pki::time::Time;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::certificate_authority;
use crate::certificate_authority::Made;
use crate::certificate_authority::Order;
use crate::revocation_list;
use crate::rules::AuthorityKey;
use crate::rules::Generation;
use crate::rules::Responder;
use crate::unavailable;
use crate::world::Said;

/// Life of a responder's certificate, in days: nobody asks whether it is revoked, so it is short.
const VALIDITY_DAYS: u32 = 30;

/// How long before its end it is replaced, in days.
const REPLACED_DAYS: u32 = 10;

/// How long an answer is believed, in seconds: what somebody keeps of it is wrong for so long at
/// most after a revocation.
pub const ANSWER_SECONDS: i64 = 3600;

/// How long the same answer is given again without being signed anew, in seconds; a revocation
/// makes another answer at once.
const KEPT_SECONDS: i64 = 300;

/// Most answers that are kept, each of about 2 KB with the responder's certificate.
const KEPT_MAX: usize = 16_384;

/// Most answers that wait for one responder's key: certificates are signed by the same threads, and
/// must not wait behind more than a few hundredths of a second of answers.
const WAITING_MAX: usize = 128;

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Its bytes.
    pub der: Vec<u8>,
    /// For how long it may be kept, as from when to when; none for what is not signed and for what
    /// was made for one who asks (a nonce).
    pub kept: Option<(Time, Time)>,
}

/// Answers that may be given again.
#[derive(Debug, Default)]
pub struct Answers(Mutex<HashMap<Question, (Time, Vec<u8>)>>);

/// What an answer that is kept was about, and what it rested on.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Question {
    id: Vec<u8>,
    responder: Serial,
    status: (u8, i64),
}

impl Answers {
    fn find(&self, question: &Question, now: Time) -> Option<Answer> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (made, der) = kept.get(question)?;
        let is_young = (*made..made.plus_seconds(KEPT_SECONDS)).contains(&now);
        is_young.then(|| Answer { der: der.clone(), kept: Some(lifetime(*made)) })
    }

    fn keep(&self, question: Question, made: Time, der: Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            // All are young; who asks again costs a signature.
            kept.clear();
        }
        kept.insert(question, (made, der));
    }
}

fn lifetime(made: Time) -> (Time, Time) {
    (made, made.plus_seconds(ANSWER_SECONDS))
}

/// Whether a key of an authority has a responder that will be good for a while.
pub fn has_responder(generation: &Generation, now: Time) -> bool {
    let soon = now.plus_days(REPLACED_DAYS);
    let authority_ends = generation.chain.first().map(|own| own.not_after);
    generation.responder.as_ref().is_some_and(|responder| {
        let end = responder.certificate.not_after;
        // One that lives as long as its authority is not replaced by another of the same end.
        end > soon || Some(end) == authority_ends
    })
}

/// Makes the responder of a key of an authority: a key of its own and a certificate for it.
pub async fn make(app: &App, key: AuthorityKey<'_>, order: i64) -> Result<(), Refusal> {
    let made = make_certificate(app, key, order).await?;
    let mut details = Map::new();
    details.insert("usage".into(), Value::from(Usage::Responder.as_str()));
    details.insert("subject".into(), Value::from(made.certificate.subject.clone()));
    details.insert("authority".into(), Value::from(key.definition.name.clone()));
    let object = format!("certificate:{}", made.certificate.serial);
    let said = Said { actor: "server".to_owned(), object, details };
    let event = app.world.event(EventKind::CertificateMade, None, said);
    let write = store::private_key::add(Write::new(), &app.master, &made.opened, app.world.time());
    let der = &made.identity.certificate.der;
    let write = store::certificate::issued(write, &made.certificate, der);
    certificate::publish(app, write, vec![event], vec![made.certificate]).await
}

async fn make_certificate(app: &App, key: AuthorityKey<'_>, order: i64) -> Result<Made, Refusal> {
    let AuthorityKey { definition, generation, .. } = key;
    let own = certificate_authority::generate(responder_key(generation)).await?;
    let issuer = generation.issuer(definition.signature_algorithm);
    let internal = || Refusal::Internal { what: "the authority cannot sign".to_owned() };
    let issuer = issuer.ok_or_else(internal)?;
    let now = app.world.time();
    if issuer.not_after < now {
        let (authority, not_after) = (definition.name.clone(), issuer.not_after);
        return Err(Refusal::AuthorityExpired { authority, not_after });
    }
    let wanted = now.plus_days(VALIDITY_DAYS).plus_seconds(-1);
    let draft = Draft {
        serial: app.world.serial(),
        not_before: now.plus_seconds(-domain::certificate_template::BACKDATED_SECONDS),
        not_after: wanted.min(issuer.not_after),
        issuer,
        subject: certificate_authority::name(&responder_name(definition.common_name()))?,
        public_key: own.public_key().clone(),
        general_names: Vec::new(),
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::OCSP_SIGNING],
        basic_constraints: BasicConstraints::LEAF,
        further: vec![Extension::ocsp_no_check()],
    };
    let owner = owner(&definition.name, generation.number);
    let signer = (definition.name.as_str(), generation.number);
    let order = Order { usage: Usage::Responder, owner: &owner, generation: order, signer };
    certificate_authority::sign(app, order, (draft, own), &generation.key).await
}

/// Whose a responder's key is, in the table of keys: that of one key of an authority.
pub(crate) fn owner(authority: &str, number: i64) -> String {
    format!("{number}/{authority}")
}

/// Of the family of the authority's key, which whoever verifies the certificate can verify, and no
/// larger than needed for a month.
fn responder_key(generation: &Generation) -> KeyType {
    if generation.key.key().key_type().is_rsa() { KeyType::Rsa2048 } else { KeyType::EcdsaP256 }
}

/// The authority's common name with ` OCSP` behind it, within the characters that there are.
fn responder_name(common_name: &str) -> String {
    let room = COMMON_NAME_CHARS_MAX - " OCSP".len();
    let head: String = common_name.chars().take(room).collect();
    format!("{} OCSP", head.trim_end())
}

/// Answers what somebody asks of certificates of one key of an authority; none if there is no such
/// key.
pub async fn answer(app: &App, key_slug: &str, request: &OcspRequest) -> Option<Answer> {
    let rules = app.snapshot.rules();
    let key = rules.authority_key(key_slug)?;
    let answer = try_answer(app, key, request).await;
    Some(answer.unwrap_or_else(|refusal| Answer { der: refusal.der(), kept: None }))
}

async fn try_answer(
    app: &App,
    key: AuthorityKey<'_>,
    request: &OcspRequest,
) -> Result<Answer, OcspRefusal> {
    let own = key.generation.chain.first().ok_or(OcspRefusal::InternalError)?;
    if !request.questions.iter().any(|id| id.is_of(own)) {
        return Err(OcspRefusal::Unauthorized);
    }
    let responder = key.generation.responder.as_ref().ok_or(OcspRefusal::TryLater)?;
    let now = app.world.time();
    let mut statuses = Vec::with_capacity(request.questions.len());
    for id in &request.questions {
        let is_ours = id.is_of(own);
        let standing = if is_ours { standing(app, &id.serial).await? } else { None };
        let standing = standing.filter(|standing| *standing.authority == *key.definition.name);
        statuses.push((id, standing));
    }
    // What is asked for somebody, or of several at once, is not asked again.
    let question = match statuses.as_slice() {
        [(id, standing)] if request.nonce.is_none() => Some(Question {
            id: id.der.clone(),
            responder: responder.certificate.serial.clone(),
            status: fingerprint(standing.as_ref()),
        }),
        _ => None,
    };
    if let Some(kept) = question.as_ref().and_then(|question| app.answers.find(question, now)) {
        return Ok(kept);
    }
    let der = sign(app, responder, draft(&statuses, request, responder, now)).await?;
    if let Some(question) = question {
        app.answers.keep(question, now, der.clone());
    }
    let kept = request.nonce.is_none().then(|| lifetime(now));
    Ok(Answer { der, kept })
}

/// Tells standings apart: where it stands, and how often it has come to stand differently.
fn fingerprint(standing: Option<&Standing>) -> (u8, i64) {
    match standing {
        None => (0, 0),
        Some(standing) => (1 + u8::from(standing.revoked.is_some()), standing.version),
    }
}

/// Memory first: it knows every certificate that was issued. What it does not know, or knows as
/// intended, another server may have issued since.
async fn standing(app: &App, serial: &Serial) -> Result<Option<Standing>, OcspRefusal> {
    if let Some(standing) = app.snapshot.known_standing(serial) {
        return Ok(Some(standing));
    }
    let serials = std::slice::from_ref(serial);
    let read = store::certificate::standings_of(&app.store, serials).await.map_err(unavailable);
    match read {
        Ok(found) => Ok(found.into_iter().next().map(|(_, standing)| standing)),
        Err(refusal) => {
            tracing::warn!(%refusal, "OCSP is not answered");
            Err(OcspRefusal::TryLater)
        }
    }
}

fn draft(
    statuses: &[(&CertId, Option<Standing>)],
    request: &OcspRequest,
    responder: &Responder,
    now: Time,
) -> OcspDraft {
    let next_update = Some(now.plus_seconds(ANSWER_SECONDS));
    let answer = |(id, standing): &(&CertId, Option<Standing>)| SingleResponse {
        id: (*id).clone(),
        status: status(standing.as_ref()),
        this_update: now,
        next_update,
    };
    let is_intended = |standing: &Standing| standing.status == Status::Intended;
    OcspDraft {
        answers: statuses.iter().map(answer).collect(),
        produced_at: now,
        nonce: request.nonce.clone(),
        responder: Some(responder.certificate.der.clone()),
        extended_revoke: statuses.iter().any(|(_, one)| one.as_ref().is_some_and(is_intended)),
    }
}

/// What OCSP says of where a certificate stands. What was intended and not issued is revoked, since
/// 1970 (RFC 6960, 2.2): nobody may rely on it.
fn status(standing: Option<&Standing>) -> CertStatus {
    let Some(standing) = standing else { return CertStatus::Unknown };
    match (standing.revoked, standing.status) {
        (Some((at, reason)), _) => CertStatus::Revoked(at, revocation_list::code(reason)),
        (None, Status::Intended) => CertStatus::Revoked(Time(0), ReasonCode::CertificateHold),
        (None, Status::Issued | Status::Held | Status::Revoked) => CertStatus::Good,
    }
}

async fn sign(app: &App, responder: &Responder, draft: OcspDraft) -> Result<Vec<u8>, OcspRefusal> {
    let hash = responder.key.key().key_type().default_hash();
    if responder.key.waiting() >= WAITING_MAX {
        return Err(OcspRefusal::TryLater);
    }
    let signed = app.signer.sign(&responder.key, move |key| draft.sign(key, hash)).await;
    signed.map_err(|error| {
        tracing::warn!(%error, "an answer of OCSP was not signed");
        OcspRefusal::TryLater
    })
}
