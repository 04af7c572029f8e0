//! Finding records, and whose a request is.

use pki::general_name::GeneralName;
use pki::name::Name;
use pki::time::Time;

use super::*;
use crate::device::Source;
use crate::device::told::Told;
use crate::person;

fn told(json: serde_json::Value) -> Told {
    serde_json::from_value(json).unwrap()
}

fn device(id: u64, name: &str, source: Source, json: serde_json::Value) -> Device {
    let mut device = Device::new(DeviceId(id), name);
    device.tell(&told(json), source, Time(1));
    device
}

fn person(name: &str, json: serde_json::Value) -> Person {
    let mut person = Person::new(name, Source::Import, Time(1));
    let told: person::Told = serde_json::from_value(json).unwrap();
    person.tell(&told, Source::Import, Time(1));
    person
}

fn inventory() -> Inventory {
    let inventory = Inventory::default();
    for (id, name, json) in [
        (
            1,
            "MacBook 1",
            serde_json::json!({"serial": "C02XK1ZZJGH5", "udid": "00008030-001A2D3E4F500026",
                "mac_addresses": ["a4:83:e7:00:11:22"], "owner": "Anna"}),
        ),
        (2, "ipad-2", serde_json::json!({"serial": "DMPXK2ZZJF88", "owner": "ben@example.org"})),
        (
            3,
            "ipad-3",
            serde_json::json!({"serial": "DMPXK3ZZJF88", "owner": "Ben",
            "mac_addresses": ["a4:83:e7:00:11:33"]}),
        ),
        (
            4,
            "ipad-4",
            serde_json::json!({"mac_addresses": ["a4:83:e7:00:11:33"],
            "status": "retired", "owner": "Anna"}),
        ),
    ] {
        inventory.set_device(device(id, name, Source::Import, json), 1);
    }
    let claimed = serde_json::json!({"serial": "CLAIMED01"});
    inventory.set_device(device(5, "claimed", Source::Request, claimed), 1);
    let anna = serde_json::json!({"email": "Anna@Example.org", "upn": "anna@corp.example"});
    inventory.set_person(person("Anna", anna), 1);
    inventory.set_person(person("Ben", serde_json::json!({"email": "ben@example.org"})), 1);
    inventory
}

/// What a request with this subject and these names is matched to.
#[track_caller]
fn check(
    subject: &str,
    names: &[GeneralName],
    device: Option<&str>,
    person: Option<&str>,
) -> String {
    let matched = inventory().match_names(&Name::parse_text(subject).unwrap(), names);
    assert_eq!(matched.device.as_ref().map(|it| it.name.as_str()), device, "{}", matched.by);
    assert_eq!(matched.person.as_ref().map(|it| it.name.as_str()), person, "{}", matched.by);
    matched.by
}

#[test]
fn a_device_is_found_by_all_that_it_is_called() {
    let inventory = inventory();
    for text in [
        "MacBook 1",
        "c02xk1zzjgh5",
        "00008030-001a2d3e4f500026",
        "0000000000000001",
        "A4-83-E7-00-11-22",
    ] {
        assert_eq!(inventory.find_device(text).unwrap().id, DeviceId(1), "{text}");
    }
    // Two have this address, and none these.
    for text in ["a4:83:e7:00:11:33", "macbook 1", "", "00000000000000ff"] {
        assert!(inventory.find_device(text).is_none(), "{text}");
    }
    assert_eq!(inventory.find_person("ANNA@corp.example").unwrap().name, "Anna");
    let of = |name| inventory.devices_of(&inventory.person(name).unwrap()).len();
    assert_eq!((of("Anna"), of("Ben")), (2, 2));
    let ipad = inventory.find_device("ipad-2").unwrap();
    assert_eq!(inventory.owner_of(&ipad).unwrap().name, "Ben");
}

#[test]
fn a_request_is_matched_by_each_place_that_mdms_use() {
    let by = check("CN=C02XK1ZZJGH5", &[], Some("MacBook 1"), Some("Anna"));
    assert_eq!(by, "the serial number \"C02XK1ZZJGH5\" in the subject's CN");
    check("CN=x, SERIALNUMBER=dmpxk2zzjf88", &[], Some("ipad-2"), Some("Ben"));
    check("CN=Mac-C02XK1ZZJGH5 of Anna", &[], Some("MacBook 1"), Some("Anna"));
    check("CN=MacBook 1", &[], Some("MacBook 1"), Some("Anna"));
    let check_name = |name| check("CN=x", &[name], Some("MacBook 1"), Some("Anna"));
    check_name(GeneralName::Dns("c02xk1zzjgh5.devices.example".into()));
    check_name(GeneralName::Uri("deviceid:00008030-001A2D3E4F500026".into()));
    check_name(GeneralName::Uri("IntuneDeviceId://00008030-001A2D3E4F500026".into()));
    check_name(GeneralName::Uri("deviceid://0000000000000001/".into()));
    check_name(GeneralName::Email("c02xk1zzjgh5@devices.example".into()));
    check_name(GeneralName::Email("a4:83:e7:00:11:22".into()));
    let identifier = Some("C02XK1ZZJGH5".to_owned());
    check_name(GeneralName::PermanentIdentifier { identifier, assigner: None });
    // Anna has one device in use, by either account.
    check_name(GeneralName::Email("anna@example.org".into()));
    check_name(GeneralName::Upn("anna@corp.example".into()));
}

#[test]
fn a_person_with_several_devices_or_none_is_no_device() {
    let ben = GeneralName::Email("ben@example.org".into());
    let by = check("CN=x", core::slice::from_ref(&ben), None, Some("Ben"));
    assert!(by.ends_with("no device, of 2 that are theirs"), "{by}");
    // A device that has no owner in the inventory is whose the request says.
    check("CN=claimed", &[ben], Some("claimed"), Some("Ben"));
    check("CN=x", &[GeneralName::Email("zoe@example.org".into())], None, None);
}

#[test]
fn what_is_ambiguous_or_only_looks_alike_matches_nothing() {
    let names = [GeneralName::Dns("DMPXK2ZZJF88".into())];
    let by = check("CN=C02XK1ZZJGH5", &names, None, None);
    assert!(by.starts_with("nothing: two devices, \"MacBook 1\" and \"ipad-2\""), "{by}");
    // The serial number counts before the name of another device.
    let names = [GeneralName::Dns("ipad-3".into())];
    check("CN=C02XK1ZZJGH5", &names, Some("MacBook 1"), Some("Anna"));
    // An address of two devices.
    check("CN=x", &[GeneralName::Uri("a4:83:e7:00:11:33".into())], None, None);
    check("CN=C02XK1ZZJGH", &[], None, None);
    check("CN=XC02XK1ZZJGH5", &[], None, None);
    check("CN=MacBook 1 of Anna", &[], None, None);
    check("O=C02XK1ZZJGH5", &[], None, None);
}

#[test]
fn what_only_requests_told_is_matched_and_never_known() {
    let inventory = inventory();
    let subject = Name::parse_text("CN=CLAIMED01").unwrap();
    let matched = inventory.match_names(&subject, &[]);
    assert_eq!(matched.device.as_ref().unwrap().name, "claimed");
    assert!(!matched.is_known());
    assert_eq!((inventory.devices_count(), inventory.claimed_count()), (5, 1));
    // In the inventory since, it is not found any more by what only a request told.
    let mut device = (*matched.device.unwrap()).clone();
    device.tell(&Told::default(), Source::Administrator, Time(2));
    inventory.set_device(device, 2);
    assert!(inventory.match_names(&subject, &[]).device.is_none());
    assert_eq!((inventory.known_count(), inventory.claimed_count()), (5, 0));
    // Neither is one that may not be used any more.
    let retired = inventory.match_names(&Name::parse_text("CN=ipad-4").unwrap(), &[]);
    assert!(retired.device.is_some() && !retired.is_known());
}

#[test]
fn a_hostile_request_is_looked_at_no_further_than_the_bounds() {
    let long = "a b-c ".repeat(20_000);
    let names: Vec<GeneralName> =
        (0..64).map(|_| GeneralName::Uri(format!("x:{}", "abcdef-".repeat(70)))).collect();
    let matched = inventory().match_names(&Name::parse_text("CN=x").unwrap(), &names);
    assert!(matched.device.is_none());
    let names = [GeneralName::Uri(long)];
    assert!(inventory().match_names(&Name::empty(), &names).device.is_none());
}

#[test]
fn a_changed_record_is_found_by_what_it_says_now_only() {
    let inventory = inventory();
    let mut device = (*inventory.find_device("ipad-2").unwrap()).clone();
    let change = serde_json::json!({"name": "ipad-9", "serial": "DMPXK9ZZJF88", "owner": null});
    device.tell(&told(change), Source::Administrator, Time(2));
    inventory.set_device(device.clone(), 2);
    assert!(inventory.find_device("ipad-2").is_none());
    assert!(inventory.find_device("DMPXK2ZZJF88").is_none());
    assert_eq!(inventory.find_device("DMPXK9ZZJF88").unwrap().name, "ipad-9");
    assert_eq!(inventory.devices_of(&inventory.person("Ben").unwrap()).len(), 1);
    // What is told late changes nothing, and puts nothing back.
    inventory.set_device(Device { name: "late".into(), ..device.clone() }, 1);
    assert!(inventory.find_device("late").is_none());
    assert!(inventory.knows_device(&device.id, 2) && !inventory.knows_device(&device.id, 3));
    inventory.remove_device(&device.id, 3);
    inventory.set_device(device.clone(), 2);
    assert!(inventory.device(&device.id).is_none());
    assert!(inventory.knows_device(&device.id, 3));
    assert!(inventory.find_device("DMPXK9ZZJF88").is_none());
    inventory.set_device(device.clone(), 4);
    assert!(inventory.device(&device.id).is_some());
}

#[test]
fn people_are_changed_and_removed_with_their_accounts() {
    let inventory = inventory();
    let json = serde_json::json!({"email": "anna@other.example"});
    inventory.set_person(person("Anna", json), 2);
    assert!(inventory.find_person("anna@example.org").is_none());
    assert_eq!(inventory.find_person("anna@other.example").unwrap().name, "Anna");
    inventory.remove_person("Anna", 3);
    assert!(inventory.find_person("anna@other.example").is_none());
    inventory.set_person(person("Anna", serde_json::json!({})), 2);
    assert!(inventory.person("Anna").is_none());
    assert!(inventory.knows_person("Anna", 3));
    assert_eq!(inventory.people_count(), 1);
}

#[test]
fn memory_holds_so_many_devices_and_no_more() {
    let inventory = Inventory::default();
    for id in 0..u64::try_from(INVENTORY_DEVICES_MAX).unwrap() {
        let kept = inventory.set_device(Device::new(DeviceId(id), &format!("d{id}")), 1);
        assert_eq!(kept, Kept::Known);
    }
    let beyond = Device::new(DeviceId(u64::MAX), "beyond");
    assert_eq!(inventory.set_device(beyond.clone(), 1), Kept::Full);
    inventory.remove_device(&DeviceId(7), 2);
    assert_eq!(inventory.set_device(beyond, 1), Kept::Known);
}
