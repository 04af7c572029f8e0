//! `safeconduct bench scep`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ArgGroup;
use clap::Args;
use device::load::CONCURRENCY_MAX;
use device::load::Progress;
use device::load::scep;
use device::load::scep::KEYS_MAX;
use device::load::scep::Plan;
use device::load::scep::REQUESTS_MAX;
use device::load::scep::Report;
use pki::key::KeyType;
use serde_json::Value;
use serde_json::json;

use crate::command::bench;
use crate::command::bench::CLOCK;
use crate::command::bench::meter::Meter;
use crate::command::bench::process::Sample;
use crate::command::bench::process::Used;
use crate::output;

/// Ask for certificates, and check every one: its chain, its key, its time, its serial number.
/// Keys and requests are made before the clock starts; answers are checked after it has stopped.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("challenge").args(["secret", "secret_file"]))]
pub(crate) struct Arguments {
    /// The Enrollment URL of a gateway
    #[arg(long, value_name = "URL")]
    url: String,
    /// The gateway's API Secret, sent as the challenge
    #[arg(long, value_name = "SECRET", alias = "challenge")]
    secret: Option<String>,
    /// A file with the secret on its first line
    #[arg(long, value_name = "FILE", alias = "challenge-file")]
    secret_file: Option<PathBuf>,
    /// The keys to make; SCEP encrypts to them, so that they are RSA
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = ["rsa-2048", "rsa-3072", "rsa-4096"])]
    key: String,
    /// How many keys are made; with more requests, several use the same under names of their own
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=i64::from(KEYS_MAX)))]
    keys: u16,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=i64::from(CONCURRENCY_MAX)))]
    concurrency: u16,
    /// How many certificates to ask for
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=i64::from(REQUESTS_MAX)))]
    count: u32,
    /// The server's process on this machine: its processor time and memory are measured too
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures; status 0 only when every certificate was right.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let ready = scep::prepare(arguments.plan()?, CLOCK)
        .await
        .context("before the run, the server could not be asked")?;
    let made = [ready.keys_took, ready.requests_took];
    let progress = Arc::new(Progress::default());
    let meter = Meter::start("certificates", &progress);
    let before = arguments.pid.map(Sample::take).transpose()?;
    let answers = ready.run(progress).await;
    let after = arguments.pid.map(Sample::take).transpose()?;
    drop(meter);
    let used = arguments.pid.zip(before.zip(after));
    let used = used.map(|(pid, (before, after))| Used::between(pid, before, after));
    let report = tokio::task::spawn_blocking(|| answers.check()).await?;
    arguments.report(&report, made, used.as_ref())?;
    Ok(bench::status(&report.tally))
}

impl Arguments {
    fn plan(&self) -> anyhow::Result<Plan> {
        let key = KeyType::ALL.into_iter().find(|key| key.as_str() == self.key);
        Ok(Plan {
            url: self.url.trim_end_matches('?').to_owned(),
            challenge: bench::secret(self.secret.as_deref(), self.secret_file.as_deref())?,
            key: key.context("--key is none that can be made")?,
            keys: self.keys,
            concurrency: self.concurrency,
            count: self.count,
        })
    }

    fn report(
        &self,
        report: &Report,
        [keys, requests]: [Duration; 2],
        used: Option<&Used>,
    ) -> anyhow::Result<()> {
        let Report { tally, took, serials } = report;
        let made = [keys, requests].map(|took| bench::rounded(took.as_secs_f64()));
        if self.json {
            let mut document = bench::document(tally, *took, used);
            let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
            put("protocol", json!("scep"));
            put("concurrency", json!(self.concurrency));
            put("serials", json!(serials));
            put("keys_seconds", json!(made[0]));
            put("requests_seconds", json!(made[1]));
            return output::json(&document);
        }
        let (right, rate) = (tally.right, bench::rate(tally.right, *took));
        let seconds = bench::rounded(took.as_secs_f64());
        output::line(&format!(
            "{right} certificates in {seconds} s, {rate} a second, {} wrong",
            tally.faults()
        ));
        output::line(&format!(
            "{serials} serial numbers; keys took {} s, requests {} s, both before the clock started",
            made[0], made[1]
        ));
        bench::report(tally, used);
        Ok(())
    }
}
