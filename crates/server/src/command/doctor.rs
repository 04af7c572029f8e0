//! `safeconduct doctor`

use std::process::ExitCode;

use api::doctor::Examined;
use clap::Args;
use domain::doctor::Finding;
use domain::doctor::Severity;

use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Which organization.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Tells what is wrong; status 1 if devices are kept out by it, or soon will be.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let connection = Connection::open(&arguments.data, false).await?;
    let examined = connection.get::<Examined>("/api/v1/doctor").await;
    connection.close().await;
    let examined = examined?;
    if arguments.json {
        output::json(&examined)?;
    } else {
        tell(&examined.findings);
    }
    Ok(status(&examined.findings))
}

/// Status 1 if there is a problem.
pub(crate) fn status(findings: &[Finding]) -> ExitCode {
    let is_problem = |finding: &Finding| finding.severity == Severity::Problem;
    if findings.iter().any(is_problem) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Tells findings to people, and at the end how many there are.
pub(crate) fn tell(findings: &[Finding]) {
    let count =
        |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    findings.iter().for_each(print);
    let rest = [("warning", count(Severity::Warning)), ("hint", count(Severity::Hint))];
    output::line(&last_line(count(Severity::Problem), rest));
}

fn print(finding: &Finding) {
    let Finding { code, severity, object, what, why, fix } = finding;
    let severity = severity.as_str();
    output::line(&output::safe(&format!("{severity} {code} {object}")));
    for (word, text) in [("what", what), ("why", why), ("fix", fix)] {
        output::line(&format!("  {word:<4}  {}", output::safe(text)));
    }
    output::line("");
}

fn last_line(problems: usize, rest: [(&str, usize); 2]) -> String {
    let counted = |(word, count): (&str, usize)| {
        if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
    };
    let rest: Vec<String> = rest.into_iter().filter(|(_, count)| *count > 0).map(counted).collect();
    if problems == 0 {
        // What may be meant stands before it and is counted in its blocks.
        return "No problems found.".to_owned();
    }
    let all: Vec<String> = [counted(("problem", problems))].into_iter().chain(rest).collect();
    format!("{} found.", all.join(", "))
}
