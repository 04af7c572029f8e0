//! What is wrong with a template, said when it is saved.

use const_oid::ObjectIdentifier;
use pki::crl;
use pki::draft::SERVER_LIFE_DAYS_MAX;
use pki::name::Name;
use pki::oid;

use super::BACKDATED_SECONDS;
use super::CertificateTemplate;
use super::escape;
use super::is_security_identifier;
use crate::certificate_authority::OWN_ADDRESS;
use crate::complaint::Complaints;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::check_name;
use crate::object::check_text;
use crate::variable::Expression;
use crate::variable::Variable;
use crate::variable::values::Values;

/// Longest life of a device's certificate, in days.
const VALIDITY_DAYS_MAX: u32 = 3650;

/// Longest life of a certificate whose revocation nobody tells of, in days: a week is about as
/// long as a revocation list is believed.
const NO_REVOCATION_DAYS_MAX: i64 = 7;

/// Most alternative names of one kind in a template.
const NAMES_MAX: usize = 8;

/// Most entries of any other list in a template.
const ENTRIES_MAX: usize = 8;

/// Longest address in a certificate, in bytes.
const URL_BYTES_MAX: usize = 255;

const VARIABLE_FIX: &str = "use variables like ${/device/clientId} or ${/device/identity}; the \
                            handbook's page on templates lists them";

/// Complains about a template.
pub(super) fn check(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    check_name(&template.name, complaints);
    check_text("description", &template.description, DESCRIPTION_CHARS_MAX, complaints);
    check_subject(&template.subject, complaints);
    check_validity(template, complaints);
    check_usages(template, complaints);
    check_names(template, complaints);
    check_policies(template, complaints);
    check_identifier(template, complaints);
    check_revocation(template, complaints);
}

fn check_subject(subject: &str, complaints: &mut Complaints<'_>) {
    match Expression::parse(subject) {
        Err(error) => complaints.add("subject", error.to_string(), VARIABLE_FIX),
        Ok(expression) => {
            let Ok(expanded) = expression.expand(&Values::example(), escape) else { return };
            let fix = "write it like CN=${/device/clientId}";
            match Name::parse_text(&expanded.text) {
                Err(error) => complaints.add("subject", error.to_string(), fix),
                Ok(name) => {
                    if let Some((key, count, max)) = name.over_bound() {
                        let what = format!("{key} has {count} characters; {max} is the most");
                        complaints.add("subject", what, "shorten it");
                    }
                }
            }
        }
    }
}

fn check_validity(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    let seconds = template.validity_seconds();
    if !(3600..=i64::from(VALIDITY_DAYS_MAX) * 86_400).contains(&seconds) {
        let (days, hours) = (template.validity_days, template.validity_hours);
        complaints.add(
            "validity_days",
            format!("{days} days and {hours} hours are outside 1 hour to {VALIDITY_DAYS_MAX} days"),
            "use 365",
        );
    }
}

fn check_usages(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    if template.extended_key_usage.is_empty() {
        complaints.add(
            "extended_key_usage",
            "is empty, so no RADIUS server would take the certificate",
            "use [\"client-authentication\"]",
        );
    }
    too_many("extended_key_usage", template.extended_key_usage.len(), complaints);
    for (index, usage) in template.extended_key_usage.iter().enumerate() {
        let field = format!("extended_key_usage[{index}]");
        if usage.0 == oid::ANY_EXTENDED_KEY_USAGE {
            let what = "any use defeats the purpose of a list";
            complaints.add(&field, what, "name the uses, such as \"client-authentication\"");
        }
        if usage.0 == oid::OCSP_SIGNING {
            let what = "answering OCSP is for the authority's own responder";
            complaints.add(&field, what, "remove it");
        }
        if template.extended_key_usage.iter().take(index).any(|earlier| earlier == usage) {
            complaints.add(&field, format!("{usage} is there twice"), "remove one");
        }
    }
    check_servers(template, complaints);
    too_many("subject_keys", template.subject_keys.len(), complaints);
    too_many("key_usage", template.key_usage.len(), complaints);
    let login = super::purpose::KeyPurpose::DigitalSignature;
    if !template.key_usage.is_empty() && !template.key_usage.contains(&login) {
        complaints.add(
            "key_usage",
            "lacks digital-signature, with which a device proves itself at every login",
            "add \"digital-signature\"",
        );
    }
}

/// A certificate for servers lets whoever has it pass for one.
fn check_servers(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    let has = |oid| template.extended_key_usage.iter().any(|usage| usage.0 == oid);
    let (server, client) = (has(oid::SERVER_AUTH), has(oid::CLIENT_AUTH));
    let meant = template.server_and_client_authentication;
    if server && client && !meant {
        complaints.add(
            "extended_key_usage",
            "a device with such a certificate could pass for a server",
            "remove \"server-authentication\", or set server_and_client_authentication = true",
        );
    }
    if meant && !(server && client) {
        complaints.add(
            "server_and_client_authentication",
            "extended_key_usage does not name both",
            "remove it, or name \"server-authentication\" and \"client-authentication\"",
        );
    }
    let longest = SERVER_LIFE_DAYS_MAX * 86_400 - BACKDATED_SECONDS;
    if server && template.validity_seconds() > longest {
        complaints.add(
            "validity_days",
            format!(
                "Apple devices refuse servers whose certificates live for {SERVER_LIFE_DAYS_MAX} \
                 days or more"
            ),
            "use 397",
        );
    }
}

fn check_names(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    for kind in ["dns", "email", "uri", "upn", "permanent-identifier"] {
        let entries = template.san.entries().filter(|(entry, _)| entry.word() == kind);
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

fn check_policies(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    too_many("certificate_policies", template.certificate_policies.len(), complaints);
    for (index, policy) in template.certificate_policies.iter().enumerate() {
        if ObjectIdentifier::new(policy).is_err() {
            let field = format!("certificate_policies[{index}]");
            let what = format!("\"{policy}\" is no object identifier");
            complaints.add(&field, what, "write it like 1.3.6.1.4.1.99999.1");
        }
    }
}

/// Whoever holds a certificate with an account's identifier is that account: only what the
/// organization itself knows may say which.
fn check_identifier(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    let field = "security_identifier";
    let Some(text) = &template.security_identifier else {
        if template.security_identifier_uri {
            let what = "there is no security_identifier that could become a URI";
            complaints.add(
                "security_identifier_uri",
                what,
                "set security_identifier, or remove it",
            );
        }
        return;
    };
    let expression = match Expression::parse(text) {
        Ok(expression) => expression,
        Err(error) => return complaints.add(field, error.to_string(), VARIABLE_FIX),
    };
    let fix = "use ${/person/sid}, which the inventory says";
    if expression.variables().any(|variable| !variable.is_of_inventory()) {
        complaints.add(field, "a request could name whatever account it likes", fix);
    } else if expression.variables().all(|variable| variable != Variable::PersonSid) {
        let value = expression.expand(&Values::default(), str::to_owned);
        if !value.is_ok_and(|value| is_security_identifier(&value.text)) {
            complaints.add(field, format!("\"{text}\" is no security identifier"), fix);
        }
    }
}

fn check_revocation(template: &CertificateTemplate, complaints: &mut Complaints<'_>) {
    let lists = [
        ("crl_urls", &template.crl_urls),
        ("ocsp_urls", &template.ocsp_urls),
        ("ca_issuers_urls", &template.ca_issuers_urls),
    ];
    for (field, urls) in lists {
        too_many(field, urls.len(), complaints);
        for (index, url) in urls
            .iter()
            .enumerate()
            .filter(|(_, url)| *url != OWN_ADDRESS)
            .filter(|(_, url)| url.len() > URL_BYTES_MAX || !crl::is_address(url))
        {
            complaints.add(
                &format!("{field}[{index}]"),
                format!("\"{url}\" is no address that clients fetch from"),
                "write \"own\" for the authority's own address, or one like \
                 http://pki.example.org/crl/devices.crl; with https, whoever checks the \
                 certificate of that server would have to check this one first",
            );
        }
    }
    if !template.no_revocation_available {
        return;
    }
    let field = "no_revocation_available";
    if !template.crl_urls.is_empty() || !template.ocsp_urls.is_empty() {
        let what = "the template also says where revocation is told";
        complaints.add(field, what, "remove crl_urls and ocsp_urls, or this");
    }
    if template.validity_seconds() > NO_REVOCATION_DAYS_MAX * 86_400 {
        let what = format!(
            "is for lives of at most {NO_REVOCATION_DAYS_MAX} days: a stolen key would be good \
             until the end"
        );
        complaints.add(field, what, "shorten validity_days, or remove this");
    }
}

fn too_many(field: &str, count: usize, complaints: &mut Complaints<'_>) {
    if count > ENTRIES_MAX {
        complaints.add(field, format!("{count} entries; {ENTRIES_MAX} is the most"), "remove some");
    }
}
