//! Network profiles as files for devices and cards for consoles.

use actions::device;
use actions::gateway::secret;
use actions::network_profile::configure;
use actions::network_profile::render;
use actions::network_profile::render::Order;
use actions::network_profile::render::Rendered;
use actions::network_profile::render::RenderedFile;
use actions::object;
use actions::object::Saving;
use actions::organization::NotApplied;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Role;
use domain::complaint::Complaint;
use domain::object::Kind;
use domain::secret::Secret;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::owner;

const PROFILE: &str = "Example-Secure";
const GATEWAY: &str = "Mosyle";

fn order(platform: &str) -> Order {
    Order { platform: platform.to_owned(), only: None, device: None, secret: None }
}

async fn render(fixture: &Fixture, order: Order) -> Result<Rendered, NotApplied> {
    render::render(&fixture.app, &owner(), PROFILE, order).await
}

async fn change(fixture: &Fixture, fields: Value) {
    let patch = fields.as_object().unwrap().clone();
    let object = (Kind::NetworkProfile, PROFILE);
    object::change(&fixture.app, &owner(), object, (patch, Saving::default())).await.unwrap();
}

fn content(rendered: &Rendered, ending: &str) -> String {
    let found = rendered.files.iter().find(|file| file.name.ends_with(ending)).unwrap();
    String::from_utf8(STANDARD.decode(&found.content).unwrap()).unwrap()
}

#[track_caller]
fn complaint<T: core::fmt::Debug>(answer: Result<T, NotApplied>) -> (String, String) {
    let Err(NotApplied::Complaints(complaints)) = answer else { panic!("{answer:?}") };
    (complaints[0].path.clone(), complaints[0].what.clone())
}

#[tokio::test]
async fn a_console_gets_a_card_and_a_profile_with_a_challenge_that_the_gateway_takes() {
    let mut fixture = Fixture::mosyle().await;
    let rendered = render(&fixture, order("mosyle")).await.unwrap();
    assert_eq!(rendered.url, format!("{}/scep/mosyle/p-{}", base(&fixture), rendered.version));
    let label = rendered.challenge.clone().unwrap();
    assert_eq!(label, format!("{PROFILE}, mosyle, p-{}", rendered.version));
    let card = rendered.card.as_ref().unwrap();
    let fields: Vec<_> = card.sections.iter().flat_map(|section| &section.fields).collect();
    let challenge = fields.iter().find(|field| field.entry == "secret").unwrap();
    let challenge = challenge.value.clone().unwrap();
    let profile = content(&rendered, ".mobileconfig");
    for part in [challenge.as_str(), "%SerialNumber%", &rendered.url, "radius.example.test"] {
        assert!(profile.contains(part), "{part}: {profile}");
    }
    assert!(content(&rendered, "card.md").contains(&challenge));
    // It is good, beside the first, and told to nobody else.
    fixture.secret = Secret::new(challenge.clone());
    fixture.issue(&fixture.claim()).await.unwrap();
    let listed = secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap();
    let made = listed.iter().find(|one| one.label == label).unwrap();
    assert!(made.last_used_at.is_some());
    let events = serde_json::to_string(&fixture.events().await).unwrap();
    assert!(events.contains(&label) && !events.contains(&challenge));
}

fn base(fixture: &Fixture) -> String {
    fixture.app.snapshot.rules().organization.settings.base_url.clone()
}

#[tokio::test]
async fn every_platform_is_written_for_or_says_why_not() {
    let fixture = Fixture::mosyle().await;
    let given = |platform: &str| Order { secret: Some(Secret::new("given")), ..order(platform) };
    for (platform, _) in render::platforms() {
        let rendered = render(&fixture, given(platform)).await;
        match platform {
            // Nobody fills in variables there.
            "apple" | "linux" if rendered.is_err() => {
                assert_eq!(complaint(rendered).0, "subject", "{platform}");
            }
            "p12" => assert_eq!(complaint(rendered).0, "device"),
            _ => {
                let rendered = rendered.unwrap();
                assert!(!rendered.files.is_empty(), "{platform}");
                assert_eq!(rendered.challenge, None);
            }
        }
    }
    assert_eq!(secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_inventory_knows_of_a_device_is_filled_in() {
    let fixture = Fixture::mosyle().await;
    device_of_anna(&fixture).await;
    let of =
        |device: &str, platform: &str| Order { device: Some(device.into()), ..order(platform) };
    // No MDM stands between a Mac and a file that somebody installs by hand.
    let rendered = render(&fixture, of("C02ABC123", "apple")).await.unwrap();
    let file = rendered.files.iter().find(|file| file.name.ends_with(".mobileconfig")).unwrap();
    let signed = STANDARD.decode(&file.content).unwrap();
    let profile = profile::inspect::read(&signed).unwrap();
    assert!(profile.signatures.len() == 1 && profile.signatures[0].fits);
    assert_eq!(profile.scep().unwrap().subject, [("CN".to_owned(), "C02ABC123".to_owned())]);
    let linux = render(&fixture, of("MacBook 1", "linux")).await.unwrap();
    assert!(content(&linux, "enroll.sh").contains("C02ABC123"));
    // What it does not know is told, before a challenge is made.
    change(&fixture, json!({ "san": { "upn": ["${/person/upn}"] } })).await;
    let before = secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len();
    let (field, what) = complaint(render(&fixture, of("MacBook 1", "apple")).await);
    assert_eq!(field, "san.upn");
    assert!(what.contains("${/person/upn}") && what.contains("MacBook 1"), "{what}");
    assert_eq!(secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len(), before);
    let Err(NotApplied::Refused(refusal)) = render(&fixture, of("Nobody", "apple")).await else {
        panic!("there is no such device")
    };
    assert_eq!(refusal.code(), "API-NOT-FOUND");
}

#[tokio::test]
async fn a_bundle_holds_a_certificate_of_the_device_and_its_password_is_told_once() {
    let fixture = Fixture::mosyle().await;
    device_of_anna(&fixture).await;
    let of = |platform: &str| Order { device: Some("MacBook 1".into()), ..order(platform) };
    let rendered = render(&fixture, of("p12")).await.unwrap();
    let names: Vec<&str> = rendered.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["example-secure-macbook-1.p12", "example-secure-macbook-1-legacy.p12"]);
    assert!(rendered.files.iter().all(|file| file.secret));
    let password = rendered.password.unwrap();
    assert_eq!(password.reveal().len(), 24);
    // The challenge that gave the right to it is gone, and the certificate is the device's.
    assert_eq!(secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len(), 1);
    let shown = device::show(&fixture.app, &owner(), "MacBook 1").await.unwrap();
    let certificates = shown.certificates.unwrap();
    assert!(certificates.iter().any(|one| one.subject.contains("C02ABC123")), "{certificates:?}");
    let events = serde_json::to_string(&fixture.events().await).unwrap();
    assert!(!events.contains(password.reveal()));
    let eap_config = render(&fixture, of("eap-config")).await.unwrap();
    let text = content(&eap_config, ".eap-config");
    assert!(text.contains(eap_config.password.unwrap().reveal()), "{text}");
    let part = Order { only: Some("scep".to_owned()), ..of("p12") };
    assert_eq!(complaint(render(&fixture, part).await).0, "only");
    // Whom no policy gives a certificate gets no bundle, and leaves no challenge behind.
    let policy = (Kind::EnrollmentPolicy, "Mosyle enrollment");
    let off = json!({ "rules": [] }).as_object().unwrap().clone();
    object::change(&fixture.app, &owner(), policy, (off, Saving::default())).await.unwrap();
    let Err(NotApplied::Refused(refusal)) = render(&fixture, of("p12")).await else {
        panic!("nobody issues it")
    };
    assert_eq!(refusal.code(), "ENR-NO-POLICY");
    assert_eq!(secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len(), 1);
}

async fn device_of_anna(fixture: &Fixture) {
    let told = json!({ "name": "MacBook 1", "serial": "C02ABC123" });
    let told = serde_json::from_value(told).unwrap();
    device::create(&fixture.app, &owner(), told).await.unwrap();
}

#[tokio::test]
async fn a_part_that_needs_no_challenge_makes_none() {
    let fixture = Fixture::mosyle().await;
    for platform in ["android", "chromeos", "eap-config"] {
        assert_eq!(render(&fixture, order(platform)).await.unwrap().challenge, None);
    }
    for (part, challenges) in [("trust", 1), ("wifi", 1), ("scep", 2)] {
        let order = Order { only: Some(part.to_owned()), ..order("jamf") };
        let rendered = render(&fixture, order).await.unwrap();
        assert_eq!(rendered.challenge.is_some(), part == "scep");
        let profile = content(&rendered, ".mobileconfig");
        assert_eq!(profile.contains("com.apple.security.scep"), part == "scep", "{part}");
        assert_eq!(profile.contains("com.apple.wifi.managed"), part == "wifi", "{part}");
        let listed = secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap();
        assert_eq!(listed.len(), challenges);
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_told_before_a_challenge_is_made() {
    let fixture = Fixture::mosyle().await;
    assert_eq!(complaint(render(&fixture, order("palmos")).await).0, "platform");
    let part = Order { only: Some("half".to_owned()), ..order("jamf") };
    assert_eq!(complaint(render(&fixture, part).await).0, "only");
    let part = Order { only: Some("trust".to_owned()), ..order("windows") };
    assert_eq!(complaint(render(&fixture, part).await).0, "only");
    let missing = render::render(&fixture.app, &owner(), "Nobody", order("jamf")).await;
    let Err(NotApplied::Refused(refusal)) = missing else { panic!("{missing:?}") };
    assert_eq!(refusal.code(), "API-NOT-FOUND");
    assert_eq!(secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len(), 1);
}

#[tokio::test]
async fn access_points_of_each_maker_are_told_where_the_server_is() {
    let fixture = Fixture::mosyle().await;
    let address = "192.0.2.10".parse().unwrap();
    let ask =
        |order: configure::Order| configure::configure(&fixture.app, &owner(), PROFILE, &order);
    for (vendor, _) in configure::vendors() {
        let configured = ask(configure::Order::new(vendor, vec![address])).unwrap();
        let text: String = configured.files.iter().filter_map(RenderedFile::text).collect();
        assert!(text.contains("192.0.2.10") && text.contains("THE-SHARED-SECRET"), "{text}");
        let given = Secret::new("a-secret-from-elsewhere");
        let order = configure::Order::new(vendor, vec![address]);
        let configured = ask(configure::Order { shared_secret: Some(given), ..order }).unwrap();
        assert!(configured.files[0].secret);
        assert!(configured.files[0].text().unwrap().contains("a-secret-from-elsewhere"));
    }
    let path = |order| {
        let Err(NotApplied::Complaints(complaints)) = ask(order) else { panic!("it is wrong") };
        complaints[0].path.clone()
    };
    assert_eq!(path(configure::Order::new("palmos", vec![address])), "vendor");
    assert_eq!(path(configure::Order::new("hostapd", Vec::new())), "address");
    assert_eq!(path(configure::Order::new("hostapd", vec![address; 4])), "address");
    let unspecified = "0.0.0.0".parse().unwrap();
    assert_eq!(path(configure::Order::new("hostapd", vec![unspecified])), "address[0]");
}

#[tokio::test]
async fn what_no_device_could_join_is_refused_when_it_is_saved() {
    let fixture = Fixture::mosyle().await;
    for (field, value) in [
        ("radius_server_names", json!(["other.example.test"])),
        ("trusted_authorities", json!(["Example School Root CA"])),
        ("security_type", json!("wpa3-enterprise-192")),
    ] {
        let patch = json!({ field: value }).as_object().unwrap().clone();
        let object = (Kind::NetworkProfile, PROFILE);
        let saving = (patch, Saving::default());
        let saved = object::change(&fixture.app, &owner(), object, saving).await;
        let Err(NotApplied::Complaints(complaints)) = saved else { panic!("{field}: {saved:?}") };
        let names = |one: &Complaint| {
            one.path.ends_with(field) || field == "security_type" && one.what.contains("192-bit")
        };
        assert!(complaints.iter().any(names), "{field}: {complaints:?}");
    }
}

#[tokio::test]
async fn who_may_not_change_the_pki_gets_no_challenge() {
    let fixture = Fixture::mosyle().await;
    for role in [Role::NetworkOperator, Role::Helpdesk, Role::Auditor] {
        let actor = Actor::administrator("Ann", role);
        let answer = render::render(&fixture.app, &actor, PROFILE, order("mosyle")).await;
        let Err(NotApplied::Refused(refusal)) = answer else { panic!("{answer:?}") };
        assert_eq!(refusal.code(), "API-NOT-PERMITTED", "{role}");
    }
}

#[tokio::test]
async fn the_address_ends_in_the_version_of_the_profile() {
    let fixture = Fixture::mosyle().await;
    let given = || Order { secret: Some(Secret::new("given")), ..order("mosyle") };
    let before = render(&fixture, given()).await.unwrap();
    assert_eq!(render(&fixture, given()).await.unwrap().version, before.version);
    change(&fixture, json!({ "hidden": true })).await;
    let after = render(&fixture, given()).await.unwrap();
    assert!(after.version > before.version);
    assert!(content(&after, ".mobileconfig").contains("HIDDEN_NETWORK"));
}
