//! Telling of devices and people: one by one, by the table, and what is too much at once.

use actions::device;
use actions::device::Shown;
use actions::inventory::Import;
use actions::inventory::Report;
use actions::organization::NotApplied;
use actions::person;
use domain::actor::Actor;
use domain::device::told::Told;
use domain::inventory::INVENTORY_DEVICES_MAX;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::GATEWAY;
use crate::fixture::owner;
use crate::fixture::until;

fn told(json: Value) -> Told {
    serde_json::from_value(json).unwrap()
}

async fn import(fixture: &Fixture, table: &str, how: Import) -> Result<Report, NotApplied> {
    device::import(&fixture.app, &owner(), table.as_bytes(), how).await
}

/// A table of so many devices, each with the rest of its row.
fn table(head: &str, count: usize, rest: &str) -> String {
    let rows = (0..count).map(|number| format!("d{number},S{number}{rest}\n"));
    format!("name,serial{head}\n{}", rows.collect::<String>())
}

fn code<T>(answer: Result<T, NotApplied>) -> String {
    match answer.err().unwrap() {
        NotApplied::Complaints(complaints) => complaints[0].to_string(),
        other @ (NotApplied::Refused(_) | NotApplied::Outdated(_)) => {
            other.refusal().code().to_owned()
        }
    }
}

async fn names(fixture: &Fixture, start: &str) -> Vec<String> {
    let page = device::list(&fixture.app, &owner(), start, (None, 1000)).await.unwrap();
    page.items.into_iter().map(|shown| shown.device.name).collect()
}

fn newest(events: &[domain::event::Shown]) -> (&str, &str, &str) {
    (&events[0].kind, &events[0].object, &events[0].actor)
}

#[tokio::test]
async fn a_device_is_made_told_of_renamed_and_removed_with_an_event_each() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    let all = told(json!({"name": "Mac", "serial": "S1", "tags": ["lab"]}));
    let made: Shown = device::create(app, &owner(), all.clone()).await.unwrap();
    assert!(made.known && app.snapshot.inventory().find_device("s1").is_some());
    let by = "administrator of the test";
    assert_eq!(newest(&fixture.events().await), ("object.created", "device:Mac", by));
    assert_eq!(code(device::create(app, &owner(), all).await), "API-CONFLICT");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-CONFLICT"));
    let change = told(json!({"name": "Mac 2", "status": "lost", "tags": null}));
    device::tell(app, &owner(), ("S1", None), change).await.unwrap();
    let events = fixture.events().await;
    assert_eq!(newest(&events), ("object.changed", "device:Mac 2", by));
    let fields = events[0].details["fields"].to_string();
    assert!(fields.contains(r#"{"after":"lost","before":"active","field":"status"}"#), "{fields}");
    assert_eq!(names(&fixture, "").await, ["Mac 2"]);
    let shown = device::show(app, &owner(), "Mac 2").await.unwrap();
    assert_eq!(shown.certificates.map(|all| all.len()), Some(0));
    // Somebody else's number, and what is no device.
    device::save(app, &owner(), "Other", told(json!({"serial": "S2"}))).await.unwrap();
    let taken = device::tell(app, &owner(), ("Other", None), told(json!({"serial": "s1"}))).await;
    assert_eq!(
        code(taken),
        "serial: is that of device \"Mac 2\"; correct it, or remove the other device"
    );
    let wrong = device::save(app, &owner(), "Other", told(json!({"mac_addresses": ["x"]}))).await;
    assert!(code(wrong).starts_with("mac_addresses: "));
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-DOCUMENT"));
    assert_eq!(
        code(device::tell(app, &owner(), ("none", None), Told::default()).await),
        "API-NOT-FOUND"
    );
    assert_eq!(
        code(device::create(app, &owner(), Told::default()).await),
        "name: is missing; say what the device is called"
    );
    // What somebody else changed meanwhile is not undone by who did not see it.
    let seen = device::etag(&device::show(app, &owner(), "Mac 2").await.unwrap().device);
    let lost = told(json!({"status": "retired"}));
    device::tell(app, &owner(), ("Mac 2", Some(&seen)), lost).await.unwrap();
    let active = || told(json!({"status": "active"}));
    let stale = device::tell(app, &owner(), ("Mac 2", Some(&seen)), active()).await;
    assert_eq!(code(stale), "API-CONFLICT");
    let now = device::show(app, &owner(), "Mac 2").await.unwrap().device;
    assert_eq!(now.status(), domain::device::DeviceStatus::Retired);
    device::tell(app, &owner(), ("Mac 2", Some("*")), active()).await.unwrap();
    device::remove(app, &owner(), "Mac 2").await.unwrap();
    assert_eq!(newest(&fixture.events().await), ("object.removed", "device:Mac 2", by));
    assert_eq!(code(device::remove(app, &owner(), "Mac 2").await), "API-NOT-FOUND");
    // What was removed can be made again.
    device::save(app, &owner(), "Mac 2", told(json!({"serial": "S1"}))).await.unwrap();
    assert_eq!(names(&fixture, "MAC").await, ["Mac 2"]);
    assert!(app.snapshot.inventory().find_device("S1").is_some());
}

#[tokio::test]
async fn who_may_not_keep_the_inventory_neither_sees_nor_changes_it() {
    let fixture = Fixture::empty().await;
    let (app, actor) = (&fixture.app, &Actor::gateway(GATEWAY));
    let refused = "API-NOT-PERMITTED";
    assert_eq!(device::list(app, actor, "", (None, 1)).await.unwrap_err().code(), refused);
    assert_eq!(device::show(app, actor, "x").await.unwrap_err().code(), refused);
    assert_eq!(code(device::create(app, actor, Told::default()).await), refused);
    assert_eq!(code(device::save(app, actor, "x", Told::default()).await), refused);
    assert_eq!(code(device::tell(app, actor, ("x", None), Told::default()).await), refused);
    assert_eq!(code(device::remove(app, actor, "x").await), refused);
    assert_eq!(code(device::import(app, actor, b"name\nx\n", Import::default()).await), refused);
    assert_eq!(person::list(app, actor, "", (None, 1)).await.unwrap_err().code(), refused);
    assert_eq!(person::show(app, actor, "x").await.unwrap_err().code(), refused);
    let nobody = domain::person::Told::default;
    assert_eq!(code(person::create(app, actor, nobody()).await), refused);
    assert_eq!(code(person::save(app, actor, "x", nobody()).await), refused);
    assert_eq!(code(person::tell(app, actor, ("x", None), nobody()).await), refused);
    assert_eq!(code(person::remove(app, actor, "x").await), refused);
    assert_eq!(code(person::import(app, actor, b"name\nx\n", Import::default()).await), refused);
}

#[tokio::test]
async fn a_table_is_imported_whole_or_not_at_all() {
    let fixture = Fixture::empty().await;
    let dry = Import { dry_run: true, ..Import::default() };
    let text = "name,serial,status\nA,S1,\nB,S2,gone\nC,S1,\n";
    let report = import(&fixture, text, dry).await.unwrap();
    assert_eq!((report.created, report.refused, report.rows.len()), (0, 3, 3));
    let NotApplied::Complaints(complaints) =
        import(&fixture, text, Import::default()).await.unwrap_err()
    else {
        panic!("not complained of")
    };
    let paths: Vec<&str> = complaints.iter().map(|complaint| complaint.path.as_str()).collect();
    assert_eq!(paths, ["line[2].serial", "line[3].status", "line[4].serial"]);
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-DOCUMENT"));
    assert!(names(&fixture, "").await.is_empty());
    let skip = Import { skip_bad_rows: true, ..Import::default() };
    let text = "name,serial,status,color\nA,S1,,red\nB,S2,gone,red\n";
    let report = import(&fixture, text, skip).await.unwrap();
    assert_eq!((report.created, report.refused), (1, 1));
    assert_eq!(report.ignored_columns, ["color"]);
    assert_eq!(names(&fixture, "").await, ["A"]);
    let events = fixture.events().await;
    assert_eq!(newest(&events).1, "device:A");
    assert_eq!(
        (events[1].kind.as_str(), events[1].object.as_str()),
        ("inventory.imported", "device:*")
    );
    assert_eq!(events[1].details["created"], json!(1));
    // Told again, it is younger and not changed; a table without rows is nothing.
    let again = import(&fixture, "name,serial\nA,S1\n", Import::default()).await.unwrap();
    assert_eq!((again.created, again.changed, again.unchanged), (0, 0, 1));
    let count = fixture.events().await.len();
    let empty = import(&fixture, "name,serial\n", Import::default()).await.unwrap();
    assert_eq!(empty, Report::default());
    assert_eq!(fixture.events().await.len(), count);
    assert_eq!(
        code(import(&fixture, "", Import::default()).await).get(..21),
        Some(": the table is empty;")
    );
}

#[tokio::test]
async fn thousands_are_imported_and_followed() {
    let one = Fixture::empty().await;
    let two = one.beside().await;
    let report = import(&one, &table("", 5000, ""), Import::default()).await.unwrap();
    assert_eq!((report.created, report.rows.len(), report.left_off), (5000, 5000, 0));
    assert_eq!(one.events().await.len(), 1);
    assert_eq!(one.events().await[0].details["first"][999], json!("d999"));
    for fixture in [&one, &two] {
        let inventory = fixture.app.snapshot.inventory();
        until("all are known", || inventory.known_count() == 5000).await;
        assert_eq!(inventory.find_device("s77").unwrap().name, "d77");
    }
    // A device that the other changes is changed here too, whoever was first.
    device::tell(&two.app, &owner(), ("d77", None), told(json!({"os": "iOS"}))).await.unwrap();
    let inventory = one.app.snapshot.inventory();
    until("it is followed", || inventory.find_device("d77").unwrap().os.is_some()).await;
}

#[tokio::test]
async fn a_table_that_takes_from_many_is_refused_unless_so_many_are_meant() {
    let fixture = Fixture::empty().await;
    let head = ",owner,tags,status";
    import(&fixture, &table(head, 500, ",Anna,lab,"), Import::default()).await.unwrap();
    let what = MassChange::Devices;
    for rest in [",Ben,lab,", ",Anna,,lost", ",Anna,office,active"] {
        let few = import(&fixture, &table(head, 25, rest), Import::default()).await.unwrap();
        assert_eq!(few.taken_from, 25);
        import(&fixture, &table(head, 25, ",Anna,lab,active"), Import::default()).await.unwrap();
        let many = table(head, 26, rest);
        let Err(NotApplied::Refused(refusal)) = import(&fixture, &many, Import::default()).await
        else {
            panic!("not refused")
        };
        assert_eq!(
            refusal,
            Refusal::MassChange { count: 26, of: 500, allowed: 25, what, names: Vec::new() }
        );
        let meant = Import { confirm: Some(25), ..Import::default() };
        assert_eq!(code(import(&fixture, &many, meant).await), "API-MASS-CHANGE");
        let meant = Import { confirm: Some(26), ..Import::default() };
        import(&fixture, &many, meant).await.unwrap();
        let meant = Import { confirm: Some(500), ..Import::default() };
        import(&fixture, &table(head, 26, ",Anna,lab,active"), meant).await.unwrap();
    }
    let all: Vec<String> = (0..26).map(|number| format!("d{number}")).collect();
    let refusal = device::remove_all(&fixture.app, &owner(), &all, None).await;
    assert_eq!(code(refusal), "API-MASS-CHANGE");
    assert_eq!(names(&fixture, "d").await.len(), 500);
    device::remove_all(&fixture.app, &owner(), &all, Some(26)).await.unwrap();
    assert_eq!(names(&fixture, "d").await.len(), 474);
}

#[tokio::test]
async fn more_devices_than_memory_holds_are_refused() {
    let fixture = Fixture::empty().await;
    let inventory = fixture.app.snapshot.inventory();
    for id in 1..=u64::try_from(INVENTORY_DEVICES_MAX).unwrap() {
        let id = domain::device::DeviceId(id);
        inventory.set_device(domain::device::Device::new(id, &format!("d{}", id.0)), 1);
    }
    let refused = code(import(&fixture, "name\nbeyond\n", Import::default()).await);
    assert!(refused.starts_with("line[2]: would be more than 250000 devices"), "{refused}");
}

#[tokio::test]
async fn a_device_that_asked_before_is_known_once_it_is_imported() {
    let fixture = Fixture::mosyle().await;
    let claim = fixture.claim_of("CN=C02XK1ZZJGH5, SERIALNUMBER=C02XK1ZZJGH5", &[]);
    let issued = fixture.issue(&claim).await.unwrap().certificate;
    let id = issued.device_id.unwrap();
    let text = "name,serial\nMacBook 1,C02XK1ZZJGH5\n";
    import(&fixture, text, Import::default()).await.unwrap();
    let device = fixture.app.snapshot.inventory().device(&id).unwrap();
    assert!(device.is_known());
    assert_eq!(device.name, "MacBook 1");
    let shown = device::show(&fixture.app, &owner(), "MacBook 1").await.unwrap();
    assert_eq!(shown.certificates.unwrap()[0].serial, issued.serial);
    // Removed, it is unknown again, and its certificate resurrects nothing.
    device::remove(&fixture.app, &owner(), "MacBook 1").await.unwrap();
    let standing = fixture.app.snapshot.standing(&issued.serial).unwrap();
    assert_eq!(standing.device, Some(id));
    assert!(fixture.app.snapshot.device(&id).is_none());
}

#[tokio::test]
async fn people_are_kept_like_devices() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    let told = |json: Value| serde_json::from_value::<domain::person::Told>(json).unwrap();
    let all = told(json!({"name": "Anna", "email": "anna@example.org", "groups": ["art"]}));
    person::create(app, &owner(), all.clone()).await.unwrap();
    assert_eq!(code(person::create(app, &owner(), all).await), "API-CONFLICT");
    assert_eq!(code(person::create(app, &owner(), told(json!({}))).await).get(..4), Some("name"));
    let change = told(json!({"status": "disabled"}));
    person::tell(app, &owner(), ("anna@example.org", None), change).await.unwrap();
    let by = "administrator of the test";
    assert_eq!(newest(&fixture.events().await), ("object.changed", "person:Anna", by));
    let seen = person::etag(&person::show(app, &owner(), "Anna").await.unwrap().person);
    for (meant, change) in [(None, "x@example.org"), (Some(&*seen), "y@example.org")] {
        let answer =
            person::tell(app, &owner(), ("Anna", meant), told(json!({"upn": change}))).await;
        let expected = if meant.is_none() { "" } else { "API-CONFLICT" };
        assert_eq!(
            answer.map_or_else(|no| no.refusal().code().to_owned(), |_| String::new()),
            expected
        );
    }
    let upn = person::show(app, &owner(), "Anna").await.unwrap().person.upn;
    assert_eq!(upn.as_deref(), Some("x@example.org"));
    let renamed = person::tell(app, &owner(), ("Anna", None), told(json!({"name": "Ann"}))).await;
    assert!(code(renamed).starts_with("name: is what devices"));
    let wrong = person::save(app, &owner(), "Anna", told(json!({"email": "anna"}))).await;
    assert!(code(wrong).starts_with("email: has no @"));
    let table = b"name,email,groups\nAnna,anna@example.org,art\nBen,ben@example.org,staff;art\n";
    let report = person::import(app, &owner(), table, Import::default()).await.unwrap();
    assert_eq!((report.created, report.unchanged), (1, 1));
    device::save(app, &owner(), "Mac", super::importing::told(json!({"owner": "Ben"})))
        .await
        .unwrap();
    let shown = person::show(app, &owner(), "ben@example.org").await.unwrap();
    assert_eq!(shown.devices.unwrap(), ["Mac"]);
    let page = person::list(app, &owner(), "a", (None, 10)).await.unwrap();
    assert_eq!(page.items.len(), 1);
    person::remove(app, &owner(), "Anna").await.unwrap();
    assert_eq!(newest(&fixture.events().await), ("object.removed", "person:Anna", by));
    assert_eq!(code(person::remove(app, &owner(), "Anna").await), "API-NOT-FOUND");
    person::save(app, &owner(), "Anna", told(json!({}))).await.unwrap();
    assert!(app.snapshot.inventory().person("Anna").is_some());
}
