//! The guide's set-up made three ways: object by object with the API, as scripts do with `curl`;
//! object by object at the command line; and by one file. Each gives the same organization, to the
//! byte of its export, and lets a device in.

use serde_json::Value;
use serde_json::json;
use tests::api;
use tests::api::Api;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::outcome::Outcome;
use tests::program;
use tests::stranger::shown;

/// What an access point is called, and how the guide's file names its network's policy.
const POLICY: &str = "Mosyle devices to VLAN 20";

/// The organization's own name and address.
fn settings() -> Value {
    json!({ "name": "Example School", "base_url": "http://127.0.0.1:8080" })
}

/// The guide's objects, each for its own URL, in an order in which what is named is there.
fn objects() -> Vec<(&'static str, Value)> {
    let mut objects = pki();
    objects.extend(policies());
    objects.extend(network());
    objects
}

fn pki() -> Vec<(&'static str, Value)> {
    vec![
        (
            "certificate-authorities",
            json!({
                "name": "Example School Root CA", "type": "root",
                "common_name": "Example School Root CA",
                "key": "ecdsa-p384", "signature_algorithm": "sha384", "validity_years": 20,
            }),
        ),
        (
            "certificate-authorities",
            json!({
                "name": "Example School SCEP CA", "type": "intermediate",
                "generate_ca_for": "device-and-user-authentication",
                "issuer": "Example School Root CA",
                "key": "rsa-2048", "signature_algorithm": "sha256", "validity_years": 10,
            }),
        ),
        (
            "certificate-authorities",
            json!({
                "name": "Example School RADIUS CA", "type": "root",
                "generate_ca_for": "radius-server",
                "key": "ecdsa-p256", "signature_algorithm": "sha256", "validity_years": 20,
            }),
        ),
        (
            "server-certificates",
            json!({
                "name": "RADIUS", "certificate_authority": "Example School RADIUS CA",
                "names": ["radius.example.test"], "key": "ecdsa-p256", "validity_days": 397,
            }),
        ),
        (
            "certificate-templates",
            json!({
                "name": "Mosyle devices",
                "description": "Client certificates for Macs and iPads enrolled through Mosyle",
                "subject": "CN=${/device/clientId}", "validity_days": 365,
                "signature_algorithm": "sha256",
                "extended_key_usage": ["client-authentication"],
                "san": { "dns": ["${/device/identity}"] },
            }),
        ),
        (
            "gateways",
            json!({
                "name": "Mosyle", "description": "SCEP for the Mosyle tenant",
                "type": "scep-enrollment-token", "vendor": "other", "vendor_name": "Mosyle",
                "certificate_authority": "Example School SCEP CA",
            }),
        ),
    ]
}

fn policies() -> Vec<(&'static str, Value)> {
    vec![
        (
            "policy-workflows",
            json!({
                "name": "Mosyle devices",
                "description": "Everything enrolled through the Mosyle gateway", "match": "all",
                "rules": [{
                    "field": "identity.provider", "operator": "is-one-of", "value": ["Mosyle"],
                }],
            }),
        ),
        (
            "enrollment-policies",
            json!({
                "name": "Mosyle enrollment",
                "description": "Mosyle devices get the Mosyle template", "match": "all",
                "rules": [
                    {
                        "field": "identity.role", "operator": "is-one-of",
                        "value": ["Mosyle devices"],
                    },
                    { "field": "device.role", "operator": "is-one-of", "value": ["Default"] },
                ],
                "settings": {
                    "certificate_authority": "Example School SCEP CA",
                    "certificate_template": "Mosyle devices",
                },
            }),
        ),
        (
            "network-policies",
            json!({
                "name": POLICY, "description": "The teachers' network", "match": "all",
                "rules": [{
                    "field": "identity.role", "operator": "is-one-of",
                    "value": ["Mosyle devices"],
                }],
                "settings": { "access": "accept", "attributes": [
                    {
                        "dictionary": "RADIUS:IETF", "attribute": "Tunnel-Type", "value": "VLAN",
                    },
                    {
                        "dictionary": "RADIUS:IETF", "attribute": "Tunnel-Medium-Type",
                        "value": "IEEE-802",
                    },
                    {
                        "dictionary": "RADIUS:IETF", "attribute": "Tunnel-Private-Group-Id",
                        "value": "20",
                    },
                ] },
            }),
        ),
    ]
}

fn network() -> Vec<(&'static str, Value)> {
    vec![
        (
            "network-profiles",
            json!({
                "name": "Example-Secure", "ssid": "Example-Secure",
                "security_type": "wpa2-enterprise", "gateway": "Mosyle",
                "server_certificate": "RADIUS",
                "trusted_authorities": ["Example School RADIUS CA"],
                "radius_server_names": ["radius.example.test"],
                "auto_join": true, "disable_mac_randomization": true,
            }),
        ),
        (
            "access-points",
            json!({
                "name": "Loopback", "address": "127.0.0.1/32",
                "shared_secret": guide::SHARED_SECRET,
            }),
        ),
    ]
}

/// The guide's organization by its file.
#[track_caller]
fn by_file() -> Lab {
    let mut lab = Lab::empty();
    lab.serve();
    lab.apply(guide::GUIDE, ["--secrets", shown(&lab.csv())]).succeeded();
    lab
}

/// The guide's organization by calls of the API with a token of the first owner.
#[track_caller]
fn by_curl() -> Lab {
    let mut lab = Lab::empty();
    lab.serve();
    let api = Api::of_first_owner(&lab);
    let body = settings().to_string();
    api.ask("PUT", "/api/v1/organization/settings", &["--json", &body]).done();
    for (noun, definition) in objects() {
        let made = api.post(&format!("/api/v1/{noun}"), &definition).made();
        assert_eq!(json::at(&made, "/object/name"), json::at(&definition, "/name"), "{made:#}");
        for shown in json::list(&made, "/secrets") {
            let text = |field| json::text(shown, field);
            let (name, url, secret) = (text("/name"), text("/url"), text("/secret"));
            lab.directory.write("secrets.csv", format!("name,url,secret\n{name},{url},{secret}\n"));
        }
    }
    api::assert_nowhere(&lab, &api.token);
    lab
}

/// Runs a command on the laboratory's organization.
#[track_caller]
fn ask(lab: &Lab, arguments: &[&str]) -> Outcome {
    let mut command = program::command();
    lab.place(command.args(arguments));
    outcome::run(&mut command).succeeded()
}

/// Adds an object whose fields stand in a file.
#[track_caller]
fn add_file(lab: &Lab, noun: &str, name: &str, fields: &str) {
    let file = lab.directory.write("fields.toml", fields);
    ask(lab, &[noun, "add", name, "--file", shown(&file)]).says("1 created");
}

/// The guide's organization at the command line: over the control socket, and in one case from
/// elsewhere.
#[track_caller]
fn by_commands() -> Lab {
    let mut lab = Lab::empty();
    lab.serve();
    let organization = ["--name", "Example School", "--base-url", "http://127.0.0.1:8080"];
    ask(&lab, &[["organization", "edit"].as_slice(), &organization].concat());
    add_pki(&lab);
    add_policies(&lab);
    let sets = [
        "ssid=Example-Secure",
        "security_type=wpa2-enterprise",
        "gateway=Mosyle",
        "server_certificate=RADIUS",
        "trusted_authorities=[\"Example School RADIUS CA\"]",
        "radius_server_names=[\"radius.example.test\"]",
        "auto_join=true",
        "disable_mac_randomization=true",
    ];
    add(&lab, "network-profile", "Example-Secure", &sets);
    // From elsewhere, with a token; the secret comes from a file beside the fields.
    let api = Api::of_first_owner(&lab);
    lab.directory.write("loopback.secret", format!("{}\n", guide::SHARED_SECRET));
    let fields = "address = \"127.0.0.1/32\"\nshared_secret_file = \"loopback.secret\"\n";
    let file = lab.directory.write("fields.toml", fields);
    let mut command = program::command();
    command.args(["access-point", "add", "Loopback", "--file"]).arg(file).args(api.arguments());
    outcome::run(&mut command).succeeded().says("+ access point \"Loopback\"");
    lab
}

/// Adds an object field by field.
#[track_caller]
fn add(lab: &Lab, noun: &str, name: &str, fields: &[&str]) {
    let sets = fields.iter().flat_map(|field| ["--set", field]);
    let arguments: Vec<&str> = [noun, "add", name].into_iter().chain(sets).collect();
    ask(lab, &arguments).says("1 created");
}

#[track_caller]
fn add_pki(lab: &Lab) {
    let root = [
        "type=root",
        "common_name=Example School Root CA",
        "key=ecdsa-p384",
        "signature_algorithm=sha384",
        "validity_years=20",
    ];
    add(lab, "certificate-authority", "Example School Root CA", &root);
    let issuer = [
        "type=intermediate",
        "generate_ca_for=device-and-user-authentication",
        "issuer=Example School Root CA",
        "key=rsa-2048",
        "signature_algorithm=sha256",
        "validity_years=10",
    ];
    add(lab, "certificate-authority", "Example School SCEP CA", &issuer);
    let radius = ["type=root", "generate_ca_for=radius-server", "key=ecdsa-p256"];
    let more = ["signature_algorithm=sha256", "validity_years=20"];
    let radius = [radius.as_slice(), &more].concat();
    add(lab, "certificate-authority", "Example School RADIUS CA", &radius);
    let server = [
        "certificate_authority=Example School RADIUS CA",
        "names=[\"radius.example.test\"]",
        "key=ecdsa-p256",
        "validity_days=397",
    ];
    add(lab, "server-certificate", "RADIUS", &server);
    let template = [
        "description=Client certificates for Macs and iPads enrolled through Mosyle",
        "subject=CN=${/device/clientId}",
        "validity_days=365",
        "signature_algorithm=sha256",
        "extended_key_usage=[\"client-authentication\"]",
        "san.dns=[\"${/device/identity}\"]",
    ];
    add(lab, "certificate-template", "Mosyle devices", &template);
    let gateway = [
        "description=SCEP for the Mosyle tenant",
        "type=scep-enrollment-token",
        "vendor=other",
        "vendor_name=Mosyle",
        "certificate_authority=Example School SCEP CA",
    ];
    let csv = lab.csv();
    let sets = gateway.iter().flat_map(|field| ["--set", field]);
    let head = ["gateway", "add", "Mosyle", "--secrets", shown(&csv)];
    let arguments: Vec<&str> = head.into_iter().chain(sets).collect();
    ask(lab, &arguments).says("1 created").says("shown only there");
}

#[track_caller]
fn add_policies(lab: &Lab) {
    let workflow = [
        "description=Everything enrolled through the Mosyle gateway",
        "match=all",
        "rules=[{ field = \"identity.provider\", operator = \"is-one-of\", value = [\"Mosyle\"] }]",
    ];
    add(lab, "policy-workflow", "Mosyle devices", &workflow);
    let fields = r#"
description = "Mosyle devices get the Mosyle template"
match = "all"
rules = [
  { field = "identity.role", operator = "is-one-of", value = ["Mosyle devices"] },
  { field = "device.role", operator = "is-one-of", value = ["Default"] },
]
[settings]
certificate_authority = "Example School SCEP CA"
certificate_template = "Mosyle devices"
"#;
    add_file(lab, "enrollment-policy", "Mosyle enrollment", fields);
    let fields = r#"
description = "The teachers' network"
match = "all"
rules = [{ field = "identity.role", operator = "is-one-of", value = ["Mosyle devices"] }]
[settings]
access = "accept"
attributes = [
  { dictionary = "RADIUS:IETF", attribute = "Tunnel-Type", value = "VLAN" },
  { dictionary = "RADIUS:IETF", attribute = "Tunnel-Medium-Type", value = "IEEE-802" },
  { dictionary = "RADIUS:IETF", attribute = "Tunnel-Private-Group-Id", value = "20" },
]
"#;
    add_file(lab, "network-policy", POLICY, fields);
}

#[track_caller]
fn export(lab: &Lab) -> String {
    lab.ask(["export"]).succeeded().stdout
}

#[track_caller]
fn lets_a_device_in(lab: &Lab) {
    let identity = lab.enroll("mac-1");
    let root = lab.radius_root();
    let arguments = ["--secret", guide::SHARED_SECRET, "--trust", shown(&root), "--server-name"];
    let mut more = arguments.to_vec();
    more.push(guide::SERVER_NAME);
    let mut command = program::command();
    command.args(["authenticate", "--json", "--radius", lab.radius(), "--identity"]);
    let joined = outcome::run(command.arg(identity).args(more)).succeeded().json();
    assert_eq!(json::text(&joined, "/vlan"), "20", "{joined:#}");
}

#[test]
fn calls_of_the_api_commands_and_a_file_give_the_same_organization() {
    let file = by_file();
    let expected = export(&file);
    lets_a_device_in(&file);
    for (way, lab) in [("curl", by_curl()), ("commands", by_commands())] {
        let exported = export(&lab);
        assert_eq!(exported, expected, "by {way}");
        // Word for word also to whoever applies the guide's file to it.
        let plan = lab.apply(guide::GUIDE, ["--dry-run", "--json"]).succeeded().json();
        assert_eq!(plan["unchanged"].as_u64(), Some(guide::OBJECTS), "by {way}: {plan:#}");
        lets_a_device_in(&lab);
    }
}

#[test]
fn the_export_of_a_server_elsewhere_is_the_same_text() {
    let lab = by_file();
    let api = Api::of_first_owner(&lab);
    let mut command = program::command();
    let elsewhere = outcome::run(command.arg("export").args(api.arguments())).succeeded();
    assert_eq!(elsewhere.stdout, export(&lab));
    // A file is applied from elsewhere, too.
    let file = lab.directory.write("again.toml", guide::GUIDE);
    let mut command = program::command();
    command.arg("apply").arg(file).args(api.arguments());
    outcome::run(&mut command).succeeded().says("Nothing changed");
    lets_a_device_in(&lab);
}
