//! Whether an organization is sound as a whole: names, slugs, references, chains.

mod constraint;
mod network_profile;

use std::collections::HashMap;
use std::collections::HashSet;

use pki::public_root;

use crate::certificate_authority::CertificateAuthority;
use crate::certificate_authority::OWN_ADDRESS;
use crate::certificate_authority::Purpose;
use crate::certificate_template::CertificateTemplate;
use crate::complaint::Complaint;
use crate::condition::possible::Known;
use crate::condition::possible::Possible;
use crate::enrollment_policy::EnrollmentPolicy;
use crate::former_name;
use crate::former_name::CurrentNames;
use crate::gateway::Gateway;
use crate::object::Kind;
use crate::object::Reference;
use crate::organization::CHAIN_MAX;
use crate::organization::EachKind;
use crate::organization::Listed;
use crate::organization::Organization;
use crate::organization::each_kind;
use crate::policy::Policies;
use crate::policy::Ready;
use crate::server_certificate::ServerCertificate;

/// Most objects of an organization; the store reads its definitions at once, and has room for
/// 65,536 rows.
pub const OBJECTS_TOTAL_MAX: usize = 60_000;

/// Where an object stands in the administrator's document, for the paths of complaints.
pub type Places = HashMap<(Kind, String), String>;

/// What a change takes away, by kind and name.
pub type Gone = HashSet<(Kind, String)>;

/// Says all that is wrong with an organization as a whole, which somebody took something away from.
pub fn check(organization: &Organization, places: &Places, gone: &Gone) -> Vec<Complaint> {
    let mut names = Names(HashSet::new(), organization);
    each_kind(&mut names);
    let mut checker = Checker {
        organization,
        names: names.0,
        former_names: CurrentNames::of(organization),
        places,
        gone,
        complaints: Vec::new(),
    };
    each_kind(&mut checker);
    checker.total();
    checker.chains();
    checker.purposes();
    checker.default_gateways();
    checker.own_addresses();
    checker.roots();
    checker.constraints();
    checker.network_profiles();
    checker.complaints
}

struct Checker<'a> {
    organization: &'a Organization,
    names: HashSet<(Kind, &'a str)>,
    former_names: CurrentNames,
    places: &'a Places,
    gone: &'a Gone,
    complaints: Vec<Complaint>,
}

struct Names<'a>(HashSet<(Kind, &'a str)>, &'a Organization);

impl EachKind for Names<'_> {
    fn visit<T: Listed>(&mut self) {
        self.0.extend(T::list(self.1).iter().map(|object| (T::KIND, object.name())));
    }
}

impl EachKind for Checker<'_> {
    fn visit<T: Listed>(&mut self) {
        let mut slugs: HashMap<&str, &str> = HashMap::new();
        self.former::<T>();
        for object in T::list(self.organization) {
            for reference in object.references() {
                let is_public = is_public_root(T::KIND, &reference);
                if !is_public && !self.exists(reference.kind, &reference.name) {
                    let (what, fix) = self.missing(T::KIND, &reference);
                    self.complain::<T>(object.name(), &reference.field, &what, &fix);
                }
            }
            let Some(slug) = object.slug() else { continue };
            if let Some(other) = slugs.insert(slug, object.name()) {
                let (name, other) = self.named_first::<T>(object.name(), other);
                let what = format!("the slug \"{slug}\" is that of \"{other}\"");
                self.complain::<T>(name, "slug", &what, "give one of them another slug");
            }
        }
    }
}

impl Checker<'_> {
    /// What is wrong with naming what is not there, and what to do about it.
    fn missing(&self, referrer: Kind, reference: &Reference) -> (String, String) {
        let Reference { kind, name, .. } = reference;
        if self.gone.contains(&(*kind, name.clone())) {
            let what = format!("needs the {} \"{name}\", which would be removed", kind.words());
            return (what, "let it name another one first, or remove it too".to_owned());
        }
        let what = format!("there is no {} \"{name}\"", kind.words());
        let fix = match self.former_names.find(*kind, name) {
            Some(now) => format!("it is called \"{now}\" now: write that"),
            None if may_be_public(referrer, reference) => format!(
                "define it as [[{kind}]], or write a public root's name as \
                 safeconduct network-profile public-roots lists it"
            ),
            None => format!("define it as [[{kind}]], or correct the name"),
        };
        (what, fix)
    }
}

/// A network profile may let devices trust a public root as well as an authority of ours.
fn may_be_public(referrer: Kind, reference: &Reference) -> bool {
    referrer == Kind::NetworkProfile && reference.kind == Kind::CertificateAuthority
}

fn is_public_root(referrer: Kind, reference: &Reference) -> bool {
    may_be_public(referrer, reference) && public_root::find(&reference.name).is_some()
}

impl Checker<'_> {
    fn complain<T: Listed>(&mut self, name: &str, field: &str, what: &str, fix: &str) {
        let place = self.places.get(&(T::KIND, name.to_owned()));
        let path = match place {
            Some(place) => format!("{place}.{field}"),
            None => format!("{} \"{name}\".{field}", T::KIND),
        };
        self.complaints.push(Complaint::new(path, what, fix));
    }

    /// Of two objects that collide, first the one that stands in the document.
    fn named_first<'n, T: Listed>(&self, one: &'n str, other: &'n str) -> (&'n str, &'n str) {
        let named = |name: &str| self.places.contains_key(&(T::KIND, name.to_owned()));
        if named(other) && !named(one) { (other, one) } else { (one, other) }
    }

    /// A former name stands for one object: it is nobody's name now, and nobody else's former one.
    fn former<T: Listed>(&mut self) {
        let mut owners: HashMap<&str, &str> = HashMap::new();
        for object in T::list(self.organization) {
            for former in former_name::of(object) {
                let other = owners.insert(former, object.name());
                let (name, what) = match (other, self.exists(T::KIND, former)) {
                    (Some(other), _) => {
                        let (name, other) = self.named_first::<T>(object.name(), other);
                        (name, format!("\"{former}\" is a former name of \"{other}\" already"))
                    }
                    (None, true) => (object.name(), format!("there is a \"{former}\" now")),
                    (None, false) => continue,
                };
                let fix = "choose another name, or let the object forget its former names once: \
                           renamed_from = []";
                self.complain::<T>(name, "renamed_from", &what, fix);
            }
        }
    }

    fn exists(&self, kind: Kind, name: &str) -> bool {
        self.names.contains(&(kind, name))
    }

    /// What is saved must be readable again.
    fn total(&mut self) {
        let total = self.names.len();
        if total > OBJECTS_TOTAL_MAX {
            let what = format!("there would be {total} objects, {OBJECTS_TOTAL_MAX} are possible");
            self.complaints.push(Complaint::new("", what, "remove some with --prune"));
        }
    }

    /// Whoever checks a certificate fetches without TLS ([`pki::crl::is_address`]).
    fn own_addresses(&mut self) {
        let base_url = &self.organization.settings.base_url;
        if pki::crl::is_address(base_url) {
            return;
        }
        for template in &self.organization.certificate_template {
            if template.names_own_addresses() {
                let what = format!("the organization's base_url is {base_url}, not http://…");
                let fix = "let base_url be the plain address, or write whole addresses here";
                let field = if template.crl_urls.iter().any(|url| url == OWN_ADDRESS) {
                    "crl_urls"
                } else {
                    "ocsp_urls"
                };
                self.complain::<CertificateTemplate>(&template.name, field, &what, fix);
            }
        }
    }

    /// Every chain of authorities ends in a root, and soon.
    fn chains(&mut self) {
        for authority in &self.organization.certificate_authority {
            let chain = self.organization.chain_of(authority);
            let broken = chain.last().and_then(|last| last.issuer.as_deref());
            let known = broken.is_some_and(|name| self.exists(Kind::CertificateAuthority, name));
            if known {
                let what = format!("the chain above it has no root within {CHAIN_MAX} steps");
                self.complain::<CertificateAuthority>(
                    &authority.name,
                    "issuer",
                    &what,
                    "name an issuer that is a root, or near one",
                );
            }
            let purposes_differ = chain.get(1).is_some_and(|issuer| {
                issuer.generate_ca_for != authority.generate_ca_for
                    && issuer.generate_ca_for != Purpose::default()
            });
            if purposes_differ {
                self.complain::<CertificateAuthority>(
                    &authority.name,
                    "issuer",
                    "the issuer was generated for another purpose",
                    "give both the same generate_ca_for",
                );
            }
        }
    }

    /// Devices enroll with device authorities, the RADIUS server has its own.
    fn purposes(&mut self) {
        let organization = self.organization;
        let purpose_of = |name: &str| {
            organization.find::<CertificateAuthority>(name).map(|found| found.generate_ca_for)
        };
        let fix = "name an authority with that generate_ca_for";
        for gateway in &organization.gateway {
            match &gateway.certificate_authority {
                Some(name) if purpose_of(name).is_some_and(|p| p != Purpose::default()) => {
                    let what = format!("\"{name}\" is not for device-and-user-authentication");
                    self.complain::<Gateway>(&gateway.name, "certificate_authority", &what, fix);
                }
                None if organization.authority_of(gateway).is_none() => {
                    let what = "there is no authority for device-and-user-authentication";
                    self.complain::<Gateway>(&gateway.name, "certificate_authority", what, fix);
                }
                Some(_) | None => {}
            }
        }
        for certificate in &organization.server_certificate {
            let name = &certificate.certificate_authority;
            if purpose_of(name).is_some_and(|purpose| purpose != Purpose::RadiusServer) {
                let what = format!("\"{name}\" is not for radius-server");
                self.complain::<ServerCertificate>(
                    &certificate.name,
                    "certificate_authority",
                    &what,
                    fix,
                );
            }
        }
    }

    fn default_gateways(&mut self) {
        let mut defaults = self.organization.gateway.iter().filter(|gateway| gateway.default);
        let first = defaults.next().map(|gateway| gateway.name.clone());
        if let (Some(first), Some(second)) = (first, defaults.next()) {
            let (name, other) = self.named_first::<Gateway>(&second.name, &first);
            let what = format!("\"{other}\" is the default gateway already");
            self.complain::<Gateway>(name, "default", &what, "choose one of them");
        }
    }

    /// What an enrollment policy issues must chain to the root that its gateways announce.
    fn roots(&mut self) {
        let organization = self.organization;
        let policies = Policies::of(organization);
        let known: Vec<(&Gateway, Known)> = organization
            .gateway
            .iter()
            .map(|gateway| (gateway, policies.known_of(&gateway.name)))
            .collect();
        for policy in &organization.enrollment_policy {
            let Some(settings) = &policy.settings else { continue };
            let authority = organization.find(&settings.certificate_authority);
            let Some(root) = authority.and_then(|authority| organization.root_of(authority)) else {
                continue;
            };
            let ready = Ready::of(policy);
            let reached = known.iter().filter(|(_, known)| {
                // Without a role, no policy is asked.
                !known.perhaps.roles.is_empty() && ready.condition().possible(known) != Possible::No
            });
            for (gateway, _) in reached {
                let own = organization.authority_of(gateway);
                let Some(other) = own.and_then(|authority| organization.root_of(authority)) else {
                    continue;
                };
                if other != root {
                    let what = format!(
                        "its root is \"{root}\", that of gateway \"{}\" is \"{other}\"",
                        gateway.name
                    );
                    self.complain::<EnrollmentPolicy>(
                        &policy.name,
                        "settings.certificate_authority",
                        &what,
                        "name an authority under the gateway's root; devices check the chain",
                    );
                }
            }
        }
    }
}
