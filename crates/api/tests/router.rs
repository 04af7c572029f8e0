//! The API, asked rightly and wrongly.

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU8;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::world::World;
    use api::Limits;
    use api::problem::Problem;
    use axum::Extension;
    use axum::Router;
    use axum::body::Body;
    use axum::http::Request;
    use axum::http::StatusCode;
    use axum::http::header::CONTENT_TYPE;
    use domain::actor::Actor;
    use domain::actor::Role;
    use domain::event::Moment;
    use futures_util::StreamExt;
    use serde_json::Value;
    use serde_json::json;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    async fn router(actor: Option<Actor>) -> Router {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let drawn = AtomicU8::new(0);
        let random = move |bytes: &mut [u8]| {
            bytes.iter_mut().for_each(|byte| *byte = drawn.fetch_add(1, Ordering::Relaxed));
        };
        let world = World::new(|| Moment(1_795_471_200_000), random);
        let router = api::router(App::open(store, master, world).await.unwrap(), Limits::default());
        match actor {
            Some(actor) => router.layer(Extension(actor)),
            None => router,
        }
    }

    async fn owned() -> Router {
        router(Some(Actor::owner("administrator of the test"))).await
    }

    async fn ask(router: &Router, method: &str, url: &str, body: &str) -> (StatusCode, Value) {
        let kind = if url.contains("/import") { "text/csv" } else { "application/json" };
        ask_as(router, (method, url), (kind, body)).await
    }

    async fn ask_as(
        router: &Router,
        (method, url): (&str, &str),
        (kind, body): (&str, &str),
    ) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(url).header(CONTENT_TYPE, kind);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let kind = response.headers().get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap());
        if !status.is_success() && kind.is_some() {
            assert_eq!(kind, Some("application/problem+json"), "{url}");
        }
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    #[track_caller]
    fn is_problem((status, body): &(StatusCode, Value), expected: u16, code: &str) {
        assert_eq!(status.as_u16(), expected, "{body}");
        let problem: Problem = serde_json::from_value(body.clone()).unwrap();
        assert_eq!((problem.status, problem.code.as_str()), (expected, code));
        assert!(!problem.detail.is_empty() && !problem.fix.is_empty());
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let router = owned().await;
        is_problem(&ask(&router, "GET", "/api/v1/nothing", "").await, 404, "API-NOT-FOUND");
        is_problem(&ask(&router, "GET", "/api/v1/certificates/0A", "").await, 404, "API-NOT-FOUND");
        let authority = "/api/v1/certificate-authorities/A";
        is_problem(&ask(&router, "GET", authority, "").await, 404, "API-NOT-FOUND");
        let renew = format!("{authority}/renew");
        is_problem(&ask(&router, "POST", &renew, "").await, 404, "API-NOT-FOUND");
        let event = "/api/v1/events/ffffffff-ffff-ffff-ffff-ffffffffffff";
        is_problem(&ask(&router, "GET", event, "").await, 404, "API-NOT-FOUND");
        let revoke = "/api/v1/certificates/0A/revoke";
        let answer = ask(&router, "POST", revoke, r#"{"reason":"superseded"}"#).await;
        is_problem(&answer, 404, "API-NOT-FOUND");
    }

    #[tokio::test]
    async fn whatever_a_text_means_is_found_and_no_other_parameter_taken() {
        let router = owned().await;
        let (status, found) = ask(&router, "GET", "/api/v1/search?text=anna", "").await;
        assert_eq!((status, found), (StatusCode::OK, json!({"items": [], "more": []})));
        let long = format!("/api/v1/search?text={}", "a".repeat(1025));
        for wrong in ["/api/v1/search", "/api/v1/search?text=%00", "/api/v1/search?q=a", &long] {
            is_problem(&ask(&router, "GET", wrong, "").await, 400, "API-PARAMETER");
        }
        let stranger = super::tests::router(None).await;
        let answer = ask(&stranger, "GET", "/api/v1/search?text=a", "").await;
        is_problem(&answer, 401, "API-UNAUTHENTICATED");
    }

    #[tokio::test]
    async fn public_roots_are_listed_and_a_profile_tells_whom_it_trusts() {
        let router = owned().await;
        let (_, page) =
            ask(&router, "GET", "/api/v1/public-roots?search=root+g3&limit=1", "").await;
        assert_eq!(page["items"][0]["name"], "DigiCert Assured ID Root G3");
        assert_eq!((&page["items"][0]["kind"], page["next"].is_null()), (&json!("public"), false));
        let behind = "/api/v1/public-roots?search=root+g3&cursor=DigiCert+Assured+ID+Root+G3";
        let (_, page) = ask(&router, "GET", behind, "").await;
        assert_eq!(page["items"][0]["name"], "DigiCert Global Root G3");
        for wrong in ["cursor=x", "limit=0", "name=x"] {
            let url = format!("/api/v1/public-roots?{wrong}");
            is_problem(&ask(&router, "GET", &url, "").await, 400, "API-PARAMETER");
        }
        let nobody = "/api/v1/network-profiles/Wi-Fi/certificates";
        is_problem(&ask(&router, "GET", nobody, "").await, 404, "API-NOT-FOUND");
    }

    #[tokio::test]
    async fn every_kind_has_its_list_where_people_look_for_it() {
        let router = owned().await;
        for noun in [
            "certificate-authorities",
            "server-certificates",
            "certificate-templates",
            "gateways",
            "policy-workflows",
            "enrollment-policies",
            "network-policies",
            "network-profiles",
            "access-points",
            "people",
            "devices",
        ] {
            let (status, page) = ask(&router, "GET", &format!("/api/v1/{noun}"), "").await;
            assert_eq!((status, &page["items"]), (StatusCode::OK, &json!([])), "{noun}");
        }
    }

    #[tokio::test]
    async fn what_is_not_understood_is_the_callers_mistake() {
        let router = owned().await;
        let get = |url: &'static str| ask(&router, "GET", url, "");
        is_problem(&get("/api/v1/certificates/xyz").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/certificates?limit=many").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/certificates?colour=red").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/certificates?cursor=x").await, 400, "API-PARAMETER");
        let authorities = "/api/v1/certificate-authorities?cursor=x";
        is_problem(&get(authorities).await, 400, "API-PARAMETER");
        for wrong in [
            "device=a&person=b",
            "serial=xyz",
            "device=",
            "status=lost",
            "gateway=",
            "person=%00",
            "device=a&cursor=5.0A",
            "cursor=device.0A.61",
            "sort=not_after",
            "sort=subject&device=a",
            "filter=device:a",
            "filter=status:held&status=issued",
        ] {
            let url = format!("/api/v1/certificates?{wrong}");
            is_problem(&ask(&router, "GET", &url, "").await, 400, "API-PARAMETER");
        }
        is_problem(&get("/api/v1/devices?sort=serial").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/devices?filter=owner:a").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/people?sort=email").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/people?filter=name:a*&search=b").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/events?cursor=x").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/events/x").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/events?order=random").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/events?filter=color:red").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/events?colour=red").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/devices/A/history?filter=a").await, 400, "API-PARAMETER");
        is_problem(&get("/api/v1/certificates/x/history").await, 400, "API-PARAMETER");
        let post = |url: &'static str, body: &'static str| ask(&router, "POST", url, body);
        is_problem(&post("/api/v1/apply", "{").await, 400, "API-BODY");
        is_problem(&post("/api/v1/apply", "{}").await, 422, "API-BODY");
        let answer = post("/api/v1/apply", r#"{"document":{},"force":true}"#).await;
        is_problem(&answer, 422, "API-BODY");
        let answer = post("/api/v1/certificates/0A/revoke", r#"{"reason":"boredom"}"#).await;
        is_problem(&answer, 422, "API-BODY");
    }

    #[tokio::test]
    async fn a_preview_takes_a_request_or_a_device() {
        let router = owned().await;
        let template = json!({ "name": "T 1", "subject": "CN=${/device/clientId}",
            "validity_days": 1 });
        let authority = json!({ "name": "A", "type": "root", "key": "ecdsa-p256",
            "validity_years": 2 });
        let document = json!({ "document": {
            "certificate_template": [template], "certificate_authority": [authority],
        } });
        let (status, _) = ask(&router, "POST", "/api/v1/apply", &document.to_string()).await;
        assert_eq!(status, StatusCode::OK);
        let url = "/api/v1/certificate-templates/T%201/preview";
        let post = |body: &'static str| ask(&router, "POST", url, body);
        is_problem(&post("{}").await, 400, "API-PARAMETER");
        is_problem(&post(r#"{"csr":"x","device":"y"}"#).await, 400, "API-PARAMETER");
        is_problem(&post(r#"{"csr":"x"}"#).await, 400, "API-PARAMETER");
        is_problem(&post(r#"{"device":"y"}"#).await, 404, "API-NOT-FOUND");
        is_problem(&post(r#"{"device":"y","force":true}"#).await, 422, "API-BODY");
        let key = pki::key::PrivateKey::generate(pki::key::KeyType::EcdsaP256).unwrap();
        let name = pki::name::Name::parse_text("CN=mac-1, OU=x").unwrap();
        let der = pki::csr::build(&key, &name, &[], None).unwrap();
        let csr = pki::pem::encode(pki::pem::CERTIFICATE_REQUEST, &der);
        let body = json!({ "csr": csr, "certificate_authority": "A" }).to_string();
        let (status, preview) = ask(&router, "POST", url, &body).await;
        assert_eq!(status, StatusCode::OK, "{preview}");
        assert_eq!(preview["refusal"], json!(null));
        assert_eq!(preview["left_out"][0]["value"], "OU=x");
        let fields = preview["fields"].as_array().unwrap();
        assert!(fields.iter().any(|field| field["value"] == "CN=mac-1"), "{preview}");
    }

    #[tokio::test]
    async fn what_policies_may_send_is_listed() {
        let router = owned().await;
        let (status, page) = ask(&router, "GET", "/api/v1/reply-presets", "").await;
        assert_eq!((status, &page["next"]), (StatusCode::OK, &json!(null)));
        assert_eq!(page["items"][0]["name"], "vlan");
        assert_eq!(page["items"][0]["attributes"][2], "Tunnel-Private-Group-Id = VALUE");
        let (status, page) = ask(&router, "GET", "/api/v1/radius-dictionaries", "").await;
        assert_eq!((status, &page["items"][0]["name"]), (StatusCode::OK, &json!("RADIUS:IETF")));
        let cisco = &page["items"][1];
        assert_eq!((&cisco["name"], &cisco["vendor"]), (&json!("Cisco"), &json!(9)));
        let pair = json!({ "name": "Cisco-AVPair", "number": 1, "type": "text", "values": [] });
        assert_eq!(cisco["attributes"][0], pair);
    }

    #[tokio::test]
    async fn the_doctor_tells_what_is_wrong_and_what_to_do() {
        let router = owned().await;
        let template = json!({ "name": "T", "subject": "CN=x", "validity_days": 1 });
        let body = json!({ "document": {
            "certificate_template": [template],
            "network_policy": [{ "name": "half made" }],
        } });
        ask(&router, "POST", "/api/v1/apply", &body.to_string()).await;
        let (status, told) = ask(&router, "GET", "/api/v1/doctor", "").await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let codes: Vec<&str> = told["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap())
            .collect();
        assert_eq!(codes, ["DOC-POLICY-DRAFT", "DOC-GATEWAY-NONE"]);
        let finding = &told["findings"][0];
        assert_eq!(
            (&finding["severity"], &finding["object"]),
            (&json!("warning"), &json!("network_policy:half made"))
        );
        for words in ["what", "why", "fix"] {
            assert!(finding[words].as_str().unwrap().len() > 10, "{finding}");
        }
    }

    #[tokio::test]
    async fn the_overview_has_every_part_and_nobody_knocks_at_an_empty_house() {
        let router = owned().await;
        let (status, told) = ask(&router, "GET", "/api/v1/overview", "").await;
        assert_eq!(status, StatusCode::OK, "{told}");
        assert_eq!(told["activity"]["day"]["authentications"].as_array().unwrap().len(), 24);
        assert_eq!(told["activity"]["month"]["span"], "day");
        assert_eq!(told["certificates"]["in_use"], 0);
        assert_eq!((&told["authorities"], &told["at"].is_string()), (&json!([]), &true));
        let (status, page) = ask(&router, "GET", "/api/v1/knocking-access-points", "").await;
        assert_eq!((status, &page["items"]), (StatusCode::OK, &json!([])));
    }

    #[tokio::test]
    async fn events_are_streamed_as_they_come() {
        let router = owned().await;
        let get = |url: &'static str| {
            let request = Request::builder().uri(url).body(Body::empty()).unwrap();
            router.clone().oneshot(request)
        };
        let wrong = get("/api/v1/events/stream?filter=colour:red").await.unwrap();
        assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
        let response = get("/api/v1/events/stream?filter=kind:object.created").await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let mut parts = response.into_body().into_data_stream();
        let begin = parts.next().await.unwrap().unwrap();
        assert!(begin.starts_with(b"retry: 1000\n\n"));
        let body = json!({ "name": "mac\n1" });
        let (status, _) = ask(&router, "POST", "/api/v1/devices", &body.to_string()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "no name has a line break");
        let body = json!({ "name": "mac-1" });
        ask(&router, "POST", "/api/v1/devices", &body.to_string()).await;
        let event = String::from_utf8(parts.next().await.unwrap().unwrap().to_vec()).unwrap();
        let lines: Vec<&str> = event.lines().collect();
        assert_eq!((lines.len(), lines[1], lines[3]), (4, "event: event", ""), "{event}");
        let told: Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(told["object"], "device:mac-1");
        assert_eq!(lines[0], format!("id: {}", told["id"].as_str().unwrap()));
    }

    #[tokio::test]
    async fn fields_are_listed_with_what_can_compare_them() {
        let (status, page) = ask(&owned().await, "GET", "/api/v1/policy-fields", "").await;
        assert_eq!((status, &page["next"]), (StatusCode::OK, &json!(null)));
        let fields = page["items"].as_array().unwrap();
        let age = fields.iter().find(|one| one["field"] == "device.inventory_age").unwrap();
        assert_eq!(age["operators"], json!(["is", "is-one-of", "less", "greater", "exists"]));
        assert_eq!(age["type"], "a whole number");
    }

    #[tokio::test]
    async fn too_long_a_body_is_not_read() {
        let body = format!(r#"{{"document":"{}"}}"#, "x".repeat(api::BODY_BYTES_MAX));
        let answer = ask(&owned().await, "POST", "/api/v1/apply", &body).await;
        is_problem(&answer, 413, "API-BODY");
    }

    #[tokio::test]
    async fn a_wrong_document_is_refused_field_by_field() {
        let router = owned().await;
        let body = json!({ "document": {
            "access_point": [{ "name": "AP", "address": "nowhere" }],
            "colour": "red",
        } });
        let answer = ask(&router, "POST", "/api/v1/apply", &body.to_string()).await;
        is_problem(&answer, 422, "API-DOCUMENT");
        let complaints = answer.1["complaints"].as_array().unwrap();
        let paths: Vec<&str> = complaints.iter().map(|c| c["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["access_point[0].address", "colour"]);
    }

    #[tokio::test]
    async fn an_authority_is_listed_shown_and_renewed() {
        let router = owned().await;
        let authority = |name: &str, slug: &str| {
            json!({ "name": name, "slug": slug, "type": "root", "key": "ecdsa-p256",
                "generate_ca_for": "radsec" })
        };
        let list = [authority("Lab / Root", "lab"), authority("Other", "lab-3")];
        let body = json!({ "document": { "certificate_authority": list } }).to_string();
        ask(&router, "POST", "/api/v1/apply", &body).await;
        let page = ask(&router, "GET", "/api/v1/certificate-authorities?limit=1", "").await.1;
        assert_eq!(
            (&page["items"][0]["name"], &page["next"]),
            (&json!("Lab / Root"), &json!("Lab / Root"))
        );
        let url = "/api/v1/certificate-authorities/Lab%20%2F%20Root";
        let shown = ask(&router, "GET", url, "").await.1;
        assert_eq!(shown["type"], "root");
        assert_eq!(shown["generate_ca_for"], "radsec");
        assert_eq!(shown["disabled"], false);
        let key = &shown["generations"][0];
        assert_eq!(
            (&key["number"], &key["slug"], &key["status"]),
            (&json!(1), &json!("lab"), &json!("issued"))
        );
        assert_eq!(key["sha256"].as_str().map(str::len), Some(64));
        assert_eq!(key["sha1"].as_str().map(str::len), Some(40));
        let renew = format!("{url}/renew");
        let (status, renewed) = ask(&router, "POST", &renew, "").await;
        assert_eq!((status, &renewed["generations"][0]["slug"]), (StatusCode::OK, &json!("lab-2")));
        assert_eq!(renewed["generations"][1], *key);
        is_problem(&ask(&router, "POST", &renew, "").await, 409, "API-SLUG-TAKEN");
    }

    #[tokio::test]
    async fn devices_and_people_are_kept_listed_and_removed() {
        let router = owned().await;
        let told = |body: Value| body.to_string();
        for (list, name, change) in [
            ("devices", "Mac / 1", json!({"serial": "S1", "status": "lost"})),
            ("people", "Anna Lee", json!({"email": "anna@example.org", "status": "disabled"})),
        ] {
            let url = format!("/api/v1/{list}");
            let one = format!("{url}/{}", name.replace(' ', "%20").replace('/', "%2F"));
            let body = told(json!({"name": name}));
            let (status, made) = ask(&router, "POST", &url, &body).await;
            assert_eq!((status, &made["name"]), (StatusCode::CREATED, &json!(name)));
            is_problem(&ask(&router, "POST", &url, &body).await, 409, "API-CONFLICT");
            let (status, changed) = ask(&router, "PATCH", &one, &told(change)).await;
            assert_eq!((status, &changed["name"]), (StatusCode::OK, &json!(name)), "{changed}");
            let (_, shown) = ask(&router, "GET", &one, "").await;
            assert_eq!(shown["name"], json!(name));
            let put = ask(&router, "PUT", &format!("{url}/B"), "{}").await;
            assert_eq!((put.0, &put.1["name"]), (StatusCode::OK, &json!("B")));
            let (_, page) = ask(&router, "GET", &format!("{url}?limit=1"), "").await;
            assert_eq!(page["items"].as_array().unwrap().len(), 1);
            let next = page["next"].as_str().unwrap().replace(' ', "%20");
            let (_, page) = ask(&router, "GET", &format!("{url}?limit=1&cursor={next}"), "").await;
            assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
            let (_, page) = ask(&router, "GET", &format!("{url}?search=b"), "").await;
            assert_eq!((&page["items"][0]["name"], &page["next"]), (&json!("B"), &json!(null)));
            is_problem(
                &ask(&router, "GET", &format!("{url}?colour=x"), "").await,
                400,
                "API-PARAMETER",
            );
            let wrong = ask(&router, "PATCH", &one, r#"{"colour":"red"}"#).await;
            is_problem(&wrong, 422, "API-BODY");
            assert_eq!(ask(&router, "DELETE", &one, "").await.0, StatusCode::NO_CONTENT);
            is_problem(&ask(&router, "DELETE", &one, "").await, 404, "API-NOT-FOUND");
            is_problem(&ask(&router, "GET", &one, "").await, 404, "API-NOT-FOUND");
        }
        let cursor = "/api/v1/devices?cursor=x";
        is_problem(&ask(&router, "GET", cursor, "").await, 400, "API-PARAMETER");
    }

    #[tokio::test]
    async fn a_table_is_imported_as_it_is_sent() {
        let router = owned().await;
        let url = "/api/v1/devices/import";
        let table = "name;serial\nA;S1\nB;S2\n";
        let (_, report) = ask(&router, "POST", &format!("{url}?dry_run=true"), table).await;
        assert_eq!((&report["created"], &report["rows"][1]["line"]), (&json!(2), &json!(3)));
        let (status, report) = ask(&router, "POST", url, table).await;
        assert_eq!((status, &report["created"]), (StatusCode::OK, &json!(2)));
        let wrong = ask(&router, "POST", url, "name,status\nA,x\nC,\n").await;
        is_problem(&wrong, 422, "API-DOCUMENT");
        assert_eq!(wrong.1["complaints"][0]["path"], "line[2].status");
        let skip = format!("{url}?skip_bad_rows=true&confirm=5");
        let (_, report) = ask(&router, "POST", &skip, "name,status\nA,x\nC,\n").await;
        assert_eq!((&report["created"], &report["refused"]), (&json!(1), &json!(1)));
        is_problem(
            &ask(&router, "POST", &format!("{url}?force=1"), "").await,
            400,
            "API-PARAMETER",
        );
        let people = ask(&router, "POST", "/api/v1/people/import", "name\nAnna\n").await;
        assert_eq!(people.1["created"], json!(1));
        // Larger than any other request may be.
        let note = "x".repeat(900);
        let rows: String = (0..20_000).map(|number| format!("D{number},{note}\n")).collect();
        let table = format!("name,note\n{rows}");
        let large = ask(&router, "POST", &format!("{url}?dry_run=true"), &table).await;
        assert_eq!((&large.1["created"], &large.1["left_off"]), (&json!(20_000), &json!(10_000)));
        let long = "x".repeat(64 * 1024 * 1024 + 2);
        is_problem(&ask(&router, "POST", url, &long).await, 413, "API-BODY");
    }

    #[tokio::test]
    async fn a_document_is_applied_once_and_told_without_its_secrets() {
        let router = owned().await;
        let secret = "canary-canary-canary";
        let point = json!({ "name": "AP", "address": "192.0.2.7", "shared_secret": secret });
        let body = json!({ "document": { "access_point": [point] } }).to_string();
        let (status, applied) = ask(&router, "POST", "/api/v1/apply", &body).await;
        assert_eq!((status, &applied["create"][0]["name"]), (StatusCode::OK, &json!("AP")));
        let (_, again) = ask(&router, "POST", "/api/v1/apply", &body).await;
        assert_eq!((&again["create"], &again["unchanged"]), (&json!([]), &json!(2)));
        let (_, organization) = ask(&router, "GET", "/api/v1/organization", "").await;
        assert_eq!(organization["access_point"][0]["name"], "AP");
        let (_, events) = ask(&router, "GET", "/api/v1/events?limit=10", "").await;
        assert_eq!(events["items"][0]["kind"], "object.created");
        for told in [applied, again, organization, events] {
            assert!(!told.to_string().contains(secret), "{told}");
        }
    }

    #[tokio::test]
    async fn passwords_are_set_and_sessions_listed() {
        let router = owned().await;
        let ann = r#"{"name":"Ann","role":"owner"}"#;
        ask(&router, "POST", "/api/v1/administrators", ann).await;
        let of_ann = |what: &str| format!("/api/v1/administrators/Ann/{what}");
        let (_, before) = ask(&router, "GET", &of_ann("credential"), "").await;
        assert_eq!(
            (&before["password_since"], &before["is_one_time"], &before["recovery_codes"]),
            (&json!(null), &json!(false), &json!(0))
        );
        let put = |body: &'static str| {
            let (router, url) = (router.clone(), of_ann("password"));
            async move { ask(&router, "PUT", &url, body).await }
        };
        is_problem(&put("{}").await, 422, "API-BODY");
        is_problem(&put(r#"{"password":"x","force":true}"#).await, 422, "API-BODY");
        let short = put(r#"{"password":"short"}"#).await;
        is_problem(&short, 422, "API-DOCUMENT");
        assert_eq!(short.1["complaints"][0]["path"], "password");
        let good = put(r#"{"password":"lamp river 7 socks"}"#).await;
        assert_eq!(good, (StatusCode::NO_CONTENT, json!(null)));
        let (_, after) = ask(&router, "GET", &of_ann("credential"), "").await;
        assert_eq!(after["password_since"], "2026-11-23T22:00:00Z");
        let missing = "/api/v1/administrators/Eve/password";
        let missing = ask(&router, "PUT", missing, r#"{"password":"lamp river 7 socks"}"#).await;
        is_problem(&missing, 404, "API-NOT-FOUND");
        is_problem(&ask(&router, "DELETE", &of_ann("totp"), "").await, 409, "API-CONFLICT");
        let (status, page) = ask(&router, "GET", "/api/v1/sessions?administrator=Ann", "").await;
        assert_eq!((status, page), (StatusCode::OK, json!({ "items": [], "next": null })));
        let wrong = ask(&router, "GET", "/api/v1/sessions?who=Ann", "").await;
        is_problem(&wrong, 400, "API-PARAMETER");
        let gone = ask(&router, "DELETE", "/api/v1/sessions/1", "").await;
        is_problem(&gone, 404, "API-NOT-FOUND");
    }

    #[tokio::test]
    async fn an_own_password_takes_the_old_one_and_slows_whoever_guesses() {
        let bare = router(None).await;
        let router = bare.clone().layer(Extension(Actor::owner("administrator of the test")));
        let ann = r#"{"name":"Ann","role":"owner"}"#;
        ask(&router, "POST", "/api/v1/administrators", ann).await;
        let url = "/api/v1/administrators/Ann/password";
        let first = r#"{"password":"lamp river 7 socks"}"#;
        assert_eq!(ask(&router, "PUT", url, first).await.0, StatusCode::NO_CONTENT);
        let own = bare.layer(Extension(Actor::administrator("Ann", Role::Owner)));
        is_problem(&ask(&own, "PUT", url, first).await, 422, "API-DOCUMENT");
        let order = |old: &str| json!({ "password": "chalk window 9 boats", "old": old });
        for _ in 0..5 {
            let wrong = ask(&own, "PUT", url, &order("another one").to_string()).await;
            is_problem(&wrong, 403, "API-LOGIN-WRONG");
        }
        let right = order("lamp river 7 socks").to_string();
        is_problem(&ask(&own, "PUT", url, &right).await, 429, "API-LOGIN-SLOWED");
    }

    #[tokio::test]
    async fn a_url_says_text_that_can_be_kept() {
        let router = owned().await;
        for url in [
            "/api/v1/devices/%00",
            "/api/v1/devices/a%00b/history",
            "/api/v1/devices/%ff",
            "/api/v1/devices?search=%00",
            "/api/v1/gateways/Mosyle/secrets/a%00",
        ] {
            let method = if url.contains("secrets") { "DELETE" } else { "GET" };
            is_problem(&ask(&router, method, url, "").await, 400, "API-PARAMETER");
        }
        for url in ["/api/v1/devices/..%2f..", "/api/v1/devices/%2500", "/api/v1/devices/%01"] {
            is_problem(&ask(&router, "GET", url, "").await, 404, "API-NOT-FOUND");
        }
    }

    #[tokio::test]
    async fn a_page_has_1_to_1000_items() {
        let router = owned().await;
        for list in ["devices", "people", "events", "certificates", "gateways", "audit/rows"] {
            for (limit, status) in [("1", 200), ("1000", 200)] {
                let url = format!("/api/v1/{list}?limit={limit}");
                assert_eq!(ask(&router, "GET", &url, "").await.0.as_u16(), status, "{url}");
            }
            for limit in ["0", "1001", "-1", "99999999999999999999", "x", ""] {
                let url = format!("/api/v1/{list}?limit={limit}");
                is_problem(&ask(&router, "GET", &url, "").await, 400, "API-PARAMETER");
            }
        }
        let place = "/api/v1/gateways/Mosyle?position=0";
        is_problem(&ask(&router, "DELETE", place, "").await, 400, "API-PARAMETER");
    }

    #[tokio::test]
    async fn a_body_is_an_object_of_the_form_that_is_said() {
        let router = owned().await;
        let one = "/api/v1/devices/MacBook";
        for list in ["[]", " [null]", "[null,null]"] {
            is_problem(&ask(&router, "PUT", one, list).await, 422, "API-BODY");
        }
        is_problem(&ask(&router, "PUT", one, "null").await, 422, "API-BODY");
        is_problem(&ask(&router, "PUT", one, "").await, 400, "API-BODY");
        is_problem(&ask_as(&router, ("PUT", one), ("text/plain", "{}")).await, 415, "API-BODY");
        let import = ("POST", "/api/v1/devices/import");
        for kind in ["application/json", "multipart/form-data", "x"] {
            is_problem(&ask_as(&router, import, (kind, "name\nA\n")).await, 415, "API-BODY");
        }
        for kind in ["text/csv; charset=utf-8", "Text/CSV", "application/vnd.ms-excel"] {
            let answer = ask_as(&router, import, (kind, "name\nA\n")).await;
            assert_eq!(answer.0, StatusCode::OK, "{kind}");
        }
    }

    #[tokio::test]
    async fn other_methods_are_told_which_there_are() {
        let router = owned().await;
        for method in ["TRACE", "QUERY", "DELETE", "OPTIONS"] {
            let request = Request::builder().method(method).uri("/api/v1/devices");
            let request = request.body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(response.headers()["allow"], "GET,HEAD,POST", "{method}");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        }
    }
}
