//! What a request asked for beyond the template. A request gives a key and a hint; what else it
//! asks for is never copied, but the administrator hears of it.

use std::collections::HashSet;

use pki::certificate::Certificate;
use pki::csr::Asked;
use pki::csr::Csr;
use pki::draft::Draft;
use pki::extension::Extension;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::name::Name;
use pki::oid;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::CertificateTemplate;
use super::Drafted;
use super::Identity;
use super::purpose::ExtendedKeyUsage;
use super::taken::Outcome;
use super::taken::Taken;
use crate::refusal::Refusal;
use crate::variable::values::Values;

/// Most things of one request that are listed: real ones ask for a handful, and events are kept.
pub const LEFT_OUT_MAX: usize = 16;

/// Most characters of one of them that are shown, and of why it was left out.
pub const SHOWN_CHARS_MAX: usize = 128;

/// Most things that a refusal names; the event lists the others.
const NAMED_MAX: usize = 3;

/// What becomes of a request that asks for more than the template gives.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Excess {
    /// It gets what the template gives, and the event says what was left out.
    #[default]
    Drop,
    /// It is refused.
    Refuse,
}

impl Excess {
    /// For `skip_serializing_if`: what goes without saying is not written.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Something that was asked for and is not in the certificate.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct LeftOut {
    /// What kind of thing: `extended key usage`.
    pub what: String,
    /// The thing itself: `server-authentication`.
    pub value: String,
    /// Why it was left out.
    pub why: String,
}

/// What somebody wants to have in a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    subject: &'a Name,
    general_names: &'a [GeneralName],
    asked: Option<&'a Asked>,
}

impl<'a> Wanted<'a> {
    /// What a request asks for.
    pub fn of_request(csr: &'a Csr) -> Self {
        let Csr { subject, general_names, asked, .. } = csr;
        Self { subject, general_names, asked: Some(asked) }
    }

    /// What a certificate says, as if a request asked for its names again.
    pub fn of_certificate(certificate: &'a Certificate, general_names: &'a [GeneralName]) -> Self {
        Self { subject: &certificate.subject, general_names, asked: None }
    }
}

impl CertificateTemplate {
    /// What was asked for and is not in the draft, the gravest first. What a variable took is not
    /// listed, whatever became of it: the template asked for it.
    pub fn left_out(
        &self,
        wanted: Wanted<'_>,
        identity: Identity<'_>,
        drafted: &Drafted,
    ) -> Vec<LeftOut> {
        let draft = &drafted.draft;
        let mut list = List::default();
        if let Some(asked) = wanted.asked {
            purposes(asked, draft, &mut list);
            for extension in asked.extensions.iter().filter(|wanted| !says(draft, wanted)) {
                list.add("extension", extension_name(extension), "the template does not give it");
            }
        }
        let known = self.known(wanted, identity, drafted);
        let is_known = |value: &str| known.contains(value.trim());
        let (names_why, subject_why) = match identity {
            Identity::Template(_) => (self.names_why(), format!("its subject is {}", self.subject)),
            Identity::Renewed(old) => {
                let why = format!("a renewal keeps the names of certificate {}", old.serial);
                (why.clone(), why)
            }
        };
        for name in wanted.general_names {
            if !draft.general_names.contains(name) && !is_known(&name.value()) {
                list.add("alternative name", name.to_string(), &names_why);
            }
        }
        let attributes = wanted.subject.attributes().zip(wanted.subject.texts());
        for ((_, value), text) in attributes.filter(|((_, value), _)| !is_known(value)) {
            if !value.trim().is_empty() {
                list.add("subject", text, &subject_why);
            }
        }
        list.finish()
    }

    /// Refuses a request that asks for more than the template gives, if that is what it wants.
    pub fn check_excess(&self, left_out: &[LeftOut]) -> Result<(), Refusal> {
        if self.excess == Excess::Drop || left_out.is_empty() {
            return Ok(());
        }
        let named = left_out.iter().take(NAMED_MAX);
        let mut asked: Vec<String> =
            named.map(|entry| format!("{} {}", entry.what, entry.value)).collect();
        if left_out.len() > NAMED_MAX {
            asked.push(format!("{} more", left_out.len() - NAMED_MAX));
        }
        Err(Refusal::BeyondTemplate { template: self.name.clone(), asked })
    }

    fn names_why(&self) -> String {
        let lines: Vec<String> =
            self.san.entries().map(|(kind, text)| format!("{} {text}", kind.word())).collect();
        if lines.is_empty() {
            return "it gives no alternative names".to_owned();
        }
        format!("its alternative names are {}", lines.join(", "))
    }

    /// Every value that the certificate says, and those that the template took and could not put
    /// anywhere.
    fn known(
        &self,
        wanted: Wanted<'_>,
        identity: Identity<'_>,
        drafted: &Drafted,
    ) -> HashSet<String> {
        let draft = &drafted.draft;
        let subject = draft.subject.attributes().map(|(_, value)| value.to_owned());
        let names = draft.general_names.iter().map(GeneralName::value);
        let mut known: HashSet<String> =
            subject.chain(names).map(|value| value.trim().to_owned()).collect();
        let values_of = |taken: &Taken, values: &Values| -> Vec<String> {
            let values = taken.variables.iter().filter_map(|variable| values.value(*variable));
            values.map(str::to_owned).collect()
        };
        match identity {
            Identity::Template(values) => {
                known.extend(drafted.taken.iter().flat_map(|taken| values_of(taken, values)));
            }
            Identity::Renewed(_) => {
                // The first request asked for these too, and they were left out then.
                let values = Values::of_request(wanted.subject, wanted.general_names);
                let mut taken = Vec::new();
                self.names(&values, None, &mut taken);
                taken.retain(|taken| matches!(taken.outcome, Outcome::LeftOut(_)));
                known.extend(taken.iter().flat_map(|taken| values_of(taken, &values)));
            }
        }
        known
    }
}

/// What the key was to be good for.
fn purposes(asked: &Asked, draft: &Draft, list: &mut List) {
    if asked.ca {
        let why = "no request makes an authority, whatever the template says";
        list.add("certificate authority", "CA:true".to_owned(), why);
    }
    let given = draft.extended_key_usages.iter().map(|oid| ExtendedKeyUsage(*oid).to_string());
    let given = given.collect::<Vec<_>>().join(", ");
    for usage in &asked.extended_key_usages {
        let why = if *usage == oid::ANY_EXTENDED_KEY_USAGE {
            "any use defeats the purpose of a list".to_owned()
        } else {
            format!("the template gives {given}")
        };
        if !draft.extended_key_usages.contains(usage) {
            list.add("extended key usage", ExtendedKeyUsage(*usage).to_string(), &why);
        }
    }
    let given = draft.key_usage.names().collect::<Vec<_>>().join(", ");
    let why = format!("the template and the kind of key give {given}");
    for name in asked.key_usage.unwrap_or_default().names() {
        let bit = KeyUsage::from_name(name).unwrap_or_default();
        if !draft.key_usage.contains(bit) {
            list.add("key usage", name.to_owned(), &why);
        }
    }
}

/// Whether the draft says the same. Every certificate has key identifiers of our own.
fn says(draft: &Draft, wanted: &Extension) -> bool {
    [oid::SUBJECT_KEY_IDENTIFIER, oid::AUTHORITY_KEY_IDENTIFIER].contains(&wanted.oid)
        || draft.further.iter().any(|given| given.oid == wanted.oid && given.value == wanted.value)
}

/// The extensions that requests ask for, by names that tell an administrator something.
const EXTENSIONS: [(const_oid::ObjectIdentifier, &str); 9] = [
    (oid::SECURITY_IDENTIFIER_EXTENSION, "security identifier"),
    (oid::NAME_CONSTRAINTS, "name constraints"),
    (oid::CERTIFICATE_POLICIES, "certificate policies"),
    (oid::CRL_DISTRIBUTION_POINTS, "CRL distribution points"),
    (oid::AUTHORITY_INFO_ACCESS, "authority information access"),
    (oid::NO_REV_AVAIL, "no revocation available"),
    (oid::TLS_FEATURE, "TLS feature"),
    (oid::MICROSOFT_TEMPLATE_NAME, "name of a Microsoft template"),
    (oid::MICROSOFT_TEMPLATE, "Microsoft template"),
];

fn extension_name(extension: &Extension) -> String {
    let named = EXTENSIONS.iter().find(|(oid, _)| *oid == extension.oid);
    let name = named.map(|(_, name)| format!(" ({name})")).unwrap_or_default();
    let critical = if extension.critical { ", critical" } else { "" };
    format!("{}{name}{critical}", extension.oid)
}

/// A list that stays short.
#[derive(Default)]
struct List {
    entries: Vec<LeftOut>,
    more: usize,
}

impl List {
    fn add(&mut self, what: &str, value: String, why: &str) {
        if self.entries.len() == LEFT_OUT_MAX {
            self.more += 1;
            return;
        }
        let entry = LeftOut { what: what.to_owned(), value: shown(&value), why: shown(why) };
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
    }

    fn finish(mut self) -> Vec<LeftOut> {
        if self.more > 0 {
            self.entries.push(LeftOut {
                what: "more".to_owned(),
                value: self.more.to_string(),
                why: format!("the first {LEFT_OUT_MAX} are listed"),
            });
        }
        self.entries
    }
}

/// A text of bounded length without control characters.
fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARS_MAX)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
