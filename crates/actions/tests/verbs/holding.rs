//! Whose a certificate is: requests matched to the inventory, and records made of what they say.

use std::sync::Arc;

use actions::certificate_template;
use actions::certificate_template::Sample;
use domain::certificate::Certificate;
use domain::device::Device;
use domain::device::DeviceId;
use domain::device::Source;
use domain::inventory::DEVICES_OF_REQUESTS_MAX;
use domain::person::Person;
use pki::general_name::GeneralName;
use serde_json::Value;
use serde_json::json;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;
use crate::fixture::until;

const NOTED: Why = Why::Bookkeeping(Bookkeeping::DeviceHeard);

/// Keeps a device that the inventory told of, and waits until logins know it.
async fn keep(fixture: &Fixture, id: u64, name: &str, told: Value) -> DeviceId {
    let mut device = Device::new(DeviceId(id), name);
    device.tell(&serde_json::from_value(told).unwrap(), Source::Import, NOW);
    let write = store::device::save(Write::new(), [(device, 0)], NOW);
    write.commit(&fixture.app.store, NOTED).await.unwrap();
    let inventory = fixture.app.snapshot.inventory();
    until("the device is known", || inventory.device(&DeviceId(id)).is_some()).await;
    DeviceId(id)
}

async fn keep_anna(fixture: &Fixture) {
    let mut anna = Person::new("Anna", Source::Import, NOW);
    anna.email = Some("anna@example.org".into());
    let write = store::person::save(Write::new(), [(anna, 0)], NOW);
    write.commit(&fixture.app.store, NOTED).await.unwrap();
    let inventory = fixture.app.snapshot.inventory();
    until("Anna is known", || inventory.person("Anna").is_some()).await;
}

async fn issue(fixture: &Fixture, subject: &str, names: &[GeneralName]) -> Certificate {
    fixture.issue(&fixture.claim_of(subject, names)).await.unwrap().certificate
}

fn named(fixture: &Fixture, name: &str) -> Option<Arc<Device>> {
    fixture.app.snapshot.inventory().device_named(name)
}

#[tokio::test]
async fn a_request_of_a_known_device_says_what_the_inventory_knows() {
    let fixture = Fixture::mosyle().await;
    keep_anna(&fixture).await;
    let told = json!({"serial": "C02XK1ZZJGH5", "udid": "00008030-1A", "owner": "Anna"});
    let id = keep(&fixture, 7, "MacBook 1", told).await;
    let serial = GeneralName::Uri("serial:c02xk1zzjgh5".into());
    let certificate = issue(&fixture, "CN=what it calls itself", &[serial]).await;
    assert_eq!(certificate.subject, "CN=C02XK1ZZJGH5");
    assert_eq!(certificate.names, ["email:anna@example.org"]);
    assert_eq!((certificate.device_id, certificate.assurance), (Some(id), 1));
    assert_eq!(certificate.device.as_deref(), Some("what it calls itself"));
    let standing = fixture.app.snapshot.standing(&certificate.serial).unwrap();
    assert_eq!((standing.device, standing.assurance), (Some(id), 1));
    assert_eq!(standing.template.as_deref(), certificate.template.as_deref());
    let kept = actions::certificate::show(&fixture.app, &owner(), &certificate.serial).await;
    assert_eq!(kept.unwrap().certificate, certificate);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.details["device"], json!("MacBook 1"));
    assert_eq!(event.details["device_id"], json!(id.to_string()));
    assert_eq!(event.details["device_known"], json!(true));
    assert_eq!(event.details["assurance"], json!(1));
    let by = event.details["matched_by"].as_str().unwrap();
    assert_eq!(by, "the serial number \"c02xk1zzjgh5\" in a URI");
    assert!(named(&fixture, "what it calls itself").is_none());
}

#[tokio::test]
async fn an_unknown_request_makes_one_record_that_is_no_inventory() {
    let fixture = Fixture::mosyle().await;
    let subject = "CN=C02XK1ZZJGH5, SERIALNUMBER=C02XK1ZZJGH5";
    let first = issue(&fixture, subject, &[]).await;
    let device = named(&fixture, "C02XK1ZZJGH5").unwrap();
    assert_eq!((first.device_id, first.assurance), (Some(device.id), 0));
    assert!(!device.is_known());
    let serial = device.serial.clone().unwrap();
    assert_eq!((serial.value.as_str(), serial.source), ("C02XK1ZZJGH5", Source::Request));
    assert_eq!(fixture.events().await[0].details["device_known"], json!(false));
    // Another key of the same device, under another name too.
    let second = issue(&fixture, subject, &[]).await;
    let third = issue(&fixture, "CN=mac, SERIALNUMBER=C02XK1ZZJGH5", &[]).await;
    assert_eq!((second.device_id, third.device_id), (Some(device.id), Some(device.id)));
    assert_eq!(fixture.app.snapshot.inventory().devices_count(), 1);
    assert_eq!(store::device::find(&fixture.app.store, &[device.id]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_requests_under_one_name_make_one_record_at_two_servers_too() {
    let one = Fixture::mosyle().await;
    let two = one.beside().await;
    until("the other has the gateway", || {
        two.app.snapshot.rules().version == one.app.snapshot.rules().version
    })
    .await;
    let (here, there) = tokio::join!(issue(&one, "CN=same", &[]), issue(&two, "CN=same", &[]));
    assert_eq!(here.device_id, there.device_id);
    for fixture in [&one, &two] {
        until("the record is known", || named(fixture, "same").is_some()).await;
        assert_eq!(named(fixture, "same").map(|device| device.id), here.device_id);
    }
}

#[tokio::test]
async fn a_renewal_stays_with_the_record_and_the_assurance_of_the_old_certificate() {
    let fixture = Fixture::mosyle().await;
    let id = keep(&fixture, 7, "MacBook 1", json!({"serial": "C02XK1ZZJGH5"})).await;
    keep(&fixture, 8, "MacBook 2", json!({"serial": "C02XK2ZZJGH5"})).await;
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    assert_eq!(issued.certificate.device_id, Some(id));
    let mut claim = fixture.claim_of("CN=C02XK2ZZJGH5", &[]);
    claim.challenge = None;
    claim.renews = Some(pki::certificate::Certificate::parse(&issued.der).unwrap());
    let renewed = fixture.issue(&claim).await.unwrap().certificate;
    assert_eq!((renewed.device_id, renewed.assurance), (Some(id), 1));
    assert_eq!(renewed.subject, issued.certificate.subject);
    assert_eq!(fixture.events().await[0].details["device"], json!("MacBook 1"));
}

#[tokio::test]
async fn a_device_that_may_not_be_used_or_is_ambiguous_gives_no_assurance() {
    let fixture = Fixture::mosyle().await;
    let lost = json!({"serial": "C02XK1ZZJGH5", "status": "lost"});
    let id = keep(&fixture, 7, "MacBook 1", lost).await;
    keep(&fixture, 8, "MacBook 2", json!({"serial": "C02XK2ZZJGH5"})).await;
    let refusal = fixture.issue(&fixture.claim_of("CN=C02XK1ZZJGH5", &[])).await.unwrap_err();
    assert_eq!(refusal.sentence(), "the device MacBook 1 is marked lost");
    // A policy that speaks of devices that are lost may give them a certificate.
    let mut document = mosyle();
    let rules = document["enrollment_policy"][0]["rules"].as_array_mut().unwrap();
    rules.push(json!({"field": "device.status", "operator": "exists", "not": true}));
    rules.push(json!({"field": "device.status", "operator": "is", "value": "lost"}));
    let rules = document["enrollment_policy"][0]["rules"].take();
    let last = json!({"match": "any", "rules": [rules[2], rules[3]]});
    document["enrollment_policy"][0]["rules"] = json!([rules[0], rules[1], last]);
    fixture.apply(application(document)).await.unwrap();
    let certificate = issue(&fixture, "CN=C02XK1ZZJGH5", &[]).await;
    assert_eq!((certificate.device_id, certificate.assurance), (Some(id), 0));
    let other = GeneralName::Dns("C02XK2ZZJGH5".into());
    let certificate = issue(&fixture, "CN=C02XK1ZZJGH5", std::slice::from_ref(&other)).await;
    assert_eq!((certificate.device_id, certificate.assurance), (None, 0));
    let event = fixture.events().await.swap_remove(0);
    let by = event.details["matched_by"].as_str().unwrap();
    assert!(by.starts_with("nothing: two devices"), "{by}");
    // Under the name of one of them, it gets no record at all.
    let names = [other, GeneralName::Uri("serial:C02XK1ZZJGH5".into())];
    let certificate = issue(&fixture, "CN=MacBook 1", &names).await;
    assert_eq!((certificate.device_id, certificate.assurance), (None, 0));
    let warning = fixture.events().await[0].details["device_warning"].clone();
    assert_eq!(warning, json!("no record: the request names several devices"));
}

#[tokio::test]
async fn requests_make_so_many_records_and_no_more() {
    let fixture = Fixture::mosyle().await;
    let inventory = fixture.app.snapshot.inventory();
    for id in 1..=u64::try_from(DEVICES_OF_REQUESTS_MAX).unwrap() {
        inventory.set_device(Device::new(DeviceId(id), &format!("claimed {id}")), 1);
    }
    let certificate = issue(&fixture, "CN=one more", &[]).await;
    assert_eq!(certificate.device_id, None);
    assert!(named(&fixture, "one more").is_none());
    let warning = fixture.events().await[0].details["device_warning"].clone();
    assert!(warning.as_str().unwrap().contains("only requests told of 100000 devices"));
    // A name that no administrator would read is none to keep.
    let long = "x".repeat(129);
    let mut document = mosyle();
    document["certificate_template"][0]["subject"] = json!("CN=device");
    fixture.apply(application(document)).await.unwrap();
    let certificate = issue(&fixture, &format!("CN={long}"), &[]).await;
    assert_eq!(certificate.device_id, None);
}

#[tokio::test]
async fn a_template_is_tried_out_on_a_device_of_the_inventory() {
    let fixture = Fixture::mosyle().await;
    keep_anna(&fixture).await;
    let told = json!({"serial": "C02XK1ZZJGH5", "owner": "Anna"});
    keep(&fixture, 7, "MacBook 1", told).await;
    let preview = async |device: &str| {
        let sample = Sample::Device(device.to_owned());
        let (app, actor) = (&fixture.app, &owner());
        certificate_template::preview(app, actor, "Mosyle devices", &sample, None).await
    };
    let field = |shown: &domain::certificate_template::preview::Preview, name: &str| {
        let found = shown.fields.iter().find(|field| field.field == name).unwrap();
        (found.value.clone(), found.source.clone())
    };
    for device in ["MacBook 1", "c02xk1zzjgh5"] {
        let shown = preview(device).await.unwrap();
        let (value, source) = field(&shown, "subject");
        assert_eq!(value, "CN=C02XK1ZZJGH5");
        assert!(source.contains("from the inventory (import, new)"), "{source}");
        assert_eq!(field(&shown, "public key").1, "a key made for this preview");
    }
    // Its newest certificate brings the key, once there is one.
    let issued = issue(&fixture, "CN=C02XK1ZZJGH5", &[]).await;
    let shown = preview("MacBook 1").await.unwrap();
    assert_eq!(field(&shown, "public key").1, format!("certificate {}", issued.serial));
    assert!(field(&shown, "subject").1.contains("from the inventory"));
    assert_eq!(preview("nobody").await.unwrap_err().code(), "API-NOT-FOUND");
}

#[tokio::test]
async fn what_one_server_changes_of_the_inventory_the_other_follows() {
    let one = Fixture::mosyle().await;
    let two = one.beside().await;
    let id = keep(&one, 7, "MacBook 1", json!({"serial": "S1"})).await;
    until("the other knows it", || named(&two, "MacBook 1").is_some()).await;
    let write = store::device::remove(Write::new(), &[(id, 1)]);
    write.commit(&one.app.store, NOTED).await.unwrap();
    for fixture in [&one, &two] {
        until("it is gone", || named(fixture, "MacBook 1").is_none()).await;
    }
    // Thousands at once are announced at once.
    let many = (101..=3100).map(|id| (Device::new(DeviceId(id), &format!("d{id}")), 0));
    let write = store::device::save(Write::new(), many, NOW);
    write.commit(&one.app.store, NOTED).await.unwrap();
    for fixture in [&one, &two] {
        let inventory = fixture.app.snapshot.inventory();
        until("all are known", || inventory.devices_count() == 3000).await;
        assert!(fixture.app.snapshot.inventory_reachable());
    }
}

#[tokio::test]
async fn a_start_reads_the_whole_inventory() {
    let fixture = Fixture::mosyle().await;
    keep_anna(&fixture).await;
    keep(&fixture, 7, "MacBook 1", json!({"serial": "S1"})).await;
    let other = fixture.beside().await;
    until("it is read", || other.app.snapshot.inventory_reachable()).await;
    assert_eq!(other.app.snapshot.device(&DeviceId(7)).unwrap().name, "MacBook 1");
    assert_eq!(other.app.snapshot.inventory().people_count(), 1);
    assert!(other.app.snapshot.device(&DeviceId(8)).is_none());
}
