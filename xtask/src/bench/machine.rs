//! The machine that was measured on, and memory of processes on it.

use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;

use super::place::Place;
use super::process;

/// What a reader needs to know to compare.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) date: String,
    pub(super) processor: String,
    pub(super) processors: usize,
    pub(super) kernel: String,
    /// The load before the measurement: processes that wanted to run in the last minute.
    pub(super) load: String,
    /// Each program and its version.
    pub(super) versions: Vec<(String, String)>,
    /// Milliseconds of each operation of `safeconduct bench calibrate`.
    pub(super) calibration: Vec<(String, f64)>,
}

/// Memory of a process, in MiB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// What of it is in memory (RSS).
    pub(super) resident: f64,
    /// The same with pages that it shares divided by those who share them (PSS).
    pub(super) proportional: f64,
}

/// Looks at the machine, and lets the program say what cryptography costs on it.
pub(super) fn look(place: &Place) -> Result<Machine> {
    let processors = read("/proc/cpuinfo")?;
    let model = processors.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(':')).map_or("unknown", |(_, name)| name);
    let load = read("/proc/loadavg")?;
    let version = process::output(place.program().arg("version"))?;
    let commit = process::command("git", ["describe", "--always", "--dirty"]);
    let mut versions =
        vec![("Safeconduct".to_owned(), format!("{} {}", first(&version), said(commit)))];
    for package in ["freeradius", "hostapd", "scep", "libssl3"] {
        let query = process::command("dpkg-query", ["-W", "-f", "${Version}", package]);
        versions.push((package.to_owned(), said(query)));
    }
    Ok(Machine {
        date: said(process::command("date", ["-u", "+%Y-%m-%d %H:%M UTC"])),
        processor: model.trim().to_owned(),
        processors: thread::available_parallelism().map_or(1, usize::from),
        kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        load: load.split_whitespace().next().unwrap_or_default().to_owned(),
        versions,
        calibration: calibrate(place)?,
    })
}

fn calibrate(place: &Place) -> Result<Vec<(String, f64)>> {
    let mut command = place.load();
    command.args(["bench", "calibrate", "--json"]);
    let report: Value = serde_json::from_str(&process::output(&mut command)?)?;
    let costs = report.get("median_ms").and_then(Value::as_object).context("no calibration")?;
    Ok(costs.iter().filter_map(|(name, cost)| Some((name.clone(), cost.as_f64()?))).collect())
}

impl Machine {
    /// Milliseconds of one operation.
    pub(super) fn cost(&self, operation: &str) -> Option<f64> {
        self.calibration.iter().find(|(name, _)| name == operation).map(|(_, cost)| *cost)
    }
}

/// What a process uses now.
pub(super) fn memory(pid: u32) -> Result<Memory> {
    let resident = field(&read(&format!("/proc/{pid}/status"))?, "VmRSS:");
    let proportional = field(&read(&format!("/proc/{pid}/smaps_rollup"))?, "Pss:");
    Ok(Memory { resident, proportional })
}

fn field(text: &str, key: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| path.to_owned())
}

/// The first line of what a command says; nothing where it is not there.
fn said(mut command: Command) -> String {
    process::output(&mut command).map(|said| first(&said).to_owned()).unwrap_or_default()
}

fn first(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}
