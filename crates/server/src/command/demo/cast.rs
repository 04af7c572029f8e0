//! The devices of the demo, and what is to become of each.

use eap::settings::TlsVersion;
use pki::general_name::GeneralName;

/// One simulated device.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// What people call it.
    pub(crate) name: String,
    /// The gateway that its MDM profile names.
    pub(crate) gateway: &'static str,
    /// The subject that its MDM profile makes.
    pub(crate) subject: String,
    /// The alternative names that its MDM profile makes.
    pub(crate) names: Vec<GeneralName>,
    /// Its MAC address.
    pub(crate) mac: String,
    /// The TLS version that it speaks.
    pub(crate) tls: TlsVersion,
    /// What is to become of it.
    pub(crate) fate: Fate,
}

/// What is to become of a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It gets in, on this VLAN.
    Accepted(&'static str),
    /// It carries a wrong challenge.
    WrongChallenge,
    /// No network policy accepts its role.
    NoNetworkPolicy,
    /// Its certificate is revoked a moment before it joins.
    Revoked,
}

impl Fate {
    /// The reason code that the server must give; none for a device that gets in.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Self::Accepted(_) => None,
            Self::WrongChallenge => Some("ENR-CHALLENGE-WRONG"),
            Self::NoNetworkPolicy => Some("POL-NO-MATCH"),
            Self::Revoked => Some("CERT-REVOKED"),
        }
    }
}

impl Actor {
    /// So many devices that get in, and three that are refused.
    pub(crate) fn all(accepted: u32) -> Vec<Self> {
        let mut actors = vec![Self::with_literal_values()];
        for number in 1..accepted {
            let (tls, version) = match number / 2 % 2 {
                0 => (TlsVersion::Tls13, "1.3"),
                _ => (TlsVersion::Tls12, "1.2"),
            };
            let mac_book = number % 2 == 1;
            let (model, gateway, vlan) =
                if mac_book { ("MacBook", "Mosyle", "20") } else { ("iPad", "Mosyle iPads", "30") };
            let name = format!("{model} {number} (TLS {version})");
            actors.push(Self::plain(name, gateway, number, Fate::Accepted(vlan)).speaking(tls));
        }
        let refused = [
            ("MacBook with a wrong challenge", "Mosyle", Fate::WrongChallenge),
            ("iPad on loan", "Loans", Fate::NoNetworkPolicy),
            ("MacBook that was stolen", "Mosyle", Fate::Revoked),
        ];
        for ((name, gateway, fate), number) in refused.into_iter().zip(accepted..) {
            actors.push(Self::plain(name.to_owned(), gateway, number, fate));
        }
        actors
    }

    /// The guide's own choice of variables: the e-mail address as subject, and as RFC822 names
    /// what is no e-mail address at all.
    fn with_literal_values() -> Self {
        Self {
            name: "MacBook Pro (the guide's values)".to_owned(),
            gateway: "Mosyle",
            subject: "CN=anna@example.test".to_owned(),
            names: vec![
                GeneralName::Email("a4:83:e7:12:34:56".to_owned()),
                GeneralName::Email("MacBook Pro".to_owned()),
            ],
            mac: "a4-83-e7-12-34-56".to_owned(),
            tls: TlsVersion::Tls13,
            fate: Fate::Accepted("20"),
        }
    }

    fn plain(name: String, gateway: &'static str, number: u32, fate: Fate) -> Self {
        let serial = format!("C02SC{number:05}");
        let [_, high, middle, low] = number.to_be_bytes();
        Self {
            name,
            gateway,
            subject: format!("CN={serial}"),
            names: vec![GeneralName::Dns(format!("{}.example.test", serial.to_lowercase()))],
            mac: format!("02-5c-00-{high:02x}-{middle:02x}-{low:02x}"),
            tls: TlsVersion::Tls13,
            fate,
        }
    }

    fn speaking(mut self, tls: TlsVersion) -> Self {
        self.tls = tls;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_and_both_networks_are_among_the_fewest() {
        let actors = Actor::all(5);
        assert_eq!(actors.len(), 8);
        let accepted = |tls| {
            let into = |actor: &&Actor| matches!(actor.fate, Fate::Accepted(_)) && actor.tls == tls;
            actors.iter().filter(into).count()
        };
        assert_eq!((accepted(TlsVersion::Tls12), accepted(TlsVersion::Tls13)), (2, 3));
        assert!(actors.iter().any(|actor| actor.fate == Fate::Accepted("30")));
    }
}
