//! One way to all that a network profile can be written for.

use crate::apple;
use crate::card;
use crate::card::Card;
use crate::complaint::Complaint;
use crate::eap_config;
use crate::file::File;
use crate::linux;
use crate::mdm;
use crate::mdm::Spelling;
use crate::network::Network;
use crate::onc;
use crate::onc::AndroidKey;
use crate::p12;
use crate::p12::Identity;
use crate::platform::Platform;
use crate::text::Variable;
use crate::windows;

/// What of a network profile is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Selection {
    /// Only a part; none is the whole.
    pub only: Option<Part>,
    /// On a Mac, join before somebody signs in, and at the login window.
    pub login_window: bool,
}

/// A part of a network profile, to find out which part fails on a device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// The certificates that are trusted.
    Trust,
    /// The certificate that is asked for.
    Scep,
    /// The network, with the roots that its servers are trusted by, without a certificate.
    Wifi,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Trust, Self::Scep, Self::Wifi];

    /// The part of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }

    /// Its name on the command line and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Scep => "scep",
            Self::Wifi => "wifi",
        }
    }

    /// Its name as people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Trust => "trusted certificates",
            Self::Scep => "certificate from the gateway",
            Self::Wifi => "network",
        }
    }
}

impl Selection {
    /// Whether a part is written.
    #[must_use]
    pub fn includes(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The files, the card as Markdown and HTML among them.
    pub files: Vec<File>,
    /// What to enter into an MDM's console, if the platform is one.
    pub card: Option<Card>,
}

/// Writes a network profile for a platform.
///
/// # Errors
/// Every [`Complaint`] there is; then nothing is written.
pub fn render(
    network: &Network,
    platform: Platform,
    selection: &Selection,
) -> Result<Rendered, Vec<Complaint>> {
    let in_parts = platform == Platform::Apple || platform.is_console();
    if selection.only.is_some() && !in_parts {
        let what = format!("is not possible for {}, which takes all of it", platform.label());
        return Err(vec![Complaint::new("only", what, "leave it out")]);
    }
    match platform {
        Platform::Apple => {
            let profile = apple::profile(network, platform, selection)?;
            Ok(Rendered { files: vec![profile], card: None })
        }
        Platform::Mosyle
        | Platform::Jamf
        | Platform::Intune
        | Platform::Kandji
        | Platform::Addigy
        | Platform::WorkspaceOne
        | Platform::Meraki
        | Platform::Google
        | Platform::Generic => console(network, platform, selection),
        Platform::Windows => windows::files(network, &intune).map(files),
        // An app or the MDM that brings the key calls it by the profile's name.
        Platform::Android => onc::android(network, AndroidKey::Alias(&network.slug)).map(files),
        Platform::ChromeOs => onc::chromeos(network).map(files),
        Platform::Linux => linux::files(network).map(files),
        Platform::EapConfig => eap_config::files(network, None).map(files),
        Platform::P12 => Err(vec![Complaint::new(
            "device",
            "is missing: a bundle holds the key of one device",
            "name a device of the inventory",
        )]),
    }
}

/// Writes what holds the key of one device, encrypted with a password: a bundle in both its forms,
/// or a file of which it is a part. `name` begins the names of the bundles.
///
/// # Errors
/// Every [`Complaint`] there is, that of a platform whose files hold no key among them.
pub fn with_key(
    network: &Network,
    platform: Platform,
    (name, identity, password): (&str, &Identity<'_>, &str),
) -> Result<Rendered, Vec<Complaint>> {
    if platform == Platform::P12 {
        return p12::files(name, identity, password).map(files);
    }
    if platform != Platform::EapConfig {
        let what = format!("holds no key in what is written for {}", platform.label());
        return Err(vec![Complaint::new("platform", what, "choose p12 or eap-config")]);
    }
    let bundle = p12::bundle(identity, password, p12::Form::Modern)?;
    let client = eap_config::Client { bundle: &bundle, passphrase: password };
    eap_config::files(network, Some(client)).map(files)
}

/// What sends SyncML to Windows mostly spells variables as Intune does.
fn intune(variable: Variable) -> Option<String> {
    match mdm::spelling(Platform::Intune, variable) {
        Spelling::Known(name) => Some(name.to_owned()),
        Spelling::Missing | Spelling::Unknown => None,
    }
}

fn files(files: Vec<File>) -> Rendered {
    Rendered { files, card: None }
}

/// A console gets its card, the certificates to upload, and where it takes one a profile.
fn console(
    network: &Network,
    platform: Platform,
    selection: &Selection,
) -> Result<Rendered, Vec<Complaint>> {
    let card = card::write(network, platform, selection)?;
    let mut files = card.certificates(network);
    if let Some(profile) = &card.profile {
        files.push(profile.clone());
    }
    files.push(card.markdown());
    files.push(card.html());
    Ok(Rendered { files, card: Some(card) })
}
