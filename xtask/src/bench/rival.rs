//! Other servers, each set up as well as its documentation allows: the page says how.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use anyhow::{Context, Result};

use super::measurement::{Key, Kind};
use super::place::{Place, SERVER_NAME, SHARED_SECRET, free_tcp_port, free_udp_port};
use super::process::{Process, Stream};
use super::server::{Devices, Server};

/// The challenge that scepserver asks for.
const CHALLENGE: &str = "a-challenge-to-measure-with";

const FREERADIUS: &str = include_str!("freeradius.conf");

const HOSTAPD: &str = include_str!("hostapd.conf");

/// A server certificate of the same shape as ours, from an authority of its own: our program gives
/// the key of its certificate to nobody.
#[derive(Debug)]
pub(super) struct Certificate {
    key: PathBuf,
    certificate: PathBuf,
    root: PathBuf,
}

impl Certificate {
    pub(super) fn make(place: &Place, key: Key) -> Result<Self> {
        let file = |what: &str| place.file(&format!("rival-{}-{what}", key.name()));
        let made = Self { key: file("key.pem"), certificate: file("pem"), root: file("root.pem") };
        let (root_key, request) = (file("root-key.pem"), file("csr.pem"));
        let extensions = format!(
            "subjectAltName=DNS:{SERVER_NAME}\nextendedKeyUsage=serverAuth\n\
             keyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n"
        );
        let extensions = place.write("rival-extensions.txt", &extensions)?;
        let mut root =
            openssl(["req", "-x509", "-subj", "/CN=Rival RADIUS CA", "-days", "30"], key);
        place.run(root.arg("-keyout").arg(&root_key).arg("-out").arg(&made.root))?;
        let mut leaf = openssl(["req", "-subj", &format!("/CN={SERVER_NAME}")], key);
        place.run(leaf.arg("-keyout").arg(&made.key).arg("-out").arg(&request))?;
        let mut sign = Command::new("openssl");
        sign.args(["x509", "-req", "-sha256", "-days", "30", "-CAcreateserial", "-in"]);
        sign.arg(&request).arg("-CA").arg(&made.root).arg("-CAkey").arg(&root_key);
        sign.arg("-extfile").arg(extensions).arg("-out").arg(&made.certificate);
        place.run(&mut sign)?;
        Ok(made)
    }
}

fn openssl<const N: usize>(words: [&str; N], key: Key) -> Command {
    let mut command = Command::new("openssl");
    command.args(words).arg("-nodes");
    match key {
        Key::Rsa => command.args(["-newkey", "rsa:2048"]),
        Key::P256 => command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    };
    command
}

/// Fills a template: each place is a word in capitals.
fn fill(template: &str, words: &[(&str, &str)]) -> String {
    words.iter().fold(template.to_owned(), |text, (place, word)| text.replace(place, word))
}

fn shown(path: &Path) -> Result<&str> {
    path.to_str().context("the directory's name is no UTF-8")
}

/// FreeRADIUS with one module and one virtual server.
pub(super) fn freeradius(
    place: &Place,
    certificate: &Certificate,
    devices: &Devices,
) -> Result<Server> {
    let port = free_udp_port()?;
    let folder = place.folder(&format!("freeradius-{port}"))?;
    let cache = place.folder(&format!("freeradius-{port}/sessions"))?;
    let words = [
        ("FOLDER", shown(&folder)?),
        ("SESSIONS", shown(&cache)?),
        ("SERVER_KEY", shown(&certificate.key)?),
        ("SERVER_CERTIFICATE", shown(&certificate.certificate)?),
        ("DEVICE_AUTHORITIES", shown(&devices.authorities)?),
        ("SHARED_SECRET", SHARED_SECRET),
        ("PORT", &port.to_string()),
    ];
    place.write(&format!("freeradius-{port}/radiusd.conf"), &fill(FREERADIUS, &words))?;
    let mut command = place.server(program("freeradius"));
    command.args(["-f", "-l", "stdout", "-n", "radiusd", "-d"]).arg(&folder);
    place.note(&command);
    let log = place.file(&format!("freeradius-{port}.log"));
    let process = Process::start(&mut command, &log, Stream::Output)?;
    process.wait_for("Ready to process requests")?;
    Ok(radius(Kind::FreeRadius, process, port, certificate))
}

/// hostapd as nothing but a RADIUS server.
pub(super) fn hostapd(
    place: &Place,
    certificate: &Certificate,
    devices: &Devices,
) -> Result<Server> {
    let port = free_udp_port()?;
    let users = place.write("hostapd-users", "* TLS\n")?;
    let clients = place.write("hostapd-clients", &format!("127.0.0.1/32 {SHARED_SECRET}\n"))?;
    let words = [
        ("USERS", shown(&users)?),
        ("CLIENTS", shown(&clients)?),
        ("SERVER_KEY", shown(&certificate.key)?),
        ("SERVER_CERTIFICATE", shown(&certificate.certificate)?),
        ("DEVICE_AUTHORITIES", shown(&devices.authorities)?),
        ("PORT", &port.to_string()),
    ];
    let settings = place.write(&format!("hostapd-{port}.conf"), &fill(HOSTAPD, &words))?;
    let mut command = place.server(program("hostapd"));
    command.arg(settings);
    place.note(&command);
    let log = place.file(&format!("hostapd-{port}.log"));
    let process = Process::start(&mut command, &log, Stream::Output)?;
    process.wait_for("AP-ENABLED")?;
    Ok(radius(Kind::Hostapd, process, port, certificate))
}

fn radius(kind: Kind, process: Process, port: u16, certificate: &Certificate) -> Server {
    Server {
        kind,
        process: Rc::new(process),
        address: format!("127.0.0.1:{port}"),
        secret: String::new(),
        trust: certificate.root.clone(),
    }
}

/// micromdm's scepserver with an RSA-2048 authority, as ours is; its own default is RSA-4096, which
/// would make it slower still.
pub(super) fn scepserver(place: &Place) -> Result<Server> {
    let (port, depot) = (free_tcp_port()?, place.file("scepserver"));
    let mut init = Command::new(program("scepserver"));
    init.args(["ca", "-init", "-keySize", "2048", "-depot"]).arg(&depot);
    place.run(&mut init)?;
    let mut command = place.server(program("scepserver"));
    command.arg("-depot").arg(&depot).args(["-port", &port.to_string(), "-allowrenew", "0"]);
    command.args(["-challenge", CHALLENGE]);
    place.note(&command);
    let log = place.file("scepserver.log");
    let process = Process::start(&mut command, &log, Stream::Errors)?;
    process.wait_for("listening")?;
    Ok(Server {
        kind: Kind::ScepServer,
        process: Rc::new(process),
        address: format!("http://127.0.0.1:{port}/scep"),
        secret: CHALLENGE.to_owned(),
        trust: PathBuf::new(),
    })
}

/// A program, also where Debian keeps those for administrators.
fn program(name: &str) -> PathBuf {
    let folders = ["/usr/sbin", "/usr/local/sbin", "/sbin"];
    let found =
        folders.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_template_is_filled() {
        assert_eq!(fill("a = FOLDER/x PORT", &[("FOLDER", "f"), ("PORT", "7")]), "a = f/x 7");
        for (template, words) in [(FREERADIUS, "FOLDER SESSIONS"), (HOSTAPD, "USERS CLIENTS")] {
            let both = "SERVER_KEY SERVER_CERTIFICATE DEVICE_AUTHORITIES PORT";
            for word in words.split(' ').chain(both.split(' ')) {
                assert!(template.contains(word), "{word}");
            }
        }
    }
}
