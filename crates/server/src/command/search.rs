//! `safeconduct search TEXT`

use std::process::ExitCode;

use actions::search::Found;
use clap::Args;

use crate::command::certificate::escape;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// What is looked for, and how it is shown.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// A serial number, fingerprint, address, name, e-mail address, the id of an event, or a
    /// certificate in PEM
    text: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows what was found; nothing is a no.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let path = format!("/api/v1/search?text={}", escape(&arguments.text));
    let connection = Connection::open(&arguments.data, false).await?;
    let found = connection.get::<Found>(&path).await;
    connection.close().await;
    let found = found?;
    let code = if found.items.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if arguments.json {
        output::json(&found)?;
        return Ok(code);
    }
    if found.items.is_empty() {
        output::note("Nothing was found.");
        return Ok(code);
    }
    let rows = found.items.into_iter().map(|hit| {
        let kind = hit.kind.replace('_', " ");
        vec![kind, hit.name, hit.what, hit.why, hit.id]
    });
    output::table(&["KIND", "NAME", "WHAT", "FOUND BY", "ID"], &rows.collect::<Vec<_>>());
    if !found.more.is_empty() {
        let kinds = found.more.join(", ").replace('_', " ");
        output::note(&format!("There are more of: {kinds}."));
    }
    Ok(code)
}
