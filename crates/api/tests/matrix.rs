//! Who may ask for what: every operation of the description, asked by everybody.

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU8;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::world::World;
    use api::Limits;
    use axum::Extension;
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::http::StatusCode;
    use axum::http::header::CONTENT_TYPE;
    use domain::actor::Actor;
    use domain::actor::Permission;
    use domain::actor::Role;
    use domain::event::Moment;
    use domain::token::Token;
    use pki::time::Time;
    use serde_json::Value;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    /// One operation of the description.
    #[derive(Debug)]
    struct Described {
        method: String,
        path: String,
        /// What it takes to ask; none: anybody may.
        needs: Option<Vec<Permission>>,
        takes: Option<String>,
    }

    async fn app() -> Arc<App> {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
        };
        let world = World::new(|| Moment(1_795_471_200_000), random);
        App::open(store, master, world).await.unwrap()
    }

    fn router(app: &Arc<App>, actor: Option<Actor>) -> Router {
        let router = api::router(Arc::clone(app), Limits { requests_per_minute: 0 });
        match actor {
            Some(actor) => router.layer(Extension(actor)),
            None => router,
        }
    }

    async fn ask(router: &Router, operation: &Described) -> (StatusCode, Value) {
        let path = operation.path.replace("{serial}", "0A").replace("{name}", "no-such-name");
        let path = path.replace("{id}", "00000000-0000-7000-8000-000000000000");
        let path = if path.ends_with("/explain") { format!("{path}?about=x") } else { path };
        let request = Request::builder().method(operation.method.to_uppercase().as_str()).uri(path);
        let kind = operation.takes.as_deref().unwrap_or("application/json");
        let body = if kind == "text/csv" { "name\n" } else { "{}" };
        let request = request.header(CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
            // It has no end.
            return (status, Value::Null);
        }
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    /// The description as the API serves it.
    async fn described(router: &Router) -> Vec<Described> {
        let request = Request::builder().uri("/api/v1/openapi.json").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "the description is public");
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 22).await.unwrap();
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let words = operation["x-permission"].as_array().unwrap().iter();
                let words: Vec<&str> = words.map(|word| word.as_str().unwrap()).collect();
                let needs = match words.as_slice() {
                    [] => None,
                    ["any"] => Some(vec![]),
                    words => Some(words.iter().map(|w| Permission::parse(w).unwrap()).collect()),
                };
                let content = operation["requestBody"]["content"].as_object();
                let takes = content.and_then(|content| content.keys().next().cloned());
                all.push(Described { method: method.clone(), path: path.clone(), needs, takes });
            }
        }
        all
    }

    #[tokio::test]
    async fn every_operation_is_for_those_whom_the_description_names() {
        let app = app().await;
        let operations = described(&router(&app, None)).await;
        assert!(operations.len() > 100, "{}", operations.len());
        for role in Role::ALL {
            let asked = router(&app, Some(Actor::administrator("Ann", role)));
            for operation in &operations {
                let (status, body) = ask(&asked, operation).await;
                let needs = operation.needs.iter().flatten();
                let lacking = needs.filter(|permission| !role.may(**permission)).count();
                let shown = format!("{role}: {operation:?} {status} {body}");
                if lacking > 0 {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{shown}");
                    assert_eq!(body["code"], "API-NOT-PERMITTED", "{shown}");
                } else if operation.needs.as_ref().is_some_and(|needs| !needs.is_empty()) {
                    assert_ne!(status, StatusCode::FORBIDDEN, "{shown}");
                }
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{shown}");
                assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{shown}");
                assert!(!status.is_server_error(), "{shown}");
            }
        }
    }

    #[tokio::test]
    async fn nobody_gets_anything_but_the_description_and_the_way_in() {
        let app = app().await;
        let nobody = router(&app, None);
        let mut public = BTreeSet::new();
        for operation in described(&nobody).await {
            let (status, body) = ask(&nobody, &operation).await;
            if operation.needs.is_none() {
                public.insert(operation.path);
                continue;
            }
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{operation:?}");
            assert_eq!(body["code"], "API-UNAUTHENTICATED", "{operation:?}");
        }
        assert_eq!(public, BTreeSet::from(["/api/v1/setup".to_owned()]));
    }

    #[tokio::test]
    async fn a_device_may_look_at_nothing() {
        let app = app().await;
        for actor in [Actor::gateway("Mosyle"), Actor::access_point("Loopback")] {
            let device = router(&app, Some(actor));
            for operation in described(&device).await {
                if operation.needs.as_ref().is_none_or(Vec::is_empty) {
                    continue;
                }
                let (status, body) = ask(&device, &operation).await;
                assert_eq!(status, StatusCode::FORBIDDEN, "{operation:?} {body}");
            }
        }
    }

    #[tokio::test]
    async fn a_token_may_no_more_than_its_scopes() {
        let app = app().await;
        for scope in Permission::ALL {
            let token = Token {
                id: "abcdefghijkm".into(),
                name: "narrow".into(),
                administrator: "Ann".into(),
                scopes: vec![scope],
                addresses: vec![],
                created_at: Time(0),
                expires_at: Time(1),
                last_used_at: None,
            };
            let actor = Actor::administrator("Ann", Role::Owner).by_token(&token);
            let narrow = router(&app, Some(actor));
            for operation in described(&narrow).await {
                let Some(needs) = operation.needs.as_ref().filter(|needs| !needs.is_empty()) else {
                    continue;
                };
                let (status, body) = ask(&narrow, &operation).await;
                let in_scope = needs.iter().all(|permission| *permission == scope);
                let shown = format!("{scope}: {operation:?} {body}");
                if in_scope {
                    assert_ne!(status, StatusCode::FORBIDDEN, "{shown}");
                } else {
                    assert_eq!(status, StatusCode::FORBIDDEN, "{shown}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_table_and_the_description_name_the_same_operations() {
        let app = app().await;
        let described = described(&router(&app, None)).await;
        let described: BTreeSet<(String, String)> = described
            .into_iter()
            .map(|operation| (operation.method.to_uppercase(), operation.path))
            .collect();
        let table: BTreeSet<(String, String)> = api::operations()
            .into_iter()
            .map(|operation| (operation.method.to_string(), operation.path))
            .collect();
        assert_eq!(described, table);
    }
}
