//! The table itself: Apple's payloads of iOS 18 and macOS 15, as far as networks need them.

use super::Key;
use super::Shape;

/// The longest wait and the most retries that make sense: a week.
const SECONDS_MAX: i64 = 604_800;

const fn required(name: &'static str, shape: Shape) -> Key {
    Key { name, is_required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Key {
    Key { name, is_required: false, shape }
}

/// The keys of a payload of this type, its head aside; none of types that others know.
pub(super) fn keys(kind: &str) -> Option<&'static [Key]> {
    match kind {
        "com.apple.security.root" | "com.apple.security.pkcs1" | "com.apple.security.pem" => {
            Some(CERTIFICATE)
        }
        "com.apple.security.pkcs12" => Some(PKCS12),
        "com.apple.security.scep" => Some(SCEP),
        "com.apple.security.acme" => Some(ACME),
        "com.apple.wifi.managed" => Some(WIFI),
        "com.apple.globalethernet.managed"
        | "com.apple.firstethernet.managed"
        | "com.apple.secondethernet.managed"
        | "com.apple.thirdethernet.managed"
        | "com.apple.firstactiveethernet.managed"
        | "com.apple.secondactiveethernet.managed"
        | "com.apple.thirdactiveethernet.managed" => Some(ETHERNET),
        _ => None,
    }
}

/// The profile itself.
pub(super) const PROFILE: &[Key] = &[
    required("PayloadType", Shape::OneOf(&["Configuration"])),
    required("PayloadVersion", Shape::Among(&[1])),
    required("PayloadIdentifier", Shape::Filled),
    required("PayloadUUID", Shape::Filled),
    optional("PayloadDisplayName", Shape::Text),
    optional("PayloadDescription", Shape::Text),
    optional("PayloadOrganization", Shape::Text),
    optional("PayloadScope", Shape::OneOf(&["System", "User"])),
    optional("PayloadRemovalDisallowed", Shape::Boolean),
    optional("PayloadExpirationDate", Shape::Any),
    optional("RemovalDate", Shape::Any),
    optional("DurationUntilRemoval", Shape::Any),
    optional("ConsentText", Shape::Any),
    optional("HasRemovalPasscode", Shape::Boolean),
    optional("IsEncrypted", Shape::Boolean),
    optional("TargetDeviceType", Shape::Integer),
    optional("PayloadEnabled", Shape::Boolean),
    required("PayloadContent", Shape::List(&Shape::Any)),
];

/// What every payload has.
pub(super) const HEAD: &[Key] = &[
    required("PayloadType", Shape::Filled),
    required("PayloadVersion", Shape::Among(&[1])),
    required("PayloadIdentifier", Shape::Filled),
    required("PayloadUUID", Shape::Filled),
    optional("PayloadDisplayName", Shape::Text),
    optional("PayloadDescription", Shape::Text),
    optional("PayloadOrganization", Shape::Text),
    optional("PayloadEnabled", Shape::Boolean),
];

const CERTIFICATE: &[Key] = &[
    required("PayloadContent", Shape::Data),
    optional("PayloadCertificateFileName", Shape::Text),
    optional("AllowAllAppsAccess", Shape::Boolean),
];

const PKCS12: &[Key] = &[
    required("PayloadContent", Shape::Data),
    optional("PayloadCertificateFileName", Shape::Text),
    optional("Password", Shape::Text),
    optional("KeyIsExtractable", Shape::Boolean),
    optional("AllowAllAppsAccess", Shape::Boolean),
];

/// A subject: relative names, each a list of pairs.
const SUBJECT: Shape = Shape::List(&Shape::List(&Shape::Tuple(&Shape::Text, 2)));

const NAMES: Shape = Shape::Dictionary(&[
    optional("rfc822Name", Shape::TextOrTexts),
    optional("dNSName", Shape::TextOrTexts),
    optional("uniformResourceIdentifier", Shape::TextOrTexts),
    optional("ntPrincipalName", Shape::TextOrTexts),
]);

/// A fingerprint is SHA-1; old consoles write MD5.
const SCEP: &[Key] = &[required(
    "PayloadContent",
    Shape::Dictionary(&[
        required("URL", Shape::Filled),
        optional("Name", Shape::Text),
        optional("Subject", SUBJECT),
        optional("SubjectAltName", NAMES),
        optional("Challenge", Shape::Text),
        optional("Keysize", Shape::Among(&[1024, 2048, 4096])),
        optional("Key Type", Shape::OneOf(&["RSA"])),
        optional("Key Usage", Shape::Among(&[0, 1, 4, 5])),
        optional("CAFingerprint", Shape::DataOf(&[20, 16])),
        optional("CACaps", Shape::List(&Shape::Text)),
        optional("KeyIsExtractable", Shape::Boolean),
        optional("AllowAllAppsAccess", Shape::Boolean),
        optional("Retries", Shape::Between(0, SECONDS_MAX)),
        optional("RetryDelay", Shape::Between(0, SECONDS_MAX)),
        optional("CertificateRenewalTimeInterval", Shape::Integer),
    ]),
)];

const ACME: &[Key] = &[
    required("DirectoryURL", Shape::Filled),
    required("ClientIdentifier", Shape::Text),
    required("KeySize", Shape::Integer),
    required("KeyType", Shape::OneOf(&["RSA", "ECSECPrimeRandom"])),
    required("HardwareBound", Shape::Boolean),
    required("Subject", SUBJECT),
    optional("SubjectAltName", NAMES),
    optional("UsageFlags", Shape::Integer),
    optional("ExtendedKeyUsage", Shape::List(&Shape::Text)),
    optional("Attest", Shape::Boolean),
    optional("KeyIsExtractable", Shape::Boolean),
    optional("AllowAllAppsAccess", Shape::Boolean),
];

const VERSIONS: Shape = Shape::OneOf(&["1.0", "1.1", "1.2", "1.3"]);

const MODES: Shape = Shape::List(&Shape::OneOf(&["System", "Loginwindow"]));

const EAP: Shape = Shape::Dictionary(&[
    required("AcceptEAPTypes", Shape::List(&Shape::Among(&[13, 17, 18, 21, 23, 25, 43]))),
    optional("UserName", Shape::Text),
    optional("UserPassword", Shape::Text),
    optional("OneTimeUserPassword", Shape::Boolean),
    optional("PayloadCertificateAnchorUUID", Shape::List(&Shape::Uuid)),
    optional("TLSTrustedCertificates", Shape::List(&Shape::Any)),
    optional("TLSTrustedServerNames", Shape::List(&Shape::Filled)),
    optional("TLSAllowTrustExceptions", Shape::Boolean),
    optional("TLSCertificateIsRequired", Shape::Boolean),
    optional("TLSMinimumVersion", VERSIONS),
    optional("TLSMaximumVersion", VERSIONS),
    optional("OuterIdentity", Shape::Text),
    optional(
        "TTLSInnerAuthentication",
        Shape::OneOf(&["PAP", "EAP", "CHAP", "MSCHAP", "MSCHAPv2"]),
    ),
    optional("EAPFASTUsePAC", Shape::Boolean),
    optional("EAPFASTProvisionPAC", Shape::Boolean),
    optional("EAPFASTProvisionPACAnonymously", Shape::Boolean),
    optional("EAPSIMNumberOfRANDs", Shape::Among(&[2, 3])),
    optional("SystemModeCredentialsSource", Shape::Text),
    optional("SystemModeUseOpenDirectoryCredentials", Shape::Boolean),
]);

const WIFI: &[Key] = &[
    optional("SSID_STR", Shape::Filled),
    optional("HIDDEN_NETWORK", Shape::Boolean),
    optional("AutoJoin", Shape::Boolean),
    optional("EncryptionType", Shape::OneOf(&["WEP", "WPA", "WPA2", "WPA3", "Any", "None"])),
    optional("Password", Shape::Text),
    optional("PayloadCertificateUUID", Shape::Uuid),
    optional("EAPClientConfiguration", EAP),
    optional("SetupModes", MODES),
    optional("DisableAssociationMACRandomization", Shape::Boolean),
    optional("CaptiveBypass", Shape::Boolean),
    optional("EnableIPv6", Shape::Boolean),
    optional("QoSMarkingPolicy", Shape::Any),
    optional("ProxyType", Shape::OneOf(&["None", "Manual", "Auto"])),
    optional("ProxyServer", Shape::Text),
    optional("ProxyServerPort", Shape::Between(0, 65_535)),
    optional("ProxyUsername", Shape::Text),
    optional("ProxyPassword", Shape::Text),
    optional("ProxyPACURL", Shape::Text),
    optional("ProxyPACFallbackAllowed", Shape::Boolean),
    optional("IsHotspot", Shape::Boolean),
    optional("DomainName", Shape::Text),
    optional("DisplayedOperatorName", Shape::Text),
    optional("ServiceProviderRoamingEnabled", Shape::Boolean),
    optional("RoamingConsortiumOIs", Shape::List(&Shape::Text)),
    optional("NAIRealmNames", Shape::List(&Shape::Text)),
    optional("MCCAndMNCs", Shape::List(&Shape::Text)),
    optional("HESSID", Shape::Text),
];

const ETHERNET: &[Key] = &[
    optional(
        "Interface",
        Shape::OneOf(&[
            "GlobalEthernet",
            "FirstActiveEthernet",
            "SecondActiveEthernet",
            "ThirdActiveEthernet",
            "FirstEthernet",
            "SecondEthernet",
            "ThirdEthernet",
            "AnyEthernet",
            "BuiltInEthernet",
        ]),
    ),
    optional("AutoJoin", Shape::Boolean),
    optional("EncryptionType", Shape::Text),
    optional("SSID_STR", Shape::Text),
    optional("HIDDEN_NETWORK", Shape::Boolean),
    optional("ProxyType", Shape::Text),
    optional("PayloadCertificateUUID", Shape::Uuid),
    optional("EAPClientConfiguration", EAP),
    optional("SetupModes", MODES),
];
