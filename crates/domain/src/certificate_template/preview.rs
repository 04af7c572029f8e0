//! What a template would make of a request, field by field, and where each value comes from.

use pki::draft::Draft;
use pki::oid;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::BACKDATED_SECONDS;
use super::CertificateTemplate;
use super::Drafted;
use super::SECURITY_IDENTIFIER_URI;
use super::addresses;
use super::excess::LeftOut;
use super::purpose;
use super::purpose::ExtendedKeyUsage;
use super::taken::Outcome;
use crate::certificate_authority::Addresses;
use crate::refusal::Reason;
use crate::refusal::Refusal;
use crate::variable::values::Values;

/// What would be issued.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Preview {
    /// The template.
    pub certificate_template: String,
    /// The authority that would sign.
    pub certificate_authority: String,
    /// The certificate, field by field; none where the request is refused before it is drafted.
    pub fields: Vec<Field>,
    /// What was asked for and would not be issued.
    pub left_out: Vec<LeftOut>,
    /// What an administrator may want to know, a sentence each.
    pub warnings: Vec<String>,
    /// The rules that it would break; none if it would be signed.
    pub lints: Vec<Lint>,
    /// Why nothing would be issued; null if something would.
    pub refusal: Option<Reason>,
}

/// A field of the certificate.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = PreviewField)]
pub struct Field {
    /// Which one.
    pub field: String,
    /// What it would say; empty where it would say nothing.
    pub value: String,
    /// Where that comes from.
    pub source: String,
}

/// A rule that would be broken.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Lint {
    /// Its stable name.
    pub id: String,
    /// What is wrong.
    pub sentence: String,
}

/// Where the parts of a preview come from that no template says.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The values of the variables.
    pub values: &'a Values,
    /// Who brought the key: `the request`.
    pub key: &'a str,
    /// What `own` stands for.
    pub addresses: &'a Addresses,
    /// The authority that would sign.
    pub authority: &'a str,
    /// Why that one.
    pub authority_source: &'a str,
}

impl Preview {
    /// Nothing would be drafted at all.
    pub fn refused(template: &str, authority: &str, refusal: &Refusal) -> Self {
        Self {
            certificate_template: template.to_owned(),
            certificate_authority: authority.to_owned(),
            fields: Vec::new(),
            left_out: Vec::new(),
            warnings: Vec::new(),
            lints: Vec::new(),
            refusal: Some(refusal.reason()),
        }
    }
}

impl CertificateTemplate {
    /// Shows a draft. `refusal` is why it would come to nothing, as far as is known without its
    /// rules.
    pub fn preview(
        &self,
        drafted: &Drafted,
        origin: Origin<'_>,
        left_out: Vec<LeftOut>,
        refusal: Option<Refusal>,
    ) -> Preview {
        let complaints = drafted.draft.clone().lint().err().unwrap_or_default();
        let broken = (!complaints.is_empty()).then(|| Refusal::broken_rules(&complaints));
        let lints = complaints.iter().map(|complaint| Lint {
            id: complaint.id().to_owned(),
            sentence: complaint.to_string(),
        });
        let advice =
            drafted.draft.advice().into_iter().map(|advice| format!("{advice} ({})", advice.id()));
        Preview {
            certificate_template: self.name.clone(),
            certificate_authority: origin.authority.to_owned(),
            fields: self.fields(drafted, origin),
            left_out,
            warnings: drafted.warnings.iter().cloned().chain(advice).collect(),
            lints: lints.collect(),
            refusal: refusal.or(broken).map(|refusal| refusal.reason()),
        }
    }

    fn fields(&self, drafted: &Drafted, origin: Origin<'_>) -> Vec<Field> {
        let draft = &drafted.draft;
        let mut list = Vec::new();
        list.push(field("authority", origin.authority, origin.authority_source));
        list.push(field("serial", "drawn when issued", "128 random bits"));
        let issuer = draft.issuer.name.to_string();
        list.push(field("issuer", issuer, "the subject of the authority's certificate"));
        self.names_of(drafted, origin.values, &mut list);
        self.validity_of(draft, &mut list);
        let key = purpose::key_name(draft.public_key.kind());
        list.push(field("public key", key, origin.key));
        self.purposes_of(draft, &mut list);
        self.further_of(drafted, origin, &mut list);
        let identifier = hexadecimal(&draft.public_key.identifier());
        list.push(field("subject key identifier", identifier, "the SHA-1 of the key"));
        let issuer = hexadecimal(&draft.issuer.key_identifier);
        list.push(field("authority key identifier", issuer, "the authority's certificate"));
        let (hash, key) = (draft.issuer.hash.as_str(), draft.issuer.key_type.as_str());
        let source = if draft.issuer.hash == self.signature_algorithm {
            "template signature_algorithm".to_owned()
        } else {
            let wanted = self.signature_algorithm.as_str();
            format!("template signature_algorithm {wanted}; the authority's key does not sign so")
        };
        list.push(field("signature algorithm", format!("{hash} with {key}"), source));
        list
    }

    fn names_of(&self, drafted: &Drafted, values: &Values, list: &mut Vec<Field>) {
        let subject = drafted.taken.iter().find(|taken| taken.field == "subject");
        let source = subject.map(|taken| taken.source(values)).unwrap_or_default();
        list.push(field("subject", drafted.draft.subject.to_string(), source));
        for taken in drafted.taken.iter().filter(|taken| taken.field.starts_with("san.")) {
            let value = match &taken.outcome {
                Outcome::Said | Outcome::Moved(_) => taken.value.as_str(),
                Outcome::LeftOut(_) | Outcome::Empty(_) => "",
            };
            list.push(field("alternative name", value, taken.source(values)));
        }
        for name in &drafted.draft.general_names {
            if name.value().starts_with(SECURITY_IDENTIFIER_URI) {
                let source = "template security_identifier_uri";
                list.push(field("alternative name", name.to_string(), source));
            }
        }
    }

    fn validity_of(&self, draft: &Draft, list: &mut Vec<Field>) {
        let before = format!("now, less {} minutes for slow clocks", BACKDATED_SECONDS / 60);
        list.push(field("not before", draft.not_before.to_rfc3339(), before));
        let life = match (self.validity_days, self.validity_hours) {
            (days, 0) => format!("template validity_days {days}"),
            (0, hours) => format!("template validity_hours {hours}"),
            (days, hours) => format!("template validity_days {days}, validity_hours {hours}"),
        };
        let wanted = draft.not_before.plus_seconds(BACKDATED_SECONDS + self.validity_seconds() - 1);
        let source = if draft.not_after < wanted {
            format!("{life}; shortened to the end of the authority")
        } else {
            life
        };
        list.push(field("not after", draft.not_after.to_rfc3339(), source));
    }

    fn purposes_of(&self, draft: &Draft, list: &mut Vec<Field>) {
        let names = draft.key_usage.names().collect::<Vec<_>>().join(", ");
        let source = if self.key_usage.is_empty() {
            "what the kind of key is for; the template says nothing"
        } else {
            "template key_usage, as far as the key can"
        };
        list.push(field("key usage", names, source));
        let usages = draft.extended_key_usages.iter();
        let usages: Vec<String> = usages.map(|oid| ExtendedKeyUsage(*oid).to_string()).collect();
        let source = "template extended_key_usage";
        list.push(field("extended key usage", usages.join(", "), source));
        list.push(field("basic constraints", "CA:false", "no template makes an authority"));
    }

    fn further_of(&self, drafted: &Drafted, origin: Origin<'_>, list: &mut Vec<Field>) {
        let identifier = drafted.taken.iter().find(|taken| taken.field == "security_identifier");
        if let Some(taken) = identifier {
            let has = |oid| drafted.draft.further.iter().any(|extension| extension.oid == oid);
            let said = has(oid::SECURITY_IDENTIFIER_EXTENSION);
            let value = if said { taken.value.as_str() } else { "" };
            list.push(field("security identifier", value, taken.source(origin.values)));
        }
        if !self.certificate_policies.is_empty() {
            let policies = self.certificate_policies.join(", ");
            list.push(field("certificate policies", policies, "template certificate_policies"));
        }
        let own = origin.addresses;
        let lists = [
            ("revocation list", "template crl_urls", &self.crl_urls, &own.crl),
            ("OCSP", "template ocsp_urls", &self.ocsp_urls, &own.ocsp),
            (
                "authority's certificate",
                "template ca_issuers_urls",
                &self.ca_issuers_urls,
                &own.ca_issuers,
            ),
        ];
        for (name, source, urls, own) in lists {
            for url in addresses(urls, own) {
                list.push(field(name, url, source));
            }
        }
        if self.no_revocation_available {
            let source = "template no_revocation_available";
            list.push(field("no revocation available", "true", source));
        }
    }
}

fn field(field: &str, value: impl Into<String>, source: impl Into<String>) -> Field {
    Field { field: field.to_owned(), value: value.into(), source: source.into() }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
