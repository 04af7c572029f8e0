//! Definitions one by one: made, changed, moved, removed, and never over somebody else's change.

use actions::gateway::secret;
use actions::object;
use actions::object::Choice;
use actions::object::Saving;
use actions::object::Shown;
use actions::object::Sort;
use actions::organization;
use actions::organization::NotApplied;
use actions::organization::history;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::actor::Role;
use domain::object::Kind;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::owner;

const POINT: Kind = Kind::AccessPoint;

fn point(name: &str, address: &str) -> Value {
    json!({ "name": name, "address": address, "shared_secret": "a-long-shared-secret" })
}

fn patch(json: Value) -> Map<String, Value> {
    json.as_object().unwrap().clone()
}

async fn create(fixture: &Fixture, kind: Kind, definition: Value) -> Result<Shown, NotApplied> {
    let saving = Saving::default();
    let saved = object::create(&fixture.app, &owner(), kind, (definition, saving)).await?;
    Ok(saved.shown.unwrap())
}

fn show(fixture: &Fixture, kind: Kind, name: &str) -> Shown {
    object::show(&fixture.app, &owner(), kind, name).unwrap()
}

fn names(fixture: &Fixture, kind: Kind, choice: &Choice) -> (Vec<String>, Option<String>) {
    let page = object::list(&fixture.app, &owner(), kind, choice).unwrap();
    (page.items.into_iter().map(|one| one.name).collect(), page.next)
}

#[track_caller]
fn code<T: core::fmt::Debug>(answer: Result<T, NotApplied>) -> String {
    answer.unwrap_err().refusal().code().to_owned()
}

#[track_caller]
fn paths<T: core::fmt::Debug>(answer: Result<T, NotApplied>) -> Vec<String> {
    match answer.unwrap_err() {
        NotApplied::Complaints(complaints) => complaints.into_iter().map(|one| one.path).collect(),
        other @ (NotApplied::Refused(_) | NotApplied::Outdated(_)) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_object_is_made_shown_changed_and_removed() {
    let fixture = Fixture::mosyle().await;
    let made = create(&fixture, POINT, point("Gym", "192.0.2.7")).await.unwrap();
    assert_eq!((made.name.as_str(), made.slug.as_str()), ("Gym", "gym"));
    assert!(!made.definition.to_string().contains("a-long-shared"), "{}", made.definition);
    assert_eq!(show(&fixture, POINT, "gym"), made, "by its slug as by its name");
    let change = (patch(json!({ "description": "behind the stage" })), Saving::default());
    let changed = object::change(&fixture.app, &owner(), (POINT, "Gym"), change).await.unwrap();
    let changed = changed.shown.unwrap();
    assert_eq!(changed.definition["description"], "behind the stage");
    assert_eq!(changed.definition["address"], "192.0.2.7");
    assert_ne!(changed.etag, made.etag);
    let back = (patch(json!({ "description": null })), Saving::default());
    object::change(&fixture.app, &owner(), (POINT, "Gym"), back).await.unwrap();
    assert_eq!(show(&fixture, POINT, "Gym").etag, made.etag);
    let gone = object::remove(&fixture.app, &owner(), (POINT, "Gym"), Saving::default()).await;
    assert_eq!(gone.unwrap().plan.remove.len(), 1);
    let missing = object::show(&fixture.app, &owner(), POINT, "Gym").unwrap_err();
    assert_eq!(missing.code(), "API-NOT-FOUND");
    let versions = history::list(&fixture.app, &owner(), (POINT, "Gym"), (None, 10)).await.unwrap();
    let what: Vec<&str> = versions.items.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(what, ["removed", "changed", "changed", "created"]);
    assert!(fixture.app.snapshot.rules().access_point("192.0.2.7".parse().unwrap()).is_none());
}

#[tokio::test]
async fn what_is_wrong_names_its_field_and_changes_nothing() {
    let fixture = Fixture::mosyle().await;
    assert_eq!(paths(create(&fixture, POINT, json!({})).await), ["name"]);
    assert_eq!(paths(create(&fixture, POINT, json!([])).await), ["name"]);
    assert_eq!(paths(create(&fixture, POINT, point("Gym", "nowhere")).await), ["address"]);
    let secretless = json!({ "name": "Gym", "address": "192.0.2.7" });
    assert_eq!(paths(create(&fixture, POINT, secretless).await), ["shared_secret"]);
    let unknown = json!({ "name": "Gym", "address": "192.0.2.7", "colour": "red" });
    assert_eq!(paths(create(&fixture, POINT, unknown).await), ["colour"]);
    let policy = json!({ "name": "P", "certificate_authority": "none" });
    let answer = create(&fixture, Kind::EnrollmentPolicy, policy).await;
    assert!(!paths(answer).is_empty());
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-DOCUMENT"));
    let taken = create(&fixture, Kind::Gateway, json!({ "name": GATEWAY })).await;
    assert_eq!(code(taken), "API-CONFLICT");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-CONFLICT"));
}

#[tokio::test]
async fn somebody_elses_change_is_not_lost() {
    let fixture = Fixture::mosyle().await;
    let first = create(&fixture, POINT, point("Gym", "192.0.2.7")).await.unwrap();
    let saving = |etag: &str| Saving { etag: Some(etag.to_owned()), ..Saving::default() };
    let change = |text: &str, etag: &str| (patch(json!({ "description": text })), saving(etag));
    let app = &fixture.app;
    object::change(app, &owner(), (POINT, "Gym"), change("mine", &first.etag)).await.unwrap();
    let late = object::change(app, &owner(), (POINT, "Gym"), change("yours", &first.etag)).await;
    let NotApplied::Outdated(outdated) = late.unwrap_err() else { panic!("it is outdated") };
    assert_eq!(outdated.current.unwrap().definition["description"], "mine");
    assert_eq!(outdated.proposed["description"], "yours");
    let late = object::remove(app, &owner(), (POINT, "Gym"), saving(&first.etag)).await;
    assert_eq!(code(late), "API-CONFLICT");
    assert_eq!(show(&fixture, POINT, "Gym").definition["description"], "mine");
    object::change(app, &owner(), (POINT, "Gym"), change("any", "*")).await.unwrap();
    let (settings, etag) = organization::settings(app, &owner()).unwrap();
    let mut other = settings.clone();
    other.name = "Another School".into();
    let tried = Saving { dry_run: true, ..saving(&etag) };
    let tried = organization::change_settings(app, &owner(), (other.clone(), tried)).await.unwrap();
    assert_eq!(tried.plan.change[0].fields[0].after, "Another School");
    assert_eq!(organization::settings(app, &owner()).unwrap().0, settings);
    let order = (other.clone(), saving(&etag));
    organization::change_settings(app, &owner(), order).await.unwrap();
    let late = organization::change_settings(app, &owner(), (settings, saving(&etag))).await;
    assert_eq!(code(late), "API-CONFLICT");
    assert_eq!(organization::settings(app, &owner()).unwrap().0, other);
    let object = (Kind::Organization, history::SETTINGS);
    let versions = history::list(app, &owner(), object, (None, 10)).await.unwrap();
    assert_eq!(versions.items[0].definition.as_ref().unwrap()["name"], "Another School");
}

#[tokio::test]
async fn a_policy_is_made_at_its_place_and_moved() {
    let fixture = Fixture::mosyle().await;
    let kind = Kind::NetworkPolicy;
    let before = names(&fixture, kind, &Choice { limit: 100, ..Choice::default() }).0;
    let policy = |name: &str| json!({ "name": name });
    let saving = |position| Saving { position: Some(position), ..Saving::default() };
    let app = &fixture.app;
    object::create(app, &owner(), kind, (policy("first"), saving(1))).await.unwrap();
    create(&fixture, kind, policy("last")).await.unwrap();
    let now = names(&fixture, kind, &Choice { limit: 100, ..Choice::default() }).0;
    let expected: Vec<String> =
        ["first".to_owned()].into_iter().chain(before.clone()).chain(["last".to_owned()]).collect();
    assert_eq!(now, expected);
    let moved = object::change(app, &owner(), (kind, "first"), (Map::new(), saving(100))).await;
    assert!(moved.unwrap().applied.plan.change.iter().any(|change| change.name == "first"));
    let shown = show(&fixture, kind, "first");
    assert_eq!(shown.position, before.len() + 2);
    assert!(shown.state.is_some(), "a policy says whether it decides anything");
    let text = (patch(json!({ "description": "stays where it is" })), Saving::default());
    object::change(app, &owner(), (kind, "last"), text).await.unwrap();
    assert_eq!(show(&fixture, kind, "last").position, before.len() + 1);
}

#[tokio::test]
async fn a_list_is_searched_sorted_and_paged() {
    let fixture = Fixture::mosyle().await;
    for (name, address) in [("c", "192.0.2.3"), ("a", "192.0.2.1"), ("b", "192.0.2.2")] {
        create(&fixture, POINT, point(name, address)).await.unwrap();
    }
    let choice = Choice { sort: Sort::Name, limit: 2, ..Choice::default() };
    let (first, next) = names(&fixture, POINT, &choice);
    let rest = Choice { cursor: next, limit: 100, ..choice };
    let (second, end) = names(&fixture, POINT, &rest);
    let all: Vec<String> = first.into_iter().chain(second).collect();
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!((all.clone(), end), (sorted, None));
    assert!(all.len() >= 3, "{all:?}");
    let found = Choice { search: "B".into(), limit: 100, ..Choice::default() };
    assert!(names(&fixture, POINT, &found).0.contains(&"b".to_owned()));
    let none = Choice { search: "no such thing".into(), limit: 100, ..Choice::default() };
    assert_eq!(names(&fixture, POINT, &none), (vec![], None));
    for wrong in [
        Choice { cursor: Some("nothing".into()), ..Choice::default() },
        Choice { search: "x".repeat(2000), ..Choice::default() },
    ] {
        let refusal = object::list(&fixture.app, &owner(), POINT, &wrong).unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER");
    }
}

#[tokio::test]
async fn trying_out_changes_nothing() {
    let fixture = Fixture::mosyle().await;
    let saving = Saving { dry_run: true, ..Saving::default() };
    let order = (point("Gym", "192.0.2.7"), saving);
    let tried = object::create(&fixture.app, &owner(), POINT, order).await.unwrap();
    assert!(tried.shown.is_none() && tried.applied.plan.creates(POINT, "Gym"));
    assert!(object::show(&fixture.app, &owner(), POINT, "Gym").is_err());
}

#[tokio::test]
async fn what_others_name_and_what_holds_a_key_is_not_removed() {
    let fixture = Fixture::mosyle().await;
    let app = &fixture.app;
    let any = Choice { limit: 1, ..Choice::default() };
    for kind in [Kind::CertificateTemplate, Kind::Gateway, Kind::PolicyWorkflow] {
        let name = names(&fixture, kind, &any).0.remove(0);
        let gone = object::remove(app, &owner(), (kind, &name), Saving::default()).await;
        let Err(NotApplied::Complaints(complaints)) = gone else { panic!("{kind}: {gone:?}") };
        let what = format!("needs the {} \"{name}\", which would be removed", kind.words());
        assert_eq!(complaints[0].what, what);
    }
    for kind in [Kind::CertificateAuthority, Kind::ServerCertificate] {
        let name = names(&fixture, kind, &any).0.remove(0);
        let gone = object::remove(app, &owner(), (kind, &name), Saving::default()).await;
        let Err(NotApplied::Complaints(complaints)) = gone else { panic!("{gone:?}") };
        assert!(complaints[0].what.contains("holds a key"), "{complaints:?}");
    }
}

#[tokio::test]
async fn each_role_changes_its_own_kinds_alone() {
    let fixture = Fixture::mosyle().await;
    for role in Role::ALL {
        let actor = Actor::administrator("Ann", role);
        for kind in object::KINDS {
            let saving = Saving { dry_run: true, ..Saving::default() };
            let order = (json!({ "name": "new" }), saving);
            let answer = object::create(&fixture.app, &actor, kind, order).await;
            let is_refused = match answer {
                Err(NotApplied::Refused(refusal)) => refusal.code() == "API-NOT-PERMITTED",
                Ok(_) | Err(_) => false,
            };
            assert_eq!(is_refused, !role.may(Permission::to_change(kind)), "{role} {kind}");
        }
    }
    // A document is judged by what it would change.
    let document = json!({ "network_policy": [{ "name": "new" }], "gateway": [{ "name": "new" }] });
    let network = Actor::administrator("Ann", Role::NetworkOperator);
    let both = crate::fixture::application(document);
    assert_eq!(code(organization::apply(&fixture.app, &network, both).await), "API-NOT-PERMITTED");
}

#[tokio::test]
async fn a_further_challenge_is_good_beside_the_first_until_one_is_removed() {
    let mut fixture = Fixture::mosyle().await;
    let app = std::sync::Arc::clone(&fixture.app);
    let order = secret::Order { label: "iPads of 2027".into() };
    let made = secret::add(&app, &owner(), GATEWAY, order).await.unwrap();
    fixture.issue(&fixture.claim()).await.unwrap();
    let first = core::mem::replace(&mut fixture.secret, made.shown.secret.clone());
    fixture.issue(&fixture.claim()).await.unwrap();
    let listed = secret::list(&app, &owner(), "mosyle").await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one.last_used_at.is_some()), "{listed:?}");
    secret::remove(&app, &owner(), GATEWAY, &listed[0].id).await.unwrap();
    fixture.issue(&fixture.claim()).await.unwrap();
    let second = core::mem::replace(&mut fixture.secret, first);
    let refusal = fixture.issue(&fixture.claim()).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-CHALLENGE-WRONG");
    assert_eq!(code(secret::remove(&app, &owner(), GATEWAY, &made.id).await), "API-CONFLICT");
    let missing = secret::remove(&app, &owner(), GATEWAY, &listed[0].id).await;
    assert_eq!(code(missing), "API-NOT-FOUND");
    let events = serde_json::to_string(&fixture.events().await).unwrap();
    assert!(!events.contains(second.reveal()) && events.contains("iPads of 2027"));
    for label in ["", "x\u{7}"] {
        let order = secret::Order { label: label.into() };
        assert_eq!(paths(secret::add(&app, &owner(), GATEWAY, order).await)[0], "label");
    }
    for _ in 1..secret::SECRETS_MAX {
        let order = secret::Order { label: "more".into() };
        secret::add(&app, &owner(), GATEWAY, order).await.unwrap();
    }
    let order = secret::Order { label: "too many".into() };
    assert_eq!(code(secret::add(&app, &owner(), GATEWAY, order).await), "API-CONFLICT");
}

#[tokio::test]
async fn an_access_point_gets_another_shared_secret() {
    let fixture = Fixture::mosyle().await;
    create(&fixture, POINT, point("Gym", "192.0.2.7")).await.unwrap();
    let made = actions::access_point::rotate(&fixture.app, &owner(), "gym").await.unwrap();
    assert_eq!((made.name.as_str(), made.shared_secret.reveal().len()), ("Gym", 32));
    let events = serde_json::to_string(&fixture.events().await).unwrap();
    assert!(!events.contains(made.shared_secret.reveal()));
    let helpdesk = Actor::administrator("Ann", Role::Helpdesk);
    let refused = actions::access_point::rotate(&fixture.app, &helpdesk, "Gym").await;
    assert_eq!(code(refused), "API-NOT-PERMITTED");
}

#[tokio::test]
async fn called_again_what_it_was_called_once_it_has_no_former_name_of_its_own() {
    let fixture = Fixture::mosyle().await;
    let rename = async |from: &str, to: &str| {
        let patch = (patch(json!({ "name": to })), Saving::default());
        object::change(&fixture.app, &owner(), (Kind::Gateway, from), patch).await.unwrap();
        show(&fixture, Kind::Gateway, to).definition["renamed_from"].clone()
    };
    assert_eq!(rename(GATEWAY, "Teachers").await, json!(GATEWAY));
    assert_eq!(rename("Teachers", GATEWAY).await, json!("Teachers"));
    assert_eq!(rename(GATEWAY, "Staff").await, json!([GATEWAY, "Teachers"]));
}

#[tokio::test]
async fn the_order_of_policies_outlives_a_removal_and_a_new_start() {
    let fixture = Fixture::mosyle().await;
    let kind = Kind::NetworkPolicy;
    let all = Choice { limit: 100, ..Choice::default() };
    for name in ["m", "n", "z"] {
        create(&fixture, kind, json!({ "name": name })).await.unwrap();
    }
    let app = &fixture.app;
    object::remove(app, &owner(), (kind, "m"), Saving::default()).await.unwrap();
    // By its name it would stand before those that moved up.
    create(&fixture, kind, json!({ "name": "a" })).await.unwrap();
    let now = names(&fixture, kind, &all).0;
    assert!(now.ends_with(&["n".to_owned(), "z".to_owned(), "a".to_owned()]), "{now:?}");
    assert_eq!(names(&fixture.beside().await, kind, &all).0, now, "as the database has it");
    let events = fixture.events().await;
    let removed = events.iter().find(|event| event.kind == "object.removed").unwrap();
    assert_eq!(removed.object, "network_policy:m");
    assert_eq!(removed.details["before"]["name"], "m", "{removed:?}");
}

#[tokio::test]
async fn one_change_never_undoes_another_of_its_kind() {
    let fixture = Fixture::mosyle().await;
    let kind = Kind::NetworkPolicy;
    for name in ["first", "second"] {
        create(&fixture, kind, json!({ "name": name })).await.unwrap();
    }
    let describe = |name: &'static str, text: &'static str| {
        let app = std::sync::Arc::clone(&fixture.app);
        async move {
            let order = (patch(json!({ "description": text })), Saving::default());
            object::change(&app, &owner(), (kind, name), order).await.unwrap();
        }
    };
    tokio::join!(describe("first", "one"), describe("second", "two"));
    assert_eq!(show(&fixture, kind, "first").definition["description"], "one");
    assert_eq!(show(&fixture, kind, "second").definition["description"], "two");
}

#[tokio::test]
async fn of_two_who_make_the_same_one_is_told_so() {
    let fixture = Fixture::mosyle().await;
    let make = |address: &'static str| create(&fixture, POINT, point("Gym", address));
    let (one, other) = tokio::join!(make("192.0.2.7"), make("192.0.2.8"));
    let refused = [one.err(), other.err()].into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].refusal().code(), "API-CONFLICT");
    let actor = owner();
    let gone = object::remove(&fixture.app, &actor, (POINT, "Gym"), Saving::default());
    let again = object::remove(&fixture.app, &actor, (POINT, "Gym"), Saving::default());
    let (gone, again) = tokio::join!(gone, again);
    let refused = [gone.err(), again.err()].into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].refusal().code(), "API-NOT-FOUND");
}

#[tokio::test]
async fn looking_at_a_plan_tells_no_secret_and_no_inventory() {
    let fixture = Fixture::mosyle().await;
    create(&fixture, POINT, point("Gym", "192.0.2.7")).await.unwrap();
    let dry = |document: Value| {
        let application = crate::fixture::application(document);
        organization::Application { dry_run: true, ..application }
    };
    let guess = json!({ "access_point": [point("Gym", "192.0.2.7")] });
    let helpdesk = Actor::administrator("Ann", Role::Helpdesk);
    let answer = organization::apply(&fixture.app, &helpdesk, dry(guess.clone())).await;
    assert_eq!(code(answer), "API-NOT-PERMITTED");
    let network = Actor::administrator("Ann", Role::NetworkOperator);
    assert!(organization::apply(&fixture.app, &network, dry(guess)).await.is_ok());
}

#[tokio::test]
async fn an_organization_with_a_disabled_authority_is_made_again_from_its_export() {
    let fixture = Fixture::mosyle().await;
    let root = show(&fixture, Kind::CertificateAuthority, &{
        let any = Choice { limit: 1, ..Choice::default() };
        names(&fixture, Kind::CertificateAuthority, &any).0.remove(0)
    });
    let order = (patch(json!({ "disabled": true })), Saving::default());
    let place = (Kind::CertificateAuthority, root.name.as_str());
    object::change(&fixture.app, &owner(), place, order).await.unwrap();
    let export = organization::export::export(&fixture.app, &owner(), false).await.unwrap();
    let other = Fixture::empty().await;
    let mut document = Value::Object(export);
    for point in document["access_point"].as_array_mut().into_iter().flatten() {
        point["shared_secret"] = json!("a-long-shared-secret");
    }
    other.apply(crate::fixture::application(document)).await.unwrap();
    assert_eq!(show(&other, Kind::CertificateAuthority, &root.name).definition["disabled"], true);
}

#[tokio::test]
async fn an_old_name_in_a_file_does_not_prune_what_has_another_now() {
    let fixture = Fixture::mosyle().await;
    let order = (patch(json!({ "name": "Teachers" })), Saving::default());
    object::change(&fixture.app, &owner(), (Kind::Gateway, GATEWAY), order).await.unwrap();
    let application = crate::fixture::application(crate::fixture::mosyle());
    let pruning = organization::Application { prune: true, ..application };
    let NotApplied::Complaints(complaints) = fixture.apply(pruning).await.unwrap_err() else {
        panic!("it is refused with its reason")
    };
    assert!(
        complaints.iter().any(|one| one.what.contains("was called \"Mosyle\"")),
        "{complaints:?}"
    );
    assert_eq!(show(&fixture, Kind::Gateway, "Teachers").slug, "mosyle");
}
