//! The gate: who is let in, how often, once or again, and over whose change.

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::event::Ask;
    use actions::world::World;
    use api::Limits;
    use api::gate::Peer;
    use axum::Extension;
    use axum::Router;
    use axum::body::Body;
    use axum::http::HeaderMap;
    use axum::http::Request;
    use axum::http::header::CONTENT_TYPE;
    use domain::actor::Actor;
    use domain::event::Moment;
    use serde_json::Value;
    use serde_json::json;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    const NOW: i64 = 1_795_471_200_000;

    struct House {
        app: Arc<App>,
        clock: Arc<AtomicI64>,
        router: Router,
    }

    struct Answer {
        status: u16,
        headers: HeaderMap,
        body: Value,
    }

    impl House {
        async fn of(requests_per_minute: u32) -> Self {
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
            let clock = Arc::new(AtomicI64::new(NOW));
            let reading = Arc::clone(&clock);
            let world = World::new(move || Moment(reading.load(Ordering::Relaxed)), random);
            let app = App::open(store, master, world).await.unwrap();
            let router = api::router(Arc::clone(&app), Limits { requests_per_minute });
            Self { app, clock, router }
        }

        /// Somebody from an address, with a token if they have one.
        async fn ask(
            &self,
            (method, path): (&str, &str),
            body: &Value,
            headers: &[(&str, &str)],
        ) -> Answer {
            let mut request = Request::builder().method(method).uri(path);
            request = request.header(CONTENT_TYPE, "application/json");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Body::from(body.to_string())).unwrap();
            let peer: IpAddr = "192.0.2.7".parse().unwrap();
            let router = self.router.clone().layer(Extension(Peer(peer)));
            let response = router.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = axum::body::to_bytes(body, 1 << 22).await.unwrap();
            let body = serde_json::from_slice(&bytes).unwrap_or_default();
            Answer { status: parts.status.as_u16(), headers: parts.headers, body }
        }

        async fn get(&self, path: &str, token: &str) -> Answer {
            let bearer = format!("Bearer {token}");
            self.ask(("GET", path), &Value::Null, &[("authorization", &bearer)]).await
        }

        /// A token of an administrator of this role, as the owner of the machine makes it.
        async fn token(&self, name: &str, role: &str, order: Value) -> String {
            let owner = Actor::owner("administrator of the test");
            let told = serde_json::from_value(json!({ "name": name, "role": role })).unwrap();
            actions::administrator::create(&self.app, &owner, told).await.unwrap();
            let mut order = order;
            order["name"] = json!("test");
            order["administrator"] = json!(name);
            let order = serde_json::from_value(order).unwrap();
            let made = actions::token::create(&self.app, &owner, order).await.unwrap();
            made.secret.reveal().to_owned()
        }

        /// The newest event.
        async fn event(&self) -> Value {
            self.app.snapshot.journal().flush().await;
            let owner = Actor::owner("administrator of the test");
            let ask = Ask { limit: 1, ..Ask::default() };
            let page = actions::event::list(&self.app, &owner, ask).await.unwrap();
            serde_json::to_value(&page.items[0]).unwrap()
        }
    }

    #[track_caller]
    fn is_refused(answer: &Answer, status: u16, code: &str) {
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (status, &json!(code)),
            "{}",
            answer.body
        );
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }

    #[tokio::test]
    async fn a_token_lets_in_whoever_may_and_the_event_names_them() {
        let house = House::of(0).await;
        let token = house.token("Ann", "network-operator", json!({})).await;
        let me = house.get("/api/v1/me", &token).await;
        assert_eq!((me.status, &me.body["role"]), (200, &json!("network-operator")));
        assert_eq!(me.body["actor"], "administrator Ann (token test)");
        let bearer = format!("Bearer {token}");
        let point = json!({
            "name": "Gym", "address": "192.0.2.7", "shared_secret": "a-long-shared-secret",
        });
        let headers = [("authorization", bearer.as_str())];
        let made = house.ask(("POST", "/api/v1/access-points"), &point, &headers).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(
            made.headers["etag"],
            format!("{:?}", made.body["object"]["etag"].as_str().unwrap())
        );
        let event = house.event().await;
        assert_eq!(event["actor"], "administrator Ann (token test)");
        assert_eq!(event["object"], "access_point:Gym");
    }

    #[tokio::test]
    async fn whoever_may_not_come_in_is_told_why_and_recorded() {
        let house = House::of(0).await;
        let token = house.token("Ann", "helpdesk", json!({ "scopes": ["event-read"] })).await;
        let elsewhere = json!({ "addresses": ["198.51.100.0/24"], "days": 1 });
        let elsewhere = house.token("Bob", "owner", elsewhere).await;
        let short = house.token("Eve", "owner", json!({ "days": 1 })).await;

        let nobody = house.ask(("GET", "/api/v1/events"), &Value::Null, &[]).await;
        is_refused(&nobody, 401, "API-UNAUTHENTICATED");
        assert_eq!(nobody.headers["www-authenticate"], "Bearer");
        let basic = [("authorization", "Basic YTpi")];
        let basic = house.ask(("GET", "/api/v1/events"), &Value::Null, &basic).await;
        is_refused(&basic, 401, "API-UNAUTHENTICATED");

        let mut changed = token.clone();
        changed.pop();
        changed.push(if token.ends_with('a') { 'b' } else { 'a' });
        let cases = [
            (changed.as_str(), "/api/v1/events", 401, "API-TOKEN-UNKNOWN"),
            ("junk", "/api/v1/events", 401, "API-TOKEN-UNKNOWN"),
            (elsewhere.as_str(), "/api/v1/events", 403, "API-TOKEN-ELSEWHERE"),
            (token.as_str(), "/api/v1/devices", 403, "API-NOT-PERMITTED"),
            (token.as_str(), "/api/v1/administrators", 403, "API-NOT-PERMITTED"),
        ];
        for (text, path, status, code) in cases {
            is_refused(&house.get(path, text).await, status, code);
            let event = house.event().await;
            assert_eq!(
                (&event["kind"], &event["reason"]["code"]),
                (&json!("api.refused"), &json!(code))
            );
            assert_eq!(event["address"], "192.0.2.7");
            assert_eq!(event["object"], format!("api:GET {path}"));
            assert!(!event.to_string().contains(text), "a token is never told");
        }
        house.clock.store(NOW + 2 * 86_400_000, Ordering::Relaxed);
        is_refused(&house.get("/api/v1/events", &short).await, 401, "API-TOKEN-EXPIRED");
        assert_eq!(house.event().await["reason"]["code"], "API-TOKEN-EXPIRED");
        assert_eq!(house.get("/api/v1/events", &token).await.status, 200);
    }

    #[tokio::test]
    async fn a_sender_is_told_how_often_they_may_ask() {
        let house = House::of(3).await;
        let token = house.token("Ann", "owner", json!({})).await;
        for left in (0..3).rev() {
            let answer = house.get("/api/v1/version", &token).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.headers["ratelimit-policy"], "\"minute\";q=3;w=60");
            let told = answer.headers["ratelimit"].to_str().unwrap();
            assert!(told.starts_with(&format!("\"minute\";r={left};t=")), "{told}");
        }
        let answer = house.get("/api/v1/version", &token).await;
        is_refused(&answer, 429, "API-RATE-LIMIT");
        assert_eq!(answer.headers["retry-after"], "20");
        // It is the address that is counted: what a request says of itself is not proved yet.
        let nobody = house.ask(("GET", "/api/v1/version"), &Value::Null, &[]).await;
        assert_eq!(nobody.status, 429);
        house.clock.store(NOW + 20_000, Ordering::Relaxed);
        assert_eq!(house.get("/api/v1/version", &token).await.status, 200);
    }

    #[tokio::test]
    async fn the_same_request_is_carried_out_once_and_answered_again() {
        let house = House::of(0).await;
        let token = house.token("Ann", "owner", json!({})).await;
        let bearer = format!("Bearer {token}");
        let post = async |key: &str, body: Value| {
            let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
            house.ask(("POST", "/api/v1/tokens"), &body, &headers).await
        };
        let first = post("k1", json!({ "name": "terraform" })).await;
        assert_eq!(first.status, 201, "{}", first.body);
        assert!(!first.headers.contains_key("idempotency-replayed"));
        let again = post("k1", json!({ "name": "terraform" })).await;
        assert_eq!((again.status, &again.body), (201, &first.body), "secret and all");
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.headers["content-type"], "application/json");
        is_refused(&post("k1", json!({ "name": "other" })).await, 409, "API-IDEMPOTENCY-KEY");
        let wrong = post("k2", json!({ "name": "" })).await;
        is_refused(&wrong, 422, "API-DOCUMENT");
        let again = post("k2", json!({ "name": "" })).await;
        assert_eq!((again.status, &again.body), (422, &wrong.body));
        let list = house.get("/api/v1/tokens", &token).await;
        assert_eq!(list.body["items"].as_array().unwrap().len(), 2, "{}", list.body);
    }

    #[tokio::test]
    async fn a_lost_update_is_told_with_both_versions() {
        let house = House::of(0).await;
        let token = house.token("Ann", "owner", json!({})).await;
        let bearer = format!("Bearer {token}");
        let own = ("authorization", bearer.as_str());
        let point = json!({
            "name": "Gym", "address": "192.0.2.7", "shared_secret": "a-long-shared-secret",
        });
        let made = house.ask(("POST", "/api/v1/access-points"), &point, &[own]).await;
        let etag = made.headers["etag"].to_str().unwrap().to_owned();
        let url = "/api/v1/access-points/Gym";
        let change = async |text: &str, etag: &str| {
            let body = json!({ "description": text });
            house.ask(("PATCH", url), &body, &[own, ("if-match", etag)]).await
        };
        let mine = change("mine", &etag).await;
        assert_eq!(mine.status, 200, "{}", mine.body);
        assert_ne!(mine.headers["etag"], etag);
        let yours = change("yours", &etag).await;
        is_refused(&yours, 409, "API-CONFLICT");
        assert_eq!(yours.body["current"]["definition"]["description"], "mine");
        assert_eq!(yours.body["proposed"]["description"], "yours");
        is_refused(&change("x", "unquoted").await, 400, "API-PARAMETER");
        is_refused(&change("x", "\"a\", \"b\"").await, 400, "API-PARAMETER");
        let gone = house.ask(("DELETE", url), &Value::Null, &[own, ("if-match", &etag)]).await;
        is_refused(&gone, 409, "API-CONFLICT");
        let now = mine.headers["etag"].to_str().unwrap().to_owned();
        let gone = house.ask(("DELETE", url), &Value::Null, &[own, ("if-match", &now)]).await;
        assert_eq!(gone.status, 204);
        let after = change("z", &now).await;
        is_refused(&after, 404, "API-NOT-FOUND");
    }

    #[tokio::test]
    async fn records_are_changed_in_the_version_that_is_meant() {
        let house = House::of(0).await;
        let token = house.token("Ann", "owner", json!({})).await;
        let bearer = format!("Bearer {token}");
        let own = ("authorization", bearer.as_str());
        for (list, made, change) in [
            ("devices", json!({ "name": "one" }), json!({ "status": "lost" })),
            ("people", json!({ "name": "one" }), json!({ "email": "one@example.org" })),
            (
                "administrators",
                json!({ "name": "one", "role": "auditor" }),
                json!({ "role": "helpdesk" }),
            ),
        ] {
            let list = format!("/api/v1/{list}");
            let url = format!("{list}/one");
            house.ask(("POST", &list), &made, &[own]).await;
            let seen = house.get(&url, &token).await.headers["etag"].to_str().unwrap().to_owned();
            let patch = async |version: &str| {
                house.ask(("PATCH", &url), &change, &[own, ("if-match", version)]).await
            };
            let changed = patch(&seen).await;
            assert_eq!(changed.status, 200, "{url}: {}", changed.body);
            assert_ne!(changed.headers["etag"], seen.as_str(), "{url}");
            is_refused(&patch(&seen).await, 409, "API-CONFLICT");
            assert_eq!(patch("*").await.status, 200, "{url}");
            is_refused(&patch("no tag").await, 400, "API-PARAMETER");
        }
    }

    #[tokio::test]
    async fn a_stream_of_events_ends_with_its_token() {
        let house = House::of(0).await;
        let token = house.token("Ann", "auditor", json!({})).await;
        let bearer = format!("Bearer {token}");
        let request = Request::get("/api/v1/events/stream").header("authorization", bearer);
        let request = request.body(Body::empty()).unwrap();
        let response = house.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        let owner = Actor::owner("administrator of the test");
        let all = actions::token::list(&house.app, &owner, Some("Ann")).await.unwrap();
        actions::token::remove(&house.app, &owner, &all[0].id).await.unwrap();
        house.clock.fetch_add(60_000, Ordering::Relaxed);
        house.token("Bob", "auditor", json!({})).await;
        // What came before it was looked at again may be told; then it ends.
        let told = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let told = String::from_utf8_lossy(&told);
        assert!(told.starts_with("retry: ") && !told.contains("Bob"), "{told}");
    }

    #[tokio::test]
    async fn the_way_in_is_open_once() {
        let house = House::of(0).await;
        let code = actions::setup::begin(&house.app).await.unwrap().unwrap();
        let wrong = json!({ "code": "AAAA-AAAA-AAAA-AAAA", "name": "Ann" });
        let answer = house.ask(("POST", "/api/v1/setup"), &wrong, &[]).await;
        is_refused(&answer, 403, "API-SETUP-CODE");
        let right = json!({ "code": code.reveal(), "name": "Ann" });
        let done = house.ask(("POST", "/api/v1/setup"), &right, &[]).await;
        assert_eq!(done.status, 201, "{}", done.body);
        let token = done.body["token"]["secret"].as_str().unwrap();
        assert_eq!(house.get("/api/v1/me", token).await.body["administrator"], "Ann");
        let answer = house.ask(("POST", "/api/v1/setup"), &right, &[]).await;
        is_refused(&answer, 403, "API-SETUP-CODE");
        let event = house.event().await;
        assert_eq!(
            (&event["kind"], &event["address"]),
            (&json!("api.refused"), &json!("192.0.2.7"))
        );
        // Whoever guesses waits, and fills no record.
        for _ in 2..60 {
            let answer = house.ask(("POST", "/api/v1/setup"), &wrong, &[]).await;
            is_refused(&answer, 403, "API-SETUP-CODE");
        }
        let answer = house.ask(("POST", "/api/v1/setup"), &wrong, &[]).await;
        is_refused(&answer, 429, "API-RATE-LIMIT");
    }

    #[tokio::test]
    async fn what_no_url_knows_is_a_problem_too() {
        let house = House::of(0).await;
        let token = house.token("Ann", "owner", json!({})).await;
        is_refused(&house.get("/api/v1/nothing", &token).await, 404, "API-NOT-FOUND");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let other = house.ask(("DELETE", "/api/v1/me"), &Value::Null, &headers).await;
        is_refused(&other, 405, "API-METHOD");
        assert!(other.headers.contains_key("allow"), "{:?}", other.headers);
    }
}
