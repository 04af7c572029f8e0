//! A laboratory: an organization in a directory of its own, its server, and questions to both.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::directory;
use crate::directory::Directory;
use crate::guide;
use crate::json;
use crate::outcome;
use crate::outcome::Outcome;
use crate::patience;
use crate::program;
use crate::server::Server;
use crate::stranger::shown;
use crate::strike::Strike;

/// An organization, perhaps served.
#[derive(Debug)]
pub struct Lab {
    // Before the directory, so that it is dropped first.
    server: Option<Server>,
    config: Option<PathBuf>,
    /// Where the data is seen from here, if the server sees it elsewhere.
    data: Option<PathBuf>,
    /// Everything of this laboratory.
    pub directory: Directory,
}

impl Lab {
    /// The guide's organization, served.
    #[track_caller]
    pub fn of_guide() -> Self {
        Self::of(guide::GUIDE)
    }

    /// The organization of a declarative file, served.
    #[track_caller]
    pub fn of(toml: &str) -> Self {
        let mut lab = Self::unserved(toml);
        lab.serve();
        lab
    }

    /// The organization of a declarative file, not served.
    #[track_caller]
    pub fn unserved(toml: &str) -> Self {
        let lab = Self::empty();
        lab.apply(toml, ["--secrets", shown(&lab.csv())]).succeeded();
        lab
    }

    /// No organization yet.
    #[track_caller]
    pub fn empty() -> Self {
        Self { server: None, config: None, data: None, directory: Directory::fresh() }
    }

    /// No organization yet, with this configuration.
    #[track_caller]
    pub fn configured(config: &str) -> Self {
        let mut lab = Self::empty();
        lab.config = Some(lab.directory.write("settings.toml", config));
        lab
    }

    /// A data directory of its own for an organization in a PostgreSQL database, which has the
    /// master key of these hexadecimal digits.
    #[track_caller]
    pub fn on_database(url: &str, master_key: &str) -> Self {
        let mut lab = Self::empty();
        let key = lab.directory.write("master.key", master_key);
        let config = format!(
            "[seal]\nmaster_key_file = {:?}\n[database]\nurl = {url:?}\n",
            key.display().to_string()
        );
        lab.config = Some(lab.directory.write("settings.toml", config));
        lab
    }

    /// Adds to a command which organization it is for.
    pub fn place(&self, command: &mut Command) {
        command.arg("--data").arg(self.data());
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
    }

    /// Starts the server.
    #[track_caller]
    pub fn serve(&mut self) {
        self.serve_with([]);
    }

    /// Starts the server with further arguments.
    #[track_caller]
    pub fn serve_with<const N: usize>(&mut self, arguments: [&str; N]) {
        let log = self.directory.file("serve.log");
        let server = match &self.config {
            Some(config) => {
                let arguments = ["--config", shown(config)].into_iter().chain(arguments);
                Server::start(&self.data(), &log, arguments)
            }
            None => Server::start(&self.data(), &log, arguments),
        };
        self.server = Some(server);
    }

    /// Starts the server under a strike from its first call on; false if it ended before it was
    /// ready.
    #[track_caller]
    pub fn serve_under(&mut self, strike: &Strike) -> bool {
        let mut command = strike.command();
        command.arg(program::path());
        let log = self.directory.file("serve.log");
        self.server = Server::start_as(command, &self.data(), &log, []).ok();
        self.server.is_some()
    }

    /// Starts the server by a command that becomes the program.
    #[track_caller]
    pub fn serve_as(&mut self, command: Command) {
        let log = self.directory.file("serve.log");
        let server = Server::start_as(command, &self.data(), &log, []);
        self.server = Some(server.unwrap_or_else(|mut ended| ended.never_ready()));
    }

    /// Lets devices enroll where the server is.
    #[track_caller]
    pub fn publish_address(&self) {
        self.ask(["organization", "edit", "--base-url", &self.url("")]).succeeded();
    }

    /// Renders a network profile for a platform; returns the folder with the files.
    #[track_caller]
    pub fn render<const N: usize>(
        &self,
        profile: &str,
        platform: &str,
        arguments: [&str; N],
    ) -> PathBuf {
        let count = std::fs::read_dir(self.directory.path()).map_or(0, Iterator::count);
        let folder = self.directory.file(&format!("{platform}-{count}"));
        let mut command = program::command();
        self.place(command.args(["network-profile", "render", profile, "--for", platform]));
        outcome::run(command.args(arguments).arg("--out").arg(&folder)).succeeded();
        folder
    }

    /// Asks for a certificate with our own client, as a profile says.
    #[track_caller]
    pub fn enroll_by<const N: usize>(
        &self,
        profile: &Path,
        out: &str,
        arguments: [&str; N],
    ) -> Outcome {
        let mut command = program::command();
        command.args(["enroll", "--json", "--profile"]).arg(profile).args(arguments);
        outcome::run(command.arg("--out").arg(self.directory.file(out)))
    }

    /// Takes the running server: it is no longer the laboratory's.
    #[track_caller]
    pub fn take_server(&mut self) -> Server {
        self.server.take().expect("this laboratory is served")
    }

    /// Takes a server whose data directory is another file system in a namespace of its own.
    pub fn look_into_namespace_of(&mut self, server: Server) {
        let own = self.directory.file("data");
        let root = PathBuf::from(format!("/proc/{}/root", server.pid()));
        self.data = Some(root.join(own.strip_prefix("/").unwrap_or(&own)));
        self.server = Some(server);
    }

    /// Stops the server in order.
    #[track_caller]
    pub fn stop(&mut self) {
        let status = self.server.take().map(Server::stop);
        assert_eq!(status, Some(0), "the server did not end in order");
    }

    /// Ends the server as a power cut would.
    pub fn cut(&mut self) {
        drop(self.server.take());
    }

    /// The running server.
    #[track_caller]
    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("this laboratory is served")
    }

    /// Where RADIUS authentication is.
    #[track_caller]
    pub fn radius(&self) -> &str {
        &self.server().radius
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| self.directory.file("data"))
    }

    /// Where the secrets of the first apply are.
    pub fn csv(&self) -> PathBuf {
        self.directory.file("secrets.csv")
    }

    /// The secret of a gateway, as its CSV has it.
    #[track_caller]
    pub fn secret(&self, gateway: &str) -> String {
        let csv = directory::text(&self.csv());
        let begin = format!("{gateway},");
        let line = csv.lines().find(|line| line.starts_with(&begin));
        let secret = line.and_then(|line| line.rsplit(',').next());
        secret.expect("the CSV names the gateway").to_owned()
    }

    /// The URL of a path at the running server.
    #[track_caller]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server().http)
    }

    /// Runs a command on the organization.
    #[track_caller]
    pub fn ask<const N: usize>(&self, arguments: [&str; N]) -> Outcome {
        let mut command = program::command();
        self.place(command.args(arguments));
        outcome::run(&mut command)
    }

    /// Applies a declarative file; it stays as `organization.toml`.
    #[track_caller]
    pub fn apply<const N: usize>(&self, toml: &str, arguments: [&str; N]) -> Outcome {
        let file = self.directory.write("organization.toml", toml);
        let mut command = program::command();
        self.place(command.arg("apply"));
        command.arg(file).args(arguments);
        outcome::run(&mut command)
    }

    /// Every certificate.
    #[track_caller]
    pub fn certificates(&self) -> Vec<Value> {
        items(&self.ask(["certificate", "list", "--limit", "1000", "--json"]))
    }

    /// Every certificate of a device.
    #[track_caller]
    pub fn device_certificates(&self) -> Vec<Value> {
        let mut certificates = self.certificates();
        certificates.retain(|certificate| json::text(certificate, "/usage") == "device");
        certificates
    }

    /// Every event, newest first.
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        items(&self.ask(["event", "list", "--limit", "1000", "--json"]))
    }

    /// The newest event that `is_meant`; answers to devices become durable within a second.
    #[track_caller]
    pub fn event(&self, what: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        let found = patience::until(|| self.events().into_iter().find(&is_meant));
        assert!(found.is_some(), "no event: {what}; there are: {:#?}", self.events());
        found.unwrap_or_default()
    }

    /// The newest refusal with this reason; asserts that it says what happened and what to do.
    #[track_caller]
    pub fn refusal(&self, code: &str) -> Value {
        self.refusals(code, 1)
    }

    /// The same once there are as many refusals with this reason as `count`.
    #[track_caller]
    pub fn refusals(&self, code: &str, count: usize) -> Value {
        let is_meant = |event: &&Value| json::text(event, "/reason/code") == code;
        let newest = || {
            let events = self.events();
            let enough = events.iter().filter(is_meant).count() >= count;
            events.iter().find(is_meant).filter(|_| enough).cloned()
        };
        let event = patience::until(newest).unwrap_or_default();
        assert!(!event.is_null(), "no {count} {code}; there are: {:#?}", self.events());
        assert_eq!(json::text(&event, "/outcome"), "refused", "{event:#}");
        for words in ["/reason/sentence", "/reason/fix"] {
            assert!(json::text(&event, words).len() > 10, "no {words}: {event:#}");
        }
        event
    }

    /// Asks for a certificate with our own client, at the guide's gateway.
    #[track_caller]
    pub fn ask_for_certificate<const N: usize>(&self, out: &str, arguments: [&str; N]) -> Outcome {
        let url = self.url(&format!("/scep/{}", guide::GATEWAY_SLUG));
        let mut command = program::command();
        command.args(["enroll", "--json", "--url", &url]).args(arguments);
        outcome::run(command.arg("--out").arg(self.directory.file(out)))
    }

    /// Enrolls a device at the guide's gateway; returns the folder with its certificate and key.
    #[track_caller]
    pub fn enroll(&self, name: &str) -> PathBuf {
        let (secret, subject) = (self.secret(guide::GATEWAY), format!("CN={name}"));
        let san = format!("dns:{name}.example.test");
        let order = ["--secret", &secret, "--subject", &subject, "--san", &san];
        self.ask_for_certificate(name, order).succeeded();
        self.directory.file(name)
    }

    /// The serial number of the one certificate with this common name.
    #[track_caller]
    pub fn serial(&self, name: &str) -> String {
        let certificates = self.device_certificates();
        let subject = format!("CN={name}");
        let mut found = certificates.iter().filter(|one| json::text(one, "/subject") == subject);
        let serial = found.next().map(|one| json::text(one, "/serial"));
        let serial = serial.expect("the certificate is listed").to_owned();
        assert!(found.next().is_none(), "there are several of {subject}");
        serial
    }

    /// Fetches the root that devices trust when they meet our RADIUS server.
    #[track_caller]
    pub fn radius_root(&self) -> PathBuf {
        self.authority("example-school-radius-ca")
    }

    /// Fetches the certificate of an authority.
    #[track_caller]
    pub fn authority(&self, slug: &str) -> PathBuf {
        let file = self.directory.file(&format!("{slug}.pem"));
        crate::stranger::fetch(&self.url(&format!("/ca/{slug}.pem")), &file);
        file
    }

    /// Runs our own simulated device against the server.
    #[track_caller]
    pub fn authenticate<const N: usize>(&self, identity: &Path, arguments: [&str; N]) -> Outcome {
        let mut command = program::command();
        command.args(["authenticate", "--json", "--radius", self.radius()]);
        command.arg("--identity").arg(identity).args(arguments);
        outcome::run(&mut command)
    }
}

/// The items of a list that is one page long.
#[track_caller]
pub fn items(listed: &Outcome) -> Vec<Value> {
    let listed = listed.clone().succeeded().json();
    assert!(json::at(&listed, "/next").is_null(), "there is more than one page");
    json::list(&listed, "/items").to_vec()
}
