//! Looking at authorities: what they are, and each of their keys.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate::Status;
use domain::certificate_authority::AuthorityType;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_authority::Purpose;
use domain::certificate_template::purpose::ExtendedKeyUsage;
use domain::object::Kind;
use domain::refusal::Refusal;
use pki::certificate::Serial;
use pki::key::Hash;
use pki::key::KeyType;
use pki::pem;
use pki::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::certificate::Page;
use crate::object;
use crate::rules::Authority;
use crate::rules::Generation;
use crate::rules::Rules;

/// Most authorities on one page.
const PAGE_MAX: u32 = 1000;

/// An authority as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CertificateAuthorityShown)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// The part of its URLs that names it.
    pub slug: Option<String>,
    /// What administrators say of it.
    pub description: String,
    /// Root or intermediate.
    #[serde(rename = "type")]
    pub authority_type: AuthorityType,
    /// What it was generated for.
    pub generate_ca_for: Purpose,
    /// The authority above it.
    pub issuer: Option<String>,
    /// The common name in its certificates.
    pub common_name: String,
    /// Type and size of its keys.
    pub key: KeyType,
    /// The hash of its signatures.
    pub signature_algorithm: Hash,
    /// Life of its certificates, in years.
    pub validity_years: u32,
    /// What it signs for; anything if empty.
    pub extended_key_usage: Vec<ExtendedKeyUsage>,
    /// The DNS subtrees of the names below it; any if empty.
    pub permitted_names: Vec<String>,
    /// Whether it issues nothing more.
    pub disabled: bool,
    /// Whether gateways that name no authority enroll for it.
    pub default: bool,
    /// Tells this version of its definition from every other.
    pub etag: String,
    /// Its keys, newest first; the first one signs.
    pub generations: Vec<ShownKey>,
}

/// One of an authority's keys as administrators see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ShownKey {
    /// Which it is, counted from 1.
    pub number: i64,
    /// The part of its URLs that names it.
    pub slug: String,
    /// The number of its certificate.
    pub serial: Serial,
    /// First moment of its validity.
    pub not_before: Time,
    /// Last moment of its validity.
    pub not_after: Time,
    /// Where its certificate stands; nothing if that is not known.
    pub status: Option<Status>,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: String,
    /// SHA-1 of the certificate, in hexadecimal digits: what profiles call its fingerprint.
    pub sha1: String,
    /// The certificate, then those above it, root last; PEM. Lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Vec<String>>,
}

/// A page of authorities in the order of their definitions, behind the name of another page's last.
pub fn list(
    app: &App,
    actor: &Actor,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page<Shown>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let rules = app.snapshot.rules();
    let all = &rules.organization.certificate_authority;
    let begin = match cursor {
        None => 0,
        Some(name) => {
            let place = all.iter().position(|one| one.name == name);
            let parameter = "cursor".to_owned();
            let what = "is not one that a list gave".to_owned();
            place.ok_or(Refusal::ParameterWrong { parameter, what })? + 1
        }
    };
    let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(usize::MAX);
    let rest = all.get(begin..).unwrap_or_default();
    let page = rest.get(..limit).unwrap_or(rest);
    let next = page.last().filter(|_| page.len() < rest.len()).map(|last| last.name.clone());
    let items = page.iter().map(|definition| shown(app, &rules, definition)).collect();
    Ok(Page { items, next })
}

/// One authority, with the certificates of its keys.
pub fn show(app: &App, actor: &Actor, name: &str) -> Result<Shown, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    look(app, name)
}

/// As [`show`], for whoever has just changed it.
pub(crate) fn look(app: &App, name: &str) -> Result<Shown, Refusal> {
    let rules = app.snapshot.rules();
    let noun = Kind::CertificateAuthority.words();
    let definition: &CertificateAuthority = rules
        .organization
        .find(name)
        .ok_or_else(|| Refusal::NotFound { noun, name: name.to_owned() })?;
    let mut shown = shown(app, &rules, definition);
    let generations = rules.authority(name).into_iter().flat_map(Authority::generations);
    for (key, generation) in shown.generations.iter_mut().zip(generations) {
        key.chain = Some(generation.chain.iter().map(pem::certificate).collect());
    }
    Ok(shown)
}

fn shown(app: &App, rules: &Rules, definition: &CertificateAuthority) -> Shown {
    let default = rules.organization.default_authority();
    let generations = rules.authority(&definition.name).into_iter();
    let generations = generations.flat_map(Authority::generations);
    Shown {
        name: definition.name.clone(),
        slug: definition.slug.clone(),
        description: definition.description.clone(),
        authority_type: definition.authority_type,
        generate_ca_for: definition.generate_ca_for,
        issuer: definition.issuer.clone(),
        common_name: definition.common_name().to_owned(),
        key: definition.key,
        signature_algorithm: definition.signature_algorithm,
        validity_years: definition.validity_years,
        extended_key_usage: definition.usages().to_vec(),
        permitted_names: definition.permitted_names.clone(),
        disabled: definition.disabled,
        default: default.is_some_and(|default| default.name == definition.name),
        etag: object::etag_of(0, definition),
        generations: generations.filter_map(|one| shown_key(app, definition, one)).collect(),
    }
}

fn shown_key(
    app: &App,
    definition: &CertificateAuthority,
    generation: &Generation,
) -> Option<ShownKey> {
    let own = generation.chain.first()?;
    Some(ShownKey {
        number: generation.number,
        slug: definition.key_slug(generation.number),
        serial: own.serial.clone(),
        not_before: own.not_before,
        not_after: own.not_after,
        status: app.snapshot.standing(&own.serial).ok().map(|standing| standing.status),
        sha256: own.sha256_digits(),
        sha1: own.sha1_digits(),
        chain: None,
    })
}
