//! PKCS #12 bundles, opened by OpenSSL.

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use pki::pem;
use pki::time::Time;
use profile::p12;
use profile::p12::Form;
use profile::p12::Identity;

use crate::fixture;
use crate::program;

const NOW: Time = Time(1_795_471_200);
const PASSWORD: &str = "Printer-4711-room";

/// A device's key, its certificate, and the authority above.
pub(crate) fn identity(key_type: KeyType) -> (PrivateKey, Vec<Certificate>) {
    let authority = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    let hash = KeyType::EcdsaP384.default_hash();
    let subject = Name::parse_text("CN=Printers").unwrap();
    let not_after = NOW.plus_days(3650);
    let root = Draft {
        serial: Serial::from_random([1; 16]),
        issuer: Issuer::itself(&subject, &authority, hash, not_after),
        subject,
        public_key: authority.public_key().clone(),
        not_before: NOW,
        not_after,
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints { ca: true, path_len: None },
        further: Vec::new(),
    };
    let root = root.lint().unwrap().sign(&authority).unwrap();
    let key = PrivateKey::generate(key_type).unwrap();
    let leaf = Draft {
        serial: Serial::from_random([2; 16]),
        issuer: Issuer::of(&root, hash).unwrap(),
        // A name that old readers trip over.
        subject: Name::parse_text("CN=Drucker für 3\\, Süd").unwrap(),
        public_key: key.public_key().clone(),
        not_before: NOW,
        not_after: NOW.plus_days(365),
        general_names: vec![GeneralName::dns("printer.example.org").unwrap()],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::CLIENT_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let leaf = leaf.lint().unwrap().sign(&authority).unwrap();
    (key, vec![leaf, root])
}

/// What OpenSSL finds in a bundle.
fn opened(bundle: &[u8], form: Form, password: &str, further: &[&str]) -> (bool, String) {
    let secret = format!("pass:{password}");
    let mut arguments = vec!["pkcs12", "-nodes", "-passin", &secret];
    if form == Form::Legacy {
        arguments.push("-legacy");
    }
    arguments.extend(further);
    program::run("openssl", &arguments, bundle)
}

fn check(key_type: KeyType, form: Form) {
    let (key, chain) = identity(key_type);
    let bundle = p12::bundle(&Identity { key: &key, chain: &chain }, PASSWORD, form).unwrap();
    let (content, told) = opened(&bundle, form, PASSWORD, &[]);
    assert!(content, "{told}");
    let found = pem::parse_private_key(&told).unwrap();
    assert!(found.public_key().is_same_key(key.public_key()));
    assert_eq!(*found.to_pkcs8(), *key.to_pkcs8());
    assert_eq!(pem::certificates(&told).unwrap(), chain);
    let (content, told) = opened(&bundle, form, "Printer-4712-room", &[]);
    assert!(!content, "{told}");
}

#[test]
fn openssl_opens_the_modern_form() {
    check(KeyType::Rsa2048, Form::Modern);
    check(KeyType::EcdsaP256, Form::Modern);
}

#[test]
fn openssl_opens_the_legacy_form() {
    check(KeyType::Rsa2048, Form::Legacy);
    check(KeyType::EcdsaP384, Form::Legacy);
}

#[test]
fn each_form_is_encrypted_as_it_says() {
    let (key, chain) = identity(KeyType::EcdsaP256);
    let identity = Identity { key: &key, chain: &chain };
    for (form, mac, encryption) in [
        (
            Form::Modern,
            "MAC: sha256, Iteration 10000",
            "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256",
        ),
        (
            Form::Legacy,
            "MAC: sha1, Iteration 10000",
            "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000",
        ),
    ] {
        let bundle = p12::bundle(&identity, PASSWORD, form).unwrap();
        let (content, told) = opened(&bundle, form, PASSWORD, &["-info", "-noout"]);
        assert!(content, "{told}");
        assert!(told.contains(mac), "{told}");
        assert_eq!(told.matches(encryption).count(), 2, "{told}");
    }
}

#[test]
fn both_forms_come_as_secret_files() {
    let (key, chain) = identity(KeyType::EcdsaP256);
    let identity = Identity { key: &key, chain: &chain };
    let files = p12::files("printer-7", &identity, PASSWORD).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["printer-7.p12", "printer-7-legacy.p12"]);
    assert!(files.iter().all(|file| file.is_secret));
    assert!(files.iter().all(|file| file.media_type == "application/x-pkcs12"));
}

#[test]
fn a_password_that_cannot_be_typed_everywhere_is_refused() {
    let (key, chain) = identity(KeyType::EcdsaP256);
    let identity = Identity { key: &key, chain: &chain };
    for password in ["", "short-11-ch", "with a blank in it", "ümlaut-ümlaut", &"a".repeat(65)] {
        let complaints = p12::bundle(&identity, password, Form::Modern).unwrap_err();
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].field, "password");
    }
    assert!(p12::bundle(&identity, &"a".repeat(64), Form::Modern).is_ok());
    assert!(p12::bundle(&identity, &"a".repeat(12), Form::Modern).is_ok());
}

#[test]
fn a_key_and_certificates_that_do_not_belong_together_are_refused() {
    let (key, chain) = identity(KeyType::EcdsaP256);
    let refused = |chain: &[Certificate]| {
        let identity = Identity { key: &key, chain };
        let complaints = p12::bundle(&identity, PASSWORD, Form::Modern).unwrap_err();
        complaints.into_iter().map(|one| one.what).collect::<Vec<_>>()
    };
    assert_eq!(refused(&[]), ["is not that of the key"]);
    assert_eq!(refused(&[fixture::root()]), ["is not that of the key"]);
    let wrong = [chain[0].clone(), fixture::root()];
    assert_eq!(refused(&wrong).len(), 1);
    assert!(refused(&wrong)[0].contains("is not signed by O=Example School"));
    let mut long = chain.clone();
    long.resize(p12::CHAIN_MAX + 1, chain[1].clone());
    assert_eq!(refused(&long), ["has 11 certificates in its chain"]);
}
