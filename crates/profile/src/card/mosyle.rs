//! Mosyle: a Multi-Cert Profile with its certificates, SCEP and Wi-Fi, then its assignment.

use super::Entry;
use super::Section;
use super::content::Content;
use super::content::protection;
use crate::apple::trust::Role;
use crate::apple::trust::Trusted;
use crate::network::NameKind;
use crate::render::Part;

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let network = content.network;
    let mut sections = vec![
        Section::new(None, "Creating a Multi-Cert Profile")
            .at("Management > Management Profiles > Multi-Cert Profile > Add new profile")
            .typed("Profile Name", network.name.as_str())
            .remarking(
                "If Multi-Cert Profile is not in the list, activate this profile type first.",
            )
            .remarking("Joining the Wi-Fi on its own needs a Mosyle Premium subscription.")
            .remarking(
                "Everything goes into this one profile: a Mac looks for certificates that a \
                 payload points to in the same profile only.",
            ),
    ];
    sections.extend(content.trusted.iter().map(|trusted| certificate(content, trusted)));
    sections.push(scep(content));
    sections.push(wifi(content));
    sections.push(
        Section::new(None, "Assigning a Profile")
            .at("the Multi-Cert Profile's page > Profile Assignment")
            .pressed("+ Add Assignment")
            .chosen("Device Enrollment", "All current and future Devices")
            .noting("or the users, devices or groups that are meant")
            .pressed("Save"),
    );
    sections
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>) -> Section {
    let title = match trusted.role {
        Role::Root => "Creating a ROOT CA Profile",
        Role::Issuing | Role::Intermediate => "Creating an Intermediate CA Profile",
        Role::Radius => "Creating a Global Root CA Profile",
    };
    let section = Section::new(Some(Part::Trust), format!("{title}: {}", trusted.name))
        .at("+ ADD PROFILE > Add Certificate profile")
        .typed("Profile name", content.profile_name(trusted))
        .uploaded("Select the file", content.file(trusted))
        .pressed("Save");
    if trusted.role == Role::Root && trusted.is_anchor {
        section.remarking(
            "RADIUS servers are trusted by this root too, so that it needs no Global Root CA \
             Profile of its own.",
        )
    } else {
        section
    }
}

fn scep(content: &Content<'_>) -> Section {
    let scep = &content.network.scep;
    let mut section = Section::new(Some(Part::Scep), "Creating a SCEP Profile")
        .at("+ ADD PROFILE > Add SCEP profile")
        .typed("Profile Name", format!("{} (SCEP)", content.network.name))
        .chosen("Server", "URL")
        .typed("URL", scep.url.as_str())
        .with("Subject", content.subject("/", ""));
    if let Some((kind, value)) = content.names.first() {
        section = section
            .chosen("Subject Alternative Name Type", name_type(*kind))
            .with("Subject Alternative Name Value", content.entry(value.clone()));
    } else {
        section = section.with("Subject Alternative Name Type", Entry::Leave);
    }
    section = section
        .with("Challenge", Entry::Secret(scep.challenge.clone()))
        .chosen("Key Size", scep.key_bits.to_string())
        .ticked("Use for signing")
        .ticked("Use for encryption")
        .ticked_if(scep.allow_all_apps, "Allow access to all apps");
    if let Some(root) = content.root() {
        section =
            section.chosen("Create from Certificate", content.profile_name(root)).noting(format!(
                "the root: Mosyle makes the fingerprint {} of it, which Macs compare with the last \
                 certificate that the gateway shows; of another certificate it would be wrong",
                content.fingerprint()
            ));
    }
    section = section.pressed("Save");
    if content.names.len() > 1 {
        section = section.remarking(
            "Mosyle's form takes one alternative name, the first; upload the profile at the end of \
             this card to have all of them.",
        );
    }
    section.remarking(
        "User variables such as %Email% are empty on devices that are assigned to nobody.",
    )
}

fn name_type(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Email => "RFC822 Name",
        NameKind::Dns => "DNS Name",
        NameKind::Uri => "Uniform Resource Identifier",
        NameKind::Upn => "NT Principal Name",
    }
}

fn wifi(content: &Content<'_>) -> Section {
    let network = content.network;
    let Some((ssid, security, hidden)) = content.wireless() else { return content.wired() };
    let mut section = Section::new(Some(Part::Wifi), "Creating a Wi-Fi Profile")
        .at("+ ADD PROFILE > Add WiFi profile")
        .typed("Profile Name", format!("{} (network)", network.name))
        .typed("SSID (network name)", ssid)
        .chosen("Security Type", protection(security))
        .ticked("Protocols tab: TLS")
        .chosen("Identity Certificate", "Use SCEP profile");
    for anchor in content.anchors() {
        section =
            section.uploaded("Trust tab: Trust Certificates, Choose file", content.file(anchor));
    }
    for name in &network.server_names {
        section = section.typed("Trusted Server Certificate Names", name.as_str());
    }
    section = section.ticked_if(network.auto_join, "Auto Join");
    if hidden {
        section = section.ticked("Hidden Network");
    }
    section
        .ticked_if(network.disable_mac_randomization, "Disable MAC Address Randomization")
        .pressed("Save")
}
