//! `safeconduct administrator list|show|add|edit|remove|password|totp-remove`

use std::path::PathBuf;
use std::process::ExitCode;

use actions::password::Order;
use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::actor::Role;
use domain::administrator::Told;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::certificate::print_fields;
use crate::command::certificate::text;
use crate::command::event::HistoryArguments;
use crate::command::inventory;
use crate::command::inventory::OneArguments;
use crate::command::password;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Where they are found in the API.
const LIST: &str = "administrators";

/// Keep who may do what.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List administrators by their name
    List(ListArguments),
    /// Show one administrator
    Show(OneArguments),
    /// Add an administrator
    Add(AddArguments),
    /// Change an administrator
    Edit(EditArguments),
    /// Remove an administrator, with all their tokens
    Remove(OneArguments),
    /// Set the password with which an administrator signs in to the portal; over the network it is
    /// one to be used once, or one's own with the old one
    Password(PasswordArguments),
    /// Turn off the one-time codes of an administrator who lost what makes them
    TotpRemove(OneArguments),
    /// Show what happened to an administrator
    History(HistoryArguments),
}

/// How a list is shown.
#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    pub(crate) data: DataArgument,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who is new.
#[derive(Args, Debug)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Their name, which is for good
    name: String,
    /// What they may do
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
    role: String,
    /// Where they are written to
    #[arg(long)]
    email: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Who changes, and how.
#[derive(Args, Debug)]
pub(crate) struct EditArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Their name
    name: String,
    /// What they may do
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::as_str)))]
    role: Option<String>,
    /// Where they are written to; an empty text takes it back
    #[arg(long)]
    email: Option<String>,
    /// Whether they are shut out for now, with all their tokens
    #[arg(long, value_name = "BOOL")]
    disabled: Option<bool>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Whose password, and from where.
#[derive(Args, Debug)]
pub(crate) struct PasswordArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Their name
    name: String,
    /// A file whose first line is the new password; asked for at the terminal if not given
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A file whose first line is the present password: for one's own with a token
    #[arg(long, value_name = "FILE")]
    old_password_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => list(&arguments).await?,
        Verb::Show(arguments) => {
            let shown = inventory::show(LIST, &arguments).await?;
            if arguments.json {
                output::json(&shown)?;
            } else {
                print_fields(&shown);
            }
        }
        Verb::Add(AddArguments { data, name, role, email, json }) => {
            let role = Role::parse(&role);
            let told = Told { name: Some(name), email, role, disabled: None };
            let made = inventory::add((LIST, &data), &told).await?;
            conclude(&made, json, "may come in; give them a token: safeconduct token add")?;
        }
        Verb::Edit(EditArguments { data, name, role, email, disabled, json }) => {
            let role = role.as_deref().and_then(Role::parse);
            let told = Told { name: None, email, role, disabled };
            let connection = Connection::open(&data, false).await?;
            let path = format!("/api/v1/{LIST}/{}", escape(&name));
            let changed = connection.patch::<Value>(&path, &told).await;
            connection.close().await;
            conclude(&changed?, json, "is as you say")?;
        }
        Verb::Password(arguments) => set_password(arguments).await?,
        Verb::TotpRemove(OneArguments { data, name, json }) => {
            let connection = Connection::open(&data, false).await?;
            let path = format!("/api/v1/{LIST}/{}/totp", escape(&name));
            let removed = connection.delete(&path).await;
            connection.close().await;
            removed?;
            conclude(&json!({ "name": name }), json, "signs in without one-time codes")?;
        }
        Verb::History(arguments) => arguments.run(LIST).await?,
        Verb::Remove(arguments) => {
            inventory::remove(LIST, &arguments).await?;
            if arguments.json {
                output::json(&json!({ "removed": arguments.name }))?;
            } else {
                let name = output::safe(&arguments.name);
                output::line(&format!("{name} is removed, with all their tokens."));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_password(arguments: PasswordArguments) -> anyhow::Result<()> {
    let PasswordArguments { data, name, password_file, old_password_file, json } = arguments;
    let old = old_password_file.as_deref().map(|file| password::read(Some(file))).transpose()?;
    let order = Order { password: password::read(password_file.as_deref())?, old };
    let connection = Connection::open(&data, false).await?;
    let path = format!("/api/v1/{LIST}/{}/password", escape(&name));
    let set = connection.put::<IgnoredAny>(&path, &order).await;
    connection.close().await;
    set?;
    conclude(&json!({ "name": name }), json, "has a new password, and is signed in nowhere")
}

fn conclude(shown: &Value, json: bool, done: &str) -> anyhow::Result<()> {
    if json {
        return output::json(shown);
    }
    output::line(&format!("{} {done}.", text(shown, "name")));
    Ok(())
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let page = connection.get::<Value>(&format!("/api/v1/{LIST}")).await;
    connection.close().await;
    let page = page?;
    if arguments.json {
        return output::json(&page);
    }
    let fields = ["name", "role", "email", "disabled", "created_at"];
    let items = page.get("items").and_then(Value::as_array).into_iter().flatten();
    let rows = items.map(|item| fields.map(|field| text(item, field)).to_vec());
    output::table(&["NAME", "ROLE", "EMAIL", "DISABLED", "SINCE"], &rows.collect::<Vec<_>>());
    Ok(())
}
