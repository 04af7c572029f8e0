//! Pages as browsers get them: every one of the table, by whoever may and whoever may not.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU8;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::organization::Application;
    use actions::world::World;
    use axum::Extension;
    use axum::Router;
    use axum::body::Body;
    use axum::http::HeaderMap;
    use axum::http::Method;
    use axum::http::Request;
    use axum::http::StatusCode;
    use domain::actor::Actor;
    use domain::actor::Role;
    use domain::event::Moment;
    use portal::Settings;
    use portal::page::Access;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    /// The set-up of the guide.
    const GUIDE: &str = include_str!("../../../examples/mosyle.toml");

    async fn empty() -> Arc<App> {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
        };
        let world = World::new(|| Moment(1_795_471_200_000), random);
        App::open(store, master, world).await.unwrap()
    }

    /// An organization as the guide sets it up.
    async fn guided() -> Arc<App> {
        let app = empty().await;
        let document = toml::from_str::<serde_json::Value>(GUIDE).unwrap();
        let application = Application { document, ..Application::default() };
        let owner = Actor::owner("test");
        actions::organization::apply(&app, &owner, application).await.unwrap();
        app
    }

    fn router(app: &Arc<App>, actor: Option<Actor>) -> Router {
        let router = portal::router(Arc::clone(app), Settings::default());
        match actor {
            Some(actor) => router.layer(Extension(actor)),
            None => router,
        }
    }

    struct Got {
        status: StatusCode,
        headers: HeaderMap,
        text: String,
    }

    async fn ask(router: &Router, request: Request<Body>) -> Got {
        let response = router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            // It has no end.
            return Got { status, headers, text: String::new() };
        }
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Got { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    fn request(method: &Method, path: &str) -> axum::http::request::Builder {
        let path = path.replace("{name}", "mosyle").replace("{serial}", "0A");
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        Request::builder().method(method).uri(path).header("host", "localhost")
    }

    /// What stands in a page where the catalogue lacks a word: `gateway.colour`.
    fn bare_keys(html: &str) -> Vec<String> {
        let texts = html.split('>').filter_map(|part| part.split('<').next());
        let files = std::fs::read_dir("messages/en").unwrap();
        let stem =
            |file: std::fs::DirEntry| file.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let stems: BTreeSet<String> = files.map(|file| stem(file.unwrap())).collect();
        let is_key = |text: &&str| {
            text.split_once('.').is_some_and(|(stem, _)| stems.contains(stem))
                && !text.ends_with('.')
                // The guide's own hosts.
                && !text.ends_with(".test")
                && text.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_')
        };
        texts.map(str::trim).filter(is_key).map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn every_page_is_shown_to_an_owner_in_words_and_without_inline_parts() {
        for app in [empty().await, guided().await] {
            let router = router(&app, Some(Actor::owner("test")));
            for page in portal::pages().iter().filter(|page| page.method == Method::GET) {
                let got =
                    ask(&router, request(&page.method, &page.path).body(Body::empty()).unwrap())
                        .await;
                let shown = matches!(got.status.as_u16(), 200 | 303 | 404 | 400 | 422);
                assert!(shown, "{} {}: {}", page.path, got.status, got.text);
                let kind = got.headers.get("content-type").and_then(|kind| kind.to_str().ok());
                if kind.is_some_and(|kind| kind.starts_with("text/html")) {
                    assert_eq!(bare_keys(&got.text), Vec::<String>::new(), "{}", page.path);
                    for inline in [" style=", " onclick=", "<style", "javascript:"] {
                        assert!(!got.text.contains(inline), "{} has {inline}", page.path);
                    }
                }
                assert!(got.headers.contains_key("content-security-policy"), "{}", page.path);
            }
        }
    }

    #[tokio::test]
    async fn who_may_see_and_do_what_is_what_the_roles_say() {
        let app = guided().await;
        let mut seen = BTreeSet::new();
        for role in Role::ALL {
            let actor = Actor::administrator("Ann", role);
            let router = router(&app, Some(actor.clone()));
            for page in portal::pages() {
                let request = request(&page.method, &page.path)
                    .header("sec-fetch-site", "same-origin")
                    .header("content-type", "application/x-www-form-urlencoded");
                let got = ask(&router, request.body(Body::empty()).unwrap()).await;
                let may = match page.access {
                    Access::Public | Access::Known => true,
                    Access::Needs(permission) => actor.can(permission),
                };
                let refused = got.status == StatusCode::FORBIDDEN;
                // What may be done lacks its proof to come from our page here.
                assert_eq!(!refused, may, "{role} {} {}: {}", page.method, page.path, got.status);
                seen.insert((page.method.to_string(), page.path.clone()));
            }
        }
        assert_eq!(seen.len(), portal::pages().len(), "no page is there twice");
    }

    #[tokio::test]
    async fn whoever_has_not_signed_in_is_sent_to_do_so() {
        let app = guided().await;
        let router = router(&app, None);
        for page in portal::pages().iter().filter(|page| page.access != Access::Public) {
            let request = request(&page.method, &page.path).header("sec-fetch-site", "same-origin");
            let got = ask(&router, request.body(Body::empty()).unwrap()).await;
            assert_eq!(got.status, StatusCode::SEE_OTHER, "{} {}", page.method, page.path);
            let to = got.headers["location"].to_str().unwrap();
            assert!(to.starts_with("/sign-in?to=%2F"), "{to}");
        }
    }

    #[tokio::test]
    async fn another_sites_page_changes_nothing() {
        let app = guided().await;
        let router = router(&app, Some(Actor::owner("test")));
        let cases: [&[(&str, &str)]; 5] = [
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://localhost")],
            &[("origin", "https://evil.example")],
            &[("origin", "http://localhost")],
            &[],
        ];
        for headers in cases {
            let mut request = request(&Method::POST, "/gateways/_new");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let got = ask(&router, request.body(Body::empty()).unwrap()).await;
            assert_eq!(got.status, StatusCode::BAD_REQUEST, "{headers:?}");
            assert!(got.text.contains("another site"), "{headers:?}");
        }
        // From our page, but without what only our page knows.
        let request = request(&Method::POST, "/gateways/_new")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        let got = ask(&router, request.body(Body::from("name=x&csrf=00")).unwrap()).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST);
        assert!(got.text.contains("another session"));
    }

    #[tokio::test]
    async fn a_name_that_is_not_ours_is_refused() {
        let app = guided().await;
        let router = router(&app, Some(Actor::owner("test")));
        for (host, known) in [
            ("localhost:8443", true),
            ("192.0.2.7:8443", true),
            ("[::1]:8443", true),
            ("evil.example", false),
        ] {
            let request = Request::builder().uri("/gateways").header("host", host);
            let got = ask(&router, request.body(Body::empty()).unwrap()).await;
            assert_eq!(got.status == StatusCode::OK, known, "{host}");
        }
    }

    #[tokio::test]
    async fn assets_are_small_and_kept() {
        assert!(portal::compressed_bytes() < 250_000, "{}", portal::compressed_bytes());
        let app = empty().await;
        let router = router(&app, Some(Actor::owner("test")));
        let got =
            ask(&router, request(&Method::GET, "/gateways").body(Body::empty()).unwrap()).await;
        let urls = got.text.split(['"']).filter(|part| part.starts_with("/static/"));
        let urls: Vec<&str> = urls.collect();
        assert_eq!(urls.len(), 4);
        for url in urls {
            let request = request(&Method::GET, url).header("accept-encoding", "gzip, br");
            let got = ask(&router, request.body(Body::empty()).unwrap()).await;
            assert_eq!(got.status, StatusCode::OK, "{url}");
            assert_eq!(got.headers["content-encoding"], "br");
            assert!(got.headers["cache-control"].to_str().unwrap().contains("immutable"));
        }
    }
}
