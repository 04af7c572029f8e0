//! `safeconduct token list|show|add|remove`

use std::process::ExitCode;

use actions::token::ShownToken;
use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::actor::Permission;
use domain::token::Order;
use serde_json::Value;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::certificate::print_fields;
use crate::command::certificate::text;
use crate::command::event::HistoryArguments;
use crate::command::inventory;
use crate::command::inventory::OneArguments;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Where they are found in the API.
const LIST: &str = "tokens";

/// Keep the tokens by which programs act for administrators.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List tokens, without their secrets
    List(ListArguments),
    /// Show one token, without its secret
    Show(OneArguments),
    /// Make a token, which is shown once
    Add(AddArguments),
    /// Remove a token: it is nobody's from then on
    Remove(OneArguments),
    /// Show what happened to the tokens of a name
    History(HistoryArguments),
}

/// Whose tokens, and how they are shown.
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

/// What is asked of the new token.
#[derive(Args, Debug)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    data: DataArgument,
    /// What it is for
    name: String,
    /// For whom it is to act; with --server, whoever asks if not given
    #[arg(long, value_name = "NAME")]
    administrator: Option<String>,
    /// What it is to be limited to; may be given several times; the whole role if not given
    #[arg(long = "scope", value_name = "PERMISSION", value_parser = PossibleValuesParser::new(
        Permission::ALL.map(Permission::as_str)
    ))]
    scopes: Vec<String>,
    /// An address or network that it may come from; may be given several times; any if not given
    #[arg(long = "address", value_name = "NETWORK")]
    addresses: Vec<String>,
    /// How many days it is to live, 1 to 366; 90 if not given
    #[arg(long)]
    days: Option<u32>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(&arguments).await?,
        Verb::Show(arguments) => {
            let shown = inventory::show(LIST, &arguments).await?;
            if arguments.json {
                output::json(&shown)?;
            } else {
                print_fields(&shown);
            }
        }
        Verb::Add(arguments) => return add(arguments).await,
        Verb::History(arguments) => arguments.run(LIST).await?,
        Verb::Remove(arguments) => {
            inventory::remove(LIST, &arguments).await?;
            if arguments.json {
                output::json(&json!({ "removed": arguments.name }))?;
            } else {
                output::line("The token is removed.");
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(arguments: AddArguments) -> anyhow::Result<ExitCode> {
    let AddArguments { data, name, administrator, scopes, addresses, days, json } = arguments;
    let scopes = scopes.iter().filter_map(|scope| Permission::parse(scope)).collect();
    let order = Order { name, administrator, scopes, addresses, days };
    let connection = Connection::open(&data, false).await?;
    let made = connection.post::<ShownToken>(&format!("/api/v1/{LIST}"), &order).await;
    connection.close().await;
    let made = made?;
    if json {
        output::json(&made)?;
        return Ok(ExitCode::SUCCESS);
    }
    let until = made.token.expires_at.to_rfc3339();
    let whose = output::safe(&made.token.administrator);
    output::line(&format!("This token of {whose} is good until {until}, and is shown only here:"));
    output::line(made.secret.reveal());
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
    let items = page.get("items").and_then(Value::as_array).into_iter().flatten();
    let rows = items.map(|item| {
        let list = |field| {
            let list = item.get(field).and_then(Value::as_array).into_iter().flatten();
            list.filter_map(Value::as_str).map(output::safe).collect::<Vec<_>>().join(" ")
        };
        let field = |field| text(item, field);
        vec![
            field("id"),
            field("name"),
            field("administrator"),
            list("scopes"),
            list("addresses"),
            field("expires_at"),
            field("last_used_at"),
        ]
    });
    let head = ["ID", "NAME", "ADMINISTRATOR", "SCOPES", "ADDRESSES", "EXPIRES", "LAST USED"];
    output::table(&head, &rows.collect::<Vec<_>>());
    Ok(())
}
