//! `safeconduct certificate-authority …`

mod download;

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use domain::object::Kind;
use serde_json::Value;

use crate::command::certificate::ListArguments;
use crate::command::certificate::escape;
use crate::command::certificate::more;
use crate::command::certificate::print_fields;
use crate::command::certificate::text;
use crate::command::object;
use crate::command::object::ChangeVerb;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Look at certificate authorities, renew them, and take their certificates along.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List authorities with the certificates that they sign with
    List(ListArguments),
    /// Show one authority and each of its keys
    Show(NameArguments),
    /// Give an authority a new key and certificate; what the earlier ones signed stays valid
    Renew(NameArguments),
    /// Write an authority's certificate and chain into files
    Download(download::Arguments),
    #[command(flatten)]
    Change(ChangeVerb),
}

/// Which authority.
#[derive(Args, Debug)]
pub(crate) struct NameArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The authority's name
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => arguments.print(async || list(&arguments).await).await?,
        Verb::Show(arguments) => show(&arguments).await?,
        Verb::Renew(arguments) => renew(&arguments).await?,
        Verb::Download(arguments) => download::run(&arguments).await?,
        Verb::Change(verb) => return object::run_change(Kind::CertificateAuthority, verb).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let page = arguments.page("certificate-authorities").await?;
    if arguments.json() {
        return output::json(&page);
    }
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let head = ["NAME", "TYPE", "FOR", "ISSUER", "KEY", "KEYS", "SERIAL", "NOT AFTER", ""];
    output::table(&head, &rows);
    more(page.next.as_deref());
    Ok(())
}

/// An authority and the key that it signs with.
fn row(item: &Value) -> Vec<String> {
    let keys = keys(item);
    let newest = keys.first().unwrap_or(&Value::Null);
    let mut row =
        ["name", "type", "generate_ca_for", "issuer", "key"].map(|f| text(item, f)).to_vec();
    row.extend([keys.len().to_string(), text(newest, "serial"), text(newest, "not_after")]);
    let marks = [("default", "default"), ("disabled", "disabled")];
    let marks = marks.into_iter().filter(|(field, _)| is(item, field)).map(|(_, mark)| mark);
    row.push(marks.collect::<Vec<_>>().join(", "));
    row
}

async fn show(arguments: &NameArguments) -> anyhow::Result<()> {
    let shown = get(&arguments.data, &arguments.name).await?;
    print(arguments, &shown)
}

async fn renew(arguments: &NameArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let path = format!("{}/renew", path(&arguments.name));
    let renewed = connection.post::<Value>(&path, &Value::Null).await;
    connection.close().await;
    print(arguments, &renewed?)
}

/// Asks for one authority over a connection of its own.
async fn get(data: &DataArgument, name: &str) -> anyhow::Result<Value> {
    let connection = Connection::open(data, false).await?;
    let shown = connection.get::<Value>(&path(name)).await;
    connection.close().await;
    Ok(shown?)
}

fn path(name: &str) -> String {
    format!("/api/v1/certificate-authorities/{}", escape(name))
}

fn print(arguments: &NameArguments, shown: &Value) -> anyhow::Result<()> {
    if arguments.json {
        return output::json(shown);
    }
    let keys = keys(shown);
    let mut fields = shown.clone();
    if let Some(fields) = fields.as_object_mut() {
        fields.remove("generations");
    }
    print_fields(&fields);
    let cells = ["number", "slug", "serial", "status", "not_before", "not_after"];
    let rows: Vec<_> = keys.iter().map(|key| cells.map(|cell| text(key, cell)).to_vec()).collect();
    output::line("");
    output::table(&["KEY", "SLUG", "SERIAL", "STATUS", "NOT BEFORE", "NOT AFTER"], &rows);
    for key in keys {
        output::line("");
        output::line(&format!("{} SHA-256 {}", text(key, "slug"), text(key, "sha256")));
        output::line(&format!("{} SHA-1   {}", text(key, "slug"), text(key, "sha1")));
    }
    Ok(())
}

/// An authority's keys, newest first.
fn keys(shown: &Value) -> &[Value] {
    let keys = shown.get("generations").and_then(Value::as_array);
    keys.map(Vec::as_slice).unwrap_or_default()
}

fn is(item: &Value, field: &str) -> bool {
    item.get(field).and_then(Value::as_bool).unwrap_or_default()
}
