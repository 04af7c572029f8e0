//! What HTTPS shows to administrators: a certificate from the organization's own authority, or one
//! that the program makes for itself while there is none.

use std::sync::Arc;

use domain::certificate::Usage;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_authority::Purpose;
use domain::certificate_template::purpose::ExtendedKeyUsage;
use domain::event::EventKind;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::Hash;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::oid;
use serde_json::Map;
use serde_json::Value;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::certificate_authority;
use crate::certificate_authority::Order;
use crate::rules::Authority;
use crate::rules::Identity;
use crate::rules::Rules;
use crate::rules::Server;
use crate::signer::SigningKey;
use crate::unavailable;
use crate::world::Said;

/// Life of the certificate, in days; Apple and Chrome accept no more for a server.
const VALIDITY_DAYS: u32 = 397;

/// How long before its end it is replaced, in days, at a start of the server.
const REPLACED_DAYS: u32 = 30;

/// Whose key it is, in the table of keys.
const OWNER: &str = "https";

/// Most attempts: each but the last is lost to another server that starts at the same time.
const ATTEMPTS_MAX: u32 = 3;

/// The certificate and key of now, with what stands above it; made, or made anew before they end
/// and once there is an authority to sign it. Of several servers that start at the same time, one
/// makes them and the others read them.
pub async fn ensure(app: &App) -> Result<Server, Refusal> {
    let mut attempts = 1;
    loop {
        match ensure_once(app).await {
            Err(Refusal::Conflict { .. }) if attempts < ATTEMPTS_MAX => attempts += 1,
            answer => return answer,
        }
    }
}

async fn ensure_once(app: &App) -> Result<Server, Refusal> {
    let rules = app.snapshot.rules();
    let authority = authority(app, &rules);
    let keys = store::private_key::load(&app.store, &app.master).await.map_err(unavailable)?;
    let newest = keys.iter().find(|key| key.usage == Usage::Portal && key.owner == OWNER);
    let mut generation = 1;
    if let Some(kept) = newest {
        generation = kept.generation + 1;
        let certificate = Certificate::parse(&kept.certificate);
        let key = PrivateKey::from_pkcs8(&kept.pkcs8);
        let soon = app.world.time().plus_days(REPLACED_DAYS);
        if let (Ok(certificate), Ok(key)) = (certificate, key)
            && soon < certificate.not_after
            && (authority.is_none() || certificate.issuer != certificate.subject)
        {
            let intermediates = above(&rules, &certificate);
            let identity = Identity { certificate, key: Arc::new(key) };
            return Ok(Server { identity, intermediates });
        }
    }
    let made = make(app, generation, authority).await;
    let identity = match (made, authority) {
        // The portal is there whatever an authority signs, and with it the way to mend it.
        (Err(refusal), Some((name, _))) if !matches!(refusal, Refusal::Conflict { .. }) => {
            tracing::warn!(%refusal, authority = name, "HTTPS signs its certificate itself");
            make(app, generation, None).await?
        }
        (made, _) => made?,
    };
    let intermediates = above(&rules, &identity.certificate);
    Ok(Server { identity, intermediates })
}

/// The authority that signs it: the first one for RADIUS servers, whose root devices know, that
/// signs for any name.
fn authority<'a>(app: &App, rules: &'a Rules) -> Option<(&'a str, &'a Authority)> {
    let soon = app.world.time().plus_days(REPLACED_DAYS);
    let lasts = |one: &CertificateAuthority| {
        let chain = rules.authority(&one.name).map(|authority| &authority.current.chain);
        chain.is_some_and(|chain| chain.iter().all(|above| soon < above.not_after))
    };
    let signs = |one: &&CertificateAuthority| {
        let above = rules.organization.chain_of(one);
        one.generate_ca_for == Purpose::RadiusServer
            && !one.disabled
            && above.iter().all(|above| above.permitted_names.is_empty())
            && lasts(one)
            && one.usages().contains(&ExtendedKeyUsage::SERVER_AUTHENTICATION)
    };
    let one = rules.organization.certificate_authority.iter().find(signs)?;
    Some((one.name.as_str(), rules.authority(&one.name)?))
}

/// The certificates above it that a browser may lack: without the root.
fn above(rules: &Rules, certificate: &Certificate) -> Vec<Certificate> {
    let authorities = rules.organization.certificate_authority.iter();
    let keys = authorities.filter_map(|one| rules.authority(&one.name));
    let mut signers = keys.filter_map(|authority| authority.signer_of(certificate));
    let chain = signers.next().map(|generation| &generation.chain);
    let without_root = |chain: &Vec<Certificate>| {
        chain.iter().filter(|one| one.issuer != one.subject).cloned().collect()
    };
    chain.map(without_root).unwrap_or_default()
}

async fn make(
    app: &App,
    generation: i64,
    authority: Option<(&str, &Authority)>,
) -> Result<Identity, Refusal> {
    let key = certificate_authority::generate(KeyType::EcdsaP256).await?;
    let subject = certificate_authority::name("Safeconduct")?;
    let now = app.world.time();
    let wanted = now.plus_days(VALIDITY_DAYS).plus_seconds(-1);
    let own = SigningKey::new(Arc::clone(&key));
    let itself = || Issuer::itself(&subject, &key, Hash::Sha256, wanted);
    let (issuer, signer, signing_key) = match authority {
        None => (itself(), (OWNER, generation), &own),
        Some((name, authority)) => {
            let issuer = authority.issuer(Hash::Sha256).ok_or_else(|| Refusal::Internal {
                what: format!("the authority {name} cannot sign"),
            })?;
            (issuer, (name, authority.current.number), &authority.current.key)
        }
    };
    let draft = Draft {
        serial: app.world.serial(),
        not_before: now,
        not_after: wanted.min(issuer.not_after),
        issuer,
        subject: subject.clone(),
        public_key: key.public_key().clone(),
        general_names: names(app),
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::SERVER_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let order = Order { usage: Usage::Portal, owner: OWNER, generation, signer };
    let made = certificate_authority::sign(app, order, (draft, key), signing_key).await?;
    let mut details = Map::new();
    details.insert("usage".into(), Value::from(Usage::Portal.as_str()));
    let object = format!("certificate:{}", made.certificate.serial);
    let said = Said { actor: "server".to_owned(), object, details };
    let event = app.world.event(EventKind::CertificateMade, None, said);
    let write = store::private_key::add(Write::new(), &app.master, &made.opened, now);
    let der = &made.identity.certificate.der;
    let write = store::certificate::issued(write, &made.certificate, der);
    store::event::commit(write, &app.store, &[event]).await.map_err(certificate::conflict)?;
    let standing = certificate::standing(&made.certificate);
    app.snapshot.set_standing(&made.certificate.serial, &standing);
    Ok(made.identity)
}

/// This machine, and the host of the organization's address.
fn names(app: &App) -> Vec<GeneralName> {
    let rules = app.snapshot.rules();
    let base_url = &rules.organization.settings.base_url;
    let host = base_url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let mut names = Vec::new();
    for text in ["localhost", "127.0.0.1", "::1", host] {
        let name = GeneralName::ip(text).or_else(|_| GeneralName::dns(text));
        names.extend(name.ok().filter(|name| !names.contains(name)));
    }
    names
}
