//! The tools of others: each must be there, and says so when it is not.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::directory::Directory;
use crate::outcome;
use crate::outcome::Outcome;

/// A tool, and the Debian package that has it.
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
}

/// Keeps, reads and checks certificates.
const OPENSSL: Tool = Tool { program: "openssl", package: "openssl" };

/// strongSwan's SCEP client.
const PKI: Tool = Tool {
    program: "pki",
    package: "strongswan-pki libstrongswan-extra-plugins libstrongswan-standard-plugins",
};

/// The supplicant of Linux, with an access point in the same process.
const EAPOL_TEST: Tool = Tool { program: "eapol_test", package: "eapoltest" };

/// The server that most access points ask.
const FREERADIUS: Tool = Tool { program: "freeradius", package: "freeradius" };

/// FreeRADIUS's client.
const RADCLIENT: Tool = Tool { program: "radclient", package: "freeradius-utils" };

/// The SCEP client of micromdm: single DES and SHA-1, and nothing else.
const SCEPCLIENT: Tool = Tool { program: "scepclient", package: "scep" };

/// Renews certificates on Linux; it speaks over a bus.
const CERTMONGER: Tool = Tool { program: "certmonger", package: "certmonger" };

/// Gives programs a bus of their own.
const BUS: Tool = Tool { program: "dbus-run-session", package: "dbus" };

/// Makes calls of a running program fail.
const STRACE: Tool = Tool { program: "strace", package: "strace" };

/// Typesets man pages.
const GROFF: Tool = Tool { program: "groff", package: "groff-base" };

/// Reads property lists.
const PYTHON: Tool = Tool { program: "python3", package: "python3" };

/// Reads XML.
const XMLLINT: Tool = Tool { program: "xmllint", package: "libxml2-utils" };

/// The command line of what joins networks on Linux.
const NMCLI: Tool = Tool { program: "nmcli", package: "network-manager" };

/// A switch, as far as 802.1X goes.
const HOSTAPD: Tool = Tool { program: "hostapd", package: "hostapd" };

/// The supplicant of Linux.
const WPA_SUPPLICANT: Tool = Tool { program: "wpa_supplicant", package: "wpasupplicant" };

/// Keeps network interfaces.
pub(crate) const IP: Tool = Tool { program: "ip", package: "iproute2" };

/// Makes namespaces.
pub(crate) const UNSHARE: Tool = Tool { program: "unshare", package: "util-linux" };

/// Enters namespaces.
pub(crate) const NSENTER: Tool = Tool { program: "nsenter", package: "util-linux" };

/// Fetches what is at a URL.
const CURL: Tool = Tool { program: "curl", package: "curl" };

impl Tool {
    #[track_caller]
    fn command(&self) -> Command {
        outcome::command(self.path())
    }

    #[track_caller]
    pub(crate) fn path(&self) -> PathBuf {
        let Self { program, package } = self;
        // Debian keeps programs for administrators where other users do not search.
        let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(more);
        let found = folders.find_map(|folder| {
            let file = folder.join(program);
            file.is_file().then_some(file)
        });
        assert!(found.is_some(), "{program} is missing; run: apt-get install {package}");
        found.unwrap_or_default()
    }
}

/// Runs `openssl`.
#[track_caller]
pub fn openssl<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Outcome {
    outcome::run(OPENSSL.command().args(arguments))
}

/// What Python's own reader of property lists finds in a file: the document as JSON, bytes as
/// hexadecimal digits.
#[track_caller]
pub fn property_list(file: &Path) -> serde_json::Value {
    let script = "import json, plistlib, sys\n\
                  read = plistlib.load(open(sys.argv[1], 'rb'))\n\
                  json.dump(read, sys.stdout, default=lambda value: value.hex())\n";
    outcome::run(PYTHON.command().args(["-c", script]).arg(file)).succeeded().json()
}

/// The same property list in its binary form, beside the file.
#[track_caller]
pub fn binary_property_list(file: &Path) -> PathBuf {
    let script = "import plistlib, sys\n\
                  read = plistlib.load(open(sys.argv[1], 'rb'))\n\
                  plistlib.dump(read, open(sys.argv[2], 'wb'), fmt=plistlib.FMT_BINARY)\n";
    let binary = file.with_extension("binary");
    outcome::run(PYTHON.command().args(["-c", script]).arg(file).arg(&binary)).succeeded();
    binary
}

/// Asserts that `xmllint` finds a file well-formed.
#[track_caller]
pub fn is_well_formed(file: &Path) {
    outcome::run(XMLLINT.command().args(["--noout", "--nonet"]).arg(file)).succeeded();
}

/// What `nmcli` makes of a keyfile, without NetworkManager running.
#[track_caller]
pub fn nmcli_reads(keyfile: &Path) -> Outcome {
    let change = ["--offline", "connection", "modify", "connection.autoconnect-priority", "1"];
    let file = std::fs::File::open(keyfile).expect("the keyfile is there");
    outcome::run(NMCLI.command().args(change).stdin(file))
}

/// `hostapd`, to be given its arguments; nothing stops it but its own end.
#[track_caller]
pub fn hostapd() -> PathBuf {
    HOSTAPD.path()
}

/// `wpa_supplicant`, in the same way.
#[track_caller]
pub fn wpa_supplicant() -> PathBuf {
    WPA_SUPPLICANT.path()
}

/// Typesets man pages for a terminal, prints nothing, and complains of what is wrong with them.
#[track_caller]
pub fn typeset<'a>(pages: impl IntoIterator<Item = &'a str>) -> Outcome {
    outcome::run(GROFF.command().args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z"]).args(pages))
}

/// Fetches a URL with `curl` into a file; fails unless the answer is a success.
#[track_caller]
pub fn fetch(url: &str, file: &Path) {
    let mut command = CURL.command();
    command.args(["--silent", "--show-error", "--fail", "--output"]).arg(file).arg(url);
    outcome::run(&mut command).succeeded();
}

/// The status of a URL over TLS whose certificate nobody knows.
#[track_caller]
pub fn https_status(url: &str) -> String {
    let mut command = CURL.command();
    command.args(["--silent", "--insecure", "--output", "/dev/null", "--write-out"]);
    outcome::run(command.args(["%{http_code}", url])).succeeded().stdout
}

/// `curl`, to be given its arguments: silent but for errors, and with the head of the answer
/// before its body.
#[track_caller]
pub fn curl() -> Command {
    let mut command = CURL.command();
    command.args(["--silent", "--show-error", "--include", "--http1.1"]);
    command
}

/// Runs `eapol_test` in `directory`.
#[track_caller]
pub fn eapol_test(directory: &Path, arguments: &[String]) -> Outcome {
    outcome::run(EAPOL_TEST.command().current_dir(directory).args(arguments))
}

/// Sends one packet with `radclient`: its attributes, then server, kind and shared secret.
#[track_caller]
pub fn radclient(attributes: &Path, server: &str, kind: &str, secret: &str) -> Outcome {
    let mut command = RADCLIENT.command();
    command.args(["-x", "-r", "1", "-t", "2", "-f"]).arg(attributes).args([server, kind, secret]);
    outcome::run(&mut command)
}

/// Runs strongSwan's `pki` in `directory`.
#[track_caller]
pub fn pki<'a>(directory: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Outcome {
    outcome::run(PKI.command().current_dir(directory).args(arguments))
}

/// Asks for a certificate with micromdm's `scepclient`, which keeps its files in `directory`.
#[track_caller]
pub fn scepclient(directory: &Path, url: &str, challenge: &str) -> Outcome {
    let mut command = SCEPCLIENT.command();
    command.args(["-server-url", url, "-challenge", challenge, "-cn", "old-device"]);
    command.args(["-private-key", "old.key", "-certificate", "old.pem"]);
    outcome::run(command.current_dir(directory))
}

/// `freeradius`, to be given its arguments; nothing stops it but its own end.
#[track_caller]
pub fn freeradius() -> Command {
    Command::new(FREERADIUS.path())
}

/// Names that pkilint takes for errors, and the RFCs do not: it knows no host name without a dot
/// (RFC 1123, 2.1), and no address but those of the web (RFC 3986; Microsoft's own form of a
/// security identifier is one).
const LEGAL_NAMES: [&str; 3] = ["\"localhost\"", "\"urn:example:", "\"tag:microsoft.com,"];

/// A program of a package from the index of Python: in the folder that a variable names, else
/// where `./dev test` puts it.
#[track_caller]
fn from_pypi(variable: &str, package: &str, program: &str) -> PathBuf {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let folder = named.or_else(|| {
        let test = std::env::current_exe().ok()?;
        Some(test.parent()?.parent()?.parent()?.join(package).join("bin"))
    });
    let program = folder.expect("a test knows where it stands").join(program);
    assert!(program.is_file(), "{package} is missing; ./dev test installs it");
    program
}

/// How long schemathesis may take, in seconds; ten times what it needs.
const SCHEMATHESIS_SECONDS: &str = "900";

/// Asks the API at an address with `schemathesis`, as its description says and as it does not, in
/// `directory`; it finds nothing wrong.
#[track_caller]
pub fn schemathesis(directory: &Path, address: &str, token: &str, arguments: &[&str]) {
    let program = from_pypi("SAFECONDUCT_SCHEMATHESIS", "schemathesis", "schemathesis");
    let mut command = outcome::command_within(SCHEMATHESIS_SECONDS, program);
    command.current_dir(directory).args(arguments);
    command.arg(format!("https://{address}/api/v1/openapi.json"));
    command
        .args(["--tls-verify", "false", "--header"])
        .arg(format!("Authorization: Bearer {token}"));
    command.args(["--seed", "1", "--no-color", "--no-shrink", "--continue-on-failure"]);
    command.args(["--warnings", "off", "--generation-database", "none"]);
    // A server ends connections that are idle, perhaps in the moment in which one is used again.
    command.args(["--request-retries", "3"]);
    outcome::run(&mut command).succeeded();
}

/// Asserts that a linter of pkilint finds no error in a file. `./dev test` installs them.
#[track_caller]
pub fn pkilint(linter: &str, arguments: &[&str], file: &Path) {
    let mut command = outcome::command(from_pypi("SAFECONDUCT_PKILINT", "pkilint", linter));
    let found = outcome::run(command.args(["lint", "-s", "ERROR"]).args(arguments).arg(file));
    // Its status is the number of findings.
    assert!(found.stderr.is_empty(), "{found:?}");
    let is_error = |line: &&str| line.contains("(ERROR)") || line.contains("(FATAL)");
    let is_legal = |line: &str| LEGAL_NAMES.iter().any(|name| line.contains(name));
    let errors: Vec<&str> = found.stdout.lines().filter(is_error).collect();
    assert_eq!(errors.is_empty(), found.status == 0, "{found:?}");
    assert!(errors.iter().all(|line| is_legal(line)), "{}: {}", shown(file), found.stdout);
}

/// `strace`, to be given its arguments; nothing stops it but its own end.
#[track_caller]
pub fn strace() -> Command {
    Command::new(STRACE.path())
}

/// Runs a script with `bash` in `directory`, on a bus of its own with certmonger there to start.
/// When it ends, so does everything that it started.
#[track_caller]
pub fn certmonger(directory: &Path, script: &str, arguments: &[&str]) -> Outcome {
    let _installed = CERTMONGER.command();
    let mut command = BUS.command();
    command.args(["--", "bash", "-c", script, "certmonger"]).args(arguments);
    outcome::run(command.current_dir(directory))
}

/// The full text of a certificate, as `openssl` reads it.
#[track_caller]
pub fn text_of(certificate: &Path) -> String {
    openssl(["x509", "-noout", "-text", "-in", shown(certificate)]).succeeded().stdout
}

/// One field of a certificate, as `openssl` prints it: `-serial`, `-subject`, …
#[track_caller]
pub fn field_of(certificate: &Path, field: &str) -> String {
    let outcome = openssl(["x509", "-noout", field, "-in", shown(certificate)]).succeeded();
    let line = outcome.stdout.trim();
    line.split_once('=').map_or(line, |(_, value)| value).to_owned()
}

/// Asserts that `openssl` accepts the chain from `leaf` over `intermediates` to `root`, by the
/// letter of RFC 5280.
#[track_caller]
pub fn verify(root: &Path, intermediates: Option<&Path>, leaf: &Path) {
    let mut arguments = vec!["verify", "-x509_strict", "-check_ss_sig", "-CAfile", shown(root)];
    if let Some(file) = intermediates {
        arguments.extend(["-untrusted", shown(file)]);
    }
    arguments.push(shown(leaf));
    openssl(arguments).succeeded().says(": OK");
}

/// A root and a device's certificate from somebody else, as `certificate.pem` and `key.pem` in a
/// new folder of `directory`; returns the folder.
#[track_caller]
pub fn foreign_identity(directory: &Directory) -> PathBuf {
    let folder = directory.file("foreign");
    std::fs::create_dir(&folder).expect("a folder of our own can be made");
    let root = foreign_root(directory);
    let root_key = root.with_extension("key");
    let request = folder.join("request.pem");
    let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
    let name = "/CN=foreign-device";
    let new = ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", name, "-keyout"];
    let arguments = new.into_iter().chain([shown(&key), "-out", shown(&request)]);
    openssl(arguments).succeeded();
    let usage = directory.write("foreign.ext", "extendedKeyUsage=clientAuth\n");
    let sign = ["x509", "-req", "-days", "30", "-CAcreateserial", "-in", shown(&request)];
    let keys = ["-CA", shown(&root), "-CAkey", shown(&root_key), "-extfile", shown(&usage)];
    let arguments = sign.into_iter().chain(keys).chain(["-out", shown(&certificate)]);
    openssl(arguments).succeeded();
    folder
}

/// A root of somebody else; its key stands beside it.
#[track_caller]
pub fn foreign_root(directory: &Directory) -> PathBuf {
    let (root, key) = (directory.file("foreign-root.pem"), directory.file("foreign-root.key"));
    let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj"];
    let files = ["/CN=Foreign Root", "-keyout", shown(&key), "-out", shown(&root)];
    openssl(new.into_iter().chain(files)).succeeded();
    root
}

/// A path as a command line takes it.
#[track_caller]
pub fn shown(path: &Path) -> &str {
    path.to_str().expect("our own paths are UTF-8")
}
