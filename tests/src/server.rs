//! `safeconduct serve` as a process of its own.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::mpsc::channel;

use crate::directory;
use crate::patience::PATIENCE;
use crate::program;

/// A running server. Dropped, it is killed.
#[derive(Debug)]
pub struct Server {
    /// Where SCEP and downloads are, as `127.0.0.1:PORT`.
    pub http: String,
    /// Where RADIUS authentication is.
    pub radius: String,
    /// Where health is.
    pub health: String,
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Server {
    /// Starts the server of a data directory on free ports and waits until it is ready; what it
    /// logs goes into the file `log`.
    #[track_caller]
    pub fn start<const N: usize>(data: &Path, log: &Path, arguments: [&str; N]) -> Self {
        let file = File::options().append(true).create(true).open(log);
        let file = file.expect("the log can be opened");
        let mut command = Command::new(program::path());
        program::alone(&mut command);
        command.arg("serve").arg("--data").arg(data);
        command.args(["--http", "127.0.0.1:0", "--radius-auth", "127.0.0.1:0"]);
        command.args(["--health", "127.0.0.1:0"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.map(|line| sender.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        let (http, radius, health) = (String::new(), String::new(), String::new());
        let mut server = Self { http, radius, health, child, lines, log: log.to_owned() };
        server.wait_until_ready();
        server
    }

    #[track_caller]
    fn wait_until_ready(&mut self) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| self.never_ready(&error));
            match line.split_once(' ') {
                Some(("http", address)) => address.clone_into(&mut self.http),
                Some(("radius-auth", address)) => address.clone_into(&mut self.radius),
                Some(("health", address)) => address.clone_into(&mut self.health),
                Some(_) => {}
                None if line == "ready" => break,
                None => {}
            }
        }
        for address in [&self.http, &self.radius, &self.health] {
            assert!(address.starts_with("127.0.0.1:"), "an address was not told: {self:?}");
        }
    }

    #[expect(clippy::panic, reason = "a test without its server has failed")]
    #[track_caller]
    fn never_ready<T>(&self, error: &RecvTimeoutError) -> T {
        panic!("the server is not ready ({error}); it said:\n{}", self.log())
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the server logged so far.
    #[track_caller]
    pub fn log(&self) -> String {
        directory::text(&self.log)
    }

    /// Asks the server to end and waits until it has; returns its exit status.
    #[track_caller]
    pub fn stop(mut self) -> i32 {
        let pid = self.pid().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.is_ok_and(|status| status.success()), "process {pid} takes no signal");
        // Its output ends when it does.
        while self.lines.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Disconnected) {}
        let status = self.child.wait().expect("a child of ours can be waited for");
        status.code().unwrap_or(-1)
    }

    /// Ends the server as a power cut would.
    pub fn cut(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("the server logged:\n{log}");
        }
    }
}
