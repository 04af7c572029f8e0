//! Where everything of a measurement is: a directory of its own, and a processor for either side.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

use super::measurement::{Case, Login, Seen};
use super::process;
use super::server::{Devices, Server};

/// The secret that the access point of the load shares with every server.
pub(super) const SHARED_SECRET: &str = "a-shared-secret-to-measure-with";

/// How many devices join at once.
const CONCURRENCY: &str = "16";

/// The name that every RADIUS server's certificate bears.
pub(super) const SERVER_NAME: &str = "radius.example.test";

/// The processors: servers on one, the load on another.
const SERVER_PROCESSOR: &str = "0";
const LOAD_PROCESSOR: &str = "1";

/// A directory, a program and two processors. Dropped, the directory is removed.
#[derive(Debug)]
pub(super) struct Place {
    directory: PathBuf,
    program: PathBuf,
    has_two_processors: bool,
    commands: RefCell<Vec<String>>,
}

impl Place {
    pub(super) fn make(program: &Path) -> Result<Self> {
        let program = program.canonicalize();
        let program = program.context("the program is missing: cargo build --release -p server")?;
        let name = format!("safeconduct-bench-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir(&directory).with_context(|| directory.display().to_string())?;
        let has_two_processors = thread::available_parallelism().map_or(1, usize::from) > 1;
        if !has_two_processors {
            eprintln!("there is one processor only: servers and load share it");
        }
        Ok(Self { directory, program, has_two_processors, commands: RefCell::default() })
    }

    /// Where a file of this name is.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file and returns where it is.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.file(name);
        let mut file = File::create(&path).with_context(|| path.display().to_string())?;
        file.write_all(text.as_bytes())?;
        Ok(path)
    }

    /// Makes a directory in it.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.file(name);
        std::fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// Our program.
    pub(super) fn program(&self) -> Command {
        Command::new(&self.program)
    }

    /// Our program as the load.
    pub(super) fn load(&self) -> Command {
        self.pinned(LOAD_PROCESSOR, &self.program)
    }

    /// A server's program.
    pub(super) fn server(&self, program: impl AsRef<Path>) -> Command {
        self.pinned(SERVER_PROCESSOR, program.as_ref())
    }

    /// Our program as a server.
    pub(super) fn our_server(&self) -> Command {
        self.server(&self.program)
    }

    fn pinned(&self, processor: &str, program: &Path) -> Command {
        if !self.has_two_processors {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["-c", processor]).arg(program);
        command
    }

    /// Lets devices join at a server.
    pub(super) fn measure_logins(
        &self,
        server: &Server,
        devices: &Devices,
        case: Case,
        count: u32,
    ) -> Result<Option<Seen>> {
        let mut command = self.load();
        command.args(["bench", "radius", "--json", "--radius", &server.address]);
        command.args(["--secret", SHARED_SECRET, "--server-name", SERVER_NAME]);
        command.arg("--trust").arg(&server.trust).args(["--tls", &case.tls.to_string()]);
        command.args(["--concurrency", CONCURRENCY, "--count", &count.to_string()]);
        command.args(["--pid", &server.process.pid().to_string()]);
        if case.login == Login::Resumed {
            command.arg("--resume");
        }
        for identity in &devices.identities {
            command.arg("--identity").arg(identity);
        }
        self.measure(command)
    }

    /// Asks a server for certificates.
    pub(super) fn measure_certificates(
        &self,
        server: &Server,
        clients: u32,
        count: u32,
    ) -> Result<Option<Seen>> {
        let mut command = self.load();
        command.args(["bench", "scep", "--json", "--url", &server.address, "--keys", "8"]);
        command.args(["--secret", &server.secret, "--count", &count.to_string()]);
        command.args(["--concurrency", &clients.to_string()]);
        command.args(["--pid", &server.process.pid().to_string()]);
        self.measure(command)
    }

    /// Runs a measurement. Wrong answers are a finding; no report at all is told, and the others
    /// are measured all the same.
    fn measure(&self, mut command: Command) -> Result<Option<Seen>> {
        self.note(&command);
        let output = command.stdin(Stdio::null()).output()?;
        let seen = Seen::read(&String::from_utf8_lossy(&output.stdout));
        if seen.is_err() {
            eprintln!("not measured: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(seen.ok())
    }

    /// Keeps a command to be shown: each kind once.
    pub(super) fn note(&self, command: &Command) {
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<String> = words.map(|word| self.shown(word.to_owned())).collect();
        let words = without_secrets(words);
        let kind = |shown: &str| {
            let is_fixed = |word: &&str| !word.starts_with("--") && !word.starts_with("DIR");
            shown.split(' ').take_while(is_fixed).map(str::to_owned).collect::<Vec<_>>()
        };
        let shown = words.join(" ");
        let mut commands = self.commands.borrow_mut();
        if !commands.iter().any(|known| kind(known) == kind(&shown)) {
            commands.push(shown);
        }
    }

    /// A word without what differs from run to run.
    fn shown(&self, word: OsString) -> String {
        let word = word.to_string_lossy();
        let program = self.program.to_string_lossy();
        word.replace(&*program, "safeconduct").replace(&*self.directory.to_string_lossy(), "DIR")
    }

    /// What was run, one of each kind.
    pub(super) fn commands(&self) -> Vec<String> {
        self.commands.borrow().clone()
    }

    /// Runs a command that must succeed.
    pub(super) fn run(&self, command: &mut Command) -> Result<String> {
        process::output(command.current_dir(&self.directory))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            eprintln!("{} stays behind: {error}", self.directory.display());
        }
    }
}

/// Hides secrets, and of many devices shows the first.
fn without_secrets(words: Vec<String>) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--identity" if shown.contains(&word) => drop(words.next()),
            "--secret" => {
                drop(words.next());
                shown.extend([word, "SECRET".to_owned()]);
            }
            _ => shown.push(word),
        }
    }
    shown
}

/// A port that nobody listens at, for servers that cannot take one by themselves.
pub(super) fn free_udp_port() -> Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The same for TCP.
pub(super) fn free_tcp_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_secrets_and_repetitions() {
        let words = "a --secret x --identity 1 --identity 2 --tls 1.2".split(' ');
        let shown = without_secrets(words.map(str::to_owned).collect());
        assert_eq!(shown.join(" "), "a --secret SECRET --identity 1 --tls 1.2");
    }
}
