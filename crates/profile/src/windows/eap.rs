//! The part that wireless and wired profiles share: 802.1X with EAP-TLS.

use pki::certificate::Certificate;

use crate::network::Network;
use crate::xml::Element;

const ONE_X: &str = "http://www.microsoft.com/networking/OneX/v1";
const EAP_HOST: &str = "http://www.microsoft.com/provisioning/EapHostConfig";
const EAP_COMMON: &str = "http://www.microsoft.com/provisioning/EapCommon";
const EAP_BASE: &str = "http://www.microsoft.com/provisioning/BaseEapConnectionPropertiesV1";
const EAP_TLS_1: &str = "http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV1";
const EAP_TLS_2: &str = "http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV2";
const EAP_TLS_3: &str = "http://www.microsoft.com/provisioning/EapTlsConnectionPropertiesV3";

/// The number of EAP-TLS among EAP's methods (RFC 5216).
const EAP_TLS: &str = "13";

/// 802.1X as the machine, before and after somebody signs in: the certificate is the device's.
///
/// Windows has no place for an outer identity in EAP-TLS; it says the certificate's name.
pub(crate) fn one_x(network: &Network) -> Element {
    Element::parent(
        "OneX",
        vec![
            Element::leaf("authMode", "machine"),
            Element::parent("EAPConfig", vec![host_config(network)]),
        ],
    )
    .with("xmlns", ONE_X)
}

fn host_config(network: &Network) -> Element {
    let number = |name, value: &str| Element::leaf(name, value).with("xmlns", EAP_COMMON);
    let method = vec![
        number("Type", EAP_TLS),
        number("VendorId", "0"),
        number("VendorType", "0"),
        number("AuthorId", "0"),
    ];
    let eap = vec![Element::leaf("Type", EAP_TLS), eap_tls(network)];
    let config = vec![Element::parent("Eap", eap).with("xmlns", EAP_BASE)];
    Element::parent(
        "EapHostConfig",
        vec![
            Element::parent("EapMethod", method),
            Element::parent("Config", config).with("xmlns", EAP_HOST),
        ],
    )
    .with("xmlns", EAP_HOST)
}

fn eap_tls(network: &Network) -> Element {
    let selection = Element::leaf("SimpleCertSelection", "true");
    let mut validation = vec![
        Element::leaf("DisableUserPromptForServerValidation", "true"),
        Element::leaf("ServerNames", server_names(&network.server_names)),
    ];
    let thumbprints = network.anchors.iter().map(thumbprint);
    validation.extend(thumbprints.map(|hash| Element::leaf("TrustedRootCA", hash)));
    let second = |name| Element::leaf(name, "true").with("xmlns", EAP_TLS_2);
    Element::parent(
        "EapType",
        vec![
            Element::parent(
                "CredentialsSource",
                vec![Element::parent("CertificateStore", vec![selection])],
            ),
            Element::parent("ServerValidation", validation),
            Element::leaf("DifferentUsername", "false"),
            second("PerformServerValidation"),
            second("AcceptServerName"),
            Element::parent("TLSExtensions", vec![filter(network)]).with("xmlns", EAP_TLS_2),
        ],
    )
    .with("xmlns", EAP_TLS_1)
}

/// Of the machine's certificates, those that our issuing authority signed: a domain's own would
/// otherwise be taken by chance.
fn filter(network: &Network) -> Element {
    let issuer = network.chain.first().map(thumbprint).unwrap_or_default();
    let list = Element::parent("CAHashList", vec![Element::leaf("IssuerHash", issuer)]);
    Element::parent("FilteringInfo", vec![list.with("Enabled", "true")]).with("xmlns", EAP_TLS_3)
}

/// SHA-1 of a certificate in the form that Windows writes: lower case, a blank after each octet.
fn thumbprint(certificate: &Certificate) -> String {
    certificate.sha1_fingerprint().iter().map(|octet| format!("{octet:02x} ")).collect()
}

/// The names as Windows reads them: separated by `;`, taken literally unless there is a `*`, which
/// makes a name a regular expression. So `*.`, one label, becomes a pattern that no dot passes.
fn server_names(names: &[String]) -> String {
    let written: Vec<String> = names
        .iter()
        .map(|name| match name.strip_prefix("*.") {
            None => name.clone(),
            Some(rest) => format!("^[^.][^.]*\\.{}$", rest.replace('.', "\\.")),
        })
        .collect();
    written.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: &str) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(server_names(&names), expected);
    }

    #[test]
    fn full_names_are_taken_literally() {
        check(&["radius.example.org"], "radius.example.org");
        check(&["one.example.org", "two.example.org"], "one.example.org;two.example.org");
    }

    #[test]
    fn a_star_is_one_label_of_a_pattern_that_is_anchored() {
        check(&["*.example.org"], "^[^.][^.]*\\.example\\.org$");
        check(&["r.example.org", "*.a-b.net"], "r.example.org;^[^.][^.]*\\.a-b\\.net$");
    }
}
