//! What a network profile can be written for.

/// A platform, or the console of an MDM.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Platform {
    /// Apple devices, installed by hand.
    Apple,
    /// Mosyle.
    Mosyle,
    /// Jamf Pro.
    Jamf,
    /// Microsoft Intune.
    Intune,
    /// Kandji, now Iru.
    Kandji,
    /// Addigy.
    Addigy,
    /// Workspace ONE UEM, once `AirWatch`.
    WorkspaceOne,
    /// Cisco Meraki Systems Manager.
    Meraki,
    /// The Google Admin console.
    Google,
    /// Any other MDM.
    Generic,
    /// Windows.
    Windows,
    /// Android.
    Android,
    /// `ChromeOS`.
    ChromeOs,
    /// Linux.
    Linux,
    /// eduroam's configuration file.
    EapConfig,
    /// A bundle of key and certificate.
    P12,
}

impl Platform {
    /// Every platform, in the order in which people are shown them.
    pub const ALL: [Self; 16] = [
        Self::Apple,
        Self::Mosyle,
        Self::Jamf,
        Self::Intune,
        Self::Kandji,
        Self::Addigy,
        Self::WorkspaceOne,
        Self::Meraki,
        Self::Google,
        Self::Generic,
        Self::Windows,
        Self::Android,
        Self::ChromeOs,
        Self::Linux,
        Self::EapConfig,
        Self::P12,
    ];

    /// The platform of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == name)
    }

    /// Its name on the command line and in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Apple => "apple",
            Self::Mosyle => "mosyle",
            Self::Jamf => "jamf",
            Self::Intune => "intune",
            Self::Kandji => "kandji",
            Self::Addigy => "addigy",
            Self::WorkspaceOne => "workspace-one",
            Self::Meraki => "meraki",
            Self::Google => "google",
            Self::Generic => "generic",
            Self::Windows => "windows",
            Self::Android => "android",
            Self::ChromeOs => "chromeos",
            Self::Linux => "linux",
            Self::EapConfig => "eap-config",
            Self::P12 => "p12",
        }
    }

    /// Its name as people read it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Apple => "Apple, installed by hand",
            Self::Mosyle => "Mosyle",
            Self::Jamf => "Jamf Pro",
            Self::Intune => "Microsoft Intune",
            Self::Kandji => "Kandji (Iru)",
            Self::Addigy => "Addigy",
            Self::WorkspaceOne => "Workspace ONE",
            Self::Meraki => "Meraki Systems Manager",
            Self::Google => "the Google Admin console",
            Self::Generic => "Another MDM",
            Self::Windows => "Windows",
            Self::Android => "Android",
            Self::ChromeOs => "ChromeOS",
            Self::Linux => "Linux",
            Self::EapConfig => "eduroam configuration (eap-config)",
            Self::P12 => "Key and certificate (PKCS #12)",
        }
    }

    /// Whether what is written for it holds the challenge: where the device or an MDM asks for the
    /// certificate by SCEP.
    #[must_use]
    pub fn holds_challenge(self) -> bool {
        match self {
            Self::Apple | Self::Windows | Self::Linux => true,
            Self::Android | Self::ChromeOs | Self::EapConfig | Self::P12 => false,
            Self::Mosyle
            | Self::Jamf
            | Self::Intune
            | Self::Kandji
            | Self::Addigy
            | Self::WorkspaceOne
            | Self::Meraki
            | Self::Google
            | Self::Generic => true,
        }
    }

    /// Whether it is the console of an MDM, for which there is a card to copy from.
    #[must_use]
    pub fn is_console(self) -> bool {
        match self {
            Self::Mosyle
            | Self::Jamf
            | Self::Intune
            | Self::Kandji
            | Self::Addigy
            | Self::WorkspaceOne
            | Self::Meraki
            | Self::Google
            | Self::Generic => true,
            Self::Apple
            | Self::Windows
            | Self::Android
            | Self::ChromeOs
            | Self::Linux
            | Self::EapConfig
            | Self::P12 => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_platform() {
        for platform in Platform::ALL {
            assert_eq!(Platform::parse(platform.as_str()), Some(platform));
            assert!(!platform.label().is_empty());
        }
        assert_eq!(Platform::parse("Mosyle"), None);
        assert_eq!(Platform::parse(""), None);
    }
}
