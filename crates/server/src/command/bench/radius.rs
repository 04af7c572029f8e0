//! `safeconduct bench radius`

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ArgGroup;
use clap::Args;
use device::access_point::Secret;
use device::load::CONCURRENCY_MAX;
use device::load::COUNT_MAX;
use device::load::Goal;
use device::load::LASTS_MAX;
use device::load::Progress;
use device::load::radius;
use device::load::radius::Login;
use device::load::radius::Plan;
use device::load::radius::Report;
use device::network::Certified;
use device::network::Options;
use serde_json::Value;
use serde_json::json;

use crate::command::authenticate;
use crate::command::bench;
use crate::command::bench::CLOCK;
use crate::command::bench::meter::Meter;
use crate::command::bench::process::Sample;
use crate::command::bench::process::Used;
use crate::output;

/// Let devices join over and over, and check every answer: both authenticators, the server's
/// certificate, and that the access point's keys are the device's.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("shared").args(["secret", "secret_file"]).required(true))]
#[command(group = ArgGroup::new("who").args(["identity", "certificate"]).required(true))]
#[command(group = ArgGroup::new("goal").args(["count", "seconds"]))]
pub(crate) struct Arguments {
    /// The RADIUS server
    #[arg(long, value_name = "HOST:PORT")]
    radius: String,
    /// The secret that the access point shares with the server
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// A file with the secret on its first line
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A directory with certificate.pem and key.pem, as `enroll` writes it; several are used in turn
    #[arg(long, value_name = "DIR")]
    identity: Vec<PathBuf>,
    /// The device's certificate, and those above it
    #[arg(long, value_name = "FILE.pem", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "FILE.pem", requires = "certificate")]
    key: Option<PathBuf>,
    /// The authorities that the server's certificate must come from
    #[arg(long, value_name = "FILE.pem")]
    trust: Option<PathBuf>,
    /// A name that the server's certificate must bear; may be given several times
    #[arg(long, value_name = "NAME", requires = "trust")]
    server_name: Vec<String>,
    /// The only version of TLS to speak [default: 1.2 or 1.3]
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    tls: Option<String>,
    /// Resume a TLS session at each login; one that is not resumed is wrong
    #[arg(long)]
    resume: bool,
    /// The VLAN that each device must be put into
    #[arg(long, value_name = "VLAN")]
    vlan: Option<String>,
    /// The wireless network to join
    #[arg(long, value_name = "NAME", default_value = "Example-Secure")]
    ssid: String,
    /// How many devices join at once
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=i64::from(CONCURRENCY_MAX)))]
    concurrency: u16,
    /// End after so many logins [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=COUNT_MAX))]
    count: Option<u64>,
    /// End after so many seconds
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=LASTS_MAX.as_secs()))]
    seconds: Option<u64>,
    /// The server's process on this machine: its processor time and memory are measured too
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures; status 0 only when every login was right.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let server = authenticate::resolve(&arguments.radius).await?;
    let measured = tokio::task::spawn_blocking(move || {
        let plan = arguments.plan(server)?;
        let (report, used) = measure(&plan, arguments.pid)?;
        arguments.report(&report, used.as_ref())?;
        Ok(bench::status(&report.tally))
    });
    measured.await.context("the run came to no end")?
}

fn measure(plan: &Plan, pid: Option<u32>) -> anyhow::Result<(Report, Option<Used>)> {
    let ready = radius::prepare(plan, CLOCK).context("before the run, a device did not get in")?;
    let progress = Arc::new(Progress::default());
    let meter = Meter::start("logins", &progress);
    let before = pid.map(Sample::take).transpose()?;
    let report = ready.run(progress)?;
    let after = pid.map(Sample::take).transpose()?;
    drop(meter);
    let used = pid.zip(before.zip(after));
    Ok((report, used.map(|(pid, (before, after))| Used::between(pid, before, after))))
}

impl Arguments {
    fn plan(&self, server: std::net::SocketAddr) -> anyhow::Result<Plan> {
        let secret = bench::secret(self.secret.as_deref(), self.secret_file.as_deref())?;
        let secret = Secret(secret.context("a secret is needed")?.into_bytes());
        let mut devices = Vec::new();
        for (identity, directory) in self.identities()? {
            let number = devices.len();
            let (tls_lowest, tls_highest) = authenticate::versions(self.tls.as_deref());
            let mac = format!("02-00-00-00-{:02X}-{:02X}", (number >> 8) & 0xff, number & 0xff);
            let trust = self.trust.as_deref();
            devices.push(Options {
                server,
                secret: secret.clone(),
                name: authenticate::common_name(&identity)?,
                trusted: authenticate::trusted(&directory, trust, &self.server_name)?,
                identity: Some(identity),
                tls_lowest,
                tls_highest,
                access_point: authenticate::describe(&self.ssid, &mac),
                fragment_size: authenticate::FRAGMENT_SIZE,
                patience: authenticate::PATIENCE,
            });
        }
        let goal = match self.seconds {
            Some(seconds) => Goal::Lasts(Duration::from_secs(seconds)),
            None => Goal::Count(self.count.unwrap_or(1000)),
        };
        let login = if self.resume { Login::Resumed } else { Login::Full };
        let vlan = self.vlan.clone();
        Ok(Plan { devices, concurrency: self.concurrency, goal, login, vlan })
    }

    /// Every certificate and key, and the directory it is in.
    fn identities(&self) -> anyhow::Result<Vec<(Certified, PathBuf)>> {
        if let (Some(certificate), Some(key)) = (&self.certificate, &self.key) {
            let directory = certificate.parent().unwrap_or(Path::new("."));
            let identity = authenticate::certified_by(certificate, key)?;
            return Ok(vec![(identity, directory.to_owned())]);
        }
        let certified =
            |directory: &PathBuf| Ok((authenticate::certified(directory)?, directory.clone()));
        self.identity.iter().take(CONCURRENCY_MAX.into()).map(certified).collect()
    }

    fn report(&self, report: &Report, used: Option<&Used>) -> anyhow::Result<()> {
        let Report { tally, took, resumed, round_trips, resent, agreed, vlans } = report;
        let per_login = bench::rate(*round_trips, Duration::from_secs(tally.right.max(1)));
        if self.json {
            let mut document = bench::document(tally, *took, used);
            let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
            put("protocol", json!("radius"));
            put("concurrency", json!(self.concurrency));
            put("resumed", json!(resumed));
            put("full", json!(tally.right - resumed));
            put("round_trips_each", json!(per_login));
            put("retransmissions", json!(resent));
            put("tls", json!(agreed));
            put("vlans", json!(vlans));
            return output::json(&document);
        }
        let (right, rate) = (tally.right, bench::rate(tally.right, *took));
        let seconds = bench::rounded(took.as_secs_f64());
        output::line(&format!(
            "{right} logins in {seconds} s, {rate} a second, {} wrong",
            tally.faults()
        ));
        for (agreed, count) in agreed {
            output::line(&format!("TLS {agreed}: {count}"));
        }
        output::line(&format!(
            "{resumed} resumed; {per_login} round trips each; {resent} packets sent again"
        ));
        bench::report(tally, used);
        Ok(())
    }
}
