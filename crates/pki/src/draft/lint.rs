//! The rules a draft must keep, each with its complaint, and what is only worth a word.

use const_oid::ObjectIdentifier;

use super::{Complaint, Draft, SERVER_LIFE_DAYS_MAX, rule::Advice};
use crate::{
    certificate::Tbs,
    extension::{self, KeyUsage},
    general_name::{GENERAL_NAMES_MAX, GeneralName},
    key::KeyKind,
    oid,
};

/// The shortest serial number in octets: 64 bits are what the Baseline Requirements (7.1) draw.
const SERIAL_BYTES_MIN: usize = 8;
/// The longest life of a server's certificate in days that nobody wonders about.
const SERVER_LIFE_DAYS_USUAL: i64 = 398;
const DAY_SECONDS: i64 = 86_400;

/// Of which purposes an extended one needs at least one (RFC 5280 4.2.1.12).
const NEEDS: [(ObjectIdentifier, &[KeyUsage]); 5] = [
    (
        oid::SERVER_AUTH,
        &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::KEY_ENCIPHERMENT, KeyUsage::KEY_AGREEMENT],
    ),
    (oid::CLIENT_AUTH, &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::KEY_AGREEMENT]),
    (oid::CODE_SIGNING, &[KeyUsage::DIGITAL_SIGNATURE]),
    (
        oid::EMAIL_PROTECTION,
        &[
            KeyUsage::DIGITAL_SIGNATURE,
            KeyUsage::NON_REPUDIATION,
            KeyUsage::KEY_ENCIPHERMENT,
            KeyUsage::KEY_AGREEMENT,
        ],
    ),
    (oid::OCSP_SIGNING, &[KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION]),
];

impl Draft {
    pub(super) fn lint_validity(&self, complaints: &mut Vec<Complaint>) {
        if !self.serial.is_of_our_own() {
            complaints.push(Complaint::Serial(self.serial.clone()));
        } else if self.serial.content().len() < SERIAL_BYTES_MIN {
            complaints.push(Complaint::SerialShort(self.serial.clone()));
        }
        let (from, to) = (self.not_before, self.not_after);
        if from > to {
            complaints.push(Complaint::ValidityOrder(from, to));
        }
        if [from, to].iter().any(|time| !(1950..=9999).contains(&time.civil().year)) {
            complaints.push(Complaint::ValidityRange(from, to));
        }
        if to > self.issuer.not_after {
            complaints.push(Complaint::OutlivesIssuer(to, self.issuer.not_after));
        }
    }

    pub(super) fn lint_names(&self, complaints: &mut Vec<Complaint>) {
        if self.subject.is_empty() && self.general_names.is_empty() {
            complaints.push(Complaint::NoName);
        }
        if self.subject.is_empty() && self.basic_constraints.ca {
            complaints.push(Complaint::AuthorityName);
        }
        if let Some((key, count, max)) = self.subject.over_bound() {
            complaints.push(Complaint::SubjectLength(key, count, max));
        }
        if self.issuer.name.is_empty() {
            complaints.push(Complaint::IssuerName);
        }
        if self.general_names.len() > GENERAL_NAMES_MAX {
            complaints.push(Complaint::GeneralNames(self.general_names.len()));
        }
        let wrong = self.general_names.iter().filter_map(|name| name.check().err());
        complaints.extend(wrong.map(Complaint::GeneralName));
    }

    pub(super) fn lint_key(&self, complaints: &mut Vec<Complaint>) {
        if let Err(weak) = self.public_key.check_strength() {
            complaints.push(Complaint::WeakKey(weak));
        }
        if !self.issuer.key_type.signs_with(self.issuer.hash) {
            complaints.push(Complaint::Hash(self.issuer.key_type, self.issuer.hash));
        }
    }

    pub(super) fn lint_purposes(&self, complaints: &mut Vec<Complaint>) {
        let usage = self.key_usage;
        if usage.is_empty() {
            complaints.push(Complaint::NoKeyUsage);
        }
        let signs = usage.contains(KeyUsage::KEY_CERT_SIGN);
        let signs_lists = usage.contains(KeyUsage::CRL_SIGN);
        let ca = self.basic_constraints.ca;
        if signs != ca || (signs_lists && !ca) {
            complaints.push(Complaint::AuthorityKeyUsage);
        }
        if self.basic_constraints.path_len.is_some() && !ca {
            complaints.push(Complaint::PathLength);
        }
        let is_rsa = matches!(self.public_key.kind(), KeyKind::Rsa { .. });
        let enciphers = usage.contains(KeyUsage::KEY_ENCIPHERMENT)
            || usage.contains(KeyUsage::DATA_ENCIPHERMENT);
        if enciphers && !is_rsa {
            complaints.push(Complaint::KeyEncipherment);
        }
        for (index, purpose) in self.extended_key_usages.iter().enumerate() {
            if *purpose == oid::ANY_EXTENDED_KEY_USAGE {
                complaints.push(Complaint::AnyExtendedKeyUsage);
            }
            if self.extended_key_usages.iter().take(index).any(|earlier| earlier == purpose) {
                complaints.push(Complaint::ExtendedKeyUsageTwice(*purpose));
            }
            let needs = NEEDS.iter().find(|(known, _)| known == purpose);
            if needs.is_some_and(|(_, needs)| !needs.iter().any(|one| usage.contains(*one)))
                // Those of an authority are for what it signs.
                && !(ca || usage.is_empty())
            {
                complaints.push(Complaint::UsageConflict(*purpose));
            }
        }
    }

    /// What the authorities above let a certificate be.
    pub(super) fn lint_constraints(&self, complaints: &mut Vec<Complaint>) {
        for constraints in &self.issuer.constraints {
            let usage = constraints.usage_outside(&self.extended_key_usages);
            complaints.extend(usage.map(Complaint::ExtendedKeyUsageOutside));
            let name = constraints.name_outside(&self.subject, &self.general_names);
            complaints.extend(name.map(Complaint::NameNotPermitted));
        }
    }

    /// What else holds for the certificate of a server.
    pub(super) fn lint_server(&self, complaints: &mut Vec<Complaint>) {
        if self.basic_constraints.ca || !self.extended_key_usages.contains(&oid::SERVER_AUTH) {
            return;
        }
        let found = |name: &GeneralName| matches!(name, GeneralName::Dns(_) | GeneralName::Ip(_));
        if !self.general_names.iter().any(found) {
            complaints.push(Complaint::ServerName);
        }
        let seconds = self.life_seconds();
        if seconds > SERVER_LIFE_DAYS_MAX * DAY_SECONDS {
            complaints.push(Complaint::ServerLife(seconds));
        }
    }

    /// How long it would be valid: the last second counts (RFC 5280 4.1.2.5).
    fn life_seconds(&self) -> i64 {
        self.not_after.0.saturating_sub(self.not_before.0).saturating_add(1)
    }

    /// What is no reason not to sign it, and worth a word.
    #[must_use]
    pub fn advice(&self) -> Vec<Advice> {
        let mut advice = Vec::new();
        if self.basic_constraints.ca {
            return advice;
        }
        let has = |usage| self.extended_key_usages.contains(&usage);
        let names: Vec<String> = self.general_names.iter().map(GeneralName::value).collect();
        if names.is_empty() {
            advice.push(Advice::NoAlternativeName);
        } else if let Some(common) =
            self.subject.common_names().find(|common| !names.iter().any(|name| name == common))
        {
            advice.push(Advice::CommonNameApart(common.to_owned()));
        }
        if has(oid::SERVER_AUTH) && has(oid::CLIENT_AUTH) {
            advice.push(Advice::ServerAndClient);
        }
        let days = self.life_seconds() / DAY_SECONDS;
        if has(oid::SERVER_AUTH) && days > SERVER_LIFE_DAYS_USUAL {
            advice.push(Advice::ServerLife(days));
        }
        advice
    }

    pub(super) fn lint_extensions(&self, complaints: &mut Vec<Complaint>) {
        let extensions = self.extensions();
        for (index, extension) in extensions.iter().enumerate() {
            if extensions.iter().take(index).any(|earlier| earlier.oid == extension.oid) {
                complaints.push(Complaint::ExtensionTwice(extension.oid));
            }
        }
        let says = |oid| extension::find(&extensions, oid).is_some();
        // RFC 9608 4: neither an authority's nor together with an address of revocation.
        let told = says(oid::CRL_DISTRIBUTION_POINTS)
            || extension::access_methods(&extensions).contains(&oid::ACCESS_OCSP)
            || self.basic_constraints.ca;
        if says(oid::NO_REV_AVAIL) && told {
            complaints.push(Complaint::RevocationContradiction);
        }
    }

    /// Reads the written bytes back and compares them with what was meant.
    pub(super) fn lint_encoding(&self, tbs: &[u8]) -> Result<(), String> {
        let read = Tbs::parse(tbs).map_err(|error| error.to_string())?;
        let same = read.serial == self.serial
            && read.algorithm_der == self.algorithm_der()
            && read.issuer == self.issuer.name
            && read.not_before == self.not_before
            && read.not_after == self.not_after
            && read.subject == self.subject
            && read.public_key == self.public_key
            && read.extensions == self.extensions();
        if !same {
            return Err("a field differs".to_owned());
        }
        let Some(names) = extension::find(&read.extensions, oid::SUBJECT_ALT_NAME) else {
            return Ok(());
        };
        let names = GeneralName::parse_all(names).map_err(|error| error.to_string())?;
        if names == self.general_names {
            Ok(())
        } else {
            Err("an alternative name differs".to_owned())
        }
    }
}
