//! Linux: NetworkManager, wpa_supplicant, iwd, enrollment.

use pki::pem;
use profile::complaint::Complaint;
use profile::file::File;
use profile::linux;
use profile::network::NameKind;
use profile::network::Network;
use profile::network::Protection;
use profile::network::TlsRange;
use profile::network::TlsVersion;
use profile::text::Part;
use profile::text::Variable;

use crate::fixture;
use crate::fixture::HOSTILE;
use crate::fixture::content;
use crate::fixture::named;
use crate::golden;
use crate::program;

const RADIUS: &str = "radius.example.org";

fn files(network: &Network) -> Vec<File> {
    linux::files(network).unwrap()
}

fn file(network: &Network, ending: &str) -> String {
    content(named(&files(network), ending)).to_owned()
}

fn refused(network: &Network) -> Vec<Complaint> {
    linux::files(network).unwrap_err()
}

/// The lines of a section of a keyfile.
fn section(keyfile: &str, name: &str) -> Vec<String> {
    let (_, after) = keyfile.split_once(&format!("\n[{name}]\n")).unwrap();
    let lines = after.lines().take_while(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn with_tls(lowest: TlsVersion, highest: TlsVersion) -> Network {
    Network { tls: TlsRange { lowest, highest }, ..fixture::network() }
}

fn with_stars() -> Network {
    let server_names = vec!["*.example.org".to_owned(), "radius.example.net".to_owned()];
    Network { server_names, ..fixture::network() }
}

#[test]
fn the_files_are_as_they_were_read() {
    golden::compare("linux/wpa2", &files(&fixture::network()));
    golden::compare("linux/wired", &files(&fixture::wired()));
    golden::compare("linux/suite-192", &files(&fixture::suite_192()));
    golden::compare("linux/hostile", &files(&fixture::hostile()));
}

#[test]
fn the_roots_of_a_rollover_are_in_one_file() {
    let roots = file(&fixture::network(), "-radius-roots.pem");
    let expected = [fixture::radius_old(), fixture::radius_new()];
    assert_eq!(pem::certificates(&roots).unwrap(), expected);
}

#[test]
fn only_what_others_may_not_read_is_secret() {
    let files = files(&fixture::network());
    let secret: Vec<&str> =
        files.iter().filter(|file| file.is_secret).map(|file| file.name.as_str()).collect();
    assert_eq!(secret, ["example-secure.nmconnection", "example-secure-enroll.sh"]);
    for file in files.iter().filter(|file| !file.is_secret) {
        assert!(!content(file).contains("correct horse"), "{}", file.name);
    }
}

#[test]
fn a_keyfile_says_everything() {
    let keyfile = file(&fixture::network(), ".nmconnection");
    let sections: Vec<&str> = keyfile.lines().filter(|line| line.starts_with('[')).collect();
    assert_eq!(
        sections,
        ["[connection]", "[wifi]", "[wifi-security]", "[802-1x]", "[ipv4]", "[ipv6]"]
    );
    let connection = section(&keyfile, "connection");
    assert_eq!(connection[0], "type=wifi");
    assert_eq!(connection[1], "id=Example Secure");
    assert!(connection[2].starts_with("uuid=") && connection[2].len() == 41);
    assert_eq!(connection[3], "autoconnect=true");
    assert_eq!(
        section(&keyfile, "wifi"),
        ["ssid=Example-Secure", "mode=infrastructure", "cloned-mac-address=permanent"]
    );
    assert_eq!(section(&keyfile, "wifi-security"), ["key-mgmt=wpa-eap"]);
    assert_eq!(
        section(&keyfile, "802-1x"),
        [
            "eap=tls",
            "identity=anonymous",
            "ca-cert=/etc/safeconduct/example-secure/radius-roots.pem",
            "client-cert=/etc/safeconduct/example-secure/current/certificate.pem",
            "private-key=/etc/safeconduct/example-secure/current/key.pem",
            "private-key-password-flags=4",
            "domain-match=radius.example.org",
            "phase1-auth-flags=259",
        ]
    );
    assert_eq!(section(&keyfile, "ipv4"), ["method=auto"]);
    assert_eq!(section(&keyfile, "ipv6"), ["method=auto"]);
}

#[test]
fn nmcli_reads_every_keyfile() {
    for network in [fixture::network(), fixture::wired(), fixture::suite_192(), fixture::hostile()]
    {
        let keyfile = file(&network, ".nmconnection");
        let change = ["--offline", "connection", "modify", "connection.autoconnect-priority", "1"];
        let (content, told) = program::run("nmcli", &change, keyfile.as_bytes());
        assert!(content, "{told}");
        // It writes what it has read, in an order of its own.
        let told = format!("\n{told}");
        for line in section(&keyfile, "802-1x").iter().skip(1) {
            assert!(section(&told, "802-1x").contains(line), "{line}\n{told}");
        }
        assert_eq!(section(&keyfile, "connection")[1..3], section(&told, "connection")[..2]);
    }
}

#[test]
fn a_keyfile_knows_protections_cables_and_hidden_networks() {
    for (network, settings) in [
        (fixture::protected(Protection::Wpa3), vec!["key-mgmt=wpa-eap", "pmf=3"]),
        (fixture::suite_192(), vec!["key-mgmt=wpa-eap-suite-b-192", "pmf=3"]),
    ] {
        assert_eq!(section(&file(&network, ".nmconnection"), "wifi-security"), settings);
    }
    let hidden = fixture::with_ssid("Hidden", Protection::Wpa2, true);
    let hidden = Network { auto_join: false, disable_mac_randomization: false, ..hidden };
    let keyfile = file(&hidden, ".nmconnection");
    assert_eq!(section(&keyfile, "wifi"), ["ssid=Hidden", "mode=infrastructure", "hidden=true"]);
    assert_eq!(section(&keyfile, "connection")[3], "autoconnect=false");
    let wired = file(&fixture::wired(), ".nmconnection");
    assert_eq!(section(&wired, "connection")[0], "type=ethernet");
    assert_eq!(section(&wired, "ethernet"), ["cloned-mac-address=permanent"]);
    assert!(!wired.contains("[wifi"));
}

#[test]
fn a_keyfile_writes_what_is_not_plain_as_bytes() {
    for (ssid, line) in [
        ("Büro", "ssid=66;195;188;114;111;"),
        ("a;b", "ssid=97;59;98;"),
        (" a", "ssid=32;97;"),
        ("1234", "ssid=49;50;51;52;"),
        ("a.b c@d", "ssid=a.b c@d"),
    ] {
        let network = fixture::with_ssid(ssid, Protection::Wpa2, false);
        assert_eq!(section(&file(&network, ".nmconnection"), "wifi")[0], line);
    }
}

#[test]
fn the_versions_of_tls_are_limited() {
    for (lowest, highest, flags, phase1) in [
        (TlsVersion::Tls12, TlsVersion::Tls12, 0x13, "tls_disable_tlsv1_2=0 tls_disable_tlsv1_3=1"),
        (
            TlsVersion::Tls12,
            TlsVersion::Tls13,
            0x103,
            "tls_disable_tlsv1_2=0 tls_disable_tlsv1_3=0",
        ),
        (
            TlsVersion::Tls13,
            TlsVersion::Tls13,
            0x107,
            "tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=0",
        ),
    ] {
        let network = with_tls(lowest, highest);
        let keyfile = file(&network, ".nmconnection");
        let expected = format!("phase1-auth-flags={flags}");
        assert_eq!(section(&keyfile, "802-1x").last().unwrap(), &expected);
        let supplicant = file(&network, "-wpa_supplicant.conf");
        let line = format!("    phase1=\"tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 {phase1}\"\n");
        assert!(supplicant.contains(&line), "{supplicant}");
    }
}

#[test]
fn a_star_is_the_strictest_that_each_program_knows() {
    let network = with_stars();
    let keyfile = file(&network, ".nmconnection");
    assert!(
        section(&keyfile, "802-1x")
            .contains(&"domain-suffix-match=example.org;radius.example.net".to_owned())
    );
    assert!(!keyfile.contains("domain-match="));
    let supplicant = file(&network, "-wpa_supplicant.conf");
    let line = "    domain_suffix_match=\"example.org;radius.example.net\"\n";
    assert!(supplicant.contains(line));
    assert!(!supplicant.contains("domain_match="));
    let mask = "\nEAP-TLS-ServerDomainMask=*.example.org;radius.example.net\n";
    assert!(file(&network, ".8021x").contains(mask));
}

/// The lines of the network in a configuration of `wpa_supplicant`.
fn supplicant(network: &Network) -> Vec<String> {
    let configuration = file(network, "-wpa_supplicant.conf");
    let (_, after) = configuration.split_once("\nnetwork={\n").unwrap();
    let (inside, rest) = after.split_once("}\n").unwrap();
    assert_eq!(rest, "");
    inside.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn wpa_supplicant_is_told_everything() {
    let folder = "/etc/safeconduct/example-secure";
    assert_eq!(
        supplicant(&fixture::network()),
        [
            "ssid=\"Example-Secure\"".to_owned(),
            "key_mgmt=WPA-EAP WPA-EAP-SHA256".to_owned(),
            "proto=RSN".to_owned(),
            "pairwise=CCMP".to_owned(),
            "group=CCMP".to_owned(),
            "ieee80211w=1".to_owned(),
            "mac_addr=0".to_owned(),
            "eap=TLS".to_owned(),
            "identity=\"anonymous\"".to_owned(),
            format!("ca_cert=\"{folder}/radius-roots.pem\""),
            format!("client_cert=\"{folder}/current/certificate.pem\""),
            format!("private_key=\"{folder}/current/key.pem\""),
            format!("domain_match=\"{RADIUS}\""),
            "phase1=\"tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=0 \
             tls_disable_tlsv1_3=0\""
                .to_owned(),
        ]
    );
}

#[test]
fn wpa_supplicant_knows_protections_and_cables() {
    let wpa3 = supplicant(&fixture::protected(Protection::Wpa3));
    assert!(wpa3.contains(&"key_mgmt=WPA-EAP-SHA256".to_owned()));
    assert!(wpa3.contains(&"ieee80211w=2".to_owned()));
    let suite = supplicant(&fixture::suite_192());
    for line in [
        "key_mgmt=WPA-EAP-SUITE-B-192",
        "pairwise=GCMP-256",
        "group=GCMP-256",
        "group_mgmt=BIP-GMAC-256",
        "ieee80211w=2",
    ] {
        assert!(suite.contains(&line.to_owned()), "{line}");
    }
    let wired = fixture::wired();
    assert!(file(&wired, "-wpa_supplicant.conf").contains("\nap_scan=0\n"));
    assert_eq!(supplicant(&wired)[..3], ["key_mgmt=IEEE8021X", "eapol_flags=0", "eap=TLS"]);
    let hidden = fixture::with_ssid("Hidden", Protection::Wpa2, true);
    let hidden = supplicant(&Network { auto_join: false, ..hidden });
    assert_eq!(hidden[..2], ["ssid=\"Hidden\"", "scan_ssid=1"]);
    assert!(hidden.contains(&"disabled=1".to_owned()));
}

#[test]
fn iwd_is_told_what_it_knows() {
    let network = fixture::with_ssid("Büro", Protection::Wpa2, true);
    assert_eq!(
        file(&network, ".8021x"),
        "# For /var/lib/iwd/=42c3bc726f.8021x\n\
         \n\
         [Security]\n\
         EAP-Method=TLS\n\
         EAP-Identity=anonymous\n\
         EAP-TLS-CACert=/etc/safeconduct/example-secure/radius-roots.pem\n\
         EAP-TLS-ClientCert=/etc/safeconduct/example-secure/current/certificate.pem\n\
         EAP-TLS-ClientKey=/etc/safeconduct/example-secure/current/key.pem\n\
         EAP-TLS-ServerDomainMask=radius.example.org\n\
         \n\
         [Settings]\n\
         AutoConnect=true\n\
         Hidden=true\n"
    );
    assert!(!files(&fixture::wired()).iter().any(|file| file.name.ends_with(".8021x")));
}

#[test]
fn an_outer_identity_is_said_by_all() {
    let outer_identity = Some("anonymous@example.org".to_owned());
    let network = Network { outer_identity, ..fixture::network() };
    assert_eq!(
        section(&file(&network, ".nmconnection"), "802-1x")[1],
        "identity=anonymous@example.org"
    );
    assert!(supplicant(&network).contains(&"identity=\"anonymous@example.org\"".to_owned()));
    assert!(file(&network, ".8021x").contains("\nEAP-Identity=anonymous@example.org\n"));
}

#[test]
fn every_script_is_one() {
    for network in [fixture::network(), fixture::wired(), fixture::hostile()] {
        for file in files(&network).iter().filter(|file| file.name.ends_with(".sh")) {
            program::is_script(content(file));
        }
    }
}

/// What a script asks `safeconduct` for, by running it with a program of that name that only
/// writes down its words.
fn asked(script: &str) -> Vec<String> {
    let (_, command) = script.split_once("\nsafeconduct enroll").unwrap();
    let (command, _) = command.split_once("\n\n").unwrap();
    let test = format!(
        "device_serial=S123 device_name=host device_id=i device_model=m device_mac=0 made=/new\n\
         set -- enroll{command}\n\
         for word; do printf '%s\\n' \"$word\"; done\n"
    );
    let (content, told) = program::run("sh", &[], test.as_bytes());
    assert!(content, "{told}");
    told.lines().map(str::to_owned).collect()
}

#[test]
fn the_request_is_quoted_for_the_shell_and_for_names() {
    assert_eq!(
        asked(&file(&fixture::network(), "-enroll.sh")),
        [
            "enroll",
            "--force",
            "--url=http://ca.example.org/scep/example-school/p-3",
            "--secret=correct horse",
            "--key=rsa-2048",
            "--subject=CN=S123,O=Example School\\, Inc.",
            "--san=dns:host.devices.example.org",
            "--san=uri:urn:example:device",
            "--out=/new",
        ]
    );
}

#[test]
fn hostile_values_are_words() {
    let words = asked(&file(&fixture::hostile(), "-enroll.sh"));
    assert_eq!(words[2], format!("--url=http://ca.example.org/{HOSTILE}"));
    assert_eq!(words[3], format!("--secret={HOSTILE}"));
    let subject = words[5].strip_prefix("--subject=").unwrap();
    let subject = pki::name::Name::parse_text(subject).unwrap();
    assert_eq!(subject.common_names().collect::<Vec<_>>(), [HOSTILE]);
    assert_eq!(words[6], "--san=email:a'b@example.org");
}

#[test]
fn every_variable_of_a_machine_is_found_out() {
    let mut network = fixture::network();
    network.scep.names = Vec::new();
    for (variable, line) in [
        (
            Variable::DeviceSerial,
            "device_serial=$(fact 'serial number' </sys/class/dmi/id/product_serial)",
        ),
        (Variable::DeviceUdid, "device_id=$(fact 'machine id' </etc/machine-id)"),
        (Variable::DeviceName, "device_name=$(uname -n | fact name)"),
        (Variable::DeviceModel, "device_model=$(fact model </sys/class/dmi/id/product_name)"),
    ] {
        network.scep.subject = vec![("CN".to_owned(), fixture::text(&[Part::Variable(variable)]))];
        let script = file(&network, "-enroll.sh");
        let facts: Vec<&str> = script.lines().filter(|one| one.starts_with("device_")).collect();
        assert_eq!(facts, [line]);
    }
}

#[test]
fn what_a_machine_does_not_know_is_refused_by_its_field() {
    let mut network = fixture::network();
    network.scep.subject[1].1 = fixture::text(&[Part::Variable(Variable::PersonEmail)]);
    network.scep.names =
        vec![(NameKind::Upn, fixture::text(&[Part::Variable(Variable::PersonUpn)]))];
    let fields: Vec<String> = refused(&network).into_iter().map(|one| one.field).collect();
    assert_eq!(fields, ["subject", "san.upn"]);
}

#[test]
fn the_timer_starts_the_script_of_its_network() {
    let files = files(&fixture::network());
    let service = content(named(&files, ".service"));
    assert!(service.contains("\nExecStart=/bin/sh /etc/safeconduct/example-secure/enroll.sh\n"));
    assert!(service.contains("\nReadWritePaths=/etc/safeconduct/example-secure\n"));
    let timer = content(named(&files, ".timer"));
    assert!(timer.contains("\nOnCalendar=daily\n"));
    let stem = |ending| named(&files, ending).name.strip_suffix(ending).unwrap().to_owned();
    assert_eq!(stem(".service"), stem(".timer"));
}

#[test]
fn a_network_that_cannot_work_is_not_written() {
    let network = Network { slug: "../etc".to_owned(), ..fixture::network() };
    assert_eq!(refused(&network)[0].field, "slug");
}
