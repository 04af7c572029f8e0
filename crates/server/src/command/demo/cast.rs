//! The devices of the demo, and what is to become of each.

use device::mdm;
use eap::settings::TlsVersion;

/// Where Macs are managed.
pub(crate) const MACBOOKS: &str = "MacBooks";

/// Where iPads are managed.
const IPADS: &str = "iPads";

/// Where devices on loan are managed.
const LOANS: &str = "Loans";

/// Every group that the MDM manages by itself; each has a network profile of its name.
pub(crate) const GROUPS: [&str; 3] = [MACBOOKS, IPADS, LOANS];

/// One simulated device.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// What people call it.
    pub(crate) name: String,
    /// The group that it is managed in.
    pub(crate) group: &'static str,
    /// What the MDM knows of it.
    pub(crate) device: mdm::Device,
    /// The TLS version that it speaks.
    pub(crate) tls: TlsVersion,
    /// Whether it comes when the profile is assigned already.
    pub(crate) is_late: bool,
    /// What is to become of it.
    pub(crate) fate: Fate,
}

/// What is to become of a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// It gets in, on this VLAN.
    Accepted(&'static str),
    /// Its profile carries a wrong challenge.
    WrongChallenge,
    /// No network policy accepts its role.
    NoNetworkPolicy,
    /// Its certificate is revoked a moment before it joins.
    Revoked,
    /// Its profile expects a server of another name, so that it refuses ours.
    OtherServer,
}

impl Fate {
    /// The reason code that the server must give; none for a device that gets in.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Self::Accepted(_) => None,
            Self::WrongChallenge => Some("ENR-CHALLENGE-WRONG"),
            Self::NoNetworkPolicy => Some("POL-NO-MATCH"),
            Self::Revoked => Some("CERT-REVOKED"),
            Self::OtherServer => Some("TLS-BAD-CERTIFICATE"),
        }
    }
}

impl Actor {
    /// So many devices that get in, and four that do not.
    pub(crate) fn all(accepted: u32) -> Vec<Self> {
        let mut actors = vec![Self::of_guide()];
        for number in 1..accepted {
            let (tls, version) = match number / 2 % 2 {
                0 => (TlsVersion::Tls13, "1.3"),
                _ => (TlsVersion::Tls12, "1.2"),
            };
            let (model, group, vlan) =
                if number % 2 == 1 { ("MacBook", MACBOOKS, "20") } else { ("iPad", IPADS, "30") };
            let name = format!("{model} {number} (TLS {version})");
            let plain = Self::plain(name, group, number, Fate::Accepted(vlan));
            actors.push(Self { tls, is_late: number + 1 == accepted, ..plain });
        }
        let refused = [
            ("MacBook with a wrong challenge", MACBOOKS, Fate::WrongChallenge),
            ("iPad on loan", LOANS, Fate::NoNetworkPolicy),
            ("MacBook that was stolen", MACBOOKS, Fate::Revoked),
            ("MacBook with a mistyped server name", MACBOOKS, Fate::OtherServer),
        ];
        for ((name, group, fate), number) in refused.into_iter().zip(accepted..) {
            actors.push(Self::plain(name.to_owned(), group, number, fate));
        }
        actors
    }

    /// The guide's own example: its e-mail address becomes the subject, and what is no e-mail
    /// address at all becomes RFC822 names.
    fn of_guide() -> Self {
        let plain = Self::plain(
            "MacBook Pro (the guide's values)".to_owned(),
            MACBOOKS,
            0,
            Fate::Accepted("20"),
        );
        let device = mdm::Device {
            model: "MacBook Pro".to_owned(),
            mac: "a4:83:e7:12:34:56".to_owned(),
            email: "anna@example.test".to_owned(),
            person: "Anna Example".to_owned(),
            ..plain.device
        };
        Self { device, ..plain }
    }

    fn plain(name: String, group: &'static str, number: u32, fate: Fate) -> Self {
        let [_, high, middle, low] = number.to_be_bytes();
        let device = mdm::Device {
            serial: format!("C02SC{number:05}"),
            udid: format!("5AFEC0DE-0000-4000-8000-{number:012X}"),
            name: name.clone(),
            model: if group == MACBOOKS { "MacBook Air" } else { "iPad" }.to_owned(),
            mac: format!("02:5c:00:{high:02x}:{middle:02x}:{low:02x}"),
            email: format!("teacher-{number}@example.test"),
            person: format!("Teacher {number}"),
            upn: format!("teacher-{number}@example.test"),
        };
        Self { name, group, device, tls: TlsVersion::Tls13, is_late: false, fate }
    }

    /// Its MAC address as access points write it.
    pub(crate) fn station(&self) -> String {
        self.device.mac.replace(':', "-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_and_both_networks_are_among_the_fewest() {
        let actors = Actor::all(5);
        assert_eq!(actors.len(), 9);
        let accepted = |tls| {
            let into = |actor: &&Actor| matches!(actor.fate, Fate::Accepted(_)) && actor.tls == tls;
            actors.iter().filter(into).count()
        };
        assert_eq!((accepted(TlsVersion::Tls12), accepted(TlsVersion::Tls13)), (2, 3));
        assert!(actors.iter().any(|actor| actor.fate == Fate::Accepted("30")));
        assert_eq!(actors.iter().filter(|actor| actor.is_late).count(), 1);
    }
}
