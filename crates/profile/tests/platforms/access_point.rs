//! Access points, vendor by vendor.

use std::net::IpAddr;

use profile::access_point;
use profile::access_point::RadiusServer;
use profile::access_point::Vendor;
use profile::complaint::Complaint;
use profile::file::File;
use profile::network::Network;
use profile::network::Protection;
use serde_json::Value;
use serde_json::json;

use crate::fixture;
use crate::fixture::HOSTILE;
use crate::fixture::content;
use crate::golden;
use crate::program;

/// A secret with signs that every vendor can write.
const SECRET: &str = "Correct horse!=+;#'(`)";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn server() -> RadiusServer {
    RadiusServer {
        addresses: vec![address("192.0.2.10"), address("2001:db8::10")],
        auth_port: 1812,
        acct_port: 1813,
        shared_secret: Some(SECRET.to_owned()),
        radsec_port: None,
        coa_port: Some(3799),
    }
}

/// What OpenWrt takes: one address.
fn for_vendor(vendor: Vendor) -> RadiusServer {
    let mut server = server();
    if vendor == Vendor::OpenWrt {
        server.addresses.truncate(1);
    }
    server
}

fn files(vendor: Vendor, network: &Network, server: &RadiusServer) -> Vec<File> {
    access_point::files(vendor, network, server).unwrap()
}

fn text(vendor: Vendor, network: &Network, server: &RadiusServer) -> String {
    content(&files(vendor, network, server)[0]).to_owned()
}

fn refused(vendor: Vendor, network: &Network, server: &RadiusServer) -> Vec<(String, String)> {
    let complaints = access_point::files(vendor, network, server).unwrap_err();
    assert!(complaints.iter().all(|one: &Complaint| !one.fix.is_empty()));
    complaints.into_iter().map(|one| (one.field, one.what)).collect()
}

fn told(field: &str, what: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), what.to_owned())]
}

/// Holds the lines, one after another, wherever they begin.
fn has_lines(text: &str, expected: &[&str]) {
    let lines: Vec<&str> = text.lines().collect();
    let found = lines.windows(expected.len()).any(|window| window == expected);
    assert!(found, "{expected:#?}\nis not in\n{text}");
}

#[test]
fn the_files_are_as_they_were_read() {
    for vendor in Vendor::ALL {
        let server = for_vendor(vendor);
        let name = vendor.as_str();
        let wpa2 = files(vendor, &fixture::network(), &server);
        golden::compare(&format!("access-point/{name}-wpa2"), &wpa2);
        let suite = files(vendor, &fixture::suite_192(), &server);
        golden::compare(&format!("access-point/{name}-suite-192"), &suite);
        if vendor != Vendor::OpenWrt {
            let wired = files(vendor, &fixture::wired(), &server);
            golden::compare(&format!("access-point/{name}-wired"), &wired);
        }
    }
}

#[test]
fn the_files_for_radsec_are_as_they_were_read() {
    let server = RadiusServer { radsec_port: Some(2083), coa_port: None, ..server() };
    for vendor in [
        Vendor::CiscoIosXe,
        Vendor::Meraki,
        Vendor::Aruba,
        Vendor::UniFi,
        Vendor::MikroTik,
        Vendor::FreeRadius,
    ] {
        let files = files(vendor, &fixture::network(), &server);
        assert!(!content(&files[0]).contains(SECRET));
        golden::compare(&format!("access-point/{}-radsec", vendor.as_str()), &files);
    }
    for vendor in [Vendor::Hostapd, Vendor::OpenWrt] {
        assert_eq!(refused(vendor, &fixture::network(), &server)[0].0, "radsec");
    }
    let what = "is not in Meraki's access policies for switches";
    assert_eq!(refused(Vendor::Meraki, &fixture::wired(), &server), told("radsec", what));
}

#[test]
fn without_a_secret_somebody_puts_it_in() {
    for vendor in Vendor::ALL {
        let server = RadiusServer { shared_secret: None, ..for_vendor(vendor) };
        let files = files(vendor, &fixture::network(), &server);
        assert!(!files[0].is_secret);
        assert!(content(&files[0]).contains("THE-SHARED-SECRET"), "{}", vendor.as_str());
        assert!(
            access_point::files(vendor, &fixture::network(), &for_vendor(vendor)).unwrap()[0]
                .is_secret
        );
    }
}

#[test]
fn cisco_gets_servers_lists_and_a_wlan() {
    let text = text(Vendor::CiscoIosXe, &fixture::protected(Protection::Wpa3), &server());
    has_lines(
        &text,
        &[
            "radius server SAFECONDUCT-1",
            " address ipv4 192.0.2.10 auth-port 1812 acct-port 1813",
            " key 0 Correct horse!=+;#'(`)",
            "!",
            "radius server SAFECONDUCT-2",
            " address ipv6 2001:db8::10 auth-port 1812 acct-port 1813",
        ],
    );
    has_lines(
        &text,
        &[
            "aaa server radius dynamic-author",
            " client 192.0.2.10 server-key 0 Correct horse!=+;#'(`)",
            " client 2001:db8::10 server-key 0 Correct horse!=+;#'(`)",
            " port 3799",
        ],
    );
    has_lines(
        &text,
        &[
            "wlan example-secure 60 \"Example-Secure\"",
            " security dot1x authentication-list SAFECONDUCT",
            " no security wpa wpa2",
            " security wpa wpa3",
            " no security wpa akm dot1x",
            " security wpa akm dot1x-sha256",
            " security pmf mandatory",
            " no shutdown",
        ],
    );
}

#[test]
fn meraki_gets_the_body_of_a_request() {
    let body: Value =
        serde_json::from_str(&text(Vendor::Meraki, &fixture::network(), &server())).unwrap();
    let servers = |port: u16| {
        json!([
            { "host": "192.0.2.10", "port": port, "secret": SECRET },
            { "host": "2001:db8::10", "port": port, "secret": SECRET },
        ])
    };
    assert_eq!(
        body,
        json!({
            "name": "Example-Secure",
            "enabled": true,
            "authMode": "8021x-radius",
            "wpaEncryptionMode": "WPA2 only",
            "visible": true,
            "radiusServers": servers(1812),
            "radiusAccountingEnabled": true,
            "radiusAccountingServers": servers(1813),
            "radiusCoaEnabled": true,
            "radiusAttributeForGroupPolicies": "Filter-Id",
            "radiusOverride": true,
        })
    );
    let hostile: Value =
        serde_json::from_str(&text(Vendor::Meraki, &fixture::hostile(), &server())).unwrap();
    assert_eq!(hostile["name"], HOSTILE);
    assert_eq!(hostile["visible"], false);
}

#[test]
fn aruba_gets_profiles() {
    let text = text(Vendor::Aruba, &fixture::suite_192(), &server());
    has_lines(
        &text,
        &[
            "aaa authentication-server radius \"example-secure-1\"",
            "    host \"192.0.2.10\"",
            "    key \"Correct horse!=+;#'(`)\"",
            "    authport 1812",
            "    acctport 1813",
        ],
    );
    has_lines(&text, &["    essid \"Example-Secure\"", "    opmode wpa3-cnsa"]);
}

#[test]
fn mikrotik_gets_strings_that_hold_everything() {
    let text =
        text(Vendor::MikroTik, &fixture::with_ssid("a\"b$c", Protection::Wpa2, true), &server());
    has_lines(
        &text,
        &["/radius add service=wireless address=192.0.2.10 \
             secret=\"Correct horse\\21\\3D\\2B\\3B\\23\\27\\28\\60\\29\" authentication-port=1812 \
             accounting-port=1813 timeout=3s comment=example-secure"],
    );
    has_lines(
        &text,
        &[
            "/interface wifi configuration add name=example-secure ssid=\"a\\22b\\24c\" hide-ssid=yes \
           security=example-secure",
        ],
    );
}

#[test]
fn hostapd_gets_an_ssid_in_digits() {
    let text =
        text(Vendor::Hostapd, &fixture::with_ssid("a\"b", Protection::Wpa3, true), &server());
    has_lines(
        &text,
        &[
            "ssid2=612262",
            "ignore_broadcast_ssid=1",
            "wpa=2",
            "wpa_key_mgmt=WPA-EAP-SHA256",
            "rsn_pairwise=CCMP",
            "ieee80211w=2",
            "ieee8021x=1",
            "eapol_version=2",
            "auth_server_addr=192.0.2.10",
            "auth_server_port=1812",
            "auth_server_shared_secret=Correct horse!=+;#'(`)",
            "auth_server_addr=2001:db8::10",
        ],
    );
    has_lines(
        &text,
        &["radius_das_port=3799", "radius_das_client=192.0.2.10 Correct horse!=+;#'(`)"],
    );
}

#[test]
fn openwrt_gets_commands_that_set_what_they_say() {
    let network = fixture::with_ssid(HOSTILE, Protection::Wpa2, false);
    let script = text(Vendor::OpenWrt, &network, &for_vendor(Vendor::OpenWrt));
    program::is_script(&script);
    // A `uci` that writes down what it is told, for one radio.
    let test = format!(
        "uci() {{\n\
         case $1 in show) printf 'wireless.radio0=wifi-device\\nwireless.x=wifi-iface\\n';;\n\
         *) printf '%s\\n' \"$2\";; esac\n}}\nwifi() {{ :; }}\n{script}"
    );
    let (content, told) = program::run("sh", &[], test.as_bytes());
    assert!(content, "{told}");
    let prefix = "wireless.safeconduct_example_secure_radio0";
    let expected: Vec<String> = [
        format!("{prefix}=wifi-iface"),
        format!("{prefix}.device=radio0"),
        format!("{prefix}.mode=ap"),
        format!("{prefix}.network=lan"),
        format!("{prefix}.ssid={HOSTILE}"),
        format!("{prefix}.hidden=0"),
        format!("{prefix}.encryption=wpa2"),
        format!("{prefix}.ieee80211w=1"),
        format!("{prefix}.auth_server=192.0.2.10"),
        format!("{prefix}.auth_port=1812"),
        format!("{prefix}.auth_secret={SECRET}"),
        format!("{prefix}.acct_server=192.0.2.10"),
        format!("{prefix}.acct_port=1813"),
        format!("{prefix}.acct_secret={SECRET}"),
        format!("{prefix}.dae_client=192.0.2.10"),
        format!("{prefix}.dae_port=3799"),
        format!("{prefix}.dae_secret={SECRET}"),
        "wireless".to_owned(),
    ]
    .to_vec();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn freeradius_gets_servers_pools_and_a_realm() {
    let mut server = server();
    server.shared_secret = Some("a\"b\\c".to_owned());
    let text = text(Vendor::FreeRadius, &fixture::network(), &server);
    has_lines(
        &text,
        &[
            "home_server safeconduct-auth-1 {",
            "    type = auth",
            "    ipv4addr = 192.0.2.10",
            "    port = 1812",
            "    secret = \"a\\\"b\\\\c\"",
            "    status_check = status-server",
            "}",
            "home_server safeconduct-auth-2 {",
            "    type = auth",
            "    ipv6addr = 2001:db8::10",
        ],
    );
    has_lines(
        &text,
        &[
            "realm DEFAULT {",
            "    auth_pool = safeconduct-auth",
            "    acct_pool = safeconduct-acct",
            "    nostrip",
            "}",
        ],
    );
}

#[test]
fn a_language_refuses_what_it_cannot_write() {
    let question = fixture::with_ssid("Why?", Protection::Wpa2, false);
    for (vendor, name) in [(Vendor::CiscoIosXe, "IOS XE"), (Vendor::Aruba, "ArubaOS")] {
        let what = format!("holds \"?\", which {name} has no way to write");
        assert_eq!(refused(vendor, &question, &server()), told("ssid", &what));
        let quote = RadiusServer { shared_secret: Some("a\"b".to_owned()), ..server() };
        let what = format!("holds \"\\\"\", which {name} has no way to write");
        assert_eq!(refused(vendor, &fixture::network(), &quote), told("shared_secret", &what));
    }
    let dollar = RadiusServer { shared_secret: Some("a${b}".to_owned()), ..server() };
    let what = "holds \"$\", which FreeRADIUS has no way to write";
    assert_eq!(
        refused(Vendor::FreeRadius, &fixture::network(), &dollar),
        told("shared_secret", what)
    );
}

#[test]
fn a_slug_that_cisco_cannot_name_a_wlan_by_is_refused() {
    let network = |bytes| Network { slug: "a".repeat(bytes), ..fixture::network() };
    assert!(access_point::files(Vendor::CiscoIosXe, &network(32), &server()).is_ok());
    let what = "is longer than the 32 bytes that IOS XE names a WLAN by";
    assert_eq!(refused(Vendor::CiscoIosXe, &network(33), &server()), told("slug", what));
}

#[test]
fn openwrt_knows_one_server_and_no_cables() {
    let what = "2 are given, and OpenWrt knows one";
    assert_eq!(refused(Vendor::OpenWrt, &fixture::network(), &server()), told("address", what));
    let what = "is wired, and OpenWrt guards no ports by itself";
    let one = for_vendor(Vendor::OpenWrt);
    assert_eq!(refused(Vendor::OpenWrt, &fixture::wired(), &one), told("security_type", what));
}

#[test]
fn a_server_that_cannot_be_reached_is_refused() {
    for (addresses, field) in [
        (vec![], "address"),
        (vec![address("192.0.2.1"); access_point::ADDRESSES_MAX + 1], "address"),
        (vec![address("192.0.2.1"), address("0.0.0.0")], "address[1]"),
        (vec![address("ff02::1")], "address[0]"),
    ] {
        let server = RadiusServer { addresses, ..server() };
        for vendor in Vendor::ALL {
            assert_eq!(refused(vendor, &fixture::network(), &server)[0].0, field);
        }
    }
}

#[test]
fn a_secret_is_a_line_of_ascii() {
    for secret in ["", " a", "a ", "a\nb", "a\0b", "ä", &"a".repeat(64)] {
        let server = RadiusServer { shared_secret: Some(secret.to_owned()), ..server() };
        for vendor in Vendor::ALL {
            let complaints = refused(vendor, &fixture::network(), &server);
            assert_eq!(complaints[0].0, "shared_secret", "{secret:?}");
        }
    }
}
