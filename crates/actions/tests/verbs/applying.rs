//! `organization::apply`: all or nothing, the same twice changes nothing, and each complaint
//! names its field.

use std::sync::Arc;

use actions::organization;
use actions::organization::NotApplied;
use domain::actor::Actor;
use domain::object::Kind;
use domain::secret::Secret;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

#[tokio::test]
async fn the_same_document_twice_changes_nothing() {
    let fixture = Fixture::empty().await;
    let first = fixture.apply(application(mosyle())).await.unwrap();
    assert_eq!(first.plan.create.len(), 11);
    assert_eq!(first.secrets.len(), 1);
    assert_eq!(first.secrets[0].url, "http://127.0.0.1:8080/scep/mosyle");
    let version = fixture.app.snapshot.rules().version;
    let events = fixture.events().await.len();
    let second = fixture.apply(application(mosyle())).await.unwrap();
    assert!(second.plan.is_empty(), "{:?}", second.plan);
    assert_eq!(second.plan.unchanged, 12);
    assert!(second.secrets.is_empty());
    assert_eq!(fixture.app.snapshot.rules().version, version);
    assert_eq!(fixture.events().await.len(), events);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_tells_the_same() {
    let fixture = Fixture::empty().await;
    let mut dry = application(mosyle());
    dry.dry_run = true;
    let told = fixture.apply(dry).await.unwrap();
    assert!(told.secrets.is_empty());
    assert_eq!(fixture.app.snapshot.rules().version, 0);
    assert!(fixture.events().await.is_empty());
    let done = fixture.apply(application(mosyle())).await.unwrap();
    assert_eq!(done.plan, told.plan);
}

#[tokio::test]
async fn no_secret_is_told_by_a_plan_an_event_or_the_organization() {
    let fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["access_point"][0]["shared_secret"] = json!("canary-canary-canary");
    let applied = fixture.apply(application(document.clone())).await.unwrap();
    let gateway_secret = applied.secrets[0].secret.reveal().to_owned();
    document["access_point"][0]["shared_secret"] = json!("canary-canary-canary-2");
    let applied = fixture.apply(application(document.clone())).await.unwrap();
    assert_eq!(applied.plan.change[0].fields[0].after, "changed");
    let rules = fixture.app.snapshot.rules();
    let point = rules.access_point("127.0.0.1".parse().unwrap()).unwrap();
    assert_eq!(point.shared_secret, Secret::new("canary-canary-canary-2"));
    let told = [
        serde_json::to_string(&applied).unwrap(),
        serde_json::to_string(&fixture.events().await).unwrap(),
        serde_json::to_string(&organization::show(&fixture.app, &owner()).unwrap()).unwrap(),
        format!("{rules:?}"),
        format!("{:?}", fixture.app.snapshot),
    ];
    for text in told {
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains(&gateway_secret), "{text}");
    }
    // A secret that is left out stays.
    document["access_point"][0].as_object_mut().unwrap().remove("shared_secret");
    assert!(fixture.apply(application(document)).await.unwrap().plan.is_empty());
}

#[tokio::test]
async fn each_complaint_names_its_field_and_nothing_is_changed() {
    let fixture = Fixture::empty().await;
    let check = async |path: &str, spoil: fn(&mut Value)| {
        let mut document = mosyle();
        spoil(&mut document);
        let complaints = fixture.complaints(document).await;
        let paths: Vec<&str> = complaints.iter().map(|c| c.path.as_str()).collect();
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    };
    check("", |d| *d = json!([])).await;
    check("colour", |d| d["colour"] = json!("red")).await;
    check("gateway", |d| d["gateway"] = json!({})).await;
    check("organization.base_url", |d| d["organization"]["base_url"] = json!("ftp://x")).await;
    check("gateway[0].certificate_authority", |d| {
        d["gateway"][0]["certificate_authority"] = json!("nowhere");
    })
    .await;
    check("gateway[0].certificate_authority", |d| {
        d["gateway"][0]["certificate_authority"] = json!("Example School RADIUS CA");
    })
    .await;
    check("server_certificate[0].certificate_authority", |d| {
        d["server_certificate"][0]["certificate_authority"] = json!("Example School SCEP CA");
    })
    .await;
    check("certificate_authority[1].issuer", |d| {
        d["certificate_authority"][1]["issuer"] = json!("Example School SCEP CA");
    })
    .await;
    check("enrollment_policy[0].settings.certificate_template", |d| {
        d["enrollment_policy"][0]["settings"]["certificate_template"] = json!("nowhere");
    })
    .await;
    check("network_policy[0].settings.attributes[2].value", |d| {
        d["network_policy"][0]["settings"]["attributes"][0]["value"] = json!("VLAN");
        d["network_policy"][0]["settings"]["attributes"][2]["value"] = json!("");
    })
    .await;
    check("access_point[0].shared_secret", |d| {
        d["access_point"][0].as_object_mut().unwrap().remove("shared_secret");
    })
    .await;
    check("access_point[0].shared_secret", |d| {
        d["access_point"][0]["shared_secret"] = json!("short");
    })
    .await;
    check("gateway[1].name", |d| {
        let twin = d["gateway"][0].clone();
        d["gateway"].as_array_mut().unwrap().push(twin);
    })
    .await;
    check("gateway[1].slug", |d| {
        let mut twin = d["gateway"][0].clone();
        twin["name"] = json!("mosyle");
        d["gateway"].as_array_mut().unwrap().push(twin);
    })
    .await;
    assert_eq!(fixture.app.snapshot.rules().version, 0);
    let events = fixture.events().await;
    assert!(!events.is_empty());
    for event in events {
        let reason = event.reason.unwrap();
        assert_eq!(
            (event.kind.as_str(), reason.code.as_str()),
            ("request.refused", "API-DOCUMENT")
        );
    }
}

#[tokio::test]
async fn an_authority_is_frozen_and_never_pruned() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["certificate_authority"][1]["validity_years"] = json!(5);
    let complaints = fixture.complaints(document).await;
    assert_eq!(complaints[0].path, "certificate_authority[1].validity_years");
    let mut document = mosyle();
    document["certificate_authority"][1]["description"] = json!("for devices");
    let applied = fixture.apply(application(document)).await.unwrap();
    assert_eq!(applied.plan.change.len(), 1);
    let mut prune = application(json!({}));
    prune.prune = true;
    let NotApplied::Complaints(complaints) = fixture.apply(prune).await.unwrap_err() else {
        panic!("pruning was refused otherwise");
    };
    assert!(complaints.iter().any(|complaint| complaint.what.contains("pruned")));
}

#[tokio::test]
async fn secrets_are_taken_for_new_gateways_only() {
    let mut fixture = Fixture::empty().await;
    let given = Secret::new("drawn-by-the-command-line-0123456789");
    let mut short = application(mosyle());
    short.secrets.insert("Mosyle".into(), Secret::new("short"));
    assert_eq!(fixture.refusal(short).await.code(), "API-PARAMETER");
    let mut good = application(mosyle());
    good.secrets.insert("Mosyle".into(), given.clone());
    let applied = fixture.apply(good).await.unwrap();
    assert_eq!(applied.secrets[0].secret, given);
    fixture.secret = given.clone();
    fixture.issue(&fixture.claim()).await.unwrap();
    let mut again = application(mosyle());
    again.secrets.insert("Mosyle".into(), given);
    assert_eq!(fixture.refusal(again).await.code(), "API-CONFLICT");
}

#[tokio::test]
async fn who_may_not_change_is_refused_and_on_record() {
    let fixture = Fixture::empty().await;
    let actor = Actor::gateway("Mosyle");
    let answer = organization::apply(&fixture.app, &actor, application(mosyle())).await;
    assert!(matches!(answer, Err(NotApplied::Refused(_))));
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.kind, "request.refused");
    assert_eq!(event.reason.unwrap().code, "API-NOT-PERMITTED");
    assert!(organization::show(&fixture.app, &actor).is_err());
}

#[tokio::test]
async fn a_new_server_certificate_is_made_when_its_names_change() {
    let fixture = Fixture::mosyle().await;
    let serial = |fixture: &Fixture| {
        fixture.app.snapshot.rules().server().unwrap().identity.certificate.serial.clone()
    };
    let before = serial(&fixture);
    let mut document = mosyle();
    document["server_certificate"][0]["slug"] = json!("other");
    fixture.apply(application(document.clone())).await.unwrap();
    assert_eq!(serial(&fixture), before);
    document["server_certificate"][0]["names"] = json!(["radius2.example.test"]);
    document["network_profile"][0]["radius_server_names"] = json!(["radius2.example.test"]);
    fixture.apply(application(document)).await.unwrap();
    assert_ne!(serial(&fixture), before);
    assert_eq!(serial(&fixture.beside().await), serial(&fixture));
}

#[tokio::test]
async fn a_name_that_is_too_long_for_a_subject_is_an_alternative_name_only() {
    let long = format!("{}.{}.example.test", "a".repeat(40), "b".repeat(40));
    for (names, subject) in [(vec![&*long, "short.test"], "CN=short.test"), (vec![&*long], "")] {
        let fixture = Fixture::empty().await;
        let mut document = mosyle();
        document["server_certificate"][0]["names"] = json!(names);
        document["network_profile"][0]["radius_server_names"] = json!(names);
        fixture.apply(application(document)).await.unwrap();
        let rules = fixture.app.snapshot.rules();
        let certificate = &rules.server().unwrap().identity.certificate;
        assert_eq!(certificate.subject.to_string(), subject);
        assert_eq!(certificate.general_names().len(), names.len());
    }
}

#[tokio::test]
async fn what_goes_gives_its_slug_free_for_what_comes() {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["access_point"][0]["name"] = json!("loopback");
    let mut renamed = application(document);
    renamed.prune = true;
    let applied = fixture.apply(renamed).await.unwrap();
    assert_eq!((applied.plan.create.len(), applied.plan.remove.len()), (1, 1));
    let rules = fixture.app.snapshot.rules();
    assert_eq!(rules.access_point("127.0.0.1".parse().unwrap()).unwrap().name, "loopback");
}

#[tokio::test]
async fn a_slug_stays_when_it_is_left_out() {
    let fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["gateway"][0]["slug"] = json!("given");
    let applied = fixture.apply(application(document)).await.unwrap();
    assert_eq!(applied.secrets[0].url, "http://127.0.0.1:8080/scep/given");
    assert!(fixture.apply(application(mosyle())).await.unwrap().plan.is_empty());
    assert!(fixture.app.snapshot.rules().gateway_by_slug("given").is_some());
    assert!(fixture.app.snapshot.rules().gateway_by_slug("mosyle").is_none());
}

fn intermediate(name: &str, issuer: &str) -> Value {
    json!({ "name": name, "type": "intermediate", "issuer": issuer, "key": "ecdsa-p256" })
}

#[tokio::test]
async fn an_authority_signs_another_only_if_it_was_made_to() {
    let fixture = Fixture::mosyle().await;
    let below = json!({
        "certificate_authority": [intermediate("Below", "Example School SCEP CA")],
    });
    let complaint = fixture.complaints(below).await.swap_remove(0);
    assert_eq!(complaint.path, "certificate_authority[0].issuer");
    assert!(complaint.what.contains("leaves only"), "{complaint}");
    let both = json!({
        "certificate_authority": [
            intermediate("Leaves", "Middle"),
            intermediate("Middle", "Example School Root CA"),
        ],
    });
    fixture.apply(application(both)).await.unwrap();
    let rules = fixture.app.snapshot.rules();
    let constraints =
        |name: &str| rules.authority(name).unwrap().current.chain[0].basic_constraints();
    assert_eq!(constraints("Middle"), Some((true, None)));
    assert_eq!(constraints("Leaves"), Some((true, Some(0))));
    assert_eq!(rules.authority("Leaves").unwrap().current.chain.len(), 3);
}

fn point(name: &str, address: &str) -> Value {
    json!({ "access_point": [
        { "name": name, "address": address, "shared_secret": "a-long-shared-secret" },
    ] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn applications_at_once_come_one_after_the_other() {
    let fixture = Arc::new(Fixture::empty().await);
    let tasks: Vec<_> = (1..=8)
        .map(|number| {
            let fixture = Arc::clone(&fixture);
            let document = point(&format!("AP {number}"), &format!("192.0.2.{number}"));
            tokio::spawn(async move { fixture.apply(application(document)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(fixture.app.snapshot.rules().version, 8);
    assert_eq!(fixture.app.snapshot.rules().organization.access_point.len(), 8);
}

#[tokio::test]
async fn of_two_programs_at_once_none_overwrites_the_other() {
    let fixture = Fixture::empty().await;
    let other = fixture.beside().await;
    let (one, two) = tokio::join!(
        fixture.apply(application(point("one", "192.0.2.1"))),
        other.apply(application(point("two", "192.0.2.2"))),
    );
    for answer in [&one, &two] {
        if let Err(NotApplied::Refused(refusal)) = answer {
            assert_eq!(refusal.code(), "API-CONFLICT");
        }
    }
    let done = usize::from(one.is_ok()) + usize::from(two.is_ok());
    assert!(done >= 1);
    let third = fixture.beside().await;
    assert_eq!(third.app.snapshot.rules().organization.access_point.len(), done);
}

/// Memory that fell behind the database catches up with the next application, even an empty one.
#[tokio::test]
async fn memory_that_fell_behind_catches_up() {
    let fixture = Fixture::empty().await;
    let other = fixture.beside().await;
    // Nobody tells it any more.
    other.app.close().await;
    let document = point("one", "192.0.2.1");
    fixture.apply(application(document.clone())).await.unwrap();
    assert_eq!(other.app.snapshot.rules().version, 0);
    assert!(other.apply(application(document)).await.unwrap().plan.is_empty());
    assert_eq!(other.app.snapshot.rules().version, 1);
    assert!(other.app.snapshot.rules().access_point("192.0.2.1".parse().unwrap()).is_some());
}

#[tokio::test]
async fn an_application_that_is_given_up_leaves_memory_and_disk_agreed() {
    let fixture = Fixture::empty().await;
    for (number, patience) in [0, 1, 2, 3, 5, 8, 13, 50, 1000, 1_000_000].into_iter().enumerate() {
        let document = point(&format!("AP {number}"), &format!("192.0.2.{number}"));
        {
            let mut asked = std::pin::pin!(fixture.apply(application(document)));
            for _ in 0..patience {
                let answered = tokio::select! {
                    biased;
                    _ = &mut asked => true,
                    () = tokio::task::yield_now() => false,
                };
                if answered {
                    break;
                }
            }
        }
        // The next waits until the one before has come to its end.
        let nothing = fixture.apply(application(json!({}))).await.unwrap();
        assert!(nothing.plan.is_empty());
        let (stored, version) = store::organization::load(&fixture.app.store).await.unwrap();
        assert_eq!(fixture.app.snapshot.rules().version, version, "after {patience}");
        assert_eq!(fixture.app.snapshot.rules().organization, stored);
    }
}

#[tokio::test]
async fn each_object_has_its_event() {
    let fixture = Fixture::mosyle().await;
    let events = fixture.events().await;
    let of = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
    assert_eq!((of("object.created"), of("object.changed")), (11, 1));
    // Three authorities, two that speak SCEP, and the server's.
    assert_eq!(of("certificate.made"), 6);
    let gateway = format!("{}:Mosyle", Kind::Gateway);
    assert!(events.iter().any(|event| event.object == gateway && event.actor == owner().name()));
}
