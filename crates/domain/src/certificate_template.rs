//! Certificate templates: what a certificate says, and where each value comes from,
//! Dynamic PKI > Certificate Templates.

use pki::certificate::Certificate;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::Hash;
use pki::key::KeyKind;
use pki::key::PublicKey;
use pki::name::Name;
use pki::oid;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;

use crate::certificate_authority::default_hash;
use crate::complaint::Complaints;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::refusal::Refusal;
use crate::variable::Expression;
use crate::variable::Values;

/// Longest life of a device's certificate, in days.
pub const VALIDITY_DAYS_MAX: u32 = 3650;

/// Most alternative names of one kind in a template.
pub const NAMES_MAX: usize = 8;

/// How far the beginning lies in the past, in seconds: a device whose clock is slow may begin.
pub const BACKDATED_SECONDS: i64 = 300;

/// What a kind of certificate says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateTemplate {
    /// Unique among templates.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Display Description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The subject, with variables: `CN=${/device/clientId}`.
    pub subject: String,
    /// Life of the certificate, in days.
    pub validity_days: u32,
    /// The hash of the signature under it.
    #[serde(default = "default_hash")]
    pub signature_algorithm: Hash,
    /// Use Certificate For.
    #[serde(default = "default_usages")]
    pub extended_key_usage: Vec<ExtendedKeyUsage>,
    /// The alternative names, with variables.
    #[serde(default)]
    pub san: San,
}

/// The alternative names of a template, by kind, with variables.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct San {
    /// dNSName.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<String>,
    /// rfc822Name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<String>,
    /// uniformResourceIdentifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uri: Vec<String>,
    /// User principal name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upn: Vec<String>,
    /// permanentIdentifier (RFC 4043).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permanent_identifier: Vec<String>,
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtendedKeyUsage {
    /// Client Authentication.
    ClientAuthentication,
}

fn default_usages() -> Vec<ExtendedKeyUsage> {
    vec![ExtendedKeyUsage::ClientAuthentication]
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
}

impl CertificateTemplate {
    /// Writes a draft. The request gives a key and values; the template says what becomes of them.
    pub fn draft(&self, request: Request<'_>) -> Result<Drafted, Refusal> {
        let mut warnings = Vec::new();
        let (subject, general_names) = match request.identity {
            Identity::Template(values) => {
                (self.subject(values)?, self.names(values, &mut warnings))
            }
            Identity::Renewed(old) => (old.subject.clone(), old.general_names()),
        };
        let wanted = request.now.plus_days(self.validity_days).plus_seconds(-1);
        let not_after = wanted.min(request.issuer.not_after);
        if not_after < wanted {
            let end = not_after.to_rfc3339();
            warnings.push(format!("the life was shortened to that of the authority, {end}"));
        }
        let usages = self.extended_key_usage.iter().map(|usage| match usage {
            ExtendedKeyUsage::ClientAuthentication => oid::CLIENT_AUTH,
        });
        let encipherment = match request.public_key.kind() {
            KeyKind::Rsa { .. } => KeyUsage::KEY_ENCIPHERMENT,
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 | KeyKind::EcdsaP521 | KeyKind::Other => {
                KeyUsage::NONE
            }
        };
        let draft = Draft {
            serial: request.serial,
            issuer: request.issuer,
            subject,
            public_key: request.public_key,
            not_before: request.now.plus_seconds(-BACKDATED_SECONDS),
            not_after,
            general_names,
            key_usage: KeyUsage::DIGITAL_SIGNATURE | encipherment,
            extended_key_usages: usages.collect(),
            basic_constraints: BasicConstraints::LEAF,
            further: Vec::new(),
        };
        Ok(Drafted { draft, warnings })
    }

    fn subject(&self, values: &Values) -> Result<Name, Refusal> {
        let unsound = |what: String| Refusal::DraftRejected { lint: "subject".into(), what };
        let expression =
            Expression::parse(&self.subject).map_err(|error| unsound(error.to_string()))?;
        let text = expression.expand(values, escape).map_err(|variable| {
            Refusal::VariableEmpty { variable: variable.to_owned(), template: self.name.clone() }
        })?;
        Name::parse_text(&text).map_err(|error| unsound(error.to_string()))
    }

    fn names(&self, values: &Values, warnings: &mut Vec<String>) -> Vec<GeneralName> {
        let mut names = Vec::new();
        for (kind, text) in self.san.entries() {
            let Ok(expression) = Expression::parse(text) else { continue };
            // A variable with no value removes its SAN.
            let Ok(value) = expression.expand(values, str::to_owned) else { continue };
            match kind.place(&value) {
                Some(name) => {
                    if name.kind() != kind.word() {
                        let (from, to) = (kind.word(), name.kind());
                        warnings.push(format!("{value} is no {from} name and became {to}"));
                    }
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                None => {
                    warnings.push(format!("{value} is no {} name and was left out", kind.word()));
                }
            }
        }
        names
    }
}

/// The kinds of alternative names that a template can ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum SanKind {
    Dns,
    Email,
    Uri,
    Upn,
    PermanentIdentifier,
}

impl SanKind {
    fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Upn => "upn",
            Self::PermanentIdentifier => "permanent-identifier",
        }
    }

    /// The value in this kind, else in the first kind where it is legal, else nowhere.
    fn place(self, value: &str) -> Option<GeneralName> {
        let own = match self {
            Self::Dns => GeneralName::dns(value).ok(),
            Self::Email => GeneralName::email(value).ok(),
            Self::Uri => GeneralName::uri(value).ok(),
            Self::Upn => GeneralName::upn(value).ok(),
            Self::PermanentIdentifier => Some(GeneralName::PermanentIdentifier {
                identifier: Some(value.to_owned()),
                assigner: None,
            }),
        };
        // A MAC address is a URI by the letter (scheme a4:); only what is meant as one counts.
        let uri = || GeneralName::uri(value).ok().filter(|_| value.contains("://"));
        own.or_else(|| GeneralName::email(value).ok())
            .or_else(|| GeneralName::dns(value).ok())
            .or_else(uri)
    }
}

impl San {
    fn entries(&self) -> impl Iterator<Item = (SanKind, &String)> {
        let with = |kind: SanKind| move |text| (kind, text);
        let dns = self.dns.iter().map(with(SanKind::Dns));
        let email = self.email.iter().map(with(SanKind::Email));
        let uri = self.uri.iter().map(with(SanKind::Uri));
        let upn = self.upn.iter().map(with(SanKind::Upn));
        let identifier = self.permanent_identifier.iter();
        dns.chain(email)
            .chain(uri)
            .chain(upn)
            .chain(identifier.map(with(SanKind::PermanentIdentifier)))
    }
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

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        check_subject(&self.subject, complaints);
        if !(1..=VALIDITY_DAYS_MAX).contains(&self.validity_days) {
            complaints.add(
                "validity_days",
                format!("{} is outside 1 to {VALIDITY_DAYS_MAX}", self.validity_days),
                "use 365",
            );
        }
        if self.extended_key_usage.is_empty() {
            complaints.add(
                "extended_key_usage",
                "is empty, so no RADIUS server would take the certificate",
                "use [\"client-authentication\"]",
            );
        }
        for kind in ["dns", "email", "uri", "upn", "permanent-identifier"] {
            let entries = self.san.entries().filter(|(entry, _)| entry.word() == kind);
            for (index, (_, text)) in entries.enumerate() {
                let field = format!("san.{}[{index}]", kind.replace('-', "_"));
                if index >= NAMES_MAX {
                    let what = format!("more than {NAMES_MAX} names of one kind");
                    complaints.add(&field, what, "remove some");
                    break;
                }
                if let Err(error) = Expression::parse(text) {
                    complaints.add(&field, error.to_string(), VARIABLE_FIX);
                }
            }
        }
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

const VARIABLE_FIX: &str = "use variables like ${/device/clientId} or ${/device/identity}; the \
                            handbook's page on templates lists them";

fn check_subject(subject: &str, complaints: &mut Complaints<'_>) {
    match Expression::parse(subject) {
        Err(error) => complaints.add("subject", error.to_string(), VARIABLE_FIX),
        Ok(expression) => {
            let Ok(text) = expression.expand(&Values::example(), escape) else { return };
            if let Err(error) = Name::parse_text(&text) {
                complaints.add(
                    "subject",
                    error.to_string(),
                    "write it like CN=${/device/clientId}",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn placed(kind: SanKind, value: &str, expected: Option<(&str, &str)>) {
        let name = kind.place(value);
        let shown = name.as_ref().map(|name| (name.kind(), value));
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_value_goes_to_its_own_kind_or_to_one_where_it_is_legal() {
        placed(SanKind::Dns, "mac-1.example.org", Some(("dns", "mac-1.example.org")));
        placed(SanKind::Dns, "anna@example.org", Some(("email", "anna@example.org")));
        placed(SanKind::Email, "https://x.example/y", Some(("uri", "https://x.example/y")));
        placed(SanKind::Uri, "urn:uuid:1", Some(("uri", "urn:uuid:1")));
    }

    #[test]
    fn the_guides_own_values_fit_nowhere_and_are_left_out() {
        placed(SanKind::Dns, "a4:83:e7:00:11:22", None);
        placed(SanKind::Dns, "MacBook Pro 14", None);
    }

    #[test]
    fn a_value_cannot_break_out_of_its_attribute() {
        let name = Name::parse_text(&format!("CN={}", escape("x, O=Evil+OU=\"a\""))).unwrap();
        let attributes: Vec<_> = name.attributes().map(|(_, value)| value.to_owned()).collect();
        assert_eq!(attributes, ["x, O=Evil+OU=\"a\""]);
    }

    #[track_caller]
    fn refused(json: &str, field: &str) {
        let template: CertificateTemplate = serde_json::from_str(json).unwrap();
        let mut list = Vec::new();
        template.check(&mut Complaints::new("", &mut list));
        assert_eq!(list.first().map(|complaint| complaint.path.as_str()), Some(field));
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_when_saved() {
        refused(r#"{"name":"t","subject":"CN=${/device/colour}","validity_days":1}"#, "subject");
        refused(r#"{"name":"t","subject":"nonsense","validity_days":1}"#, "subject");
        refused(r#"{"name":"t","subject":"CN=x","validity_days":0}"#, "validity_days");
        let san = r#"{"name":"t","subject":"CN=x","validity_days":1,"san":{"uri":["${"]}}"#;
        refused(san, "san.uri[0]");
    }
}
