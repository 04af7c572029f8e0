//! The table of attributes: what a policy may write, what it is told when it may not.

use proptest::prelude::*;
use radius::attribute::Kind;
use radius::attribute::Use;
use radius::attribute::kind::KINDS;
use radius::dictionary;
use radius::dictionary::custom;

#[cfg(test)]
fn encode(name: &str, value: &str, tag: u8) -> Result<Vec<u8>, String> {
    let attribute = dictionary::all().find(|attribute| attribute.name == name).unwrap();
    attribute.encode(value, tag).map_err(|error| error.to_string())
}

#[cfg(test)]
fn check(name: &str, value: &str, expected: &[u8], shown: &str) {
    let bytes = encode(name, value, 0).unwrap();
    assert_eq!(bytes, expected);
    let attribute = dictionary::all().find(|attribute| attribute.name == name).unwrap();
    assert_eq!(attribute.show(&bytes), shown);
    assert_eq!(dictionary::recognize(attribute.wire_number(), &bytes), Some(attribute));
}

#[cfg(test)]
fn refused(name: &str, value: &str, sentence: &str) {
    assert_eq!(encode(name, value, 0), Err(sentence.to_owned()));
}

#[test]
fn the_three_attributes_of_a_vlan_are_untagged_by_default() {
    check("Tunnel-Type", "VLAN", &[0, 0, 0, 13], "VLAN");
    check("Tunnel-Medium-Type", "IEEE-802", &[0, 0, 0, 6], "IEEE-802");
    check("Tunnel-Private-Group-Id", "20", b"20", "20");
    check("Tunnel-Private-Group-Id", "teachers", b"teachers", "teachers");
}

#[test]
fn a_tag_stands_before_the_value() {
    assert_eq!(encode("Tunnel-Type", "vlan", 1).unwrap(), [1, 0, 0, 13]);
    assert_eq!(encode("Tunnel-Private-Group-Id", "20", 1).unwrap(), b"\x0120");
    let attribute = dictionary::find("RADIUS:IETF", "Tunnel-Private-Group-Id").unwrap();
    assert_eq!(attribute.show(b"\x0120"), "20 (tag 1)");
    assert_eq!(attribute.show(b"\x0020"), "20");
    assert!(encode("Tunnel-Type", "VLAN", 32).unwrap_err().contains("0 to 31"));
    assert_eq!(encode("Filter-Id", "x", 1), Err("Filter-Id takes no tag".to_owned()));
}

#[test]
fn every_kind_of_value_is_written_and_shown() {
    check("Filter-Id", "staff.in", b"staff.in", "staff.in");
    check("Session-Timeout", "3600", &[0, 0, 14, 16], "3600");
    check("Session-Timeout", "0x10", &[0, 0, 0, 16], "16");
    check("Termination-Action", "radius-request", &[0, 0, 0, 1], "RADIUS-Request");
    check("Framed-IP-Address", "192.0.2.1", &[192, 0, 2, 1], "192.0.2.1");
    check("Class", "0x00ff", &[0, 255], "0x00ff");
    check("Class", "staff", b"staff", "staff");
    check("Framed-IPv6-Prefix", "2001:db8::/32", &[0, 32, 32, 1, 13, 184], "2001:db8::/32");
    let interface = "0x0011223344556677";
    check("Framed-Interface-Id", interface, &[0, 17, 34, 51, 68, 85, 102, 119], interface);
    let address = [32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    check("Framed-IPv6-Address", "2001:db8::1", &address, "2001:db8::1");
}

#[test]
fn a_vendors_attribute_carries_its_vendor() {
    check("Cisco-AVPair", "a=b", &[0, 0, 0, 9, 1, 5, b'a', b'=', b'b'], "a=b");
    check("Aruba-User-VLAN", "20", &[0, 0, 57, 231, 2, 6, 0, 0, 0, 20], "20");
    assert!(dictionary::find("Custom", "cisco-avpair").is_some());
    assert!(dictionary::find("aruba", "Aruba-User-Role").is_some());
    assert!(dictionary::find("RADIUS:IETF", "Cisco-AVPair").is_none());
}

#[test]
fn a_vendors_named_values_and_vlans_are_written_and_shown() {
    check("Airespace-QOS-Level", "platinum", &[0, 0, 55, 99, 2, 6, 0, 0, 0, 2], "Platinum");
    check("Mikrotik-Wireless-VLANID", "30", &[0, 0, 58, 140, 26, 6, 0, 0, 0, 30], "30");
    check("WISPr-Bandwidth-Max-Up", "1000", &[0, 0, 55, 42, 7, 6, 0, 0, 3, 232], "1000");
    check("Aruba-Named-User-VLAN", "ab", &[0, 0, 57, 231, 9, 4, b'a', b'b'], "ab");
    check("MS-Primary-DNS-Server", "192.0.2.1", &[0, 0, 1, 55, 28, 6, 192, 0, 2, 1], "192.0.2.1");
}

#[cfg(test)]
fn vlan_of(name: &str, value: &str, tag: u8) -> Option<String> {
    let attribute = dictionary::all().find(|attribute| attribute.name == name).unwrap();
    dictionary::vlan(attribute.wire_number(), &attribute.encode(value, tag).unwrap())
}

#[test]
fn the_vlan_is_read_from_whatever_attribute_names_it() {
    for (name, value, tag) in [
        ("Tunnel-Private-Group-Id", "20", 0),
        ("Tunnel-Private-Group-Id", "teachers", 1),
        ("Aruba-User-VLAN", "20", 0),
        ("Aruba-Named-User-VLAN", "teachers", 0),
        ("Mikrotik-Wireless-VLANID", "20", 0),
    ] {
        assert_eq!(vlan_of(name, value, tag).as_deref(), Some(value), "{name}");
    }
    assert_eq!(vlan_of("Filter-Id", "20", 0), None);
    assert_eq!(vlan_of("Tunnel-Type", "VLAN", 0), None);
    assert_eq!(dictionary::vlan(26, b"x"), None);
}

#[cfg(test)]
fn check_custom(vendor: Option<u32>, number: u32, kind: Kind, value: &str, expected: &[u8]) {
    let attribute = custom::find(vendor, number, kind).unwrap();
    assert_eq!(attribute.encode(value, 0).unwrap(), expected, "{kind:?}");
}

#[test]
fn an_attribute_without_a_name_is_sent_by_number() {
    check_custom(Some(99), 7, Kind::Text, "ab", &[0, 0, 0, 99, 7, 4, b'a', b'b']);
    check_custom(Some(99), 7, Kind::Integer, "1", &[0, 0, 0, 99, 7, 6, 0, 0, 0, 1]);
    check_custom(Some(99), 7, Kind::Vlan, "20", &[0, 0, 0, 99, 7, 6, 0, 0, 0, 20]);
    check_custom(None, 224, Kind::Time, "1970-01-02", &[0, 1, 81, 128]);
    check_custom(None, 224, Kind::Address, "192.0.2.1", &[192, 0, 2, 1]);
    check_custom(None, 224, Kind::Octets, "0x00ff", &[0, 255]);
    check_custom(None, 224, Kind::Prefix6, "2001:db8::/32", &[0, 32, 32, 1, 13, 184]);
    check_custom(None, 224, Kind::TaggedInteger, "13", &[0, 0, 0, 13]);
    let moment = custom::find(None, 224, Kind::Time).unwrap().encode("soon", 0).unwrap_err();
    assert_eq!(
        moment.to_string(),
        "the attribute is a moment such as 2026-12-31T18:00:00Z or 2026-12-31, or seconds since 1970"
    );
}

#[cfg(test)]
fn no_custom(vendor: Option<u32>, number: u32, field: &str, sentence: &str) {
    let error = custom::find(vendor, number, Kind::Text).unwrap_err();
    assert_eq!((error.field(), error.to_string().as_str()), (field, sentence));
}

#[test]
fn a_number_that_no_policy_may_send_is_refused() {
    for attribute in dictionary::all().filter(|attribute| attribute.allowed != Use::Policy) {
        let vendor = attribute.vendor.map(|(_, number)| number);
        let sentence = format!("{} cannot be set by a policy", attribute.name);
        no_custom(vendor, attribute.number.into(), "number", &sentence);
    }
    no_custom(None, 0, "number", "the number 0 is outside 1 to 255");
    no_custom(Some(9), 256, "number", "the number 256 is outside 1 to 255");
    no_custom(None, 241, "number", "the number 241 is one of the extended attributes (RFC 6929)");
    no_custom(None, 103, "number", "the number 103 belongs to another way of logging in");
    no_custom(Some(0), 1, "vendor", "the vendor 0 is outside 1 to 16777215");
    no_custom(Some(0x0100_0000), 1, "vendor", "the vendor 16777216 is outside 1 to 16777215");
    let otherwise =
        "the attributes of vendor 429 are not built from one byte of type and one of length";
    no_custom(Some(429), 1, "vendor", otherwise);
}

#[test]
fn every_kind_has_one_name_that_leads_back_to_it() {
    for (kind, name, form) in KINDS {
        assert_eq!((Kind::parse(name), kind.name()), (Some(kind), name));
        assert!(!form.is_empty());
    }
    assert_eq!(Kind::parse("colour"), None);
    let known = dictionary::all().all(|attribute| !attribute.kind.name().is_empty());
    assert!(known, "a kind has no name");
}

#[test]
fn every_dictionary_is_told_once() {
    let names: Vec<_> = dictionary::names().collect();
    assert_eq!(names.first(), Some(&("RADIUS:IETF", None)));
    assert!(names.contains(&("Aruba", Some(14823))));
    for (index, one) in names.iter().enumerate() {
        assert!(!names[index + 1..].contains(one), "{one:?}");
    }
}

#[test]
fn names_are_found_in_any_letter_case() {
    let attribute = dictionary::find("radius:ietf", "tunnel-type").unwrap();
    assert_eq!((attribute.number, attribute.name), (64, "Tunnel-Type"));
    assert!(dictionary::find("RADIUS:IETF", "No-Such-Attribute").is_none());
}

#[test]
fn a_value_out_of_bounds_is_refused_in_a_sentence() {
    refused("Tunnel-Private-Group-Id", "5000", "VLAN 5000 is outside 1 to 4094");
    refused("Tunnel-Private-Group-Id", " ", "Tunnel-Private-Group-Id needs a value");
    refused("Session-Timeout", "-1", "Session-Timeout is a whole number from 0 to 4294967295");
    refused(
        "Session-Timeout",
        "4294967296",
        "Session-Timeout is a whole number from 0 to 4294967295",
    );
    refused(
        "Tunnel-Preference",
        "16777216",
        "Tunnel-Preference is a whole number from 0 to 16777215",
    );
    refused(
        "Termination-Action",
        "Reboot",
        "Termination-Action is a whole number from 0 to 4294967295, or one of Default, RADIUS-Request",
    );
    refused("Filter-Id", &"x".repeat(254), "Filter-Id takes at most 253 bytes");
    refused("Cisco-AVPair", &"x".repeat(248), "Cisco-AVPair takes at most 247 bytes");
    let address = "Framed-IP-Address is an IPv4 address such as 192.0.2.1";
    refused("Framed-IP-Address", "192.0.2", address);
    refused(
        "Framed-IPv6-Address",
        "::g",
        "Framed-IPv6-Address is an IPv6 address such as 2001:db8::1",
    );
    let prefix = "Framed-IPv6-Prefix is an IPv6 prefix such as 2001:db8::/64";
    refused("Framed-IPv6-Prefix", "2001:db8::/129", prefix);
    refused("Framed-IPv6-Prefix", "2001:db8::", prefix);
    refused("Framed-IPv6-Prefix", "2001:db8::1/64", prefix);
    let vlan = "VLAN 5000 is outside 1 to 4094";
    refused("Aruba-User-VLAN", "5000", vlan);
    refused("Aruba-User-VLAN", "teachers", "a VLAN is a number from 1 to 4094");
    refused("Extreme-Netlogin-Vlan", "5000", vlan);
    let text = "Filter-Id is text without control characters";
    refused("Filter-Id", "staff\nadmin", text);
    let hexadecimal = "Class is text, or pairs of hexadecimal digits after 0x";
    refused("Class", "0x123", hexadecimal);
    refused("Class", "0xzz", hexadecimal);
    refused("Framed-Interface-Id", "0x11", "Framed-Interface-Id is sixteen hexadecimal digits");
}

#[test]
fn what_the_protocol_sets_no_policy_may_set() {
    for name in [
        "State",
        "EAP-Message",
        "Message-Authenticator",
        "Proxy-State",
        "User-Password",
        "Vendor-Specific",
        "MS-MPPE-Send-Key",
        "MS-MPPE-Recv-Key",
        "Tunnel-Password",
    ] {
        refused(
            name,
            "x",
            &format!("{name} is set by the protocol itself and cannot be set by a policy"),
        );
    }
    let sentence =
        "NAS-Identifier belongs in requests of access points and cannot be set by a policy";
    refused("NAS-Identifier", "x", sentence);
}

#[test]
fn no_name_or_number_stands_twice_in_the_table() {
    let attributes: Vec<_> = dictionary::all().collect();
    for (index, one) in attributes.iter().enumerate() {
        for other in &attributes[index + 1..] {
            assert!(!one.name.eq_ignore_ascii_case(other.name), "{}", one.name);
            assert!((one.vendor, one.number) != (other.vendor, other.number), "{}", one.name);
        }
    }
    assert!(attributes.iter().any(|attribute| attribute.allowed == Use::Policy));
}

#[test]
fn an_unknown_attribute_is_shown_by_number_and_digits() {
    assert_eq!(dictionary::show(250, &[1, 2]), ("Attribute-250".to_owned(), "0x0102".to_owned()));
    let vendor = dictionary::show(26, &[0, 0, 0, 1, 1, 3, 0]);
    assert_eq!(vendor.0, "Attribute-26");
    assert_eq!(dictionary::show(26, &[0]).1, "0x00");
}

#[test]
fn control_characters_are_never_shown_as_they_are() {
    assert_eq!(dictionary::show(11, b"a\x1b[31m").1, "0x611b5b33316d");
    assert_eq!(dictionary::show(11, b"\xff").1, "0xff");
}

proptest! {
    #[test]
    fn any_bytes_can_be_shown(number: u8, bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let (name, value) = dictionary::show(number, &bytes);
        prop_assert!(!name.is_empty());
        prop_assert!(!value.chars().any(char::is_control));
    }

    #[test]
    fn any_text_is_encoded_or_refused_without_harm(value in ".{0,40}", tag: u8) {
        for attribute in dictionary::all() {
            if let Ok(bytes) = attribute.encode(&value, tag) {
                prop_assert!(!bytes.is_empty() && bytes.len() <= 253);
            }
        }
    }

    #[test]
    fn what_is_shown_of_a_value_means_the_same_when_it_is_typed(value in "[!-~äß]{1,20}") {
        for attribute in dictionary::all() {
            let Ok(bytes) = attribute.encode(&value, 0) else { continue };
            let shown = attribute.show(&bytes);
            prop_assert_eq!(attribute.encode(&shown, 0), Ok(bytes), "{}", attribute.name);
        }
    }

    #[test]
    fn what_is_shown_of_a_number_means_the_same_when_it_is_typed(number: u32, small in 1_u32..100) {
        for (attribute, number) in dictionary::all().flat_map(|a| [(a, number), (a, small)]) {
            let Ok(bytes) = attribute.encode(&number.to_string(), 0) else { continue };
            let shown = attribute.show(&bytes);
            prop_assert_eq!(attribute.encode(&shown, 0), Ok(bytes), "{}", attribute.name);
        }
    }
}
