//! Profiles, as others read them and as a device takes them: rendered by the program, read by
//! Python, OpenSSL, xmllint, NetworkManager and wpa_supplicant; installed by a simulated device that
//! enrolls and then trusts only whom its profile names.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use tests::directory;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::outcome;
use tests::outcome::Outcome;
use tests::program;
use tests::stranger;
use tests::stranger::shown;
use tests::supplicant;
use tests::wire::Wire;

const PROFILE: &str = "Example-Secure";
const FILE: &str = "example-secure.mobileconfig";
const SERIAL: &str = "%SerialNumber%=C02X1234";
const SECRET: [&str; 2] = ["--secret", guide::SHARED_SECRET];

/// The guide's organization, served, with the address that it is served at in its profiles.
#[track_caller]
fn lab() -> Lab {
    let lab = Lab::of_guide();
    lab.publish_address();
    lab
}

#[track_caller]
fn mobileconfig(lab: &Lab) -> PathBuf {
    lab.render(PROFILE, "mosyle", []).join(FILE)
}

/// The same file with something in another place.
#[track_caller]
fn changed(file: &Path, what: &str, with: &str) -> PathBuf {
    let text = directory::text(file);
    assert!(text.contains(what), "no {what} in {text}");
    let changed = file.with_extension("changed");
    directory::write(&changed, text.replacen(what, with, 1));
    changed
}

fn payload<'a>(profile: &'a Value, kind: &str) -> &'a Value {
    let mut payloads = json::list(profile, "/PayloadContent").iter();
    let is_meant = |payload: &&Value| json::text(payload, "/PayloadType") == kind;
    payloads.find(is_meant).expect("the payload is there")
}

#[test]
fn python_reads_a_profile_as_it_was_meant() {
    let lab = lab();
    let profile = stranger::property_list(&mobileconfig(&lab));
    assert_eq!(profile["PayloadType"], "Configuration");
    let scep = &payload(&profile, "com.apple.security.scep")["PayloadContent"];
    assert!(json::text(scep, "/URL").starts_with(&lab.url("/scep/mosyle/p-")), "{scep:#}");
    assert_eq!(scep["Subject"], serde_json::json!([[["CN", "%SerialNumber%"]]]));
    assert_eq!(scep["Keysize"], 2048);
    let root = lab.authority("example-school-root-ca");
    let fingerprint = stranger::openssl(["x509", "-noout", "-fingerprint", "-in", shown(&root)]);
    let fingerprint = fingerprint.succeeded().stdout.trim().replace(':', "").to_lowercase();
    assert!(fingerprint.ends_with(json::text(scep, "/CAFingerprint")), "{fingerprint}");
    let wifi = payload(&profile, "com.apple.wifi.managed");
    assert_eq!(wifi["SSID_STR"], PROFILE);
    let eap = &wifi["EAPClientConfiguration"];
    assert_eq!(eap["AcceptEAPTypes"], serde_json::json!([13]));
    assert_eq!(eap["TLSTrustedServerNames"], serde_json::json!([guide::SERVER_NAME]));
    let anchor = &eap["PayloadCertificateAnchorUUID"][0];
    let payloads = json::list(&profile, "/PayloadContent");
    assert!(payloads.iter().any(|payload| &payload["PayloadUUID"] == anchor), "{profile:#}");
}

#[test]
fn what_is_xml_is_well_formed_and_networkmanager_takes_its_keyfile() {
    let lab = lab();
    for platform in ["mosyle", "windows", "eap-config"] {
        let folder = lab.render(PROFILE, platform, []);
        let files = directory::contents(&folder);
        let is_xml = |name: &str| {
            [".mobileconfig", ".xml", ".eap-config"].iter().any(|ending| name.ends_with(ending))
        };
        let xml: Vec<_> = files.iter().filter(|(file, _)| is_xml(shown(file))).collect();
        assert!(!xml.is_empty(), "{platform}: {files:?}");
        xml.iter().for_each(|(file, _)| stranger::is_well_formed(file));
    }
    let keyfile = lab.render(PROFILE, "linux", []).join("example-secure.nmconnection");
    let read = stranger::nmcli_reads(&keyfile).succeeded();
    for line in ["eap=tls;", "domain-match=radius.example.test", "key-mgmt=wpa-eap"] {
        assert!(read.stdout.contains(line), "no {line} in {}", read.stdout);
    }
}

#[test]
fn a_profile_is_compared_with_the_organization_and_access_points_are_told_of_it() {
    let lab = lab();
    let file = mobileconfig(&lab);
    let inspect = |file: &Path| lab.ask(["inspect", shown(file), "--console", "mosyle"]);
    inspect(&file).succeeded().says("No problems found.").says("CN=%SerialNumber%");
    let wrong = changed(&file, guide::SERVER_NAME, "radius.exmaple.test");
    let told = inspect(&wrong).ended_with(1);
    told.says("problem PROFILE-NAME").says("fix   add radius.example.test");
    let junk = lab.directory.write("junk.mobileconfig", "junk");
    inspect(&junk).refused().complains("content: ");
    let configure = ["network-profile", "configure", PROFILE, "--for", "hostapd", "--address"];
    let [noun, verb, name, option, vendor, address] = configure;
    let told = lab.ask([noun, verb, name, option, vendor, address, "192.0.2.10"]).succeeded();
    told.says("auth_server_addr=192.0.2.10").says("THE-SHARED-SECRET");
}

/// The profile around which OpenSSL put a signature.
#[track_caller]
fn signed(lab: &Lab, file: &Path) -> PathBuf {
    let identity = stranger::foreign_identity(&lab.directory);
    let signed = file.with_extension("signed");
    let (certificate, key) = (identity.join("certificate.pem"), identity.join("key.pem"));
    let sign = ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", shown(file)];
    let by = ["-signer", shown(&certificate), "-inkey", shown(&key), "-out", shown(&signed)];
    stranger::openssl(sign.into_iter().chain(by)).succeeded();
    signed
}

#[test]
fn a_device_takes_a_signed_profile_says_who_signed_it_and_refuses_a_changed_one() {
    let lab = lab();
    let signed = signed(&lab, &mobileconfig(&lab));
    let verify = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in"];
    stranger::openssl(verify.into_iter().chain([shown(&signed)])).succeeded();
    let enrolled = lab.enroll_by(&signed, "signed", ["--set", SERIAL]).succeeded();
    assert_eq!(enrolled.json()["signed_by"], serde_json::json!(["foreign-device"]));
    enrolled.complains("Signed by foreign-device").complains("could not fill in its variables");
    let mut bytes = directory::bytes(&signed);
    let place = bytes.windows(6).position(|window| window == b"System").expect("it says System");
    bytes[place] = b'$';
    directory::write(&signed, bytes);
    let refused = lab.enroll_by(&signed, "tampered", ["--set", SERIAL]).refused();
    refused.complains("the signature of foreign-device does not fit");
    assert!(!lab.directory.file("tampered").exists());
}

#[test]
fn openssl_verifies_the_profile_for_one_mac_which_then_enrolls_by_it() {
    let lab = lab();
    lab.ask(["device", "add", "Mac of Anna", "--serial", "C02X1234"]).succeeded();
    let file = lab.render(PROFILE, "apple", ["--device", "C02X1234"]).join(FILE);
    let root = lab.authority("example-school-root-ca");
    let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-CAfile"];
    let arguments = verify.into_iter().chain([shown(&root), "-in", shown(&file)]);
    stranger::openssl(arguments).succeeded().says("<string>C02X1234</string>");
    let enrolled = lab.enroll_by(&file, "mac-1", []).succeeded().json();
    assert_eq!(enrolled["subject"], "CN=C02X1234", "{enrolled:#}");
    assert_eq!(json::list(&enrolled, "/signed_by").len(), 1, "{enrolled:#}");
}

#[test]
fn openssl_opens_the_bundle_of_one_device_in_both_forms() {
    let lab = lab();
    lab.ask(["device", "add", "Printer", "--serial", "PRN-0042"]).succeeded();
    let folder = lab.directory.file("printer");
    let order = ["network-profile", "render", PROFILE, "--for", "p12", "--device", "PRN-0042"];
    let [a, b, c, d, e, f, g] = order;
    let out = ["--json", "--out", shown(&folder)];
    let rendered = lab.ask([a, b, c, d, e, f, g, out[0], out[1], out[2]]).succeeded().json();
    let password = format!("pass:{}", json::text(&rendered, "/password"));
    for (file, form) in [("printer", None), ("printer-legacy", Some("-legacy"))] {
        let bundle = folder.join(format!("example-secure-{file}.p12"));
        let open = ["pkcs12", "-nodes", "-in", shown(&bundle), "-passin"];
        let with = |password| open.into_iter().chain([password]).chain(form);
        let opened = stranger::openssl(with(&password)).succeeded();
        opened.says("CN = PRN-0042").says("BEGIN PRIVATE KEY").says("CN = Example School SCEP CA");
        assert_ne!(stranger::openssl(with("pass:another")).status, 0);
    }
}

#[test]
fn a_device_enrolls_by_a_profile_and_joins_as_it_says() {
    let lab = lab();
    let file = mobileconfig(&lab);
    let enrolled = lab.enroll_by(&file, "c02x1234", ["--set", SERIAL]).succeeded().json();
    assert_eq!(enrolled["subject"], "CN=C02X1234", "{enrolled:#}");
    assert_eq!(enrolled["warnings"], serde_json::json!([]), "{enrolled:#}");
    let identity = lab.directory.file("c02x1234");
    let trust: Value =
        serde_json::from_str(&directory::text(&identity.join("trust.json"))).unwrap();
    assert_eq!(trust["names"], serde_json::json!([guide::SERVER_NAME]));
    assert_eq!((&trust["ssid"], &trust["tls"]["maximum"]), (&PROFILE.into(), &"1.3".into()));
    let joined = lab.authenticate(&identity, SECRET).succeeded().json();
    assert_eq!((&joined["server_verified"], &joined["vlan"]), (&true.into(), &"20".into()));
    let event = lab.event("the visit", |event| event["kind"] == "network.access");
    assert_eq!(event["ssid"], PROFILE, "{event:#}");
    // To people too.
    let mut command = program::command();
    command.args(["authenticate", "--radius", lab.radius()]).args(SECRET);
    let told = outcome::run(command.arg("--identity").arg(&identity)).succeeded();
    told.says("server verified");
    // A binary profile is one, too; and without a network nothing is said of trust.
    let binary = stranger::binary_property_list(&file);
    lab.enroll_by(&binary, "c02x1234", ["--set", SERIAL, "--force"]).succeeded();
    let only = lab.render(PROFILE, "mosyle", ["--only", "scep"]);
    let only = only.join("example-secure-scep.mobileconfig");
    let enrolled = lab.enroll_by(&only, "c02x1234", ["--set", SERIAL, "--force"]).succeeded();
    enrolled.complains("joins no network");
    assert!(!identity.join("trust.json").exists());
}

/// Asserts that a device with this profile enrolls, and then breaks off at the server of a
/// laboratory, which says why.
#[track_caller]
fn refuses_the_server(lab: &Lab, identity: &Path, why: &str, code: &str) {
    let refused = lab.authenticate(identity, SECRET).refused().json();
    assert_eq!(json::at(&refused, "/server_verified"), &Value::Bool(false), "{refused:#}");
    assert!(json::text(&refused, "/reason").contains("the device refused the server"));
    assert!(json::text(&refused, "/reason").contains(why), "{refused:#}");
    lab.refusal(code);
    let mut command = program::command();
    command.args(["authenticate", "--radius", lab.radius()]).args(SECRET);
    let told = outcome::run(command.arg("--identity").arg(identity)).refused();
    told.says("server refused");
}

#[test]
fn a_device_refuses_a_server_whose_name_or_root_its_profile_does_not_trust() {
    let lab = lab();
    let file = mobileconfig(&lab);
    let mistyped = changed(
        &file,
        "<string>radius.example.test</string>",
        "<string>radius.exmaple.test</string>",
    );
    lab.enroll_by(&mistyped, "mistyped", ["--set", SERIAL]).succeeded();
    let identity = lab.directory.file("mistyped");
    refuses_the_server(&lab, &identity, "expected name", "TLS-BAD-CERTIFICATE");
    // Whoever is told otherwise on the command line does otherwise.
    let root = lab.radius_root();
    let told = ["--trust", shown(&root), "--server-name", guide::SERVER_NAME];
    lab.authenticate(&identity, [SECRET[0], SECRET[1], told[0], told[1], told[2], told[3]])
        .succeeded();
    lab.enroll_by(&file, "mac-1", ["--set", "%SerialNumber%=C02X1235"]).succeeded();
    let own = "name = \"Example School RADIUS CA\"  ";
    let elsewhere = format!("common_name = \"Elsewhere\"\n{own}");
    let elsewhere = Lab::of(&guide::with([(own, &elsewhere)]));
    let identity = lab.directory.file("mac-1");
    refuses_the_server(&elsewhere, &identity, "not trusted", "TLS-UNKNOWN-CA");
}

#[track_caller]
fn is_not_installed(lab: &Lab, file: &Path, set: &[&str], words: &str) -> Outcome {
    let mut command = program::command();
    command.args(["enroll", "--profile"]).arg(file);
    command.args(set.iter().flat_map(|set| ["--set", set]));
    let outcome = outcome::run(command.arg("--out").arg(lab.directory.file("never")));
    let refused = outcome.refused().complains(words);
    assert!(!lab.directory.file("never").exists(), "{refused:?}");
    refused
}

#[test]
fn what_is_no_profile_or_not_filled_in_is_not_installed() {
    let lab = lab();
    let file = mobileconfig(&lab);
    let before = lab.events().len();
    let write = |name: &str, bytes: &[u8]| lab.directory.write(name, bytes);
    is_not_installed(&lab, &lab.directory.file("nowhere"), &[], "nowhere cannot be read");
    is_not_installed(&lab, &write("empty", b""), &[], "the file is empty");
    is_not_installed(&lab, &write("junk", b"junk"), &[], "cannot be read");
    is_not_installed(&lab, &write("binary", b"bplist00\xff\xff\x00"), &[], "cannot be read");
    is_not_installed(&lab, &write("der", b"\x30\x82\xff"), &[], "looks like a signed profile");
    is_not_installed(&lab, &write("long", &vec![b' '; 1_100_000]), &[], "longer than 1 MiB");
    let left = is_not_installed(&lab, &file, &[], "%SerialNumber% in Subject CN (Mosyle)");
    left.complains("--set '%SerialNumber%=…'");
    is_not_installed(&lab, &file, &[SERIAL, "%Email%=a@b"], "the profile has no %Email%");
    is_not_installed(&lab, &file, &[SERIAL, SERIAL], "%SerialNumber% is given twice");
    is_not_installed(&lab, &file, &["%SerialNumber%=C02X\u{7}"], "control characters");
    is_not_installed(&lab, &file, &["%SerialNumber%"], "is not of the form");
    let long = format!("%SerialNumber%={}", "C".repeat(2000));
    is_not_installed(&lab, &file, &[&long], "longer than 1024 bytes");
    let foreign = changed(&file, "%SerialNumber%", "{{SerialNumber}}");
    is_not_installed(&lab, &foreign, &[], "{{SerialNumber}} in Subject CN (Microsoft Intune)");
    let old = "<key>RemovalDate</key><date>2020-01-01T00:00:00Z</date><key>PayloadContent</key>";
    let expired = changed(&file, "<key>PayloadContent</key>", old);
    is_not_installed(&lab, &expired, &[SERIAL], "the profile has expired");
    // Nothing of all this reached the server.
    assert_eq!(lab.events().len(), before);
}

#[test]
fn another_authority_is_found_out_before_anything_is_sent() {
    let lab = lab();
    let file = mobileconfig(&lab);
    let text = directory::text(&file);
    let behind = text.split("<key>CAFingerprint</key>").nth(1).expect("there is a fingerprint");
    let fingerprint = behind.split("<data>").nth(1).and_then(|data| data.split('<').next());
    let fingerprint = fingerprint.expect("a fingerprint is data").trim();
    let other = changed(&file, fingerprint, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let before = lab.events().len();
    let refused = is_not_installed(&lab, &other, &[SERIAL], "CAFingerprint");
    refused.complains("nothing was sent").complains("0000000000000000000000000000000000000000");
    assert_eq!(lab.events().len(), before);
}

#[test]
fn a_wrong_challenge_is_refused_and_never_printed() {
    let lab = lab();
    let secret = "a-secret-of-somebody-else";
    let folder = lab.render(PROFILE, "mosyle", ["--secret", secret]);
    let refused = is_not_installed(&lab, &folder.join(FILE), &[SERIAL], "the server refused");
    assert!(!format!("{refused:?}").contains(secret), "{refused:?}");
    lab.refusal("ENR-CHALLENGE-WRONG");
}

#[test]
fn a_secret_comes_from_a_file_as_well() {
    let lab = Lab::of_guide();
    let secret = lab.directory.write("secret", format!("{}\n", lab.secret(guide::GATEWAY)));
    let order = ["--secret-file", shown(&secret), "--subject", "CN=mac-1"];
    lab.ask_for_certificate("mac-1", order).succeeded();
    let both = ["--secret-file", shown(&secret), "--secret", "x", "--subject", "CN=mac-2"];
    lab.ask_for_certificate("mac-2", both).ended_with(2);
    let nobody = ["--subject", "CN=mac-2", "--set", SERIAL];
    lab.ask_for_certificate("mac-2", nobody).ended_with(2);
}

/// What was rendered for wpa_supplicant, with the files where the test has them.
#[track_caller]
fn configuration(lab: &Lab, (profile, slug): (&str, &str), identity: &Path) -> PathBuf {
    let folder = lab.render(profile, "linux", []);
    let text = directory::text(&folder.join(format!("{slug}-wpa_supplicant.conf")));
    let place = format!("/etc/safeconduct/{slug}");
    let roots = folder.join(format!("{slug}-radius-roots.pem"));
    let text = text
        .replace(&format!("{place}/radius-roots.pem"), shown(&roots))
        .replace(&format!("{place}/current"), shown(identity))
        .replace("/run/wpa_supplicant", shown(&folder.join("control")));
    assert!(!text.contains("/etc/"), "{text}");
    let file = folder.join("configuration");
    directory::write(&file, text);
    file
}

#[test]
fn wpa_supplicant_joins_by_what_was_rendered_for_linux() {
    let lab = lab();
    lab.enroll_by(&mobileconfig(&lab), "mac-1", ["--set", SERIAL]).succeeded();
    let names = (PROFILE, "example-secure");
    let configuration = configuration(&lab, names, &lab.directory.file("mac-1"));
    supplicant::join_by(&configuration, lab.radius()).is_in().is_in_vlan("20");
    let other = directory::text(&configuration).replace(guide::SERVER_NAME, "radius.other.test");
    directory::write(&configuration, other);
    supplicant::join_by(&configuration, lab.radius()).is_not_in();
}

const CABLES: &str = r#"
[[network_profile]]
name = "Cables"
security_type = "wired"
gateway = "Mosyle"
server_certificate = "RADIUS"
trusted_authorities = ["Example School RADIUS CA"]
radius_server_names = ["radius.example.test"]
auto_join = true
"#;

#[test]
fn a_device_on_a_cable_is_let_in_by_a_switch_that_asks_us() {
    let mut lab = Lab::unserved(&guide::and(CABLES));
    let Some(mut wire) = Wire::lay(&mut lab) else { return };
    lab.publish_address();
    let file = lab.render("Cables", "mosyle", []).join("cables.mobileconfig");
    let identity = lab.directory.file("mac-1");
    let enroll = ["enroll", "--profile", shown(&file), "--set", SERIAL, "--out", shown(&identity)];
    wire.run(enroll).succeeded();
    let configuration = configuration(&lab, ("Cables", "cables"), &identity);
    let radius = lab.radius().to_owned();
    wire.start_switch(&radius);
    let device = wire.plug_in(&configuration, "CTRL-EVENT-CONNECTED");
    assert!(device.contains("CTRL-EVENT-EAP-SUCCESS"), "{device}");
    let switch = wire.switch_says("AP-STA-CONNECTED");
    // The VLAN's number, in hexadecimal digits.
    let vlan = "Attribute 81 (Tunnel-Private-Group-Id) length=4\n      Value: 3230";
    assert!(switch.contains(vlan), "{switch}");
    let event = lab.event("the visit", |event| event["kind"] == "network.access");
    assert_eq!((&event["outcome"], &event["vlan"]), (&"accepted".into(), &"20".into()));
    // The simulated device is let in at a switch as well, by the same profile.
    let joined = wire.run([
        "authenticate",
        "--json",
        "--radius",
        &radius,
        SECRET[0],
        SECRET[1],
        "--identity",
        shown(&identity),
    ]);
    assert_eq!(joined.succeeded().json()["server_verified"], true);
    let serial = lab.serial("C02X1234");
    lab.ask(["certificate", "revoke", &serial, "--reason", "keyCompromise"]).succeeded();
    wire.plug_in(&configuration, "CTRL-EVENT-EAP-FAILURE");
    lab.refusal("CERT-REVOKED");
}
