//! Public roots: the authorities that browsers trust, from the list that Mozilla keeps.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::certificate::Certificate;
use crate::name::Name;
use crate::oid;

/// An authority that devices know without us.
#[derive(Debug)]
pub struct PublicRoot {
    /// What it is called: its common name, or its organizational unit where several share that.
    pub name: String,
    /// Its certificate.
    pub certificate: Certificate,
}

/// Every public root, by its name. They are read once, when they are first asked for.
#[must_use]
pub fn all() -> &'static [PublicRoot] {
    static ROOTS: LazyLock<Vec<PublicRoot>> = LazyLock::new(read);
    &ROOTS
}

/// The public root of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static PublicRoot> {
    let all = all();
    let place = all.binary_search_by(|root| root.name.as_str().cmp(name)).ok()?;
    all.get(place)
}

fn read() -> Vec<PublicRoot> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let certificates: Vec<Certificate> =
        roots.filter_map(|der| Certificate::parse(der).ok()).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for name in certificates.iter().filter_map(|one| one.subject.common_names().next()) {
        *counts.entry(name).or_default() += 1;
    }
    let name_of = |subject: &Name| {
        let own = subject.common_names().next();
        let own = own.filter(|name| counts.get(name).is_none_or(|count| *count == 1));
        let unit = subject.values(oid::ORGANIZATIONAL_UNIT).next();
        own.or(unit).map_or_else(|| subject.to_string(), str::to_owned)
    };
    let names: Vec<String> = certificates.iter().map(|one| name_of(&one.subject)).collect();
    let named = names.into_iter().zip(certificates);
    let mut roots: Vec<PublicRoot> =
        named.map(|(name, certificate)| PublicRoot { name, certificate }).collect();
    roots.sort_by(|one, other| one.name.cmp(&other.name));
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_is_read_and_has_a_name_of_its_own() {
        let all = all();
        assert_eq!(all.len(), webpki_root_certs::TLS_SERVER_ROOT_CERTS.len());
        for pair in all.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} is there twice", pair[1].name);
        }
        for root in all {
            assert!(!root.name.is_empty() && root.name.chars().count() <= 128, "{}", root.name);
            assert!(root.certificate.is_self_signed(), "{}", root.name);
            assert!(root.certificate.basic_constraints().is_some_and(|(ca, _)| ca));
        }
    }

    #[test]
    fn a_root_is_found_by_its_name_and_only_so() {
        let root = find("DigiCert Global Root G3").unwrap();
        let end = root.certificate.not_after.to_date_text();
        assert_eq!(end, "Fri Jan 15 12:00:00 UTC 2038");
        // Four roots have the common name GlobalSign.
        assert!(find("GlobalSign").is_none());
        assert!(find("GlobalSign Root CA - R6").is_some());
        for name in ["", "digicert global root g3", "DigiCert Global Root G3 "] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
