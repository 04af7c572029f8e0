//! Measures what a login costs the server, full and resumed, in memory: no socket, no RADIUS.
//!
//! `cargo run --release -p eap --example login_cost`

#![expect(clippy::print_stdout, reason = "it shows what it measured")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "what cannot be measured ends the example")]

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use eap::packet;
use eap::peer;
use eap::peer::Peer;
use eap::peer::Reaction;
use eap::session::Kind;
use eap::session::Session;
use eap::session::Step;
use eap::settings::Identity;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use eap::trust::Trust;
use eap::verdict::Alert;
use eap::verdict::Verdict;
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
use pki::time::Time;

/// Logins of each kind; the median of them counts, so that other load matters little.
const LOGINS: usize = 301;

const NOW: Time = Time(1_790_000_000);
const DAY: i64 = 86_400;

#[derive(Debug)]
struct Everybody;

impl Verdict for Everybody {
    fn verdict(&self, _leaf: &[u8], _now: Time) -> Result<(), Alert> {
        Ok(())
    }
}

fn main() {
    println!("server time of one login, median of {LOGINS}");
    for key_type in [KeyType::EcdsaP256, KeyType::Rsa2048] {
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            let [full, resumed] = measure(key_type, version);
            let (full, resumed) = (full.as_micros(), resumed.as_micros());
            println!("{key_type:?} TLS {version}: full {full} us, resumed {resumed} us");
        }
    }
}

fn measure(key_type: KeyType, version: TlsVersion) -> [Duration; 2] {
    let (root_key, root) = root(key_type);
    let (chain, key) = leaf(key_type, &root_key, &root);
    let server = Identity::parse(&chain, &key).unwrap();
    let (chain, key) = leaf(key_type, &root_key, &root);
    let device = peer::Settings {
        name: "device".to_owned(),
        identity: Some(Identity::parse(&chain, &key).unwrap()),
        trust: Trust::Unverified,
        lowest: version,
        highest: version,
        fragment_size: 1390,
    };
    let anchors = [root.der.clone()];
    let settings = || Settings::check(&server, &anchors, version, version).unwrap();
    let shared = settings();
    let mut peer = Peer::start(&device, NOW).unwrap();
    login(&shared, &mut peer, Kind::Full);
    let full = median(|| login(&settings(), &mut Peer::start(&device, NOW).unwrap(), Kind::Full));
    let resumed = median(|| {
        peer = peer.again(NOW).unwrap();
        login(&shared, &mut peer, Kind::Resumed)
    });
    [full, resumed]
}

fn median(mut one: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..LOGINS).map(|_| one()).collect();
    all.sort();
    all.get(LOGINS / 2).copied().unwrap_or_default()
}

/// One login; returns the time that the server took.
fn login(settings: &Settings, peer: &mut Peer, expected: Kind) -> Duration {
    let begin = Instant::now();
    let mut session = Session::start(settings, Arc::new(Everybody), 1).unwrap();
    let mut spent = begin.elapsed();
    let mut request = packet::start_request(1);
    loop {
        let Reaction::Answer(answer) = peer.respond(&request) else { panic!("no answer") };
        let begin = Instant::now();
        let mut step = session.step(&answer, NOW, 1400);
        if let Step::Proved(proof) = &step {
            assert_eq!(proof.kind, expected);
            step = session.confirm();
        }
        spent += begin.elapsed();
        match step {
            Step::Ask(next) => request = next,
            Step::Done(_) => {
                let reaction = peer.respond(&packet::success(session.identifier()));
                assert!(matches!(reaction, Reaction::Success(_)));
                return spent;
            }
            Step::Proved(_) | Step::Failed(_) | Step::Ignored => panic!("{step:?}"),
        }
    }
}

fn root(key_type: KeyType) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(key_type).unwrap();
    let subject = Name::parse_text("CN=Root").unwrap();
    let not_after = Time(NOW.0 + 3650 * DAY);
    let draft = Draft {
        serial: Serial::from_random([7; 16]),
        issuer: Issuer::itself(&subject, &key, key_type.default_hash(), not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: Time(NOW.0 - DAY),
        not_after,
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints { ca: true, path_len: Some(0) },
        further: Vec::new(),
    };
    let certificate = draft.lint().unwrap().sign(&key).unwrap();
    (key, certificate)
}

fn leaf(key_type: KeyType, root_key: &PrivateKey, root: &Certificate) -> (Vec<Vec<u8>>, Vec<u8>) {
    let key = PrivateKey::generate(key_type).unwrap();
    let draft = Draft {
        serial: Serial::from_random([9; 16]),
        issuer: Issuer::of(root, key_type.default_hash()).unwrap(),
        subject: Name::parse_text("CN=leaf.example.test").unwrap(),
        public_key: key.public_key().clone(),
        not_before: Time(NOW.0 - DAY),
        not_after: Time(NOW.0 + 300 * DAY),
        general_names: vec![GeneralName::dns("leaf.example.test").unwrap()],
        key_usage: KeyUsage::DIGITAL_SIGNATURE,
        extended_key_usages: vec![oid::SERVER_AUTH, oid::CLIENT_AUTH],
        basic_constraints: BasicConstraints::LEAF,
        further: Vec::new(),
    };
    let certificate = draft.lint().unwrap().sign(root_key).unwrap();
    (vec![certificate.der], key.to_pkcs8().to_vec())
}
