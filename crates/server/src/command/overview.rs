//! `safeconduct overview`, and who knocks

use std::process::ExitCode;

use api::certificate::Page;
use clap::Args;
use domain::access_point::knock::Knock;
use domain::overview::Activity;
use domain::overview::Authority;
use domain::overview::Bar;
use domain::overview::Overview;
use domain::overview::Reason;
use domain::overview::Stretch;
use domain::overview::expiry::Certificates;
use domain::overview::expiry::End;

use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Most reasons that are printed; JSON has all.
const REASONS_SHOWN: usize = 10;

/// Which organization.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Tells how the organization fares.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let connection = Connection::open(&arguments.data, false).await?;
    let overview = connection.get::<Overview>("/api/v1/overview").await;
    connection.close().await;
    let overview = overview?;
    if arguments.json {
        output::json(&overview)?;
    } else {
        print(&overview);
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells who sends RADIUS packets and is no access point.
pub(crate) async fn knocking(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let connection = Connection::open(&arguments.data, false).await?;
    let page = connection.get::<Page<Knock>>("/api/v1/knocking-access-points").await;
    connection.close().await;
    let page = page?;
    if arguments.json {
        output::json(&page)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |knock: &Knock| {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            knock.address.clone(),
            knock.packets.to_string(),
            knock.first_at.clone(),
            knock.last_at.clone(),
            known(&knock.nas_identifier),
            known(&knock.nas_address),
            known(&knock.called_station),
        ]
    };
    let head = ["ADDRESS", "PACKETS", "FIRST", "LAST", "CALLS ITSELF", "AT", "CALLED"];
    output::table(&head, &page.items.iter().map(row).collect::<Vec<_>>());
    Ok(ExitCode::SUCCESS)
}

fn print(overview: &Overview) {
    let Overview { findings, activity, certificates, authorities, .. } = overview;
    if let Some(findings) = findings {
        output::line(&match findings.len() {
            0 => "All is well.".to_owned(),
            1 => "1 thing to do: see safeconduct doctor".to_owned(),
            count => format!("{count} things to do: see safeconduct doctor"),
        });
    }
    if let Some(Activity { day, month }) = activity {
        for (words, stretch) in [("the last 24 hours", day), ("the last 30 days", month)] {
            print_stretch(words, stretch);
        }
    }
    if let Some(certificates) = certificates {
        print_certificates(certificates);
    }
    if let Some(authorities) = authorities {
        print_authorities(authorities);
    }
}

fn print_stretch(words: &str, stretch: &Stretch) {
    let sum = |bars: &[Bar]| {
        let add = |of: fn(&Bar) -> u64| bars.iter().map(of).fold(0, u64::saturating_add);
        [add(|bar| bar.accepted).to_string(), add(|bar| bar.refused).to_string()]
    };
    output::line(&format!("\nIn {words}"));
    let row = |what: &str, bars: &[Bar]| [&[what.to_owned()][..], &sum(bars)].concat();
    let rows = [
        row("authentications", &stretch.authentications),
        row("enrollments", &stretch.enrollments),
    ];
    output::table(&["", "ACCEPTED", "REFUSED"], &rows);
    let rows: Vec<Vec<String>> =
        stretch.refusals.iter().take(REASONS_SHOWN).map(reason_row).collect();
    if !rows.is_empty() {
        output::table(&["REFUSED", "KIND", "CODE", "REASON"], &rows);
    }
}

fn reason_row(reason: &Reason) -> Vec<String> {
    let (count, kind) = (reason.events.to_string(), reason.kind.clone());
    vec![count, kind, reason.code.clone(), reason.title.clone()]
}

fn print_certificates(certificates: &Certificates) {
    let Certificates { counted_at, in_use, ends } = certificates;
    output::line(&format!("\nCertificates in use: {in_use}, as of {counted_at}"));
    let row = |end: &End| vec![words(end), end.certificates.to_string()];
    output::table(&["END", "CERTIFICATES"], &ends.iter().map(row).collect::<Vec<_>>());
}

/// When certificates end.
fn words(end: &End) -> String {
    match (end.from_days, end.until_days) {
        (from, _) if from < 0 => format!("ended in the last {} days", from.saturating_neg()),
        (0, Some(until)) => format!("within {until} days"),
        (from, Some(until)) => format!("in {from} to {until} days"),
        (from, None) => format!("in more than {from} days"),
    }
}

fn print_authorities(authorities: &[Authority]) {
    output::line("\nAuthorities");
    let row = |authority: &Authority| {
        let indent = "  ".repeat(usize::try_from(authority.depth).unwrap_or_default());
        vec![
            format!("{indent}{}", authority.name),
            format!("{} %", authority.over_percent),
            authority.not_after.clone(),
            authority.in_use.map_or_else(String::new, |count| count.to_string()),
        ]
    };
    let head = ["NAME", "LIFE OVER", "ENDS", "IN USE"];
    output::table(&head, &authorities.iter().map(row).collect::<Vec<_>>());
}
