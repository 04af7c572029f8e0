//! What a server's process uses, as Linux tells it: processor time and memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use serde_json::json;

use crate::command::bench;

/// Length of a tick of `/proc/PID/stat`: the kernel tells 100 a second to every program, whatever
/// it counts itself.
const TICK: Duration = Duration::from_millis(10);

/// A difference between both ways of counting that rounding cannot explain.
const ROUNDING_MAX: Duration = Duration::from_millis(50);

/// The most processes below one that are counted with it.
const PROCESSES_MAX: usize = 64;

/// A process at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    /// Time of every thread there is, which is precise.
    threads: BTreeMap<u32, Duration>,
    /// Time of every thread there ever was, in ticks.
    total: Duration,
    resident: Memory,
    proportional: Memory,
    peak: Memory,
}

/// KiB of memory.
#[derive(Clone, Copy, Debug, Default)]
struct Memory(u64);

impl Memory {
    fn mebibytes(self) -> f64 {
        bench::rounded(Duration::from_millis(self.0).as_secs_f64() * 1000.0 / 1024.0)
    }
}

/// What was used between two moments.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pid: u32,
    time: Duration,
    before: Sample,
    after: Sample,
}

impl Sample {
    /// Looks at a process and those that it started.
    pub(super) fn take(pid: u32) -> anyhow::Result<Self> {
        let mut sample = Self::default();
        let mut waiting = vec![pid];
        let mut seen = 0;
        while let Some(next) = waiting.pop() {
            seen += 1;
            let children = sample.add(next);
            if next == pid {
                waiting.extend(children.with_context(|| format!("--pid {pid}"))?);
            } else {
                // A child may have ended meanwhile.
                waiting.extend(children.unwrap_or_default());
            }
            waiting.truncate(PROCESSES_MAX.saturating_sub(seen));
        }
        Ok(sample)
    }

    fn add(&mut self, pid: u32) -> anyhow::Result<Vec<u32>> {
        let directory = Path::new("/proc").join(pid.to_string());
        let read = |file: &str| {
            std::fs::read_to_string(directory.join(file))
                .with_context(|| format!("there is no process {pid} that can be looked at"))
        };
        let stat = read("stat")?;
        // The name of the program, in brackets, may hold anything.
        let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat is not understood")?;
        let ticks = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u32>().ok());
        self.total += TICK.saturating_mul(ticks.sum());
        let status = read("status")?;
        self.resident.0 += kibibytes(&status, "VmRSS:");
        self.peak.0 += kibibytes(&status, "VmHWM:");
        self.proportional.0 += kibibytes(&read("smaps_rollup").unwrap_or_default(), "Pss:");
        let mut children = Vec::new();
        for thread in std::fs::read_dir(directory.join("task"))?.flatten() {
            let spent = std::fs::read_to_string(thread.path().join("schedstat"));
            let spent = spent.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
            let number = thread.file_name().to_str().and_then(|name| name.parse().ok());
            if let (Some(spent), Some(number)) = (spent, number) {
                self.threads.insert(number, Duration::from_nanos(spent));
            }
            let listed = std::fs::read_to_string(thread.path().join("children"));
            let listed = listed.unwrap_or_default();
            children.extend(listed.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        Ok(children)
    }
}

fn kibibytes(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

impl Used {
    pub(super) fn between(pid: u32, before: Sample, after: Sample) -> Self {
        let precise: Duration = after
            .threads
            .iter()
            .map(|(thread, spent)| {
                spent.saturating_sub(before.threads.get(thread).copied().unwrap_or_default())
            })
            .sum();
        let total = after.total.saturating_sub(before.total);
        // Threads that came and went are only in the total.
        let time = if total > precise + ROUNDING_MAX { total } else { precise };
        Self { pid, time, before, after }
    }

    fn each(&self, operations: u64) -> f64 {
        let operations = u32::try_from(operations.max(1)).unwrap_or(u32::MAX);
        bench::milliseconds(self.time / operations)
    }

    pub(super) fn document(&self, operations: u64) -> Value {
        let memory = |sample: &Sample| {
            json!({
                "resident_mib": sample.resident.mebibytes(),
                "proportional_mib": sample.proportional.mebibytes(),
            })
        };
        json!({
            "pid": self.pid,
            "cpu_seconds": bench::rounded(self.time.as_secs_f64()),
            "cpu_ms_each": self.each(operations),
            "memory_before": memory(&self.before),
            "memory_after": memory(&self.after),
            "memory_peak": { "resident_mib": self.after.peak.mebibytes() },
            "threads": self.after.threads.len(),
        })
    }

    pub(super) fn sentence(&self, operations: u64) -> String {
        format!(
            "Server (process {}): {} ms CPU each; {} MiB resident before, {} after, {} at most",
            self.pid,
            self.each(operations),
            self.before.resident.mebibytes(),
            self.after.resident.mebibytes(),
            self.after.peak.mebibytes(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(threads: &[(u32, u64)], total: u64) -> Sample {
        let threads =
            threads.iter().map(|(number, ms)| (*number, Duration::from_millis(*ms))).collect();
        Sample { threads, total: Duration::from_millis(total), ..Sample::default() }
    }

    #[track_caller]
    fn check(before: Sample, after: Sample, milliseconds: u64) {
        let used = Used::between(1, before, after);
        assert_eq!(used.time, Duration::from_millis(milliseconds));
    }

    #[test]
    fn threads_are_counted_precisely_and_those_that_ended_by_ticks() {
        check(sample(&[(1, 5), (2, 7)], 10), sample(&[(1, 6), (2, 20)], 30), 14);
        check(sample(&[(1, 5)], 0), sample(&[(1, 5), (2, 40)], 40), 40);
        check(sample(&[(1, 5), (2, 7)], 10), sample(&[(1, 6)], 500), 490);
    }

    #[test]
    fn this_process_can_be_looked_at_and_one_that_is_not_cannot() {
        let sample = Sample::take(std::process::id()).unwrap();
        assert!(sample.resident.0 > 0 && !sample.threads.is_empty());
        let error = Sample::take(u32::MAX).unwrap_err();
        assert!(format!("{error:#}").contains("no process"), "{error:#}");
    }
}
