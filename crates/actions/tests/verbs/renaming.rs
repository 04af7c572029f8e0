//! Renames: devices that enrolled before, and access points that know their secret, notice nothing.

use actions::certificate::revocation;
use actions::certificate::revocation::Change;
use actions::certificate::revocation::Sweep;
use actions::organization::history;
use actions::visit;
use domain::actor::Actor;
use domain::certificate::Chosen;
use domain::certificate::RevocationReason;
use domain::certificate::search::Name;
use domain::certificate::search::Search;
use domain::claim::Claim;
use domain::object::Kind;
use domain::visit::Visit;
use pki::certificate::Certificate;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;
use crate::visits::device;
use crate::visits::stand;

/// The guide's set-up, with rules about everything that can get another name.
async fn organization() -> Fixture {
    let mut fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["enrollment_policy"][0]["rules"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "field": "request.gateway", "operator": "is", "value": "Mosyle" }));
    document["network_policy"][0]["rules"].as_array_mut().unwrap().extend([
        json!({ "field": "certificate.template", "operator": "is", "value": "Mosyle devices" }),
        json!({ "field": "network.access_point", "operator": "is-one-of", "value": ["Loopback"] }),
    ]);
    let applied = fixture.apply(application(document)).await.unwrap();
    fixture.secret = applied.secrets[0].secret.clone();
    fixture
}

/// New names for all that can be renamed; nothing else is in the file but what must be.
fn renamed() -> Value {
    let mut document = mosyle();
    let mut other = json!({});
    for (kind, name) in [
        ("certificate_template", "Macs"),
        ("gateway", "Mosyle (teachers)"),
        ("policy_workflow", "teachers"),
        ("enrollment_policy", "Teachers' enrollment"),
        ("network_profile", "Teachers"),
        ("access_point", "Roof"),
    ] {
        let mut object = document[kind][0].take();
        object["renamed_from"] = object["name"].take();
        object["name"] = json!(name);
        object.as_object_mut().unwrap().remove("shared_secret");
        other[kind] = json!([object]);
    }
    other["policy_workflow"][0]["rules"][0]["value"] = json!(["Mosyle (teachers)"]);
    other["network_profile"][0]["gateway"] = json!("Mosyle (teachers)");
    let policy = &mut other["enrollment_policy"][0];
    policy["rules"][0]["value"] = json!(["teachers"]);
    policy["settings"]["certificate_template"] = json!("Macs");
    other
}

async fn issue(fixture: &Fixture, claim: &Claim) -> Result<Certificate, String> {
    let (gateway, app) = ("Mosyle (teachers)", &fixture.app);
    let issued =
        actions::certificate::issue::issue(app, &Actor::gateway(gateway), gateway, claim).await;
    let issued = issued.map_err(|refusal| refusal.code().to_owned())?;
    Ok(Certificate::parse(&issued.der).unwrap())
}

#[tokio::test]
async fn logins_old_challenges_and_renewals_go_on_under_new_names() {
    let fixture = organization().await;
    let old = device(&fixture).await;
    let again = fixture.claim_of("CN=again", &[]);
    let before = fixture.issue(&again).await.unwrap();
    let visit = stand(&fixture, &old, NOW).unwrap();
    let leave = visit::admit(&fixture.app.snapshot, &visit).unwrap();
    visit::enter(&fixture.app.snapshot, &visit, &leave);
    let applied = fixture.apply(application(renamed())).await.unwrap();
    assert!(applied.plan.create.is_empty() && applied.plan.remove.is_empty(), "{applied:?}");
    assert!(applied.secrets.is_empty());
    assert_eq!(applied.plan.renamed().count(), 6);

    // The access point knows its secret, at its old slug.
    let rules = fixture.app.snapshot.rules();
    let point = rules.access_point("127.0.0.1".parse().unwrap()).unwrap();
    assert_eq!(point.name, "Roof");
    assert_eq!(point.shared_secret.reveal(), "a-long-shared-secret-for-the-lab");
    assert!(rules.gateway_by_slug("mosyle").is_some());
    // A device that enrolled before joins, with the role's new name.
    let mut visit: Visit = stand(&fixture, &old, NOW).unwrap();
    visit.place.access_point = "Roof".into();
    let leave = visit::admit(&fixture.app.snapshot, &visit).unwrap();
    assert_eq!(leave.admission.roles, ["teachers"]);
    visit::enter(&fixture.app.snapshot, &visit, &leave);
    // The MDM still sends the challenge that was drawn under the old name.
    let fresh = issue(&fixture, &fixture.claim_of("CN=new", &[])).await.unwrap();
    assert!(stand(&fixture, &fresh, NOW).is_ok());
    // An old certificate renews itself, and the request of before gets the answer of before.
    let mut renewal = fixture.claim_of("CN=ignored", &[]);
    (renewal.challenge, renewal.renews) = (None, Some(old.clone()));
    assert_eq!(issue(&fixture, &renewal).await.unwrap().subject, old.subject);
    assert_eq!(issue(&fixture, &again).await.unwrap().der, before.der);
    // Whoever looks for the gateway's certificates finds those of before, too.
    let search =
        |name| Search { gateway: Some(Name::parse("gateway", name).unwrap()), ..Search::default() };
    let found = async |name| {
        let page = (None, 100);
        actions::certificate::list(&fixture.app, &owner(), &search(name), page).await.unwrap().items
    };
    assert_eq!(found("Mosyle (teachers)").await.len(), 4);
    assert_eq!(found("Mosyle").await.len(), 2);
    let sweep = Sweep {
        change: Change::Revoke(RevocationReason::Superseded),
        chosen: Chosen::Gateway("Mosyle (teachers)".into()),
        dry_run: true,
        confirm: None,
        after: None,
    };
    let swept = revocation::sweep(&fixture.app, &owner(), &sweep).await.unwrap();
    assert_eq!(swept.count, Some(4));
    // What explains the answers finds each with the policies of its time.
    let events = fixture.events().await;
    let visits = events.iter().filter(|event| event.kind == "network.access");
    let mut explained = 0;
    for event in visits {
        let about = event.id.to_string();
        let told = actions::decision::explain::explain(&fixture.app, &owner(), &about).await;
        assert_eq!(told.unwrap().verified, Some(true));
        explained += 1;
    }
    assert_eq!(explained, 2);
}

#[tokio::test]
async fn a_rename_twice_still_takes_the_first_challenge_and_a_foreign_one_never() {
    let fixture = organization().await;
    let old = device(&fixture).await;
    fixture.apply(application(renamed())).await.unwrap();
    let mut document = renamed();
    document["gateway"][0]["name"] = json!("Third");
    document["gateway"][0]["renamed_from"] = json!("Mosyle (teachers)");
    document["policy_workflow"][0]["rules"][0]["value"] = json!(["Third"]);
    document["network_profile"][0]["gateway"] = json!("Third");
    fixture.apply(application(document)).await.unwrap();
    let issue = async |claim: &Claim| {
        let actor = Actor::gateway("Third");
        actions::certificate::issue::issue(&fixture.app, &actor, "Third", claim).await
    };
    issue(&fixture.claim_of("CN=new", &[])).await.unwrap();
    let mut renewal = fixture.claim_of("CN=ignored", &[]);
    (renewal.challenge, renewal.renews) = (None, Some(old));
    issue(&renewal).await.unwrap();
    let mut wrong = fixture.claim_of("CN=wrong", &[]);
    wrong.challenge = Some(domain::secret::Secret::new("somebody-else's-challenge"));
    assert_eq!(issue(&wrong).await.unwrap_err().code(), "ENR-CHALLENGE-WRONG");
    // What has forgotten its names knows neither its first challenge nor old certificates.
    let forget = json!({ "gateway": [{ "name": "Third", "vendor_name": "Mosyle",
        "description": "SCEP for the Mosyle tenant", "renamed_from": [],
        "certificate_authority": "Example School SCEP CA" }] });
    fixture.apply(application(forget)).await.unwrap();
    let refusal = issue(&fixture.claim_of("CN=late", &[])).await.unwrap_err();
    assert_eq!(refusal.code(), "ENR-CHALLENGE-WRONG");
    assert_eq!(issue(&renewal).await.unwrap_err().code(), "ENR-RENEWAL-ELSEWHERE");
}

#[tokio::test]
async fn the_history_goes_on_and_the_old_name_says_where() {
    let fixture = organization().await;
    fixture.apply(application(renamed())).await.unwrap();
    let mut document = renamed();
    document["policy_workflow"][0]["description"] = json!("changed");
    fixture.apply(application(document)).await.unwrap();
    let list = async |name: &str| {
        let of = (Kind::PolicyWorkflow, name);
        history::list(&fixture.app, &owner(), of, (None, 10)).await.unwrap().items
    };
    let versions = list("teachers").await;
    let told: Vec<&str> = versions.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(told, ["changed", "changed", "created"]);
    let name = versions[1].fields.iter().find(|field| field.field == "name").unwrap();
    assert_eq!((&name.before, &name.after), (&json!("Mosyle devices"), &json!("teachers")));
    let old = list("Mosyle devices").await;
    assert_eq!(old[0].what, "renamed");
    assert_eq!(
        (old[0].fields[0].field.as_str(), &old[0].fields[0].after),
        ("name", &json!("teachers"))
    );
    assert_eq!(old[1].what, "created");
    // The event says the same.
    let events = fixture.events().await;
    let of = |event: &&domain::event::Shown| event.object == "policy_workflow:teachers";
    let event = events.iter().rfind(of).unwrap();
    assert_eq!(event.kind, "object.changed");
    let fields = event.details["fields"].as_array().unwrap();
    let expected = json!({ "field": "name", "before": "Mosyle devices", "after": "teachers" });
    assert!(fields.contains(&expected), "{fields:?}");
    // Back to the definition of before the rename: its names are those of now.
    let first = versions[2].version;
    let back = history::RollBack { version: first, dry_run: false, confirm: None };
    let of = (Kind::PolicyWorkflow, "teachers");
    let applied = history::roll_back(&fixture.app, &owner(), of, (back, None)).await.unwrap();
    assert_eq!(applied.plan.change.len(), 1, "{:?}", applied.plan);
    let rules = fixture.app.snapshot.rules();
    let workflow = &rules.organization.policy_workflow[0];
    assert_eq!(workflow.name, "teachers");
    assert_eq!(workflow.renamed_from.as_ref().unwrap().names(), ["Mosyle devices"]);
}

#[tokio::test]
async fn an_access_points_new_secret_counts_and_the_old_name_is_free_once_forgotten() {
    let fixture = organization().await;
    let mut document = renamed();
    document["access_point"][0]["shared_secret"] = json!("another-long-shared-secret");
    fixture.apply(application(document)).await.unwrap();
    let secret = || {
        let rules = fixture.app.snapshot.rules();
        let point = rules.access_point("127.0.0.1".parse().unwrap()).unwrap();
        point.shared_secret.reveal().to_owned()
    };
    assert_eq!(secret(), "another-long-shared-secret");
    let loopback = json!({ "name": "Loopback", "address": "192.0.2.1",
        "shared_secret": "a-third-long-shared-secret", "slug": "second" });
    let taken = json!({ "access_point": [loopback] });
    let complaints = fixture.complaints(taken).await;
    assert!(complaints[0].what.contains("there is a \"Loopback\" now"), "{complaints:?}");
    let forgotten = json!({ "access_point": [
        { "name": "Roof", "address": "127.0.0.1/32", "renamed_from": [] }, loopback] });
    fixture.apply(application(forgotten)).await.unwrap();
    assert_eq!(secret(), "another-long-shared-secret");
}
