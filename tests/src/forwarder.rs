//! FreeRADIUS as a proxy between access points and the server: it reads every attribute with its own
//! dictionaries, and says what it read.

use std::ffi::OsStr;

use crate::directory::Directory;
use crate::freeradius::free_port;
use crate::guide;
use crate::process::Process;
use crate::stranger;
use crate::stranger::shown;

const SETTINGS: &str = include_str!("forwarder.conf");

/// A running proxy. Dropped, it is killed, and its files are removed.
#[derive(Debug)]
pub struct Forwarder {
    /// Where it answers, as `127.0.0.1:PORT`.
    pub address: String,
    process: Process,
    _directory: Directory,
}

impl Forwarder {
    /// Starts a proxy before the server at this address.
    #[track_caller]
    pub fn start(behind: &str) -> Self {
        let directory = Directory::fresh();
        let port = free_port();
        let (_, port_behind) = behind.rsplit_once(':').expect("an address ends with its port");
        let settings = SETTINGS
            .replace("FOLDER", shown(directory.path()))
            .replace("SHARED_SECRET", guide::SHARED_SECRET)
            .replace("BEHIND", port_behind)
            .replace("PORT", &port.to_string());
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
        Self { address: format!("127.0.0.1:{port}"), process, _directory: directory }
    }

    /// Everything it said until it ends, which it does now.
    #[track_caller]
    pub fn stop(self) -> String {
        self.process.signal("TERM");
        let lines = core::iter::from_fn(|| self.process.line_or_end());
        lines.collect::<Vec<String>>().join("\n")
    }
}
