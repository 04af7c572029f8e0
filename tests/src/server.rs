//! `safeconduct serve` as a process of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::process::Process;
use crate::program;

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
    /// The set-up code, if it printed one.
    pub set_up_code: Option<String>,
    /// Everything that it printed until it was ready.
    pub printed: Vec<String>,
    process: Process,
}

impl Server {
    /// Starts the server of a data directory on free ports and waits until it is ready; what it
    /// logs goes into the file `log`.
    #[track_caller]
    pub fn start<'a>(
        data: &'a Path,
        log: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let command = Command::new(program::path());
        let started = Self::start_as(command, data, log, arguments);
        started.unwrap_or_else(|mut ended| ended.never_ready())
    }

    /// The same for a command that becomes the program. If it ends before it is ready, what is
    /// left of it comes back.
    #[track_caller]
    pub fn start_as<'a>(
        command: Command,
        data: &'a Path,
        log: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Process> {
        let serve = [OsStr::new("serve"), OsStr::new("--data"), data.as_os_str()];
        let free = "127.0.0.1:0";
        let doors = ["--http", "--https", "--radius-auth", "--radius-acct", "--health"];
        let addresses = doors.into_iter().flat_map(|door| [door, free]);
        let more = addresses.chain(arguments).map(OsStr::new);
        let process = Process::start_as(command, serve.into_iter().chain(more), log);
        let (http, https, health) = (String::new(), String::new(), String::new());
        let (radius, accounting) = (String::new(), String::new());
        let (set_up_code, printed) = (None, Vec::new());
        let mut server =
            Self { http, https, radius, accounting, health, set_up_code, printed, process };
        if server.becomes_ready() { Ok(server) } else { Err(server.process) }
    }

    #[track_caller]
    fn becomes_ready(&mut self) -> bool {
        loop {
            let Some(line) = self.process.line_or_end() else { return false };
            self.printed.push(line.clone());
            match line.split_once(' ') {
                Some(("http", address)) => address.clone_into(&mut self.http),
                Some(("https", address)) => address.clone_into(&mut self.https),
                Some(("radius-auth", address)) => address.clone_into(&mut self.radius),
                Some(("radius-acct", address)) => address.clone_into(&mut self.accounting),
                Some(("health", address)) => address.clone_into(&mut self.health),
                Some(("set-up-code", code)) => self.set_up_code = Some(code.to_owned()),
                Some(_) => {}
                None if line == "ready" => break,
                None => {}
            }
        }
        for address in [&self.http, &self.https, &self.radius, &self.accounting, &self.health] {
            assert!(address.starts_with("127.0.0.1:"), "an address was not told: {self:?}");
        }
        true
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends the server a signal, such as `TERM`.
    #[track_caller]
    pub fn signal(&self, signal: &str) {
        self.process.signal(signal);
    }

    /// Whether the server has ended already.
    #[track_caller]
    pub fn has_ended(&mut self) -> bool {
        self.process.has_ended()
    }

    /// Waits until the server has ended by itself; returns its exit status, or none if it was
    /// killed.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        self.process.wait()
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
