//! `safeconduct serve` as a process of its own.

use std::ffi::OsStr;
use std::path::Path;

use crate::process::Process;

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    /// Where SCEP and downloads are, as `127.0.0.1:PORT`.
    pub http: String,
    /// The same over TLS, with the API.
    pub https: String,
    /// Where RADIUS authentication is.
    pub radius: String,
    /// Where RADIUS accounting is.
    pub accounting: String,
    /// Where health is.
    pub health: String,
    process: Process,
}

impl Server {
    /// Starts the server of a data directory on free ports and waits until it is ready; what it
    /// logs goes into the file `log`.
    #[track_caller]
    pub fn start<const N: usize>(data: &Path, log: &Path, arguments: [&str; N]) -> Self {
        let serve = [OsStr::new("serve"), OsStr::new("--data"), data.as_os_str()];
        let free = "127.0.0.1:0";
        let doors = ["--http", "--https", "--radius-auth", "--radius-acct", "--health"];
        let addresses = doors.into_iter().flat_map(|door| [door, free]);
        let more = addresses.chain(arguments).map(OsStr::new);
        let process = Process::start(serve.into_iter().chain(more), log);
        let (http, https, health) = (String::new(), String::new(), String::new());
        let (radius, accounting) = (String::new(), String::new());
        let mut server = Self { http, https, radius, accounting, health, process };
        server.wait_until_ready();
        server
    }

    #[track_caller]
    fn wait_until_ready(&mut self) {
        loop {
            let line = self.process.line();
            match line.split_once(' ') {
                Some(("http", address)) => address.clone_into(&mut self.http),
                Some(("https", address)) => address.clone_into(&mut self.https),
                Some(("radius-auth", address)) => address.clone_into(&mut self.radius),
                Some(("radius-acct", address)) => address.clone_into(&mut self.accounting),
                Some(("health", address)) => address.clone_into(&mut self.health),
                Some(_) => {}
                None if line == "ready" => break,
                None => {}
            }
        }
        for address in [&self.http, &self.https, &self.radius, &self.accounting, &self.health] {
            assert!(address.starts_with("127.0.0.1:"), "an address was not told: {self:?}");
        }
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the server logged so far.
    #[track_caller]
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Asks the server to end and waits until it has; returns its exit status.
    #[track_caller]
    pub fn stop(self) -> i32 {
        self.process.end("TERM")
    }
}
