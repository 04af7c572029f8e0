//! What was measured as text, for `docs/performance.md`.

use std::fmt::Write;

use anyhow::{Context, Result};

use super::machine::Machine;
use super::measurement::{Case, Enrollment, Key, Kind, Login, Measured, Rounds, Tls};

/// Between these lines the page is written by the measurement.
const BEGIN: &str = "<!-- measured: written by ./dev bench -->";
const END: &str = "<!-- measured: end -->";

/// RSA private operations of one certificate: the request is decrypted, the certificate and the
/// reply are signed.
const RSA_OPERATIONS: f64 = 3.0;

/// Puts a text between the lines of a page.
pub(super) fn insert(page: &str, text: &str) -> Result<String> {
    let complaint = || format!("the page lacks the line {BEGIN} or {END}");
    let (before, rest) = page.split_once(BEGIN).with_context(complaint)?;
    let (_, after) = rest.split_once(END).with_context(complaint)?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

/// Everything that was measured.
pub(super) fn markdown(
    machine: &Machine,
    measured: &Measured,
    rounds: usize,
    commands: &[String],
) -> String {
    let mut text = Text::default();
    text.facts(machine, rounds);
    text.logins(measured);
    text.ratios(machine, measured);
    text.certificates(machine, measured);
    text.idle(measured);
    text.calibration(machine);
    text.line("### Commands\n");
    text.line("`DIR` is the directory of the measurement; one command of each kind:\n");
    text.line("```");
    commands.iter().for_each(|command| text.line(command));
    text.line("```");
    text.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn row(&mut self, cells: &[String]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn head(&mut self, cells: &[&str]) {
        let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
        self.row(&cells);
        self.row(&vec!["---".to_owned(); cells.len()]);
    }

    fn facts(&mut self, machine: &Machine, rounds: usize) {
        let Machine { date, processor, processors, kernel, load, .. } = machine;
        self.line("### When and where\n");
        self.line(&format!(
            "{date}, {processor}, {processors} processors, Linux {kernel}; load before: {load}. \
             {rounds} rounds in turns; medians.\n"
        ));
        for (program, version) in &machine.versions {
            self.line(&format!("- {program} {version}"));
        }
        self.line("");
    }

    fn logins(&mut self, measured: &Measured) {
        self.line("### Logins: EAP-TLS over RADIUS, 16 devices at once\n");
        let head = ["login", "server", "CPU ms each (best)", "logins/s", "p50 / p99 ms"];
        self.head(&[&head[..], &["round trips", "right / wrong"]].concat());
        for case in cases() {
            for kind in Kind::RADIUS {
                let Some(rounds) = measured.logins.get(&(case, kind)) else { continue };
                self.row(&[
                    case.to_string(),
                    kind.to_string(),
                    format!("{:.3} ({:.3})", rounds.cpu_ms(), rounds.cpu_ms_best()),
                    format!("{:.0}", rounds.per_second()),
                    latency(rounds),
                    format!("{:.1}", rounds.median(|seen| seen.round_trips)),
                    format!("{} / {}", rounds.right(), rounds.wrong()),
                ]);
            }
        }
        self.line("");
    }

    fn ratios(&mut self, machine: &Machine, measured: &Measured) {
        self.line("### Against others and against cryptography alone\n");
        self.line("CPU of a login at Safeconduct, divided by that of others. Where others gave wrong answers, there is nothing to divide by.\n");
        let bare = "bare TLS handshake";
        self.head(&["login", "÷ FreeRADIUS", "÷ hostapd", &format!("÷ {bare}"), "goal"]);
        for case in cases() {
            let Some(ours) = measured.logins.get(&(case, Kind::Safeconduct)) else { continue };
            let against = |kind: Kind| {
                let theirs = measured.logins.get(&(case, kind)).filter(|theirs| theirs.is_right());
                ratio(theirs.map(|theirs| ours.cpu_ms() / theirs.cpu_ms()))
            };
            let operation = format!("TLS {} handshake, server key {}", case.tls, case.key.name());
            let bare = machine.cost(&operation).filter(|_| case.login == Login::Full);
            self.row(&[
                case.to_string(),
                against(Kind::FreeRadius),
                against(Kind::Hostapd),
                ratio(bare.map(|bare| ours.cpu_ms() / bare)),
                goal(case).to_owned(),
            ]);
        }
        self.line("");
    }

    fn certificates(&mut self, machine: &Machine, measured: &Measured) {
        self.line("### Certificates: SCEP, RSA-2048 everywhere\n");
        let head = ["clients", "server", "answers/s", "÷ scepserver", "CPU ms each"];
        self.head(&[&head[..], &["÷ 3 RSA operations", "p50 / p99 ms", "right / wrong"]].concat());
        let costs = [machine.cost("rsa-2048 sign"), machine.cost("rsa-2048 decrypt")];
        let [sign, decrypt] = costs.map(|cost| cost.unwrap_or(f64::NAN));
        let raw = sign * (RSA_OPERATIONS - 1.0) + decrypt;
        for clients in Enrollment::CLIENTS {
            let of = |kind| measured.certificates.get(&(Enrollment { clients }, kind));
            for kind in Kind::SCEP {
                let Some(rounds) = of(kind) else { continue };
                let faster =
                    of(Kind::ScepServer).map(|theirs| rounds.per_second() / theirs.per_second());
                self.row(&[
                    clients.to_string(),
                    kind.to_string(),
                    format!("{:.0}", rounds.per_second()),
                    ratio(faster.filter(|_| kind == Kind::Safeconduct)),
                    format!("{:.3}", rounds.cpu_ms()),
                    ratio(Some(rounds.cpu_ms() / raw)),
                    latency(rounds),
                    format!("{} / {}", rounds.right(), rounds.wrong()),
                ]);
            }
        }
        self.line("\nGoals: at least 4 times scepserver's certificates, at most 1.4 times the RSA operations.\n");
    }

    fn idle(&mut self, measured: &Measured) {
        self.line("### Memory of an idle server\n");
        self.head(&["server", "resident MiB (RSS)", "proportional MiB (PSS)"]);
        for ((kind, key), memory) in &measured.idle {
            let cells = [format!("{:.1}", memory.resident), format!("{:.1}", memory.proportional)];
            self.row(&[&[format!("{kind}, {key}")][..], &cells].concat());
        }
        self.line("\nGoal: at most 30 MiB.\n");
    }

    fn calibration(&mut self, machine: &Machine) {
        self.line("### What cryptography alone costs here\n");
        self.head(&["operation", "median ms"]);
        for (operation, cost) in &machine.calibration {
            self.row(&[operation.clone(), format!("{cost:.3}")]);
        }
        self.line("");
    }
}

/// Every login, in the order of the page.
pub(super) fn cases() -> impl Iterator<Item = Case> {
    let logins = [Login::Full, Login::Resumed].into_iter();
    let keys = logins.flat_map(|login| Key::ALL.map(|key| (login, key)));
    keys.flat_map(|(login, key)| [Tls::V12, Tls::V13].map(|tls| Case { login, key, tls }))
}

fn latency(rounds: &Rounds) -> String {
    let [p50, p99] = [rounds.median(|seen| seen.p50_ms), rounds.median(|seen| seen.p99_ms)];
    format!("{p50:.1} / {p99:.1}")
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.filter(|ratio| ratio.is_finite()).map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
}

fn goal(case: Case) -> &'static str {
    match (case.login, case.key, case.tls) {
        (Login::Full, Key::Rsa, _) => "≤ 0.45 of FreeRADIUS, ≤ 1.6 handshakes",
        (Login::Full, Key::P256, _) => "≤ 0.35 of FreeRADIUS",
        (Login::Resumed, _, Tls::V12) => "≤ 0.25 of FreeRADIUS",
        (Login::Resumed, _, Tls::V13) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_between_the_lines_and_nowhere_else() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let expected = format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n");
        assert_eq!(insert(&page, "new\n").unwrap(), expected);
        assert_eq!(insert(&expected, "new").unwrap(), expected);
        assert!(insert("no lines", "new").is_err());
    }

    #[test]
    fn what_cannot_be_divided_is_a_dash() {
        assert_eq!([None, Some(f64::NAN), Some(0.5)].map(ratio), ["–", "–", "0.50"]);
    }

    #[test]
    fn the_page_has_the_lines() {
        let page = std::fs::read_to_string(crate::root().unwrap().join("docs/performance.md"));
        assert!(insert(&page.unwrap(), "new").is_ok());
    }
}
