//! Servers that are measured, and our own with an organization of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context, Result};

use super::measurement::{Key, Kind};
use super::place::{Place, SHARED_SECRET};
use super::process::{Process, Stream};

/// How many devices there are: a server keeps few TLS sessions of one certificate.
const DEVICES: usize = 16;

/// What ends a certificate in a file.
const END: &str = "-----END CERTIFICATE-----\n";

const ORGANIZATION: &str = include_str!("organization.toml");

/// A server at one of its doors.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) kind: Kind,
    pub(super) process: Rc<Process>,
    /// Host and port of RADIUS, or the URL of SCEP.
    pub(super) address: String,
    /// The secret of SCEP's challenge.
    pub(super) secret: String,
    /// The authority of its RADIUS certificate.
    pub(super) trust: PathBuf,
}

/// Our own server, at both doors.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) radius: Server,
    pub(super) scep: Server,
    name: String,
}

/// Devices with certificates.
#[derive(Debug)]
pub(super) struct Devices {
    /// The directory of each.
    pub(super) identities: Vec<PathBuf>,
    /// The authorities above them: the root, and the intermediate, which spares OpenSSL work.
    pub(super) authorities: PathBuf,
}

/// Starts our server with a fresh organization whose RADIUS certificate has such a key.
pub(super) fn start(place: &Place, key: Key, name: &str) -> Result<Ours> {
    let name = format!("{name}-{}", key.name());
    let text = ORGANIZATION.replace("SERVER_KEY", key.name());
    let text = text.replace("SHARED_SECRET", SHARED_SECRET);
    let file = place.write(&format!("{name}.toml"), &text)?;
    let (data, csv) = (place.file(&name), place.file(&format!("{name}.csv")));
    let mut apply = place.program();
    apply.arg("apply").arg("--data").arg(&data).arg(file).arg("--secrets").arg(&csv);
    place.run(&mut apply)?;
    let secrets = std::fs::read_to_string(&csv).context("the secrets of the gateway")?;
    let secret = secrets.lines().last().and_then(|line| line.rsplit(',').next());
    let secret = secret.context("the gateway has a secret")?.to_owned();
    let mut serve = place.our_server();
    serve.arg("serve").arg("--data").arg(&data);
    for door in ["--http", "--https", "--radius-auth", "--radius-acct", "--health"] {
        serve.args([door, "127.0.0.1:0"]);
    }
    place.note(&serve);
    let log = place.file(&format!("{name}.log"));
    let process = Process::start(&mut serve, &log, Stream::Output)?;
    let lines = process.wait_for("ready")?;
    let address = |door: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(door)?.strip_prefix(' '));
        found.map(str::to_owned).with_context(|| format!("our server does not say where {door} is"))
    };
    let (radius, http) = (address("radius-auth")?, address("http")?);
    let root = fetch(&http, "/ca/radius-ca.pem")?;
    let trust = place.write(&format!("{name}-root.pem"), &root)?;
    let process = Rc::new(process);
    let server = |address: String| Server {
        kind: Kind::Safeconduct,
        process: Rc::clone(&process),
        address,
        secret: secret.clone(),
        trust: trust.clone(),
    };
    Ok(Ours { radius: server(radius), scep: server(format!("http://{http}/scep/bench")), name })
}

/// Fetches a page over plain HTTP.
fn fetch(address: &str, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    Ok(body.to_owned())
}

impl Ours {
    /// Gives devices certificates, which every RADIUS server is to accept.
    pub(super) fn enroll_devices(&self, place: &Place) -> Result<Devices> {
        let mut identities = Vec::new();
        for number in 0..DEVICES {
            let out = place.file(&format!("{}-device-{number}", self.name));
            let (subject, san) =
                (format!("CN=device-{number}"), format!("dns:d{number}.example.test"));
            let mut enroll = place.program();
            enroll.args(["enroll", "--url", &self.scep.address, "--secret", &self.scep.secret]);
            enroll.args(["--subject", &subject, "--san", &san]).arg("--out").arg(&out);
            place.run(&mut enroll)?;
            identities.push(out);
        }
        let first = identities.first().context("there are devices")?;
        let chain = std::fs::read_to_string(first.join("certificate.pem"))?;
        let (_, above) = chain.split_once(END).context("a chain has several certificates")?;
        let root = std::fs::read_to_string(first.join("ca.pem"))?;
        let authorities =
            place.write(&format!("{}-authorities.pem", self.name), &format!("{root}{above}"))?;
        Ok(Devices { identities, authorities })
    }
}
