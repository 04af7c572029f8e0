//! `safeconduct event list|show`

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;

use crate::command::certificate::ListArguments;
use crate::command::certificate::escape;
use crate::command::certificate::more;
use crate::command::certificate::print_fields;
use crate::command::certificate::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Look at what happened, and why.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List events, newest first
    List(ListArguments),
    /// Show one event with its reason and what it rested on
    Show(ShowArguments),
}

/// Which event.
#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The event's id
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(&arguments).await?,
        Verb::Show(arguments) => show(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let page = arguments.page("events").await?;
    if arguments.json() {
        return output::json(&page);
    }
    let rows: Vec<Vec<String>> = page
        .items
        .iter()
        .map(|item| {
            let mut row =
                ["id", "at", "kind", "outcome", "object"].map(|field| text(item, field)).to_vec();
            let reason = item.get("reason").filter(|reason| !reason.is_null());
            row.push(reason.map(|reason| text(reason, "code")).unwrap_or_default());
            row.push(reason.map(|reason| text(reason, "sentence")).unwrap_or_default());
            row
        })
        .collect();
    output::table(&["ID", "AT", "KIND", "OUTCOME", "OBJECT", "REASON", ""], &rows);
    more(page.next.as_deref());
    Ok(())
}

async fn show(arguments: &ShowArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let path = format!("/api/v1/events/{}", escape(&arguments.id));
    let shown = connection.get::<Value>(&path).await;
    connection.close().await;
    let shown = shown?;
    if arguments.json {
        return output::json(&shown);
    }
    print_fields(&shown);
    Ok(())
}
