//! Making authorities: a key, a certificate, and what speaks SCEP for them.

pub mod listing;
pub mod renewal;

use std::collections::HashMap;
use std::sync::Arc;

use domain::certificate::Certificate;
use domain::certificate::Usage;
use domain::certificate_authority::COMMON_NAME_CHARS_MAX;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_authority::Purpose;
use domain::complaint::Complaint;
use domain::object::Kind;
use domain::organization::years_after;
use domain::plan::Merged;
use domain::refusal::Refusal;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::Extension;
use pki::extension::KeyUsage;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use pki::public_root;
use store::private_key::OpenedKey;
use store::write::Write;

use crate::App;
use crate::certificate;
use crate::rules::Authority;
use crate::rules::Generation;
use crate::rules::Identity;
use crate::rules::Rules;
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

/// Says what is wrong with the authorities of an organization for the keys that they have: one whose
/// issuer was made to sign leaves only, and keys that would have the same address.
pub(crate) fn check(merged: &Merged, rules: &Rules) -> Result<(), Vec<Complaint>> {
    let kind = Kind::CertificateAuthority;
    let mut complaints = check_names(merged);
    for definition in &merged.organization.certificate_authority {
        let issuer = definition.issuer.as_deref();
        let issuer = issuer.filter(|_| merged.plan.creates(kind, &definition.name));
        let Some(above) = issuer else { continue };
        if rules.authority(above).is_some_and(Authority::signs_leaves_only) {
            complaints.push(Complaint::new(
                merged.path(kind, &definition.name, "issuer"),
                format!("\"{above}\" was made to sign leaves only"),
                "name a root as issuer, or define a new issuer together with this one",
            ));
        }
    }
    let mut known: HashMap<String, &str> = HashMap::new();
    for (slug, name) in renewal::slugs(&merged.organization, rules) {
        let Some(other) = known.insert(slug.clone(), name) else { continue };
        complaints.push(Complaint::new(
            merged.path(kind, name, "slug"),
            format!("a key of it would have the address {slug}, which is that of \"{other}\""),
            "give one of them another slug",
        ));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints) }
}

/// Complains of an authority that is to be called like a public root: whoever names it in a profile
/// would get one and may mean the other. One that has such a name already keeps it.
fn check_names(merged: &Merged) -> Vec<Complaint> {
    let kind = Kind::CertificateAuthority;
    let all = merged.organization.certificate_authority.iter().map(|it| it.name.as_str());
    let taken =
        all.filter(|name| merged.plan.creates(kind, name) && public_root::find(name).is_some());
    let complain = |name: &str| {
        let what = format!("\"{name}\" is the name of a public root");
        let fix = "call it otherwise, with the organization's name in front";
        Complaint::new(merged.path(kind, name, "name"), what, fix)
    };
    taken.map(complain).collect()
}

/// Which key of an authority is to be made.
#[derive(Clone, Copy)]
pub(crate) struct Making<'a> {
    /// The authority.
    pub(crate) definition: &'a CertificateAuthority,
    /// What signs it; itself if nothing does.
    pub(crate) issuer: Option<&'a Authority>,
    /// Whether it signs leaves only, and no authorities.
    pub(crate) signs_leaves_only: bool,
    /// Which of its keys it is, counted from 1.
    pub(crate) number: i64,
}

/// Makes an authority's key and certificate, and its registration authority if devices enroll with
/// it.
pub(crate) async fn make(app: &App, making: Making<'_>) -> Result<(Authority, Vec<Made>), Refusal> {
    let Making { definition, issuer, number, .. } = making;
    let own = make_own(app, making).await?;
    let above = issuer.map(|issuer| issuer.current.chain.clone()).unwrap_or_default();
    let mut chain = vec![own.identity.certificate.clone()];
    chain.extend(above);
    let key = SigningKey::new(Arc::clone(&own.identity.key));
    let current = Generation { number, chain, key, responder: None };
    let mut authority = Authority { current, earlier: Vec::new(), registration: Vec::new() };
    let mut made = vec![own];
    if definition.generate_ca_for == Purpose::DeviceAndUserAuthentication {
        let registration = make_registration(app, definition, &authority).await?;
        authority.registration.push(registration.identity.clone());
        made.push(registration);
    }
    Ok((authority, made))
}

async fn make_own(app: &App, making: Making<'_>) -> Result<Made, Refusal> {
    let Making { definition, issuer, signs_leaves_only, number } = making;
    if let Some(issuer) = issuer {
        app.snapshot.check_authorities(&issuer.current.chain)?;
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
    let permitted = &definition.permitted_names;
    let permitted = (!permitted.is_empty()).then(|| Extension::permitted_names(permitted));
    let draft = Draft {
        serial: app.world.serial(),
        not_before: now,
        not_after: wanted.min(signer.not_after),
        issuer: signer,
        subject,
        public_key: key.public_key().clone(),
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN | KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: definition.certified_usages(signs_leaves_only),
        basic_constraints: BasicConstraints { ca: true, path_len: signs_leaves_only.then_some(0) },
        further: permitted.into_iter().collect(),
    };
    let signer = match issuer.zip(definition.issuer.as_deref()) {
        Some((above, name)) => (name, above.current.number),
        None => (definition.name.as_str(), number),
    };
    let order =
        Order { usage: Usage::Authority, owner: &definition.name, generation: number, signer };
    sign(app, order, (draft, key), &signing_key).await
}

/// Refuses in the name of an authority that issues nothing more: disabled, expired, or revoked.
pub(crate) fn check_issues(
    app: &App,
    definition: &CertificateAuthority,
    authority: &Authority,
) -> Result<(), Refusal> {
    if definition.disabled {
        return Err(Refusal::AuthorityDisabled { authority: definition.name.clone() });
    }
    let own = authority.current.chain.first();
    if let Some(own) = own.filter(|own| own.not_after < app.world.time()) {
        let (authority, not_after) = (definition.name.clone(), own.not_after);
        return Err(Refusal::AuthorityExpired { authority, not_after });
    }
    app.snapshot.check_authorities(&authority.current.chain)
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
    let generation = authority.current.number;
    let (owner, signer) = (definition.name.as_str(), (definition.name.as_str(), generation));
    let order = Order { usage: Usage::Registration, owner, generation, signer };
    sign(app, order, (draft, key), &authority.current.key).await
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
    app.snapshot.check_authorities(&authority.current.chain)?;
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
    let not_before = now.plus_seconds(-domain::certificate_template::BACKDATED_SECONDS);
    // From its beginning on: devices refuse a day too many.
    let wanted = not_before.plus_days(definition.validity_days).plus_seconds(-1);
    let draft = Draft {
        serial: app.world.serial(),
        not_before,
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
    let signer = (definition.certificate_authority.as_str(), authority.current.number);
    let order = Order { usage: Usage::Server, owner: &definition.name, generation, signer };
    sign(app, order, (draft, key), &authority.current.key).await
}

/// What a key is made for.
pub(crate) struct Order<'a> {
    /// What it is for.
    pub(crate) usage: Usage,
    /// Whose it is.
    pub(crate) owner: &'a str,
    /// Which of its owner's keys it is.
    pub(crate) generation: i64,
    /// The authority that signs, and which of its keys does.
    pub(crate) signer: (&'a str, i64),
}

/// Signs the certificate of a key that was made.
pub(crate) async fn sign(
    app: &App,
    order: Order<'_>,
    (draft, key): (Draft, Arc<PrivateKey>),
    signing_key: &SigningKey,
) -> Result<Made, Refusal> {
    let mut certificate = certificate::record(&draft, order.usage, order.signer);
    let linted = certificate::lint(draft)?;
    let signed = certificate::sign(app, Write::new(), (&certificate, linted), signing_key).await?;
    certificate.mark_issued();
    let opened = OpenedKey {
        usage: order.usage,
        owner: order.owner.to_owned(),
        generation: order.generation,
        certificate: signed.der.clone(),
        chain: None,
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

#[cfg(test)]
mod tests {
    use domain::organization::Organization;
    use domain::organization::document::Document;
    use domain::plan;
    use domain::plan::Going;
    use serde_json::json;

    use super::*;

    const PUBLIC: &str = "DigiCert Global Root G2";

    fn merged(current: &Organization, authority: serde_json::Value) -> Merged {
        let document = Document::parse(json!({ "certificate_authority": [authority] })).unwrap();
        plan::merge(current, &Default::default(), document, Going::These(&[])).unwrap()
    }

    #[test]
    fn no_authority_is_called_like_a_public_root_but_one_that_is_already() {
        let nothing = Organization::default();
        let new = merged(&nothing, json!({ "name": PUBLIC, "type": "root" }));
        let complaints = check_names(&new);
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].path, "certificate_authority[0].name");
        let own = merged(&nothing, json!({ "name": "School Root", "type": "root" }));
        assert!(check_names(&own).is_empty());
        // One of before is changed like any other.
        let change = json!({ "name": PUBLIC, "type": "root", "description": "of before" });
        assert!(check_names(&merged(&new.organization, change)).is_empty());
    }
}
