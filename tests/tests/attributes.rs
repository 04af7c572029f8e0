//! What an access point is told with an accept, as strangers read it: `eapol_test` byte by byte,
//! and a FreeRADIUS on the way by its own dictionaries.

use tests::forwarder::Forwarder;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::program;
use tests::supplicant::Supplicant;

/// The first attribute of the guide's policy; the others stand below it.
const FIRST: &str =
    "  { dictionary = \"RADIUS:IETF\", attribute = \"Tunnel-Type\", value = \"VLAN\" },\n";

const SECOND: &str = "  { dictionary = \"RADIUS:IETF\", attribute = \"Tunnel-Medium-Type\", value = \"IEEE-802\" },\n";

const THIRD: &str = "  { dictionary = \"RADIUS:IETF\", attribute = \"Tunnel-Private-Group-Id\", value = \"20\" },\n";

/// The guide's organization where an accept carries these attributes.
fn sending(attributes: &str) -> String {
    guide::with([(FIRST, attributes), (SECOND, ""), (THIRD, "")])
}

const MANY: &str = r#"
  { preset = "vlan", value = "of-${/device/clientId}" },
  { dictionary = "Cisco", attribute = "Cisco-AVPair", value = "device-traffic-class=voice" },
  { preset = "role-aruba", value = "staff" },
  { dictionary = "Custom", vendor = 14988, number = 8, type = "text", value = "5M/20M" },
  { preset = "acl-cisco", value = "permit ip any any" },
  { preset = "vlan-mikrotik", value = "30" },
  { preset = "session-time", value = "8h" },
  { attribute = "Filter-Id", value = "${/device/serial}", on_missing = "omit" },
"#;

#[test]
fn strangers_read_every_attribute_of_an_accept() {
    let lab = Lab::of(&sending(MANY));
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let joined = Supplicant::new(&identity, &root).join(lab.radius()).is_in();
    let joined = joined.is_in_vlan("of-mac-1");
    // Cisco is 9, Aruba 14823, MikroTik 14988.
    let pair: String = "device-traffic-class=voice".bytes().map(|b| format!("{b:02x}")).collect();
    joined
        .carries(&format!("00000009011c{pair}"))
        .carries("000039e701077374616666")
        .carries("00003a8c0808354d2f32304d")
        .carries("00003a8c1a060000001e");

    // FreeRADIUS, which knows the names, reads the same.
    let forwarder = Forwarder::start(lab.radius());
    Supplicant::new(&identity, &root).join(&forwarder.address).is_in();
    let log = forwarder.stop();
    for line in [
        "Tunnel-Type:0 = VLAN",
        "Tunnel-Medium-Type:0 = IEEE-802",
        "Tunnel-Private-Group-Id:0 = \"of-mac-1\"",
        "Cisco-AVPair = \"device-traffic-class=voice\"",
        "Cisco-AVPair = \"ip:inacl#10=permit ip any any\"",
        "Aruba-User-Role = \"staff\"",
        "Mikrotik-Rate-Limit = \"5M/20M\"",
        "Mikrotik-Wireless-VLANID = 30",
        "Session-Timeout = 28800",
        "Termination-Action = RADIUS-Request",
    ] {
        assert!(log.contains(line), "no {line} in {log}");
    }
    assert!(!log.contains("Filter-Id"), "{log}");

    let event = lab.event("mac-1", |event| event["outcome"] == "accepted" && event["tls"] == "1.2");
    assert_eq!(event["vlan"], "of-mac-1", "{event:#}");
    let told = lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded().json();
    assert_eq!(json::text(&told, "/vlan"), "of-mac-1");
}

#[test]
fn a_device_whose_value_cannot_be_sent_is_refused_and_we_know_why() {
    let lab = Lab::of(&sending("  { preset = \"vlan\", value = \"${/device/clientId}\" },\n"));
    let root = lab.radius_root();
    let good = lab.enroll("300");
    Supplicant::new(&good, &root).join(lab.radius()).is_in().is_in_vlan("300");
    let bad = lab.enroll("5000");
    Supplicant::new(&bad, &root).join(lab.radius()).is_refused();
    let event = lab.refusal("POL-ATTRIBUTE-VALUE");
    let sentence = json::text(&event, "/reason/sentence");
    assert!(sentence.contains("VLAN 5000 is outside 1 to 4094"), "{event:#}");
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_line_and_a_fix() {
    let lab = Lab::empty();
    let many = "  { preset = \"vlan\", value = \"5000\" },\n  \
                { dictionary = \"Custom\", vendor = 311, number = 17, type = \"octets\", value = \"x\" },\n";
    let refused = lab.apply(&sending(many), ["--secrets", "secrets.csv"]).refused();
    refused
        .complains("VLAN 5000 is outside 1 to 4094")
        .complains("settings.attributes[1].number")
        .complains("MS-MPPE-Recv-Key cannot be set by a policy");
}

#[test]
fn what_policies_may_send_is_listed_without_an_organization() {
    let presets = program::run(["network-policy", "presets"]).succeeded();
    presets.says("vlan-mikrotik").says("Mikrotik-Wireless-VLANID = VALUE");
    let dictionaries = program::run(["network-policy", "dictionary"]).succeeded();
    dictionaries.says("RADIUS:IETF").says("14823");
    let aruba =
        program::run(["network-policy", "dictionary", "aruba", "--json"]).succeeded().json();
    assert_eq!(json::text(&aruba, "/attributes/0/name"), "Aruba-User-Role");
    program::run(["network-policy", "dictionary", "Sisco"])
        .refused()
        .complains("use one of RADIUS:IETF");
}
