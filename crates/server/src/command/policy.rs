//! `safeconduct policy-workflow|enrollment-policy|network-policy list|show|history|rollback`

use std::process::ExitCode;

use actions::organization::Applied;
use actions::organization::history::RollBack;
use actions::organization::history::ShownVersion;
use actions::policy::ShownPolicy;
use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use domain::condition::listing;
use domain::object::Kind;
use domain::policy::State;
use serde_json::Value;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::certificate::print_fields;
use crate::command::plan_text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Look at policies, and go back to an earlier version of one.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List them in the order in which they are asked
    List(ListArguments),
    /// Show one
    Show(NamedArguments),
    /// Show its versions: who changed what, and when
    History(NamedArguments),
    /// Let it be again what it was in a version
    Rollback(RollbackArguments),
    /// List what rules can look at, and how; the same in every organization
    Fields(FieldsArguments),
}

/// How a list is shown.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How fields are shown.
#[derive(Args, Debug)]
pub(crate) struct FieldsArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which one.
#[derive(Args, Debug)]
pub(crate) struct NamedArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which one, and which version of it.
#[derive(Args, Debug)]
pub(crate) struct RollbackArguments {
    #[command(flatten)]
    named: NamedArguments,
    /// The version, as `history` shows it
    #[arg(long)]
    to: i64,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// So many devices may lose access by it, where that is more than 20 and than 5 % of all
    #[arg(long, value_name = "NUMBER")]
    confirm: Option<u64>,
}

/// Does what was asked of one kind.
pub(crate) async fn run(kind: Kind, verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(kind, &arguments).await?,
        Verb::Show(arguments) => show(kind, &arguments).await?,
        Verb::History(arguments) => history(kind, &arguments).await?,
        Verb::Rollback(arguments) => roll_back(kind, &arguments).await?,
        Verb::Fields(arguments) => fields(&arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn fields(arguments: &FieldsArguments) -> anyhow::Result<()> {
    let fields = listing::fields();
    if arguments.json {
        return output::json(&json!({ "items": fields, "next": null }));
    }
    let rows = fields.iter().map(|one| {
        let operators: Vec<&str> = one.operators.iter().map(|operator| operator.as_str()).collect();
        vec![one.field.clone(), operators.join(" "), one.meaning.clone()]
    });
    output::table(&["FIELD", "OPERATORS", "MEANING"], &rows.collect::<Vec<_>>());
    Ok(())
}

fn url(kind: Kind, rest: &str) -> String {
    format!("/api/v1/{}{rest}", api::policy::plural(kind))
}

async fn get<T: serde::de::DeserializeOwned>(data: &DataArgument, url: &str) -> anyhow::Result<T> {
    let connection = Connection::open(data, false).await?;
    let answer = connection.get::<T>(url).await;
    connection.close().await;
    Ok(answer?)
}

async fn list(kind: Kind, arguments: &ListArguments) -> anyhow::Result<()> {
    let page: Page<ShownPolicy> = get(&arguments.data, &url(kind, "")).await?;
    if arguments.json {
        return output::json(&page);
    }
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    output::table(&["", "NAME", "STATE", "RULES", "DESCRIPTION"], &rows);
    Ok(())
}

fn row(policy: &ShownPolicy) -> Vec<String> {
    let state = match policy.state {
        State::Active => "active",
        State::Draft => "draft: decides nothing",
        State::Monitor => "monitor",
        State::NotYet => "not active yet",
        State::Over => "no longer active",
    };
    let rules = policy.definition.get("rules").and_then(Value::as_array).map_or(0, Vec::len);
    let description = policy.definition.get("description").and_then(Value::as_str);
    vec![
        policy.position.to_string(),
        output::safe(&policy.name),
        state.to_owned(),
        rules.to_string(),
        output::safe(description.unwrap_or_default()),
    ]
}

async fn show(kind: Kind, arguments: &NamedArguments) -> anyhow::Result<()> {
    let path = url(kind, &format!("/{}", escape(&arguments.name)));
    let policy: ShownPolicy = get(&arguments.data, &path).await?;
    if arguments.json {
        return output::json(&policy);
    }
    let [position, _, state, ..] = row(&policy).try_into().unwrap_or([const { String::new() }; 5]);
    output::line(&format!("position: {position}\nstate: {state}"));
    print_fields(&policy.definition);
    Ok(())
}

async fn history(kind: Kind, arguments: &NamedArguments) -> anyhow::Result<()> {
    let path = url(kind, &format!("/{}/history", escape(&arguments.name)));
    let page: Page<ShownVersion> = get(&arguments.data, &path).await?;
    if arguments.json {
        return output::json(&page);
    }
    for version in &page.items {
        let ShownVersion { version: number, at, actor, what, fields, .. } = version;
        let at = at.to_rfc3339();
        output::line(&output::safe(&format!("version {number}, {at}: {what} by {actor}")));
        for field in fields {
            for (colour, text) in plan_text::changed(field) {
                output::coloured(colour, &output::safe(&format!("    {text}")));
            }
        }
    }
    Ok(())
}

async fn roll_back(kind: Kind, arguments: &RollbackArguments) -> anyhow::Result<()> {
    let RollbackArguments { named, to, dry_run, confirm } = arguments;
    let path = url(kind, &format!("/{}/rollback", escape(&named.name)));
    let connection = Connection::open(&named.data, false).await?;
    let order = RollBack { version: *to, dry_run: *dry_run, confirm: *confirm };
    let applied = connection.post::<Applied>(&path, &order).await;
    connection.close().await;
    let Applied { plan, .. } = applied?;
    if named.json {
        return output::json(&plan);
    }
    plan_text::print(&plan);
    if *dry_run {
        output::line("Nothing was changed: this was a dry run.");
    }
    Ok(())
}
