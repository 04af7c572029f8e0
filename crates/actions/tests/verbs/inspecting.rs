//! Profiles that somebody made elsewhere, held against the organization.

use actions::gateway::secret;
use actions::network_profile::inspect;
use actions::network_profile::inspect::Inspected;
use actions::network_profile::inspect::Order;
use actions::network_profile::inspect::PROFILE_BYTES_MAX;
use actions::network_profile::render;
use actions::object;
use actions::object::Saving;
use actions::organization::NotApplied;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Role;
use domain::object::Kind;
use domain::secret::Secret;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::owner;

const PROFILE: &str = "Example-Secure";

/// The file that Mosyle is given, with this challenge or one of its own.
async fn rendered(fixture: &Fixture, given: Option<&str>) -> String {
    let order = render::Order {
        platform: "mosyle".to_owned(),
        only: None,
        device: None,
        secret: given.map(Secret::new),
    };
    let rendered = render::render(&fixture.app, &owner(), PROFILE, order).await.unwrap();
    let mut files = rendered.files.iter();
    let file = files.find(|file| file.name.ends_with(".mobileconfig")).unwrap();
    String::from_utf8(STANDARD.decode(&file.content).unwrap()).unwrap()
}

fn ask(fixture: &Fixture, order: &Order) -> Result<Inspected, NotApplied> {
    inspect::inspect(&fixture.app, &owner(), order)
}

fn look(fixture: &Fixture, file: &str) -> Inspected {
    ask(fixture, &Order::new(file.as_bytes())).unwrap()
}

fn codes(inspected: &Inspected) -> Vec<&str> {
    inspected.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[track_caller]
fn complaint(answer: Result<Inspected, NotApplied>) -> (String, String) {
    let Err(NotApplied::Complaints(complaints)) = answer else { panic!("{answer:?}") };
    (complaints[0].path.clone(), complaints[0].what.clone())
}

#[tokio::test]
async fn what_was_rendered_has_nothing_wrong() {
    let fixture = Fixture::mosyle().await;
    let file = rendered(&fixture, None).await;
    let order = Order { console: Some("mosyle".to_owned()), ..Order::new(file.as_bytes()) };
    let inspected = ask(&fixture, &order).unwrap();
    assert_eq!(codes(&inspected), Vec::<&str>::new());
    assert!(inspected.ok);
    assert_eq!(inspected.network_profile, PROFILE);
    assert_eq!(inspected.ssid.as_deref(), Some("Example-Secure"));
    assert_eq!(inspected.radius_server_names, ["radius.example.test"]);
    assert_eq!(inspected.trusted.len(), 1);
    assert!(inspected.asks[0].contains("%SerialNumber%"), "{:?}", inspected.asks);
    // Where nobody is known to fill in the variables, that is told.
    assert_eq!(codes(&look(&fixture, &file)), ["PROFILE-VARIABLE"]);
}

#[tokio::test]
async fn each_value_that_is_wrong_is_told_with_its_fix() {
    let fixture = Fixture::mosyle().await;
    let right = rendered(&fixture, Some("a-secret-of-nobody")).await;
    let inspected = look(&fixture, &right);
    assert_eq!(codes(&inspected)[0], "PROFILE-CHALLENGE-UNKNOWN");
    assert!(!inspected.ok);
    // Neither the challenge nor anything like it is told on.
    let told = serde_json::to_string(&inspected).unwrap();
    assert!(!told.contains("a-secret-of-nobody"), "{told}");
    for (what, by, code) in [
        ("/scep/mosyle/", "/scep/mosile/", "PROFILE-URL-UNKNOWN"),
        ("radius.example.test", "radius.example.org", "PROFILE-NAME"),
        ("%SerialNumber%", "$SERIALNUMBER", "PROFILE-VARIABLE-FOREIGN"),
        ("<string>1.3</string>", "<string>1.1</string>", "PROFILE-TLS-EMPTY"),
    ] {
        assert!(right.contains(what), "{what}");
        let wrong = right.replace(what, by);
        let console = Some("mosyle".to_owned());
        let inspected = ask(&fixture, &Order { console, ..Order::new(wrong.as_bytes()) }).unwrap();
        let found = inspected.findings.iter().find(|finding| finding.code == code);
        let found = found.unwrap_or_else(|| panic!("{code}: {:?}", codes(&inspected)));
        assert!(!found.fix.is_empty() && !found.why.is_empty());
    }
}

#[tokio::test]
async fn the_secret_of_another_gateway_is_told_by_its_name() {
    let fixture = Fixture::mosyle().await;
    let saving = (json!({ "name": "Jamf" }), Saving::default());
    object::create(&fixture.app, &owner(), Kind::Gateway, saving).await.unwrap();
    let order = secret::Order { label: "other".to_owned() };
    let other = secret::add(&fixture.app, &owner(), "Jamf", order).await.unwrap();
    let file = rendered(&fixture, Some(other.shown.secret.reveal())).await;
    let inspected = look(&fixture, &file);
    let found = inspected.findings.iter().find(|one| one.code.starts_with("PROFILE-CHALLENGE"));
    assert!(found.unwrap().what.contains("Jamf"), "{:?}", inspected.findings);
}

#[tokio::test]
async fn what_is_no_profile_is_refused_and_a_profile_of_nobody_asks_for_a_name() {
    let fixture = Fixture::mosyle().await;
    for file in ["", "junk", "<?xml version=\"1.0\"?><plist><dict/></plist>", "\u{30}\u{82}"] {
        assert_eq!(complaint(ask(&fixture, &Order::new(file.as_bytes()))).0, "content", "{file}");
    }
    let order = Order { content: "!".to_owned(), ..Order::new(b"") };
    assert_eq!(complaint(ask(&fixture, &order)).0, "content");
    let long = vec![b'<'; PROFILE_BYTES_MAX + 4];
    let (field, what) = complaint(ask(&fixture, &Order::new(&long)));
    assert!(field == "content" && what.contains("1 MiB"), "{what}");
    let file = rendered(&fixture, Some("given")).await;
    let order = Order { console: Some("apple".to_owned()), ..Order::new(file.as_bytes()) };
    assert_eq!(complaint(ask(&fixture, &order)).0, "console");
    let order = Order { network_profile: Some("Nobody".to_owned()), ..Order::new(file.as_bytes()) };
    let (field, what) = complaint(ask(&fixture, &order));
    assert!(field == "network_profile" && what.contains("Nobody"), "{what}");
    // One profile is compared with whatever comes; of two, one must be like it.
    let stranger = file.replace("Example-Secure", "Elsewhere").replace("/scep/mosyle", "/scep/no");
    assert_eq!(look(&fixture, &stranger).network_profile, PROFILE);
    let second = object::show(&fixture.app, &owner(), Kind::NetworkProfile, PROFILE).unwrap();
    let mut second = second.definition.as_object().unwrap().clone();
    second.insert("name".into(), json!("Second"));
    second.remove("slug");
    let saving = (second.into(), Saving::default());
    object::create(&fixture.app, &owner(), Kind::NetworkProfile, saving).await.unwrap();
    let answer = ask(&fixture, &Order::new(stranger.as_bytes()));
    assert_eq!(complaint(answer).0, "network_profile");
}

#[tokio::test]
async fn whoever_may_see_the_organization_may_compare() {
    let fixture = Fixture::mosyle().await;
    let file = rendered(&fixture, Some("given")).await;
    for role in [Role::NetworkOperator, Role::Helpdesk, Role::Auditor] {
        let actor = Actor::administrator("Ann", role);
        let answer = inspect::inspect(&fixture.app, &actor, &Order::new(file.as_bytes()));
        assert_eq!(
            answer.is_ok(),
            actor.may(domain::actor::Permission::OrganizationRead).is_ok(),
            "{role}"
        );
    }
    let gateway = Actor::gateway("Mosyle");
    assert!(inspect::inspect(&fixture.app, &gateway, &Order::new(file.as_bytes())).is_err());
}
