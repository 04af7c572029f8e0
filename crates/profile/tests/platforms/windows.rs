//! Windows: both profiles, the installer, SyncML.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::Certificate;
use profile::complaint::Complaint;
use profile::file::File;
use profile::network::Network;
use profile::network::Protection;
use profile::network::TlsRange;
use profile::network::TlsVersion;
use profile::text::Part;
use profile::text::Variable;
use profile::windows;

use crate::fixture;
use crate::fixture::HOSTILE;
use crate::fixture::content;
use crate::fixture::named;
use crate::golden;
use crate::tree::Node;

fn files(network: &Network) -> Vec<File> {
    windows::files(network, &intune).unwrap()
}

fn refused(network: &Network) -> Vec<Complaint> {
    windows::files(network, &intune).unwrap_err()
}

fn intune(variable: Variable) -> Option<String> {
    match variable {
        Variable::DeviceSerial => Some("{{SerialNumber}}".to_owned()),
        Variable::DeviceName => Some("{{DeviceName}}".to_owned()),
        Variable::PersonEmail => Some("{{EmailAddress}}".to_owned()),
        Variable::DeviceUdid
        | Variable::DeviceModel
        | Variable::DeviceMac
        | Variable::PersonName
        | Variable::PersonUpn => None,
    }
}

fn thumbprint(certificate: &Certificate) -> String {
    certificate.sha1_fingerprint().iter().map(|octet| format!("{octet:02x} ")).collect()
}

fn wlan(network: &Network) -> Node {
    Node::parse(content(named(&files(network), "-wlan.xml")))
}

#[test]
fn the_files_are_as_they_were_read() {
    golden::compare("windows/wpa2", &files(&fixture::network()));
    golden::compare("windows/wired", &files(&fixture::wired()));
    golden::compare("windows/suite-192", &files(&fixture::suite_192()));
    golden::compare("windows/hostile", &files(&fixture::hostile()));
}

#[test]
fn only_what_holds_the_challenge_is_secret() {
    let secrets: Vec<bool> = files(&fixture::network()).iter().map(|f| f.is_secret).collect();
    assert_eq!(secrets, [false, false, true]);
}

#[test]
fn a_wireless_profile_says_how_to_join() {
    let profile = wlan(&fixture::network());
    assert_eq!(profile.name, "WLANProfile");
    assert_eq!(
        profile.attribute("xmlns"),
        Some("http://www.microsoft.com/networking/WLAN/profile/v1")
    );
    assert_eq!(
        profile.names(),
        [
            "name",
            "SSIDConfig",
            "connectionType",
            "connectionMode",
            "autoSwitch",
            "MSM",
            "MacRandomization"
        ]
    );
    assert_eq!(profile.at("name").text, "Example-Secure");
    assert_eq!(profile.at("SSIDConfig").names(), ["SSID", "nonBroadcast"]);
    assert_eq!(profile.at("SSIDConfig/SSID/hex").text, "4578616D706C652D536563757265");
    assert_eq!(profile.at("SSIDConfig/SSID/name").text, "Example-Secure");
    assert_eq!(profile.at("SSIDConfig/nonBroadcast").text, "false");
    assert_eq!(profile.at("connectionType").text, "ESS");
    assert_eq!(profile.at("connectionMode").text, "auto");
    let security = profile.at("MSM/security");
    assert_eq!(
        security.names(),
        ["authEncryption", "PMKCacheMode", "PMKCacheTTL", "PMKCacheSize", "preAuthMode", "OneX"]
    );
    assert_eq!(security.at("authEncryption/useOneX").text, "true");
    let address = profile.at("MacRandomization");
    assert_eq!(
        address.attribute("xmlns"),
        Some("http://www.microsoft.com/networking/WLAN/profile/v3")
    );
    assert_eq!(address.at("enableRandomization").text, "false");
}

#[test]
fn each_protection_has_its_words() {
    for (network, authentication, encryption) in [
        (fixture::protected(Protection::Wpa2), "WPA2", "AES"),
        (fixture::protected(Protection::Wpa3), "WPA3ENT", "AES"),
        (fixture::suite_192(), "WPA3ENT192", "GCMP256"),
    ] {
        let profile = wlan(&network);
        let security = profile.at("MSM/security/authEncryption");
        assert_eq!(security.at("authentication").text, authentication);
        assert_eq!(security.at("encryption").text, encryption);
    }
}

#[test]
fn a_hidden_network_that_is_joined_by_hand_says_so() {
    let mut network = fixture::with_ssid("Hidden", Protection::Wpa2, true);
    network.auto_join = false;
    network.disable_mac_randomization = false;
    let profile = wlan(&network);
    assert_eq!(profile.at("SSIDConfig/nonBroadcast").text, "true");
    assert_eq!(profile.at("connectionMode").text, "manual");
    assert!(profile.all("autoSwitch").is_empty());
    assert_eq!(profile.at("MacRandomization/enableRandomization").text, "true");
}

fn check_one_x(one_x: &Node) {
    assert_eq!(one_x.attribute("xmlns"), Some("http://www.microsoft.com/networking/OneX/v1"));
    assert_eq!(one_x.names(), ["authMode", "EAPConfig"]);
    assert_eq!(one_x.at("authMode").text, "machine");
    let host = one_x.at("EAPConfig/EapHostConfig");
    assert_eq!(
        host.attribute("xmlns"),
        Some("http://www.microsoft.com/provisioning/EapHostConfig")
    );
    assert_eq!(host.names(), ["EapMethod", "Config"]);
    assert_eq!(host.at("EapMethod").names(), ["Type", "VendorId", "VendorType", "AuthorId"]);
    for (name, number) in
        [("Type", "13"), ("VendorId", "0"), ("VendorType", "0"), ("AuthorId", "0")]
    {
        let element = host.at("EapMethod").at(name);
        assert_eq!(element.text, number);
        assert_eq!(
            element.attribute("xmlns"),
            Some("http://www.microsoft.com/provisioning/EapCommon")
        );
    }
    let eap = host.at("Config/Eap");
    assert_eq!(
        eap.attribute("xmlns"),
        Some("http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1")
    );
    assert_eq!(eap.at("Type").text, "13");
    check_eap_tls(eap.at("EapType"));
}

fn check_eap_tls(eap: &Node) {
    let version = |n: u8| {
        Some(format!("http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV{n}"))
    };
    let namespace = |node: &Node| node.attribute("xmlns").map(str::to_owned);
    assert_eq!(namespace(eap), version(1));
    assert_eq!(
        eap.names(),
        [
            "CredentialsSource",
            "ServerValidation",
            "DifferentUsername",
            "PerformServerValidation",
            "AcceptServerName",
            "TLSExtensions"
        ]
    );
    assert_eq!(eap.at("CredentialsSource/CertificateStore/SimpleCertSelection").text, "true");
    let validation = eap.at("ServerValidation");
    assert_eq!(
        validation.names(),
        ["DisableUserPromptForServerValidation", "ServerNames", "TrustedRootCA", "TrustedRootCA"]
    );
    assert_eq!(validation.at("DisableUserPromptForServerValidation").text, "true");
    assert_eq!(validation.at("ServerNames").text, "radius.example.org");
    let roots = [thumbprint(&fixture::radius_old()), thumbprint(&fixture::radius_new())];
    assert_eq!(validation.texts("TrustedRootCA"), roots);
    assert_eq!(eap.at("DifferentUsername").text, "false");
    for name in ["PerformServerValidation", "AcceptServerName"] {
        assert_eq!(eap.at(name).text, "true");
        assert_eq!(namespace(eap.at(name)), version(2));
    }
    assert_eq!(namespace(eap.at("TLSExtensions")), version(2));
    let filter = eap.at("TLSExtensions/FilteringInfo");
    assert_eq!(namespace(filter), version(3));
    assert_eq!(filter.names(), ["CAHashList"]);
    assert_eq!(filter.at("CAHashList").attribute("Enabled"), Some("true"));
    assert_eq!(filter.at("CAHashList").texts("IssuerHash"), [thumbprint(&fixture::issuing())]);
}

#[test]
fn servers_are_verified_and_our_certificate_is_chosen() {
    check_one_x(wlan(&fixture::network()).at("MSM/security/OneX"));
}

#[test]
fn a_wired_profile_is_the_same_on_a_cable() {
    let files = files(&fixture::wired());
    let profile = Node::parse(content(named(&files, "-lan.xml")));
    assert_eq!(profile.name, "LANProfile");
    assert_eq!(
        profile.attribute("xmlns"),
        Some("http://www.microsoft.com/networking/LAN/profile/v1")
    );
    assert_eq!(profile.names(), ["MSM"]);
    let security = profile.at("MSM/security");
    assert_eq!(security.names(), ["OneXEnforced", "OneXEnabled", "OneX"]);
    assert_eq!(security.at("OneXEnforced").text, "false");
    assert_eq!(security.at("OneXEnabled").text, "true");
    check_one_x(security.at("OneX"));
}

#[test]
fn hostile_names_stay_texts() {
    let network = fixture::hostile();
    let profile = wlan(&network);
    assert_eq!(profile.at("name").text, HOSTILE);
    let files = files(&network);
    let installer = content(named(&files, ".ps1"));
    assert!(installer.is_ascii());
    // Whatever is quoted is base64 or of our own words.
    let name = STANDARD.encode(HOSTILE);
    assert!(installer.contains(&format!("(Read-Text '{name}')")));
}

#[test]
fn the_installer_trusts_the_roots_and_adds_the_profile() {
    let network = fixture::network();
    let files = files(&network);
    let installer = content(named(&files, ".ps1"));
    let calls: Vec<String> =
        installer.lines().filter(|line| line.starts_with("Add-")).map(str::to_owned).collect();
    let add = |store: &str, certificate: &Certificate| {
        format!("Add-Authority '{store}' '{}'", STANDARD.encode(&certificate.der))
    };
    let profile = STANDARD.encode(&named(&files, "-wlan.xml").content);
    let expected = [
        add("Root", &fixture::radius_old()),
        add("Root", &fixture::radius_new()),
        add("CA", &fixture::issuing()),
        add("Root", &fixture::root()),
        format!("Add-Profile '{profile}' @('wlan', 'add', 'profile', 'user=all')"),
    ];
    assert_eq!(calls, expected);
    assert!(!installer.contains("TlsVersion"));
    assert!(!installer.contains("dot3svc"));
    assert!(installer.starts_with("#Requires -RunAsAdministrator\n"));
}

#[test]
fn the_installer_of_a_wired_network_starts_its_service() {
    let files = files(&fixture::wired());
    let installer = content(named(&files, ".ps1"));
    assert!(installer.contains("\nSet-Service -Name dot3svc -StartupType Automatic\n"));
    assert!(installer.contains("\nStart-Service -Name dot3svc\n"));
    assert!(installer.contains(" @('lan', 'add', 'profile')\n"));
}

#[test]
fn a_narrower_range_of_tls_is_set_for_the_machine() {
    for (version, value) in [(TlsVersion::Tls12, "0xC00"), (TlsVersion::Tls13, "0x3000")] {
        let tls = TlsRange { lowest: version, highest: version };
        let files = files(&Network { tls, ..fixture::network() });
        let installer = content(named(&files, ".ps1"));
        assert!(installer.contains(&format!(
            "Set-ItemProperty -Path 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\RasMan\\PPP\\EAP\\13' \
             -Name TlsVersion -Type DWord -Value {value}\n"
        )));
    }
}

/// The target, format and data of an `Add`.
fn added(add: &Node) -> (&str, &str, &str) {
    let item = add.at("Item");
    let data = item.all("Data").first().map_or("", |data| data.text.as_str());
    (&item.at("Target/LocURI").text, &item.at("Meta/Format").text, data)
}

#[test]
fn syncml_brings_roots_then_the_request_then_the_profile() {
    let network = fixture::network();
    let files = files(&network);
    let message = Node::parse(content(named(&files, "-syncml.xml")));
    assert_eq!(message.name, "SyncML");
    assert_eq!(message.attribute("xmlns"), Some("SYNCML:SYNCML1.2"));
    let body = message.at("SyncBody");
    assert_eq!(body.names(), ["Add", "Add", "Add", "Add", "Atomic", "Add", "Final"]);
    let expected = [
        ("Root", fixture::radius_old()),
        ("Root", fixture::radius_new()),
        ("Root", fixture::root()),
        ("CA", fixture::issuing()),
    ];
    for (add, (store, certificate)) in body.children.iter().zip(expected) {
        let hex = thumbprint(&certificate).replace(' ', "").to_uppercase();
        let uri = format!(
            "./Device/Vendor/MSFT/RootCATrustedCertificates/{store}/{hex}/EncodedCertificate"
        );
        let data = STANDARD.encode(&certificate.der);
        assert_eq!(added(add), (uri.as_str(), "b64", data.as_str()));
        assert_eq!(add.at("Item/Meta/Type").text, "text/plain");
        assert_eq!(add.at("Item/Meta/Format").attribute("xmlns"), Some("syncml:metinf"));
    }
    let profile = content(named(&files, "-wlan.xml"));
    assert_eq!(
        added(body.children.get(5).unwrap()),
        ("./Device/Vendor/MSFT/WiFi/Profile/Example-Secure/WlanXml", "chr", profile)
    );
}

#[test]
fn the_request_is_atomic_and_enrolls_last() {
    let files = files(&fixture::network());
    let message = Node::parse(content(named(&files, "-syncml.xml")));
    let atomic = message.at("SyncBody/Atomic");
    let node = added(atomic.all("Add")[0]);
    let (root, unique) = node.0.rsplit_once('/').unwrap();
    assert_eq!(root, "./Device/Vendor/MSFT/ClientCertificateInstall/SCEP");
    assert_eq!((node.1, node.2), ("node", ""));
    assert_eq!(unique.len(), 36);
    let settings: Vec<(&str, &str, &str)> = atomic.all("Add")[1..]
        .iter()
        .map(|add| {
            let (uri, format, data) = added(add);
            (uri.strip_prefix(&format!("{}/Install/", node.0)).unwrap(), format, data)
        })
        .collect();
    let challenge = STANDARD.encode("correct horse");
    let thumbprint = thumbprint(&fixture::root()).replace(' ', "").to_uppercase();
    assert_eq!(
        settings,
        [
            ("ServerURL", "chr", "http://ca.example.org/scep/example-school/p-3"),
            ("Challenge", "chr", challenge.as_str()),
            ("EKUMapping", "chr", "1.3.6.1.5.5.7.3.2"),
            ("KeyUsage", "int", "160"),
            ("SubjectName", "chr", "CN={{SerialNumber}},O=\"Example School, Inc.\""),
            (
                "SubjectAlternativeNames",
                "chr",
                "3+{{DeviceName}}.devices.example.org;7+urn:example:device"
            ),
            ("KeyProtection", "int", "2"),
            ("KeyLength", "int", "2048"),
            ("HashAlgorithm", "chr", "SHA-2"),
            ("CAThumbprint", "chr", thumbprint.as_str()),
            ("RetryCount", "int", "3"),
            ("RetryDelay", "int", "1"),
        ]
    );
    let last = atomic.children.last().unwrap();
    assert_eq!(last.name, "Exec");
    assert_eq!(last.at("Item/Target/LocURI").text, format!("{}/Install/Enroll", node.0));
}

#[test]
fn commands_of_a_message_have_numbers_of_their_own() {
    fn numbers(node: &Node, found: &mut Vec<String>) {
        for child in &node.children {
            if child.name == "CmdID" {
                found.push(child.text.clone());
            }
            numbers(child, found);
        }
    }
    let files = files(&fixture::network());
    let message = Node::parse(content(named(&files, "-syncml.xml")));
    let mut found = Vec::new();
    numbers(&message, &mut found);
    let expected: Vec<String> = (1..=20).map(|number: u32| number.to_string()).collect();
    assert_eq!(found, expected);
}

#[test]
fn wired_networks_are_told_by_their_own_csp() {
    let files = files(&fixture::wired());
    let message = Node::parse(content(named(&files, "-syncml.xml")));
    let add = message.at("SyncBody").children.get(5).unwrap();
    let profile = content(named(&files, "-lan.xml"));
    assert_eq!(added(add), ("./Device/Vendor/MSFT/WiredNetwork/LanXML", "chr", profile));
}

#[test]
fn what_windows_cannot_be_told_is_refused_with_its_field() {
    let mut network = fixture::network();
    network.scep.subject[0].1 = fixture::text(&[Part::Variable(Variable::DeviceMac)]);
    network.scep.subject[1].1 = fixture::text(&[Part::Variable(Variable::DeviceUdid)]);
    let fields: Vec<String> = refused(&network).into_iter().map(|c| c.field).collect();
    assert_eq!(fields, ["subject", "subject"]);

    let mut network = fixture::network();
    network.scep.names[0].1 = fixture::text(&[fixture::literal("a;b")]);
    let complaints = refused(&network);
    assert_eq!(complaints.len(), 1);
    assert_eq!(complaints[0].field, "san.dns");
    assert_eq!(complaints[0].what, "holds a semicolon, which separates names on Windows");
}

#[test]
fn a_network_that_cannot_work_is_not_written() {
    let network = Network { anchors: Vec::new(), ..fixture::network() };
    assert_eq!(refused(&network)[0].field, "trusted_authorities");
}
