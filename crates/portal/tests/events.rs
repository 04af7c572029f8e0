//! The overview and the pages of events, with what devices say of themselves at its worst.

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU8;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::event::Ask;
    use actions::organization::Application;
    use actions::world::World;
    use axum::Extension;
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::http::StatusCode;
    use domain::actor::Actor;
    use domain::event::Moment;
    use domain::event::Shown;
    use domain::refusal::Refusal;
    use domain::visit::Place;
    use futures_util::StreamExt;
    use portal::Settings;
    use serde_json::Map;
    use serde_json::Value;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    /// The set-up of the guide.
    const GUIDE: &str = include_str!("../../../examples/mosyle.toml");

    /// What runs, turns the line around, colors a terminal, or never ends.
    const HOSTILE: [&str; 5] = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "safe\u{202e}txt.exe\u{200b}",
        "\u{1b}[31mred\u{7}",
        "{{ 7 * 7 }}' onmouseover='x",
    ];

    fn owner() -> Actor {
        Actor::owner("test")
    }

    async fn guided() -> Arc<App> {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
        };
        let world = World::new(|| Moment(1_795_471_200_000), random);
        let app = App::open(store, master, world).await.unwrap();
        let document = toml::from_str::<Value>(GUIDE).unwrap();
        let application = Application { document, ..Application::default() };
        actions::organization::apply(&app, &owner(), application).await.unwrap();
        app
    }

    fn router(app: &Arc<App>) -> Router {
        portal::router(Arc::clone(app), Settings::default()).layer(Extension(owner()))
    }

    async fn get(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::builder().uri(path).header("host", "localhost");
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap().replace("&#38;", "&"))
    }

    async fn shown(router: &Router, path: &str) -> String {
        let (status, text) = get(router, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text
    }

    /// A login without a certificate, by a device that calls itself so.
    fn refuse(app: &App, identity: &str, station: &str) {
        let place = Place {
            access_point: "Loopback".into(),
            calling_station: Some(station.into()),
            ssid: Some(identity.into()),
            identity: Some(identity.into()),
            ..Place::default()
        };
        actions::visit::refuse(&app.snapshot, &place, None, &Refusal::CertificateMissing);
    }

    fn knock(app: &App, address: &str, name: &str) {
        let refusal = Refusal::AccessPointUnknown { address: address.into() };
        let mut sender = Map::new();
        for key in ["nas_identifier", "called_station"] {
            sender.insert(key.into(), Value::from(name));
        }
        actions::visit::dropped_of(&app.snapshot, (address, &sender), &refusal, 3);
    }

    async fn events(app: &App, filter: &str) -> Vec<Shown> {
        app.snapshot.journal().flush().await;
        let ask = Ask { filter, limit: 1000, ..Ask::default() };
        actions::event::list(app, &owner(), ask).await.unwrap().items
    }

    /// Nothing of it runs.
    fn is_inert(html: &str, path: &str) {
        for part in ["<script>alert", "<img src=x", "onerror=alert(1)>", "' onmouseover"] {
            assert!(!html.contains(part), "{path} has {part}");
        }
    }

    /// Nothing of it runs, and everything can be seen.
    fn is_harmless(html: &str, path: &str) {
        is_inert(html, path);
        let hidden = ['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}'];
        assert!(!html.contains(hidden), "{path} has what cannot be seen");
        assert!(html.len() < 400_000, "{path} is {} bytes long", html.len());
    }

    #[tokio::test]
    async fn all_is_good_or_so_much_is_to_be_done_and_who_knocks_can_be_added() {
        let app = guided().await;
        let html = shown(&router(&app), "/").await;
        assert!(html.contains("things to do"), "nobody has asked yet");
        assert!(html.contains("DOC") || html.contains("it was never heard from"));
        knock(&app, "192.0.2.9", "hall 3");
        app.snapshot.journal().flush().await;
        let html = shown(&router(&guided_with(&app).await), "/").await;
        assert!(html.contains("192.0.2.9"));
        assert!(html.contains("/access-points/_new?name=hall%203&address=192.0.2.9"));
        assert!(html.contains("role=\"img\"") && html.contains("<desc"));
        for heading in ["The last 24 hours", "The last 30 days", "Certificates in use"] {
            assert!(html.contains(heading), "{heading}");
        }
        assert!(html.contains("/events?filter=kind%3Acertificate.enrollment"));
    }

    /// The same organization after a change, so that nothing of before is told.
    async fn guided_with(app: &Arc<App>) -> Arc<App> {
        let mut document = toml::from_str::<Value>(GUIDE).unwrap();
        document["access_point"][0]["description"] = Value::from("In the hall");
        let application = Application { document, ..Application::default() };
        actions::organization::apply(app, &owner(), application).await.unwrap();
        Arc::clone(app)
    }

    #[tokio::test]
    async fn hostile_names_are_shown_and_do_nothing() {
        let app = guided().await;
        let long = "x<b>".repeat(2500);
        for name in HOSTILE.iter().copied().chain([long.as_str()]) {
            refuse(&app, name, name);
            knock(&app, "192.0.2.9", name);
        }
        let router = router(&app);
        for event in events(&app, "kind:network.* kind:radius.*").await {
            let path = format!("/events/{}", event.id);
            is_harmless(&shown(&router, &path).await, &path);
            let path = format!("/events/{}?now=yes", event.id);
            is_harmless(&shown(&router, &path).await, &path);
        }
        for path in ["/", "/events", "/radius-events"] {
            is_harmless(&shown(&router, path).await, path);
        }
        // A file is saved, never shown; what cannot be seen is not in it either.
        let csv = shown(&router, "/radius-events.csv").await;
        assert!(!csv.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}']));
        for name in HOSTILE {
            let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            for place in ["search", "filter", "cursor", "add_value"] {
                let path = format!("/radius-events?{place}={escaped}");
                let (status, html) = get(&router, &path).await;
                assert!(matches!(status.as_u16(), 200 | 400), "{path}: {status}");
                // What somebody typed stays in the box as they typed it.
                is_inert(&html, &path);
            }
        }
    }

    #[tokio::test]
    async fn each_event_is_on_one_list_and_leads_to_its_page() {
        let app = guided().await;
        refuse(&app, "mac-1", "02:00:00:00:00:01");
        let router = router(&app);
        let login = events(&app, "kind:network.access").await.remove(0);
        let change = events(&app, "kind:object.created").await.remove(0);
        let (radius, general) =
            (shown(&router, "/radius-events").await, shown(&router, "/events").await);
        let has =
            |html: &str, event: &Shown| html.contains(&format!("href=\"/events/{}\"", event.id));
        assert!(has(&radius, &login) && !has(&general, &login));
        assert!(!has(&radius, &change) && has(&general, &change));
        assert!(radius.contains("data-live=\"/live?filter="));
        let html = shown(&router, &format!("/events/{}", login.id)).await;
        for part in [
            "the device showed no certificate",
            "select the SCEP profile as Identity Certificate",
            "TLS-NO-CERTIFICATE",
            "href=\"/network-profiles\"",
            "href=\"/access-points/",
        ] {
            assert!(html.contains(part), "{part}");
        }
        let html = shown(&router, &format!("/events/{}", change.id)).await;
        assert!(html.contains("test"), "who did it");
    }

    #[tokio::test]
    async fn a_list_is_narrowed_by_chips_search_and_quick_terms() {
        let app = guided().await;
        refuse(&app, "mac-1", "02:00:00:00:00:01");
        refuse(&app, "mac-2", "02:00:00:00:00:02");
        let [second, first] = &events(&app, "kind:network.access").await[..] else { panic!() };
        let router = router(&app);
        let is_listed = async |query: &str, event: &Shown| {
            let html = shown(&router, &format!("/radius-events?{query}")).await;
            html.contains(&format!("/events/{}", event.id))
        };
        for (query, expected) in [
            ("", (true, true)),
            ("search=02-00-00-00-00-01", (true, false)),
            ("search=0200.0000.0002", (false, true)),
            ("search=TLS-NO", (true, true)),
            ("filter=station%3A02%3A00%3A00%3A00%3A00%3A02", (false, true)),
            ("filter=outcome%3Aaccepted", (false, false)),
            ("filter=kind%3Aobject.created", (false, false)),
            ("add_field=code&add_value=TLS-NO-CERTIFICATE", (true, true)),
        ] {
            let found = (is_listed(query, first).await, is_listed(query, second).await);
            assert_eq!(found, expected, "{query}");
        }
        let html = shown(&router, "/radius-events?filter=outcome%3Arefused").await;
        assert!(html.contains("✓ Refused"));
        assert!(html.contains("aria-label=\"Take away outcome:refused\""));
        let html = shown(&router, "/radius-events?filter=colour%3Ared").await;
        assert!(html.contains("role=\"alert\""));
        let request = Request::builder().uri(format!("/events?search={}", first.id));
        let request = request.header("host", "localhost").body(Body::empty()).unwrap();
        let found = router.clone().oneshot(request).await.unwrap();
        assert_eq!(found.headers()["location"], format!("/events/{}", first.id));
    }

    /// Links of a page that lead to events.
    fn listed(html: &str) -> Vec<String> {
        let rows = html.split("<td><a href=\"/events/").skip(1);
        rows.filter_map(|rest| rest.get(..36)).map(str::to_owned).collect()
    }

    fn link(html: &str, title: &str) -> Option<String> {
        let (before, _) = html.split_once(&format!(">{title}</a>"))?;
        let (_, url) = before.rsplit_once("href=\"")?;
        Some(url.trim_end_matches('"').to_owned())
    }

    #[tokio::test]
    async fn pages_go_both_ways_and_meet_every_event_once() {
        let app = guided().await;
        for number in 0..120 {
            refuse(&app, "mac", &format!("02:00:00:00:00:{number:02x}"));
        }
        let all: Vec<String> =
            events(&app, "kind:network.access").await.iter().map(|it| it.id.to_string()).collect();
        let router = router(&app);
        let mut pages = vec![shown(&router, "/radius-events").await];
        while let Some(next) = link(pages.last().unwrap(), "Next page") {
            pages.push(shown(&router, &next).await);
        }
        let found: Vec<String> = pages.iter().flat_map(|html| listed(html)).collect();
        assert_eq!(found, all);
        assert_eq!(pages.len(), 3);
        // Only what is newest changes by itself.
        assert!(pages[0].contains("data-live") && !pages[1].contains("data-live"));
        assert_eq!(link(&pages[0], "Previous page"), None);
        let back = shown(&router, &link(&pages[2], "Previous page").unwrap()).await;
        assert_eq!(listed(&back), listed(&pages[1]));
        let first = shown(&router, &link(&back, "Previous page").unwrap()).await;
        assert_eq!(listed(&first), listed(&pages[0]));
        let again = shown(&router, &link(&first, "Next page").unwrap()).await;
        assert_eq!(listed(&again), listed(&pages[1]));
    }

    #[tokio::test]
    async fn a_list_is_taken_along_as_a_table_and_as_json() {
        let app = guided().await;
        refuse(&app, "=cmd()", "02:00:00:00:00:01");
        events(&app, "").await;
        let router = router(&app);
        let csv = shown(&router, "/radius-events.csv?filter=outcome%3Arefused").await;
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(
            lines[0].starts_with("id,at,kind,outcome") && lines[1].contains("TLS-NO-CERTIFICATE")
        );
        let json = shown(&router, "/events.json?filter=kind%3Aobject.created").await;
        let events: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert!(events.len() > 5 && events.iter().all(|event| event["kind"] == "object.created"));
    }

    #[tokio::test]
    async fn what_is_no_event_is_not_found() {
        let app = guided().await;
        let router = router(&app);
        let id = "00000000-0000-7000-8000-000000000000";
        assert_eq!(get(&router, &format!("/events/{id}")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(get(&router, "/events/x").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(get(&router, "/events?cursor=x").await.0, StatusCode::BAD_REQUEST);
        assert_eq!(get(&router, "/live?filter=colour:red").await.0, StatusCode::BAD_REQUEST);
    }

    #[tokio::test]
    async fn an_open_page_is_told_of_news_that_it_shows() {
        let app = guided().await;
        let path = "/live?filter=-kind%3Aobject.*%20outcome%3Arefused";
        let request = Request::builder().uri(path).header("host", "localhost");
        let request = request.body(Body::empty()).unwrap();
        let response = router(&app).oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut parts = response.into_body().into_data_stream();
        assert_eq!(parts.next().await.unwrap().unwrap(), "retry: 2000\n\n");
        refuse(&app, "mac", "02:00:00:00:00:01");
        assert_eq!(parts.next().await.unwrap().unwrap(), "event: events\ndata: 1\n\n");
        app.close().await;
        assert!(parts.next().await.is_none());
    }
}
