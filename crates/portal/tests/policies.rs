//! Workflows and policies, as browsers use them.

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering;

    use actions::App;
    use actions::organization::Application;
    use actions::world::World;
    use axum::Extension;
    use axum::Router;
    use axum::body::Body;
    use axum::http::Method;
    use axum::http::Request;
    use domain::actor::Actor;
    use domain::event::Moment;
    use domain::object::Kind;
    use pki::algorithm::Digest;
    use portal::Settings;
    use serde_json::Value;
    use serde_json::json;
    use store::Store;
    use store::seal::MasterKey;
    use tower::ServiceExt;

    /// The set-up of the guide.
    const GUIDE: &str = include_str!("../../../examples/mosyle.toml");

    const WORKFLOW: &str = "/policy-workflows/mosyle-devices";
    const ENROLLMENT: &str = "/enrollment-policies/mosyle-enrollment";
    const NETWORK: &str = "/network-policies/mosyle-devices-to-vlan-20";

    /// A value that does everything that a value can do in a page.
    const HOSTILE: &str = "\"><script>alert(1)</script>'&#39;";

    struct Fixture {
        app: Arc<App>,
        router: Router,
    }

    struct Got {
        status: u16,
        location: String,
        text: String,
    }

    type Fields = Vec<(String, String)>;

    impl Fixture {
        async fn new() -> Self {
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
            let owner = Actor::owner("test");
            let document = toml::from_str::<Value>(GUIDE).unwrap();
            let application = Application { document, ..Application::default() };
            actions::organization::apply(&app, &owner, application).await.unwrap();
            let router = portal::router(Arc::clone(&app), Settings::default());
            Self { app, router: router.layer(Extension(owner)) }
        }

        fn definition(&self, kind: Kind, name: &str) -> Value {
            let owner = Actor::owner("test");
            actions::object::show(&self.app, &owner, kind, name).unwrap().definition
        }

        async fn ask(&self, request: Request<Body>) -> Got {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            let location = response.headers().get("location");
            let location = location.map_or("", |value| value.to_str().unwrap()).to_owned();
            let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            assert!(!text.contains("<script>alert"), "{text}");
            Got { status, location, text }
        }

        async fn get(&self, path: &str) -> Got {
            let request = Request::builder().uri(path).header("host", "localhost");
            let request = request.header("cookie", "__Host-visitor=visitor");
            self.ask(request.body(Body::empty()).unwrap()).await
        }

        /// Sends a form, as a browser does that was given it.
        async fn send(&self, path: &str, fields: &Fields) -> Got {
            let csrf = Digest::Sha256.compute(b"csrf visitor").unwrap();
            let csrf: String = csrf.iter().map(|byte| format!("{byte:02x}")).collect();
            let all = fields.iter().filter(|(name, _)| name != "csrf");
            let all = all.map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
            let body: Vec<String> = [format!("csrf={csrf}")].into_iter().chain(all).collect();
            let request = Request::builder()
                .method(Method::POST)
                .uri(path)
                .header("host", "localhost")
                .header("sec-fetch-site", "same-origin")
                .header("cookie", "__Host-visitor=visitor")
                .header("content-type", "application/x-www-form-urlencoded");
            self.ask(request.body(Body::from(body.join("&"))).unwrap()).await
        }

        /// The form of a page, as it would be sent.
        async fn form(&self, path: &str) -> Fields {
            let got = self.get(path).await;
            assert_eq!(got.status, 200, "{}", got.text);
            fields(&got.text)
        }
    }

    fn escaped(text: &str) -> String {
        let one = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(one).collect()
    }

    /// What a browser would send of the form of a page that nobody touched.
    fn fields(html: &str) -> Fields {
        let (_, form) = html.split_once("id=\"form\"").expect("the page has a form");
        let (form, _) = form.split_once("</form>").unwrap();
        let mut pairs: Fields = Vec::new();
        let mut is_list = false;
        for part in form.split('<').skip(1) {
            let (tag, rest) = part.split_once('>').unwrap();
            let name = attribute(tag, "name");
            let is_chosen = tag.contains(" selected") || tag.contains(" checked");
            match tag.split([' ', '\n']).next().unwrap_or_default() {
                "input" if !tag.contains("type=\"checkbox\"") || is_chosen => {
                    pairs.push((name, attribute(tag, "value")));
                }
                "textarea" => pairs.push((name, plain(rest))),
                "select" => pairs.push((name, "\0".to_owned())),
                "datalist" => is_list = true,
                "/datalist" => is_list = false,
                "option" if !is_list => {
                    let last = pairs.last_mut().unwrap();
                    if is_chosen || last.1 == "\0" {
                        last.1 = attribute(tag, "value");
                    }
                }
                _ => {}
            }
        }
        pairs
    }

    fn attribute(tag: &str, name: &str) -> String {
        let found = tag.split_once(&format!(" {name}=\""));
        let found = found.and_then(|(_, rest)| rest.split_once('"'));
        found.map(|(text, _)| plain(text)).unwrap_or_default()
    }

    fn plain(text: &str) -> String {
        let signs =
            [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
        signs.iter().fold(text.to_owned(), |text, (sign, plain)| text.replace(sign, plain))
    }

    fn put(fields: &mut Fields, name: &str, value: &str) {
        match fields.iter_mut().find(|(one, _)| one == name) {
            Some((_, held)) => value.clone_into(held),
            None => fields.push((name.to_owned(), value.to_owned())),
        }
    }

    #[tokio::test]
    async fn the_guide_leads_from_a_name_over_conditions_to_settings() {
        let fixture = Fixture::new().await;
        let mut new = fixture.form("/network-policies/_new").await;
        put(&mut new, "name", "Pupils");
        put(&mut new, "description", "As the guide has it");
        let got = fixture.send("/network-policies/_new", &new).await;
        assert_eq!(got.location, "/network-policies/pupils/edit?done=created#section-conditions");
        let got = fixture.get("/network-policies/pupils").await;
        assert!(got.text.contains("Draft: decides nothing"), "{}", got.text);
        // Add rule, choose what it looks at, choose the role.
        let edit = "/network-policies/pupils/edit";
        let mut form = fixture.form(edit).await;
        put(&mut form, "adjust", "add-rule:rules");
        let mut form = fields(&fixture.send(edit, &form).await.text);
        put(&mut form, "rules[0].field", "identity.role");
        put(&mut form, "adjust", "show");
        let mut form = fields(&fixture.send(edit, &form).await.text);
        put(&mut form, "rules[0].operator", "is-one-of");
        put(&mut form, "adjust", "show");
        let got = fixture.send(edit, &form).await;
        assert!(got.text.contains("optgroup label=\"Identity\""), "{}", got.text);
        let mut form = fields(&got.text);
        put(&mut form, "rules[0].value", "Mosyle devices");
        // Add Attribute, from a dictionary.
        put(&mut form, "settings.access", "accept");
        put(&mut form, "adjust", "add:settings.attributes");
        let mut form = fields(&fixture.send(edit, &form).await.text);
        put(&mut form, "settings.attributes[0].attribute", "Tunnel-Private-Group-Id");
        put(&mut form, "settings.attributes[0].value", "30");
        // The difference is shown in words before anything is saved.
        let got = fixture.send(edit, &form).await;
        assert!(got.text.contains("Role is one of Mosyle devices"), "{}", got.text);
        assert_eq!(fixture.definition(Kind::NetworkPolicy, "Pupils").get("settings"), None);
        let mut form = fields(&got.text);
        put(&mut form, "sure", "yes");
        let got = fixture.send(edit, &form).await;
        assert_eq!((got.status, &*got.location), (303, "/network-policies/pupils?done=saved"));
        let saved = fixture.definition(Kind::NetworkPolicy, "Pupils");
        let rule =
            json!({"field": "identity.role", "operator": "is-one-of", "value": ["Mosyle devices"]});
        assert_eq!(saved["rules"], json!([rule]));
        assert_eq!(saved["settings"]["attributes"][0]["value"], "30");
        let got = fixture.get("/network-policies/pupils").await;
        assert!(got.text.contains("Role is one of Mosyle devices"), "{}", got.text);
        let got = fixture.get("/network-policies").await;
        assert!(got.text.contains("In force") && got.text.contains(">2<"), "{}", got.text);
    }

    #[tokio::test]
    async fn a_form_that_nobody_touched_changes_nothing() {
        let fixture = Fixture::new().await;
        for path in [WORKFLOW, ENROLLMENT, NETWORK] {
            let edit = format!("{path}/edit");
            let form = fixture.form(&edit).await;
            let got = fixture.send(&edit, &form).await;
            assert_eq!(got.status, 200, "{}", got.text);
            assert!(got.text.contains("Nothing changes."), "{path}: {}", got.text);
        }
    }

    #[tokio::test]
    async fn a_workflow_asks_for_gateways_by_a_list_of_them() {
        let fixture = Fixture::new().await;
        let mut form = fixture.form("/policy-workflows/_new").await;
        put(&mut form, "name", "Staff");
        put(&mut form, "rules.provider", "Mosyle");
        let got = fixture.send("/policy-workflows/_new", &form).await;
        assert_eq!(got.location, "/policy-workflows/staff?done=created", "{}", got.text);
        let saved = fixture.definition(Kind::PolicyWorkflow, "Staff");
        let rule =
            json!({"field": "identity.provider", "operator": "is-one-of", "value": ["Mosyle"]});
        assert_eq!(saved["rules"], json!([rule]));
    }

    #[tokio::test]
    async fn what_is_wrong_stands_beside_its_rule_and_nothing_is_lost() {
        let fixture = Fixture::new().await;
        let edit = format!("{NETWORK}/edit");
        let mut form = fixture.form(&edit).await;
        for (name, value) in [
            ("rules[1].kind", "rule"),
            ("rules[1].field", "certificate.days_left"),
            ("rules[1].operator", "less"),
            ("rules[1].value", HOSTILE),
            ("rules[2].kind", "rule"),
            ("rules[2].field", "device.serial"),
            ("rules[2].operator", "matches"),
            ("rules[2].value", "(broken"),
        ] {
            put(&mut form, name, value);
        }
        let got = fixture.send(&edit, &form).await;
        assert_eq!(got.status, 422);
        let (_, second) = got.text.split_once("id=\"rules-1\"").unwrap();
        let (second, third) = second.split_once("id=\"rules-2\"").unwrap();
        assert!(second.contains("is not a whole number"), "{second}");
        assert!(third.contains("is no pattern"), "{third}");
        let again = fields(&got.text);
        let held = |name: &str| again.iter().find(|(one, _)| one == name).map(|(_, it)| &**it);
        assert_eq!(held("rules[1].value"), Some(HOSTILE));
        assert_eq!(held("rules[2].value"), Some("(broken"));
    }

    #[tokio::test]
    async fn the_second_of_two_editors_is_told_and_can_save_over_it() {
        let fixture = Fixture::new().await;
        let edit = format!("{ENROLLMENT}/edit");
        let (mut one, mut other) = (fixture.form(&edit).await, fixture.form(&edit).await);
        put(&mut one, "description", "One");
        put(&mut one, "sure", "yes");
        assert_eq!(fixture.send(&edit, &one).await.status, 303);
        put(&mut other, "description", "Other");
        put(&mut other, "settings.days_between", "7");
        put(&mut other, "sure", "yes");
        let got = fixture.send(&edit, &other).await;
        assert_eq!(got.status, 409, "{}", got.text);
        assert!(got.text.contains("Somebody else changed this"), "{}", got.text);
        assert!(got.text.contains("One") && got.text.contains("Other"), "{}", got.text);
        let mut again = fields(&got.text);
        put(&mut again, "sure", "yes");
        assert_eq!(fixture.send(&edit, &again).await.status, 303);
        let saved = fixture.definition(Kind::EnrollmentPolicy, "Mosyle enrollment");
        assert_eq!(saved["description"], "Other");
        assert_eq!(saved["settings"]["days_between"], 7);
    }

    #[tokio::test]
    async fn a_draft_is_replayed_and_not_saved() {
        let fixture = Fixture::new().await;
        for path in [WORKFLOW, ENROLLMENT, NETWORK] {
            let before = fixture.form(&format!("{path}/edit")).await;
            let mut form = before.clone();
            put(&mut form, "description", "A draft");
            put(&mut form, "name", "Another name");
            let got = fixture.send(&format!("{path}/replay"), &form).await;
            assert_eq!(got.status, 200, "{path}: {}", got.text);
            assert!(got.text.contains("0 lose, 0 gain"), "{}", got.text);
            assert!(got.text.contains("0 decisions about 0 devices"), "{}", got.text);
            assert!(got.text.contains("A draft"), "what was written is still there");
            assert_eq!(fixture.form(&format!("{path}/edit")).await, before);
            let got = fixture.get(&format!("{path}/replay")).await;
            assert_eq!(got.location, format!("{path}/edit#tries"));
        }
        let mut form = fixture.form(&format!("{NETWORK}/edit")).await;
        put(&mut form, "settings.attributes[2].value", "no such VLAN: \u{7f}");
        put(&mut form, "active_from", "yesterday");
        let got = fixture.send(&format!("{NETWORK}/replay"), &form).await;
        assert_eq!(got.status, 422, "{}", got.text);
        assert!(got.text.contains("field-active_from-wrong"), "{}", got.text);
    }

    #[tokio::test]
    async fn trying_out_says_what_it_needs() {
        let fixture = Fixture::new().await;
        let owner = Actor::owner("test");
        let told = json!({"name": HOSTILE, "serial": "C02X"});
        let told = serde_json::from_value(told).unwrap();
        actions::device::create(&fixture.app, &owner, told).await.unwrap();
        for list in ["/network-policies", "/policy-workflows"] {
            assert_eq!(fixture.get(&format!("{list}/_simulate")).await.status, 200);
            let got = fixture.get(&format!("{list}/_simulate?device=C02X")).await;
            assert_eq!(got.status, 200, "{}", got.text);
            assert!(
                got.text.contains("refuse") && got.text.contains("TLS-NO-CERTIFICATE"),
                "{}",
                got.text
            );
            let got = fixture.get(&format!("{list}/_simulate?device=nobody")).await;
            assert_eq!(got.status, 404);
            let got = fixture.get(&format!("{list}/_simulate?device=C02X&at=noon")).await;
            assert!(got.status == 400 && got.text.contains("is no moment"), "{}", got.text);
            let event = "00000000-0000-7000-8000-000000000000";
            let got = fixture.get(&format!("{list}/_simulate?device={event}")).await;
            assert_eq!(got.status, 404);
        }
    }

    #[tokio::test]
    async fn a_request_for_a_certificate_is_tried_out() {
        let fixture = Fixture::new().await;
        let owner = Actor::owner("test");
        let told = json!({"name": HOSTILE, "serial": "C02X"});
        let told = serde_json::from_value(told).unwrap();
        actions::device::create(&fixture.app, &owner, told).await.unwrap();
        for list in ["/enrollment-policies", "/policy-workflows"] {
            let page = fixture.get(&format!("{list}/_simulate")).await;
            assert!(page.text.contains("name=\"gateway\""), "{}", page.text);
            let got = fixture.get(&format!("{list}/_simulate?device=C02X&gateway=Mosyle")).await;
            assert_eq!(got.status, 200, "{}", got.text);
            for part in [
                "href=\"/enrollment-policies/Mosyle%20enrollment\"",
                "knows the device",
                "Example School SCEP CA",
                "decides",
            ] {
                assert!(got.text.contains(part), "{part}: {}", got.text);
            }
            // Whoever is not known may ask, too.
            let got = fixture.get(&format!("{list}/_simulate?device=new&gateway=Mosyle")).await;
            assert!(got.text.contains("does not know the device"), "{}", got.text);
            let got = fixture.get(&format!("{list}/_simulate?device=C02X&gateway=none")).await;
            assert_eq!(got.status, 404);
        }
        let got = fixture.get("/enrollment-policies/_simulate?device=C02X").await;
        assert!(got.status == 400 && got.text.contains("is not chosen"), "{}", got.text);
        let both = "device=C02X&gateway=Mosyle&ssid=x";
        let got = fixture.get(&format!("/policy-workflows/_simulate?{both}")).await;
        assert_eq!(got.status, 400);
        let page = fixture.get("/network-policies/_simulate").await;
        assert!(!page.text.contains("name=\"gateway\""), "{}", page.text);
    }

    #[tokio::test]
    async fn a_draft_under_a_third_name_is_replayed_with_all_its_names() {
        let fixture = Fixture::new().await;
        let edit = format!("{NETWORK}/edit");
        let mut form = fixture.form(&edit).await;
        put(&mut form, "name", "Second");
        put(&mut form, "sure", "yes");
        assert_eq!(fixture.send(&edit, &form).await.status, 303);
        let mut form = fixture.form(&edit).await;
        put(&mut form, "name", "Third");
        let got = fixture.send(&format!("{NETWORK}/replay"), &form).await;
        assert_eq!(got.status, 200, "{}", got.text);
        assert!(got.text.contains("0 lose, 0 gain"), "{}", got.text);
    }

    #[tokio::test]
    async fn the_page_of_a_policy_says_what_happened_with_it() {
        let fixture = Fixture::new().await;
        let page = fixture.get(NETWORK).await.text;
        let filter = "kind%3Anetwork.access%20policy%3A%22Mosyle%20devices%20to%20VLAN%2020%22";
        assert!(page.contains("In the last 24 hours"), "{page}");
        assert!(page.contains(&format!("/radius-events?filter={filter}%20since%3A1d")), "{page}");
        let page = fixture.get(ENROLLMENT).await.text;
        assert!(page.contains("/events?filter=kind%3Acertificate.enrollment"), "{page}");
        assert!(!fixture.get(WORKFLOW).await.text.contains("id=\"lately\""));
    }

    #[tokio::test]
    async fn hostile_rules_stay_text_on_every_page() {
        let fixture = Fixture::new().await;
        let mut form = fixture.form("/network-policies/_new").await;
        for (name, value) in [
            ("name", "Hostile"),
            ("rules[0].kind", "rule"),
            ("rules[0].field", "device.name"),
            ("rules[0].operator", "is"),
            ("rules[0].value", HOSTILE),
            ("settings.access", "refuse"),
        ] {
            put(&mut form, name, value);
        }
        let got = fixture.send("/network-policies/_new", &form).await;
        assert_eq!(got.status, 303, "{}", got.text);
        for rest in ["", "/edit", "/history"] {
            assert_eq!(fixture.get(&format!("/network-policies/hostile{rest}")).await.status, 200);
        }
        let got = fixture.get("/network-policies").await;
        assert!(got.text.contains("Device name is &#34;&#62;&#60;script"), "{}", got.text);
    }
}
