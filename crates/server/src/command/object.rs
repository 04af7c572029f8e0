//! `safeconduct <noun> list|show|history|rollback` of the kinds that are defined one by one.

pub(crate) mod change;

use std::process::ExitCode;

use actions::object::Shown;
use actions::organization::Applied;
use actions::organization::history::RollBack;
use actions::organization::history::ShownVersion;
use api::certificate::Page;
use clap::Args;
use clap::Subcommand;
use domain::condition::listing;
use domain::object::Kind;
use domain::policy::State;
use serde_json::Value;
use serde_json::json;

use crate::command::apply::csv;
use crate::command::certificate::ListArguments;
use crate::command::certificate::escape;
use crate::command::certificate::more;
use crate::command::certificate::print_fields;
use crate::command::certificate::text;
use crate::command::inventory::joined;
use crate::command::plan_text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;
use crate::output::Form;

/// Look at definitions, and change them one by one.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List them in their order
    List(ListedArguments),
    /// Show one
    Show(NamedArguments),
    #[command(flatten)]
    Change(ChangeVerb),
}

/// Change definitions one by one.
#[derive(Debug, Subcommand)]
pub(crate) enum ChangeVerb {
    /// Add one
    Add(change::AddArguments),
    /// Change fields of one
    Edit(change::EditArguments),
    /// Remove one that no other names
    Remove(change::RemoveArguments),
    /// Show its versions: who changed what, and when
    History(NamedArguments),
    /// Let it be again what it was in a version
    Rollback(RollbackArguments),
}

/// What of workflows and policies can be asked for.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one of it is made in a run")]
pub(crate) enum PolicyVerb {
    #[command(flatten)]
    Object(Verb),
    /// List what rules can look at, and how; the same in every organization
    Fields(FieldsArguments),
}

/// Which of them, and how they are shown.
#[derive(Args, Debug)]
pub(crate) struct ListedArguments {
    /// Those whose name, slug or description holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those: terms such as name:A* -state:draft; the fields are name, slug, description,
    /// state and text
    #[arg(long, value_name = "TERMS")]
    filter: Option<String>,
    /// By what they are ordered: as they are defined, or by name
    #[arg(long, value_parser = ["position", "name"])]
    sort: Option<String>,
    #[command(flatten)]
    part: ListArguments,
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
    pub(crate) data: DataArgument,
    /// Its name or slug
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
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
        Verb::List(arguments) => {
            arguments.part.print(async || list(kind, &arguments).await).await?;
        }
        Verb::Show(arguments) => show(kind, &arguments).await?,
        Verb::Change(verb) => return run_change(kind, verb).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what was asked of one kind, of which other commands show more.
pub(crate) async fn run_change(kind: Kind, verb: ChangeVerb) -> anyhow::Result<ExitCode> {
    match verb {
        ChangeVerb::Add(arguments) => return change::add(kind, &arguments).await,
        ChangeVerb::Edit(arguments) => return change::edit(kind, &arguments).await,
        ChangeVerb::Remove(arguments) => return change::remove(kind, &arguments).await,
        ChangeVerb::History(arguments) => {
            let path = url(kind, &format!("/{}/history", escape(&arguments.name)));
            history(&path, (&arguments.data, arguments.json)).await?;
        }
        ChangeVerb::Rollback(arguments) => roll_back(kind, &arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what was asked of workflows or policies.
pub(crate) async fn run_policy(kind: Kind, verb: PolicyVerb) -> anyhow::Result<ExitCode> {
    match verb {
        PolicyVerb::Object(verb) => run(kind, verb).await,
        PolicyVerb::Fields(arguments) => {
            fields(&arguments)?;
            Ok(ExitCode::SUCCESS)
        }
    }
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

/// Where a kind is in the API.
pub(crate) fn url(kind: Kind, rest: &str) -> String {
    format!("/api/v1/{}{rest}", api::object::plural(kind))
}

async fn list(kind: Kind, arguments: &ListedArguments) -> anyhow::Result<()> {
    let given =
        [("search", &arguments.search), ("filter", &arguments.filter), ("sort", &arguments.sort)];
    let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    let query: String = given.map(|(name, text)| format!("&{name}={}", escape(text))).collect();
    let page = arguments.part.page_of(&api::object::plural(kind), &query).await?;
    if arguments.part.json() {
        return output::json(&page);
    }
    let columns = columns(kind);
    let rows = page.items.iter().map(|item| row(kind, item, arguments.part.form()));
    let mut head = vec!["", "NAME"];
    if kind.is_ordered() {
        head.extend(["STATE", "RULES"]);
    }
    head.extend(columns.iter().map(|(head, _)| *head));
    head.push("DESCRIPTION");
    if arguments.part.form() == Form::Wide {
        head.extend(["ETAG", "FORMER NAMES"]);
    }
    output::table(&head, &rows.collect::<Vec<_>>());
    more(page.next.as_deref());
    Ok(())
}

/// What is shown of a kind beside names: heads, and fields of the definition.
fn columns(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::ServerCertificate => &[("AUTHORITY", "certificate_authority"), ("SLUG", "slug")],
        Kind::CertificateTemplate => &[("SUBJECT", "subject"), ("DAYS", "validity_days")],
        Kind::Gateway => {
            &[("SLUG", "slug"), ("VENDOR", "vendor"), ("AUTHORITY", "certificate_authority")]
        }
        Kind::NetworkProfile => &[("SSID", "ssid"), ("GATEWAY", "gateway")],
        Kind::AccessPoint => &[("ADDRESS", "address")],
        Kind::EnrollmentPolicy
        | Kind::PolicyWorkflow
        | Kind::NetworkPolicy
        | Kind::Organization
        | Kind::CertificateAuthority
        | Kind::Person
        | Kind::Device => &[],
    }
}

fn row(kind: Kind, item: &Value, form: Form) -> Vec<String> {
    let definition = item.get("definition").unwrap_or(&Value::Null);
    let mut row = vec![text(item, "position"), text(item, "name")];
    if kind.is_ordered() {
        let state = item.get("state").cloned().unwrap_or_default();
        row.push(serde_json::from_value(state).map(state_words).unwrap_or_default().to_owned());
        let rules = definition.get("rules").and_then(Value::as_array).map_or(0, Vec::len);
        row.push(rules.to_string());
    }
    row.extend(columns(kind).iter().map(|(_, field)| text(definition, field)));
    row.push(text(definition, "description"));
    if form == Form::Wide {
        row.extend([text(item, "etag"), joined(definition, "renamed_from")]);
    }
    row
}

fn state_words(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Draft => "draft: decides nothing",
        State::Monitor => "monitor",
        State::NotYet => "not active yet",
        State::Over => "no longer active",
    }
}

async fn show(kind: Kind, arguments: &NamedArguments) -> anyhow::Result<()> {
    let path = url(kind, &format!("/{}", escape(&arguments.name)));
    let connection = Connection::open(&arguments.data, false).await?;
    let shown = connection.get::<Shown>(&path).await;
    connection.close().await;
    let shown = shown?;
    if arguments.json {
        return output::json(&shown);
    }
    output::line(&format!("position: {}", shown.position));
    if let Some(state) = shown.state {
        output::line(&format!("state: {}", state_words(state)));
    }
    print_fields(&shown.definition);
    Ok(())
}

/// Shows versions, newest first.
pub(crate) async fn history(path: &str, (data, json): (&DataArgument, bool)) -> anyhow::Result<()> {
    let connection = Connection::open(data, false).await?;
    let page = connection.get::<Page<ShownVersion>>(path).await;
    connection.close().await;
    let page = page?;
    if json {
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
    let Applied { plan, secrets } = applied?;
    if named.json {
        return output::json(&Applied { plan, secrets });
    }
    plan_text::print(&plan);
    if !secrets.is_empty() {
        output::line("\nThese secrets are shown here, and never again:");
        output::line(csv(&secrets).trim_end());
    }
    if *dry_run {
        output::line("Nothing was changed: this was a dry run.");
    }
    Ok(())
}
