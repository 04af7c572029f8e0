//! A portal, and a browser that looks at it.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering;

use actions::App;
use actions::administrator;
use actions::password;
use actions::session::Place;
use actions::world::World;
use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::StatusCode;
use domain::actor::Actor;
use domain::event::Moment;
use domain::secret::Secret;
use portal::Settings;
use store::Store;
use store::seal::MasterKey;
use tower::ServiceExt;

pub(crate) const NOW: i64 = 1_795_471_200_000;
pub(crate) const PASSWORD: &str = "lamp river 7 socks";
pub(crate) const OTHER: &str = "chalk window 9 boats";

/// A portal, its clock, and a browser with its cookies.
pub(crate) struct Browser {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) cookies: Vec<(String, String)>,
    /// What forms of the page that was last looked at prove themselves by.
    pub(crate) csrf: String,
}

pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn to(&self) -> &str {
        self.headers.get("location").map_or("", |to| to.to_str().unwrap())
    }
}

impl Browser {
    pub(crate) async fn new() -> Self {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
        };
        let clock = Arc::new(AtomicI64::new(NOW));
        let read = Arc::clone(&clock);
        let world = World::new(move || Moment(read.load(Ordering::Relaxed)), random);
        let app = App::open(store, master, world).await.unwrap();
        let router = portal::router(Arc::clone(&app), Settings::default());
        Self { app, router, clock, cookies: Vec::new(), csrf: String::new() }
    }

    /// With an owner, Ann, who is not signed in.
    pub(crate) async fn of_ann() -> Self {
        let browser = Self::new().await;
        browser.add("Ann", "owner").await;
        browser
    }

    pub(crate) async fn add(&self, name: &str, role: &str) {
        let told = serde_json::json!({ "name": name, "role": role });
        let told = serde_json::from_value(told).unwrap();
        let owner = Actor::owner("test");
        administrator::create(&self.app, &owner, told).await.unwrap();
        let order = password::Order { password: Secret::new(PASSWORD), old: None };
        let place = Place { address: None, user_agent: String::new() };
        password::set(&self.app, &owner, name, &order, &place).await.unwrap();
    }

    pub(crate) async fn signed_in() -> Self {
        let mut browser = Self::of_ann().await;
        let got = browser.sign_in("Ann", PASSWORD).await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/"), "{}", got.text);
        browser.get("/account").await;
        browser
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    pub(crate) async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: String,
    ) -> Got {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header("host", "localhost")
            .header("cookie", cookies.join("; "))
            .header("user-agent", "Browser <1>")
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{text}");
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !text.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((_, rest)) = text.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        Got { status, headers, text }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Got {
        self.send(Request::builder().uri(path), String::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
        let escaped = |text: &str| {
            let one = |byte: u8| match byte.is_ascii_alphanumeric() {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            };
            text.bytes().map(one).collect::<String>()
        };
        let csrf = self.csrf.clone();
        let fields = fields.iter().copied().chain([("csrf", csrf.as_str())]);
        let pairs = fields.map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request, body).await
    }

    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Got {
        self.get("/sign-in").await;
        self.post("/sign-in", &[("name", name), ("password", password)]).await
    }

    pub(crate) fn has_session(&self) -> bool {
        self.cookies.iter().any(|(name, _)| name == "__Host-session")
    }
}
