//! Server certificates from elsewhere: what is taken, and each no.

use actions::organization::NotApplied;
use actions::server_certificate;
use actions::server_certificate::Shown;
use actions::server_certificate::importing;
use actions::server_certificate::importing::Order;
use actions::server_certificate::importing::PASSWORD_BYTES_MAX;
use actions::server_certificate::importing::PEM_BYTES_MAX;
use actions::server_certificate::importing::PKCS12_BYTES_MAX;
use actions::server_certificate::keeper;
use actions::server_certificate::renewal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Role;
use domain::secret::Secret;
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

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;
use crate::serving::SERVER;
use crate::serving::code;

/// What a certificate from elsewhere says.
struct Leaf {
    names: Vec<&'static str>,
    /// For a TLS server, and no client.
    serves: bool,
    from: Time,
    until: Time,
}

impl Default for Leaf {
    fn default() -> Self {
        let names = vec!["www.example.test", "RADIUS.example.test"];
        Self { names, serves: true, from: NOW, until: NOW.plus_days(90) }
    }
}

/// An authority elsewhere: a root and one below it.
struct Elsewhere {
    root: Certificate,
    below: Certificate,
    key: PrivateKey,
}

fn authority(
    subject: &str,
    key: &PrivateKey,
    above: Option<(&Certificate, &PrivateKey)>,
) -> Certificate {
    let subject = Name::parse_text(subject).unwrap();
    let hash = KeyType::EcdsaP256.default_hash();
    let until = NOW.plus_days(3650);
    let issuer = match above {
        None => Issuer::itself(&subject, key, hash, until),
        Some((own, _)) => Issuer::of(own, hash).unwrap(),
    };
    let draft = Draft {
        serial: Serial::from_random([if above.is_some() { 2 } else { 1 }; 16]),
        issuer,
        subject,
        public_key: key.public_key().clone(),
        not_before: NOW.plus_days(0),
        not_after: until,
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints { ca: true, path_len: None },
        further: Vec::new(),
    };
    draft.lint().unwrap().sign(above.map_or(key, |(_, key)| key)).unwrap()
}

impl Elsewhere {
    fn new() -> Self {
        let root_key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let root = authority("CN=Elsewhere Root", &root_key, None);
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let below = authority("CN=Elsewhere CA", &key, Some((&root, &root_key)));
        Self { root, below, key }
    }

    fn leaf(&self, leaf: Leaf) -> (Certificate, PrivateKey) {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let names = leaf.names.iter().map(|name| GeneralName::dns(name).unwrap());
        let draft = Draft {
            serial: Serial::from_random([9; 16]),
            issuer: Issuer::of(&self.below, KeyType::EcdsaP256.default_hash()).unwrap(),
            subject: Name::parse_text("CN=www.example.test").unwrap(),
            public_key: key.public_key().clone(),
            not_before: leaf.from,
            not_after: leaf.until,
            general_names: names.collect(),
            key_usage: KeyUsage::DIGITAL_SIGNATURE,
            extended_key_usages: vec![if leaf.serves {
                oid::SERVER_AUTH
            } else {
                oid::CLIENT_AUTH
            }],
            basic_constraints: BasicConstraints::LEAF,
            further: Vec::new(),
        };
        (draft.lint().unwrap().sign(&self.key).unwrap(), key)
    }
}

fn order(chain: &[&Certificate], key: &PrivateKey) -> Order {
    Order {
        certificate: Some(chain.iter().map(|one| pem::certificate(one)).collect()),
        key: Some(Secret::new(pem::private_key(key).as_str())),
        ..Order::default()
    }
}

async fn import(fixture: &Fixture, order: Order) -> Result<Shown, NotApplied> {
    importing::import(&fixture.app, &owner(), SERVER, order).await
}

async fn enroll(fixture: &Fixture) {
    fixture.issue(&fixture.claim()).await.unwrap();
}

#[tokio::test]
async fn a_certificate_from_elsewhere_is_shown_at_once_if_nobody_is_cut_off() {
    let fixture = Fixture::mosyle().await;
    let elsewhere = Elsewhere::new();
    let (leaf, key) = elsewhere.leaf(Leaf::default());
    let chain = [&leaf, &elsewhere.below, &elsewhere.root];
    let shown = import(&fixture, order(&chain, &key)).await.unwrap();
    assert!(shown.active.imported);
    assert_eq!(shown.active.root, "CN=Elsewhere Root");
    assert_eq!(shown.active.chain.len(), 3);
    assert!(!shown.previous.as_ref().unwrap().imported);
    let rules = fixture.app.snapshot.rules();
    let server = rules.server_of(SERVER).unwrap();
    assert_eq!(server.identity.certificate.der, leaf.der);
    assert!(server.identity.key.public_key().is_same_key(key.public_key()));
    // The root is nobody's to be shown.
    assert_eq!(server.intermediates.len(), 1);
    assert_eq!(server.intermediates[0], elsewhere.below);
    let beside = fixture.beside().await;
    let again = server_certificate::show(&beside.app, &owner(), SERVER).unwrap();
    assert_eq!(again, shown);
    let events = fixture.events().await;
    assert_eq!(
        (events[0].kind.as_str(), &events[0].details["slot"]),
        ("server.imported", &serde_json::json!("active"))
    );
    let told = serde_json::to_string(&events).unwrap();
    assert!(!told.contains("PRIVATE KEY"));
    // It is never renewed by itself, and a certificate made here would lead to another root.
    fixture.set_clock(leaf.not_after.plus_seconds(-86_400));
    keeper::renew_due(&fixture.app).await;
    assert_eq!(server_certificate::show(&fixture.app, &owner(), SERVER).unwrap(), shown);
    let found = actions::doctor::examine(&fixture.app, &owner()).await.unwrap();
    let found = found.iter().find(|one| one.code == "DOC-SERVER-EXPIRING").unwrap();
    assert!(found.what.contains("it was imported"), "{}", found.what);
    let renewed = renewal::renew(&fixture.app, &owner(), SERVER, renewal::Order::default()).await;
    assert_eq!(code(renewed), "API-ROOT-DIFFERS");
}

#[tokio::test]
async fn another_root_waits_where_devices_would_be_cut_off() {
    let fixture = Fixture::mosyle().await;
    enroll(&fixture).await;
    let elsewhere = Elsewhere::new();
    let (leaf, key) = elsewhere.leaf(Leaf::default());
    let chain = [&leaf, &elsewhere.below, &elsewhere.root];
    assert_eq!(code(import(&fixture, order(&chain, &key)).await), "API-ROOT-DIFFERS");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-ROOT-DIFFERS"));
    let waits = Order { next: true, ..order(&chain, &key) };
    let shown = import(&fixture, waits).await.unwrap();
    assert!(shown.next.unwrap().imported && !shown.active.imported);
    // What somebody put there waits on, whatever becomes due.
    fixture.set_clock(shown.active.not_after.plus_seconds(-86_400));
    keeper::renew_due(&fixture.app).await;
    let after = server_certificate::show(&fixture.app, &owner(), SERVER).unwrap();
    assert!(after.next.unwrap().imported);
}

#[tokio::test]
async fn a_bundle_is_opened_with_its_password_only() {
    let fixture = Fixture::mosyle().await;
    let elsewhere = Elsewhere::new();
    let (leaf, key) = elsewhere.leaf(Leaf::default());
    let chain = [leaf, elsewhere.below.clone(), elsewhere.root.clone()];
    let identity = p12::Identity { key: &key, chain: &chain };
    for form in [p12::Form::Modern, p12::Form::Legacy] {
        let bundle = p12::bundle(&identity, "a-long-password", form).unwrap();
        let order = |password: &str, bundle: &[u8]| Order {
            pkcs12: Some(Secret::new(STANDARD.encode(bundle))),
            password: Some(Secret::new(password)),
            next: true,
            ..Order::default()
        };
        let shown = import(&fixture, order("a-long-password", &bundle)).await.unwrap();
        let next = shown.next.unwrap();
        assert_eq!((next.chain.len(), next.root.as_str()), (3, "CN=Elsewhere Root"));
        for (password, bundle) in [
            ("another-password", bundle.as_slice()),
            ("", bundle.as_slice()),
            ("a-long-password", &bundle[..bundle.len() / 2]),
            ("a-long-password", b"nothing".as_slice()),
            ("a-long-password", b"".as_slice()),
        ] {
            let refused = import(&fixture, order(password, bundle)).await;
            assert_eq!(complaints(refused)[0].0, "pkcs12");
        }
    }
}

#[track_caller]
fn complaints(answer: Result<Shown, NotApplied>) -> Vec<(String, String)> {
    let Err(NotApplied::Complaints(all)) = answer else { panic!("{answer:?}") };
    all.into_iter().map(|one| (one.path, one.what)).collect()
}

/// An import that is refused with one complaint.
async fn check(fixture: &Fixture, order: Order, (field, part): (&str, &str)) {
    let before = server_certificate::show(&fixture.app, &owner(), SERVER).unwrap();
    let all = complaints(import(fixture, order).await);
    let found = all.iter().any(|(path, what)| path == field && what.contains(part));
    assert!(found, "{field} {part}: {all:?}");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-DOCUMENT"));
    let after = server_certificate::show(&fixture.app, &owner(), SERVER).unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_certificate_that_devices_would_not_take_is_refused() {
    let fixture = Fixture::mosyle().await;
    let elsewhere = Elsewhere::new();
    let above = [&elsewhere.below, &elsewhere.root];
    let wrong: [(Leaf, (&str, &str)); 4] = [
        (
            Leaf { names: vec!["www.example.test"], ..Leaf::default() },
            ("certificate", "does not carry the DNS name radius.example.test"),
        ),
        (Leaf { serves: false, ..Leaf::default() }, ("certificate", "serverAuth")),
        (
            Leaf { from: NOW, until: NOW.plus_days(1), ..Leaf::default() },
            ("certificate", "ended on"),
        ),
        (Leaf { from: NOW.plus_days(20), ..Leaf::default() }, ("certificate", "is valid from")),
    ];
    for (leaf, expected) in wrong {
        let (leaf, key) = elsewhere.leaf(leaf);
        fixture.set_clock(if expected.1 == "ended on" { NOW.plus_days(2) } else { NOW });
        let chain: Vec<&Certificate> = core::iter::once(&leaf).chain(above).collect();
        check(&fixture, order(&chain, &key), expected).await;
    }
    // What begins later may wait.
    fixture.set_clock(NOW);
    let (leaf, key) = elsewhere.leaf(Leaf { from: NOW.plus_days(20), ..Leaf::default() });
    let chain = [&leaf, &elsewhere.below, &elsewhere.root];
    import(&fixture, Order { next: true, ..order(&chain, &key) }).await.unwrap();
}

#[tokio::test]
async fn a_chain_that_is_none_is_refused() {
    let fixture = Fixture::mosyle().await;
    let elsewhere = Elsewhere::new();
    let (leaf, key) = elsewhere.leaf(Leaf::default());
    let (below, root) = (&elsewhere.below, &elsewhere.root);
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let certificate = "certificate";
    for (chain, expected) in [
        (vec![&leaf, root, below], (certificate, "is not signed by")),
        (vec![below, root], (certificate, "comes first")),
        (vec![&leaf, &leaf, root], (certificate, "is no authority")),
        (vec![&leaf], (certificate, "whose issuer is not known")),
        (vec![&leaf, below], (certificate, "whose issuer is not known")),
        (vec![&leaf; 9], (certificate, "9 certificates")),
    ] {
        check(&fixture, order(&chain, &key), expected).await;
    }
    let chain = [&leaf, below, root];
    check(&fixture, order(&chain, &other), ("key", "does not belong")).await;
}

#[tokio::test]
async fn what_is_not_given_or_cannot_be_read_is_named() {
    let fixture = Fixture::mosyle().await;
    let elsewhere = Elsewhere::new();
    let (leaf, key) = elsewhere.leaf(Leaf::default());
    let good = || order(&[&leaf, &elsewhere.below, &elsewhere.root], &key);
    let text = |length: usize| Some(Secret::new("x".repeat(length)));
    for (order, expected) in [
        (Order::default(), ("certificate", "is missing")),
        (Order { certificate: None, ..good() }, ("certificate", "is missing")),
        (Order { key: None, ..good() }, ("key", "is missing")),
        (Order { pkcs12: text(8), ..good() }, ("pkcs12", "beside")),
        (Order { certificate: Some("no PEM".into()), ..good() }, ("certificate", "BEGIN")),
        (Order { key: text(8), ..good() }, ("key", "BEGIN")),
        (
            Order { certificate: Some("x".repeat(PEM_BYTES_MAX + 1)), ..good() },
            ("certificate", "longer"),
        ),
        (Order { key: text(PEM_BYTES_MAX + 1), ..good() }, ("key", "longer")),
        (Order { pkcs12: Some(Secret::new("%")), ..Order::default() }, ("pkcs12", "base64")),
        (Order { pkcs12: text(PKCS12_BYTES_MAX * 2), ..Order::default() }, ("pkcs12", "longer")),
        (
            Order { pkcs12: text(8), password: text(PASSWORD_BYTES_MAX + 1), ..Order::default() },
            ("password", "longer"),
        ),
    ] {
        check(&fixture, order, expected).await;
    }
    for role in [Role::NetworkOperator, Role::Helpdesk, Role::Auditor] {
        let actor = Actor::administrator("Ann", role);
        let refused = importing::import(&fixture.app, &actor, SERVER, good()).await;
        assert_eq!(code(refused), "API-NOT-PERMITTED");
    }
}

/// Browsers know the root, and so does the program: a public chain need not hold it.
#[tokio::test]
async fn a_root_of_ours_is_found_if_the_chain_lacks_it() {
    let fixture = Fixture::mosyle().await;
    let rules = fixture.app.snapshot.rules();
    let own = rules.server_of(SERVER).unwrap().identity.clone();
    let shown = import(&fixture, order(&[&own.certificate], &own.key)).await.unwrap();
    assert!(shown.active.imported && shown.active.same_root);
    assert_eq!(shown.active.root, shown.previous.unwrap().root);
}
