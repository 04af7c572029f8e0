//! What an authority's certificate lets those below it be: purposes, and names.

use const_oid::ObjectIdentifier;

use crate::{
    certificate::Certificate,
    extension::Extension,
    general_name::GeneralName,
    name::Name,
    oid,
    tlv::{self, Malformed},
};

/// The most subtrees of one nameConstraints; every verifier of a chain compares every name with
/// every one of them.
pub const SUBTREES_MAX: usize = 32;

/// What one certificate of a chain lets those below it be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Constraints {
    /// The purposes that a certificate below may name; none given: any. RFC 5280 does not say that
    /// these bind what is below; verifiers take it that way.
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// The DNS subtrees in which every DNS name below lies (RFC 5280 4.2.1.10); none given: any.
    pub permitted_names: Vec<String>,
}

impl Constraints {
    /// What a certificate says.
    ///
    /// # Errors
    /// [`Malformed`] when its nameConstraints are not such as we write.
    pub fn of(certificate: &Certificate) -> Result<Self, Malformed> {
        let permitted = certificate.extension(oid::NAME_CONSTRAINTS);
        Ok(Self {
            extended_key_usages: certificate.extended_key_usages(),
            permitted_names: permitted.map(parse).transpose()?.unwrap_or_default(),
        })
    }

    /// The first purpose that it does not let through.
    #[must_use]
    pub fn usage_outside(&self, usages: &[ObjectIdentifier]) -> Option<ObjectIdentifier> {
        let bound = &self.extended_key_usages;
        usages.iter().find(|usage| !bound.is_empty() && !bound.contains(usage)).copied()
    }

    /// The first name that it does not let through: an alternative name or, where there is no DNS
    /// name among these, a common name that verifiers would take for one.
    #[must_use]
    pub fn name_outside(&self, subject: &Name, names: &[GeneralName]) -> Option<String> {
        if self.permitted_names.is_empty() {
            return None;
        }
        let mut dns = names.iter().filter_map(GeneralName::as_dns).peekable();
        let outside = |name: &&str| !self.permits(name);
        if dns.peek().is_some() {
            return dns.find(outside).map(str::to_owned);
        }
        let looks_like_one = |name: &&str| name.contains('.') && GeneralName::dns(name).is_ok();
        subject.common_names().filter(looks_like_one).find(outside).map(str::to_owned)
    }

    fn permits(&self, name: &str) -> bool {
        self.permitted_names.iter().any(|subtree| is_within(name, subtree))
    }
}

/// Whether a DNS name is the top of a subtree or below it, whatever its letters' case.
#[must_use]
pub fn is_within(name: &str, subtree: &str) -> bool {
    let (name, subtree) = (name.to_ascii_lowercase(), subtree.to_ascii_lowercase());
    name.strip_suffix(&subtree).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

impl Extension {
    /// nameConstraints (RFC 5280 4.2.1.10) that permit these DNS subtrees; critical, as the RFC
    /// demands.
    #[must_use]
    pub fn permitted_names(subtrees: &[String]) -> Self {
        let subtree = |name: &String| {
            tlv::sequence(&[tlv::encode(tlv::context_primitive(DNS_NAME), name.as_bytes())])
        };
        let permitted: Vec<u8> = subtrees.iter().flat_map(subtree).collect();
        let value = tlv::sequence(&[tlv::encode(tlv::context(0), &permitted)]);
        Self { oid: oid::NAME_CONSTRAINTS, critical: true, value }
    }
}

/// The number of dNSName among general names.
const DNS_NAME: u8 = 2;

fn parse(der: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut reader = tlv::only(der, tlv::SEQUENCE)?.reader();
    let permitted = reader.expect(tlv::context(0))?.children(SUBTREES_MAX)?;
    reader.finish()?;
    permitted
        .iter()
        .map(|subtree| {
            let mut reader = subtree.reader();
            let name = reader.expect(tlv::context_primitive(DNS_NAME))?.content.to_vec();
            reader.finish()?;
            String::from_utf8(name).map_err(|_| Malformed("a name constraint"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(permitted: &[&str], usages: &[ObjectIdentifier]) -> Constraints {
        Constraints {
            extended_key_usages: usages.to_vec(),
            permitted_names: permitted.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn a_name_lies_within_a_subtree_by_whole_labels() {
        for name in ["example.org", "a.example.org", "A.B.Example.ORG", "*.example.org"] {
            assert!(is_within(name, "example.org"), "{name}");
        }
        for name in ["badexample.org", "example.org.test", "org", "", "example.com"] {
            assert!(!is_within(name, "example.org"), "{name}");
        }
    }

    #[test]
    fn subtrees_read_back_as_they_were_written() {
        let subtrees = vec!["example.org".to_owned(), "school.test".to_owned()];
        let extension = Extension::permitted_names(&subtrees);
        assert!(extension.critical);
        assert_eq!(parse(&extension.value), Ok(subtrees));
        let many = vec!["a".to_owned(); SUBTREES_MAX + 1];
        assert!(parse(&Extension::permitted_names(&many).value).is_err());
        for length in 0..extension.value.len() {
            assert!(parse(extension.value.get(..length).unwrap()).is_err(), "{length}");
        }
    }

    #[test]
    fn a_purpose_that_is_not_named_is_outside_unless_none_is() {
        let bound = constraints(&[], &[oid::CLIENT_AUTH]);
        assert_eq!(bound.usage_outside(&[oid::CLIENT_AUTH]), None);
        assert_eq!(bound.usage_outside(&[]), None);
        let both = [oid::CLIENT_AUTH, oid::SERVER_AUTH];
        assert_eq!(bound.usage_outside(&both), Some(oid::SERVER_AUTH));
        assert_eq!(constraints(&[], &[]).usage_outside(&both), None);
    }

    #[test]
    fn a_common_name_counts_where_verifiers_take_it_for_a_dns_name() {
        let bound = constraints(&["example.org"], &[]);
        let check = |subject: &str, names: &[&str], outside: Option<&str>| {
            let subject = Name::parse_text(subject).unwrap();
            let names: Vec<_> =
                names.iter().map(|name| GeneralName::parse_text(name).unwrap()).collect();
            assert_eq!(bound.name_outside(&subject, &names).as_deref(), outside, "{names:?}");
        };
        check("CN=C02XK1ZZJGH5", &[], None);
        check("CN=mac.example.org", &[], None);
        check("CN=mac.example.com", &[], Some("mac.example.com"));
        check("CN=mac.example.com", &["dns:mac.example.org"], None);
        check("CN=x", &["dns:mac.example.org", "dns:example.com"], Some("example.com"));
        check("CN=x", &["email:anna@example.com", "uri:https://example.com/"], None);
        check("CN=Example.com devices", &[], None);
    }
}
