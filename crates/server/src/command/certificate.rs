//! `safeconduct certificate list|show|history|revoke|hold|release`

mod revocation;

use std::process::ExitCode;

use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::certificate::Status;
use domain::certificate::listing::orders;
use serde_json::Value;

use super::event::HistoryArguments;
use super::watch::Watch;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;
use crate::output::Form;

/// Look at certificates, revoke them, put them on hold.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List certificates: newest first, or those whose text begins so, in its order
    List(SearchArguments),
    /// Show one certificate
    Show(ShowArguments),
    /// Say what happened to a certificate and with it, newest first
    History(HistoryArguments),
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
    /// How the list is printed
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    output: Form,
    /// Print JSON: the same as --output json
    #[arg(long, conflicts_with = "output")]
    json: bool,
    #[command(flatten)]
    watch: Watch,
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
    #[arg(long, value_parser = PossibleValuesParser::new(Status::ALL.map(Status::as_str)))]
    status: Option<String>,
    /// Those that this authority signed
    #[arg(long)]
    authority: Option<String>,
    /// Those that were asked for at this gateway
    #[arg(long)]
    gateway: Option<String>,
    /// The same in the language of filters: status:issued authority:\"Example CA\" subject:CN=a*
    #[arg(long, value_name = "TERMS")]
    filter: Option<String>,
    /// What comes first: the newest, or in the order of a text
    #[arg(long, value_name = "ORDER", value_parser = PossibleValuesParser::new(orders()))]
    sort: Option<String>,
}

/// Most answers that one page is gathered from: with what each looks through at most, a million
/// rows.
const ANSWERS_MAX: usize = 50;

/// The columns of a list.
const FIELDS: [&str; 8] =
    ["serial", "status", "usage", "subject", "device", "person", "gateway", "not_after"];

/// The columns of a wide list.
const FIELDS_WIDE: [&str; 14] = [
    "serial",
    "status",
    "usage",
    "subject",
    "names",
    "device",
    "person",
    "authority",
    "gateway",
    "template",
    "assurance",
    "not_before",
    "not_after",
    "revocation_reason",
];

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
    /// Gets a page over a connection of its own.
    pub(crate) async fn page(&self, list: &str) -> anyhow::Result<Page<Value>> {
        self.page_of(list, "").await
    }

    /// Gets a page over a connection of its own, of what further parameters say.
    pub(crate) async fn page_of(&self, list: &str, query: &str) -> anyhow::Result<Page<Value>> {
        let connection = Connection::open(&self.data, false).await?;
        let page = self.gather(&connection, (list, query)).await;
        connection.close().await;
        page
    }

    /// A page that has to be looked for among many rows comes in several answers.
    async fn gather(
        &self,
        connection: &Connection,
        (list, query): (&str, &str),
    ) -> anyhow::Result<Page<Value>> {
        let mut page = Page { items: Vec::new(), next: self.cursor.clone() };
        for _ in 0..ANSWERS_MAX {
            let left = usize::try_from(self.limit)?.saturating_sub(page.items.len());
            let cursor = page.next.as_deref().map(escape);
            let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let path = format!("/api/v1/{list}?limit={left}{cursor}{query}");
            let answer: Page<Value> = connection.get(&path).await?;
            page.items.extend(answer.items);
            page.next = answer.next;
            if page.next.is_none() || page.items.len() >= usize::try_from(self.limit)? {
                break;
            }
        }
        Ok(page)
    }

    /// Prints a list, as often as was asked.
    pub(crate) async fn print(
        &self,
        print: impl AsyncFn() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.watch.print(print).await
    }

    /// Whether JSON is wanted.
    pub(crate) fn json(&self) -> bool {
        self.form() == Form::Json
    }

    /// How the list is printed.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { self.output }
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
            ("filter", &self.filter),
            ("sort", &self.sort),
        ];
        let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
        given.map(|(name, text)| format!("&{name}={}", escape(text))).collect()
    }
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => arguments.part.print(async || list(&arguments).await).await?,
        Verb::Show(arguments) => show(&arguments).await?,
        Verb::History(arguments) => arguments.run("certificates").await?,
        Verb::Revoke(arguments) => revocation::revoke(&arguments).await?,
        Verb::Hold(arguments) => revocation::hold(&arguments).await?,
        Verb::Release(arguments) => revocation::release(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &SearchArguments) -> anyhow::Result<()> {
    let SearchArguments { which, part } = arguments;
    let page = part.page_of("certificates", &which.query()).await?;
    let fields: &[&str] = match part.form() {
        Form::Json => return output::json(&page),
        Form::Table => &FIELDS,
        Form::Wide => &FIELDS_WIDE,
    };
    output::fields(fields, &page.items);
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
