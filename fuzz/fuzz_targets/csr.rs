//! Certificate requests: raw ones, and ones whose signature fits whatever stands inside.
#![no_main]

use std::sync::LazyLock;

use fuzz::{draw::Draw, holder::Holder, request, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    csr::{self, CHALLENGE_BYTES_MAX, CSR_BYTES_MAX, Csr, Strictness},
    general_name::{GENERAL_NAMES_MAX, GeneralName},
    key::PrivateKey,
    name::Name,
};

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| Holder::standalone().leaf("device.example.test").key);

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        match draw.byte() {
            Some(mark) if mark % 2 == 0 => check(draw.0),
            Some(_) => check(&request::signed(draw, &KEY)),
            None => {}
        }
    }
);

/// Whole requests, and the parts that a signature is put around: a name, then attributes.
fn seeds() -> Vec<Vec<u8>> {
    let whole = seed::marked(0, seed::corpus(".inner.der"));
    whole.chain(seed::marked(1, request::parts())).collect()
}

fn check(der: &[u8]) {
    let Ok(read) = Csr::parse(der, Strictness::AcceptSha1) else { return };
    assert!(der.len() <= CSR_BYTES_MAX && read.der == der);
    assert!(read.general_names.len() <= GENERAL_NAMES_MAX);
    let challenge = read.challenge_password.as_ref().map(csr::Challenge::expose);
    assert!(challenge.is_none_or(|challenge| challenge.len() <= CHALLENGE_BYTES_MAX));
    if Csr::parse(der, Strictness::Strict).is_ok() {
        assert!(read.public_key.check_strength().is_ok());
    }
    let shown = format!("{read:?}");
    if let Some(challenge) = challenge.filter(|challenge| challenge.len() > 8) {
        assert!(!shown.contains(&format!("Challenge({challenge}")), "a challenge shows itself");
    }
    write_again(&read, challenge);
}

/// Our own request for the same is read as the same.
fn write_again(read: &Csr, challenge: Option<&str>) {
    let written = csr::build(&KEY, &read.subject, &read.general_names, challenge);
    let written = written.expect("the key signs");
    if written.len() > CSR_BYTES_MAX {
        return;
    }
    let again = Csr::parse(&written, Strictness::Strict).expect("we wrote it");
    assert_eq!(again.subject, read.subject);
    assert_eq!(again.general_names, read.general_names);
    assert_eq!(again.challenge_password.as_ref().map(csr::Challenge::expose), challenge);
    assert_eq!(again.asked, csr::Asked::default());
    for name in &read.general_names {
        let shown = name.to_string();
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        if name.check().is_ok()
            && let Ok(parsed) = GeneralName::parse_text(&shown)
        {
            assert_eq!(parsed.kind(), name.kind());
        }
    }
    assert_eq!(Name::from_der(read.subject.der()).as_ref(), Ok(&read.subject));
}
