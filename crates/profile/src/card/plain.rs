//! Consoles whose forms are Apple's payloads under Apple's names: Addigy, Meraki, and any other.

use super::Entry;
use super::Section;
use super::content::Content;
use super::content::kind;
use super::content::protection;
use crate::apple::trust::Trusted;
use crate::network::TlsVersion;
use crate::platform::Platform;
use crate::render::Part;

struct Places {
    certificate: &'static str,
    scep: &'static str,
    wifi: &'static str,
    assignment: &'static str,
}

fn places(platform: Platform) -> Places {
    if platform == Platform::Addigy {
        return Places {
            certificate: "Profiles > Add > Certificate",
            scep: "Profiles > Add > SCEP",
            wifi: "Profiles > Add > Wi-Fi",
            assignment: "Policies > the policy > Profiles",
        };
    }
    if platform == Platform::Meraki {
        return Places {
            certificate: "Systems Manager > Manage > Settings > the profile > Add settings > Certificate",
            scep: "Systems Manager > Manage > Settings > the profile > Add settings > SCEP Certificate",
            wifi: "Systems Manager > Manage > Settings > the profile > Add settings > WiFi Settings",
            assignment: "Systems Manager > Manage > Settings > the profile > Device scope",
        };
    }
    Places {
        certificate: "a certificate payload",
        scep: "a SCEP payload of the same profile",
        wifi: "a Wi-Fi payload of the same profile",
        assignment: "the profile's assignment",
    }
}

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let places = places(content.platform);
    let mut sections: Vec<Section> = content
        .trusted
        .iter()
        .map(|trusted| certificate(content, trusted, places.certificate))
        .collect();
    sections.push(scep(content, places.scep));
    sections.push(wifi(content, places.wifi));
    sections.push(
        Section::new(None, "Assignment")
            .at(places.assignment)
            .chosen("Devices", "all that shall join the network"),
    );
    sections
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>, place: &str) -> Section {
    Section::new(Some(Part::Trust), format!("Certificate: {}", trusted.name))
        .at(place)
        .typed("Name", content.profile_name(trusted))
        .uploaded("Certificate", content.file(trusted))
}

fn scep(content: &Content<'_>, place: &str) -> Section {
    let scep = &content.network.scep;
    let mut section = Section::new(Some(Part::Scep), "SCEP")
        .at(place)
        .typed("URL", scep.url.as_str())
        .typed("Name", content.network.slug.as_str())
        .with("Subject", content.subject("", ","));
    for (name, value) in &content.names {
        section = section
            .chosen("Subject Alternative Name Type", kind(*name))
            .with("Subject Alternative Name Value", content.entry(value.clone()));
    }
    section = section
        .with("Challenge", Entry::Secret(scep.challenge.clone()))
        .typed("Retries", "3")
        .typed("Retry Delay", "10")
        .chosen("Key Size", scep.key_bits.to_string())
        .ticked("Use as digital signature")
        .ticked("Use for key encipherment")
        .typed("Fingerprint", content.fingerprint())
        .noting("SHA-1 of the root, which devices compare with the last certificate of GetCACert")
        .with("Allow export from keychain", Entry::Untick)
        .ticked_if(scep.allow_all_apps, "Allow all apps access");
    if content.platform == Platform::Addigy {
        section = section
            .with("Proxy SCEP Requests", Entry::Untick)
            .noting("devices must reach the URL themselves");
    }
    section
}

fn wifi(content: &Content<'_>, place: &str) -> Section {
    let network = content.network;
    let Some((ssid, security, hidden)) = content.wireless() else { return content.wired() };
    let mut section = Section::new(Some(Part::Wifi), "Wi-Fi")
        .at(place)
        .typed("SSID", ssid)
        .ticked_if(hidden, "Hidden Network")
        .ticked_if(network.auto_join, "Auto Join")
        .ticked_if(network.disable_mac_randomization, "Disable MAC Address Randomization")
        .chosen("Security Type", protection(security))
        .ticked("Accepted EAP Types: TLS")
        .chosen("Identity Certificate", "the SCEP payload")
        .chosen("Trusted Certificates", content.anchor_names());
    for name in &network.server_names {
        section = section.typed("Trusted Server Certificate Names", name.as_str());
    }
    section
        .chosen("TLS Minimum Version", version(network.tls.lowest))
        .chosen("TLS Maximum Version", version(network.tls.highest))
}

fn version(version: TlsVersion) -> &'static str {
    match version {
        TlsVersion::Tls12 => "1.2",
        TlsVersion::Tls13 => "1.3",
    }
}
