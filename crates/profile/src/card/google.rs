//! The Google Admin console, for `ChromeOS`: certificates, a SCEP profile, a Wi-Fi network.

use super::Entry;
use super::Section;
use super::content::Content;
use crate::apple::trust::Role;
use crate::apple::trust::Trusted;
use crate::network::NameKind;
use crate::render::Part;

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let mut sections: Vec<Section> =
        content.trusted.iter().map(|trusted| certificate(content, trusted)).collect();
    sections.push(scep(content));
    sections.push(wifi(content));
    sections
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>) -> Section {
    Section::new(Some(Part::Trust), format!("Certificate: {}", trusted.name))
        .at("Devices > Networks > Certificates > Add certificate")
        .typed("Name", content.profile_name(trusted))
        .uploaded("Certificate", content.file(trusted))
        .ticked_if(trusted.role != Role::Radius, "Certificate authority: Chromebook")
}

fn scep(content: &Content<'_>) -> Section {
    let scep = &content.network.scep;
    let mut section = Section::new(Some(Part::Scep), "SCEP profile")
        .at("Devices > Networks > Secure SCEP > Add Secure SCEP profile")
        .chosen("Platforms", "Chromebook (device)")
        .typed("SCEP profile name", format!("{} (SCEP)", content.network.name))
        .with("Subject name format: Fully distinguished name", content.subject("", ","));
    for (kind, value) in &content.names {
        let kind = match kind {
            NameKind::Email => "RFC822",
            NameKind::Dns => "DNS",
            NameKind::Uri => "URI",
            NameKind::Upn => "User principal name",
        };
        section = section
            .chosen("Subject alternative name: Custom, type", kind)
            .with("Subject alternative name: Custom, value", content.entry(value.clone()));
    }
    section = section
        .chosen("Signing algorithm", "SHA256withRSA")
        .ticked("Key usage: Key encipherment")
        .ticked("Key usage: Signing")
        .chosen("Key size (bits)", scep.key_bits.to_string())
        .typed("SCEP server URL", scep.url.as_str())
        .typed("Renew within days", "42")
        .chosen("Extended key usage", "Client authentication")
        .chosen("Challenge type", "Static")
        .with("Challenge", Entry::Secret(scep.challenge.clone()));
    if let Some(issuing) = content.trusted.iter().find(|one| one.role == Role::Issuing) {
        section = section.chosen("Certificate authority", content.profile_name(issuing));
    }
    section.remarking(
        "Google asks through its Cloud Certificate Connector, a program on a Windows server of \
         yours: that server must reach the URL.",
    )
}

fn wifi(content: &Content<'_>) -> Section {
    let network = content.network;
    let Some((ssid, _, hidden)) = content.wireless() else { return content.wired() };
    let suffixes: Vec<&str> =
        network.server_names.iter().map(|name| name.strip_prefix("*.").unwrap_or(name)).collect();
    Section::new(Some(Part::Wifi), "Wi-Fi")
        .at("Devices > Networks > Wi-Fi > Add Wi-Fi")
        .ticked("Platform access: Chromebooks (by device)")
        .typed("Name", network.name.as_str())
        .typed("SSID", ssid)
        .ticked_if(hidden, "This SSID is not broadcast")
        .ticked_if(network.auto_join, "Automatically connect")
        .chosen("Security type", "WPA/WPA2/WPA3 Enterprise (802.1X)")
        .chosen("Extensible Authentication Protocol", "EAP-TLS")
        .typed("Username", network.outer_identity.as_deref().unwrap_or("anonymous"))
        .noting("what the device calls itself; the certificate decides")
        .chosen("Server Certificate Authority", content.anchor_names())
        .typed("Server Certificate Domain Suffix Match", suffixes.join(", "))
        .noting("a suffix covers every label before it; without the *. of the network profile")
        .chosen("SCEP profile", format!("{} (SCEP)", network.name))
}
