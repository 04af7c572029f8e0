//! `safeconduct audit list|verify|checkpoint|export`

mod export;
mod file;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::command::certificate::ListArguments;
use crate::command::certificate::more;
use crate::command::certificate::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Check that the record of changes is complete and unedited.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List changes, newest first
    List(ListArguments),
    /// Walk the whole chain; status 1 if a row was edited, removed, moved or added
    Verify(VerifyArguments),
    /// Sign what came since the last checkpoint, now
    Checkpoint(CheckpointArguments),
    /// Write the whole record into a file that can be verified without a key
    Export(export::Arguments),
}

/// Of which organization, or which file.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Verify a file of `audit export`, with nothing but the file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Refuse a file that is not signed with the key of this fingerprint
    #[arg(long, value_name = "FINGERPRINT", requires = "file")]
    key: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Of which organization.
#[derive(Args, Debug)]
pub(crate) struct CheckpointArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(&arguments).await?,
        Verb::Verify(arguments) => return verify(&arguments).await,
        Verb::Checkpoint(arguments) => checkpoint(&arguments).await?,
        Verb::Export(arguments) => export::run(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let page = arguments.page_of("audit/rows", "&order=newest").await?;
    if arguments.json() {
        return output::json(&page);
    }
    let row = |item: &Value| {
        let at = item.get("at").and_then(Value::as_i64).unwrap_or_default();
        let mut row = vec![text(item, "sequence"), pki::time::Time(at).to_rfc3339()];
        row.extend(["kind", "outcome", "actor", "object", "id"].map(|field| text(item, field)));
        row
    };
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    output::table(&["ROW", "AT", "KIND", "OUTCOME", "ACTOR", "OBJECT", "ID"], &rows);
    more(page.next.as_deref());
    Ok(())
}

async fn verify(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let verdict = match &arguments.file {
        Some(path) => file::verify(path, arguments.key.as_deref())?,
        None => {
            let connection = Connection::open(&arguments.data, false).await?;
            let verdict = connection.get::<Value>("/api/v1/audit").await;
            connection.close().await;
            verdict?
        }
    };
    let intact = verdict.get("intact") == Some(&Value::Bool(true));
    if arguments.json {
        output::json(&verdict)?;
    } else if intact {
        tell(&verdict);
    } else {
        let word = text(&verdict, "tampering");
        let word = if word.is_empty() { word } else { format!(" ({word})") };
        output::line(&format!("{}{word}.", text(&verdict, "complaint")));
    }
    Ok(if intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(verdict: &Value) {
    output::line(&format!("{} rows, complete and unedited.", text(verdict, "rows")));
    let (checkpoints, covered) = (text(verdict, "checkpoints"), text(verdict, "covered"));
    if covered == "0" {
        output::line("No checkpoint was signed yet.");
    } else {
        output::line(&format!("{checkpoints} checkpoints, the last of row {covered}."));
    }
    let fingerprint = text(verdict, "fingerprint");
    if !fingerprint.is_empty() {
        output::line(&format!(
            "Signed with the key {fingerprint}; a log kept elsewhere says whether that is yours."
        ));
    }
}

async fn checkpoint(arguments: &CheckpointArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let signed = connection.post::<Value>("/api/v1/audit/checkpoints", &json!({})).await;
    connection.close().await;
    let signed = signed?;
    if arguments.json {
        return output::json(&signed);
    }
    match signed.get("checkpoint").filter(|checkpoint| !checkpoint.is_null()) {
        Some(checkpoint) => output::line(&format!(
            "row {}, hash {}, signature {}",
            text(checkpoint, "sequence"),
            text(checkpoint, "hash"),
            text(checkpoint, "signature")
        )),
        None => output::line("Nothing came since the last checkpoint."),
    }
    Ok(())
}
