//! `eapol_test` as a device that joins the network through an access point.

use std::path::Path;

use crate::directory::Directory;
use crate::guide;
use crate::stranger;
use crate::stranger::shown;

/// How long a device waits that is expected to get an answer, in seconds.
const ANSWER_SECONDS: &str = "30";

/// How long a device waits that is expected to get none, in seconds.
const SILENCE_SECONDS: &str = "3";

/// A device and its access point.
#[derive(Clone, Debug)]
pub struct Supplicant<'a> {
    /// The folder with its `certificate.pem` and `key.pem`.
    pub identity: &'a Path,
    /// The root that it trusts.
    pub root: &'a Path,
    /// The name that it expects of the server.
    pub server_name: &'a str,
    /// Its version of TLS: `1.2` or `1.3`.
    pub tls: &'a str,
    /// The secret that its access point uses.
    pub shared_secret: &'a str,
    /// The longest EAP packet that it sends, in bytes.
    pub fragment_size: u32,
    /// What else `eapol_test` is told, such as attributes of the access point.
    pub more: &'a [&'a str],
}

/// How it went.
#[derive(Debug)]
pub struct Joined {
    /// Everything that `eapol_test` said.
    pub log: String,
}

impl<'a> Supplicant<'a> {
    /// A device as the guide's network profile sets it up.
    pub fn new(identity: &'a Path, root: &'a Path) -> Self {
        Self {
            identity,
            root,
            server_name: guide::SERVER_NAME,
            tls: "1.2",
            shared_secret: guide::SHARED_SECRET,
            fragment_size: 1398,
            more: &[],
        }
    }

    /// The same with a version of TLS.
    pub fn tls(self, version: &'a str) -> Self {
        Self { tls: version, ..self }
    }

    /// Joins through the server at this address; waits for an answer.
    #[track_caller]
    pub fn join(&self, radius: &str) -> Joined {
        self.run(radius, ANSWER_SECONDS)
    }

    /// Asks, and asserts that nothing at all comes back.
    #[track_caller]
    pub fn meets_silence(&self, radius: &str) {
        let log = self.run(radius, SILENCE_SECONDS).log;
        assert!(log.contains("Sending RADIUS message"), "{log}");
        assert!(!log.contains("Received RADIUS message"), "{log}");
    }

    #[track_caller]
    fn run(&self, radius: &str, seconds: &str) -> Joined {
        let directory = Directory::fresh();
        let without_tls13 = if self.tls == "1.3" { 0 } else { 1 };
        let settings = format!(
            "network={{\n key_mgmt=WPA-EAP\n eap=TLS\n identity=\"device@example.test\"\n \
             ca_cert=\"{}\"\n client_cert=\"{}\"\n private_key=\"{}\"\n domain_match=\"{}\"\n \
             fragment_size={}\n phase1=\"tls_disable_tlsv1_3={without_tls13}\"\n}}\n",
            shown(self.root),
            shown(&self.identity.join("certificate.pem")),
            shown(&self.identity.join("key.pem")),
            self.server_name,
            self.fragment_size,
        );
        let file = directory.write("eapol_test.conf", settings);
        let more = [&["-s", self.shared_secret], self.more].concat();
        eapol_test(&file, radius, seconds, &more)
    }
}

/// Joins with a configuration of wpa_supplicant as it is, through the guide's access point.
#[track_caller]
pub fn join_by(configuration: &Path, radius: &str) -> Joined {
    eapol_test(configuration, radius, ANSWER_SECONDS, &["-s", guide::SHARED_SECRET])
}

#[track_caller]
fn eapol_test(configuration: &Path, radius: &str, seconds: &str, more: &[&str]) -> Joined {
    let port = radius.rsplit(':').next().unwrap_or_default();
    let fixed = ["-c", shown(configuration), "-a", "127.0.0.1", "-p", port, "-t", seconds];
    let arguments = fixed.iter().chain(more).map(|&argument| argument.to_owned());
    let folder = configuration.parent().unwrap_or(Path::new("/"));
    let arguments: Vec<String> = arguments.collect();
    Joined { log: stranger::eapol_test(folder, &arguments).stdout }
}

impl Joined {
    /// Asserts that the device is in, with keys that both ends agree on.
    #[track_caller]
    pub fn is_in(self) -> Self {
        assert!(self.log.trim_end().ends_with("SUCCESS"), "{}", self.log);
        self.says("MPPE keys OK: 1  mismatch: 0").says("Access-Accept")
    }

    /// Asserts that the server refused the device.
    #[track_caller]
    pub fn is_refused(self) -> Self {
        assert!(self.log.trim_end().ends_with("FAILURE"), "{}", self.log);
        self.says("Access-Reject")
    }

    /// Asserts that the device is not in, whoever broke off.
    #[track_caller]
    pub fn is_not_in(self) -> Self {
        assert!(self.log.trim_end().ends_with("FAILURE"), "{}", self.log);
        assert!(!self.log.contains("Access-Accept"), "{}", self.log);
        self
    }

    /// Asserts that `words` stand in the log.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.log.contains(words), "no {words:?} in {}", self.log);
        self
    }

    /// Asserts that the Access-Accept puts the device into a VLAN (RFC 3580, 3.31).
    #[track_caller]
    pub fn is_in_vlan(self, vlan: &str) -> Self {
        // 13 is VLAN, 6 is IEEE-802; the text of the group has no tag.
        let group: String = vlan.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.attribute("Attribute 64 (Tunnel-Type)", "0000000d")
            .attribute("Attribute 65 (Tunnel-Medium-Type)", "00000006")
            .attribute("Attribute 81 (Tunnel-Private-Group-Id)", &group)
    }

    /// Asserts that the Access-Accept carries a vendor's attribute with these bytes: vendor, type,
    /// length and value, in hexadecimal digits.
    #[track_caller]
    pub fn carries(self, vendor_specific: &str) -> Self {
        let name = "Attribute 26 (Vendor-Specific)";
        let lines = self.log.lines().zip(self.log.lines().skip(1));
        let mut values = lines.filter(|(line, _)| line.contains(name)).map(|(_, value)| value);
        let found = values.any(|value| value.trim() == format!("Value: {vendor_specific}"));
        assert!(found, "no {vendor_specific} in {}", self.log);
        self
    }

    #[track_caller]
    fn attribute(self, name: &str, value: &str) -> Self {
        let mut lines = self.log.lines().skip_while(|line| !line.contains(name)).skip(1);
        let given = lines.next().unwrap_or_default();
        let given = given.trim().trim_start_matches("Value: ");
        assert_eq!(given, value, "{name}\n{}", self.log);
        self
    }
}
