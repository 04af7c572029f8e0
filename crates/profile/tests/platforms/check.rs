//! Networks that cannot work, and those that can.

use pki::certificate::Certificate;
use profile::check;
use profile::complaint::Complaint;
use profile::network::Network;
use profile::network::Protection;
use profile::network::TlsRange;
use profile::network::TlsVersion;

use crate::fixture;

fn fields(complaints: &[Complaint]) -> Vec<&str> {
    complaints.iter().map(|complaint| complaint.field.as_str()).collect()
}

fn refused(network: &Network, field: &str, what: &str) {
    let complaints = check::network(network);
    let told: Vec<(&str, &str)> =
        complaints.iter().map(|one| (one.field.as_str(), one.what.as_str())).collect();
    assert_eq!(told, [(field, what)]);
    assert!(complaints.iter().all(|one| !one.fix.is_empty()));
}

fn with_names(names: &[&str]) -> Network {
    let server_names = names.iter().map(|name| (*name).to_owned()).collect();
    Network { server_names, ..fixture::network() }
}

#[test]
fn networks_that_can_work_are_accepted() {
    for network in [
        fixture::network(),
        fixture::wired(),
        fixture::hostile(),
        fixture::suite_192(),
        fixture::protected(Protection::Wpa3),
        with_names(&["*.example.org", "a-1_b.example.org", "radius"]),
    ] {
        assert_eq!(check::network(&network), []);
    }
}

#[test]
fn a_network_without_a_root_is_refused() {
    let network = Network { anchors: Vec::new(), ..fixture::network() };
    let what = "is empty, so devices would trust any RADIUS server or none";
    refused(&network, "trusted_authorities", what);
}

#[test]
fn more_roots_than_devices_are_given_are_refused() {
    let anchors = vec![fixture::root(); check::ANCHORS_MAX];
    assert_eq!(check::network(&Network { anchors, ..fixture::network() }), []);
    let anchors = vec![fixture::root(); check::ANCHORS_MAX + 1];
    let network = Network { anchors, ..fixture::network() };
    refused(&network, "trusted_authorities", "33 are named, 32 are possible");
}

#[test]
fn a_network_without_an_authority_for_devices_is_refused() {
    let network = Network { chain: Vec::new(), ..fixture::network() };
    let what = "has no authority that devices could get a certificate from";
    refused(&network, "gateway", what);
}

#[test]
fn an_empty_range_of_tls_is_refused() {
    let tls = TlsRange { lowest: TlsVersion::Tls13, highest: TlsVersion::Tls12 };
    let network = Network { tls, ..fixture::network() };
    refused(&network, "tls", "holds no version: the lowest is above the highest");
}

#[test]
fn an_ssid_is_1_to_32_bytes_long() {
    let network = |ssid: &str| fixture::with_ssid(ssid, Protection::Wpa2, false);
    assert_eq!(check::network(&network(&"é".repeat(16))), []);
    refused(&network(""), "ssid", "is 0 bytes long; 1 to 32 are possible");
    refused(&network(&"é".repeat(17)), "ssid", "is 34 bytes long; 1 to 32 are possible");
}

#[test]
fn what_no_line_can_hold_is_refused_wherever_it_is() {
    for (c, code) in [
        ('\n', "000A"),
        ('\0', "0000"),
        ('\u{85}', "0085"),
        ('\u{2028}', "2028"),
        ('\u{202e}', "202E"),
        ('\u{feff}', "FEFF"),
    ] {
        let mut network = fixture::with_ssid(&format!("a{c}b"), Protection::Wpa2, false);
        network.organization = format!("a{c}b");
        network.name = format!("a{c}b");
        network.outer_identity = Some(format!("a{c}b"));
        network.scep.url = format!("http://a{c}b");
        network.scep.challenge = format!("a{c}b");
        let complaints = check::network(&network);
        assert_eq!(
            fields(&complaints),
            ["organization", "name", "url", "secret", "outer_identity", "ssid"]
        );
        let what = format!("holds the character U+{code}, which no line can hold");
        assert!(complaints.iter().all(|one| one.what == what));
    }
}

#[test]
fn a_text_that_no_console_shows_is_refused() {
    let network = |bytes| Network { name: "a".repeat(bytes), ..fixture::network() };
    assert_eq!(check::network(&network(check::TEXT_BYTES_MAX)), []);
    refused(&network(check::TEXT_BYTES_MAX + 1), "name", "is 1025 bytes long; 1024 are possible");
}

#[test]
fn a_slug_that_is_no_file_name_is_refused() {
    for slug in ["", "../x", "A", "a b", "a.b", &"a".repeat(65)] {
        let network = Network { slug: slug.to_owned(), ..fixture::network() };
        refused(&network, "slug", "cannot name files");
    }
}

#[test]
fn names_of_servers_are_there_and_not_too_many() {
    let what = "is empty, so devices would accept any server of that authority";
    refused(&with_names(&[]), "radius_server_names", what);
    assert_eq!(check::network(&with_names(&["a.example.org"; 32])), []);
    let what = "33 are named, 32 are possible";
    refused(&with_names(&["a.example.org"; 33]), "radius_server_names", what);
}

#[test]
fn malformed_names_of_servers_are_refused() {
    let star = "has a * that is not its whole first label";
    let alone = "has a *. before a single label, which would be everybody's";
    let label = "has a label that is empty or longer than 63 bytes";
    let characters = "holds characters that no name of a server has";
    let hyphen = "has a label that begins or ends with -";
    let long_label = format!("{}.example.org", "a".repeat(64));
    for (name, what) in [
        ("*", star),
        ("*.*.example.org", star),
        ("radius*.example.org", star),
        ("a.*.example.org", star),
        ("*.org", alone),
        ("*.", alone),
        ("", label),
        (".example.org", label),
        ("a..example.org", label),
        ("example.org.", label),
        (long_label.as_str(), label),
        ("a b.example.org", characters),
        ("a;b.example.org", characters),
        ("a\nb.example.org", characters),
        ("a\"b.example.org", characters),
        ("rädius.example.org", characters),
        ("-a.example.org", hyphen),
        ("a-.example.org", hyphen),
        (&format!("{}example.org", "a.".repeat(125)), "is longer than a name can be"),
    ] {
        refused(&with_names(&["good.example.org", name]), "radius_server_names[1]", what);
    }
}

#[test]
fn weak_certificates_do_not_go_with_192_bit_security() {
    let strong = fixture::suite_192();
    for (anchor, what) in [
        (
            fixture::rsa_2048(),
            "leads to O=Example School, CN=Example School RSA 2048, which has an RSA key of 2048 \
             bits, too weak for 192-bit security",
        ),
        (
            fixture::radius_old(),
            "leads to O=Example School, CN=Example School RADIUS Root 2024, which has a P-256 key, \
             too weak for 192-bit security",
        ),
    ] {
        let network = Network { anchors: vec![anchor], ..strong.clone() };
        refused(&network, "trusted_authorities", what);
    }
    // A root's own signature is not asked.
    let network = Network { anchors: vec![fixture::rsa_3072()], ..strong.clone() };
    assert_eq!(check::network(&network), []);
    let network = Network { chain: vec![fixture::issuing(), fixture::root()], ..strong.clone() };
    let complaints = check::network(&network);
    assert_eq!(fields(&complaints), ["gateway"; 3]);
    assert_eq!(
        complaints[1].what,
        "leads to O=Example School, CN=Example School SCEP CA, whose signature is weaker than \
         SHA-384"
    );
    let mut network = strong;
    network.scep.key_bits = 2048;
    refused(&network, "key_bits", "is 2048; 192-bit security needs RSA keys of 3072 bits");
}

fn server(network: &Network, chain: &[Certificate]) -> Vec<(String, String)> {
    let complaints = check::server(network, chain);
    complaints.into_iter().map(|one| (one.field, one.what)).collect()
}

fn told(field: &str, what: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), what.to_owned())]
}

#[test]
fn a_server_that_devices_accept_is_accepted() {
    assert_eq!(server(&fixture::network(), &[fixture::server()]), []);
    assert_eq!(server(&fixture::network(), &[fixture::server(), fixture::radius_new()]), []);
    assert_eq!(server(&with_names(&["*.example.org"]), &[fixture::server()]), []);
    assert_eq!(server(&fixture::suite_192(), &[fixture::server()]), []);
}

#[test]
fn a_name_that_the_certificate_lacks_is_refused() {
    let what = "holds no name that the RADIUS server's certificate carries; it carries \
                radius.example.org";
    for name in ["example.org", "*.radius.example.org", "*.org.example", "radius2.example.org"] {
        let network = with_names(&[name]);
        assert_eq!(server(&network, &[fixture::server()]), told("radius_server_names", what));
    }
}

#[test]
fn a_server_of_another_root_is_refused() {
    let network = Network { anchors: vec![fixture::radius_old()], ..fixture::network() };
    let what = "holds none that the RADIUS server's certificate leads to";
    assert_eq!(server(&network, &[fixture::server()]), told("trusted_authorities", what));
    // The same name is not the same root.
    let other = Network { anchors: vec![fixture::rsa_3072()], ..fixture::network() };
    assert_eq!(server(&other, &[fixture::server()]), told("trusted_authorities", what));
}

#[test]
fn a_weakly_signed_server_does_not_go_with_192_bit_security() {
    let network = Network { anchors: vec![fixture::rsa_3072()], ..fixture::suite_192() };
    let what = "leads to CN=radius.example.org, whose signature is weaker than SHA-384";
    assert_eq!(server(&network, &[fixture::server_sha256()]), told("server_certificate", what));
    let plain = Network { anchors: vec![fixture::rsa_3072()], ..fixture::network() };
    assert_eq!(server(&plain, &[fixture::server_sha256()]), []);
}
