//! FreeRADIUS as a server of somebody else who trusts the organization's authorities.

use std::ffi::OsStr;
use std::net::UdpSocket;
use std::path::PathBuf;

use crate::directory::Directory;
use crate::guide;
use crate::process::Process;
use crate::stranger;
use crate::stranger::shown;

const SETTINGS: &str = include_str!("freeradius.conf");

/// How it learns what is revoked.
#[derive(Clone, Copy, Debug)]
pub enum Revocation<'a> {
    /// From lists that its administrator fetched, PEM, one for each authority of the chain.
    Lists(&'a str),
    /// By asking the responder at this URL about every device.
    Ocsp(&'a str),
}

/// A running server. Dropped, it is killed, and its files are removed.
#[derive(Debug)]
pub struct FreeRadius {
    /// Where it answers, as `127.0.0.1:PORT`.
    pub address: String,
    /// The root that devices trust when they meet it.
    pub root: PathBuf,
    process: Process,
    _directory: Directory,
}

impl FreeRadius {
    /// Starts a server that admits the holders of certificates below these roots, PEM.
    #[track_caller]
    pub fn start(roots: &str, revocation: Revocation<'_>) -> Self {
        let directory = Directory::fresh();
        let (lists, settings) = match revocation {
            Revocation::Lists(lists) => {
                (lists, "check_crl = yes\n\t\t\tcheck_all_crl = yes".to_owned())
            }
            Revocation::Ocsp(url) => {
                let own = format!("override_cert_url = yes\n\t\t\t\turl = \"{url}\"");
                let strict = "use_nonce = yes\n\t\t\t\ttimeout = 10\n\t\t\t\tsoftfail = no";
                let settings = format!(
                    "ocsp {{\n\t\t\t\tenable = yes\n\t\t\t\t{own}\n\t\t\t\t{strict}\n\t\t\t}}"
                );
                ("", settings)
            }
        };
        directory.write("trusted.pem", format!("{roots}\n{lists}"));
        let root = certificate(&directory);
        let port = free_port();
        let settings = SETTINGS
            .replace("FOLDER", shown(directory.path()))
            .replace("SHARED_SECRET", guide::SHARED_SECRET)
            .replace("PORT", &port.to_string())
            .replace("REVOCATION", &settings);
        directory.write("radiusd.conf", settings);
        let arguments = ["-X", "-n", "radiusd", "-d", shown(directory.path())];
        let log = directory.file("freeradius.log");
        let arguments = arguments.into_iter().map(OsStr::new);
        let mut process = Process::start_as(stranger::freeradius(), arguments, &log);
        loop {
            match process.line_or_end() {
                Some(line) if line.contains("Ready to process requests") => break,
                Some(_) => {}
                None => return process.never_ready(),
            }
        }
        Self { address: format!("127.0.0.1:{port}"), root, process, _directory: directory }
    }

    /// Everything it said until it ends, which it does now.
    #[track_caller]
    pub fn stop(self) -> String {
        self.process.signal("TERM");
        let lines = core::iter::from_fn(|| self.process.line_or_end());
        lines.collect::<Vec<String>>().join("\n")
    }
}

/// Its own certificate and key, with the name that devices expect; returns the certificate, which
/// is its own root.
#[track_caller]
fn certificate(directory: &Directory) -> PathBuf {
    let (key, certificate) = (directory.file("server.key"), directory.file("server.pem"));
    let name = format!("subjectAltName=DNS:{}", guide::SERVER_NAME);
    let new =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Other"];
    let more = ["-addext", &name, "-keyout", shown(&key), "-out", shown(&certificate)];
    stranger::openssl(new.into_iter().chain(more)).succeeded();
    certificate
}

/// A port that was free a moment ago: FreeRADIUS cannot be asked which it took.
#[track_caller]
pub(crate) fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    socket.local_addr().expect("a bound socket has an address").port()
}
