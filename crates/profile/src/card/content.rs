//! What every console is told, worked out once.

use pki::pem;

use super::Entry;
use super::Section;
use crate::apple::trust;
use crate::apple::trust::Role;
use crate::apple::trust::Trusted;
use crate::complaint::Complaint;
use crate::file::File;
use crate::mdm;
use crate::mdm::Written;
use crate::network::Medium;
use crate::network::NameKind;
use crate::network::Network;
use crate::network::Protection;
use crate::platform::Platform;
use crate::render::Part;

/// What a card says, in the console's spelling.
pub(super) struct Content<'a> {
    pub(super) network: &'a Network,
    pub(super) platform: Platform,
    /// The attributes of the subject.
    pub(super) subject: Vec<(String, String)>,
    /// The alternative names.
    pub(super) names: Vec<(NameKind, String)>,
    /// Whether something is left for the administrator to choose.
    pub(super) has_places: bool,
    /// Certificates, each once.
    pub(super) trusted: Vec<Trusted<'a>>,
}

impl<'a> Content<'a> {
    pub(super) fn of(network: &'a Network, platform: Platform) -> Result<Self, Vec<Complaint>> {
        let mut complaints = Vec::new();
        let mut has_places = false;
        let mut text = |written: Result<Written, Complaint>| match written {
            Ok(Written::Whole(text)) => text,
            Ok(Written::WithPlaces(text)) => {
                has_places = true;
                text
            }
            Err(complaint) => {
                complaints.push(complaint);
                String::new()
            }
        };
        let mut subject = Vec::new();
        for (attribute, value) in &network.scep.subject {
            let value = text(mdm::write_for_form("subject", value, platform));
            subject.push((attribute.clone(), value));
        }
        let mut names = Vec::new();
        for (kind, value) in &network.scep.names {
            names.push((*kind, text(mdm::write_for_form(kind.as_field(), value, platform))));
        }
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let trusted = trust::all(network);
        Ok(Self { network, platform, subject, names, has_places, trusted })
    }

    /// A text for a field of the console.
    pub(super) fn entry(&self, text: String) -> Entry {
        if self.has_places && text.contains('[') {
            Entry::Complete(text)
        } else {
            Entry::Type(text)
        }
    }

    /// The subject, `CN=…, OU=…`, or after another sign.
    pub(super) fn subject(&self, before: &str, between: &str) -> Entry {
        let parts: Vec<String> = self
            .subject
            .iter()
            .map(|(attribute, value)| format!("{before}{attribute}={value}"))
            .collect();
        self.entry(parts.join(between))
    }

    /// The file of a certificate.
    pub(super) fn file(&self, trusted: &Trusted<'_>) -> String {
        file_name(self.platform, trusted)
    }

    /// The root that the gateway is known by.
    pub(super) fn root(&self) -> Option<&Trusted<'a>> {
        trust::gateway_root(&self.trusted)
    }

    /// The roots that RADIUS servers are trusted by.
    pub(super) fn anchors(&self) -> impl Iterator<Item = &Trusted<'a>> {
        self.trusted.iter().filter(|trusted| trusted.is_anchor)
    }

    /// Their names, for a field that chooses them.
    pub(super) fn anchor_names(&self) -> String {
        let names: Vec<&str> = self.anchors().map(|anchor| anchor.name.as_str()).collect();
        names.join(", ")
    }

    /// The names of servers, one a line or between commas, as the console's field takes them.
    pub(super) fn server_names(&self, between: &str) -> String {
        self.network.server_names.join(between)
    }

    /// The fingerprint of the root: SHA-1, as consoles show it.
    pub(super) fn fingerprint(&self) -> String {
        let Some(root) = self.root() else { return String::new() };
        root.certificate.sha1_digits()
    }

    /// What a profile of a certificate is called in a console.
    pub(super) fn profile_name(&self, trusted: &Trusted<'_>) -> String {
        let role = match trusted.role {
            Role::Root => "Root CA",
            Role::Issuing => "Intermediate CA",
            Role::Intermediate => "CA between",
            Role::Radius => "Global Root CA",
        };
        format!("{role}: {}", trusted.name)
    }

    /// The wireless network; nothing for a wired one.
    pub(super) fn wireless(&self) -> Option<(&'a str, Protection, bool)> {
        match &self.network.medium {
            Medium::Wireless { ssid, protection, hidden } => {
                Some((ssid.as_str(), *protection, *hidden))
            }
            Medium::Wired => None,
        }
    }

    /// What the form of a wired network would be: consoles have none that takes all of this.
    pub(super) fn wired(&self) -> Section {
        let file = format!("{}.mobileconfig", self.network.slug);
        let section = Section::new(Some(Part::Wifi), "Ethernet");
        if self.has_places || self.platform == Platform::Google {
            return section.remarking(
                "This console has no form for 802.1X on a cable that takes what is needed. Add a \
                 profile for Ethernet as its maker says, with TLS, the SCEP certificate as \
                 identity, and the trusted certificates and names of this card.",
            );
        }
        section.remarking(format!(
            "A wired network goes by the profile {file}, which holds everything: upload it as at \
             the end of this card, and leave out the forms above."
        ))
    }
}

/// How a network is protected, as most consoles call it.
pub(super) fn protection(protection: Protection) -> &'static str {
    match protection {
        Protection::Wpa2 => "WPA2 Enterprise",
        Protection::Wpa3 => "WPA3 Enterprise",
        Protection::Wpa3Suite192 => "WPA3 Enterprise 192-bit",
    }
}

/// A kind of name, as most consoles call it.
pub(super) fn kind(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Email => "RFC 822 Name",
        NameKind::Dns => "DNS Name",
        NameKind::Uri => "Uniform Resource Identifier",
        NameKind::Upn => "NT Principal Name",
    }
}

/// Where a console takes a whole profile.
pub(super) fn upload(platform: Platform, profile: &File) -> Section {
    let place = match platform {
        Platform::Mosyle => "Management > Management Profiles > Certificates / Custom Profiles",
        Platform::Jamf => "Computers > Configuration Profiles > Upload",
        Platform::Intune => {
            "Devices > Configuration > Create > New policy > macOS (or iOS/iPadOS) > Templates > \
             Custom"
        }
        Platform::Kandji => "Library > Add new > Custom Profile",
        Platform::Addigy => "Profiles > Add > Custom (a file)",
        Platform::WorkspaceOne => {
            "Resources > Profiles & Baselines > Profiles > Add > Upload Profile > Apple macOS (or \
             Apple iOS)"
        }
        Platform::Meraki => {
            "Systems Manager > Manage > Settings > Add profile > Upload custom Apple profile"
        }
        Platform::Google
        | Platform::Generic
        | Platform::Apple
        | Platform::Windows
        | Platform::Android
        | Platform::ChromeOs
        | Platform::Linux
        | Platform::EapConfig
        | Platform::P12 => "where the console takes a custom profile",
    };
    let section = Section::new(None, "Instead of the forms: the whole profile")
        .at(place)
        .uploaded("Profile", profile.name.as_str());
    let section = if platform == Platform::Mosyle {
        section.ticked("Enable Variables for this profile")
    } else {
        section
    };
    if platform == Platform::Intune {
        return section.remarking(
            "Intune fills in variables in custom profiles only where its documentation says so; \
             try it with one device.",
        );
    }
    section.remarking("The file is not signed, so that the console can fill in its variables.")
}

/// A certificate as a console takes it: DER, or PEM where only that is taken.
pub(super) fn certificate_file(platform: Platform, trusted: &Trusted<'_>) -> File {
    let name = file_name(platform, trusted);
    let certificate = trusted.certificate;
    if takes_pem(platform) {
        let content = pem::certificate(certificate).into_bytes();
        return File { name, media_type: "application/x-pem-file", content, is_secret: false };
    }
    let content = certificate.der.clone();
    File { name, media_type: "application/pkix-cert", content, is_secret: false }
}

fn file_name(platform: Platform, trusted: &Trusted<'_>) -> String {
    let ending = if takes_pem(platform) { "pem" } else { "cer" };
    format!("{}.{ending}", trusted.stem)
}

fn takes_pem(platform: Platform) -> bool {
    matches!(platform, Platform::Google | Platform::Addigy)
}
