//! Measures what an authority does a second, beside what its key alone does, and what is durable
//! beside what the store alone makes durable; prints it as the tables of `docs/performance.md`.
//!
//! `cargo run --release -p actions --example authority_rate`

#![expect(clippy::print_stdout, reason = "it shows what it measured")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(clippy::unwrap_used, reason = "what cannot be measured ends the example")]

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use actions::App;
use actions::certificate::issue;
use actions::organization;
use actions::organization::Application;
use actions::publisher;
use actions::responder;
use actions::revocation_list;
use actions::seed;
use actions::world::World;
use domain::actor::Actor;
use domain::certificate_authority::Addresses;
use domain::certificate_template::CertificateTemplate;
use domain::certificate_template::Identity;
use domain::certificate_template::Request;
use domain::claim::Claim;
use domain::event::Moment;
use domain::variable::values::Values;
use pki::certificate::Serial;
use pki::csr::Csr;
use pki::csr::Strictness;
use pki::draft::Issuer;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::ocsp::CertId;
use pki::ocsp::OcspRequest;
use serde_json::Value;
use serde_json::json;
use store::Store;
use store::seal::MasterKey;
use store::write::EventRow;
use store::write::Why;
use store::write::Write;
use tests::directory::Directory;
use tests::postgres::Postgres;
use tokio::task::JoinSet;

const MOSYLE: &str = include_str!("../../../examples/mosyle.toml");

/// The authority of the guide, and its address.
const AUTHORITY: &str = "Example School SCEP CA";
const SLUG: &str = "example-school-scep-ca";

/// How long each measurement takes.
const SPAN: Duration = Duration::from_secs(3);

/// Callers at the same time.
const CALLERS: [usize; 3] = [1, 16, 128];

/// Entries of the list that is measured.
const ENTRIES: u64 = 100_000;

#[tokio::main]
async fn main() {
    println!("### Issuing without the store, on one processor\n");
    println!("| authority | its key alone, signatures/s | certificates/s | share |");
    println!("| --- | --- | --- | --- |");
    for key in [KeyType::Rsa2048, KeyType::EcdsaP256] {
        issuing(key);
    }
    println!("\n### Durable certificates a second, beside what the store alone makes durable\n");
    println!("| database | callers | pairs of commits/s | certificates/s | share |");
    println!("| --- | --- | --- | --- | --- |");
    let (directory, server) = (Directory::fresh(), Postgres::start_durable());
    for (engine, store) in [
        ("SQLite", Store::open(directory.path(), &master()).unwrap()),
        ("PostgreSQL", Store::open_url(&server.database(), &master()).await.unwrap()),
    ] {
        durable(engine, store).await;
    }
    println!("\n### Revocation\n");
    println!("| what | measured |");
    println!("| --- | --- |");
    for key in ["rsa-2048", "ecdsa-p256"] {
        answers(key).await;
    }
    list().await;
}

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Moment(i64::try_from(since.as_millis()).unwrap())
}

/// How often something is done in a second by one who does nothing else.
fn rate(mut deed: impl FnMut()) -> f64 {
    deed();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < SPAN {
        deed();
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

fn issuing(key_type: KeyType) {
    let key = PrivateKey::generate(key_type).unwrap();
    let subject = Name::parse_text("CN=Example School SCEP CA").unwrap();
    let hash = key_type.default_hash();
    let at = now().time();
    let issuer = Issuer::itself(&subject, &key, hash, at.plus_days(3650));
    let device = PrivateKey::generate(KeyType::EcdsaP256).unwrap().public_key().clone();
    let document: Value = toml::from_str(MOSYLE).unwrap();
    let template = document.pointer("/certificate_template/0").unwrap().clone();
    let template: CertificateTemplate = serde_json::from_value(template).unwrap();
    let values = Values::of_request(&Name::parse_text("CN=C02XK1ZZJGH5").unwrap(), &[]);
    let mut number = 0_u64;
    let mut draft = || {
        number += 1;
        let mut random = [0x5a; 16];
        random.iter_mut().zip(number.to_be_bytes()).for_each(|(place, byte)| *place ^= byte);
        let request = Request {
            public_key: device.clone(),
            identity: Identity::Template(&values),
            serial: Serial::from_random(random),
            issuer: issuer.clone(),
            addresses: Addresses::of("http://127.0.0.1:8080", SLUG, None),
            now: at,
        };
        template.draft(request).unwrap().draft.lint().unwrap()
    };
    let tbs = draft().tbs_der().to_vec();
    let alone = rate(|| drop(key.sign(hash, &tbs).unwrap()));
    let whole = rate(|| drop(draft().sign(&key).unwrap()));
    let share = 100.0 * whole / alone;
    println!("| {} | {alone:.0} | {whole:.0} | {share:.0} % |", key_type.as_str());
}

/// The guide's organization with this key for its authority for devices; returns the secret of its
/// gateway too.
async fn organization(store: Store, key: &str) -> (Arc<App>, domain::secret::Secret) {
    let fill = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
    let app = App::open(store, Arc::new(master()), World::new(now, fill)).await.unwrap();
    let mut document: Value = toml::from_str(MOSYLE).unwrap();
    *document.pointer_mut("/certificate_authority/1/key").unwrap() = json!(key);
    let application = Application { document, ..Application::default() };
    let owner = Actor::owner("measurement");
    let applied = organization::apply(&app, &owner, application).await;
    let secret = applied.ok().unwrap().secrets.first().unwrap().secret.clone();
    (app, secret)
}

/// Claims of devices that are all different.
fn claims(secret: &domain::secret::Secret, count: usize) -> Vec<Claim> {
    let claim = |number: usize| {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Name::parse_text(&format!("CN=MAC{number:06}")).unwrap();
        let der = pki::csr::build(&key, &subject, &[], None).unwrap();
        Claim {
            csr: Csr::parse(&der, Strictness::Strict).unwrap(),
            challenge: Some(secret.clone()),
            renews: None,
            rendering: None,
            transaction: format!("{:02x?}", key.public_key().identifier()),
        }
    };
    (0..count).map(claim).collect()
}

/// How often callers do something together in a second, each after the one before.
async fn together<F>(callers: usize, deed: impl Fn(u64) -> F + Send + Sync + 'static) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let (deed, number) = (Arc::new(deed), Arc::new(AtomicU64::new(0)));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (deed, number) = (Arc::clone(&deed), Arc::clone(&number));
        tasks.spawn(async move {
            while began.elapsed() < SPAN {
                deed(number.fetch_add(1, Ordering::Relaxed)).await;
            }
        });
    }
    tasks.join_all().await;
    #[expect(clippy::cast_precision_loss, reason = "a rate is shown with few digits")]
    let count = number.load(Ordering::Relaxed) as f64;
    count / began.elapsed().as_secs_f64()
}

async fn durable(engine: &str, store: Store) {
    let (app, secret) = organization(store, "ecdsa-p256").await;
    for callers in CALLERS {
        let commits = {
            let app = Arc::clone(&app);
            together(callers, move |number| pair(Arc::clone(&app), callers, number)).await
        };
        // More than can be issued in the time.
        let most = usize::try_from(SPAN.as_secs()).unwrap() * 6000;
        let claims = Arc::new(claims(&secret, most));
        let issued = {
            let app = Arc::clone(&app);
            together(callers, move |number| one(Arc::clone(&app), Arc::clone(&claims), number))
                .await
        };
        let share = 100.0 * issued / commits;
        println!("| {engine} | {callers} | {commits:.0} | {issued:.0} | {share:.0} % |");
    }
    app.close().await;
}

/// Two commits, as a certificate takes, the second with an event.
async fn pair(app: Arc<App>, callers: usize, number: u64) {
    let (begun, id) = (now().time(), format!("{callers}-{number}"));
    let row = |id: String| EventRow {
        id,
        at: begun,
        kind: "certificate.enrollment".to_owned(),
        outcome: "accepted".to_owned(),
        actor: "measurement".to_owned(),
        object: "certificate:0B".to_owned(),
        body: format!("{{\"details\":{{\"text\":\"{}\"}}}}", "x".repeat(600)),
    };
    for half in ["a", "b"] {
        let why = Why::Events(vec![row(format!("{id}-{half}"))]);
        Write::new().commit(&app.store, why).await.unwrap();
    }
}

async fn one(app: Arc<App>, claims: Arc<Vec<Claim>>, number: u64) {
    let claim = claims.get(usize::try_from(number).unwrap()).expect("there are enough claims");
    issue::issue(&app, &Actor::gateway("Mosyle"), "Mosyle", claim).await.unwrap();
}

async fn answers(key: &str) {
    let (app, secret) = organization(Store::scratch(&master()).unwrap(), key).await;
    publisher::publish_all(&app).await.unwrap();
    let claim = claims(&secret, 1).remove(0);
    let issued = issue::issue(&app, &Actor::gateway("Mosyle"), "Mosyle", &claim).await.unwrap();
    let rules = app.snapshot.rules();
    let own = rules.authority(AUTHORITY).unwrap().current.chain.first().unwrap().clone();
    let id = CertId::of(&own, &issued.certificate.serial).unwrap();
    for (name, has_nonce) in [("with a nonce", true), ("without, given again", false)] {
        let (app, id) = (Arc::clone(&app), id.clone());
        let answered = together(16, move |number| {
            let nonce = has_nonce.then(|| pki::tlv::octet_string(&number.to_be_bytes()));
            let request = OcspRequest { questions: vec![id.clone()], nonce };
            let app = Arc::clone(&app);
            async move { drop(responder::answer(&app, SLUG, &request).await.unwrap()) }
        });
        let answered = answered.await;
        println!("| answers of OCSP/s, {key}, {name}, 16 callers | {answered:.0} |");
    }
    app.close().await;
}

async fn list() {
    let (app, _) = organization(Store::scratch(&master()).unwrap(), "rsa-2048").await;
    let owner = Actor::owner("measurement");
    let order = seed::Order { certificates: ENTRIES, revoked: ENTRIES };
    seed::seed(&app, &owner, order, |_| ()).await.unwrap();
    let rules = app.snapshot.rules();
    let key = rules.signing_key(seed::AUTHORITY).unwrap();
    let began = Instant::now();
    revocation_list::refresh(&app, key).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    let published = revocation_list::find(&app, key).unwrap();
    let kib = published.der.len() / 1024;
    println!(
        "| a list with {} entries, read, linted, signed and saved | {took:.2} s, {kib} KiB |",
        published.entries.len()
    );
    app.close().await;
}
