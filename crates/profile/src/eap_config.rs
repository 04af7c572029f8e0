//! `.eap-config`, the file that eduroam's geteduroam and its kin read on every platform.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pki::certificate::Certificate;

use crate::check;
use crate::complaint::Complaint;
use crate::file::File;
use crate::guid;
use crate::network::Medium;
use crate::network::Network;
use crate::xml;
use crate::xml::Element;

const XML_SCHEMA: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The number of EAP-TLS among EAP's methods (RFC 5216).
const EAP_TLS: &str = "13";

/// A device's key and certificate, for a file that is made for one device.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// The PKCS #12 bundle.
    pub bundle: &'a [u8],
    /// Its password.
    pub passphrase: &'a str,
}

/// The file; without a client, the app asks for a bundle.
///
/// # Errors
/// What is wrong with the network, or what the file cannot hold.
pub fn files(network: &Network, client: Option<Client<'_>>) -> Result<Vec<File>, Vec<Complaint>> {
    let mut complaints = check::network(network);
    for (index, name) in network.server_names.iter().enumerate() {
        // Windows and Apple compare in full, Android and Linux by the end: no way to write one
        // label means the same to all of them.
        if name.starts_with("*.") {
            complaints.push(Complaint::new(
                format!("radius_server_names[{index}]"),
                "has a *., which apps for .eap-config read differently on each system",
                "name the server in full",
            ));
        }
    }
    if let Some(client) = client {
        complaints.extend(check::line("passphrase", client.passphrase));
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    Ok(vec![File {
        name: format!("{}.eap-config", network.slug),
        media_type: "application/eap-config",
        content: document(network, client).into_bytes(),
        is_secret: client.is_some(),
    }])
}

fn document(network: &Network, client: Option<Client<'_>>) -> String {
    let method = Element::parent(
        "AuthenticationMethod",
        vec![
            Element::parent("EAPMethod", vec![Element::leaf("Type", EAP_TLS)]),
            server_side(network),
            client_side(network, client),
        ],
    );
    let provider = Element::parent(
        "EAPIdentityProvider",
        vec![
            Element::parent("AuthenticationMethods", vec![method]),
            Element::parent("CredentialApplicability", vec![applicability(&network.medium)]),
            Element::parent(
                "ProviderInfo",
                vec![
                    Element::leaf("DisplayName", &network.organization),
                    Element::leaf("Description", &network.name),
                ],
            ),
        ],
    )
    .with("ID", guid::of(network, "eap-config").to_string())
    .with("namespace", "urn:uuid")
    .with("version", "1")
    .with("lang", "en");
    let list = Element::parent("EAPIdentityProviderList", vec![provider])
        .with("xmlns:xsi", XML_SCHEMA)
        .with("xsi:noNamespaceSchemaLocation", "eap-metadata.xsd");
    xml::document(&list)
}

fn server_side(network: &Network) -> Element {
    let authority = |one: &Certificate| {
        Element::leaf("CA", STANDARD.encode(&one.der))
            .with("format", "X.509")
            .with("encoding", "base64")
    };
    let mut parts: Vec<Element> = network.anchors.iter().map(authority).collect();
    parts.extend(network.server_names.iter().map(|name| Element::leaf("ServerID", name)));
    Element::parent("ServerSideCredential", parts)
}

fn client_side(network: &Network, client: Option<Client<'_>>) -> Element {
    let mut parts = Vec::new();
    if let Some(identity) = &network.outer_identity {
        parts.push(Element::leaf("OuterIdentity", identity));
    }
    if let Some(client) = client {
        parts.push(
            Element::leaf("ClientCertificate", STANDARD.encode(client.bundle))
                .with("format", "PKCS12")
                .with("encoding", "base64"),
        );
        parts.push(Element::leaf("Passphrase", client.passphrase));
    }
    Element::parent("ClientSideCredential", parts)
}

fn applicability(medium: &Medium) -> Element {
    match medium {
        // The least that is accepted; the format has no word for more than CCMP.
        Medium::Wireless { ssid, .. } => Element::parent(
            "IEEE80211",
            vec![Element::leaf("SSID", ssid), Element::leaf("MinRSNProto", "CCMP")],
        ),
        Medium::Wired => Element::parent("IEEE8023", vec![]),
    }
}
