//! Alternative names of a template: which kinds there are, and where a value goes.

use pki::general_name::GeneralName;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

/// The alternative names of a template, by kind, with variables.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
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

/// The kinds of alternative names that a template can ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SanKind {
    Dns,
    Email,
    Uri,
    Upn,
    PermanentIdentifier,
}

impl SanKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Email => "email",
            Self::Uri => "uri",
            Self::Upn => "upn",
            Self::PermanentIdentifier => "permanent-identifier",
        }
    }

    /// The field of the template.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Dns => "san.dns",
            Self::Email => "san.email",
            Self::Uri => "san.uri",
            Self::Upn => "san.upn",
            Self::PermanentIdentifier => "san.permanent_identifier",
        }
    }

    /// The value in this kind, else in the first kind where it is legal, else nowhere.
    pub(super) fn place(self, value: &str) -> Option<GeneralName> {
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
    pub(super) fn entries(&self) -> impl Iterator<Item = (SanKind, &String)> {
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
}
