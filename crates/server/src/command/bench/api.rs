//! `safeconduct bench api`: administrators' programs that ask and change, at a steady rate.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::bail;
use api::certificate::Page;
use axum::http::Method;
use clap::Args;
use serde_json::Value;
use serde_json::json;

use crate::clock;
use crate::command::bench;
use crate::command::bench::process::Sample;
use crate::command::bench::process::Used;
use crate::command::certificate::escape;
use crate::command::certificate::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Most pages that are walked before the clock starts, to know places deep in the list.
const PAGES_MAX: u32 = 2000;

/// Ask an organization's API at a steady rate: pages of certificates, first and deep, single ones,
/// searches, events, devices and definitions, and one change in a hundred. How long a request took is
/// counted from when it was due, so that a server that falls behind does not look fast.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Requests a second
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For so many seconds
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How many requests may be under way at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// How many pages of 1000 certificates to walk first, to ask for pages behind them
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(PAGES_MAX)))]
    deep: u32,
    /// The server's process on this machine: its processor time and memory are measured too
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is asked for, and how often of a hundred times.
const MIX: [(&str, u64); 9] = [
    ("first page of certificates", 20),
    ("deep page of certificates", 10),
    ("one certificate", 29),
    ("certificates by subject", 10),
    ("page of events", 10),
    ("refused events", 5),
    ("page of devices", 5),
    ("network policies", 10),
    ("a change", 1),
];

/// What there is to ask for.
struct Known {
    serials: Vec<String>,
    cursors: Vec<String>,
    /// An access point whose description is changed.
    point: Option<String>,
}

/// How long requests of each kind took, and what went wrong.
#[derive(Default)]
struct Taken {
    micros: BTreeMap<&'static str, Vec<u64>>,
    wrong: BTreeMap<String, u64>,
}

/// Measures; status 0 only when every answer was yes.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    // Nobody else changes the description that this changes.
    let connection = Connection::open(&arguments.data, false).await?.meaning(Some("*".to_owned()));
    let connection = Arc::new(connection);
    let known = Arc::new(Known::gather(&connection, arguments.deep).await?);
    let before = arguments.pid.map(Sample::take).transpose()?;
    let total = u64::from(arguments.rate) * u64::from(arguments.seconds);
    let (next, taken) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Taken::default())));
    let begin = clock::instant();
    let tasks: Vec<_> = (0..arguments.concurrency)
        .map(|_| {
            let (connection, known) = (Arc::clone(&connection), Arc::clone(&known));
            let (next, taken) = (Arc::clone(&next), Arc::clone(&taken));
            let pace = Pace { begin, rate: arguments.rate, total };
            tokio::spawn(async move { pace.ask(&connection, &known, &next, &taken).await })
        })
        .collect();
    for task in tasks {
        task.await.context("a task of the measurement ended early")?;
    }
    let took = clock::instant().duration_since(begin);
    let after = arguments.pid.map(Sample::take).transpose()?;
    let used = arguments.pid.zip(before.zip(after));
    let used = used.map(|(pid, (before, after))| Used::between(pid, before, after));
    let taken = core::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner));
    arguments.report(&taken, took, used.as_ref())?;
    Ok(if taken.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Known {
    /// Walks a part of the list of certificates.
    async fn gather(connection: &Connection, pages: u32) -> anyhow::Result<Self> {
        let (mut serials, mut cursors) = (Vec::new(), Vec::new());
        let mut cursor = String::new();
        for _ in 0..pages {
            let path = format!("/api/v1/certificates?limit=1000{cursor}");
            let page: Page<Value> = connection.get(&path).await?;
            serials.extend(page.items.iter().step_by(50).map(|item| text(item, "serial")));
            let Some(next) = page.next else { break };
            cursor = format!("&cursor={}", escape(&next));
            cursors.push(cursor.clone());
        }
        if serials.is_empty() {
            bail!("there is no certificate to ask for; fill the organization with `seed`");
        }
        // The deeper half is what is called deep.
        let cursors = cursors.split_off(cursors.len() / 2);
        let points: Page<Value> = connection.get("/api/v1/access-points?limit=1").await?;
        Ok(Self { serials, cursors, point: points.items.first().map(|item| text(item, "name")) })
    }

    /// The request of this number.
    fn request(&self, number: u64) -> (&'static str, Method, String, Option<Value>) {
        let mut place = number % MIX.iter().map(|(_, often)| often).sum::<u64>();
        let [(mut kind, _), ..] = MIX;
        for (name, often) in MIX {
            if place < often {
                kind = name;
                break;
            }
            place -= often;
        }
        let pick = |list: &[String]| {
            let length = u64::try_from(list.len()).unwrap_or(1).max(1);
            // Not one behind the other.
            let place = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % length;
            list.get(usize::try_from(place).unwrap_or(0)).cloned().unwrap_or_default()
        };
        let path = match kind {
            "deep page of certificates" => {
                format!("certificates?limit=50{}", pick(&self.cursors))
            }
            "one certificate" => format!("certificates/{}", pick(&self.serials)),
            "certificates by subject" => {
                format!("certificates?limit=50&subject=CN%3D{}", number % 10)
            }
            "page of events" => "events?limit=50".to_owned(),
            "refused events" => "events?limit=50&filter=outcome%3Arefused".to_owned(),
            "page of devices" => "devices?limit=50".to_owned(),
            "network policies" => "network-policies?limit=50".to_owned(),
            "a change" => {
                if let Some(point) = &self.point {
                    let path = format!("/api/v1/access-points/{}", escape(point));
                    let patch = json!({ "description": format!("measured {number}") });
                    return (kind, Method::PATCH, path, Some(patch));
                }
                "access-points?limit=50".to_owned()
            }
            _ => "certificates?limit=50".to_owned(),
        };
        (kind, Method::GET, format!("/api/v1/{path}"), None)
    }
}

/// When each request is due.
#[derive(Clone, Copy)]
struct Pace {
    begin: Instant,
    rate: u32,
    total: u64,
}

impl Pace {
    fn due(self, number: u64) -> Instant {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.rate);
        self.begin + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    async fn ask(
        self,
        connection: &Connection,
        known: &Known,
        next: &AtomicU64,
        taken: &Mutex<Taken>,
    ) {
        let mut own = Taken::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= self.total {
                break;
            }
            let due = self.due(number);
            tokio::time::sleep_until(due.into()).await;
            let (kind, method, path, body) = known.request(number);
            match connection.ask(method, &path, body.as_ref()).await {
                Ok(status) if (200..300).contains(&status) => {
                    let took = clock::instant().saturating_duration_since(due);
                    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                    own.micros.entry(kind).or_default().push(micros);
                }
                Ok(status) => *own.wrong.entry(format!("{kind}: {status}")).or_default() += 1,
                Err(error) => *own.wrong.entry(format!("{kind}: {error:#}")).or_default() += 1,
            }
        }
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, micros) in own.micros {
            taken.micros.entry(kind).or_default().extend(micros);
        }
        for (what, count) in own.wrong {
            *taken.wrong.entry(what).or_default() += count;
        }
    }
}

/// The nearest rank: the smallest that so many of a hundred do not exceed, in milliseconds.
fn rank(sorted: &[u64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    bench::milliseconds(Duration::from_micros(sorted.get(place).copied().unwrap_or_default()))
}

impl Arguments {
    fn report(&self, taken: &Taken, took: Duration, used: Option<&Used>) -> anyhow::Result<()> {
        let right: u64 = taken.micros.values().map(|list| list.len() as u64).sum();
        let wrong: u64 = taken.wrong.values().sum();
        let mut kinds = Vec::new();
        for (kind, micros) in &taken.micros {
            let mut sorted = micros.clone();
            sorted.sort_unstable();
            let [p50, p95, p99, max] = [50, 95, 99, 100].map(|percent| rank(&sorted, percent));
            kinds.push((*kind, sorted.len(), [p50, p95, p99, max]));
        }
        let rate = bench::rate(right, took);
        if self.json {
            let kinds = kinds.iter().map(|(kind, count, [p50, p95, p99, max])| {
                json!({
                    "kind": kind, "count": count,
                    "latency_ms": { "p50": p50, "p95": p95, "p99": p99, "max": max },
                })
            });
            return output::json(&json!({
                "ok": wrong == 0, "right": right, "wrong": taken.wrong, "per_second": rate,
                "seconds": bench::rounded(took.as_secs_f64()), "kinds": kinds.collect::<Vec<_>>(),
                "server": used.map_or(Value::Null, |used| used.document(right + wrong)),
            }));
        }
        let seconds = bench::rounded(took.as_secs_f64());
        output::line(&format!("{right} requests in {seconds} s, {rate} a second, {wrong} wrong"));
        let rows = kinds.iter().map(|(kind, count, latency)| {
            let mut row = vec![(*kind).to_owned(), count.to_string()];
            row.extend(latency.map(|milliseconds| milliseconds.to_string()));
            row
        });
        let head = ["WHAT", "REQUESTS", "P50 MS", "P95 MS", "P99 MS", "MOST MS"];
        output::table(&head, &rows.collect::<Vec<_>>());
        if let Some(used) = used {
            output::line(&used.sentence(right + wrong));
        }
        for (what, count) in &taken.wrong {
            output::line(&format!("Wrong: {count} times {}", output::safe(what)));
        }
        Ok(())
    }
}
