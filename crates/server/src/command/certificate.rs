//! `safeconduct certificate list|show|revoke|hold|release`

mod revocation;

use std::process::ExitCode;

use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use serde_json::Value;

use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Look at certificates, revoke them, put them on hold.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List certificates, newest first
    List(ListArguments),
    /// Show one certificate
    Show(ShowArguments),
    /// Revoke certificates: no device gets in with them any more
    Revoke(revocation::RevokeArguments),
    /// Put certificates on hold: revoked until they are released
    Hold(revocation::HoldArguments),
    /// Take certificates off hold
    Release(revocation::ReleaseArguments),
}

/// What part of a list.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Most items, 1 to 1000
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Go on behind another page: its `next`
    #[arg(long)]
    cursor: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which certificate.
#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The serial number in hexadecimal digits
    serial: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl ListArguments {
    /// Where the list is asked for.
    pub(crate) fn path(&self, list: &str) -> String {
        let cursor = self.cursor.as_deref().map(escape);
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        format!("/api/v1/{list}?limit={}{cursor}", self.limit)
    }

    /// Gets a page over a connection of its own.
    pub(crate) async fn page(&self, list: &str) -> anyhow::Result<Page<Value>> {
        let connection = Connection::open(&self.data, false).await?;
        let page = connection.get(&self.path(list)).await;
        connection.close().await;
        Ok(page?)
    }

    /// Whether JSON is wanted.
    pub(crate) fn json(&self) -> bool {
        self.json
    }
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(&arguments).await?,
        Verb::Show(arguments) => show(&arguments).await?,
        Verb::Revoke(arguments) => revocation::revoke(&arguments).await?,
        Verb::Hold(arguments) => revocation::hold(&arguments).await?,
        Verb::Release(arguments) => revocation::release(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let page = arguments.page("certificates").await?;
    if arguments.json {
        return output::json(&page);
    }
    let rows: Vec<Vec<String>> = page
        .items
        .iter()
        .map(|item| {
            ["serial", "status", "usage", "subject", "gateway", "not_after"]
                .map(|field| text(item, field))
                .to_vec()
        })
        .collect();
    output::table(&["SERIAL", "STATUS", "USAGE", "SUBJECT", "GATEWAY", "NOT AFTER"], &rows);
    more(page.next.as_deref());
    Ok(())
}

async fn show(arguments: &ShowArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let path = format!("/api/v1/certificates/{}", escape(&arguments.serial));
    let shown = connection.get::<Value>(&path).await;
    connection.close().await;
    let shown = shown?;
    if arguments.json {
        return output::json(&shown);
    }
    print_fields(&shown);
    Ok(())
}

/// A field as text; nothing for null.
pub(crate) fn text(item: &Value, field: &str) -> String {
    match item.get(field) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => output::safe(text),
        Some(other) => output::safe(&other.to_string()),
    }
}

/// Every field of an object, a line each.
pub(crate) fn print_fields(object: &Value) {
    for (field, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) if text.contains('\n') => output::line(text.trim_end()),
            Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                output::line(&format!("{field}: {}", text(object, field)));
            }
            Value::Object(_) => {
                output::line(&format!("{field}:"));
                for (inner, value) in value.as_object().into_iter().flatten() {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    output::line(&format!("  {inner}: {}", output::safe(&value)));
                }
            }
        }
    }
}

/// Says how to get the rest of a list.
pub(crate) fn more(next: Option<&str>) {
    if let Some(next) = next {
        output::line(&format!("There is more: --cursor {next}"));
    }
}

/// A text as a part of a URL.
pub(crate) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
