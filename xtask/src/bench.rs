//! `cargo xtask bench`: our program beside other servers on this machine, and what was measured
//! written into `docs/performance.md` and `docs/performance.svg`.

mod chart;
mod machine;
mod measurement;
mod place;
mod process;
mod report;
mod rival;
mod server;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::bench::measurement::{Case, Enrollment, Key, Login, Measured, Tls};
use crate::bench::place::Place;
use crate::bench::server::Server;

/// The page that the table goes into.
const PAGE: &str = "docs/performance.md";

/// The chart beside it.
const CHART: &str = "docs/performance.svg";

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How often everything is measured, in turns.
    rounds: usize,
    /// Logins of one run.
    logins: u32,
    /// Certificates of one run.
    certificates: u32,
}

impl Effort {
    /// What a page is written from.
    pub(crate) const FULL: Self = Self { rounds: 5, logins: 1000, certificates: 1000 };

    /// Enough to see whether something has become slower.
    pub(crate) const QUICK: Self = Self { rounds: 3, logins: 400, certificates: 300 };
}

/// What is measured.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The program itself.
    pub(crate) program: PathBuf,
    /// The example that measures an authority without its doors.
    pub(crate) authority_rate: PathBuf,
    /// The example that measures decisions of the policies.
    pub(crate) decision_rate: PathBuf,
}

impl Programs {
    /// The programs at these places.
    pub(crate) fn of(program: &str, authority_rate: &str, decision_rate: &str) -> Self {
        let [program, authority_rate, decision_rate] =
            [program, authority_rate, decision_rate].map(PathBuf::from);
        Self { program, authority_rate, decision_rate }
    }
}

/// Measures with a program and writes page and chart.
pub(crate) fn run(root: &Path, programs: &Programs, effort: Effort) -> Result<()> {
    let Programs { program, authority_rate, decision_rate } = programs;
    let place = Place::make(program)?;
    let machine = machine::look(&place)?;
    let mut measured = Measured::default();
    for key in Key::ALL {
        logins(&place, key, effort, &mut measured)?;
    }
    certificates(&place, effort, &mut measured)?;
    let commands = place.commands();
    let table = report::markdown(&machine, &measured, effort.rounds, &commands);
    eprintln!("an authority beside its key and its store, and decisions of the policies");
    let (authority, decisions) = (example(authority_rate)?, example(decision_rate)?);
    let table = format!("{table}\n{authority}\n{decisions}");
    let page = std::fs::read_to_string(root.join(PAGE)).context(PAGE)?;
    write(&root.join(PAGE), &report::insert(&page, &table)?)?;
    write(&root.join(CHART), &chart::draw(&machine, &measured))?;
    eprintln!("written: {PAGE} and {CHART}");
    let incomplete = measured.incomplete(effort.rounds);
    ensure!(incomplete.is_empty(), "not measured in every round: {}", incomplete.join("; "));
    Ok(())
}

/// What an authority does beside its key and its store, as the example prints it.
fn example(example: &Path) -> Result<String> {
    let output = Command::new(example).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("running {}", example.display()))?;
    ensure!(output.status.success(), "{} failed", example.display());
    String::from_utf8(output.stdout).context("the tables are no UTF-8")
}

fn write(path: &Path, text: &str) -> Result<()> {
    let complaint = || format!("writing {}", path.display());
    let mut file = File::create(path).with_context(complaint)?;
    file.write_all(text.as_bytes()).with_context(complaint)
}

/// Lets devices join at every RADIUS server, in turns.
fn logins(place: &Place, key: Key, effort: Effort, measured: &mut Measured) -> Result<()> {
    let ours = server::start(place, key, "radius")?;
    let devices = ours.enroll_devices(place)?;
    let certificate = rival::Certificate::make(place, key)?;
    let freeradius = rival::freeradius(place, &certificate, &devices)?;
    let hostapd = rival::hostapd(place, &certificate, &devices)?;
    let servers = [&ours.radius, &freeradius, &hostapd];
    for server in servers {
        measured.idle(server, key, machine::memory(server.process.pid())?);
    }
    for round in 1..=effort.rounds {
        for tls in [Tls::V12, Tls::V13] {
            for login in [Login::Full, Login::Resumed] {
                let case = Case { key, tls, login };
                eprintln!("round {round} of {}: {case}", effort.rounds);
                for server in servers {
                    let count = server.kind.logins_max().min(effort.logins);
                    let seen = place.measure_logins(server, &devices, case, count)?;
                    measured.logins(case, server.kind, seen);
                }
            }
        }
    }
    Ok(())
}

/// Asks both SCEP servers for certificates, in turns.
fn certificates(place: &Place, effort: Effort, measured: &mut Measured) -> Result<()> {
    let ours = server::start(place, Key::Rsa, "scep")?;
    let scepserver = rival::scepserver(place)?;
    let servers: [&Server; 2] = [&ours.scep, &scepserver];
    measured.idle(servers[1], Key::Rsa, machine::memory(scepserver.process.pid())?);
    for round in 1..=effort.rounds {
        for clients in Enrollment::CLIENTS {
            eprintln!("round {round} of {}: certificates, {clients} at once", effort.rounds);
            for server in servers {
                // One client waits for each answer: fewer show as much.
                let count =
                    if clients == 1 { effort.certificates / 3 } else { effort.certificates };
                let seen = place.measure_certificates(server, clients, count)?;
                measured.certificates(Enrollment { clients }, server.kind, seen);
            }
        }
    }
    Ok(())
}
