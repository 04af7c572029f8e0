//! What was measured: cases, servers, and figures of several rounds.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

use super::machine::Memory;
use super::server::Server;

/// The kind of the server's key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Key {
    Rsa,
    P256,
}

impl Key {
    pub(super) const ALL: [Self; 2] = [Self::Rsa, Self::P256];

    /// As the declarative file and the calibration call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-2048",
            Self::P256 => "ecdsa-p256",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA-2048",
            Self::P256 => "P-256",
        })
    }
}

/// The version of TLS.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Tls {
    V12,
    V13,
}

impl fmt::Display for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V12 => "1.2",
            Self::V13 => "1.3",
        })
    }
}

/// How a device joins.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Login {
    Full,
    Resumed,
}

/// One kind of login.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Case {
    pub(super) login: Login,
    pub(super) key: Key,
    pub(super) tls: Tls,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = match self.login {
            Login::Full => "full",
            Login::Resumed => "resumed",
        };
        write!(f, "{login}, {}, TLS {}", self.key, self.tls)
    }
}

/// One kind of enrollment.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Enrollment {
    pub(super) clients: u32,
}

impl Enrollment {
    pub(super) const CLIENTS: [u32; 4] = [1, 8, 32, 128];
}

/// Which server it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    Safeconduct,
    FreeRadius,
    Hostapd,
    ScepServer,
}

impl Kind {
    pub(super) const RADIUS: [Self; 3] = [Self::Safeconduct, Self::FreeRadius, Self::Hostapd];
    pub(super) const SCEP: [Self; 2] = [Self::Safeconduct, Self::ScepServer];

    /// The most logins of one run: hostapd keeps each session for 5 seconds, at most 1000 of them,
    /// and refuses everybody beyond.
    pub(super) fn logins_max(self) -> u32 {
        match self {
            Self::Hostapd => 250,
            Self::Safeconduct | Self::FreeRadius | Self::ScepServer => u32::MAX,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safeconduct => "Safeconduct",
            Self::FreeRadius => "FreeRADIUS",
            Self::Hostapd => "hostapd",
            Self::ScepServer => "scepserver",
        })
    }
}

/// What one run found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// The server's processor time of one operation, in milliseconds.
    pub(super) cpu_ms: f64,
    /// Answers of one second, right or wrong.
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) right: u64,
    pub(super) wrong: u64,
    /// Requests of one login.
    pub(super) round_trips: f64,
}

impl Seen {
    /// Reads a report of `safeconduct bench --json`.
    pub(super) fn read(report: &str) -> Result<Self> {
        let report: Value = serde_json::from_str(report).context("no report of a run")?;
        let number = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or(0.0);
        let wrong = report.get("wrong").and_then(Value::as_object).context("no report of a run")?;
        let right = report.get("right").and_then(Value::as_u64).context("no report of a run")?;
        let wrong = wrong.values().filter_map(|faults| faults.get("count")?.as_u64()).sum::<u64>();
        let answers = u32::try_from(right + wrong).map(f64::from)?;
        Ok(Self {
            cpu_ms: number("/server/cpu_ms_each"),
            per_second: answers / number("/seconds").max(0.001),
            p50_ms: number("/latency_ms/p50"),
            p99_ms: number("/latency_ms/p99"),
            right,
            wrong,
            round_trips: number("/round_trips_each"),
        })
    }
}

/// The figures of several rounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds(pub(super) Vec<Seen>);

impl Rounds {
    /// The median of one figure.
    pub(super) fn median(&self, figure: impl Fn(&Seen) -> f64) -> f64 {
        let mut sorted: Vec<f64> = self.0.iter().map(figure).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }

    pub(super) fn cpu_ms(&self) -> f64 {
        self.median(|seen| seen.cpu_ms)
    }

    /// The least processor time: what the machine's other load disturbed least.
    pub(super) fn cpu_ms_best(&self) -> f64 {
        self.0.iter().map(|seen| seen.cpu_ms).min_by(f64::total_cmp).unwrap_or(0.0)
    }

    pub(super) fn per_second(&self) -> f64 {
        self.median(|seen| seen.per_second)
    }

    pub(super) fn right(&self) -> u64 {
        self.0.iter().map(|seen| seen.right).sum()
    }

    pub(super) fn wrong(&self) -> u64 {
        self.0.iter().map(|seen| seen.wrong).sum()
    }

    /// Whether every answer was as it must be: figures of other runs say little.
    pub(super) fn is_right(&self) -> bool {
        self.right() > 0 && self.wrong() == 0
    }
}

/// Everything that was measured.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) logins: BTreeMap<(Case, Kind), Rounds>,
    pub(super) certificates: BTreeMap<(Enrollment, Kind), Rounds>,
    pub(super) idle: BTreeMap<(Kind, Key), Memory>,
}

impl Measured {
    pub(super) fn idle(&mut self, server: &Server, key: Key, memory: Memory) {
        self.idle.insert((server.kind, key), memory);
    }

    pub(super) fn logins(&mut self, case: Case, kind: Kind, seen: Option<Seen>) {
        self.logins.entry((case, kind)).or_default().0.extend(seen);
    }

    pub(super) fn certificates(&mut self, enrollment: Enrollment, kind: Kind, seen: Option<Seen>) {
        self.certificates.entry((enrollment, kind)).or_default().0.extend(seen);
    }

    /// What was measured in fewer rounds than there were.
    pub(super) fn incomplete(&self, rounds: usize) -> Vec<String> {
        let logins = self.logins.iter().map(|((case, kind), runs)| (case.to_string(), kind, runs));
        let certificates = self.certificates.iter().map(|((enrollment, kind), runs)| {
            (format!("{} clients", enrollment.clients), kind, runs)
        });
        let few = logins.chain(certificates).filter(|(_, _, runs)| runs.0.len() < rounds);
        few.map(|(what, kind, _)| format!("{what}, {kind}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"right": 7, "seconds": 4.0, "round_trips_each": 6.0,
        "wrong": {"refused": {"count": 2, "first": "no"}, "no answer": {"count": 1, "first": ""}},
        "latency_ms": {"p50": 1.5, "p99": 3.0}, "server": {"cpu_ms_each": 0.4}}"#;

    #[test]
    fn a_report_is_read_and_something_else_is_not() {
        let seen = Seen::read(REPORT).unwrap();
        assert_eq!((seen.right, seen.wrong, seen.cpu_ms, seen.p99_ms), (7, 3, 0.4, 3.0));
        assert_eq!(seen.per_second, 2.5, "wrong answers took their time too");
        assert!(Seen::read("").is_err() && Seen::read("{}").is_err());
    }

    #[test]
    fn what_was_measured_too_seldom_is_told() {
        let seen = Seen::read(REPORT).ok();
        let mut measured = Measured::default();
        let case = Case { login: Login::Full, key: Key::P256, tls: Tls::V12 };
        measured.logins(case, Kind::Hostapd, seen);
        measured.certificates(Enrollment { clients: 8 }, Kind::ScepServer, None);
        assert_eq!(measured.incomplete(1), ["8 clients, scepserver"]);
        assert_eq!(measured.incomplete(2).len(), 2);
        assert_eq!(measured.incomplete(2)[0], "full, P-256, TLS 1.2, hostapd");
    }

    #[test]
    fn the_median_and_the_best_of_rounds() {
        let seen = Seen::read(REPORT).unwrap();
        let rounds = [0.5, 0.3, 9.0].map(|cpu_ms| Seen { cpu_ms, wrong: 0, ..seen });
        let rounds = Rounds(rounds.to_vec());
        assert_eq!((rounds.cpu_ms(), rounds.cpu_ms_best(), rounds.right()), (0.5, 0.3, 21));
        assert!(
            rounds.is_right() && !Rounds(vec![seen]).is_right() && !Rounds::default().is_right()
        );
    }
}
