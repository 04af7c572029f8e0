//! eduroam's `.eap-config`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use profile::eap_config;
use profile::eap_config::Client;
use profile::network::Network;

use crate::fixture;
use crate::fixture::HOSTILE;
use crate::fixture::content;
use crate::golden;
use crate::tree::Node;

const CLIENT: Client<'static> = Client { bundle: b"bundle", passphrase: "<correct> horse" };

fn parse(network: &Network, client: Option<Client<'_>>) -> Node {
    Node::parse(content(&eap_config::files(network, client).unwrap()[0]))
}

#[test]
fn the_files_are_as_they_were_read() {
    let (network, hostile) = (fixture::network(), fixture::hostile());
    golden::compare("eap-config/wpa2", &eap_config::files(&network, None).unwrap());
    golden::compare("eap-config/wired", &eap_config::files(&fixture::wired(), None).unwrap());
    golden::compare("eap-config/client", &eap_config::files(&network, Some(CLIENT)).unwrap());
    golden::compare("eap-config/hostile", &eap_config::files(&hostile, None).unwrap());
}

#[test]
fn a_file_says_whom_to_trust_and_where() {
    let list = parse(&fixture::network(), None);
    assert_eq!(list.name, "EAPIdentityProviderList");
    assert_eq!(list.attribute("xsi:noNamespaceSchemaLocation"), Some("eap-metadata.xsd"));
    assert_eq!(list.names(), ["EAPIdentityProvider"]);
    let provider = list.at("EAPIdentityProvider");
    assert_eq!(provider.attribute("ID").unwrap().len(), 36);
    assert_eq!(provider.attribute("namespace"), Some("urn:uuid"));
    assert_eq!(provider.attribute("version"), Some("1"));
    assert_eq!(provider.attribute("lang"), Some("en"));
    assert_eq!(
        provider.names(),
        ["AuthenticationMethods", "CredentialApplicability", "ProviderInfo"]
    );
    let method = provider.at("AuthenticationMethods/AuthenticationMethod");
    assert_eq!(method.names(), ["EAPMethod", "ServerSideCredential", "ClientSideCredential"]);
    assert_eq!(method.at("EAPMethod/Type").text, "13");
    let server = method.at("ServerSideCredential");
    assert_eq!(server.names(), ["CA", "CA", "ServerID"]);
    for (authority, root) in
        server.all("CA").into_iter().zip([fixture::radius_old(), fixture::radius_new()])
    {
        assert_eq!(authority.text, STANDARD.encode(&root.der));
        assert_eq!(authority.attribute("format"), Some("X.509"));
        assert_eq!(authority.attribute("encoding"), Some("base64"));
    }
    assert_eq!(server.at("ServerID").text, "radius.example.org");
    assert!(method.at("ClientSideCredential").children.is_empty());
    let place = provider.at("CredentialApplicability");
    assert_eq!(place.names(), ["IEEE80211"]);
    assert_eq!(place.at("IEEE80211").names(), ["SSID", "MinRSNProto"]);
    assert_eq!(place.at("IEEE80211/SSID").text, "Example-Secure");
    assert_eq!(place.at("IEEE80211/MinRSNProto").text, "CCMP");
    assert_eq!(provider.at("ProviderInfo/DisplayName").text, "Example School");
    assert_eq!(provider.at("ProviderInfo/Description").text, "Example Secure");
}

#[test]
fn a_device_of_its_own_gets_its_bundle() {
    let network =
        Network { outer_identity: Some("anonymous@example.org".to_owned()), ..fixture::network() };
    let files = eap_config::files(&network, Some(CLIENT)).unwrap();
    assert!(files[0].is_secret);
    let list = Node::parse(content(&files[0]));
    let method = "EAPIdentityProvider/AuthenticationMethods/AuthenticationMethod";
    let client = list.at(method).at("ClientSideCredential");
    assert_eq!(client.names(), ["OuterIdentity", "ClientCertificate", "Passphrase"]);
    assert_eq!(client.at("OuterIdentity").text, "anonymous@example.org");
    let bundle = client.at("ClientCertificate");
    assert_eq!(bundle.text, "YnVuZGxl");
    assert_eq!(bundle.attribute("format"), Some("PKCS12"));
    assert_eq!(bundle.attribute("encoding"), Some("base64"));
    assert_eq!(client.at("Passphrase").text, "<correct> horse");
    assert!(!eap_config::files(&network, None).unwrap()[0].is_secret);
}

#[test]
fn a_wired_network_has_no_ssid() {
    let list = parse(&fixture::wired(), None);
    let place = list.at("EAPIdentityProvider/CredentialApplicability");
    assert_eq!(place.names(), ["IEEE8023"]);
    assert!(place.at("IEEE8023").children.is_empty());
}

#[test]
fn hostile_names_stay_texts() {
    let list = parse(&fixture::hostile(), None);
    let provider = list.at("EAPIdentityProvider");
    assert_eq!(provider.at("ProviderInfo/DisplayName").text, HOSTILE);
    assert_eq!(provider.at("CredentialApplicability/IEEE80211/SSID").text, HOSTILE);
}

#[test]
fn a_star_is_refused_by_its_field() {
    let server_names = vec!["radius.example.org".to_owned(), "*.example.org".to_owned()];
    let network = Network { server_names, ..fixture::network() };
    let complaints = eap_config::files(&network, None).unwrap_err();
    assert_eq!(complaints.len(), 1);
    assert_eq!(complaints[0].field, "radius_server_names[1]");
    let what = "has a *., which apps for .eap-config read differently on each system";
    assert_eq!(complaints[0].what, what);
}

#[test]
fn a_passphrase_is_a_line() {
    let client = Client { passphrase: "a\nb", ..CLIENT };
    let complaints = eap_config::files(&fixture::network(), Some(client)).unwrap_err();
    assert_eq!(complaints[0].field, "passphrase");
}
