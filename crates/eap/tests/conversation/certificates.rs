//! Authorities and leaves for the tests, made by our own `pki`.

use std::sync::LazyLock;

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::Extension;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use pki::time::Time;

/// The moment at which every conversation takes place.
pub(crate) const NOW: Time = Time(1_790_000_000);

const DAY: i64 = 86_400;

/// A self-signed authority.
pub(crate) struct Authority {
    key: PrivateKey,
    pub(crate) certificate: Certificate,
}

/// A leaf and its key.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) chain: Vec<Vec<u8>>,
    pub(crate) key: Vec<u8>,
}

/// What a leaf shall be for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Device,
    Server,
    Unnamed,
}

/// What a leaf shall be.
pub(crate) struct Wish {
    pub(crate) key_type: KeyType,
    pub(crate) dns: &'static str,
    pub(crate) purpose: Purpose,
    pub(crate) from_days: i64,
    pub(crate) to_days: i64,
}

/// A device's certificate that is in order.
pub(crate) const DEVICE: Wish = Wish {
    key_type: KeyType::EcdsaP256,
    dns: "device.example.test",
    purpose: Purpose::Device,
    from_days: -1,
    to_days: 300,
};

/// The server's certificate.
pub(crate) const SERVER: Wish =
    Wish { dns: "radius.example.test", purpose: Purpose::Server, ..DEVICE };

/// The authority that issues device certificates.
pub(crate) static DEVICE_CA: LazyLock<Authority> = LazyLock::new(|| {
    let bounds = Bounds { purpose: Purpose::Device, names: Some("example.test") };
    constrained("Device CA", None, bounds)
});

/// The authority that issued the server's certificate.
pub(crate) static SERVER_CA: LazyLock<Authority> = LazyLock::new(|| authority("RADIUS CA"));

static RSA_KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Rsa2048).unwrap());

pub(crate) fn authority(name: &str) -> Authority {
    constrained(name, None, Bounds::NONE)
}

/// What an authority's certificate lets those below it be.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) purpose: Purpose,
    pub(crate) names: Option<&'static str>,
}

impl Bounds {
    /// It lets them be anything.
    pub(crate) const NONE: Self = Self { purpose: Purpose::Unnamed, names: None };
}

/// An authority with these bounds, signed by `issuer` or by itself.
pub(crate) fn constrained(name: &str, issuer: Option<&Authority>, bounds: Bounds) -> Authority {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let subject = Name::parse_text(&format!("CN={name}")).unwrap();
    let not_after = Time(NOW.0 + 3650 * DAY);
    let hash = KeyType::EcdsaP256.default_hash();
    let draft = Draft {
        serial: Serial::from_random([7; 16]),
        issuer: match issuer {
            Some(issuer) => issuer.unbound(),
            None => Issuer::itself(&subject, &key, hash, not_after),
        },
        subject,
        public_key: key.public_key().clone(),
        not_before: Time(NOW.0 - 3650 * DAY),
        not_after,
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: match bounds.purpose {
            Purpose::Device => vec![oid::CLIENT_AUTH, oid::OCSP_SIGNING],
            Purpose::Server => vec![oid::SERVER_AUTH, oid::OCSP_SIGNING],
            Purpose::Unnamed => Vec::new(),
        },
        basic_constraints: BasicConstraints { ca: true, path_len: None },
        further: bounds
            .names
            .map(|name| Extension::permitted_names(&[name.to_owned()]))
            .into_iter()
            .collect(),
    };
    let signer = issuer.map_or(&key, |issuer| &issuer.key);
    let certificate = draft.lint().unwrap().sign(signer).unwrap();
    Authority { key, certificate }
}

impl Authority {
    pub(crate) fn der(&self) -> Vec<u8> {
        self.certificate.der.clone()
    }

    /// It as an issuer whom no lint holds to its bounds: verifiers are to find out by themselves.
    fn unbound(&self) -> Issuer {
        let hash = KeyType::EcdsaP256.default_hash();
        Issuer { constraints: Vec::new(), ..Issuer::of(&self.certificate, hash).unwrap() }
    }

    pub(crate) fn issue(&self, wish: &Wish) -> Leaf {
        let key = match wish.key_type {
            KeyType::Rsa2048 => PrivateKey::from_pkcs8(&RSA_KEY.to_pkcs8()).unwrap(),
            other => PrivateKey::generate(other).unwrap(),
        };
        let draft = Draft {
            serial: Serial::from_random([9; 16]),
            issuer: self.unbound(),
            subject: Name::parse_text(&format!("CN={}", wish.dns)).unwrap(),
            public_key: key.public_key().clone(),
            not_before: Time(NOW.0 + wish.from_days * DAY),
            not_after: Time(NOW.0 + wish.to_days * DAY),
            general_names: vec![GeneralName::dns(wish.dns).unwrap()],
            key_usage: KeyUsage::DIGITAL_SIGNATURE,
            extended_key_usages: match wish.purpose {
                Purpose::Device => vec![oid::CLIENT_AUTH],
                Purpose::Server => vec![oid::SERVER_AUTH],
                Purpose::Unnamed => Vec::new(),
            },
            basic_constraints: BasicConstraints::LEAF,
            further: Vec::new(),
        };
        let certificate = draft.lint().unwrap().sign(&self.key).unwrap();
        Leaf { chain: vec![certificate.der], key: key.to_pkcs8().to_vec() }
    }
}
