//! What may be written, what is sent of it, and every no.

use pki::general_name::GeneralName;
use pki::name::Name;

use super::*;
use crate::complaint::Complaint;
use crate::network_policy::preset::PRESETS;

fn read(json: &str) -> ReplyAttribute {
    serde_json::from_str(json).unwrap()
}

fn device(name: &str) -> Values {
    let names = [GeneralName::Email("a@b.example".into())];
    Values::of_request(&Name::parse_text(&format!("CN={name}")).unwrap(), &names)
}

fn fill(entries: &[&str], values: &Values) -> Result<Vec<EncodedAttribute>, Refusal> {
    let attributes: Vec<ReplyAttribute> = entries.iter().map(|entry| read(entry)).collect();
    Reply::prepare(&attributes).fill("P", values)
}

/// What is sent, as the dictionary shows it.
fn sent(entries: &[&str], values: &Values) -> Vec<String> {
    let shown = |one: EncodedAttribute| {
        let (name, value) = dictionary::show(one.number, &one.value);
        format!("{name} = {value}")
    };
    fill(entries, values).unwrap().into_iter().map(shown).collect()
}

fn complaints(entries: &[&str]) -> Vec<Complaint> {
    let attributes: Vec<ReplyAttribute> = entries.iter().map(|entry| read(entry)).collect();
    let mut list = Vec::new();
    check(&attributes, &mut Complaints::new("", &mut list));
    list
}

#[track_caller]
fn allowed(entry: &str, expected: &[&str]) {
    assert_eq!(complaints(&[entry]), []);
    assert_eq!(sent(&[entry], &device("mac-1")), expected, "{entry}");
}

#[track_caller]
fn refused(entry: &str, field: &str, what: &str, fix: &str) {
    let list = complaints(&[entry]);
    let [complaint] = list.as_slice() else { panic!("{list:?}") };
    assert_eq!(complaint.path, format!("settings.attributes[0].{field}"));
    assert!(complaint.what.contains(what), "{complaint}");
    assert!(complaint.fix.contains(fix), "{complaint}");
    // Saved by another version of the program, it lets nobody in.
    let refusal = fill(&[entry], &device("mac-1")).unwrap_err();
    assert_eq!(refusal.code(), "POL-ATTRIBUTE-VALUE");
}

#[test]
fn an_attribute_is_given_by_name() {
    allowed(r#"{"attribute":"Filter-Id","value":"staff"}"#, &["Filter-Id = staff"]);
    allowed(
        r#"{"dictionary":"Cisco","attribute":"Cisco-AVPair","value":"a=b"}"#,
        &["Cisco-AVPair = a=b"],
    );
    allowed(
        r#"{"dictionary":"Custom","attribute":"aruba-user-role","value":"staff"}"#,
        &["Aruba-User-Role = staff"],
    );
    allowed(
        r#"{"attribute":"Tunnel-Private-Group-Id","tag":1,"value":"20"}"#,
        &["Tunnel-Private-Group-Id = 20 (tag 1)"],
    );
}

#[test]
fn an_attribute_is_given_by_number() {
    allowed(
        r#"{"dictionary":"Custom","vendor":14988,"number":8,"type":"text","value":"5M/5M"}"#,
        &["Mikrotik-Rate-Limit = 5M/5M"],
    );
    allowed(
        r#"{"dictionary":"Custom","number":224,"type":"integer","value":"7"}"#,
        &["Attribute-224 = 0x00000007"],
    );
}

#[test]
fn a_value_may_be_made_of_variables() {
    allowed(
        r#"{"attribute":"Filter-Id","value":"f-${/device/clientId}"}"#,
        &["Filter-Id = f-mac-1"],
    );
    allowed(
        r#"{"attribute":"Filter-Id","value":"${/person/email:/device/identity}"}"#,
        &["Filter-Id = a@b.example"],
    );
    allowed(
        r#"{"dictionary":"Custom","vendor":99,"number":8,"type":"text","value":"${/device/clientId}"}"#,
        &["Attribute-26 = 0x0000006308076d61632d31"],
    );
}

#[test]
fn what_names_no_attribute_is_refused_at_its_field() {
    refused(r#"{"attribute":"Tunnel-Colour","value":"2"}"#, "attribute", "no \"Tunnel-Co", "lists");
    refused(
        r#"{"attribute":"Cisco-AVPair","value":"a=b"}"#,
        "attribute",
        "in the dictionary \"RADIUS:IETF\"",
        "dictionary = \"Cisco\"",
    );
    refused(
        r#"{"dictionary":"Sisco","attribute":"Cisco-AVPair","value":"a=b"}"#,
        "dictionary",
        "no dictionary \"Sisco\"",
        "Aruba",
    );
    refused(r#"{"value":"20"}"#, "attribute", "is missing", "preset");
    refused(r#"{"preset":"vlan-nokia","value":"2"}"#, "preset", "no preset \"vlan-nokia\"", "vlan");
    refused(r#"{"attribute":"State","value":"x"}"#, "attribute", "set by the protocol", "out");
    refused(r#"{"attribute":"NAS-Port","value":"1"}"#, "attribute", "in requests", "out");
    refused(r#"{"attribute":"Filter-Id","tag":1,"value":"x"}"#, "tag", "takes no tag", "out");
    refused(r#"{"attribute":"Tunnel-Type","tag":32,"value":"VLAN"}"#, "tag", "0 to 31", "out");
    refused(r#"{"preset":"acl","tag":1,"value":"x"}"#, "tag", "acl takes no tag", "out");
}

#[test]
fn what_contradicts_itself_is_refused_at_its_field() {
    for (field, given) in [
        ("dictionary", r#""dictionary":"Cisco""#),
        ("attribute", r#""attribute":"Filter-Id""#),
        ("vendor", r#""vendor":9"#),
        ("number", r#""number":1"#),
        ("type", r#""type":"text""#),
    ] {
        let entry = format!(r#"{{"preset":"vlan","value":"20",{given}}}"#);
        refused(&entry, field, "beside a preset", "take it out");
    }
    let custom = |more: &str| format!(r#"{{"dictionary":"Custom","value":"x",{more}}}"#);
    refused(&custom(r#""number":224"#), "type", "needs a type", "ipv6-prefix");
    refused(&custom(r#""number":224,"type":"float""#), "type", "no type \"float\"", "integer");
    let named = custom(r#""number":224,"type":"text","attribute":"Filter-Id""#);
    refused(&named, "attribute", "beside a number", "one of the two");
    refused(&custom(r#""vendor":9"#), "number", "is missing", "number");
    let typed = custom(r#""attribute":"Cisco-AVPair","type":"text""#);
    refused(&typed, "type", "its own type", "take it out");
    let plain = r#"{"number":224,"type":"text","value":"x"}"#;
    refused(plain, "dictionary", "by number", "\"Custom\"");
    let fixed = r#"{"attribute":"Filter-Id","value":"x","on_missing":"omit"}"#;
    refused(fixed, "on_missing", "never missing", "take on_missing out");
}

#[test]
fn what_the_protocol_keeps_for_itself_cannot_be_sent_by_number_either() {
    for (vendor, number, field) in [
        (None, 2, "number"),
        (None, 3, "number"),
        (None, 24, "number"),
        (None, 26, "number"),
        (None, 33, "number"),
        (None, 60, "number"),
        (None, 79, "number"),
        (None, 80, "number"),
        (None, 300, "number"),
        (Some(311), 16, "number"),
        (Some(311), 17, "number"),
        (Some(311), 26, "number"),
        (Some(429), 1, "vendor"),
        (Some(0), 1, "vendor"),
    ] {
        let vendor = vendor.map_or_else(String::new, |vendor| format!(r#""vendor":{vendor},"#));
        let entry = format!(
            r#"{{"dictionary":"Custom",{vendor}"number":{number},"type":"text","value":"x"}}"#
        );
        refused(&entry, field, "", "handbook");
    }
}

#[test]
fn a_fixed_value_that_cannot_be_sent_is_refused() {
    let value = |attribute: &str, value: &str| {
        format!(r#"{{"attribute":"{attribute}","value":"{value}"}}"#)
    };
    refused(&value("Tunnel-Private-Group-Id", "5000"), "value", "VLAN 5000", "1 to 4094");
    refused(&value("Tunnel-Type", "no such tunnel"), "value", "or one of", "whole number");
    refused(&value("Framed-IP-Address", "x"), "value", "IPv4", "192.0.2.1");
    refused(&value("Filter-Id", ""), "value", "needed", "text");
    refused(&value("Filter-Id", &"x".repeat(254)), "value", "253", "text");
    refused(&value("Filter-Id", "${/device/colour}"), "value", "/device/colour", "table");
    refused(&value("Filter-Id", "${/device/serial"), "value", "without its }", "close");
    let entry = r#"{"preset":"session-time","value":"soon"}"#;
    refused(entry, "value", "a time is a number", "8h");
    refused(r#"{"preset":"bandwidth-wispr","value":"5G"}"#, "value", "bandwidth", "20M/5M");
    refused(r#"{"preset":"idle-time","value":"0"}"#, "value", "time", "seconds");
    refused(r#"{"preset":"vlan","value":"4095"}"#, "value", "VLAN 4095", "1 to 4094");
}

#[test]
fn more_than_a_packet_holds_is_refused() {
    let long = format!(r#"{{"attribute":"Filter-Id","value":"{}"}}"#, "x".repeat(250));
    let list = complaints(&[long.as_str(); 9]);
    assert_eq!(list.len(), 1);
    assert!(list[0].what.contains("2048"), "{}", list[0]);
    let short = r#"{"attribute":"Filter-Id","value":"x"}"#;
    assert_eq!(complaints(&[short; ATTRIBUTES_MAX]), []);
    let list = complaints(&[short; ATTRIBUTES_MAX + 1]);
    assert!(list[0].what.contains("33 attributes"), "{}", list[0]);

    // What variables make of it is held to the same bound, when the device is there.
    let variable = r#"{"attribute":"Filter-Id","value":"${/device/clientId}"}"#;
    let name = "x".repeat(250);
    let policy = "P".to_owned();
    assert_eq!(fill(&[variable; 9], &device(&name)), Err(Refusal::ReplyTooLarge { policy }));
    assert_eq!(fill(&[variable; 8], &device(&name)).unwrap().len(), 8);
}

#[track_caller]
fn no(entry: &str, values: &Values, sentence: &str) {
    let refusal = fill(&[entry], values).unwrap_err();
    assert_eq!(refusal.code(), "POL-ATTRIBUTE-VALUE");
    assert_eq!(refusal.sentence(), sentence);
    let omitting = entry.replacen('{', r#"{"on_missing":"omit","#, 1);
    assert_eq!(complaints(&[&omitting]), []);
    assert_eq!(fill(&[&omitting], values), Ok(vec![]), "it can be left out");
}

#[test]
fn a_variable_without_a_value_refuses_the_device_or_leaves_the_attribute_out() {
    no(
        r#"{"attribute":"Filter-Id","value":"${/device/serial}"}"#,
        &device("mac-1"),
        "the network policy P cannot send Filter-Id: ${/device/serial} has no value",
    );
    // Not one of the three attributes of a VLAN is sent without the others.
    no(
        r#"{"preset":"vlan","value":"${/device/serial}"}"#,
        &device("mac-1"),
        "the network policy P cannot send Tunnel-Private-Group-Id: ${/device/serial} has no value",
    );
}

#[test]
fn a_value_that_cannot_be_sent_refuses_the_device_or_leaves_the_attribute_out() {
    no(
        r#"{"preset":"vlan","value":"${/device/clientId}"}"#,
        &device("5000"),
        "the network policy P cannot send Tunnel-Private-Group-Id: the value \"5000\" of \
         ${/device/clientId}: VLAN 5000 is outside 1 to 4094",
    );
    let long = "x".repeat(300);
    let shown = "x".repeat(SHOWN_CHARS_MAX);
    no(
        r#"{"attribute":"Filter-Id","value":"${/device/clientId}"}"#,
        &device(&long),
        &format!(
            "the network policy P cannot send Filter-Id: the value \"{shown}…\" of \
             ${{/device/clientId}}: Filter-Id takes at most 253 bytes"
        ),
    );
    no(
        r#"{"dictionary":"Custom","vendor":9,"number":200,"type":"ipv4","value":"${/device/clientId}"}"#,
        &device("mac-1"),
        "the network policy P cannot send attribute 200 of vendor 9: the value \"mac-1\" of \
         ${/device/clientId}: the attribute is an IPv4 address such as 192.0.2.1",
    );
    no(
        r#"{"preset":"session-time","value":"${/device/clientId}"}"#,
        &device("mac-1"),
        "the network policy P cannot send Session-Timeout: the value \"mac-1\" of \
         ${/device/clientId}: a time is a number, or one with s, m, h or d behind it",
    );
}

#[test]
fn every_preset_sends_its_example() {
    for preset in &PRESETS {
        let entry = format!(r#"{{"preset":"{}","value":"{}"}}"#, preset.name, preset.example);
        assert_eq!(complaints(&[&entry]), [], "{}", preset.name);
        let sent = fill(&[&entry], &Values::default()).unwrap();
        assert_eq!(sent.len(), preset.pieces.len(), "{}", preset.name);
        assert!(!preset.vendors.is_empty() && !preset.meaning.is_empty());
        let same = PRESETS.iter().filter(|other| other.name == preset.name);
        assert_eq!(same.count(), 1, "{}", preset.name);
    }
}

#[test]
fn presets_send_what_their_vendors_take() {
    let tunnel = ["Tunnel-Type = VLAN", "Tunnel-Medium-Type = IEEE-802"];
    let vlan = |group| [tunnel[0], tunnel[1], group];
    allowed(r#"{"preset":"vlan","value":"20"}"#, &vlan("Tunnel-Private-Group-Id = 20"));
    let tagged = [
        "Tunnel-Type = VLAN (tag 1)",
        "Tunnel-Medium-Type = IEEE-802 (tag 1)",
        "Tunnel-Private-Group-Id = 20 (tag 1)",
    ];
    allowed(r#"{"preset":"vlan","value":"20","tag":1}"#, &tagged);
    let named = r#"{"preset":"vlan","value":"of-${/device/clientId}"}"#;
    allowed(named, &vlan("Tunnel-Private-Group-Id = of-mac-1"));
    let mikrotik = ["Mikrotik-Wireless-VLANID = 30", "Mikrotik-Wireless-VLANID-Type = 802.1q"];
    allowed(r#"{"preset":"vlan-mikrotik","value":"30"}"#, &mikrotik);
    let extreme = ["Extreme-Netlogin-Extended-Vlan = U20"];
    allowed(r#"{"preset":"vlan-extreme","value":"20"}"#, &extreme);
    let hours = ["Session-Timeout = 28800", "Termination-Action = RADIUS-Request"];
    allowed(r#"{"preset":"session-time","value":"8h"}"#, &hours);
    allowed(r#"{"preset":"idle-time","value":"90"}"#, &["Idle-Timeout = 90"]);
    let both = ["WISPr-Bandwidth-Max-Down = 20000000", "WISPr-Bandwidth-Max-Up = 512000"];
    allowed(r#"{"preset":"bandwidth-wispr","value":"20M/512k"}"#, &both);
    let same = ["WISPr-Bandwidth-Max-Down = 1000", "WISPr-Bandwidth-Max-Up = 1000"];
    allowed(r#"{"preset":"bandwidth-wispr","value":"1000"}"#, &same);
}

#[test]
fn the_lines_of_an_access_list_are_numbered() {
    let line = |rule: &str| format!(r#"{{"preset":"acl-cisco","value":"{rule}"}}"#);
    let (first, second) = (line("permit udp any any eq 53"), line("deny ip any any"));
    let other = r#"{"preset":"acl","value":"x"}"#;
    assert_eq!(
        sent(&[&first, other, &second], &Values::default()),
        [
            "Cisco-AVPair = ip:inacl#10=permit udp any any eq 53",
            "Filter-Id = x",
            "Cisco-AVPair = ip:inacl#20=deny ip any any"
        ]
    );
}

#[test]
fn the_vlan_is_the_one_that_was_sent() {
    let of = |entries: &[&str]| vlan(&fill(entries, &device("20")).unwrap());
    let standard = r#"{"preset":"vlan","value":"${/device/clientId}","tag":1}"#;
    let aruba = r#"{"preset":"vlan-aruba","value":"30"}"#;
    assert_eq!(of(&[standard]).as_deref(), Some("20"));
    assert_eq!(of(&[aruba]).as_deref(), Some("30"));
    assert_eq!(of(&[aruba, standard]).as_deref(), Some("20"));
    assert_eq!(of(&[r#"{"preset":"acl","value":"40"}"#]), None);
    let number = r#"{"dictionary":"Custom","vendor":14823,"number":2,"type":"vlan","value":"7"}"#;
    assert_eq!(of(&[number]).as_deref(), Some("7"));
    let omitted = r#"{"preset":"vlan","value":"${/device/serial}","on_missing":"omit"}"#;
    assert_eq!(of(&[omitted]), None);
}

#[test]
fn an_entry_is_kept_as_it_was_written() {
    for entry in [
        r#"{"preset":"vlan","tag":1,"value":"20"}"#,
        r#"{"attribute":"Filter-Id","value":"staff"}"#,
        r#"{"dictionary":"RADIUS:IETF","attribute":"Filter-Id","value":"staff"}"#,
        r#"{"dictionary":"Custom","vendor":9,"number":1,"type":"text","value":"a=b"}"#,
        r#"{"preset":"acl","value":"${/device/serial}","on_missing":"omit"}"#,
    ] {
        assert_eq!(serde_json::to_string(&read(entry)).unwrap(), entry);
    }
    assert!(serde_json::from_str::<ReplyAttribute>(r#"{"colour":"red"}"#).is_err());
}
