//! A cable between a switch and a device, each in a network namespace of its own: the RADIUS server
//! and hostapd at one end, wpa_supplicant at the other.
//!
//! Root makes the namespaces as they are; anybody else makes them in a user namespace, where the
//! system allows it. Where neither works the test fails, unless `$SAFECONDUCT_WITHOUT_NAMESPACES`
//! says that this is known.

use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use crate::directory;
use crate::directory::Directory;
use crate::guide;
use crate::lab::Lab;
use crate::outcome;
use crate::outcome::Outcome;
use crate::patience;
use crate::process::Process;
use crate::program;
use crate::stranger;
use crate::stranger::shown;

/// What says that no namespaces can be made on this machine, and that this is known.
const WITHOUT_NAMESPACES: &str = "SAFECONDUCT_WITHOUT_NAMESPACES";

/// The end of the cable at the switch.
const SWITCH: &str = "switch0";

/// The end of the cable at the device.
const DEVICE: &str = "device0";

/// How namespaces are made here.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// As root.
    Root,
    /// In a user namespace.
    User,
}

impl Way {
    /// None only if it is known that there is no way.
    #[track_caller]
    fn find() -> Option<Self> {
        // A namespace alone is not enough: a container may have no cables to give.
        let cable = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip link add \"$0\" type veth \
                     peer name \"$1\"";
        let works = |way: Self| {
            let mut command = outcome::command(stranger::UNSHARE.path());
            command.args(way.apart()).args(["sh", "-c", cable, SWITCH, DEVICE]);
            outcome::run(&mut command).status == 0
        };
        if let Some(way) = [Self::Root, Self::User].into_iter().find(|way| works(*way)) {
            return Some(way);
        }
        assert!(
            std::env::var_os(WITHOUT_NAMESPACES).is_some(),
            "no cable between network namespaces can be laid here, neither as root nor in a user namespace; run \
             the tests as root, allow user namespaces, or say that it is known with \
             {WITHOUT_NAMESPACES}=1"
        );
        eprintln!("NOT TESTED: 802.1X over a cable; {WITHOUT_NAMESPACES} is set");
        None
    }

    /// The arguments of `unshare` that make a namespace.
    fn apart(self) -> &'static [&'static str] {
        match self {
            Self::Root => &["-n", "--"],
            Self::User => &["-r", "-n", "--"],
        }
    }

    /// The arguments of `nsenter` that lead into the namespace of a process.
    fn into(self, pid: u32) -> Vec<String> {
        let target = ["-t".to_owned(), pid.to_string(), "-n".to_owned()];
        let user = match self {
            Self::Root => [].as_slice(),
            Self::User => &["-U", "--preserve-credentials"],
        };
        let user = user.iter().map(|&argument| argument.to_owned());
        target.into_iter().chain(user).chain(["--".to_owned()]).collect()
    }
}

/// A switch that asks our server, and a socket for one device.
#[derive(Debug)]
pub struct Wire {
    way: Way,
    server: u32,
    device: Child,
    switch: Option<Process>,
    directory: Directory,
}

impl Wire {
    /// Serves an organization in a namespace, and puts a switch and the cable into it. None only
    /// where it is known that there are no namespaces.
    #[track_caller]
    pub fn lay(lab: &mut Lab) -> Option<Self> {
        let way = Way::find()?;
        let up = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && exec \"$0\" \"$@\"";
        let mut command = Command::new(stranger::UNSHARE.path());
        command.args(way.apart()).args(["sh", "-c", up]).arg(program::path());
        lab.serve_as(command);
        let server = lab.server().pid();
        let device = hold(way, server);
        let wire = Self { way, server, device, switch: None, directory: Directory::fresh() };
        let number = wire.device.id().to_string();
        wire.ip(wire.server, ["link", "add", SWITCH, "type", "veth", "peer", "name", DEVICE]);
        wire.ip(wire.server, ["link", "set", SWITCH, "up"]);
        wire.ip(wire.server, ["link", "set", DEVICE, "netns", &number]);
        wire.ip(wire.device.id(), ["link", "set", DEVICE, "up"]);
        Some(wire)
    }

    /// Runs a command of ours where the server is.
    #[track_caller]
    pub fn run<const N: usize>(&self, arguments: [&str; N]) -> Outcome {
        let mut command = outcome::command(stranger::NSENTER.path());
        program::alone(&mut command);
        command.args(self.way.into(self.server)).arg(program::path());
        outcome::run(command.args(arguments))
    }

    /// Starts the switch, which asks this server.
    #[track_caller]
    pub fn start_switch(&mut self, radius: &str) {
        let port = radius.rsplit(':').next().unwrap_or_default();
        let settings = format!(
            "interface={SWITCH}\ndriver=wired\nieee8021x=1\neap_reauth_period=0\n\
             own_ip_addr=127.0.0.1\nnas_identifier=switch\nauth_server_addr=127.0.0.1\n\
             auth_server_port={port}\nauth_server_shared_secret={}\n",
            guide::SHARED_SECRET,
        );
        let settings = self.directory.write("hostapd.conf", settings);
        let log = self.switch_log();
        let arguments = ["-dd", "-f", shown(&log), shown(&settings)];
        self.switch = Some(self.start(self.server, &stranger::hostapd(), &arguments));
        self.waits_for(&self.switch_log(), "AP-ENABLED");
    }

    /// Plugs a device in, which joins with a configuration of wpa_supplicant; returns what it
    /// logged until it said one of `ends`.
    #[track_caller]
    pub fn plug_in(&self, configuration: &Path, ends: &str) -> String {
        let log = self.directory.file("wpa_supplicant.log");
        if log.exists() {
            std::fs::remove_file(&log).expect("a log of our own can be removed");
        }
        let fixed = ["-D", "wired", "-i", DEVICE, "-dd", "-f", shown(&log), "-c"];
        let arguments: Vec<&str> = fixed.into_iter().chain([shown(configuration)]).collect();
        let device = self.start(self.device.id(), &stranger::wpa_supplicant(), &arguments);
        let said = self.waits_for(&log, ends);
        drop(device);
        said
    }

    /// What the switch logged.
    #[track_caller]
    pub fn switch_says(&self, words: &str) -> String {
        self.waits_for(&self.switch_log(), words)
    }

    fn switch_log(&self) -> PathBuf {
        self.directory.file("hostapd.log")
    }

    #[track_caller]
    fn start(&self, pid: u32, program: &Path, arguments: &[&str]) -> Process {
        let mut command = Command::new(stranger::NSENTER.path());
        command.args(self.way.into(pid)).arg(program);
        let arguments = arguments.iter().map(std::ffi::OsStr::new);
        Process::start_as(command, arguments, &self.directory.file("errors.log"))
    }

    #[track_caller]
    fn waits_for(&self, log: &Path, words: &str) -> String {
        let text = || if log.exists() { directory::text(log) } else { String::new() };
        let found = patience::until(|| Some(text()).filter(|text| text.contains(words)));
        assert!(found.is_some(), "no {words:?} in:\n{}", text());
        found.unwrap_or_default()
    }

    #[track_caller]
    fn ip<const N: usize>(&self, pid: u32, arguments: [&str; N]) {
        let mut command = outcome::command(stranger::NSENTER.path());
        command.args(self.way.into(pid)).arg(stranger::IP.path());
        outcome::run(command.args(arguments)).succeeded();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.device.kill();
        let _ = self.device.wait();
    }
}

/// A process that keeps a namespace of its own until it is killed.
#[track_caller]
fn hold(way: Way, server: u32) -> Child {
    let mut command = Command::new(stranger::NSENTER.path());
    command.args(way.into(server)).arg(stranger::UNSHARE.path());
    command.args(["-n", "--", "sh", "-c", "echo apart; exec cat"]);
    let held = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut held = held.expect("a namespace can be made beside the server's");
    let mut said = [0; 6];
    let read = held.stdout.as_mut().map(|out| std::io::Read::read_exact(out, &mut said));
    assert!(read.is_some_and(|read| read.is_ok()), "the namespace of the device is not made");
    held
}
