//! `safeconduct replay`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use actions::decision::replay::Answer;
use actions::decision::replay::Change;
use actions::decision::replay::Fare;
use actions::decision::replay::Replayed;
use actions::decision::replay::Request;
use clap::Args;
use domain::network_policy::Access;
use indicatif::ProgressBar;

use crate::command::draft;
use crate::command::draft::Draft;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Answer what devices asked once more, with a draft: who would lose access, who would gain it.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// How many days back, 1 to 366
    #[arg(long)]
    days: u32,
    /// A declarative file, tried out as if it had been applied
    #[arg(long, value_name = "FILE")]
    draft: PathBuf,
    /// End with status 1 if any device would lose access
    #[arg(long)]
    no_losses: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let draft = Draft::read(&arguments.draft)?;
    let connection = Connection::open(&arguments.data, false).await?;
    let replayed = replay(&connection, &arguments, &draft).await;
    connection.close().await;
    let replayed = replayed?;
    if arguments.json {
        output::json(&document(&replayed))?;
    } else {
        print(&replayed);
    }
    let losses = count(&replayed, Change::Loses) > 0;
    let failed = arguments.no_losses && losses;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Asks until all is replayed, and puts what comes back together.
async fn replay(
    connection: &Connection,
    arguments: &Arguments,
    draft: &Draft,
) -> anyhow::Result<Replayed> {
    let document = draft.document.json.clone();
    let mut request = Request { days: arguments.days, draft: document, after: None };
    let mut all = Replayed::default();
    let mut fares: BTreeMap<String, Fare> = BTreeMap::new();
    let bar = ProgressBar::new_spinner();
    loop {
        let part = connection.post::<Replayed>("/api/v1/replay", &request).await;
        let part = draft::understood(Some(draft), part)?;
        all.decisions += part.decisions;
        all.without_inputs += part.without_inputs;
        all.answered_otherwise += part.answered_otherwise;
        bar.set_message(format!("{} decisions replayed", all.decisions));
        bar.tick();
        for fare in part.devices {
            let known = fares.remove(&fare.id);
            fares.insert(fare.id.clone(), later(known, fare));
        }
        request.after = part.next;
        if request.after.is_none() {
            break;
        }
    }
    bar.finish_and_clear();
    all.devices = fares.into_values().collect();
    all.devices.sort_by_key(|fare| fare.change);
    Ok(all)
}

/// Of two parts of a device's fare the one that changes more for it, else the later.
fn later(known: Option<Fare>, fare: Fare) -> Fare {
    let Some(known) = known else { return fare };
    let decisions = known.decisions + fare.decisions;
    let stands = if known.change < fare.change { known } else { fare };
    Fare { decisions, ..stands }
}

fn count(replayed: &Replayed, change: Change) -> usize {
    replayed.devices.iter().filter(|fare| fare.change == change).count()
}

fn document(replayed: &Replayed) -> serde_json::Value {
    let changed = replayed.devices.iter().filter(|fare| fare.change != Change::Same);
    serde_json::json!({
        "lose": count(replayed, Change::Loses),
        "gain": count(replayed, Change::Gains),
        "move": count(replayed, Change::Moves),
        "unchanged": count(replayed, Change::Same),
        "decisions": replayed.decisions,
        "without_inputs": replayed.without_inputs,
        "answered_otherwise": replayed.answered_otherwise,
        "devices": changed.collect::<Vec<_>>(),
    })
}

fn print(replayed: &Replayed) {
    let rows = replayed.devices.iter().filter_map(|fare| {
        let word = match fare.change {
            Change::Loses => "loses",
            Change::Gains => "gains",
            Change::Moves => "moves",
            Change::Same => return None,
        };
        let cells = [word, &fare.device, &fare.access_point].map(output::safe);
        let answers = [&fare.before, &fare.after].map(|answer| output::safe(&shown(answer)));
        let row = cells.into_iter().chain(answers).chain([fare.at.to_rfc3339()]);
        Some(row.collect())
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        output::table(&["", "DEVICE", "ACCESS POINT", "NOW", "DRAFT", "LAST"], &rows);
    }
    output::line(&format!(
        "{} devices would lose access, {} would gain it, {} would move, {} unchanged \
         ({} decisions).",
        count(replayed, Change::Loses),
        count(replayed, Change::Gains),
        count(replayed, Change::Moves),
        count(replayed, Change::Same),
        replayed.decisions,
    ));
    if replayed.answered_otherwise > 0 {
        output::line(&format!(
            "{} of them were answered otherwise then: the policies have changed since.",
            replayed.answered_otherwise
        ));
    }
    if replayed.without_inputs > 0 {
        output::line(&format!(
            "{} more cannot be replayed: what they rested on is no longer on record.",
            replayed.without_inputs
        ));
    }
}

fn shown(answer: &Answer) -> String {
    match (answer.access, &answer.vlan, &answer.code) {
        (Access::Accept, Some(vlan), _) => format!("VLAN {vlan}"),
        (Access::Accept, None, _) => "in".to_owned(),
        (Access::Refuse, _, Some(code)) => code.clone(),
        (Access::Refuse, _, None) => "refused".to_owned(),
    }
}
