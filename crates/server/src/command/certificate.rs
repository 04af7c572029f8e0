//! `safeconduct certificate list|show|revoke|hold|release`

mod revocation;

use std::process::ExitCode;

use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::certificate::Status;
use serde_json::Value;

use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Look at certificates, revoke them, put them on hold.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List certificates: newest first, or those whose text begins so, in its order
    List(SearchArguments),
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

/// Which certificates, and what part of their list.
#[derive(Args, Debug)]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    which: Search,
    #[command(flatten)]
    part: ListArguments,
}

/// Which certificates.
#[derive(Args, Debug)]
struct Search {
    /// Those whose serial number begins so, in hexadecimal digits
    #[arg(long, value_name = "BEGINNING", group = "start")]
    serial: Option<String>,
    /// Those whose subject begins so: CN=…
    #[arg(long, value_name = "BEGINNING", group = "start")]
    subject: Option<String>,
    /// Those whose device's name begins so
    #[arg(long, value_name = "BEGINNING", group = "start")]
    device: Option<String>,
    /// Those whose person's e-mail address or principal name begins so
    #[arg(long, value_name = "BEGINNING", group = "start")]
    person: Option<String>,
    /// Those that stand like this
    #[arg(long, value_parser = PossibleValuesParser::new(STATUS.map(Status::as_str)))]
    status: Option<String>,
    /// Those that this authority signed
    #[arg(long)]
    authority: Option<String>,
    /// Those that were asked for at this gateway
    #[arg(long)]
    gateway: Option<String>,
}

/// Where certificates can stand.
const STATUS: [Status; 4] = [Status::Intended, Status::Issued, Status::Held, Status::Revoked];

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
        self.page_of(list, "").await
    }

    pub(crate) async fn page_of(&self, list: &str, query: &str) -> anyhow::Result<Page<Value>> {
        let connection = Connection::open(&self.data, false).await?;
        let page = connection.get(&format!("{}{query}", self.path(list))).await;
        connection.close().await;
        Ok(page?)
    }

    /// Whether JSON is wanted.
    pub(crate) fn json(&self) -> bool {
        self.json
    }
}

impl Search {
    /// What is asked for, behind the other parameters of a URL.
    fn query(&self) -> String {
        let given = [
            ("serial", &self.serial),
            ("subject", &self.subject),
            ("device", &self.device),
            ("person", &self.person),
            ("status", &self.status),
            ("authority", &self.authority),
            ("gateway", &self.gateway),
        ];
        let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        given.map(|(name, text)| format!("&{name}={}", escape(text))).collect()
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

async fn list(arguments: &SearchArguments) -> anyhow::Result<()> {
    let SearchArguments { which, part } = arguments;
    let page = part.page_of("certificates", &which.query()).await?;
    if part.json {
        return output::json(&page);
    }
    let fields = ["serial", "status", "usage", "subject", "device", "person", "gateway"];
    let fields = fields.into_iter().chain(["not_after"]);
    let row = |item: &Value| fields.clone().map(|field| text(item, field)).collect();
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let head = ["SERIAL", "STATUS", "USAGE", "SUBJECT", "DEVICE", "PERSON", "GATEWAY", "NOT AFTER"];
    output::table(&head, &rows);
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
