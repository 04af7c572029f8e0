//! Network profiles: the certificates that devices are to trust, Device Onboarding > Network
//! Profiles > Certificates.

pub mod configure;
mod device;
pub mod inspect;
mod network;
pub mod render;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate_authority::CertificateAuthority;
use domain::network_profile::NetworkProfile;
use domain::network_profile::uploaded;
use domain::object::Kind;
use domain::refusal::Refusal;
use pki::certificate::Certificate;
use pki::pem;
use pki::public_root;
use pki::public_root::PublicRoot;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::certificate::Page;
use crate::object;
use crate::rules::Authority;
use crate::rules::Rules;

/// Most certificates that can be chosen from at once: all public roots and a hundred authorities.
pub const CHOICES_MAX: usize = 250;

/// Longest text that certificates are looked for by, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// Most roots on one page.
const PAGE_MAX: u32 = 1000;

/// Whose an authority is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = TrustedOrigin)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The organization's own.
    Own,
    /// One that browsers trust.
    Public,
    /// One that was given to the profile as PEM.
    Uploaded,
}

/// A certificate that devices are to trust.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = TrustedCertificate)]
pub struct Trusted {
    /// What the profile calls its authority.
    pub name: String,
    /// Whose it is.
    pub kind: Origin,
    /// Which of an own authority's keys it is of, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i64>,
    /// Whom it names.
    pub subject: String,
    /// First moment of its validity.
    pub not_before: Time,
    /// Last moment of its validity.
    pub not_after: Time,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub sha256: String,
    /// SHA-1 of the certificate, in hexadecimal digits: what profiles call its fingerprint.
    pub sha1: String,
    /// The certificate itself. Lists to choose from leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pem: Option<String>,
}

/// What a profile can trust.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The newest certificate of each, own authorities first.
    pub items: Vec<Trusted>,
    /// How many there are beyond [`CHOICES_MAX`].
    pub left_out: usize,
}

impl Trusted {
    fn of(name: &str, kind: Origin, certificate: &Certificate) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            generation: None,
            subject: certificate.subject.to_string(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            sha256: certificate.sha256_digits(),
            sha1: certificate.sha1_digits(),
            pem: None,
        }
    }

    /// One that was given as PEM; it is called as it calls itself.
    pub fn of_uploaded(certificate: &Certificate) -> Self {
        let subject = certificate.subject.to_string();
        let name = certificate.subject.common_names().next().unwrap_or(&subject);
        Self::of(name, Origin::Uploaded, certificate).with_pem(certificate)
    }

    fn of_root(root: &PublicRoot) -> Self {
        Self::of(&root.name, Origin::Public, &root.certificate)
    }

    fn with_pem(self, certificate: &Certificate) -> Self {
        Self { pem: Some(pem::certificate(certificate)), ..self }
    }

    /// Whether name or subject hold a text, given in small letters.
    fn holds(&self, text: &str) -> bool {
        [&self.name, &self.subject].iter().any(|own| own.to_lowercase().contains(text))
    }
}

/// The certificates that a profile lets devices trust, in its order: of an own authority one for
/// each of its keys, newest first, that is not over; then those that were given as PEM.
pub fn certificates(app: &App, actor: &Actor, name: &str) -> Result<Vec<Trusted>, Refusal> {
    let shown = object::show(app, actor, Kind::NetworkProfile, name)?;
    let rules = app.snapshot.rules();
    let profile: Option<&NetworkProfile> = rules.organization.find(&shown.name);
    let Some(profile) = profile else { return Ok(Vec::new()) };
    let now = app.world.time();
    let named = profile.trusted_authorities.iter().flat_map(|name| trusted(&rules, name, now));
    let given = profile.trusted_certificates.iter().filter_map(|text| uploaded(text).ok());
    Ok(named.chain(given.map(|one| Trusted::of_uploaded(&one))).collect())
}

/// The certificates behind a name that a profile trusts.
fn trusted(rules: &Rules, name: &str, now: Time) -> Vec<Trusted> {
    let all = anchors(rules, name, now).into_iter();
    all.map(|(generation, one)| {
        let kind = if generation.is_some() { Origin::Own } else { Origin::Public };
        Trusted { generation, ..Trusted::of(name, kind, one).with_pem(one) }
    })
    .collect()
}

/// The certificates behind a name that a profile trusts. Own names come first: of an own authority
/// one for each of its keys, with its number, that is not over, so that a rollover trusts both.
fn anchors<'a>(rules: &'a Rules, name: &str, now: Time) -> Vec<(Option<i64>, &'a Certificate)> {
    if rules.organization.find::<CertificateAuthority>(name).is_none() {
        return public_root::find(name).map(|root| (None, &root.certificate)).into_iter().collect();
    }
    let keys = rules.authority(name).into_iter().flat_map(Authority::generations);
    let own = keys.filter_map(|key| Some((Some(key.number), key.chain.first()?)));
    let own = own.enumerate().filter(|(place, (_, own))| *place == 0 || own.not_after >= now);
    own.map(|(_, one)| one).collect()
}

/// The SHA-256 of every root that a profile would be handed out with now.
pub(crate) fn anchors_of(rules: &Rules, profile: &NetworkProfile, now: Time) -> Vec<String> {
    network::anchors(rules, profile, now).iter().map(Certificate::sha256_digits).collect()
}

/// Everything that a profile can trust whose name or subject holds a text, whatever the case of
/// its letters.
pub fn choices(app: &App, actor: &Actor, search: &str) -> Result<Choices, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(offered(app, &text(search)?))
}

/// As [`choices`], for a form of whoever may see the organization; the text in small letters.
pub fn offered(app: &App, search: &str) -> Choices {
    let rules = app.snapshot.rules();
    let authorities = rules.organization.certificate_authority.iter();
    let own = authorities.filter_map(|definition| {
        let key = &rules.authority(&definition.name)?.current;
        let shown = Trusted::of(&definition.name, Origin::Own, key.chain.first()?);
        Some(Trusted { generation: Some(key.number), ..shown })
    });
    let is_own = |name: &str| rules.organization.find::<CertificateAuthority>(name).is_some();
    let public = public_root::all().iter().filter(|root| !is_own(&root.name));
    let all = own.chain(public.map(Trusted::of_root)).filter(|one| one.holds(search));
    let mut items: Vec<Trusted> = all.collect();
    let left_out = items.len().saturating_sub(CHOICES_MAX);
    items.truncate(CHOICES_MAX);
    Choices { items, left_out }
}

/// A page of the public roots by their name, behind the one that another page ended with.
pub fn public_roots(
    actor: &Actor,
    search: &str,
    (cursor, limit): (Option<&str>, u32),
) -> Result<Page<Trusted>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    let search = text(search)?;
    if cursor.is_some_and(|cursor| public_root::find(cursor).is_none()) {
        return Err(wrong("cursor", "is not the next of a page of this list"));
    }
    let behind = public_root::all().iter().filter(|root| cursor.is_none_or(|it| *it < *root.name));
    let found = behind.map(Trusted::of_root).filter(|one| one.holds(&search));
    let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(usize::MAX);
    let mut items: Vec<Trusted> = found.take(limit + 1).collect();
    let is_more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| is_more).map(|last| last.name.clone());
    Ok(Page { items, next })
}

/// Certificates as one text, each behind a line that says what it is: readers of PEM skip that.
pub fn bundle(certificates: &[Trusted]) -> String {
    let texts = certificates.iter().filter_map(|one| {
        let name = one.name.replace(|c: char| !c.is_ascii_graphic() && c != ' ', "?");
        Some(format!("# {name}\n{}", one.pem.as_ref()?))
    });
    texts.collect()
}

fn text(search: &str) -> Result<String, Refusal> {
    if search.len() > TEXT_BYTES_MAX {
        return Err(wrong("search", "is longer than any name"));
    }
    Ok(search.trim().to_lowercase())
}

fn wrong(parameter: &str, what: &str) -> Refusal {
    Refusal::ParameterWrong { parameter: parameter.to_owned(), what: what.to_owned() }
}
