//! The stand-in for an MDM.

use device::mdm::Assignment;
use device::mdm::DEVICES_MAX;
use device::mdm::Device;
use device::mdm::Mdm;
use device::mdm::MdmError;
use device::mdm::PROFILES_MAX;
use device::mdm::REASON_CHARS_MAX;
use device::mdm::Status;
use device::profile;

use crate::NOW;
use crate::PROFILE;
use crate::with;

fn device(serial: &str) -> Device {
    let email = format!("{serial}@example.org");
    Device { serial: serial.to_owned(), email, ..Device::default() }
}

/// An MDM that has assigned the profile to all devices, and these devices.
fn mdm(serials: &[&str]) -> Mdm {
    let mut mdm = Mdm::of_console("mosyle").unwrap();
    mdm.upload("Wi-Fi", PROFILE.as_bytes()).unwrap();
    mdm.assign("Wi-Fi", Assignment::AllDevices).unwrap();
    for serial in serials {
        mdm.add(device(serial)).unwrap();
    }
    mdm
}

fn due(mdm: &Mdm) -> Vec<(String, String)> {
    mdm.due().into_iter().map(|push| (push.serial, push.profile)).collect()
}

fn pair(serial: &str, profile: &str) -> (String, String) {
    (serial.to_owned(), profile.to_owned())
}

#[test]
fn each_device_gets_the_profile_with_its_own_values() {
    let mdm = mdm(&["C02-SERIAL-1", "C02-SERIAL-2"]);
    for push in mdm.due() {
        let read = profile::read(&push.file, &[], NOW).unwrap();
        assert_eq!(read.order.subject.to_string(), format!("CN={}", push.serial));
        assert!(format!("{:?}", read.order.names).contains(&format!("{}@", push.serial)));
        // Nothing but the values is another.
        let text = String::from_utf8(push.file).unwrap();
        let email = format!("{}@example.org", push.serial);
        let undone = text.replace(&email, "%Email%").replace(&push.serial, "%SerialNumber%");
        assert_eq!(undone, PROFILE);
    }
    assert_eq!(mdm.variables("Wi-Fi"), ["%SerialNumber%", "%Email%"]);
}

#[test]
fn what_is_xml_in_a_value_stays_text() {
    let mut mdm = mdm(&[]);
    mdm.add(Device { email: "</string><&>".into(), ..device("A1") }).unwrap();
    let read = profile::read(&mdm.due()[0].file, &[], NOW).unwrap();
    assert!(format!("{:?}", read.order.names).contains("</string><&>"));
}

#[test]
fn a_device_that_is_added_later_gets_what_is_assigned_to_all() {
    let mut mdm = mdm(&["A1"]);
    for push in mdm.due() {
        mdm.record(&push, Ok(()));
    }
    assert_eq!(due(&mdm), []);
    mdm.add(device("A2")).unwrap();
    assert_eq!(due(&mdm), [pair("A2", "Wi-Fi")]);
    // A new version is for all of them.
    mdm.upload("Wi-Fi", PROFILE.as_bytes()).unwrap();
    assert_eq!(due(&mdm), [pair("A1", "Wi-Fi"), pair("A2", "Wi-Fi")]);
}

#[test]
fn how_each_device_took_it_is_shown() {
    let mut mdm = mdm(&["A1", "A2"]);
    let due = mdm.due();
    mdm.record(&due[0], Ok(()));
    mdm.record(&due[1], Err("x".repeat(REASON_CHARS_MAX + 1)));
    let failed = Status::Failed("x".repeat(REASON_CHARS_MAX));
    let expected = [("A1", "Wi-Fi", &Status::Installed), ("A2", "Wi-Fi", &failed)];
    assert_eq!(mdm.statuses().collect::<Vec<_>>(), expected);
    assert_eq!(mdm.due().len(), 0);
}

#[test]
fn what_is_assigned_by_name_goes_before_what_is_assigned_to_all() {
    let mut mdm = mdm(&["A1", "A2"]);
    mdm.upload("Old Wi-Fi", &with(&[("p-7", "p-6")])).unwrap();
    assert_eq!(due(&mdm), [pair("A1", "Wi-Fi"), pair("A2", "Wi-Fi")]);
    mdm.assign("Old Wi-Fi", Assignment::Devices(vec!["A2".into()])).unwrap();
    assert_eq!(due(&mdm), [pair("A1", "Wi-Fi"), pair("A2", "Old Wi-Fi")]);
    // Another profile does not take the place of it.
    let other = with(&[("school.school-wi-fi</string>", "school.other</string>")]);
    mdm.upload("Other", &other).unwrap();
    mdm.assign("Other", Assignment::AllDevices).unwrap();
    let both = [pair("A2", "Old Wi-Fi"), pair("A2", "Other")];
    assert_eq!(due(&mdm)[2..], both);
}

#[test]
fn what_cannot_be_held_is_refused() {
    let mut mdm = mdm(&["A1"]);
    assert!(matches!(mdm.upload("x", b"junk"), Err(MdmError::Unreadable(_))));
    assert!(matches!(mdm.add(device("A1")), Err(MdmError::DeviceTwice(_))));
    let to_all = mdm.assign("x", Assignment::AllDevices);
    assert!(matches!(to_all, Err(MdmError::NoProfile(_))));
    for number in 1..PROFILES_MAX {
        mdm.upload(&format!("{number}"), PROFILE.as_bytes()).unwrap();
    }
    assert!(matches!(mdm.upload("x", PROFILE.as_bytes()), Err(MdmError::Full)));
    mdm.upload("1", PROFILE.as_bytes()).unwrap();
    assert!(Mdm::of_console("windows").is_none());
}

#[test]
fn devices_are_bounded() {
    let mut mdm = Mdm::of_console("jamf").unwrap();
    for number in 0..DEVICES_MAX {
        mdm.add(device(&number.to_string())).unwrap();
    }
    assert!(matches!(mdm.add(device("x")), Err(MdmError::Full)));
}
