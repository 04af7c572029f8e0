//! A network that says everything, and certificates that never change: signatures of ECDSA differ
//! each time they are made, and the golden files hold them.

use pki::certificate::Certificate;
use pki::pem;
use profile::file::File;
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

/// Characters that mean something in one of the languages, all of them in one line.
pub(crate) const HOSTILE: &str = "</a>&\"'`$(x)${y};#%\\?[]\u{2019} é";

macro_rules! certificates {
    ($($name:ident = $file:literal;)*) => {
        $(pub(crate) fn $name() -> Certificate {
            read(include_str!(concat!("authority/", $file)))
        })*
    };
}

certificates! {
    root = "root.pem";
    issuing = "issuing.pem";
    radius_old = "radius-old.pem";
    radius_new = "radius-new.pem";
    server = "server.pem";
    server_sha256 = "server-sha256.pem";
    issuing_384 = "issuing-384.pem";
    rsa_2048 = "rsa-2048.pem";
    rsa_3072 = "rsa-3072.pem";
}

fn read(text: &str) -> Certificate {
    pem::certificates(text).unwrap().remove(0)
}

pub(crate) fn text(parts: &[Part]) -> Text {
    Text(parts.to_vec())
}

pub(crate) fn literal(text: &str) -> Part {
    Part::Literal(text.to_owned())
}

/// A wireless network in the middle of a rollover.
pub(crate) fn network() -> Network {
    Network {
        organization: "Example School".to_owned(),
        identifier: "net.safeconduct.example-school".to_owned(),
        name: "Example Secure".to_owned(),
        slug: "example-secure".to_owned(),
        version: 3,
        medium: Medium::Wireless {
            ssid: "Example-Secure".to_owned(),
            protection: Protection::Wpa2,
            hidden: false,
        },
        auto_join: true,
        disable_mac_randomization: true,
        outer_identity: None,
        tls: TlsRange { lowest: TlsVersion::Tls12, highest: TlsVersion::Tls13 },
        anchors: vec![radius_old(), radius_new()],
        server_names: vec!["radius.example.org".to_owned()],
        chain: vec![issuing(), root()],
        scep: Scep {
            url: "http://ca.example.org/scep/example-school/p-3".to_owned(),
            challenge: "correct horse".to_owned(),
            subject: vec![
                ("CN".to_owned(), text(&[Part::Variable(Variable::DeviceSerial)])),
                ("O".to_owned(), text(&[literal("Example School, Inc.")])),
            ],
            names: vec![
                (
                    NameKind::Dns,
                    text(&[Part::Variable(Variable::DeviceName), literal(".devices.example.org")]),
                ),
                (NameKind::Uri, text(&[literal("urn:example:device")])),
            ],
            key_bits: 2048,
            allow_all_apps: false,
        },
    }
}

/// The same on a cable.
pub(crate) fn wired() -> Network {
    Network { medium: Medium::Wired, slug: "example-wired".to_owned(), ..network() }
}

/// The same with 192-bit security, and certificates that are strong enough.
pub(crate) fn suite_192() -> Network {
    let mut network = protected(Protection::Wpa3Suite192);
    network.anchors = vec![radius_new()];
    network.chain = vec![issuing_384(), radius_new()];
    network.scep.key_bits = 4096;
    network
}

pub(crate) fn protected(protection: Protection) -> Network {
    with_ssid("Example-Secure", protection, false)
}

pub(crate) fn with_ssid(ssid: &str, protection: Protection, hidden: bool) -> Network {
    let medium = Medium::Wireless { ssid: ssid.to_owned(), protection, hidden };
    Network { medium, ..network() }
}

/// A network in which all that people write is hostile.
pub(crate) fn hostile() -> Network {
    let mut network = with_ssid(HOSTILE, Protection::Wpa2, true);
    network.organization = HOSTILE.to_owned();
    network.name = HOSTILE.to_owned();
    network.outer_identity = Some(HOSTILE.to_owned());
    network.scep.url = format!("http://ca.example.org/{HOSTILE}");
    network.scep.challenge = HOSTILE.to_owned();
    network.scep.subject = vec![("CN".to_owned(), text(&[literal(HOSTILE)]))];
    network.scep.names = vec![(NameKind::Email, text(&[literal("a'b@example.org")]))];
    network
}

/// The file whose name ends so.
pub(crate) fn named<'a>(files: &'a [File], ending: &str) -> &'a File {
    let mut found = files.iter().filter(|file| file.name.ends_with(ending));
    let file = found.next().unwrap_or_else(|| panic!("no file {ending}"));
    assert!(found.next().is_none(), "two files {ending}");
    file
}

pub(crate) fn content(file: &File) -> &str {
    core::str::from_utf8(&file.content).unwrap()
}
