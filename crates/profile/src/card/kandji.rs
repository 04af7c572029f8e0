//! Kandji, now Iru: library items.

use super::Entry;
use super::Section;
use super::content::Content;
use super::content::kind;
use super::content::protection;
use crate::apple::trust::Trusted;
use crate::render::Part;

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let mut sections: Vec<Section> =
        content.trusted.iter().map(|trusted| certificate(content, trusted)).collect();
    sections.push(wifi(content));
    sections.push(scep(content));
    sections.push(
        Section::new(None, "Blueprints")
            .at("each library item > Assignment")
            .chosen("Blueprint", "the same Blueprints for every item of this card"),
    );
    sections
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>) -> Section {
    Section::new(Some(Part::Trust), format!("Certificate: {}", trusted.name))
        .at("Library > Add new > Certificate")
        .typed("Name", content.profile_name(trusted))
        .chosen("Certificate type", "PKCS #1-formatted certificate")
        .uploaded("Certificate", content.file(trusted))
        .pressed("Save")
}

fn wifi(content: &Content<'_>) -> Section {
    let network = content.network;
    let Some((ssid, security, hidden)) = content.wireless() else { return content.wired() };
    let mut section = Section::new(Some(Part::Wifi), "Wi-Fi")
        .at("Library > Add new > Wi-Fi")
        .typed("Name", format!("{} (network)", network.name))
        .typed("Service Set Identifier (SSID)", ssid)
        .ticked_if(hidden, "Hidden network")
        .ticked_if(network.auto_join, "Automatically join this network")
        .ticked_if(network.disable_mac_randomization, "Disable MAC address randomization")
        .chosen("Authentication type", protection(security))
        .chosen("Accepted EAP types", "TLS")
        .chosen("Identity certificate", "SCEP");
    for anchor in content.anchors() {
        section = section.uploaded("Trusted certificates", content.file(anchor));
    }
    for name in &network.server_names {
        section = section.typed("Trusted server certificate names", name.as_str());
    }
    section
        .chosen("TLS minimum version", version(network.tls.lowest))
        .chosen("TLS maximum version", version(network.tls.highest))
        .remarking(
            "The SCEP settings of the next section stand in this same item when SCEP is chosen as \
             identity, so that a Mac finds the certificate.",
        )
}

fn version(version: crate::network::TlsVersion) -> &'static str {
    match version {
        crate::network::TlsVersion::Tls12 => "1.2",
        crate::network::TlsVersion::Tls13 => "1.3",
    }
}

fn scep(content: &Content<'_>) -> Section {
    let scep = &content.network.scep;
    let mut section = Section::new(Some(Part::Scep), "SCEP")
        .at("the Wi-Fi item > Identity certificate, or Library > Add new > SCEP")
        .typed("URL", scep.url.as_str())
        .typed("Name", content.network.slug.as_str())
        .with("Challenge", Entry::Secret(scep.challenge.clone()))
        .typed("Fingerprint", content.fingerprint())
        .noting("SHA-1 of the root, which Macs compare with the last certificate of GetCACert")
        .with("Subject", content.subject("", ","))
        .noting(
            "CN=$PROFILE_UUID is added; with more than two CNs Macs do not find the certificate",
        );
    for (name, value) in &content.names {
        section = section
            .chosen("Subject Alternative Name type", kind(*name))
            .with("Subject Alternative Name value", content.entry(value.clone()));
    }
    section
        .chosen("Key size", scep.key_bits.to_string())
        .chosen("Key usage", "Both signing and encryption")
        .typed("Retries", "3")
        .typed("Retry delay", "10")
        .ticked_if(scep.allow_all_apps, "Allow apps to access the private key")
        .ticked("Prevent the private key data from being extracted from the keychain")
        .ticked("Automatic profile redistribution")
        .noting("this is what renews the certificate; choose 30 days before it expires")
}
