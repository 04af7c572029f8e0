//! Jamf Pro: one configuration profile with its payloads.

use super::Entry;
use super::Section;
use super::content::Content;
use super::content::kind;
use super::content::protection;
use crate::apple::trust::Trusted;
use crate::render::Part;

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let network = content.network;
    let mut sections = vec![
        Section::new(None, "General")
            .at("Computers > Configuration Profiles > New")
            .typed("Name", network.name.as_str())
            .chosen("Level", "Computer Level")
            .chosen("Distribution Method", "Install Automatically")
            .remarking(
                "For iPhones and iPads: Devices > Configuration Profiles > New, with the same \
                 payloads; the device's name is $DEVICENAME there.",
            ),
    ];
    sections.extend(content.trusted.iter().map(|trusted| certificate(content, trusted)));
    sections.push(scep(content));
    sections.push(wifi(content));
    sections.push(
        Section::new(None, "Scope")
            .at("the profile's Scope tab")
            .chosen("Targets", "All Computers, or the groups that are meant")
            .pressed("Save"),
    );
    sections
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>) -> Section {
    Section::new(Some(Part::Trust), format!("Certificate: {}", trusted.name))
        .at("Certificate > Configure, or + for a further one")
        .typed("Certificate Name", content.profile_name(trusted))
        .chosen("Select Certificate Option", "Upload")
        .uploaded("Upload Certificate", content.file(trusted))
        .chosen("Allow all apps access", "Off")
}

fn scep(content: &Content<'_>) -> Section {
    let scep = &content.network.scep;
    let mut section = Section::new(Some(Part::Scep), "SCEP")
        .at("SCEP > Configure")
        .typed("URL", scep.url.as_str())
        .typed("Name", content.network.slug.as_str())
        .chosen("Redistribute Profile", "30 days before the certificate expires")
        .noting("Macs do not renew by themselves; this is what renews")
        .with("Subject", content.subject("", ","));
    for (name, value) in &content.names {
        section = section
            .chosen("Subject Alternative Name Type", kind(*name))
            .with("Subject Alternative Name Value", content.entry(value.clone()));
    }
    section
        .chosen("Challenge Type", "Static")
        .with("Challenge", Entry::Secret(scep.challenge.clone()))
        .with("Verify Challenge", Entry::Secret(scep.challenge.clone()))
        .typed("Retries", "3")
        .typed("Retry Delay", "10")
        .chosen("Key Size", scep.key_bits.to_string())
        .ticked("Use as digital signature")
        .ticked("Use for key encipherment")
        .typed("Fingerprint", content.fingerprint())
        .noting("SHA-1 of the root, which Macs compare with the last certificate of GetCACert")
        .with("Allow export from keychain", Entry::Untick)
        .ticked_if(scep.allow_all_apps, "Allow all apps access")
        .remarking(
            "Saving this profile again makes every device in its scope ask for a new certificate.",
        )
}

fn wifi(content: &Content<'_>) -> Section {
    let network = content.network;
    let Some((ssid, security, hidden)) = content.wireless() else { return content.wired() };
    let mut section = Section::new(Some(Part::Wifi), "Network")
        .at("Network > Configure")
        .chosen("Network Interface", "Wi-Fi")
        .typed("Service Set Identifier (SSID)", ssid)
        .ticked_if(hidden, "Hidden Network")
        .ticked_if(network.auto_join, "Auto Join")
        .ticked_if(network.disable_mac_randomization, "Disable MAC Address Randomization")
        .chosen("Security Type", protection(security))
        .ticked("Protocols: TLS")
        .chosen("Identity Certificate", "the SCEP payload");
    for anchor in content.anchors() {
        section = section.chosen("Trust: Trusted Certificates", content.profile_name(anchor));
    }
    for name in &network.server_names {
        section = section.typed("Trust: Certificate Common Name", name.as_str());
    }
    section.remarking(
        "TLS versions are not in every Jamf's form; without them a Mac speaks TLS 1.0 to 1.2. The \
         profile to upload has them.",
    )
}
