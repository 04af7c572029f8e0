//! `safeconduct bench`: load for a server of ours or of others, with every answer checked.

mod api;
mod calibrate;
mod meter;
mod process;
mod radius;
mod scep;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use device::load::Clock;
use device::load::Tally;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::clock;
use crate::command::authenticate;
use crate::command::bench::process::Used;
use crate::output;

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Let devices join over and over: EAP-TLS against any RADIUS server
    Radius(radius::Arguments),
    /// Ask for certificates: against any SCEP server
    Scep(scep::Arguments),
    /// Ask an organization's API at a steady rate
    Api(api::Arguments),
    /// Say what cryptography alone costs on this machine
    Calibrate(calibrate::Arguments),
}

/// Measures; status 0 only when every answer was right.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Radius(arguments) => radius::run(arguments).await,
        Verb::Scep(arguments) => scep::run(arguments).await,
        Verb::Api(arguments) => api::run(arguments).await,
        Verb::Calibrate(arguments) => calibrate::run(&arguments).await,
    }
}

const CLOCK: Clock = Clock { time: || clock::now().time(), instant: clock::instant };

/// A secret as it was given, or the first line of a file.
pub(crate) fn secret(given: Option<&str>, file: Option<&Path>) -> anyhow::Result<Option<String>> {
    let Some(file) = file else { return Ok(given.map(str::to_owned)) };
    let text = authenticate::read(file)?;
    Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
}

/// Operations of one second.
fn rate(count: u64, took: Duration) -> f64 {
    let seconds = took.as_secs_f64();
    if seconds > 0.0 { rounded(Duration::from_secs(count).as_secs_f64() / seconds) } else { 0.0 }
}

/// As many digits as mean something.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn milliseconds(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1000.0)
}

/// What every report has.
fn document(tally: &Tally, took: Duration, used: Option<&Used>) -> Map<String, Value> {
    let latency = tally.latency();
    let wrong = tally.wrong.iter().map(|(kind, faults)| {
        ((*kind).to_owned(), json!({ "count": faults.count, "first": faults.first }))
    });
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
    put("ok", json!(is_right(tally)));
    put("right", json!(tally.right));
    put("wrong", Value::Object(wrong.collect()));
    put("seconds", json!(rounded(took.as_secs_f64())));
    put("per_second", json!(rate(tally.right, took)));
    put(
        "latency_ms",
        json!({
            "p50": milliseconds(latency.p50),
            "p90": milliseconds(latency.p90),
            "p99": milliseconds(latency.p99),
            "max": milliseconds(latency.max),
        }),
    );
    put("server", used.map_or(Value::Null, |used| used.document(tally.right + tally.faults())));
    document
}

/// The lines that every report has, after its first.
fn report(tally: &Tally, used: Option<&Used>) {
    let latency = tally.latency();
    let [p50, p90, p99, max] =
        [latency.p50, latency.p90, latency.p99, latency.max].map(milliseconds);
    output::line(&format!("Latency: p50 {p50} ms, p90 {p90} ms, p99 {p99} ms, at most {max} ms"));
    if let Some(used) = used {
        output::line(&used.sentence(tally.right + tally.faults()));
    }
    for (kind, faults) in &tally.wrong {
        let first = output::safe(&faults.first);
        output::line(&format!("Wrong: {} times {kind}, the first: {first}", faults.count));
    }
}

fn is_right(tally: &Tally) -> bool {
    tally.right > 0 && tally.wrong.is_empty()
}

fn status(tally: &Tally) -> ExitCode {
    if is_right(tally) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
