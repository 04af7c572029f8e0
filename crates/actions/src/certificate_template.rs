//! Trying out certificate templates.

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_authority::Purpose;
use domain::certificate_template::CertificateTemplate;
use domain::certificate_template::Identity;
use domain::certificate_template::Request;
use domain::certificate_template::excess::Wanted;
use domain::certificate_template::preview::Origin;
use domain::certificate_template::preview::Preview;
use domain::claim::Claim;
use domain::device::Device;
use domain::enrollment_policy::EnrollmentPolicy;
use domain::inventory::matching::Matched;
use domain::organization::Organization;
use domain::refusal::Refusal;
use domain::variable::values::Values;
use pki::certificate::Certificate;
use pki::csr::CSR_BYTES_MAX;
use pki::csr::Csr;
use pki::csr::Strictness;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use pki::pem;
use pki::time::Time;

use crate::App;
use crate::certificate;
use crate::certificate::issue;
use crate::certificate_authority;
use crate::unavailable;

/// Longest request in PEM, in bytes: base64 takes four for three, and there are line ends.
pub const CSR_PEM_BYTES_MAX: usize = CSR_BYTES_MAX * 3 / 2;

/// Longest name of a device, in bytes: variables take no more from a request.
pub const DEVICE_BYTES_MAX: usize = 4 * domain::variable::VALUE_CHARS_MAX;

/// What a template is tried out on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sample {
    /// A request, PEM.
    Csr(String),
    /// A device of the inventory, or as its certificates name it: its newest certificate stands for
    /// its request.
    Device(String),
}

/// Shows what would be issued, and changes and signs nothing.
pub async fn preview(
    app: &App,
    actor: &Actor,
    name: &str,
    sample: &Sample,
    authority: Option<&str>,
) -> Result<Preview, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    actor.may(Permission::CertificateRead)?;
    let rules = app.snapshot.rules();
    let organization = &rules.organization;
    let template: &CertificateTemplate =
        organization.find(name).ok_or_else(|| not_found("certificate template", name))?;
    let signer = choose(organization, template, authority)?;
    let asked = match read(app, sample).await? {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Preview::refused(name, &signer.name, &refusal)),
    };
    let gone = || Refusal::Internal { what: format!("{} is gone", signer.name) };
    let key = rules.signing_key(&signer.name).ok_or_else(gone)?;
    let values = asked.values(app, app.world.time());
    let identity = Identity::Template(&values);
    let serial = app.world.serial();
    let addresses = issue::addresses(app, &rules, key, &serial);
    let request = Request {
        public_key: asked.public_key().clone(),
        identity,
        serial,
        addresses: addresses.clone(),
        issuer: key.generation.issuer(template.signature_algorithm).ok_or_else(gone)?,
        now: app.world.time(),
    };
    let before = match asked.check() {
        Ok(()) => certificate_authority::check_issues(app, key.definition, key.authority),
        refused => refused,
    };
    let before = match before {
        Ok(()) => check_key(app, &asked, signer.policy).await?,
        Err(refusal) => Some(refusal),
    };
    let drafted = match template.draft(request) {
        Ok(drafted) => drafted,
        Err(refusal) => {
            let refusal = before.unwrap_or(refusal);
            return Ok(Preview::refused(name, &signer.name, &refusal));
        }
    };
    let general_names = asked.general_names();
    let left_out = template.left_out(asked.wanted(&general_names), identity, &drafted);
    let refusal = before.or_else(|| template.check_excess(&left_out).err());
    let origin = Origin {
        values: &values,
        key: &asked.source(),
        addresses: &addresses,
        authority: &signer.name,
        authority_source: &signer.source,
    };
    Ok(template.preview(&drafted, origin, left_out, refusal))
}

/// The authority that would sign, and why that one.
struct Signer<'a> {
    name: String,
    source: String,
    /// The policy that would lead to the template, if one does.
    policy: Option<&'a EnrollmentPolicy>,
}

fn choose<'a>(
    organization: &'a Organization,
    template: &CertificateTemplate,
    wanted: Option<&str>,
) -> Result<Signer<'a>, Refusal> {
    let leads = organization.enrollment_policy.iter().find_map(|policy| {
        let settings = policy.settings.as_ref()?;
        (settings.certificate_template == template.name).then_some((policy, settings))
    });
    let policy = leads.map(|(policy, _)| policy);
    let (name, source) = match (wanted, leads) {
        (Some(wanted), _) => {
            let known: &CertificateAuthority = organization
                .find(wanted)
                .ok_or_else(|| not_found("certificate authority", wanted))?;
            if known.generate_ca_for != Purpose::DeviceAndUserAuthentication {
                let what = format!("\"{wanted}\" is not for devices");
                return Err(wrong("certificate_authority", &what));
            }
            (known.name.clone(), "asked for".to_owned())
        }
        (None, Some((policy, settings))) => {
            let source = format!("enrollment policy {}", policy.name);
            (settings.certificate_authority.clone(), source)
        }
        (None, None) => {
            let first = organization.default_authority();
            let first = first.ok_or_else(|| not_found("certificate authority", "for devices"))?;
            let source = "the first authority for devices; no enrollment policy has the template";
            (first.name.clone(), source.to_owned())
        }
    };
    Ok(Signer { name, source, policy })
}

/// What a certificate would be made for.
enum Asked {
    Request(Box<Claim>),
    /// A certificate, and the device of the inventory that it stands for.
    Certificate(Box<Certificate>, Option<Arc<Device>>),
    /// A device of the inventory that never asked: a request as it would send it, made up.
    Device(Box<Claim>, Arc<Device>),
}

/// Reads the sample. The inner no is what a device would be told that sent it.
async fn read(app: &App, sample: &Sample) -> Result<Result<Asked, Refusal>, Refusal> {
    match sample {
        Sample::Csr(text) => {
            if text.len() > CSR_PEM_BYTES_MAX {
                return Ok(Err(unreadable(&pki::csr::CsrError::TooLong)));
            }
            let blocks = pem::decode(pem::CERTIFICATE_REQUEST, text)
                .map_err(|error| wrong("csr", &format!("is not one request in PEM: {error}")))?;
            let [der] = blocks.as_slice() else {
                return Err(wrong("csr", "is not one request in PEM"));
            };
            // As lenient as the most lenient gateway.
            Ok(match Csr::parse(der, Strictness::AcceptSha1) {
                Ok(csr) => Ok(Asked::Request(Box::new(claim(csr)))),
                Err(error) => Err(unreadable(&error)),
            })
        }
        Sample::Device(device) => {
            if device.len() > DEVICE_BYTES_MAX {
                return Err(wrong("device", "is longer than any device is called"));
            }
            read_device(app, device).await.map(Ok)
        }
    }
}

/// A device of the inventory, or one that has a certificate. Its newest certificate stands for its
/// request; one that has none asks with a key that is made for it.
async fn read_device(app: &App, device: &str) -> Result<Asked, Refusal> {
    let record = app.snapshot.read_inventory().await?.find_device(device);
    let newest = match &record {
        Some(record) => store::certificate::newest_of_record(&app.store, record.id).await,
        None => store::certificate::newest_of_device(&app.store, device).await,
    };
    match (newest.map_err(unavailable)?.and_then(|kept| kept.der), record) {
        (Some(der), record) => {
            let certificate = Certificate::parse(&der).map_err(|error| internal(&error))?;
            Ok(Asked::Certificate(Box::new(certificate), record))
        }
        (None, Some(record)) => {
            let key = PrivateKey::generate(KeyType::EcdsaP256).map_err(|error| internal(&error))?;
            let name = [(oid::COMMON_NAME, record.name.as_str())];
            let name = Name::from_pairs(&name).map_err(|error| internal(&error))?;
            let der = pki::csr::build_with(&key, &name, (&[], &[]), None);
            let der = der.map_err(|error| internal(&error))?;
            let csr = Csr::parse(&der, Strictness::Strict).map_err(|error| internal(&error))?;
            Ok(Asked::Device(Box::new(claim(csr)), record))
        }
        (None, None) => Err(not_found("device", device)),
    }
}

fn internal(error: &dyn core::fmt::Display) -> Refusal {
    Refusal::Internal { what: error.to_string() }
}

/// A claim without any right: nothing is issued for it.
fn claim(csr: Csr) -> Claim {
    Claim { csr, challenge: None, renews: None, rendering: None, transaction: String::new() }
}

impl Asked {
    fn public_key(&self) -> &pki::key::PublicKey {
        match self {
            Self::Request(claim) | Self::Device(claim, _) => &claim.csr.public_key,
            Self::Certificate(certificate, _) => &certificate.public_key,
        }
    }

    fn values(&self, app: &App, now: Time) -> Values {
        let inventory = app.snapshot.inventory();
        let of_record = |device: &Arc<Device>| Matched {
            person: inventory.owner_of(device),
            device: Some(Arc::clone(device)),
            ..Matched::default()
        };
        let (values, matched) = match self {
            Self::Request(claim) => {
                let Csr { subject, general_names, .. } = &claim.csr;
                let matched = inventory.match_names(subject, general_names);
                (Values::of_request(subject, general_names), matched)
            }
            Self::Certificate(certificate, device) => {
                let names = certificate.general_names();
                let matched = device.as_ref().map(of_record);
                let matched =
                    matched.unwrap_or_else(|| inventory.match_names(&certificate.subject, &names));
                (Values::of_certificate(certificate), matched)
            }
            Self::Device(claim, device) => {
                (Values::of_request(&claim.csr.subject, &[]), of_record(device))
            }
        };
        values.matched(&matched, now)
    }

    fn general_names(&self) -> Vec<pki::general_name::GeneralName> {
        match self {
            Self::Request(claim) | Self::Device(claim, _) => claim.csr.general_names.clone(),
            Self::Certificate(certificate, _) => certificate.general_names(),
        }
    }

    fn wanted<'a>(&'a self, general_names: &'a [pki::general_name::GeneralName]) -> Wanted<'a> {
        match self {
            Self::Request(claim) | Self::Device(claim, _) => Wanted::of_request(&claim.csr),
            Self::Certificate(certificate, _) => Wanted::of_certificate(certificate, general_names),
        }
    }

    fn source(&self) -> String {
        match self {
            Self::Request(_) => "the request".to_owned(),
            Self::Certificate(certificate, _) => format!("certificate {}", certificate.serial),
            Self::Device(..) => "a key made for this preview".to_owned(),
        }
    }

    /// What is asked of every request before any policy.
    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Request(claim) => claim.check_expanded(),
            Self::Certificate(..) | Self::Device(..) => Ok(()),
        }
    }
}

/// Why the key would not be certified, as issuing sees it. A device that is known keeps its key.
async fn check_key(
    app: &App,
    asked: &Asked,
    policy: Option<&EnrollmentPolicy>,
) -> Result<Option<Refusal>, Refusal> {
    let key = certificate::key_name(asked.public_key());
    let holders = store::certificate::key_holders(&app.store, &key, app.world.time());
    let holders = holders.await.map_err(unavailable)?;
    if let Some(serial) = holders.compromised {
        return Ok(Some(Refusal::KeyBlocked { serial }));
    }
    let reuse = policy.and_then(|policy| policy.settings.as_ref()).is_some_and(|it| it.key_reuse);
    Ok(match (asked, holders.in_use, policy) {
        (Asked::Request(_), Some(serial), Some(policy)) if !reuse => {
            Some(Refusal::KeyInUse { serial, policy: policy.name.clone() })
        }
        (Asked::Request(_) | Asked::Certificate(..) | Asked::Device(..), _, _) => None,
    })
}

fn unreadable(error: &pki::csr::CsrError) -> Refusal {
    Refusal::MessageUnreadable { what: error.to_string() }
}

fn not_found(noun: &str, name: &str) -> Refusal {
    Refusal::NotFound { noun: noun.to_owned(), name: name.to_owned() }
}

fn wrong(parameter: &str, what: &str) -> Refusal {
    Refusal::ParameterWrong { parameter: parameter.to_owned(), what: what.to_owned() }
}
