//! A school with a wireless network, whose RADIUS root is about to change.

use pki::certificate::Certificate;
use pki::pem;
use profile::network::Medium;
use profile::network::NameKind;
use profile::network::Network;
use profile::network::Protection;
use profile::network::Scep;
use profile::network::TlsRange;
use profile::network::TlsVersion;
use profile::text::Part;
use profile::text::Text;
use profile::text::Variable;

/// The challenge of the gateway.
pub(crate) const CHALLENGE: &str = "k3Wd-9xQm-PzR7-example";

fn certificate(text: &str) -> Certificate {
    pem::certificates(text).unwrap().remove(0)
}

/// The root of the devices' certificates.
pub(crate) fn root() -> Certificate {
    certificate(include_str!("../certificate/root.pem"))
}

/// The authority that issues them.
pub(crate) fn issuing() -> Certificate {
    certificate(include_str!("../certificate/issuing.pem"))
}

/// The root of the RADIUS server of now.
pub(crate) fn radius_old() -> Certificate {
    certificate(include_str!("../certificate/radius-root-old.pem"))
}

/// The root of the RADIUS server to come.
pub(crate) fn radius_new() -> Certificate {
    certificate(include_str!("../certificate/radius-root-new.pem"))
}

/// A text that is one variable.
pub(crate) fn variable(variable: Variable) -> Text {
    Text(vec![Part::Variable(variable)])
}

/// A text without variables.
pub(crate) fn literal(text: &str) -> Text {
    Text(vec![Part::Literal(text.to_owned())])
}

/// The network.
pub(crate) fn network() -> Network {
    Network {
        organization: "Example School".to_owned(),
        identifier: "net.safeconduct.example-school".to_owned(),
        name: "School Wi-Fi".to_owned(),
        slug: "school-wi-fi".to_owned(),
        version: 7,
        medium: Medium::Wireless {
            ssid: "School".to_owned(),
            protection: Protection::Wpa2,
            hidden: false,
        },
        auto_join: true,
        disable_mac_randomization: true,
        outer_identity: None,
        tls: TlsRange { lowest: TlsVersion::Tls12, highest: TlsVersion::Tls13 },
        anchors: vec![radius_old(), radius_new()],
        server_names: vec!["*.example.org".to_owned()],
        chain: vec![issuing(), root()],
        scep: Scep {
            url: "https://pki.example.org/scep/mosyle/p-7".to_owned(),
            challenge: CHALLENGE.to_owned(),
            subject: vec![("CN".to_owned(), variable(Variable::DeviceSerial))],
            names: vec![(NameKind::Email, variable(Variable::PersonEmail))],
            key_bits: 2048,
            allow_all_apps: true,
        },
    }
}
