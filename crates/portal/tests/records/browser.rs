//! Pages as a browser uses them, over an organization in memory.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use actions::App;
use actions::certificate::issue;
use actions::organization::Application;
use actions::visit;
use actions::world::World;
use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::http::Method;
use axum::http::Request;
use domain::actor::Actor;
use domain::claim::Claim;
use domain::event::Moment;
use domain::secret::Secret;
use domain::visit::Place;
use domain::visit::Visit;
use pki::algorithm::Digest;
use pki::certificate::Certificate;
use pki::csr::Csr;
use pki::csr::Strictness;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use portal::Settings;
use store::Store;
use store::seal::MasterKey;
use tower::ServiceExt;

/// The set-up of the guide.
const GUIDE: &str = include_str!("../../../../examples/mosyle.toml");

/// A name that does everything that a name can do.
pub(crate) const HOSTILE: &str = "\"><script>alert(1)</script>\u{202e}gpj\u{1b}[31m'&";

/// What a page may not hold, whoever is called like that.
const HARM: [&str; 3] = ["<script>alert", "\u{202e}", "\u{1b}"];

/// An organization as the guide sets it up, and its pages as an owner sees them.
pub(crate) struct Fixture {
    pub(crate) app: Arc<App>,
    secret: Secret,
    router: Router,
}

/// What came back.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// Who may do everything.
pub(crate) fn owner() -> Actor {
    Actor::owner("test")
}

impl Fixture {
    /// The guide, set up a moment ago.
    pub(crate) async fn new() -> Self {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU64::new(1);
        let random = move |bytes: &mut [u8]| {
            for chunk in bytes.chunks_mut(8) {
                let number = drawn.fetch_add(1, Ordering::Relaxed);
                let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
            }
        };
        let world = World::new(|| Moment(1_795_471_200_000), random);
        let app = App::open(store, master, world).await.unwrap();
        let document = toml::from_str::<serde_json::Value>(GUIDE).unwrap();
        let application = Application { document, ..Application::default() };
        let applied = actions::organization::apply(&app, &owner(), application).await.unwrap();
        let router = portal::router(Arc::clone(&app), Settings::default());
        let router = router.layer(Extension(owner()));
        Self { secret: applied.secrets[0].secret.clone(), app, router }
    }

    /// Puts a device into the inventory.
    pub(crate) async fn device(&self, told: serde_json::Value) {
        let told = serde_json::from_value(told).unwrap();
        actions::device::create(&self.app, &owner(), told).await.unwrap();
    }

    /// A device that joins with its certificate, and its answer on record.
    pub(crate) async fn join(&self, certificate: &Certificate) {
        let snapshot = &self.app.snapshot;
        let now = self.app.world.time();
        let visit = Visit {
            certificate: certificate.clone(),
            standing: visit::stand(snapshot, certificate, now).unwrap(),
            place: Place { access_point: "Loopback".into(), ..Place::default() },
            tls: "1.3",
            resumed: false,
            rounds: 3,
            took: core::time::Duration::from_millis(40),
        };
        if let Ok(leave) = visit::admit(snapshot, &visit) {
            visit::enter(snapshot, &visit, &leave);
        }
        snapshot.journal().flush().await;
    }

    /// A certificate for a device that is called so.
    pub(crate) async fn issue(&self, common_name: &str) -> Certificate {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let subject = Name::from_pairs(&[(pki::oid::COMMON_NAME, common_name)]).unwrap();
        let der = pki::csr::build_with(&key, &subject, (&[], &[]), None).unwrap();
        let claim = Claim {
            csr: Csr::parse(&der, Strictness::Strict).unwrap(),
            challenge: Some(self.secret.clone()),
            renews: None,
            rendering: None,
            transaction: common_name.to_owned(),
        };
        let gateway = Actor::gateway("Mosyle");
        let issued = issue::issue(&self.app, &gateway, "Mosyle", &claim).await.unwrap();
        Certificate::parse(&issued.der).unwrap()
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let (location, kind) = (header("location"), header("content-type"));
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if kind.starts_with("text/html") {
            let read = without_inputs(&text);
            for harm in HARM {
                assert!(!read.contains(harm), "{harm:?} is in the page: {read}");
            }
        }
        Got { status, location, kind, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        let request = Request::builder().uri(path).header("host", "localhost");
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form, as a browser does that was given it.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Got {
        let csrf = Digest::Sha256.compute(b"csrf visitor").unwrap();
        let csrf: String = csrf.iter().map(|byte| format!("{byte:02x}")).collect();
        let all = [("csrf", csrf.as_str())].into_iter().chain(fields.iter().copied());
        let all = all.map(|(name, value)| format!("{name}={}", escaped(value)));
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("host", "localhost")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", "__Host-visitor=visitor")
            .header("content-type", "application/x-www-form-urlencoded");
        let body = all.collect::<Vec<_>>().join("&");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }
}

/// A page without what its fields hold: that is sent back as it is, and turns no line around.
fn without_inputs(html: &str) -> String {
    let mut rest = html.to_owned();
    for (begin, end) in [(" value=\"", "\""), ("<textarea", "</textarea>")] {
        let mut parts = rest.split(begin);
        let first = parts.next().unwrap_or_default().to_owned();
        let kept = parts.map(|part| part.split_once(end).map_or("", |(_, behind)| behind));
        rest = first + &kept.collect::<String>();
    }
    rest
}

/// A text as a form sends it.
pub(crate) fn escaped(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}
