//! Network profiles as files for devices and cards for consoles.

use actions::gateway::secret;
use actions::network_profile::render;
use actions::network_profile::render::Order;
use actions::network_profile::render::Rendered;
use actions::object;
use actions::object::Saving;
use actions::organization::NotApplied;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Role;
use domain::object::Kind;
use domain::secret::Secret;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::owner;

const PROFILE: &str = "Example-Secure";
const GATEWAY: &str = "Mosyle";

fn order(platform: &str) -> Order {
    Order { platform: platform.to_owned(), only: None, secret: None }
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
                assert!(complaint(rendered).0.starts_with("subject"), "{platform}");
            }
            "p12" => assert_eq!(complaint(rendered).0, "platform"),
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
async fn a_part_that_needs_no_challenge_makes_none() {
    let fixture = Fixture::mosyle().await;
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
    // A name that the server's certificate does not carry.
    change(&fixture, json!({ "radius_server_names": ["other.example.test"] })).await;
    let (field, _) = complaint(render(&fixture, order("mosyle")).await);
    assert!(field.starts_with("radius_server_names"), "{field}");
    assert_eq!(secret::list(&fixture.app, &owner(), GATEWAY).await.unwrap().len(), 1);
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
async fn the_address_ends_in_the_number_of_what_was_handed_out() {
    let fixture = Fixture::mosyle().await;
    let given = || Order { secret: Some(Secret::new("given")), ..order("mosyle") };
    let before = render(&fixture, given()).await.unwrap();
    assert_eq!(render(&fixture, given()).await.unwrap().version, before.version);
    change(&fixture, json!({ "hidden": true })).await;
    let after = render(&fixture, given()).await.unwrap();
    assert!(after.version > before.version);
    assert!(content(&after, ".mobileconfig").contains("HIDDEN_NETWORK"));
    // Back to what it was, it is what was handed out before.
    change(&fixture, json!({ "hidden": false })).await;
    assert_eq!(render(&fixture, given()).await.unwrap().version, before.version);
    // Another program gives the same number to the same, and a new one to what is new.
    let beside = fixture.beside().await;
    assert_eq!(render(&beside, given()).await.unwrap().version, before.version);
    change(&fixture, json!({ "radius_server_names": ["*.example.test"] })).await;
    let beside = fixture.beside().await;
    let (one, other) = tokio::join!(render(&fixture, given()), render(&beside, given()));
    assert_eq!(one.unwrap().version, other.unwrap().version);
}
