//! Workspace ONE UEM: a certificate authority with its request template, then a profile.

use super::Entry;
use super::Section;
use super::content::Content;
use super::content::kind;
use super::content::protection;
use crate::apple::trust::Trusted;
use crate::render::Part;

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let network = content.network;
    let mut sections = vec![authority(content), template(content)];
    sections.push(
        Section::new(None, "Profile")
            .at("Resources > Profiles & Baselines > Profiles > Add > Apple macOS > Device Profile")
            .typed("Name", network.name.as_str())
            .chosen("Assignment Type", "Auto")
            .chosen("Smart Groups", "the devices that are meant"),
    );
    sections.extend(content.trusted.iter().map(|trusted| certificate(content, trusted)));
    sections.push(
        Section::new(Some(Part::Scep), "SCEP")
            .at("the profile > SCEP > Configure")
            .chosen("Credential Source", "Defined Certificate Authority")
            .chosen("Certificate Authority", format!("{} (SCEP)", network.name))
            .chosen("Certificate Template", format!("{} (template)", network.name)),
    );
    sections.push(wifi(content));
    sections
}

fn authority(content: &Content<'_>) -> Section {
    let scep = &content.network.scep;
    Section::new(Some(Part::Scep), "Certificate Authority")
        .at("Devices > Certificates > Certificate Authorities > Add")
        .typed("Name", format!("{} (SCEP)", content.network.name))
        .chosen("Authority Type", "Generic SCEP")
        .chosen("SCEP Provider", "Basic")
        .typed("SCEP URL", scep.url.as_str())
        .chosen("Challenge Type", "Static")
        .with("Static Challenge", Entry::Secret(scep.challenge.clone()))
        .with("Confirm Challenge Phrase", Entry::Secret(scep.challenge.clone()))
        .typed("Retry Timeout", "30")
        .typed("Max Retries When Pending", "5")
        .pressed("Test Connection")
        .pressed("Save")
}

fn template(content: &Content<'_>) -> Section {
    let network = content.network;
    let mut section = Section::new(Some(Part::Scep), "Request Template")
        .at("Devices > Certificates > Certificate Authorities > Request Templates > Add")
        .typed("Name", format!("{} (template)", network.name))
        .chosen("Certificate Authority", format!("{} (SCEP)", network.name))
        .with("Subject Name", content.subject("", ","))
        .chosen("Private Key Length", network.scep.key_bits.to_string())
        .ticked("Private Key Type: Signing")
        .ticked("Private Key Type: Encryption");
    for (name, value) in &content.names {
        section =
            section.chosen("SAN Type", kind(*name)).with("SAN Value", content.entry(value.clone()));
    }
    section
        .ticked("Automatic Certificate Renewal")
        .typed("Auto Renewal Period (days)", "30")
        .with("Publish Private Key", Entry::Untick)
        .pressed("Save")
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>) -> Section {
    Section::new(Some(Part::Trust), format!("Credentials: {}", trusted.name))
        .at("the profile > Credentials > Configure, or + for a further one")
        .chosen("Credential Source", "Upload")
        .typed("Credential Name", content.profile_name(trusted))
        .uploaded("Certificate", content.file(trusted))
}

fn wifi(content: &Content<'_>) -> Section {
    let network = content.network;
    let Some((ssid, security, hidden)) = content.wireless() else { return content.wired() };
    let mut section = Section::new(Some(Part::Wifi), "Network")
        .at("the profile > Network > Configure")
        .chosen("Network Interface", "Wi-Fi")
        .typed("Service Set Identifier", ssid)
        .ticked_if(hidden, "Hidden Network")
        .ticked_if(network.auto_join, "Auto-Join")
        .ticked_if(network.disable_mac_randomization, "Disable MAC Address Randomization")
        .chosen("Security Type", protection(security))
        .ticked("Protocols: TLS")
        .chosen("Identity Certificate", "the SCEP payload");
    for anchor in content.anchors() {
        section = section.chosen("Trusted Certificates", content.profile_name(anchor));
    }
    section.typed("Trusted Server Certificate Names", content.server_names(", "))
}
