//! The one search box: everything that somebody may have at hand, and what they may not see.

use actions::device;
use actions::person;
use actions::search::Found;
use actions::search::HITS_MAX;
use actions::search::find;
use domain::actor::Actor;
use domain::actor::Permission;
use pki::certificate::Certificate;
use pki::pem;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::limited;
use crate::fixture::owner;
use crate::visits::stand;

/// A device with its owner and certificate.
async fn filled() -> (Fixture, Certificate) {
    let fixture = Fixture::mosyle().await;
    let app = &fixture.app;
    let anna = json!({"name": "Anna Smith", "email": "Anna@Example.org", "upn": "asmith@ad.test"});
    person::create(app, &owner(), serde_json::from_value(anna).unwrap()).await.unwrap();
    let mac = json!({
        "name": "Anna's Mac", "serial": "C02XK1ZZJGH5", "owner": "anna@example.org",
        "udid": "00008103-001C2D3E4F5A6B7C", "mac_addresses": ["a4:83:e7:00:11:22"],
    });
    device::create(app, &owner(), serde_json::from_value(mac).unwrap()).await.unwrap();
    let issued = fixture.issue(&fixture.claim()).await.unwrap();
    let certificate = Certificate::parse(&issued.der).unwrap();
    (fixture, certificate)
}

async fn found(fixture: &Fixture, text: &str) -> Found {
    find(&fixture.app, &owner(), text).await.unwrap()
}

/// What was found as `kind name: why`, in its order.
async fn words(fixture: &Fixture, text: &str) -> Vec<String> {
    let items = found(fixture, text).await.items.into_iter();
    items.map(|hit| format!("{} {}: {}", hit.kind, hit.name, hit.why)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_certificate_is_found_by_its_number_and_its_fingerprints() {
    let (fixture, certificate) = filled().await;
    let serial = certificate.serial.to_string();
    let sha256 = hex(&certificate.sha256_fingerprint());
    let sha1 = hex(&certificate.sha1_fingerprint());
    let pairs: Vec<&str> =
        sha1.as_bytes().chunks(2).map(|it| str::from_utf8(it).unwrap()).collect();
    let key = pki::algorithm::Digest::Sha256.compute(certificate.public_key.der()).unwrap();
    let pasted = pem::certificate(&certificate);
    for (text, why) in [
        (serial.clone(), "its serial number"),
        (serial.to_lowercase(), "its serial number"),
        (serial[..8].to_owned(), "its serial number"),
        (sha256.clone(), "its SHA-256 fingerprint"),
        (sha256.to_uppercase(), "its SHA-256 fingerprint"),
        (sha1.clone(), "its SHA-1 fingerprint"),
        (pairs.join(":"), "its SHA-1 fingerprint"),
        (format!("SHA1 Fingerprint={}", pairs.join(":")), "its SHA-1 fingerprint"),
        (hex(&key), "the SHA-256 of its key"),
        (pasted.clone(), "it was pasted"),
        (pasted.replace('\n', " "), "it was pasted"),
    ] {
        let found = found(&fixture, &text).await;
        let [hit] = found.items.as_slice() else { panic!("{text}: {found:?}") };
        assert_eq!((hit.kind.as_str(), hit.why.as_str()), ("certificate", why), "{text}");
        assert_eq!(hit.id, serial);
        assert!(hit.what.contains("Example School SCEP CA, issued"), "{}", hit.what);
    }
    // Another certificate with other bytes is none of ours, whatever its number.
    let public = pki::public_root::find("DigiCert Global Root G3").unwrap();
    assert_eq!(words(&fixture, &pem::certificate(&public.certificate)).await, [""; 0]);
    let mut other = sha256;
    other.replace_range(60.., "0000");
    assert_eq!(words(&fixture, &other).await, [""; 0]);
}

#[tokio::test]
async fn a_device_and_its_owner_are_found_by_whatever_they_have() {
    let (fixture, _) = filled().await;
    for (text, expected) in [
        ("A4-83-E7-00-11-22", "device Anna's Mac: its address"),
        ("a483.e700.1122", "device Anna's Mac: its address"),
        ("A483E7001122", "device Anna's Mac: its address"),
        ("c02xk1zzjgh5", "device Anna's Mac: its serial number"),
        ("C02XK", "device Anna's Mac: its serial number"),
        ("00008103-001c2d3e4f5a6b7c", "device Anna's Mac: its UDID"),
        ("anna's", "device Anna's Mac: its name"),
        ("Anna Smith", "person Anna Smith: their name"),
        ("anna s", "person Anna Smith: their name"),
        ("anna@example.org", "person Anna Smith: their e-mail address"),
        ("ASMITH@ad.test", "person Anna Smith: their principal name"),
    ] {
        assert_eq!(words(&fixture, text).await[0], expected, "{text}");
    }
    // Its certificates are there too, by what they say.
    let all = words(&fixture, "C02XK1ZZJGH5").await;
    assert!(all.iter().any(|one| one.starts_with("certificate CN=C02XK1ZZJGH5")), "{all:?}");
}

#[tokio::test]
async fn objects_are_found_by_name_slug_address_and_former_name() {
    let (fixture, _) = filled().await;
    for (text, expected) in [
        ("loopback", "access_point Loopback: its name"),
        ("127.0.0.1", "access_point Loopback: its address"),
        ("mosyle", "gateway Mosyle: its name"),
        ("example-school-scep-ca", "certificate_authority Example School SCEP CA: its slug"),
        ("VLAN 20", "network_policy Mosyle devices to VLAN 20: its name"),
    ] {
        let all = words(&fixture, text).await;
        assert!(all.contains(&expected.to_owned()), "{text}: {all:?}");
    }
    let document = json!({ "access_point": [
        { "name": "Lobby", "slug": "lobby", "renamed_from": "Loopback", "address": "127.0.0.1/32" },
    ] });
    fixture.apply(crate::fixture::application(document)).await.unwrap();
    assert_eq!(words(&fixture, "Loopback").await, ["access_point Lobby: a former name"]);
}

#[tokio::test]
async fn an_event_is_found_by_its_id_and_an_unknown_address_by_its_newest_answer() {
    let (fixture, certificate) = filled().await;
    let mut visit = stand(&fixture, &certificate, NOW).unwrap();
    visit.place.calling_station = Some("02-00-00-00-00-01".to_owned());
    let leave = actions::visit::admit(&fixture.app.snapshot, &visit).unwrap();
    actions::visit::enter(&fixture.app.snapshot, &visit, &leave);
    let event = fixture.events().await.swap_remove(0);
    let by_id = found(&fixture, &event.id.to_string()).await;
    assert_eq!((by_id.items[0].kind.as_str(), by_id.items[0].why.as_str()), ("event", "its id"));
    let by_address = found(&fixture, "0200.0000.0001").await;
    let [hit] = by_address.items.as_slice() else { panic!("{by_address:?}") };
    assert_eq!(hit.id, event.id.to_string());
    assert_eq!(hit.why, "the newest answer to this address");
    let nobody = "ffffffff-ffff-7fff-bfff-ffffffffffff";
    assert_eq!(words(&fixture, nobody).await, [""; 0]);
    assert_eq!(words(&fixture, "02:00:00:00:00:02").await, [""; 0]);
}

#[tokio::test]
async fn no_more_of_a_kind_is_found_than_somebody_reads() {
    let fixture = Fixture::mosyle().await;
    for number in 0..=HITS_MAX {
        let told = json!({"name": format!("lab-{number}")});
        let told = serde_json::from_value(told).unwrap();
        device::create(&fixture.app, &owner(), told).await.unwrap();
    }
    let found = found(&fixture, "LAB-").await;
    assert_eq!((found.items.len(), found.more), (HITS_MAX, vec!["device".to_owned()]));
    assert_eq!(words(&fixture, "lab-10").await, ["device lab-10: its name"]);
}

#[tokio::test]
async fn who_may_not_see_does_not_find() {
    let (fixture, certificate) = filled().await;
    let kinds = async |actor: Actor, text: &str| {
        let found = find(&fixture.app, &actor, text).await.unwrap();
        found.items.into_iter().map(|hit| hit.kind).collect::<Vec<_>>()
    };
    let serial = certificate.serial.to_string();
    let event = fixture.events().await.swap_remove(0).id.to_string();
    for (permission, sees) in [
        (Permission::CertificateRead, [1, 0, 0, 0]),
        (Permission::InventoryRead, [0, 1, 0, 0]),
        (Permission::OrganizationRead, [0, 0, 1, 0]),
        (Permission::EventRead, [0, 0, 0, 1]),
        (Permission::TokenOwn, [0, 0, 0, 0]),
    ] {
        let texts = [serial.as_str(), "anna's mac", "Loopback", event.as_str()];
        for (text, count) in texts.into_iter().zip(sees) {
            let found = kinds(limited(&[permission]), text).await;
            assert_eq!(found.len(), count, "{permission:?} {text}: {found:?}");
        }
    }
    assert!(kinds(Actor::gateway("Mosyle"), "Loopback").await.is_empty());
    for text in ["a".repeat(10_000), "a\u{1b}[2J".to_owned(), "\0".to_owned()] {
        let refusal = find(&fixture.app, &owner(), &text).await.unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER");
    }
    for text in ["", "  ", "<script>alert(1)</script>", "%", "_", "' or 1=1 --", "\u{202e}cba"] {
        assert_eq!(words(&fixture, text).await, [""; 0], "{text}");
    }
}
