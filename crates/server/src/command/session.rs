//! `safeconduct session list|remove`

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::certificate::text;
use crate::command::inventory;
use crate::command::inventory::OneArguments;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Where they are found in the API.
const LIST: &str = "sessions";

/// Look at who is signed in to the portal, and end sessions.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List sessions
    List(ListArguments),
    /// End a session, by its id
    Remove(OneArguments),
}

/// Whose sessions, and how they are shown.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Those of this administrator
    #[arg(long, value_name = "NAME")]
    administrator: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(&arguments).await?,
        Verb::Remove(arguments) => {
            inventory::remove(LIST, &arguments).await?;
            if arguments.json {
                output::json(&json!({ "removed": arguments.name }))?;
            } else {
                output::line("The session is ended.");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let of = arguments.administrator.as_deref().map(escape);
    let of = of.map(|name| format!("?administrator={name}")).unwrap_or_default();
    let connection = Connection::open(&arguments.data, false).await?;
    let page = connection.get::<Value>(&format!("/api/v1/{LIST}{of}")).await;
    connection.close().await;
    let page = page?;
    if arguments.json {
        return output::json(&page);
    }
    let fields = ["id", "administrator", "address", "user_agent", "created_at", "last_used_at"];
    let items = page.get("items").and_then(Value::as_array).into_iter().flatten();
    let rows = items.map(|item| fields.map(|field| text(item, field)).to_vec());
    let head = ["ID", "ADMINISTRATOR", "ADDRESS", "BROWSER", "SINCE", "LAST USED"];
    output::table(&head, &rows.collect::<Vec<_>>());
    Ok(())
}
