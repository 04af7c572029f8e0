//! Signing in and out, one's own account, and the pages of Settings, as browsers use them.

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;
    use std::sync::atomic::AtomicU8;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::administrator;
    use actions::password;
    use actions::session::Place;
    use actions::world::Said;
    use actions::world::World;
    use axum::Router;
    use axum::body::Body;
    use axum::http::HeaderMap;
    use axum::http::Request;
    use axum::http::StatusCode;
    use domain::actor::Actor;
    use domain::event::EventKind;
    use domain::event::Moment;
    use domain::secret::Secret;
    use portal::Settings;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    const NOW: i64 = 1_795_471_200_000;
    const PASSWORD: &str = "lamp river 7 socks";
    const OTHER: &str = "chalk window 9 boats";

    /// A portal, its clock, and a browser with its cookies.
    struct Browser {
        app: Arc<App>,
        router: Router,
        clock: Arc<AtomicI64>,
        cookies: Vec<(String, String)>,
        /// What forms of the page that was last looked at prove themselves by.
        csrf: String,
    }

    struct Got {
        status: StatusCode,
        headers: HeaderMap,
        text: String,
    }

    impl Got {
        fn to(&self) -> &str {
            self.headers.get("location").map_or("", |to| to.to_str().unwrap())
        }
    }

    impl Browser {
        async fn new() -> Self {
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
        async fn of_ann() -> Self {
            let browser = Self::new().await;
            browser.add("Ann", "owner").await;
            browser
        }

        async fn add(&self, name: &str, role: &str) {
            let told = serde_json::json!({ "name": name, "role": role });
            let told = serde_json::from_value(told).unwrap();
            let owner = Actor::owner("test");
            administrator::create(&self.app, &owner, told).await.unwrap();
            let order = password::Order { password: Secret::new(PASSWORD), old: None };
            let place = Place { address: None, user_agent: String::new() };
            password::set(&self.app, &owner, name, &order, &place).await.unwrap();
        }

        async fn signed_in() -> Self {
            let mut browser = Self::of_ann().await;
            let got = browser.sign_in("Ann", PASSWORD).await;
            assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/"), "{}", got.text);
            browser.get("/account").await;
            browser
        }

        fn wait(&self, seconds: i64) {
            self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
        }

        async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Got {
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

        async fn get(&mut self, path: &str) -> Got {
            self.send(Request::builder().uri(path), String::new()).await
        }

        async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Got {
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

        async fn sign_in(&mut self, name: &str, password: &str) -> Got {
            self.get("/sign-in").await;
            self.post("/sign-in", &[("name", name), ("password", password)]).await
        }

        fn has_session(&self) -> bool {
            self.cookies.iter().any(|(name, _)| name == "__Host-session")
        }
    }

    #[tokio::test]
    async fn a_password_opens_the_page_that_was_wanted_and_signing_out_closes_it() {
        let mut browser = Browser::of_ann().await;
        let got = browser.get("/sessions").await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Fsessions"));
        let got = browser.get("/sign-in?to=%2Fsessions").await;
        assert!(got.text.contains("name=\"to\" value=\"/sessions\""), "{}", got.text);
        let fields = [("name", "Ann"), ("password", PASSWORD), ("to", "/sessions")];
        let got = browser.post("/sign-in", &fields).await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/sessions"));
        assert!(browser.has_session());
        let got = browser.get("/sessions").await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.text.contains("This browser"), "{}", got.text);
        let elsewhere = browser.get("/sign-in?to=https://evil.example").await;
        assert_eq!(elsewhere.to(), "/", "whoever is signed in is sent on, within the portal");
        browser.get("/sessions").await;
        let got = browser.post("/sign-out", &[]).await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/sign-in"));
        assert!(!browser.has_session());
        assert_eq!(browser.get("/sessions").await.status, StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn a_wrong_password_says_so_keeps_the_name_and_slows_down() {
        let mut browser = Browser::of_ann().await;
        for name in ["Ann", "Eve", "Ann", "Ann", "<b>"] {
            let got = browser.sign_in(name, OTHER).await;
            assert_eq!(got.status, StatusCode::FORBIDDEN);
            assert!(got.text.contains("no administrator has this name and this password"));
            assert!(!got.text.contains(OTHER) && !got.text.contains("<b>"), "{}", got.text);
        }
        let got = browser.sign_in("Ann", PASSWORD).await;
        assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(got.headers["retry-after"], "1");
        assert!(!browser.has_session());
        browser.wait(5);
        assert_eq!(browser.sign_in("Ann", PASSWORD).await.status, StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn without_an_administrator_signing_in_leads_to_the_set_up() {
        let mut browser = Browser::new().await;
        assert_eq!(browser.get("/sign-in").await.to(), "/setup");
    }

    #[tokio::test]
    async fn a_password_that_was_given_is_changed_before_anything_else() {
        let mut browser = Browser::signed_in().await;
        let fields = [("name", "Bob"), ("role", "auditor"), ("email", "bob@example.org")];
        let got = browser.post("/administrators/_new", &fields).await;
        assert_eq!(got.to(), "/administrators/Bob/password?done=created", "{}", got.text);
        let twice = [("new", PASSWORD), ("again", OTHER)];
        let got = browser.post("/administrators/Bob/password", &twice).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        let twice = [("new", PASSWORD), ("again", PASSWORD)];
        let got = browser.post("/administrators/Bob/password", &twice).await;
        assert_eq!(got.to(), "/administrators/Bob?done=password_set");
        assert!(browser.get("/administrators/Bob").await.text.contains("to be changed"));
        browser.post("/sign-out", &[]).await;
        let got = browser.sign_in("bob@example.org", PASSWORD).await;
        assert_eq!(got.status, StatusCode::OK);
        assert!(got.text.contains("action=\"/sign-in/password\"") && !browser.has_session());
        let fields = |old, new| [("name", "Bob"), ("password", old), ("new", new), ("again", new)];
        for (old, new, status) in [
            (PASSWORD, "short", StatusCode::UNPROCESSABLE_ENTITY),
            (PASSWORD, PASSWORD, StatusCode::UNPROCESSABLE_ENTITY),
            (OTHER, OTHER, StatusCode::FORBIDDEN),
        ] {
            let got = browser.post("/sign-in/password", &fields(old, new)).await;
            assert_eq!(got.status, status, "{}", got.text);
        }
        let got = browser.post("/sign-in/password", &fields(PASSWORD, OTHER)).await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/"));
        assert!(browser.has_session());
        assert!(browser.get("/account").await.text.contains("Bob"));
    }

    #[tokio::test]
    async fn codes_are_set_up_shown_once_and_asked_for() {
        let mut browser = Browser::signed_in().await;
        browser.get("/account").await;
        let got = browser.post("/account/totp", &[]).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text);
        assert!(got.text.contains("<svg class=\"qr\"") && got.text.contains("h1v1h-1z"));
        let got = browser.post("/account/totp/code", &[("code", "000000")]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        assert!(got.text.contains("<svg class=\"qr\""), "the same picture again");
        let got = browser.post("/account/totp/remove", &[]).await;
        assert_eq!(got.status, StatusCode::CONFLICT, "there is nothing to turn off");
    }

    #[tokio::test]
    async fn what_does_harm_asks_for_the_password_again() {
        let mut browser = Browser::signed_in().await;
        browser.wait(11 * 60);
        browser.get("/account").await;
        let got = browser.post("/account/totp", &[]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        assert!(got.text.contains("name=\"proof_password\""), "{}", got.text);
        let got = browser.post("/account/totp", &[("proof_password", OTHER)]).await;
        assert!(got.text.contains("no administrator has this name"), "{}", got.text);
        let got = browser.post("/account/totp", &[("proof_password", PASSWORD)]).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text);
        assert!(got.text.contains("<svg class=\"qr\""));
    }

    #[tokio::test]
    async fn an_own_password_is_changed_with_the_old_one() {
        let mut browser = Browser::signed_in().await;
        browser.get("/account").await;
        let fields = |old, new, again| [("password", old), ("new", new), ("again", again)];
        let path = "/account/password";
        let got = browser.post(path, &fields(PASSWORD, OTHER, PASSWORD)).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        let got = browser.post(path, &fields(OTHER, OTHER, OTHER)).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        let got = browser.post(path, &fields(PASSWORD, OTHER, OTHER)).await;
        assert_eq!(got.to(), "/account?done=password");
        assert!(browser.get("/account?done=password").await.text.contains("password is changed"));
    }

    #[tokio::test]
    async fn administrators_are_added_changed_and_removed() {
        let mut browser = Browser::signed_in().await;
        let wrong = [("name", "Bob"), ("role", "auditor"), ("email", "nowhere")];
        let got = browser.post("/administrators/_new", &wrong).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            got.text.contains("is not an e-mail address") && got.text.contains("value=\"Bob\"")
        );
        let hostile = "B/o\"b <script>";
        let fields = [("name", hostile), ("role", "auditor")];
        browser.post("/administrators/_new", &fields).await;
        let list = browser.get("/administrators").await.text;
        assert!(!list.contains("<script>") && list.contains("/administrators/B%2Fo%22b"), "{list}");
        let url = "/administrators/B%2Fo%22b%20%3Cscript%3E";
        assert_eq!(browser.get(url).await.status, StatusCode::OK);
        let fields = [("role", "helpdesk"), ("disabled", "on")];
        let got = browser.post(&format!("{url}/edit"), &fields).await;
        assert_eq!(got.to(), format!("{url}?done=saved"), "{}", got.text);
        assert!(browser.get(url).await.text.contains("disabled"));
        let got = browser.post(&format!("{url}/remove"), &[]).await;
        assert_eq!(got.to(), "/administrators?done=removed");
        let own = browser.post("/administrators/Ann/remove", &[]).await;
        assert_eq!(own.status, StatusCode::CONFLICT);
        assert!(own.text.contains("only owner"), "{}", own.text);
    }

    #[tokio::test]
    async fn a_token_is_shown_once_and_removed() {
        let mut browser = Browser::signed_in().await;
        let page = browser.get("/tokens/_new").await.text;
        assert!(page.contains("value=\"event-read\""), "{page}");
        let wrong = [("name", "x"), ("days", "9999")];
        let got = browser.post("/tokens/_new", &wrong).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        let fields = [
            ("name", "script"),
            ("days", "30"),
            ("scopes", "event-read"),
            ("addresses", "192.0.2.7"),
        ];
        let got = browser.post("/tokens/_new", &fields).await;
        assert_eq!(got.status, StatusCode::CREATED, "{}", got.text);
        let (_, rest) = got.text.split_once("<code>sct_").unwrap();
        let (id, secret) = rest.split('<').next().unwrap().split_once('_').unwrap();
        let list = browser.get("/tokens").await.text;
        assert!(list.contains(id) && !list.contains(secret), "{list}");
        let url = format!("/tokens/{id}");
        assert!(browser.get(&url).await.text.contains("192.0.2.7"));
        let got = browser.post(&format!("{url}/remove"), &[]).await;
        assert_eq!(got.to(), "/tokens?done=token_removed");
        assert_eq!(browser.get(&url).await.status, StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn sessions_are_seen_and_ended() {
        let mut browser = Browser::signed_in().await;
        let here = browser.cookies.clone();
        browser.cookies.clear();
        browser.sign_in("Ann", PASSWORD).await;
        let there = std::mem::replace(&mut browser.cookies, here);
        let page = browser.get("/sessions").await.text;
        assert!(
            page.contains("Browser &#60;1&#62;") || page.contains("Browser &lt;1&gt;"),
            "{page}"
        );
        let got = browser.post("/sessions/_others/remove", &[]).await;
        assert_eq!(got.to(), "/sessions?done=session_ended");
        browser.cookies = there;
        assert_eq!(browser.get("/sessions").await.status, StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn the_organization_is_changed_and_the_audit_tells() {
        let mut browser = Browser::signed_in().await;
        browser.get("/settings").await;
        let wrong = [("name", "School"), ("base_url", "nowhere")];
        let got = browser.post("/settings", &wrong).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("value=\"nowhere\"") && got.text.contains("field-wrong"));
        let good = [("name", "School"), ("base_url", "http://pki.example.org")];
        assert_eq!(browser.post("/settings", &good).await.to(), "/settings?done=saved");
        assert!(browser.get("/settings").await.text.contains("School"));
        let audit = browser.get("/audit").await.text;
        assert!(audit.contains("signed in") && audit.contains("administrator:Ann"));
        let verified = browser.get("/audit/verify").await.text;
        assert!(verified.contains("none is missing"), "{verified}");
        let got = browser.post("/audit/checkpoints", &[]).await;
        assert_eq!(got.to(), "/audit/checkpoints?done=signed");
        assert!(browser.get("/audit/checkpoints").await.text.contains("Fingerprint"));
        let file = browser.get("/audit/rows.json").await;
        let rows: Vec<serde_json::Value> = serde_json::from_str(&file.text).unwrap();
        assert_eq!(rows[0]["sequence"], 1);
    }

    fn owner_form(code: &str) -> [(&str, &str); 5] {
        [("code", code), ("name", "Ann"), ("email", ""), ("new", PASSWORD), ("again", PASSWORD)]
    }

    /// Every step between the owner and the first device, as somebody fills it in.
    const STEPS: [(&str, &[(&str, &str)]); 10] = [
        ("organization", &[("name", "School"), ("base_url", "http://pki.example.org")]),
        (
            "authorities",
            &[
                ("root", "Root"),
                ("root_key", "ecdsa-p384"),
                ("scep", "School SCEP CA"),
                ("scep_key", "rsa-2048"),
                ("radius", "RADIUS CA"),
            ],
        ),
        ("server", &[("server_name", "radius.example.org")]),
        ("template", &[("name", "Devices"), ("days", "365")]),
        ("gateway", &[("name", "Mosyle"), ("vendor", "mosyle")]),
        ("workflow", &[("name", "Managed")]),
        ("enrollment", &[("name", "Managed enroll")]),
        ("network", &[("name", "Managed get in"), ("vlan", "20")]),
        ("profile", &[("ssid", "School-Secure"), ("security_type", "wpa2-enterprise")]),
        ("access_point", &[("name", "Hall"), ("address", "192.0.2.7"), ("shared_secret", "")]),
    ];

    #[tokio::test]
    async fn the_set_up_leads_from_the_code_to_the_first_device() {
        let mut browser = Browser::new().await;
        let code = actions::setup::begin(&browser.app).await.unwrap().unwrap();
        let page = browser.get("/setup").await;
        assert!(page.text.contains("name=\"code\""), "{}", page.text);
        let got = browser.post("/setup", &owner_form("AAAA-AAAA")).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        assert!(got.text.contains("set-up code is wrong") && !got.text.contains(PASSWORD));
        let got = browser.post("/setup", &owner_form(code.reveal())).await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/setup"), "{}", got.text);
        assert!(browser.has_session());
        for (step, fields) in STEPS {
            // Whoever comes back goes on where it was left.
            let list = browser.get("/setup").await.text;
            let here = format!("href=\"/setup/{step}\" aria-current=\"step\"");
            assert!(list.contains(&here), "{step}: {list}");
            let path = format!("/setup/{step}");
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{step}");
            assert!(page.text.contains("safeconduct "), "{step} has its command");
            let got = browser.post(&path, fields).await;
            let is_secret = matches!(step, "gateway" | "access_point");
            let expected = if is_secret { StatusCode::CREATED } else { StatusCode::SEE_OTHER };
            assert_eq!(got.status, expected, "{step}: {}", got.text);
        }
        assert!(browser.get("/setup").await.text.contains("Wait for the first device"));
        let page = browser.get("/setup/_device").await.text;
        assert!(page.contains("id=\"waiting\"") && page.contains("data-live="), "{page}");
        assert!(page.contains("School-Secure") && page.contains("/scep/mosyle"), "{page}");
        let (_, rest) = page.split_once("data-live=\"").unwrap();
        let cookies: Vec<String> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .uri(rest.split('"').next().unwrap())
            .header("host", "localhost")
            .header("cookie", cookies.join("; "));
        let request = request.body(Body::empty()).unwrap();
        let live = browser.router.clone().oneshot(request).await.unwrap();
        assert_eq!(live.status(), StatusCode::OK, "the stream that it follows is there");
        let said = Said {
            actor: "access point Hall".into(),
            object: "device:Mac 1".into(),
            details: serde_json::Map::new(),
        };
        let joined = browser.app.world.event(EventKind::VisitAnswered, None, said);
        browser.app.snapshot.journal().note(joined);
        browser.app.snapshot.journal().flush().await;
        let page = browser.get("/setup/_device").await.text;
        assert!(page.contains("id=\"joined\"") && page.contains("Mac 1"), "{page}");
        // What decides is whole: nothing of it is wrong or missing.
        let owner = Actor::owner("test");
        let report = actions::doctor::examine(&browser.app, &owner).await.unwrap();
        let codes: Vec<&str> = report.iter().map(|finding| finding.code.as_str()).collect();
        assert!(
            !codes.iter().any(|code| code.contains("DRAFT") || code.contains("NONE")),
            "{codes:?}"
        );
    }

    #[tokio::test]
    async fn a_step_that_is_refused_keeps_what_was_written() {
        let mut browser = Browser::signed_in().await;
        let fields = [("name", "Hall"), ("address", "nowhere"), ("shared_secret", "")];
        let got = browser.post("/setup/access_point", &fields).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("value=\"nowhere\"") && got.text.contains("field-wrong"));
        assert_eq!(browser.get("/setup/elsewhere").await.status, StatusCode::NOT_FOUND);
    }
}
