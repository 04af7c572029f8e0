//! `safeconduct audit verify`

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;

use crate::command::certificate::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Check that the record of changes is complete and unedited.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Walk the whole chain; status 1 if a row was edited, removed or added
    Verify(VerifyArguments),
}

/// Of which organization.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    let Verb::Verify(arguments) = verb;
    let connection = Connection::open(&arguments.data, false).await?;
    let verdict = connection.get::<Value>("/api/v1/audit").await;
    connection.close().await;
    let verdict = verdict?;
    let intact = verdict.get("intact") == Some(&Value::Bool(true));
    if arguments.json {
        output::json(&verdict)?;
    } else if intact {
        output::line(&format!("{} rows, complete and unedited.", text(&verdict, "rows")));
    } else {
        output::line(&format!("{}.", text(&verdict, "complaint")));
    }
    Ok(if intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
