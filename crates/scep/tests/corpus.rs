//! Requests of real clients, each with what must come out of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

use pki::{
    certificate::Certificate,
    cms::enveloped_data::Cipher,
    key::{Hash, PrivateKey},
    pem,
};
use scep::{
    capabilities::Algorithms,
    message::FailInfo,
    request::{NoRequest, Recipient, Refused, Request, SignedBy},
};

macro_rules! corpus {
    ($name:expr) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus/scep/", $name))
    };
}

macro_rules! key {
    ($name:literal) => {{
        let key = str::from_utf8(corpus!(concat!("keys/", $name, ".key"))).unwrap();
        let certificate = str::from_utf8(corpus!(concat!("keys/", $name, ".pem"))).unwrap();
        let certificate = pem::certificates(certificate).unwrap().remove(0);
        (certificate, pem::parse_private_key(key).unwrap())
    }};
}

const DEFAULT: Algorithms = Algorithms { strict: false, legacy: false };
const LEGACY: Algorithms = Algorithms { strict: false, legacy: true };
const STRICT: Algorithms = Algorithms { strict: true, legacy: false };

fn parse(message: &[u8], algorithms: Algorithms) -> Result<Request, NoRequest> {
    let (ra, ra_key): (Certificate, PrivateKey) = key!("ra");
    let (single, single_key) = key!("single");
    let recipients = [
        Recipient { certificate: &ra, key: &ra_key },
        Recipient { certificate: &single, key: &single_key },
    ];
    Request::parse(message, &recipients, algorithms)
}

fn opened(message: &[u8], inner: &[u8]) -> Request {
    let request = parse(message, DEFAULT).unwrap();
    assert_eq!(request.csr.der, inner);
    request
}

fn refused(message: &[u8], algorithms: Algorithms) -> Refused {
    match parse(message, algorithms) {
        Err(NoRequest::Refused(refused)) => *refused,
        other => panic!("not refused: {other:?}"),
    }
}

fn check(request: &Request, subject: &str, transaction_id: &str, cipher: Cipher, hash: Hash) {
    assert_eq!(request.csr.subject.to_string(), subject);
    assert_eq!(request.context.transaction_id.text(), transaction_id);
    assert_eq!(request.context.sender_nonce.len(), 16);
    assert_eq!((request.context.cipher, request.context.hash), (cipher, hash));
}

fn names(request: &Request) -> Vec<String> {
    request.csr.general_names.iter().map(ToString::to_string).collect()
}

fn challenge(request: &Request) -> Option<&str> {
    request.csr.challenge_password.as_ref().map(|challenge| challenge.expose())
}

#[test]
fn strongswan_enrolls_with_unsorted_attributes() {
    let request =
        opened(corpus!("strongswan_pkcsreq-0.der"), corpus!("strongswan_pkcsreq-0.inner.der"));
    let id = "348E5F1594683AAEF37DDFB745D0FC962BBB5F70";
    check(&request, "C=DE, O=Lab, CN=swan1", id, Cipher::Aes128, Hash::Sha256);
    assert_eq!(names(&request), ["dns:swan1.lab.test"]);
    assert_eq!(challenge(&request), Some("secret"));
    assert_eq!(request.signed_by, SignedBy::Itself);
    assert!(!request.csr.asked.ca);

    let later =
        opened(corpus!("strongswan_certpoll-0.der"), corpus!("strongswan_certpoll-0.inner.der"));
    let id = "1D6A430DCF424F881A865677A2E80E1109DA311B";
    check(&later, "C=DE, O=Lab, CN=swan1", id, Cipher::Aes128, Hash::Sha256);
    assert_eq!(challenge(&later), None);
}

#[test]
fn certmonger_enrolls_with_a_serial_of_32_octets() {
    let request = opened(corpus!("certmonger-0.der"), corpus!("certmonger-0.inner.der"));
    let id = "3916392128514187601319025221466276934632972330346288900679686291993658979497";
    check(&request, "CN=cm1, O=Lab, C=DE", id, Cipher::Aes256, Hash::Sha256);
    assert_eq!(names(&request), ["dns:cm1.lab.test"]);
    assert_eq!(challenge(&request), Some("secret"));
    assert_eq!(request.context.signer.serial.content().len(), 32);
}

#[test]
fn sscep_enrolls_with_sha512_and_renews_as_an_enrollment() {
    let request = opened(corpus!("sscep_pkcsreq-0.der"), corpus!("sscep_pkcsreq-0.inner.der"));
    let id = "8B47495238E86B8E98C45C89AB53C638";
    check(&request, "C=DE, O=Lab, CN=a", id, Cipher::Aes128, Hash::Sha512);
    assert_eq!(names(&request), ["dns:a.lab.test", "upn:a@lab.test"]);
    assert_eq!(challenge(&request), Some("secret"));

    let polled = opened(corpus!("sscep_certpoll-0.der"), corpus!("sscep_certpoll-0.inner.der"));
    let id = "BA7A3DF32C738929C11A8529F32B4355";
    check(&polled, "C=DE, O=Lab, CN=a", id, Cipher::Aes128, Hash::Sha512);

    let renewal = opened(
        corpus!("sscep_renew_pkcsreq19-0.der"),
        corpus!("sscep_renew_pkcsreq19-0.inner.der"),
    );
    check(&renewal, "C=DE, O=Lab, CN=a", id, Cipher::Aes128, Hash::Sha512);
    assert_eq!(renewal.signed_by, SignedBy::AnIssuedCertificate);
    assert_eq!(challenge(&renewal), None);
}

#[test]
fn single_des_needs_the_legacy_switch() {
    let message = corpus!("scepclient_pkcsreq_des_sha1-0.der");
    let refused = refused(message, DEFAULT);
    assert_eq!(refused.fail_info, FailInfo::BadAlg);
    assert!(refused.text.contains("1.3.14.3.2.7"), "{}", refused.text);
    assert_eq!(refused.context.transaction_id.text(), "54Fv+1mp9lKV+Jb/qXRwW0WCRUU=");

    let request = parse(message, LEGACY).unwrap();
    assert_eq!(request.csr.der, corpus!("scepclient_pkcsreq_des_sha1-0.inner.der"));
    let id = "54Fv+1mp9lKV+Jb/qXRwW0WCRUU=";
    let subject = "C=US, O=scep-client, OU=MDM, CN=go1";
    // Neither the cipher nor the hash of such a request is good enough for a reply.
    check(&request, subject, id, Cipher::TripleDes, Hash::Sha256);
    assert_eq!(challenge(&request), Some("secret"));
}

#[test]
fn strongswan_renews_with_a_message_type_of_its_own() {
    let renewal = opened(
        corpus!("strongswan_renewalreq-0.der"),
        corpus!("strongswan_renewalreq-0.inner.der"),
    );
    assert_eq!(renewal.signed_by, SignedBy::AnIssuedCertificate);
    assert_eq!(challenge(&renewal), None);
}

#[test]
fn a_strict_gateway_refuses_sha1_by_name() {
    let refused = refused(corpus!("scepclient_pkcsreq_des_sha1-0.der"), STRICT);
    assert_eq!(refused.fail_info, FailInfo::BadAlg);
    assert!(refused.text.contains("1.3.14.3.2.26"), "{}", refused.text);
    assert!(parse(corpus!("sscep_pkcsreq-0.der"), STRICT).is_ok());
}

#[test]
fn other_types_are_refused_before_they_are_decrypted() {
    let cases: [(&[u8], &str); 3] = [
        (corpus!("strongswan_certpoll-2.der"), "(20)"),
        (corpus!("sscep_certpoll-2.der"), "(20)"),
        (corpus!("sscep_getcrl-0.der"), "(22)"),
    ];
    for (message, text) in cases {
        let refused = refused(message, DEFAULT);
        assert_eq!(refused.fail_info, FailInfo::BadRequest);
        assert!(refused.text.contains(text), "{}", refused.text);
    }
}

/// What a message says, in one line.
fn line(name: &str, message: &[u8]) -> String {
    let (ra, ra_key): (Certificate, PrivateKey) = key!("ra");
    let (single, single_key) = key!("single");
    let [ra, single] = [(&ra, &ra_key), (&single, &single_key)]
        .map(|(certificate, key)| Recipient { certificate, key });
    let recipient = if name.starts_with("certmonger") { ra } else { single };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let (context, said) = match Request::parse(message, &[recipient], LEGACY) {
        Ok(request) => {
            let (names, secret) = (names(&request).join(" "), challenge(&request));
            let asked = &request.csr.asked;
            let csr = &request.csr.subject;
            let by = request.signed_by;
            let key = request.csr.public_key.is_same_key(&request.context.signer.public_key);
            let said = format!("{by:?} own={key} {csr} [{names}] {secret:?} ca={}", asked.ca);
            (request.context, said)
        }
        Err(NoRequest::Refused(refused)) => {
            (refused.context, format!("{} {}", refused.fail_info.name(), refused.text))
        }
        Err(NoRequest::Unreadable(unreadable)) => return format!("{name}: {unreadable}"),
    };
    let signer = &context.signer;
    format!(
        "{name}: {} {} {:?} {:?} ({} {}) {said}",
        context.transaction_id.text(),
        hex(&context.sender_nonce),
        context.cipher,
        context.hash,
        signer.subject,
        signer.serial,
    )
}

#[test]
fn every_message_of_the_corpus_says_what_it_says() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/corpus/scep");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".der") && !name.ends_with(".inner.der"))
        .collect();
    names.sort();
    let said: Vec<String> = names
        .iter()
        .map(|name| {
            let mut message = Vec::new();
            let mut file = std::fs::File::open(format!("{folder}/{name}")).unwrap();
            std::io::Read::read_to_end(&mut file, &mut message).unwrap();
            line(name, &message)
        })
        .collect();
    let expected = include_str!("corpus.txt");
    assert_eq!(said.join("\n"), expected.trim_end(), "{}", said.join("\n"));
}

#[test]
fn no_truncated_message_is_a_request() {
    let message = corpus!("certmonger-0.der");
    for end in (0..message.len()).step_by(13) {
        assert!(matches!(parse(&message[..end], DEFAULT), Err(NoRequest::Unreadable(_))));
    }
}

#[test]
fn a_message_for_others_is_refused() {
    let (single, single_key) = key!("single");
    let recipients = [Recipient { certificate: &single, key: &single_key }];
    let result = Request::parse(corpus!("certmonger-0.der"), &recipients, DEFAULT);
    let Err(NoRequest::Refused(refused)) = result else {
        panic!("not refused");
    };
    assert_eq!(refused.fail_info, FailInfo::BadMessageCheck);
}
