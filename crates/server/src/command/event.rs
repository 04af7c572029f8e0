//! `safeconduct event list|show|follow|fields`, and histories

mod follow;

use std::process::ExitCode;

use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::event::listing::Order;
use domain::filter::ListedField;
use serde_json::Value;

use crate::command::certificate::ListArguments;
use crate::command::certificate::escape;
use crate::command::certificate::more;
use crate::command::certificate::print_fields;
use crate::command::certificate::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;
use crate::output::Form;

/// Look at what happened, and why.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List events, newest first
    List(EventArguments),
    /// Show one event with its reason and what it rested on
    Show(ShowArguments),
    /// Print events as they come, until Ctrl-C
    Follow(follow::Arguments),
    /// List the fields that --filter can ask for
    Fields(FieldsArguments),
}

/// Which events, and what part of their list.
#[derive(Args, Debug)]
pub(crate) struct EventArguments {
    /// Only those: terms such as kind:network.access -outcome:accepted since:2h; `event fields`
    /// lists the fields
    #[arg(long, value_name = "TERMS")]
    filter: Option<String>,
    #[command(flatten)]
    order: OrderArgument,
    #[command(flatten)]
    part: ListArguments,
}

/// In which order.
#[derive(Args, Debug)]
struct OrderArgument {
    /// What comes first
    #[arg(
        long,
        default_value = Order::Newest.as_str(),
        value_parser = PossibleValuesParser::new(Order::ALL.map(Order::as_str))
    )]
    order: String,
}

/// Whose history.
#[derive(Args, Debug)]
pub(crate) struct HistoryArguments {
    /// As `show` takes it; of what was removed, its name
    name: String,
    #[command(flatten)]
    order: OrderArgument,
    #[command(flatten)]
    part: ListArguments,
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

/// How the fields are printed.
#[derive(Args, Debug)]
pub(crate) struct FieldsArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => arguments.part.print(async || list(&arguments).await).await?,
        Verb::Show(arguments) => show(&arguments).await?,
        Verb::Follow(arguments) => follow::run(&arguments).await?,
        Verb::Fields(arguments) => fields(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(arguments: &EventArguments) -> anyhow::Result<()> {
    let EventArguments { filter, order: OrderArgument { order }, part } = arguments;
    let filter = filter.as_deref().map(|filter| format!("&filter={}", escape(filter)));
    let query = format!("&order={order}{}", filter.unwrap_or_default());
    print(&part.page_of("events", &query).await?, part.form())
}

impl HistoryArguments {
    /// Prints the history of something in a list.
    pub(crate) async fn run(&self, list: &str) -> anyhow::Result<()> {
        let Self { name, order: OrderArgument { order }, part } = self;
        let list = format!("{list}/{}/history", escape(name));
        let query = format!("&order={order}");
        part.print(async || print(&part.page_of(&list, &query).await?, part.form())).await
    }
}

fn print(page: &Page<Value>, form: Form) -> anyhow::Result<()> {
    if form == Form::Json {
        return output::json(page);
    }
    let wide: &[&str] = if form == Form::Wide {
        &["actor", "device", "calling_station", "access_point", "policy", "vlan"]
    } else {
        &[]
    };
    let row = |item: &Value| {
        let fields = ["id", "at", "kind", "outcome", "object"].iter().chain(wide);
        let mut row: Vec<String> = fields.map(|field| text(item, field)).collect();
        row.extend(["code", "sentence"].map(|field| of_reason(item, field)));
        row
    };
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let mut head = vec!["ID", "AT", "KIND", "OUTCOME", "OBJECT"];
    if form == Form::Wide {
        head.extend(["ACTOR", "DEVICE", "STATION", "ACCESS POINT", "POLICY", "VLAN"]);
    }
    head.extend(["REASON", ""]);
    output::table(&head, &rows);
    more(page.next.as_deref());
    Ok(())
}

fn of_reason(event: &Value, field: &str) -> String {
    event.get("reason").map(|reason| text(reason, field)).unwrap_or_default()
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

fn fields(arguments: &FieldsArguments) -> anyhow::Result<()> {
    let fields: Vec<ListedField> =
        domain::event::listing::FIELDS.iter().map(domain::filter::Field::listed).collect();
    if arguments.json {
        return output::json(&serde_json::json!({ "items": fields, "next": null }));
    }
    let row =
        |field: ListedField| vec![field.field, field.meaning, field.form, field.values.join(", ")];
    let rows: Vec<Vec<String>> = fields.into_iter().map(row).collect();
    output::table(&["FIELD", "MEANING", "VALUE", "ONE OF"], &rows);
    Ok(())
}
