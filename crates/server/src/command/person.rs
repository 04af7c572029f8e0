//! `safeconduct person list|show|history|add|edit|remove|import`

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::person::PersonStatus;
use domain::person::Told;
use serde_json::Value;

use super::certificate::more;
use super::certificate::print_fields;
use super::certificate::text;
use super::event::HistoryArguments;
use super::inventory;
use super::inventory::ImportArguments;
use super::inventory::OneArguments;
use super::inventory::SearchArguments;
use crate::config::DataArgument;
use crate::output;
use crate::output::Form;

/// Where they are found in the API.
const LIST: &str = "people";

/// Keep the people whom devices belong to.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List people by their name
    List(SearchArguments),
    /// Show one person with their devices
    Show(OneArguments),
    /// Say what happened to a person and how their devices were answered, newest first
    History(HistoryArguments),
    /// Add a person
    Add(TellArguments),
    /// Tell of a person; what is empty is taken back
    Edit(TellArguments),
    /// Remove a person
    Remove(OneArguments),
    /// Import a table, as directories export it
    Import(ImportArguments),
}

/// Which person, and what is known of them.
#[derive(Args, Debug)]
pub(crate) struct TellArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Their name
    name: String,
    /// Their e-mail address
    #[arg(long)]
    email: Option<String>,
    /// Their user principal name
    #[arg(long)]
    upn: Option<String>,
    /// The security identifier of their account
    #[arg(long)]
    sid: Option<String>,
    /// A group that they are in; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Option<Vec<String>>,
    /// Whether their account may be used
    #[arg(long, value_parser = PossibleValuesParser::new(STATUS.map(PersonStatus::as_str)))]
    status: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Whether an account can be used.
const STATUS: [PersonStatus; 2] = [PersonStatus::Active, PersonStatus::Disabled];

impl TellArguments {
    fn told(&self, name: Option<String>) -> Told {
        // One empty text takes all groups back.
        let groups = self.groups.as_ref();
        let groups =
            groups.map(|all| all.iter().filter(|text| !text.is_empty()).cloned().collect());
        Told {
            name,
            email: self.email.clone(),
            upn: self.upn.clone(),
            sid: self.sid.clone(),
            groups,
            status: self.status.as_deref().and_then(PersonStatus::parse),
        }
    }
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => arguments.part.print(async || list(&arguments).await).await?,
        Verb::History(arguments) => arguments.run(LIST).await?,
        Verb::Show(arguments) => {
            let person = inventory::show(LIST, &arguments).await?;
            if arguments.json {
                output::json(&person)?;
            } else {
                print_fields(&person);
            }
        }
        Verb::Add(arguments) => {
            let told = arguments.told(Some(arguments.name.clone()));
            let made = inventory::add((LIST, &arguments.data), &told).await?;
            conclude(&made, arguments.json, "is in the inventory")?;
        }
        Verb::Edit(arguments) => {
            let place = (LIST, &arguments.data);
            let changed = inventory::edit(place, &arguments.name, &arguments.told(None)).await?;
            conclude(&changed, arguments.json, "is as you say")?;
        }
        Verb::Remove(arguments) => {
            inventory::remove(LIST, &arguments).await?;
            if arguments.json {
                output::json(&serde_json::json!({ "removed": arguments.name }))?;
            } else {
                output::line(&format!("Person \"{}\" is removed.", output::safe(&arguments.name)));
            }
        }
        Verb::Import(arguments) => return inventory::import(LIST, &arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn conclude(person: &Value, json: bool, done: &str) -> anyhow::Result<()> {
    if json {
        return output::json(person);
    }
    output::line(&format!("Person \"{}\" {done}.", text(person, "name")));
    Ok(())
}

async fn list(arguments: &SearchArguments) -> anyhow::Result<()> {
    let page = inventory::page(LIST, arguments).await?;
    let fields: &[&str] = match arguments.part.form() {
        Form::Json => return output::json(&page),
        Form::Table => &["name", "email", "upn", "status", "groups"],
        Form::Wide => &["name", "email", "upn", "status", "groups", "sid", "source", "at"],
    };
    output::fields(fields, &page.items);
    more(page.next.as_deref());
    Ok(())
}
