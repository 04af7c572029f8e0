//! `safeconduct device list|show|history|add|edit|remove|import`

use std::process::ExitCode;

use clap::Args;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use domain::device::DeviceStatus;
use domain::device::told::Told;
use serde_json::Value;

use super::certificate::more;
use super::certificate::text;
use super::event::HistoryArguments;
use super::inventory;
use super::inventory::ImportArguments;
use super::inventory::OneArguments;
use super::inventory::SearchArguments;
use super::inventory::joined;
use crate::config::DataArgument;
use crate::output;
use crate::output::Form;

/// Where they are found in the API.
const LIST: &str = "devices";

/// Keep the devices of the inventory.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List devices by their name
    List(SearchArguments),
    /// Show one device with its certificates
    Show(OneArguments),
    /// Say what happened to a device and how it was answered, newest first
    History(HistoryArguments),
    /// Add a device
    Add(AddArguments),
    /// Tell of a device; what is empty is taken back
    Edit(EditArguments),
    /// Remove a device; its certificates stay what they are
    Remove(OneArguments),
    /// Import a table, as MDMs export it
    Import(ImportArguments),
}

/// Which device is new, and what is known of it.
#[derive(Args, Debug)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    data: DataArgument,
    /// What it is to be called
    name: String,
    #[command(flatten)]
    facts: Facts,
}

/// Which device, and what is known of it.
#[derive(Args, Debug)]
pub(crate) struct EditArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name, serial number, UDID, id or an address of an interface
    device: String,
    /// What it is to be called
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    facts: Facts,
}

/// What is known of a device.
#[derive(Args, Debug)]
struct Facts {
    /// The manufacturer's serial number
    #[arg(long)]
    serial: Option<String>,
    /// The identifier that the MDM or the operating system gave it
    #[arg(long)]
    udid: Option<String>,
    /// What kind of machine it is
    #[arg(long)]
    model: Option<String>,
    /// Its operating system
    #[arg(long)]
    os: Option<String>,
    /// The version of that
    #[arg(long)]
    os_version: Option<String>,
    /// An address of a network interface; may be given several times
    #[arg(long = "mac", value_name = "ADDRESS")]
    macs: Option<Vec<String>>,
    /// Whose it is: a person's name or e-mail address
    #[arg(long)]
    owner: Option<String>,
    /// A mark; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Option<Vec<String>>,
    /// Whether it may be used
    #[arg(long, value_parser = PossibleValuesParser::new(DeviceStatus::ALL.map(DeviceStatus::as_str)))]
    status: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Facts {
    fn told(&self, name: Option<&String>) -> Told {
        // One empty text takes all of a list back.
        let list = |list: &Option<Vec<String>>| {
            let list = list.as_ref()?.iter().filter(|text| !text.is_empty());
            Some(list.cloned().collect())
        };
        Told {
            name: name.cloned(),
            serial: self.serial.clone(),
            udid: self.udid.clone(),
            model: self.model.clone(),
            os: self.os.clone(),
            os_version: self.os_version.clone(),
            mac_addresses: list(&self.macs),
            owner: self.owner.clone(),
            tags: list(&self.tags),
            status: self.status.as_deref().and_then(DeviceStatus::parse),
        }
    }
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(arguments) => arguments.part.print(async || list(&arguments).await).await?,
        Verb::Show(arguments) => show(&arguments).await?,
        Verb::History(arguments) => arguments.run(LIST).await?,
        Verb::Add(AddArguments { data, name, facts }) => {
            let made = inventory::add((LIST, &data), &facts.told(Some(&name))).await?;
            conclude(&made, &facts, "is in the inventory")?;
        }
        Verb::Edit(EditArguments { data, device, name, facts }) => {
            let told = facts.told(name.as_ref());
            let changed = inventory::edit((LIST, &data), &device, &told).await?;
            conclude(&changed, &facts, "is as you say")?;
        }
        Verb::Remove(arguments) => {
            inventory::remove(LIST, &arguments).await?;
            if arguments.json {
                output::json(&serde_json::json!({ "removed": arguments.name }))?;
            } else {
                let name = output::safe(&arguments.name);
                output::line(&format!("Device \"{name}\" is removed. Its certificates are not."));
            }
        }
        Verb::Import(arguments) => return inventory::import(LIST, &arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn conclude(device: &Value, facts: &Facts, done: &str) -> anyhow::Result<()> {
    if facts.json {
        return output::json(device);
    }
    output::line(&format!("Device \"{}\" {done}.", text(device, "name")));
    Ok(())
}

async fn list(arguments: &SearchArguments) -> anyhow::Result<()> {
    let page = inventory::page(LIST, arguments).await?;
    let form = arguments.part.form();
    if form == Form::Json {
        return output::json(&page);
    }
    let row = |item: &Value| {
        let known = if is_known(item) { "yes" } else { "no" };
        let fact = |field| fact(item, field);
        let mut row = vec![
            text(item, "name"),
            fact("serial"),
            fact("os"),
            fact("os_version"),
            fact("owner"),
            joined(item, "tags"),
            status(item),
            known.to_owned(),
        ];
        if form == Form::Wide {
            row.extend([fact("model"), fact("udid"), joined(item, "mac_addresses")]);
            row.push(text(item, "id"));
        }
        row
    };
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let mut head = vec!["NAME", "SERIAL", "OS", "VERSION", "OWNER", "TAGS", "STATUS", "KNOWN"];
    if form == Form::Wide {
        head.extend(["MODEL", "UDID", "ADDRESSES", "ID"]);
    }
    output::table(&head, &rows);
    more(page.next.as_deref());
    Ok(())
}

async fn show(arguments: &OneArguments) -> anyhow::Result<()> {
    let device = inventory::show(LIST, arguments).await?;
    if arguments.json {
        return output::json(&device);
    }
    for field in ["id", "name"] {
        output::line(&format!("{field}: {}", text(&device, field)));
    }
    let facts = ["serial", "udid", "model", "os", "os_version", "mac_addresses", "owner", "tags"];
    for field in facts.into_iter().chain(["status"]) {
        let Some(told) = device.get(field) else { continue };
        let value = if told.get("value").is_some_and(Value::is_array) {
            joined(&device, field)
        } else {
            fact(&device, field)
        };
        let (source, at) = (text(told, "source"), text(told, "at"));
        output::line(&format!("{field}: {value}  ({source}, {at})"));
    }
    let known = if is_known(&device) { "yes" } else { "no: only requests told of it" };
    output::line(&format!("known: {known}"));
    let certificates = device.get("certificates").and_then(Value::as_array);
    let fields = ["serial", "status", "subject", "template", "assurance", "not_after"];
    let row = |one: &Value| fields.iter().map(|field| text(one, field)).collect();
    let rows: Vec<Vec<String>> = certificates.into_iter().flatten().map(row).collect();
    if !rows.is_empty() {
        output::line("certificates:");
        let head = ["SERIAL", "STATUS", "SUBJECT", "TEMPLATE", "ASSURANCE", "NOT AFTER"];
        output::table(&head, &rows);
    }
    Ok(())
}

fn is_known(device: &Value) -> bool {
    device.get("known") == Some(&Value::Bool(true))
}

/// The value of a fact, as text.
fn fact(item: &Value, field: &str) -> String {
    item.get(field).map(|told| text(told, "value")).unwrap_or_default()
}

fn status(item: &Value) -> String {
    let told = fact(item, "status");
    if told.is_empty() { DeviceStatus::Active.as_str().to_owned() } else { told }
}
