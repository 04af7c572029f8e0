//! What is written is read as it was meant: values, names, requests, certificates, messages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::sync::LazyLock;

use const_oid::ObjectIdentifier;
use pki::{
    ber,
    certificate::{Certificate, Serial},
    cms::{
        enveloped_data::{self, Cipher, EnvelopedData},
        signed_data::{self, Attribute, SignedData, Signer},
    },
    csr::{self, Asked, Challenge, Csr, Strictness},
    draft::{Draft, Issuer},
    extension::{self, BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    key::{Hash, KeyType, PrivateKey},
    name::Name,
    oid, pem,
    time::Time,
    tlv::{self, Reader},
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::RngSeed};

const NOW: Time = Time(1_795_471_200);

static RSA: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Rsa2048).unwrap());
static EC: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::EcdsaP256).unwrap());
static EC_384: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::EcdsaP384).unwrap());

const USAGES: [KeyUsage; 9] = [
    KeyUsage::DIGITAL_SIGNATURE,
    KeyUsage::NON_REPUDIATION,
    KeyUsage::KEY_ENCIPHERMENT,
    KeyUsage::DATA_ENCIPHERMENT,
    KeyUsage::KEY_AGREEMENT,
    KeyUsage::KEY_CERT_SIGN,
    KeyUsage::CRL_SIGN,
    KeyUsage::ENCIPHER_ONLY,
    KeyUsage::DECIPHER_ONLY,
];

fn keys() -> [&'static PrivateKey; 3] {
    [&RSA, &EC, &EC_384]
}

/// The same number of cases and the same seed each time.
fn cases(cases: u32) -> ProptestConfig {
    let seed = RngSeed::Fixed(1);
    ProptestConfig { cases, rng_seed: seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// An element, or several inside one.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(u8, Vec<u8>),
    Node(u8, Vec<Self>),
}

impl Tree {
    fn definite(&self) -> Vec<u8> {
        match self {
            Self::Leaf(tag, content) => tlv::encode(*tag, content),
            Self::Node(tag, parts) => {
                let parts: Vec<_> = parts.iter().map(Self::definite).collect();
                tlv::constructed(*tag, &parts)
            }
        }
    }

    /// The same in BER, with indefinite lengths only.
    fn indefinite(&self) -> Vec<u8> {
        match self {
            Self::Leaf(tag, content) => tlv::encode(*tag, content),
            Self::Node(tag, parts) => {
                let parts: Vec<u8> = parts.iter().flat_map(Self::indefinite).collect();
                [&[*tag, 0x80], parts.as_slice(), &[0, 0]].concat()
            }
        }
    }

    /// Reads the tree back and compares it with this one.
    fn check(&self, reader: &mut Reader<'_>) {
        let element = reader.read().unwrap();
        match self {
            Self::Leaf(tag, content) => {
                assert_eq!((element.tag, element.content), (*tag, content.as_slice()));
            }
            Self::Node(tag, parts) => {
                assert_eq!(element.tag, *tag);
                let mut inside = element.reader();
                parts.iter().for_each(|part| part.check(&mut inside));
                inside.finish().unwrap();
            }
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    // Zero is the end of contents, and tag numbers above 30 are not read.
    let leaf =
        (1_u8..0x1e, vec(any::<u8>(), 0..300)).prop_map(|(tag, content)| Tree::Leaf(tag, content));
    leaf.prop_recursive(6, 40, 6, |inner| {
        (select(&[0x30_u8, 0x31, 0xa0, 0xa3, 0x24][..]), vec(inner, 0..6))
            .prop_map(|(tag, parts)| Tree::Node(tag, parts))
    })
}

fn oids() -> impl Strategy<Value = ObjectIdentifier> {
    (0_u32..3, 0_u32..40, vec(any::<u32>(), 0..6)).prop_map(|(first, second, rest)| {
        ObjectIdentifier::from_arcs([first, second].into_iter().chain(rest)).unwrap()
    })
}

fn general_names() -> impl Strategy<Value = GeneralName> {
    prop_oneof![
        "([a-z0-9]{1,20}\\.){1,4}[a-z]{2,6}".prop_map(GeneralName::Dns),
        "[a-z.+-]{1,20}@[a-z]{1,20}\\.test".prop_map(GeneralName::Email),
        "[a-z]{2,6}:[a-z0-9/?&=._~%-]{1,40}".prop_map(GeneralName::Uri),
        "[^@\\p{C}\\p{Z}]{1,20}@[a-zäß.]{1,20}".prop_map(GeneralName::Upn),
        any::<std::net::IpAddr>().prop_map(GeneralName::Ip),
        names().prop_map(GeneralName::DirectoryName),
        (proptest::option::of(".{0,20}"), proptest::option::of(oids())).prop_map(
            |(identifier, assigner)| GeneralName::PermanentIdentifier { identifier, assigner }
        ),
        vec(any::<u8>(), 0..20).prop_map(|id| GeneralName::Other(tlv::encode(0x88, &id))),
    ]
}

fn names() -> impl Strategy<Value = Name> {
    let kinds = [oid::COMMON_NAME, oid::ORGANIZATION, oid::ORGANIZATIONAL_UNIT, oid::TITLE];
    vec((select(kinds.to_vec()), "[^\u{0}]{1,30}"), 1..5).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.iter().map(|(oid, value)| (*oid, value.as_str())).collect();
        Name::from_pairs(&pairs).unwrap()
    })
}

fn certificate(key: &PrivateKey, names: Vec<GeneralName>, subject: Name) -> Certificate {
    let not_after = NOW.plus_days(30);
    let draft = Draft {
        serial: Serial::from_random([6; 16]),
        issuer: Issuer::itself(&subject, key, key.key_type().default_hash(), not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: NOW,
        not_after,
        general_names: names,
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::CLIENT_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: vec![],
    };
    draft.lint().unwrap().sign(key).unwrap()
}

fn plain(key: &PrivateKey) -> Certificate {
    certificate(key, Vec::new(), Name::parse_text("CN=a").unwrap())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn elements_of_any_nesting(tree in trees()) {
        let written = tree.definite();
        let mut reader = Reader::new(&written);
        tree.check(&mut reader);
        prop_assert!(reader.is_empty());
        prop_assert_eq!(ber::definite(&written).unwrap(), written);
    }

    #[test]
    fn elements_of_indefinite_length_become_the_same_in_der(tree in trees()) {
        prop_assert_eq!(ber::definite(&tree.indefinite()).unwrap(), tree.definite());
    }

    #[test]
    fn integers(number: u64, octets in vec(any::<u8>(), 0..70)) {
        let written = tlv::integer(number);
        prop_assert_eq!(tlv::only(&written, tlv::INTEGER).unwrap().unsigned(), Ok(number));
        let written = tlv::integer_from_magnitude(&octets);
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let read = tlv::only(&written, tlv::INTEGER).unwrap().magnitude().unwrap();
        prop_assert_eq!(read, &octets[zeros..]);
    }

    #[test]
    fn object_identifiers_and_bits(oid in oids(), bits in vec(any::<u8>(), 0..40)) {
        let written = tlv::oid(&oid);
        prop_assert_eq!(Reader::new(&written).read().unwrap().oid(), Ok(oid));
        let written = tlv::bit_string(&bits);
        prop_assert_eq!(Reader::new(&written).read().unwrap().whole_bits(), Ok(bits.as_slice()));
    }

    #[test]
    fn times(seconds in -631_152_000_i64..253_402_300_800) {
        let time = Time(seconds);
        let written = tlv::time(time);
        prop_assert_eq!(Reader::new(&written).read().unwrap().time(), Ok(time));
        prop_assert_eq!(Time::parse_rfc3339(&time.to_rfc3339()), Some(time));
    }

    #[test]
    fn names_as_der_and_as_text(name in names()) {
        prop_assert_eq!(&Name::from_der(name.der()).unwrap(), &name);
        prop_assert_eq!(Name::parse_text(&name.to_string()).unwrap(), name);
    }

    #[test]
    fn general_names_of_every_kind(names in vec(general_names(), 0..8)) {
        let written = GeneralName::all_der(&names);
        prop_assert_eq!(&GeneralName::parse_all(&written).unwrap(), &names);
        for name in names.iter().filter(|name| {
            ["dns", "email", "uri", "upn", "ip"].contains(&name.kind())
        }) {
            prop_assert_eq!(name.check(), Ok(()));
            prop_assert_eq!(&GeneralName::parse_text(&name.to_string()).unwrap(), name);
        }
    }

    #[test]
    fn extensions(
        purposes in vec(oids(), 1..8),
        usages in vec(select(USAGES.to_vec()), 1..9),
        path_len in proptest::option::of(any::<u8>()),
        critical: bool,
        value in vec(any::<u8>(), 0..60),
    ) {
        let written = extension::extended_key_usages_der(&purposes);
        prop_assert_eq!(&extension::parse_extended_key_usages(&written).unwrap(), &purposes);
        let usage = usages.iter().fold(KeyUsage::NONE, |all, one| all | *one);
        let named = usage.names().filter_map(KeyUsage::from_name);
        prop_assert_eq!(named.fold(KeyUsage::NONE, |all, one| all | one), usage);
        prop_assert_eq!(KeyUsage::parse(&usage.der()).unwrap(), usage);
        let constraints = BasicConstraints { ca: true, path_len };
        prop_assert_eq!(BasicConstraints::parse(&constraints.der()).unwrap(), constraints);
        let extension = Extension { oid: purposes[0], critical, value };
        let list = tlv::sequence(&[extension.der()]);
        let list = tlv::only(&list, tlv::SEQUENCE).unwrap();
        prop_assert_eq!(Extension::parse_all(&list).unwrap(), [extension]);
    }

    #[test]
    fn serial_numbers_and_pem(random: [u8; 16], bytes in vec(any::<u8>(), 1..300)) {
        let serial = Serial::from_random(random);
        prop_assert!(serial.is_of_our_own());
        prop_assert_eq!(&Serial::parse_text(&serial.to_string()).unwrap(), &serial);
        prop_assert_eq!(&Serial::from_content(serial.content()).unwrap(), &serial);
        let text = pem::encode(pem::CERTIFICATE, &bytes);
        let read = pem::decode(pem::CERTIFICATE, &text).unwrap();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0][..], &bytes[..]);
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn requests_of_every_key(
        which in 0_usize..3,
        subject in names(),
        names in vec(general_names(), 0..5),
        challenge in proptest::option::of(".{0,60}"),
    ) {
        let key = keys()[which];
        let written = csr::build(key, &subject, &names, challenge.as_deref()).unwrap();
        let read = Csr::parse(&written, Strictness::Strict).unwrap();
        prop_assert_eq!(read.der, written);
        prop_assert_eq!((read.subject, read.general_names), (subject, names));
        prop_assert_eq!(&read.public_key, key.public_key());
        prop_assert_eq!(read.challenge_password.as_ref().map(Challenge::expose), challenge.as_deref());
        prop_assert_eq!(read.asked, Asked::default());
    }

    #[test]
    fn drafts_become_certificates_that_say_the_same(
        which in 0_usize..3,
        subject in names(),
        names in vec(general_names(), 0..5),
    ) {
        let key = keys()[which];
        let signed = certificate(key, names.clone(), subject.clone());
        let read = Certificate::parse(&signed.der).unwrap();
        prop_assert_eq!(&read, &signed);
        prop_assert_eq!(read.verify_signed_by(key.public_key()), Ok(()));
        prop_assert_eq!(read.general_names(), names);
        prop_assert_eq!(&read.subject, &subject);
        prop_assert_eq!(&read.issuer, &subject);
        prop_assert_eq!((read.not_before, read.not_after), (NOW, NOW.plus_days(30)));
        prop_assert_eq!(read.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE));
        prop_assert_eq!(read.extended_key_usages(), [oid::CLIENT_AUTH]);
        prop_assert_eq!(read.basic_constraints(), Some((false, None)));
        prop_assert_eq!(read.serial, Serial::from_random([6; 16]));
    }

    #[test]
    fn signed_messages_of_every_key_and_hash(
        which in 0_usize..3,
        hash in select(vec![Hash::Sha256, Hash::Sha384, Hash::Sha512]),
        content in vec(any::<u8>(), 0..2000),
        values in vec(vec(any::<u8>(), 0..40), 0..6),
    ) {
        let key = keys()[which];
        prop_assume!(key.key_type().signs_with(hash));
        let ours = plain(key);
        let attributes: Vec<_> = values.iter().zip(1_u32..).map(|(value, last)| Attribute {
            oid: ObjectIdentifier::from_arcs([1, 3, 6, 1, 4, 1, 99, last]).unwrap(),
            values: vec![tlv::octet_string(value)],
        }).collect();
        let signer = Signer { certificate: &ours, key, hash };
        let written = signed_data::build(&content, &attributes, &signer, &[]).unwrap();
        let read = SignedData::parse(&written).unwrap();
        prop_assert_eq!(read.content.as_ref(), Some(&content));
        prop_assert_eq!(read.certificates, [ours]);
        prop_assert_eq!(read.signers[0].verify(&content, key.public_key()), Ok(()));
        for attribute in &attributes {
            let value = read.signers[0].attribute(attribute.oid);
            prop_assert_eq!(value, attribute.values.first().map(Vec::as_slice));
        }
        let other = [content.as_slice(), b"!"].concat();
        prop_assert!(read.signers[0].verify(&other, key.public_key()).is_err());
    }
}

/// Every size of RSA key that a device or an authority may have, made once.
static RSA_SIZES: LazyLock<Vec<(PrivateKey, Certificate)>> = LazyLock::new(|| {
    let sizes = [KeyType::Rsa2048, KeyType::Rsa3072, KeyType::Rsa4096];
    let key = |size| PrivateKey::generate(size).unwrap();
    sizes
        .into_iter()
        .map(key)
        .map(|key| {
            let own = plain(&key);
            (key, own)
        })
        .collect()
});

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn encrypted_messages_of_every_cipher_and_key_size(
        size in 0_usize..3,
        cipher in select(vec![
            Cipher::Des, Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256,
        ]),
        content in vec(any::<u8>(), 0..2000),
    ) {
        let (key, own) = &RSA_SIZES[size];
        let written = enveloped_data::seal(&content, own, cipher).unwrap();
        let read = EnvelopedData::parse(&written).unwrap();
        prop_assert_eq!(read.cipher(), Some(cipher));
        prop_assert_eq!(read.recipient(&[own]), Ok(0));
        prop_assert_eq!(&read.open(own, key).unwrap()[..], &content[..]);
    }
}
