//! Apple's profiles as they are signed for a person's hands, verified by OpenSSL.

use pki::cms::signed_data::Signer;
use pki::key::Hash;
use pki::key::KeyType;
use pki::pem;
use profile::apple;
use profile::platform::Platform;
use profile::render::Selection;

use crate::fixture;
use crate::p12;
use crate::program;

/// What OpenSSL says of a signed profile, with this root to trust.
fn verify(signed: &[u8], root: &str) -> (bool, String) {
    let name = format!("safeconduct-root-{}.pem", std::process::id());
    let file = std::env::temp_dir().join(name);
    let mut options = std::fs::File::create(&file).unwrap();
    std::io::Write::write_all(&mut options, root.as_bytes()).unwrap();
    let arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile"];
    // The certificate of the test begins in a time to come.
    let arguments = [arguments.as_slice(), &[file.to_str().unwrap(), "-no_check_time"]].concat();
    let told = program::run("openssl", &arguments, signed);
    std::fs::remove_file(file).unwrap();
    told
}

#[test]
fn openssl_verifies_a_signed_profile_and_finds_every_change() {
    let network = fixture::network();
    let profile = apple::profile(&network, Platform::Mosyle, &Selection::default()).unwrap();
    for key_type in [KeyType::Rsa2048, KeyType::EcdsaP256] {
        let (key, chain) = p12::identity(key_type);
        let signer = Signer { certificate: &chain[0], key: &key, hash: Hash::Sha256 };
        let signed = apple::sign(&profile.content, &signer, &chain[1..]).unwrap();
        let root = pem::certificate(&chain[1]);
        let (content, told) = verify(&signed, &root);
        assert!(content, "{told}");
        assert!(told.contains(core::str::from_utf8(&profile.content).unwrap()), "{told}");
        let place = signed.windows(6).position(|window| window == b"System").unwrap();
        let mut changed = signed.clone();
        changed[place] = b's';
        let (content, told) = verify(&changed, &root);
        assert!(!content, "{told}");
        let (content, told) = verify(&signed, &pem::certificate(&fixture::root()));
        assert!(!content, "{told}");
    }
}
