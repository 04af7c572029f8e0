//! Certificate templates: what a certificate says, and where each value comes from,
//! Dynamic PKI > Certificate Templates.

mod check;
pub mod excess;
pub mod preview;
pub mod purpose;
pub mod san;
pub mod taken;

use const_oid::ObjectIdentifier;
use pki::certificate::Certificate;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::Extension;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::Hash;
use pki::key::KeyKind;
use pki::key::PublicKey;
use pki::name::Name;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;

use self::excess::Excess;
use self::purpose::ExtendedKeyUsage;
use self::purpose::KeyPurpose;
use self::purpose::SubjectKey;
use self::san::San;
use self::taken::Outcome;
use self::taken::Taken;
use crate::certificate_authority::Addresses;
use crate::certificate_authority::OWN_ADDRESS;
use crate::certificate_authority::default_hash;
use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::refusal::Refusal;
use crate::variable::Expression;
use crate::variable::values::Values;
use utoipa::ToSchema;

/// How far the beginning lies in the past, in seconds: a device whose clock is slow may begin.
pub const BACKDATED_SECONDS: i64 = 300;

const _: () = assert!(BACKDATED_SECONDS <= pki::draft::BACKDATED_SECONDS_MAX);

/// Before an account's security identifier where it stands among the alternative names.
const SECURITY_IDENTIFIER_URI: &str = "tag:microsoft.com,2022-09-14:sid:";

/// What a kind of certificate says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CertificateTemplate {
    /// Unique among templates.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
    /// Display Description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The subject, with variables: `CN=${/device/clientId}`.
    pub subject: String,
    /// Life of the certificate: days.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub validity_days: u32,
    /// Life of the certificate: hours beyond the days.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub validity_hours: u32,
    /// The hash of the signature under it.
    #[serde(default = "default_hash")]
    pub signature_algorithm: Hash,
    /// The kinds of key that a device may bring; none: every kind that is strong enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject_keys: Vec<SubjectKey>,
    /// The purposes of the key; none: signing, and with RSA key encipherment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_usage: Vec<KeyPurpose>,
    /// Use Certificate For.
    #[serde(default = "default_usages")]
    pub extended_key_usage: Vec<ExtendedKeyUsage>,
    /// The alternative names, with variables.
    #[serde(default)]
    pub san: San,
    /// The policies that it is issued under, as object identifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_policies: Vec<String>,
    /// The security identifier of the account that Active Directory maps the certificate to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_identifier: Option<String>,
    /// Whether that identifier stands among the alternative names too, as a URI.
    #[serde(default, skip_serializing_if = "is_false")]
    pub security_identifier_uri: bool,
    /// Where the revocation list is fetched; `own` is the authority's own address, here and below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crl_urls: Vec<String>,
    /// Where OCSP answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ocsp_urls: Vec<String>,
    /// Where the authority's own certificate is fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ca_issuers_urls: Vec<String>,
    /// Whether it says that nobody tells of its revocation (RFC 9608).
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_revocation_available: bool,
    /// Whether certificates are meant to be good for servers and clients alike.
    #[serde(default, skip_serializing_if = "is_false")]
    pub server_and_client_authentication: bool,
    /// What becomes of a request that asks for more than this.
    #[serde(default, skip_serializing_if = "Excess::is_default")]
    pub excess: Excess,
}

fn default_usages() -> Vec<ExtendedKeyUsage> {
    vec![ExtendedKeyUsage::CLIENT_AUTHENTICATION]
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(truth: &bool) -> bool {
    !truth
}

/// What a draft is made for.
#[derive(Debug)]
pub struct Request<'a> {
    /// The key to certify.
    pub public_key: PublicKey,
    /// Whom it names.
    pub identity: Identity<'a>,
    /// The number of the certificate.
    pub serial: pki::certificate::Serial,
    /// Who will sign.
    pub issuer: Issuer,
    /// What `own` stands for.
    pub addresses: Addresses,
    /// Now.
    pub now: Time,
}

/// Where the names in a certificate come from.
#[derive(Clone, Copy, Debug)]
pub enum Identity<'a> {
    /// From the template, whose variables have these values.
    Template(&'a Values),
    /// From the certificate that is renewed, word for word.
    Renewed(&'a Certificate),
}

/// A draft, and what was done on the way to it that somebody may want to know.
#[derive(Debug)]
pub struct Drafted {
    /// What will be linted and signed.
    pub draft: Draft,
    /// One sentence for each value that was moved, left out or shortened.
    pub warnings: Vec<String>,
    /// What became of each line with variables; nothing where the names are those of the
    /// certificate that is renewed.
    pub taken: Vec<Taken>,
}

impl CertificateTemplate {
    /// Writes a draft. The request gives a key and values; the template says what becomes of them.
    pub fn draft(&self, request: Request<'_>) -> Result<Drafted, Refusal> {
        let kind = request.public_key.kind();
        self.check_key(kind)?;
        let mut warnings = Vec::new();
        let mut taken = Vec::new();
        let (subject, general_names, identifier) = match request.identity {
            Identity::Template(values) => {
                let subject = self.subject(values, &mut taken)?;
                let identifier = self.security_identifier(values, &mut taken);
                let identifier = identifier.as_deref();
                let names = self.names(values, identifier, &mut taken);
                warnings.extend(taken.iter().filter_map(Taken::warning));
                (subject, names, identifier.map(Extension::security_identifier))
            }
            Identity::Renewed(old) => {
                let identifier = pki::oid::SECURITY_IDENTIFIER_EXTENSION;
                let kept = old.extensions.iter().find(|known| known.oid == identifier);
                (old.subject.clone(), old.general_names(), kept.cloned())
            }
        };
        let wanted = request.now.plus_seconds(self.validity_seconds() - 1);
        let not_after = wanted.min(request.issuer.not_after);
        if not_after < wanted {
            let end = not_after.to_rfc3339();
            warnings.push(format!("the life was shortened to that of the authority, {end}"));
        }
        let draft = Draft {
            serial: request.serial,
            issuer: request.issuer,
            subject,
            public_key: request.public_key,
            not_before: request.now.plus_seconds(-BACKDATED_SECONDS),
            not_after,
            general_names,
            key_usage: self.key_usage(kind, &mut warnings),
            extended_key_usages: self.extended_key_usage.iter().map(|usage| usage.0).collect(),
            basic_constraints: BasicConstraints::LEAF,
            further: identifier.into_iter().chain(self.further(&request.addresses)).collect(),
        };
        Ok(Drafted { draft, warnings, taken })
    }

    /// Whether it names the authority's own addresses.
    pub fn names_own_addresses(&self) -> bool {
        let lists = [&self.crl_urls, &self.ocsp_urls, &self.ca_issuers_urls];
        lists.into_iter().flatten().any(|url| url == OWN_ADDRESS)
    }

    /// Life of the certificate, in seconds.
    pub(crate) fn validity_seconds(&self) -> i64 {
        i64::from(self.validity_days) * 86_400 + i64::from(self.validity_hours) * 3600
    }

    fn check_key(&self, kind: KeyKind) -> Result<(), Refusal> {
        if self.subject_keys.is_empty() || self.subject_keys.iter().any(|key| key.is(kind)) {
            return Ok(());
        }
        Err(Refusal::KeyNotAllowed {
            key: purpose::key_name(kind),
            template: self.name.clone(),
            allowed: self.subject_keys.iter().map(|key| key.as_str().to_owned()).collect(),
        })
    }

    fn key_usage(&self, kind: KeyKind, warnings: &mut Vec<String>) -> KeyUsage {
        let by_default = [KeyPurpose::DigitalSignature, KeyPurpose::KeyEncipherment];
        let chosen = !self.key_usage.is_empty();
        let wanted = if chosen { self.key_usage.as_slice() } else { by_default.as_slice() };
        let (fit, rest): (Vec<KeyPurpose>, Vec<KeyPurpose>) =
            wanted.iter().partition(|purpose| purpose.fits(kind));
        if chosen {
            let key = purpose::key_name(kind);
            let lost = rest.iter().flat_map(|purpose| purpose.bit().names());
            warnings.extend(lost.map(|name| format!("{name} was left out: no use of {key}")));
        }
        fit.into_iter().fold(KeyUsage::NONE, |usage, purpose| usage | purpose.bit())
    }

    /// The account's security identifier, if this request has one.
    fn security_identifier(&self, values: &Values, taken: &mut Vec<Taken>) -> Option<String> {
        let text = self.security_identifier.as_ref()?;
        let mut line = taken::take("security_identifier", text, values)?;
        if let Outcome::Empty(_) = line.outcome {
            let why = "the security identifier has no value and was left out".to_owned();
            line.outcome = Outcome::LeftOut(why);
        } else if !is_security_identifier(&line.value) {
            let why = format!("{} is no security identifier and was left out", line.value);
            line.outcome = Outcome::LeftOut(why);
        }
        let said = (line.outcome == Outcome::Said).then(|| line.value.clone());
        taken.push(line);
        said
    }

    /// What every certificate of the template says beside its names and purposes.
    fn further(&self, own: &Addresses) -> impl Iterator<Item = Extension> {
        // What does not read was refused when the template was saved.
        let policies = self.certificate_policies.iter();
        let policies: Vec<_> =
            policies.filter_map(|text| ObjectIdentifier::new(text).ok()).collect();
        let policies = (!policies.is_empty()).then(|| Extension::certificate_policies(&policies));
        let [lists, ocsp, issuers] = [
            addresses(&self.crl_urls, &own.crl),
            addresses(&self.ocsp_urls, &own.ocsp),
            addresses(&self.ca_issuers_urls, &own.ca_issuers),
        ];
        let lists = (!lists.is_empty()).then(|| Extension::crl_distribution_points(&lists));
        let access = (!ocsp.is_empty() || !issuers.is_empty())
            .then(|| Extension::authority_info_access(&ocsp, &issuers));
        let none = self.no_revocation_available.then(Extension::no_rev_avail);
        policies.into_iter().chain(lists).chain(access).chain(none)
    }

    fn subject(&self, values: &Values, taken: &mut Vec<Taken>) -> Result<Name, Refusal> {
        let unsound = |what: String| Refusal::DraftRejected { lint: "subject".into(), what };
        let expression =
            Expression::parse(&self.subject).map_err(|error| unsound(error.to_string()))?;
        let expanded = expression.expand(values, escape).map_err(|variable| {
            Refusal::VariableEmpty { variable: variable.to_owned(), template: self.name.clone() }
        })?;
        let name = Name::parse_text(&expanded.text).map_err(|error| unsound(error.to_string()))?;
        taken.push(Taken::plain("subject", &self.subject, expanded));
        Ok(name)
    }

    fn names(
        &self,
        values: &Values,
        identifier: Option<&str>,
        taken: &mut Vec<Taken>,
    ) -> Vec<GeneralName> {
        let mut names = Vec::new();
        for (kind, text) in self.san.entries() {
            let Some(mut line) = taken::take(kind.field(), text, values) else { continue };
            // A variable with no value removes its SAN.
            if line.outcome == Outcome::Said {
                let (value, from) = (&line.value, kind.word());
                match kind.place(value) {
                    Some(name) if names_account(&name) => {
                        let why = format!("{value} names an account and was left out");
                        line.outcome = Outcome::LeftOut(why);
                    }
                    Some(name) => {
                        let to = name.kind();
                        if to != from {
                            let why = format!("{value} is no {from} name and became {to}");
                            line.outcome = Outcome::Moved(why);
                        }
                        line.value = name.to_string();
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                    None => {
                        let why = format!("{value} is no {from} name and was left out");
                        line.outcome = Outcome::LeftOut(why);
                    }
                }
            }
            taken.push(line);
        }
        if let Some(identifier) = identifier.filter(|_| self.security_identifier_uri) {
            names.push(GeneralName::Uri(format!("{SECURITY_IDENTIFIER_URI}{identifier}")));
        }
        names
    }
}

fn addresses(urls: &[String], own: &str) -> Vec<String> {
    let meant = |url: &String| if url == OWN_ADDRESS { own.to_owned() } else { url.clone() };
    urls.iter().map(meant).collect()
}

/// Whether a directory would take an alternative name for an account's security identifier. Only
/// the inventory says whose that is, so no variable of a request may supply one.
fn names_account(name: &GeneralName) -> bool {
    let prefix = SECURITY_IDENTIFIER_URI.as_bytes();
    let begins = |text: &[u8]| {
        text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    matches!(name, GeneralName::Uri(uri) if begins(uri.as_bytes()))
}

/// Whether a text is a security identifier as people write it: `S-1-5-21-…`.
fn is_security_identifier(text: &str) -> bool {
    let numbers = text.strip_prefix("S-1-").map(|rest| rest.split('-'));
    numbers.is_some_and(|numbers| {
        numbers.clone().count() <= 16 && numbers.into_iter().all(|one| one.parse::<u64>().is_ok())
    })
}

/// Escapes a value so that it stays one value in a distinguished name (RFC 4514, 2.4).
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for (index, character) in value.chars().enumerate() {
        let special = ",+\"\\<>;=".contains(character) || (index == 0 && "# ".contains(character));
        if special {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

impl Object for CertificateTemplate {
    const KIND: Kind = Kind::CertificateTemplate;

    fn name(&self) -> &str {
        &self.name
    }

    fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    fn keep_slug(&mut self, slug: String) {
        self.slug = Some(slug);
    }

    fn renamed_from(&self) -> Option<&FormerNames> {
        self.renamed_from.as_ref()
    }

    fn keep_renamed_from(&mut self, former: Option<FormerNames>) {
        self.renamed_from = former;
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check::check(self, complaints);
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
