//! The program as a process that goes on, read line by line.

use std::ffi::OsStr;
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

/// A running process. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Process {
    /// Starts the program; what it logs goes into the file `log`.
    #[track_caller]
    pub fn start<'a>(arguments: impl IntoIterator<Item = &'a OsStr>, log: &Path) -> Self {
        Self::start_as(Command::new(program::path()), arguments, log)
    }

    /// The same for a command that becomes the program.
    #[track_caller]
    pub fn start_as<'a>(
        mut command: Command,
        arguments: impl IntoIterator<Item = &'a OsStr>,
        log: &Path,
    ) -> Self {
        let file = File::options().append(true).create(true).open(log);
        let file = file.expect("the log can be opened");
        program::alone(&mut command);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut child = command.spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.map(|line| sender.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        Self { child, lines, log: log.to_owned() }
    }

    /// The next line that it prints; none if it ended.
    #[track_caller]
    pub fn line_or_end(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(error @ RecvTimeoutError::Timeout) => self.silent(&error),
        }
    }

    /// The next line that it prints.
    #[track_caller]
    pub fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE);
        line.unwrap_or_else(|error| self.silent(&error))
    }

    #[expect(clippy::panic, reason = "a test whose process ended has failed")]
    #[track_caller]
    fn silent<T>(&self, error: &RecvTimeoutError) -> T {
        panic!("the process prints no more ({error}); it logged:\n{}", self.log())
    }

    /// Fails: it was to become ready and ended.
    #[expect(clippy::panic, reason = "a test whose server does not start has failed")]
    #[track_caller]
    pub fn never_ready<T>(&mut self) -> T {
        let status = self.wait();
        panic!("the server ended with {status:?} before it was ready:\n{}", self.log())
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it logged so far.
    #[track_caller]
    pub fn log(&self) -> String {
        directory::text(&self.log)
    }

    /// Sends it a signal, such as `TERM`.
    #[track_caller]
    pub fn signal(&self, signal: &str) {
        let pid = self.pid().to_string();
        let asked = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(asked.is_ok_and(|status| status.success()), "process {pid} takes no signal");
    }

    /// Whether it has ended already.
    #[track_caller]
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours can be waited for").is_some()
    }

    /// Waits until it has ended by itself; returns its exit status, or none if it was killed.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        // Its output ends when it does.
        while self.line_or_end().is_some() {}
        self.child.wait().expect("a child of ours can be waited for").code()
    }

    /// Sends it a signal and waits until it has ended; returns its exit status.
    #[track_caller]
    pub fn end(mut self, signal: &str) -> i32 {
        self.signal(signal);
        self.wait().unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("the program logged:\n{log}");
        }
    }
}
