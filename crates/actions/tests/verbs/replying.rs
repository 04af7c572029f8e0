//! What an access point is told with an accept: presets, numbers, and values of the device.

use actions::reply_attribute;
use actions::visit;
use domain::actor::Actor;
use domain::network_policy::attribute::EncodedAttribute;
use domain::refusal::Refusal;
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

/// The guide's set-up where an accept carries these attributes.
fn sending(attributes: &Value) -> Value {
    let mut document = mosyle();
    document["network_policy"][0]["settings"]["attributes"] = attributes.clone();
    document
}

/// What the device is answered, the VLAN that is told, and what is sent.
fn admit(
    fixture: &Fixture,
    certificate: &Certificate,
) -> Result<(Option<String>, Vec<EncodedAttribute>), Refusal> {
    let visit = stand(fixture, certificate, NOW).unwrap();
    let leave = visit::admit(&fixture.app.snapshot, &visit)?;
    visit::enter(&fixture.app.snapshot, &visit, &leave);
    Ok((leave.admission.vlan, leave.attributes))
}

#[tokio::test]
async fn each_device_gets_what_its_own_values_make() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let name = certificate.subject.common_names().next().unwrap().to_owned();
    let attributes = json!([
        { "preset": "vlan", "value": "of-${/device/clientId}" },
        { "dictionary": "Custom", "vendor": 99, "number": 7, "type": "text", "value": "x" },
        { "attribute": "Filter-Id", "value": "${/device/serial}", "on_missing": "omit" },
    ]);
    fixture.apply(application(sending(&attributes))).await.unwrap();
    let (vlan, sent) = admit(&fixture, &certificate).unwrap();
    let group = format!("of-{name}");
    assert_eq!(vlan.as_deref(), Some(group.as_str()));
    let numbers: Vec<u8> = sent.iter().map(|attribute| attribute.number).collect();
    assert_eq!(numbers, [64, 65, 81, 26]);
    assert_eq!(sent[2].value, group.as_bytes());
    assert_eq!(sent[3].value, [0, 0, 0, 99, 7, 3, b'x']);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!(event.details["vlan"], group);
}

#[tokio::test]
async fn the_vlan_told_is_the_one_of_the_preset() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let attributes = json!([{ "preset": "vlan-aruba", "value": "30" }]);
    fixture.apply(application(sending(&attributes))).await.unwrap();
    assert_eq!(admit(&fixture, &certificate).unwrap().0.as_deref(), Some("30"));
    let attributes = json!([{ "preset": "acl", "value": "staff" }]);
    fixture.apply(application(sending(&attributes))).await.unwrap();
    assert_eq!(admit(&fixture, &certificate).unwrap().0, None);
}

#[tokio::test]
async fn a_device_without_the_value_is_refused_unless_the_policy_omits_it() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let mut attributes = json!([{ "preset": "vlan", "value": "${/device/serial}" }]);
    fixture.apply(application(sending(&attributes))).await.unwrap();
    let refusal = admit(&fixture, &certificate).unwrap_err();
    assert_eq!(
        refusal.sentence(),
        "the network policy Mosyle devices to VLAN 20 cannot send Tunnel-Private-Group-Id: \
         ${/device/serial} has no value"
    );
    assert_eq!(fixture.newest_code().await.as_deref(), Some("POL-ATTRIBUTE-VALUE"));
    attributes[0]["on_missing"] = json!("omit");
    fixture.apply(application(sending(&attributes))).await.unwrap();
    assert_eq!(admit(&fixture, &certificate).unwrap(), (None, vec![]));
    assert_eq!(fixture.newest_code().await, None);
}

#[tokio::test]
async fn what_variables_make_never_passes_the_bound_of_a_packet() {
    let fixture = Fixture::mosyle().await;
    let certificate = device(&fixture).await;
    let long = format!("${{/device/clientId}}{}", "x".repeat(200));
    let attributes = json!(vec![json!({ "attribute": "Filter-Id", "value": long }); 12]);
    fixture.apply(application(sending(&attributes))).await.unwrap();
    let policy = "Mosyle devices to VLAN 20".to_owned();
    assert_eq!(admit(&fixture, &certificate).unwrap_err(), Refusal::ReplyTooLarge { policy });
    assert_eq!(fixture.newest_code().await.as_deref(), Some("POL-REPLY-TOO-LARGE"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_when_it_is_saved() {
    let fixture = Fixture::mosyle().await;
    let attributes = json!([
        { "preset": "vlan", "value": "20" },
        { "preset": "vlan", "value": "5000" },
        { "dictionary": "Custom", "vendor": 311, "number": 16, "type": "octets", "value": "x" },
    ]);
    let refused = fixture.apply(application(sending(&attributes))).await.unwrap_err();
    let told = format!("{refused:?}");
    for path in ["settings.attributes[1].value", "settings.attributes[2].number"] {
        assert!(told.contains(&format!("network_policy[0].{path}")), "{told}");
    }
}

#[tokio::test]
async fn an_entry_stays_as_it_was_written() {
    let fixture = Fixture::mosyle().await;
    let attributes = json!([{ "preset": "session-time", "value": "8h" }]);
    fixture.apply(application(sending(&attributes))).await.unwrap();
    let rules = fixture.app.snapshot.rules();
    let kept = serde_json::to_value(&rules.organization.network_policy[0]).unwrap();
    assert_eq!(kept["settings"]["attributes"], attributes);
    let again = fixture.apply(application(sending(&attributes))).await.unwrap();
    assert!(again.plan.change.is_empty(), "{:?}", again.plan);
}

#[test]
fn who_may_read_the_organization_may_read_what_policies_send() {
    assert!(!reply_attribute::presets(&owner()).unwrap().is_empty());
    assert!(!reply_attribute::dictionaries(&owner()).unwrap().is_empty());
    let gateway = Actor::gateway("Mosyle");
    assert_eq!(reply_attribute::presets(&gateway).unwrap_err().code(), "API-NOT-PERMITTED");
    assert_eq!(reply_attribute::dictionaries(&gateway).unwrap_err().code(), "API-NOT-PERMITTED");
}
