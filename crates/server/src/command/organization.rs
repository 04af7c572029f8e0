//! `safeconduct organization show|edit|history`

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use domain::organization::Settings;
use serde_json::Value;

use crate::command::certificate::print_fields;
use crate::command::object::history;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Where the settings are in the API.
const SETTINGS: &str = "/api/v1/organization/settings";

/// Look at the organization's own settings, and change them.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show its name and address
    Show(Arguments),
    /// Change its name or address
    Edit(EditArguments),
    /// Show its versions: who changed what, and when
    History(Arguments),
}

/// Of which organization.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What changes.
#[derive(Args, Debug)]
pub(crate) struct EditArguments {
    #[command(flatten)]
    data: DataArgument,
    /// What it is called
    #[arg(long)]
    name: Option<String>,
    /// What enrollment, CRL and OCSP addresses start with
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Show(arguments) => {
            let connection = Connection::open(&arguments.data, false).await?;
            let shown = connection.get::<Value>(SETTINGS).await;
            connection.close().await;
            print(&shown?, arguments.json)?;
        }
        Verb::Edit(arguments) => edit(arguments).await?,
        Verb::History(Arguments { data, json }) => {
            history(&format!("{SETTINGS}/history"), (&data, json)).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn edit(arguments: EditArguments) -> anyhow::Result<()> {
    let EditArguments { data, name, base_url, json } = arguments;
    let connection = Connection::open(&data, false).await?;
    let changed = async {
        let now: Settings = connection.get(SETTINGS).await?;
        let name = name.unwrap_or(now.name);
        let base_url = base_url.unwrap_or(now.base_url);
        connection.put::<Value>(SETTINGS, &Settings { name, base_url }).await
    };
    let changed = changed.await;
    connection.close().await;
    print(&changed?, json)
}

fn print(settings: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(settings);
    }
    print_fields(settings);
    Ok(())
}
