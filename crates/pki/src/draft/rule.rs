//! The table of rules: the stable name of each, and what it asks for. The handbook's page on lints
//! is compared with it.

use super::Complaint;

macro_rules! rules {
    ($table:ident, $type:ty: $($pattern:pat => $id:literal, $rule:literal;)*) => {
        /// The name of each rule, and what it asks for.
        pub const $table: &[(&str, &str)] = &[$(($id, $rule)),*];

        impl $type {
            /// The stable name of the rule.
            #[must_use]
            pub fn id(&self) -> &'static str {
                match self {
                    $($pattern => $id,)*
                }
            }
        }
    };
}

/// What is no reason not to sign a draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Advice {
    /// There is no alternative name.
    #[error("there is no alternative name, and many look at nothing else")]
    NoAlternativeName,
    /// The common name is another identity than the alternative names.
    #[error("the common name {0} is none of the alternative names")]
    CommonNameApart(String),
    /// Whoever has it can pass for a server.
    #[error("it is good for servers and clients alike")]
    ServerAndClient,
    /// A server's certificate lives longer than is usual.
    #[error("a server's certificate of {0} days; 397 are usual")]
    ServerLife(i64),
}

rules! { RULES, Complaint:
    Self::Serial(_) => "lint-serial",
        "the serial number is a positive integer below 2^159, minimally encoded";
    Self::SerialShort(_) => "lint-serial-short", "the serial number has 64 bits or more";
    Self::ValidityOrder(..) => "lint-validity-order", "the validity ends after it begins";
    Self::ValidityRange(..) => "lint-validity-range",
        "the validity lies within the years 1950 to 9999";
    Self::OutlivesIssuer(..) => "lint-outlives-issuer",
        "the validity ends with the issuer's, or before";
    Self::NoName => "lint-no-name", "there is a subject or an alternative name";
    Self::AuthorityName => "lint-authority-name", "an authority has a subject";
    Self::SubjectLength(..) => "lint-subject-length",
        "no value of the subject is longer than RFC 5280 (appendix A.1) allows";
    Self::IssuerName => "lint-issuer-name", "the issuer has a name";
    Self::AuthorityKeyUsage => "lint-authority-key-usage",
        "keyCertSign and cRLSign are for authorities, and every authority signs certificates";
    Self::PathLength => "lint-path-length", "only an authority has a path length";
    Self::NoKeyUsage => "lint-no-key-usage", "the key may do something";
    Self::AnyExtendedKeyUsage => "lint-any-extended-key-usage",
        "extended key usages are named, never any";
    Self::ExtendedKeyUsageTwice(_) => "lint-extended-key-usage-twice",
        "no extended key usage is there twice";
    Self::ExtendedKeyUsageOutside(_) => "lint-extended-key-usage-outside",
        "the extended key usages are among those of the authorities above";
    Self::NameNotPermitted(_) => "lint-name-not-permitted",
        "every DNS name lies within what the authorities above permit (RFC 5280, 4.2.1.10)";
    Self::UsageConflict(_) => "lint-usage-conflict",
        "the key usage has what each extended key usage needs (RFC 5280, 4.2.1.12)";
    Self::ServerName => "lint-server-name",
        "a server's certificate has a DNS name or an address among its alternative names";
    Self::ServerLife(_) => "lint-server-life",
        "a server's certificate lives for 825 days at most";
    Self::KeyEncipherment => "lint-key-encipherment",
        "only RSA keys encipher keys or data (RFC 8813, 3)";
    Self::WeakKey(_) => "lint-weak-key",
        "the key is strong enough: see the bounds of a CSR on the page on limits";
    Self::Hash(..) => "lint-hash", "the issuer's key signs with the hash";
    Self::GeneralName(_) => "lint-general-name",
        "every alternative name is legal in its kind: DNS labels of letters, digits and hyphens, addresses in ASCII, URIs with a scheme";
    Self::GeneralNames(_) => "lint-general-names", "there are 64 alternative names at most";
    Self::ExtensionTwice(_) => "lint-extension-twice", "no extension is there twice";
    Self::RevocationContradiction => "lint-revocation-contradiction",
        "who says that nobody tells of revocation names no address to ask at, and is no authority";
    Self::Encoding(_) => "lint-encoding", "what is encoded reads back as what was meant";
}

rules! { ADVICE, Advice:
    Self::NoAlternativeName => "advice-no-alternative-name", "there is an alternative name";
    Self::CommonNameApart(_) => "advice-common-name-apart",
        "the common name is one of the alternative names";
    Self::ServerAndClient => "advice-server-and-client",
        "a certificate is for servers or for clients";
    Self::ServerLife(_) => "advice-server-life", "a server's certificate lives for 397 days";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbook_lists_every_rule_as_the_table_has_it() {
        let page = include_str!("../../../../docs/lints.md");
        let rows = RULES.iter().chain(ADVICE);
        for (id, rule) in rows.clone() {
            let row = format!("| `{id}` | {rule} |");
            assert!(page.lines().any(|line| line == row), "docs/lints.md lacks: {row}");
        }
        let listed = page
            .lines()
            .filter(|line| line.starts_with("| `lint-") || line.starts_with("| `advice-"));
        assert_eq!(listed.count(), rows.count(), "docs/lints.md lists rules that are gone");
    }
}
