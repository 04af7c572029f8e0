//! `safeconduct <noun> add|edit|remove`

use std::path::PathBuf;
use std::process::ExitCode;

use actions::organization::Applied;
use anyhow::anyhow;
use anyhow::bail;
use api::object::SavedObject;
use clap::Args;
use domain::object::Kind;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::command::apply;
use crate::command::certificate::escape;
use crate::command::object::url;
use crate::command::plan_text;
use crate::command::toml_document::NotRead;
use crate::command::toml_document::TomlDocument;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::connection::Failed;
use crate::output;

/// Deepest field that `--set` names; definitions have four levels.
const FIELD_DEPTH_MAX: usize = 8;

/// What is new.
#[derive(Args, Debug)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name
    name: String,
    #[command(flatten)]
    fields: Fields,
    /// Its place among policies, from 1; behind all others if not given
    #[arg(long, value_name = "NUMBER")]
    position: Option<usize>,
    /// Write the secret of a new gateway into this CSV file, which must not exist yet
    #[arg(long, value_name = "FILE.csv")]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    saving: Saving,
}

/// What changes.
#[derive(Args, Debug)]
pub(crate) struct EditArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name or slug
    name: String,
    #[command(flatten)]
    fields: Fields,
    /// Take a field back; may be given several times
    #[arg(long, value_name = "FIELD")]
    unset: Vec<String>,
    /// Its place among policies, from 1
    #[arg(long, value_name = "NUMBER")]
    position: Option<usize>,
    /// Only if it is still of this version: the etag that `show --json` tells
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    #[command(flatten)]
    saving: Saving,
}

/// What goes.
#[derive(Args, Debug)]
pub(crate) struct RemoveArguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name or slug
    name: String,
    /// Only if it is still of this version: the etag that `show --json` tells
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    #[command(flatten)]
    saving: Saving,
}

/// Fields and their values.
#[derive(Args, Debug)]
struct Fields {
    /// A field and its value, as the declarative file has it; may be given several times.
    /// A.B=VALUE is a field within a field; what is no TOML is a text
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// Read fields from a TOML file: those of one object, without a [[table]] around them
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// How it is saved.
#[derive(Args, Debug)]
struct Saving {
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// So many may lose something by it, where that is more than 20 and than 5 % of all
    #[arg(long, value_name = "NUMBER")]
    confirm: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Saving {
    fn query(&self, position: Option<usize>) -> String {
        let confirm = self.confirm.map(|number| format!("&confirm={number}")).unwrap_or_default();
        let position = position.map(|place| format!("&position={place}")).unwrap_or_default();
        format!("?dry_run={}{confirm}{position}", self.dry_run)
    }
}

impl Fields {
    /// The fields as a table, what is set over what is read.
    fn read(&self) -> anyhow::Result<Map<String, Value>> {
        let mut table = match &self.file {
            None => Map::new(),
            Some(file) => match TomlDocument::read(file) {
                Ok(document) => document.json.as_object().cloned().unwrap_or_default(),
                Err(NotRead::Failed(error)) => return Err(error),
                Err(NotRead::Complaint(line, complaint)) => {
                    return Err(apply::complain(file, vec![(line, complaint)]).into());
                }
            },
        };
        for given in &self.set {
            let (field, value) = given
                .split_once('=')
                .ok_or_else(|| anyhow!("--set \"{}\" is not FIELD=VALUE", output::safe(given)))?;
            put(&mut table, field, parse_value(value))?;
        }
        Ok(table)
    }
}

/// A value as TOML has it; what is no TOML is a text.
fn parse_value(text: &str) -> Value {
    let line = format!("value = {text}");
    let parsed = toml::from_str::<Map<String, Value>>(&line).ok();
    let alone = parsed.filter(|table| table.len() == 1);
    alone.and_then(|mut table| table.remove("value")).unwrap_or_else(|| Value::from(text))
}

/// Puts a value at a field, which may be within others.
fn put(table: &mut Map<String, Value>, field: &str, value: Value) -> anyhow::Result<()> {
    let parts: Vec<&str> = field.split('.').collect();
    let [path @ .., last] = parts.as_slice() else { bail!("a field has no name") };
    if path.len() >= FIELD_DEPTH_MAX || parts.iter().any(|part| part.is_empty()) {
        bail!("\"{}\" names no field", output::safe(field));
    }
    let mut table = table;
    for part in path {
        let inner = table.entry((*part).to_owned()).or_insert_with(|| json!({}));
        let shown = output::safe(part);
        table = inner.as_object_mut().ok_or_else(|| anyhow!("{shown} has no fields"))?;
    }
    table.insert((*last).to_owned(), value);
    Ok(())
}

/// Adds one.
pub(crate) async fn add(kind: Kind, arguments: &AddArguments) -> anyhow::Result<ExitCode> {
    let AddArguments { data, name, fields, position, secrets, saving } = arguments;
    let mut definition = fields.read()?;
    definition.insert("name".to_owned(), Value::from(name.as_str()));
    if kind == Kind::Gateway {
        return add_gateway(arguments, definition).await;
    }
    if secrets.is_some() {
        bail!("--secrets is for gateways; a {} has no secret of its own", kind.words());
    }
    let connection = Connection::open(data, false).await?;
    let path = url(kind, &saving.query(*position));
    let saved = connection.post::<SavedObject>(&path, &definition).await;
    connection.close().await;
    conclude(&saved?, saving)
}

/// A gateway's secret is safe in its file before the gateway is there: as `apply` does it.
async fn add_gateway(
    arguments: &AddArguments,
    definition: Map<String, Value>,
) -> anyhow::Result<ExitCode> {
    let connection = Connection::open(&arguments.data, false).await?;
    let added = make_gateway(&connection, arguments, definition).await;
    connection.close().await;
    let (order, saved) = added?;
    if arguments.saving.json {
        output::json(&saved)?;
        return Ok(ExitCode::SUCCESS);
    }
    let SavedObject { plan, secrets, .. } = saved;
    apply::report(&order, &Applied { plan, secrets })?;
    Ok(ExitCode::SUCCESS)
}

async fn make_gateway(
    connection: &Connection,
    arguments: &AddArguments,
    definition: Map<String, Value>,
) -> Result<(apply::Order, SavedObject), Failed> {
    let AddArguments { name, secrets, saving, position, .. } = arguments;
    let order = apply::Order::of_object(secrets.clone(), saving.dry_run);
    let trial = Saving { dry_run: true, ..*saving };
    // Refused as any other object is: if there is one already, or by its own fields.
    let trial = url(Kind::Gateway, &trial.query(*position));
    let tried = connection.post::<SavedObject>(&trial, &definition).await?;
    if saving.dry_run {
        return Ok((order, tried));
    }
    let document = json!({ Kind::Gateway.as_str(): [definition] });
    let applied = apply::carry_out_json(connection, &order, document).await?;
    let path = url(Kind::Gateway, &format!("/{}", escape(name)));
    let object = connection.get(&path).await?;
    let Applied { plan, mut secrets } = applied;
    if saving.json && order.has_file() {
        // Secrets that stand in a file are not shown on a screen.
        secrets.clear();
    }
    Ok((order, SavedObject { object: Some(object), plan, secrets }))
}

/// Changes fields of one.
pub(crate) async fn edit(kind: Kind, arguments: &EditArguments) -> anyhow::Result<ExitCode> {
    let EditArguments { data, name, fields, unset, position, if_match, saving } = arguments;
    let mut patch = fields.read()?;
    for field in unset {
        put(&mut patch, field, Value::Null)?;
    }
    if patch.is_empty() && position.is_none() {
        bail!("nothing is said to change: give --set, --unset, --file or --position");
    }
    let path = url(kind, &format!("/{}{}", escape(name), saving.query(*position)));
    let connection = Connection::open(data, false).await?.meaning(if_match.clone());
    let saved = connection.patch::<SavedObject>(&path, &patch).await;
    connection.close().await;
    conclude(&saved?, saving)
}

/// Removes one.
pub(crate) async fn remove(kind: Kind, arguments: &RemoveArguments) -> anyhow::Result<ExitCode> {
    let RemoveArguments { data, name, if_match, saving } = arguments;
    let path = url(kind, &format!("/{}{}", escape(name), saving.query(None)));
    let connection = Connection::open(data, false).await?.meaning(if_match.clone());
    let removed = connection.delete(&path).await;
    connection.close().await;
    removed?;
    let words = kind.words();
    if saving.json {
        output::json(
            &json!({ "removed": if saving.dry_run { Value::Null } else { json!(name) } }),
        )?;
    } else if saving.dry_run {
        output::line(&format!("The {words} \"{}\" could be removed.", output::safe(name)));
    } else {
        output::line(&format!("The {words} \"{}\" is removed.", output::safe(name)));
    }
    Ok(ExitCode::SUCCESS)
}

fn conclude(saved: &SavedObject, saving: &Saving) -> anyhow::Result<ExitCode> {
    if saving.json {
        output::json(saved)?;
        return Ok(ExitCode::SUCCESS);
    }
    plan_text::print(&saved.plan);
    if saving.dry_run {
        output::line("Nothing was changed: this was a dry run.");
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_toml_or_a_text() {
        assert_eq!(parse_value("true"), json!(true));
        assert_eq!(parse_value("30"), json!(30));
        assert_eq!(parse_value("\"30\""), json!("30"));
        assert_eq!(parse_value("Example School"), json!("Example School"));
        assert_eq!(parse_value("[\"a\", \"b\"]"), json!(["a", "b"]));
        assert_eq!(parse_value("{ a = 1 }"), json!({ "a": 1 }));
        assert_eq!(parse_value("CN=${/device/clientId}"), json!("CN=${/device/clientId}"));
        assert_eq!(parse_value(""), json!(""));
        assert_eq!(parse_value("1\nb = 2"), json!("1\nb = 2"));
    }

    #[test]
    fn a_field_may_be_within_others() {
        let mut table = Map::new();
        put(&mut table, "settings.access", json!("accept")).unwrap();
        put(&mut table, "settings.vlan", json!(20)).unwrap();
        assert_eq!(
            Value::Object(table.clone()),
            json!({
                "settings": { "access": "accept", "vlan": 20 }
            })
        );
        for wrong in ["", "a..b", ".a", "settings.access.x", "a.b.c.d.e.f.g.h.i.j"] {
            assert!(put(&mut table, wrong, json!(1)).is_err(), "{wrong}");
        }
    }
}
