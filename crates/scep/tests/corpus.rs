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

#[test]
fn dump() {
    for (name, message) in [
        ("strongswan_pkcsreq-0", &corpus!("strongswan_pkcsreq-0.der")[..]),
        ("certmonger-0", corpus!("certmonger-0.der")),
        ("sscep_pkcsreq-0", corpus!("sscep_pkcsreq-0.der")),
        ("sscep_renew", corpus!("sscep_renew_pkcsreq19-0.der")),
        ("scepclient_des", corpus!("scepclient_pkcsreq_des_sha1-0.der")),
        ("scepclient_renewal", corpus!("scepclient_renewalreq-0.der")),
        ("swan_renewal", corpus!("strongswan_renewalreq-0.der")),
        ("swan_poll", corpus!("strongswan_certpoll-0.der")),
        ("swan_poll2", corpus!("strongswan_certpoll-2.der")),
        ("sscep_poll", corpus!("sscep_certpoll-0.der")),
        ("sscep_poll2", corpus!("sscep_certpoll-2.der")),
        ("sscep_getcrl", corpus!("sscep_getcrl-0.der")),
    ] {
        println!("== {name}");
        match parse(message, LEGACY) {
            Ok(r) => println!(
                "{} {} {:?} {:?} challenge={:?} {:?} {:?} {:?} id={} nonce={} signer={} serial={}",
                r.csr.subject, r.csr.general_names.iter().map(|n| n.to_string()).collect::<Vec<_>>().join(";"),
                r.csr.asked, r.signed_by, r.csr.challenge_password.as_ref().map(|c| c.expose()),
                r.context.hash, r.context.cipher, r.csr.public_key, r.context.transaction_id.text(), r.context.sender_nonce.len(),
                r.context.signer.subject, r.context.signer.serial),
            Err(NoRequest::Refused(r)) => println!("refused {:?} {} {} {:?}", r.fail_info, r.text, r.context.transaction_id.text(), r.context.cipher),
            Err(e) => println!("{e:?}"),
        }
    }
}
