//! `safeconduct gateway …` and `safeconduct access-point …`: definitions, and their secrets.

use std::process::ExitCode;

use actions::access_point::ShownSecret;
use actions::gateway::secret::Made;
use clap::Args;
use clap::Subcommand;
use domain::object::Kind;
use serde_json::Value;
use serde_json::json;

use crate::command::apply::csv;
use crate::command::certificate::escape;
use crate::command::certificate::text;
use crate::command::object;
use crate::command::object::NamedArguments;
use crate::command::object::url;
use crate::command::overview;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Keep gateways and their challenges.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(flatten)]
    Object(object::Verb),
    /// List the challenges of a gateway, without themselves
    Secrets(NamedArguments),
    /// Draw a further challenge, which is shown once; the earlier ones stay good
    AddSecret(AddSecretArguments),
    /// End one of the challenges of a gateway
    RemoveSecret(RemoveSecretArguments),
}

/// Keep access points and their shared secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessPointVerb {
    #[command(flatten)]
    Object(object::Verb),
    /// Draw a new shared secret, which is shown once; the earlier one is good no more
    RotateSecret(NamedArguments),
    /// List who sent RADIUS packets in the last day and is no access point
    Knocking(overview::Arguments),
}

/// Whose challenge, and what it is for.
#[derive(Args, Debug)]
pub(crate) struct AddSecretArguments {
    #[command(flatten)]
    named: NamedArguments,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    label: String,
}

/// Which challenge.
#[derive(Args, Debug)]
pub(crate) struct RemoveSecretArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The gateway's name or slug
    name: String,
    /// The challenge's id, as `secrets` tells it
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked of gateways.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Object(verb) => return object::run(Kind::Gateway, verb).await,
        Verb::Secrets(arguments) => secrets(&arguments).await?,
        Verb::AddSecret(arguments) => return add_secret(&arguments).await,
        Verb::RemoveSecret(arguments) => return remove_secret(&arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what was asked of access points.
pub(crate) async fn run_access_point(verb: AccessPointVerb) -> anyhow::Result<ExitCode> {
    match verb {
        AccessPointVerb::Object(verb) => object::run(Kind::AccessPoint, verb).await,
        AccessPointVerb::RotateSecret(arguments) => rotate(&arguments).await,
        AccessPointVerb::Knocking(arguments) => overview::knocking(&arguments).await,
    }
}

fn secrets_url(name: &str) -> String {
    url(Kind::Gateway, &format!("/{}/secrets", escape(name)))
}

async fn secrets(arguments: &NamedArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let page = connection.get::<Value>(&secrets_url(&arguments.name)).await;
    connection.close().await;
    let page = page?;
    if arguments.json {
        return output::json(&page);
    }
    let fields = ["id", "label", "created_at", "last_used_at"];
    let items = page.get("items").and_then(Value::as_array).into_iter().flatten();
    let rows = items.map(|item| fields.map(|field| text(item, field)).to_vec());
    output::table(&["ID", "LABEL", "MADE", "LAST USED"], &rows.collect::<Vec<_>>());
    Ok(())
}

async fn add_secret(arguments: &AddSecretArguments) -> anyhow::Result<ExitCode> {
    let AddSecretArguments { named, label } = arguments;
    let connection = Connection::open(&named.data, false).await?;
    let order = json!({ "label": label });
    let made = connection.post::<Made>(&secrets_url(&named.name), &order).await;
    connection.close().await;
    let made = made?;
    if named.json {
        output::json(&made)?;
    } else {
        output::line("This secret is shown here, and never again:");
        output::line(csv(&[made.shown]).trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

async fn remove_secret(arguments: &RemoveSecretArguments) -> anyhow::Result<ExitCode> {
    let RemoveSecretArguments { data, name, id, json } = arguments;
    let connection = Connection::open(data, false).await?;
    let path = format!("{}/{}", secrets_url(name), escape(id));
    let removed = connection.delete(&path).await;
    connection.close().await;
    removed?;
    if *json {
        output::json(&json!({ "removed": id }))?;
    } else {
        output::line("The challenge is removed: devices that carry it enroll no more.");
    }
    Ok(ExitCode::SUCCESS)
}

async fn rotate(arguments: &NamedArguments) -> anyhow::Result<ExitCode> {
    let path = url(Kind::AccessPoint, &format!("/{}/rotate-secret", escape(&arguments.name)));
    let connection = Connection::open(&arguments.data, false).await?;
    let made = connection.post::<ShownSecret>(&path, &Value::Null).await;
    connection.close().await;
    let made = made?;
    if arguments.json {
        output::json(&made)?;
    } else {
        let name = output::safe(&made.name);
        output::line(&format!("{name} is to get this shared secret, which is shown only here:"));
        output::line(made.shared_secret.reveal());
    }
    Ok(ExitCode::SUCCESS)
}
