//! Making authorities: a key, a certificate, and what speaks SCEP for them.

use std::sync::Arc;

use domain::certificate::Certificate;
use domain::certificate::Usage;
use domain::certificate_authority::COMMON_NAME_CHARS_MAX;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_authority::Purpose;
use domain::organization::years_after;
use domain::refusal::Refusal;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use store::private_key::OpenedKey;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::rules::Authority;
use crate::rules::Generation;
use crate::rules::Identity;
use crate::signer::SigningKey;

/// RSA, because no SCEP client takes another recipient; 2048 bits, because all take them.
const REGISTRATION_KEY: KeyType = KeyType::Rsa2048;

/// A key that was made, with its certificate, not saved yet.
#[derive(Debug)]
pub(crate) struct Made {
    /// What is recorded of the certificate.
    pub(crate) certificate: Certificate,
    /// The certificate and its key.
    pub(crate) identity: Identity,
    /// What is kept of the key.
    pub(crate) opened: OpenedKey,
}

/// Makes an authority's key and certificate, signed by `issuer` or by itself, and its
/// registration authority if devices enroll with it. Unless it `signs_authorities`, it signs
/// leaves only.
pub(crate) async fn make(
    app: &App,
    definition: &CertificateAuthority,
    issuer: Option<&Authority>,
    signs_authorities: bool,
) -> Result<(Authority, Vec<Made>), Refusal> {
    let own = make_own(app, definition, issuer, signs_authorities).await?;
    let above = issuer.map(|issuer| issuer.current.chain.clone()).unwrap_or_default();
    let mut chain = vec![own.identity.certificate.clone()];
    chain.extend(above);
    let key = SigningKey::new(Arc::clone(&own.identity.key));
    let current = Generation { number: 1, chain, key, responder: None };
    let mut authority = Authority { current, earlier: Vec::new(), registration: Vec::new() };
    let mut made = vec![own];
    if definition.generate_ca_for == Purpose::DeviceAndUserAuthentication {
        let registration = make_registration(app, definition, &authority).await?;
        authority.registration.push(registration.identity.clone());
        made.push(registration);
    }
    Ok((authority, made))
}

async fn make_own(
    app: &App,
    definition: &CertificateAuthority,
    issuer: Option<&Authority>,
    signs_authorities: bool,
) -> Result<Made, Refusal> {
    if issuer.is_some_and(signs_leaves_only) {
        let above = definition.issuer.as_deref().unwrap_or_default();
        let what = format!(
            "\"{above}\" was made to sign leaves only; name a root as issuer, or define both at once"
        );
        return Err(Refusal::DraftRejected { lint: "path_len".into(), what });
    }
    let key = generate(definition.key).await?;
    let subject = name(definition.common_name())?;
    let now = app.world.time();
    let wanted = years_after(now, definition.validity_years);
    let (signer, signing_key) = match issuer {
        Some(above) => {
            let issuer = above.issuer(definition.signature_algorithm);
            let issuer = issuer.ok_or_else(|| internal("the issuer cannot sign"))?;
            (issuer, above.current.key.clone())
        }
        None => {
            let hash = definition.signature_algorithm;
            (Issuer::itself(&subject, &key, hash, wanted), SigningKey::new(Arc::clone(&key)))
        }
    };
    let is_root = issuer.is_none();
    let draft = Draft {
        serial: app.world.serial(),
        not_before: now,
        not_after: wanted.min(signer.not_after),
        issuer: signer,
        subject,
        public_key: key.public_key().clone(),
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN | KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints {
            ca: true,
            path_len: if is_root || signs_authorities { None } else { Some(0) },
        },
        further: Vec::new(),
    };
    let order = Order { usage: Usage::Authority, owner: &definition.name, generation: 1 };
    let authority = definition.issuer.as_deref().unwrap_or(&definition.name);
    sign(app, order, authority, (draft, key), &signing_key).await
}

/// Whether what an authority signs for another authority would be worth nothing (RFC 5280,
/// 4.2.1.9).
fn signs_leaves_only(authority: &Authority) -> bool {
    let constraints = authority.current.chain.first().and_then(|own| own.basic_constraints());
    constraints.is_some_and(|(_, path_len)| path_len == Some(0))
}

/// The registration authority: what SCEP clients encrypt to and whose signature they check. Its
/// key is never the authority's own.
async fn make_registration(
    app: &App,
    definition: &CertificateAuthority,
    authority: &Authority,
) -> Result<Made, Refusal> {
    let key = generate(REGISTRATION_KEY).await?;
    let issuer = authority.issuer(definition.signature_algorithm);
    let issuer = issuer.ok_or_else(|| internal("the authority cannot sign"))?;
    let now = app.world.time();
    let draft = Draft {
        serial: app.world.serial(),
        not_before: now,
        not_after: issuer.not_after,
        issuer,
        subject: name(&registration_name(definition.common_name()))?,
        public_key: key.public_key().clone(),
        general_names: Vec::new(),
        key_usage: KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let order = Order { usage: Usage::Registration, owner: &definition.name, generation: 1 };
    sign(app, order, &definition.name, (draft, key), &authority.current.key).await
}

/// The authority's common name with ` RA` behind it, within the 64 characters that there are.
fn registration_name(common_name: &str) -> String {
    let room = COMMON_NAME_CHARS_MAX - " RA".len();
    let head: String = common_name.chars().take(room).collect();
    format!("{} RA", head.trim_end())
}

/// The RADIUS server's certificate: serverAuth, its names, the first that is short enough as common
/// name too. Without one the names are the alternative ones alone.
pub(crate) async fn make_server(
    app: &App,
    definition: &domain::server_certificate::ServerCertificate,
    authority: &Authority,
    generation: i64,
) -> Result<Made, Refusal> {
    let key = generate(definition.key).await?;
    let hash = authority.current.key.key().key_type().default_hash();
    let issuer = authority.issuer(hash).ok_or_else(|| internal("the authority cannot sign"))?;
    let now = app.world.time();
    let names = definition.names.iter().map(|name| pki::general_name::GeneralName::dns(name));
    let general_names =
        names.collect::<Result<Vec<_>, _>>().map_err(|error| internal(&error.to_string()))?;
    let is_short = |name: &&String| name.chars().count() <= COMMON_NAME_CHARS_MAX;
    let common_name = definition.names.iter().find(is_short);
    let encipherment =
        if definition.key.is_rsa() { KeyUsage::KEY_ENCIPHERMENT } else { KeyUsage::NONE };
    let wanted = now.plus_days(definition.validity_days).plus_seconds(-1);
    let draft = Draft {
        serial: app.world.serial(),
        not_before: now.plus_seconds(-domain::certificate_template::BACKDATED_SECONDS),
        not_after: wanted.min(issuer.not_after),
        issuer,
        subject: common_name.map_or_else(|| Ok(Name::empty()), |common| name(common))?,
        public_key: key.public_key().clone(),
        general_names,
        key_usage: KeyUsage::DIGITAL_SIGNATURE | encipherment,
        extended_key_usages: vec![oid::SERVER_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let order = Order { usage: Usage::Server, owner: &definition.name, generation };
    let authority_name = &definition.certificate_authority;
    sign(app, order, authority_name, (draft, key), &authority.current.key).await
}

/// What a key is made for.
pub(crate) struct Order<'a> {
    /// What it is for.
    pub(crate) usage: Usage,
    /// Whose it is.
    pub(crate) owner: &'a str,
    /// Which of its owner's keys it is.
    pub(crate) generation: i64,
}

/// Signs the certificate of a key that was made.
pub(crate) async fn sign(
    app: &App,
    order: Order<'_>,
    authority: &str,
    (draft, key): (Draft, Arc<PrivateKey>),
    signing_key: &SigningKey,
) -> Result<Made, Refusal> {
    let mut certificate = certificate::record(&draft, order.usage, authority);
    let linted = certificate::lint(draft)?;
    let signed = certificate::sign(app, Write::new(), (&certificate, linted), signing_key).await?;
    certificate.mark_issued();
    let opened = OpenedKey {
        usage: order.usage,
        owner: order.owner.to_owned(),
        generation: order.generation,
        certificate: signed.der.clone(),
        pkcs8: key.to_pkcs8(),
    };
    Ok(Made { certificate, identity: Identity { certificate: signed, key }, opened })
}

/// Makes a key away from the threads that answer: RSA-4096 takes seconds.
pub(crate) async fn generate(key_type: KeyType) -> Result<Arc<PrivateKey>, Refusal> {
    let made = tokio::task::spawn_blocking(move || PrivateKey::generate(key_type)).await;
    match made {
        Ok(Ok(key)) => Ok(Arc::new(key)),
        Ok(Err(error)) => Err(internal(&error.to_string())),
        Err(error) => Err(internal(&error.to_string())),
    }
}

/// A subject that is a common name.
pub(crate) fn name(common_name: &str) -> Result<Name, Refusal> {
    Name::from_pairs(&[(oid::COMMON_NAME, common_name)])
        .map_err(|error| Refusal::DraftRejected { lint: "subject".into(), what: error.to_string() })
}

fn internal(what: &str) -> Refusal {
    Refusal::Internal { what: what.to_owned() }
}
