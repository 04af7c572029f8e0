//! What a template lets keys be, and what for, by the names that people write.

use core::fmt;

use pki::extension::KeyUsage;
use pki::key::KeyKind;
use pki::oid;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use utoipa::ToSchema;

/// A purpose of the key (RFC 5280, 4.2.1.3) that a device's certificate may have.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPurpose {
    /// Signing what proves the device: every login.
    DigitalSignature,
    /// Signing what cannot be denied later.
    NonRepudiation,
    /// Decrypting keys, with RSA only.
    KeyEncipherment,
    /// Decrypting data, with RSA only.
    DataEncipherment,
    /// Agreeing on keys, with elliptic curves only.
    KeyAgreement,
}

impl KeyPurpose {
    /// The bit of it.
    pub fn bit(self) -> KeyUsage {
        match self {
            Self::DigitalSignature => KeyUsage::DIGITAL_SIGNATURE,
            Self::NonRepudiation => KeyUsage::NON_REPUDIATION,
            Self::KeyEncipherment => KeyUsage::KEY_ENCIPHERMENT,
            Self::DataEncipherment => KeyUsage::DATA_ENCIPHERMENT,
            Self::KeyAgreement => KeyUsage::KEY_AGREEMENT,
        }
    }

    /// Whether keys of this kind can do it.
    pub fn fits(self, key: KeyKind) -> bool {
        let is_rsa = matches!(key, KeyKind::Rsa { .. });
        match self {
            Self::DigitalSignature | Self::NonRepudiation => true,
            Self::KeyEncipherment | Self::DataEncipherment => is_rsa,
            Self::KeyAgreement => !is_rsa,
        }
    }
}

/// What a certificate may be used for: a name of the list, or an object identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExtendedKeyUsage(pub const_oid::ObjectIdentifier);

/// The names that stand for object identifiers.
const NAMES: [(&str, const_oid::ObjectIdentifier); 6] = [
    ("client-authentication", oid::CLIENT_AUTH),
    ("server-authentication", oid::SERVER_AUTH),
    ("email-protection", oid::EMAIL_PROTECTION),
    ("code-signing", oid::CODE_SIGNING),
    ("smartcard-logon", oid::SMARTCARD_LOGON),
    ("eap-over-lan", oid::EAP_OVER_LAN),
];

impl ExtendedKeyUsage {
    /// Client Authentication.
    pub const CLIENT_AUTHENTICATION: Self = Self(oid::CLIENT_AUTH);

    /// Server Authentication.
    pub const SERVER_AUTHENTICATION: Self = Self(oid::SERVER_AUTH);

    /// Reads a name or an object identifier such as `1.3.6.1.5.5.7.3.2`.
    pub fn parse(text: &str) -> Option<Self> {
        let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, oid)| *oid);
        named.or_else(|| const_oid::ObjectIdentifier::new(text).ok()).map(Self)
    }
}

impl fmt::Display for ExtendedKeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, oid)| *oid == self.0) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

impl utoipa::PartialSchema for ExtendedKeyUsage {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        pki::schema::text("A purpose by its name, or an object identifier in dotted form.")
    }
}

impl ToSchema for ExtendedKeyUsage {}

impl Serialize for ExtendedKeyUsage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ExtendedKeyUsage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            D::Error::custom(format!(
                "\"{text}\" is no extended key usage; use one of {names}, or an object identifier"
            ))
        })
    }
}

/// A kind of key that a device may bring.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub enum SubjectKey {
    /// RSA with 2048 bits.
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    /// RSA with 3072 bits.
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    /// RSA with 4096 bits.
    #[serde(rename = "rsa-4096")]
    Rsa4096,
    /// An elliptic curve key on P-256.
    #[serde(rename = "ecdsa-p256")]
    EcdsaP256,
    /// An elliptic curve key on P-384.
    #[serde(rename = "ecdsa-p384")]
    EcdsaP384,
    /// An elliptic curve key on P-521.
    #[serde(rename = "ecdsa-p521")]
    EcdsaP521,
}

impl SubjectKey {
    /// As written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::EcdsaP521 => "ecdsa-p521",
        }
    }

    /// Whether a key is of this kind.
    pub fn is(self, key: KeyKind) -> bool {
        match self {
            Self::Rsa2048 => matches!(key, KeyKind::Rsa { bits: 2048, .. }),
            Self::Rsa3072 => matches!(key, KeyKind::Rsa { bits: 3072, .. }),
            Self::Rsa4096 => matches!(key, KeyKind::Rsa { bits: 4096, .. }),
            Self::EcdsaP256 => key == KeyKind::EcdsaP256,
            Self::EcdsaP384 => key == KeyKind::EcdsaP384,
            Self::EcdsaP521 => key == KeyKind::EcdsaP521,
        }
    }
}

/// A kind of key as people write it.
pub fn key_name(key: KeyKind) -> String {
    match key {
        KeyKind::Rsa { bits, .. } => format!("rsa-{bits}"),
        KeyKind::EcdsaP256 => "ecdsa-p256".into(),
        KeyKind::EcdsaP384 => "ecdsa-p384".into(),
        KeyKind::EcdsaP521 => "ecdsa-p521".into(),
        KeyKind::Other => "another kind".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_are_names_or_object_identifiers() {
        for (name, oid) in NAMES {
            assert_eq!(ExtendedKeyUsage::parse(name), Some(ExtendedKeyUsage(oid)));
            assert_eq!(ExtendedKeyUsage::parse(&oid.to_string()).unwrap().to_string(), name);
        }
        let own = ExtendedKeyUsage::parse("1.3.6.1.4.1.99999.1").unwrap();
        assert_eq!(serde_json::to_value(own).unwrap(), "1.3.6.1.4.1.99999.1");
        let error = serde_json::from_str::<ExtendedKeyUsage>("\"login\"").unwrap_err();
        assert!(error.to_string().contains("client-authentication"), "{error}");
    }

    #[test]
    fn purposes_fit_the_kinds_of_keys_that_can_do_them() {
        let rsa = KeyKind::Rsa { bits: 2048, exponent: 65_537 };
        assert!(KeyPurpose::KeyEncipherment.fits(rsa));
        assert!(!KeyPurpose::KeyEncipherment.fits(KeyKind::EcdsaP256));
        assert!(KeyPurpose::KeyAgreement.fits(KeyKind::EcdsaP256));
        assert!(!KeyPurpose::KeyAgreement.fits(rsa));
    }

    #[test]
    fn a_key_is_of_its_own_kind_only() {
        let kinds = [SubjectKey::Rsa2048, SubjectKey::EcdsaP256, SubjectKey::EcdsaP521];
        let keys =
            [KeyKind::Rsa { bits: 2048, exponent: 3 }, KeyKind::EcdsaP256, KeyKind::EcdsaP521];
        for (row, kind) in kinds.iter().enumerate() {
            for (column, key) in keys.iter().enumerate() {
                assert_eq!(kind.is(*key), row == column);
                if row == column {
                    assert_eq!(key_name(*key), kind.as_str());
                }
            }
        }
    }
}
