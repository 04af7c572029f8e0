//! Open Network Configuration for ChromeOS and Android.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::public_root;
use profile::complaint::Complaint;
use profile::file::File;
use profile::network::Network;
use profile::network::Protection;
use profile::network::TlsRange;
use profile::network::TlsVersion;
use profile::onc;
use profile::onc::AndroidKey;
use serde_json::Value;
use serde_json::json;

use crate::fixture;
use crate::fixture::HOSTILE;
use crate::golden;

const ALIAS: AndroidKey<'static> = AndroidKey::Alias("safeconduct");

fn parse(files: &[File]) -> Value {
    let [file] = files else { panic!("{} files", files.len()) };
    serde_json::from_slice(&file.content).unwrap()
}

fn chromeos(network: &Network) -> Value {
    parse(&onc::chromeos(network).unwrap())
}

fn android(network: &Network) -> Value {
    let policy = parse(&onc::android(network, ALIAS).unwrap());
    let fields: Vec<&String> = policy.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["openNetworkConfiguration"]);
    policy["openNetworkConfiguration"].clone()
}

fn told(complaints: Vec<Complaint>) -> Vec<(String, String)> {
    complaints.into_iter().map(|one| (one.field, one.what)).collect()
}

/// The identifiers of what a document trusts, after comparing the certificates.
fn trusted(document: &Value, expected: &[pki::certificate::Certificate]) -> Vec<String> {
    let certificates = document["Certificates"].as_array().unwrap();
    assert_eq!(certificates.len(), expected.len());
    let mut identifiers = Vec::new();
    for (one, expected) in certificates.iter().zip(expected) {
        let guid = one["GUID"].as_str().unwrap();
        let expected =
            json!({ "GUID": guid, "Type": "Authority", "X509": STANDARD.encode(&expected.der) });
        assert_eq!(*one, expected);
        assert!(guid.starts_with('{') && guid.ends_with('}') && guid.len() == 38, "{guid}");
        identifiers.push(guid.to_owned());
    }
    identifiers
}

#[test]
fn the_files_are_as_they_were_read() {
    golden::compare("chromeos/wpa2", &onc::chromeos(&fixture::network()).unwrap());
    golden::compare("chromeos/wired", &onc::chromeos(&fixture::wired()).unwrap());
    golden::compare("android/wpa2", &onc::android(&fixture::network(), ALIAS).unwrap());
    golden::compare("android/suite-192", &onc::android(&fixture::suite_192(), ALIAS).unwrap());
}

#[test]
fn chromeos_is_told_everything() {
    let document = chromeos(&fixture::network());
    assert_eq!(document["Type"], "UnencryptedConfiguration");
    let trusts = [fixture::radius_old(), fixture::radius_new(), fixture::issuing()];
    let identifiers = trusted(&document, &trusts);
    let networks = document["NetworkConfigurations"].as_array().unwrap();
    assert_eq!(networks.len(), 1);
    let expected = json!({
        "GUID": networks[0]["GUID"],
        "Name": "Example Secure",
        "Type": "WiFi",
        "WiFi": {
            "SSID": "Example-Secure",
            "HexSSID": "4578616D706C652D536563757265",
            "HiddenSSID": false,
            "AutoConnect": true,
            "Security": "WPA-EAP",
            "EAP": {
                "Outer": "EAP-TLS",
                "Identity": "${CERT_SUBJECT_COMMON_NAME}",
                "SaveCredentials": true,
                "ClientCertType": "Pattern",
                "ClientCertPattern": { "Issuer": { "CommonName": "Example School SCEP CA" } },
                "ServerCARefs": [identifiers[0], identifiers[1]],
                "UseSystemCAs": false,
                "DomainSuffixMatch": ["radius.example.org"],
                "SubjectAlternativeNameMatch": [{ "Type": "DNS", "Value": "radius.example.org" }],
            },
        },
    });
    assert_eq!(networks[0], expected);
}

#[test]
fn a_star_is_a_suffix_and_nothing_exact() {
    let server_names = vec!["*.example.org".to_owned(), "radius.example.net".to_owned()];
    let document = chromeos(&Network { server_names, ..fixture::network() });
    let eap = &document["NetworkConfigurations"][0]["WiFi"]["EAP"];
    assert_eq!(eap["DomainSuffixMatch"], json!(["example.org", "radius.example.net"]));
    assert_eq!(eap.get("SubjectAlternativeNameMatch"), None);
}

#[test]
fn chromeos_on_a_cable_is_told_the_roots() {
    let document = chromeos(&fixture::wired());
    let configuration = &document["NetworkConfigurations"][0];
    assert_eq!(configuration["Type"], "Ethernet");
    assert_eq!(configuration["Ethernet"]["Authentication"], "8021X");
    let eap = configuration["Ethernet"]["EAP"].as_object().unwrap();
    let fields: Vec<&String> = eap.keys().collect();
    assert_eq!(
        fields,
        [
            "ClientCertPattern",
            "ClientCertType",
            "Identity",
            "Outer",
            "SaveCredentials",
            "ServerCARefs",
            "UseSystemCAs"
        ]
    );
    assert_eq!(eap["ServerCARefs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_public_root_on_a_cable_is_refused_for_chromeos() {
    let public = public_root::all()[0].certificate.clone();
    let anchors = vec![fixture::radius_new(), public];
    let wired = Network { anchors: anchors.clone(), ..fixture::wired() };
    let what = "is a public root, and ChromeOS checks no names of servers on cables";
    let expected = [("trusted_authorities[1]".to_owned(), what.to_owned())];
    assert_eq!(told(onc::chromeos(&wired).unwrap_err()), expected);
    assert!(onc::chromeos(&Network { anchors, ..fixture::network() }).is_ok());
}

#[test]
fn what_chromeos_cannot_be_told_is_refused() {
    let what = "is 192-bit security, which ChromeOS cannot be told of";
    let expected = [("security_type".to_owned(), what.to_owned())];
    assert_eq!(told(onc::chromeos(&fixture::suite_192()).unwrap_err()), expected);
}

#[test]
fn only_a_limit_on_tls_is_told() {
    let tls = TlsRange { lowest: TlsVersion::Tls12, highest: TlsVersion::Tls12 };
    let document = chromeos(&Network { tls, ..fixture::network() });
    assert_eq!(document["NetworkConfigurations"][0]["WiFi"]["EAP"]["TLSVersionMax"], "1.2");
}

#[test]
fn android_is_told_what_its_api_knows() {
    let document = android(&fixture::network());
    assert_eq!(document["Type"], "UnencryptedConfiguration");
    let identifiers = trusted(&document, &[fixture::radius_old(), fixture::radius_new()]);
    let configuration = &document["NetworkConfigurations"][0];
    let expected = json!({
        "GUID": configuration["GUID"],
        "Name": "Example Secure",
        "Type": "WiFi",
        "WiFi": {
            "SSID": "Example-Secure",
            "HexSSID": "4578616D706C652D536563757265",
            "HiddenSSID": false,
            "AutoConnect": true,
            "Security": "WPA-EAP",
            "MACAddressRandomizationMode": "Hardware",
            "EAP": {
                "Outer": "EAP-TLS",
                "Identity": "anonymous",
                "ClientCertType": "KeyPairAlias",
                "ClientCertKeyPairAlias": "safeconduct",
                "ServerCARefs": identifiers,
                "DomainSuffixMatch": ["radius.example.org"],
            },
        },
    });
    assert_eq!(*configuration, expected);
}

#[test]
fn android_knows_protections_and_addresses() {
    for (mut network, security) in [
        (fixture::protected(Protection::Wpa2), "WPA-EAP"),
        (fixture::protected(Protection::Wpa3), "WPA-EAP"),
        (fixture::suite_192(), "WPA3-Enterprise_192"),
    ] {
        network.disable_mac_randomization = false;
        let document = android(&network);
        let wifi = &document["NetworkConfigurations"][0]["WiFi"];
        assert_eq!(wifi["Security"], security);
        assert_eq!(wifi["MACAddressRandomizationMode"], "Automatic");
    }
}

#[test]
fn a_bundle_comes_with_the_configuration_and_is_secret() {
    let files = onc::android(&fixture::network(), AndroidKey::Bundle(b"bundle")).unwrap();
    assert!(files[0].is_secret);
    let document = &parse(&files)["openNetworkConfiguration"];
    let client = &document["Certificates"][0];
    let guid = client["GUID"].as_str().unwrap();
    assert_eq!(*client, json!({ "GUID": guid, "Type": "Client", "PKCS12": "YnVuZGxl" }));
    let eap = &document["NetworkConfigurations"][0]["WiFi"]["EAP"];
    assert_eq!(eap["ClientCertType"], "Ref");
    assert_eq!(eap["ClientCertRef"], guid);
    assert_eq!(eap.get("ClientCertKeyPairAlias"), None);
    assert!(!onc::android(&fixture::network(), ALIAS).unwrap()[0].is_secret);
}

#[test]
fn what_android_cannot_be_told_is_refused() {
    let what = "is wired, and Android can be told of wireless networks only";
    let expected = [("security_type".to_owned(), what.to_owned())];
    assert_eq!(told(onc::android(&fixture::wired(), ALIAS).unwrap_err()), expected);
    for alias in ["", "a\nb"] {
        let refused = onc::android(&fixture::network(), AndroidKey::Alias(alias)).unwrap_err();
        assert_eq!(refused[0].field, "alias");
    }
}

#[test]
fn identifiers_stay_and_tell_roots_and_networks_apart() {
    let one = chromeos(&fixture::network());
    let renamed = Network { name: "Other".to_owned(), version: 9, ..fixture::network() };
    let two = chromeos(&renamed);
    assert_eq!(one["Certificates"], two["Certificates"]);
    let guid = |document: &Value| document["NetworkConfigurations"][0]["GUID"].clone();
    assert_eq!(guid(&one), guid(&two));
    let other = Network { slug: "other".to_owned(), ..fixture::network() };
    assert_ne!(guid(&one), guid(&chromeos(&other)));
    assert_ne!(one["Certificates"][0]["GUID"], one["Certificates"][1]["GUID"]);
}

#[test]
fn hostile_names_stay_texts() {
    let document = chromeos(&fixture::hostile());
    let configuration = &document["NetworkConfigurations"][0];
    assert_eq!(configuration["Name"], HOSTILE);
    assert_eq!(configuration["WiFi"]["SSID"], HOSTILE);
    assert_eq!(configuration["WiFi"]["HiddenSSID"], true);
    assert_eq!(configuration["WiFi"]["EAP"]["Identity"], HOSTILE);
}

#[test]
fn a_network_that_cannot_work_is_not_written() {
    let network = Network { server_names: Vec::new(), ..fixture::network() };
    assert_eq!(onc::chromeos(&network).unwrap_err()[0].field, "radius_server_names");
    assert_eq!(onc::android(&network, ALIAS).unwrap_err()[0].field, "radius_server_names");
}
