//! Microsoft Intune: a profile for each trusted certificate, one for SCEP, one for Wi-Fi.

use super::Section;
use super::content::Content;
use crate::apple::trust::Trusted;
use crate::network::NameKind;
use crate::network::Protection;
use crate::render::Part;

const PLACE: &str = "Devices > Configuration > Create > New policy > the platform > Templates";

pub(super) fn sections(content: &Content<'_>) -> Vec<Section> {
    let mut sections: Vec<Section> =
        content.trusted.iter().map(|trusted| certificate(content, trusted)).collect();
    sections.push(scep(content));
    sections.push(wifi(content));
    sections.push(
        Section::new(None, "Assignments")
            .at("each profile's Assignments")
            .chosen("Included groups", "the same groups for every profile of this card")
            .remarking(
                "Profiles that depend on each other stay pending when they are assigned to \
                 different groups, or one to users and one to devices.",
            ),
    );
    sections
}

fn certificate(content: &Content<'_>, trusted: &Trusted<'_>) -> Section {
    Section::new(Some(Part::Trust), format!("Trusted certificate: {}", trusted.name))
        .at(&format!("{PLACE} > Trusted certificate"))
        .typed("Name", content.profile_name(trusted))
        .uploaded("Certificate file", content.file(trusted))
}

fn scep(content: &Content<'_>) -> Section {
    let scep = &content.network.scep;
    let mut section = Section::new(Some(Part::Scep), "SCEP certificate")
        .at(&format!("{PLACE} > SCEP certificate"))
        .typed("Name", format!("{} (SCEP)", content.network.name))
        .chosen("Certificate type", "Device")
        .noting("User, if a variable of the person stands in the subject or in a name")
        .with("Subject name format", content.subject("", ","));
    for (kind, value) in &content.names {
        let attribute = match kind {
            NameKind::Email => "Email address",
            NameKind::Dns => "DNS",
            NameKind::Uri => "Uniform Resource Identifier (URI)",
            NameKind::Upn => "User principal name (UPN)",
        };
        section = section
            .chosen("Subject alternative name: Attribute", attribute)
            .with("Subject alternative name: Value", content.entry(value.clone()));
    }
    section = section
        .chosen("Certificate validity period", "as in the certificate template")
        .noting("the template decides; five days is the least that Intune handles well")
        .ticked("Key usage: Digital signature")
        .ticked("Key usage: Key encipherment")
        .chosen("Key size (bits)", scep.key_bits.to_string());
    if let Some(root) = content.root() {
        section = section.chosen("Root Certificate", content.profile_name(root));
    }
    section
        .chosen("Extended key usage", "Client Authentication (1.3.6.1.5.5.7.3.2)")
        .typed("Renewal threshold (%)", "20")
        .typed("SCEP Server URLs", scep.url.as_str())
        .noting("Android takes https only")
        .remarking(
            "Intune's form has no field for a challenge: it puts one of its own into each request, \
             which only Microsoft can check. A gateway that takes the static challenge of this card \
             refuses such requests; the profile at the end of this card carries the challenge.",
        )
        .remarking(
            "A Mac or an iPhone renews only while it is unlocked and within the renewal threshold; \
             an expired certificate stays expired until the device leaves the profile and comes back.",
        )
}

fn wifi(content: &Content<'_>) -> Section {
    let network = content.network;
    let Some((ssid, security, hidden)) = content.wireless() else { return content.wired() };
    let mut section = Section::new(Some(Part::Wifi), "Wi-Fi")
        .at(&format!("{PLACE} > Wi-Fi"))
        .typed("Name", format!("{} (network)", network.name))
        .chosen("Wi-Fi type", "Enterprise")
        .typed("SSID", ssid)
        .chosen("Connect automatically", enabled(network.auto_join))
        .chosen("Hidden network", enabled(hidden))
        .chosen(
            "Security type",
            match security {
                Protection::Wpa2 => "WPA/WPA2-Enterprise",
                Protection::Wpa3 | Protection::Wpa3Suite192 => "WPA3-Enterprise",
            },
        )
        .chosen("Disable MAC address randomization", yes(network.disable_mac_randomization))
        .chosen("EAP type", "EAP - TLS");
    for name in &network.server_names {
        section = section.typed("Certificate server names", name.as_str());
    }
    for anchor in content.anchors() {
        let name = content.profile_name(anchor);
        section = section.chosen("Root certificates for server validation", name);
    }
    section
        .chosen("Authentication method", "Certificates")
        .chosen("Certificates (identity)", format!("{} (SCEP)", network.name))
}

fn enabled(is_so: bool) -> &'static str {
    if is_so { "Enable" } else { "Disable" }
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "Yes" } else { "No" }
}
