//! `organization::export`: the document makes the same organization again, here and elsewhere, and
//! loses no field.

use actions::organization::export::export;
use domain::access_point::AccessPoint;
use domain::actor::Actor;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_template::CertificateTemplate;
use domain::certificate_template::san::San;
use domain::condition::Rule;
use domain::device;
use domain::enrollment_policy;
use domain::enrollment_policy::EnrollmentPolicy;
use domain::gateway::Gateway;
use domain::network_policy;
use domain::network_policy::NetworkPolicy;
use domain::network_policy::SavedTest;
use domain::network_policy::attribute::ReplyAttribute;
use domain::network_profile::NetworkProfile;
use domain::organization::Settings;
use domain::person;
use domain::policy_workflow::PolicyWorkflow;
use domain::server_certificate::ServerCertificate;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const DEMO: &str = include_str!("../../../../examples/demo.toml");
const EVERY_FIELD: &str = include_str!("../../../../tests/corpus/every_field.toml");

/// A file's text as the API takes it; moments become texts.
fn read(text: &str) -> Value {
    fn plain(value: toml::Value) -> Value {
        match value {
            toml::Value::Datetime(at) => json!(at.to_string()),
            toml::Value::Array(items) => items.into_iter().map(plain).collect(),
            toml::Value::Table(table) => {
                table.into_iter().map(|(key, value)| (key, plain(value))).collect()
            }
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(number) => json!(number),
            toml::Value::Float(number) => json!(number),
            toml::Value::Boolean(flag) => json!(flag),
        }
    }
    plain(toml::from_str(text).unwrap())
}

async fn exported(fixture: &Fixture, with_inventory: bool) -> Value {
    Value::Object(export(&fixture.app, &owner(), with_inventory).await.unwrap())
}

/// The document of elsewhere with the secrets of access points, which an export never has.
fn with_secrets(mut document: Value, source: &Value) -> Value {
    for point in document["access_point"].as_array_mut().unwrap() {
        let mut own = source["access_point"].as_array().unwrap().iter();
        let own = own.rfind(|given| given["name"] == point["name"]).unwrap();
        point["shared_secret"] = own["shared_secret"].clone();
    }
    document
}

/// What an export must be good for.
async fn check(source: Value) {
    let fixture = Fixture::empty().await;
    fixture.apply(application(source.clone())).await.unwrap();
    let document = exported(&fixture, true).await;
    let text = document.to_string();
    assert!(!text.contains("shared_secret") && !text.contains("a-shared-secret"), "{text}");
    let mut again = application(document.clone());
    again.prune = true;
    let plan = fixture.apply(again).await.unwrap().plan;
    assert!(plan.is_empty(), "{plan:?}");
    let elsewhere = Fixture::empty().await;
    elsewhere.apply(application(with_secrets(document.clone(), &source))).await.unwrap();
    assert_eq!(exported(&elsewhere, true).await, document);
    let rules = |fixture: &Fixture| fixture.app.snapshot.rules().organization.clone();
    assert_eq!(rules(&elsewhere), rules(&fixture));
}

#[tokio::test]
async fn an_export_makes_the_guides_organization_again() {
    check(mosyle()).await;
}

#[tokio::test]
async fn an_export_makes_the_demos_organization_again() {
    let (mut source, demo) = (mosyle(), read(DEMO));
    for (kind, objects) in demo.as_object().unwrap() {
        let objects = objects.as_array().unwrap().clone();
        source[kind].as_array_mut().unwrap().extend(objects);
    }
    check(source).await;
}

#[tokio::test]
async fn an_export_loses_no_field() {
    check(read(EVERY_FIELD)).await;
}

/// The keys that a type takes: its reader names them all when it meets another.
fn keys<T: DeserializeOwned>() -> Vec<String> {
    let error = serde_json::from_value::<T>(json!({ "no such key": 1 })).err().unwrap().to_string();
    let (_, list) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[track_caller]
fn has_every_key<T: DeserializeOwned>(places: &[&Value], without: &[&str]) {
    let keys = keys::<T>();
    assert!(keys.len() > 1, "{keys:?}");
    for key in keys.iter().filter(|key| !without.contains(&key.as_str())) {
        let found = places.iter().any(|place| place.get(key).is_some());
        assert!(found, "tests/corpus/every_field.toml lacks {key}: {places:?}");
    }
}

/// What the others prove, they prove for every field that there is.
#[test]
fn the_file_of_every_field_has_every_field() {
    let document = read(EVERY_FIELD);
    let all = |kind: &str| -> Vec<&Value> { document[kind].as_array().unwrap().iter().collect() };
    let within = |kind: &str, field: &str| -> Vec<&Value> {
        all(kind).into_iter().filter_map(|object| object.get(field)).collect()
    };
    let items = |values: Vec<&'_ Value>| -> Vec<Value> {
        values.into_iter().flat_map(|list| list.as_array().unwrap().clone()).collect()
    };
    let no_name = ["renamed_from"];
    has_every_key::<Settings>(&[&document["organization"]], &[]);
    has_every_key::<CertificateAuthority>(&all("certificate_authority"), &no_name);
    has_every_key::<ServerCertificate>(&all("server_certificate"), &no_name);
    has_every_key::<CertificateTemplate>(&all("certificate_template"), &[]);
    has_every_key::<San>(&within("certificate_template", "san"), &[]);
    has_every_key::<Gateway>(&all("gateway"), &[]);
    has_every_key::<PolicyWorkflow>(&all("policy_workflow"), &[]);
    has_every_key::<EnrollmentPolicy>(&all("enrollment_policy"), &[]);
    let settings = within("enrollment_policy", "settings");
    // No protocol can do it yet, and so it cannot be saved.
    has_every_key::<enrollment_policy::Settings>(&settings, &["approval"]);
    has_every_key::<NetworkPolicy>(&all("network_policy"), &[]);
    let settings = within("network_policy", "settings");
    has_every_key::<network_policy::Settings>(&settings, &[]);
    let attributes = settings.iter().filter_map(|settings| settings.get("attributes")).collect();
    let attributes = items(attributes);
    has_every_key::<ReplyAttribute>(&attributes.iter().collect::<Vec<_>>(), &[]);
    let tests = items(within("network_policy", "tests"));
    has_every_key::<SavedTest>(&tests.iter().collect::<Vec<_>>(), &[]);
    has_every_key::<NetworkProfile>(&all("network_profile"), &[]);
    has_every_key::<AccessPoint>(&all("access_point"), &[]);
    has_every_key::<person::Told>(&all("person"), &[]);
    has_every_key::<device::told::Told>(&all("device"), &[]);
    let mut rules = items(within("policy_workflow", "rules"));
    rules.extend(items(within("network_policy", "rules")));
    has_every_key::<Rule>(&rules.iter().collect::<Vec<_>>(), &["not"]);
}

#[tokio::test]
async fn what_only_a_request_told_is_no_inventory_and_without_being_asked_for_none_is_shown() {
    let fixture = Fixture::mosyle().await;
    fixture.issue(&fixture.claim()).await.unwrap();
    let told = json!({ "device": [{ "name": "mac-1", "serial": "C1" }] });
    fixture.apply(application(told)).await.unwrap();
    let document = exported(&fixture, true).await;
    let known = json!([{ "name": "mac-1", "serial": "C1", "status": "active" }]);
    assert_eq!(document["device"], known);
    assert_eq!(document.get("person"), None);
    assert_eq!(exported(&fixture, false).await.get("device"), None);
    let gateway = Actor::gateway("Mosyle");
    let refusal = export(&fixture.app, &gateway, false).await.unwrap_err();
    assert_eq!(refusal.code(), "API-NOT-PERMITTED");
}
