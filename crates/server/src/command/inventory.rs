//! What the commands for devices and for people have in common.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use actions::inventory::Report;
use anyhow::Context;
use anyhow::bail;
use api::problem::Problem;
use clap::Args;
use domain::complaint::Complaint;
use domain::inventory::csv::ROWS_MAX;
use domain::inventory::csv::TABLE_BYTES_MAX;
use domain::inventory::merge::Outcome;
use serde::Serialize;
use serde_json::Value;

use super::certificate::ListArguments;
use super::certificate::escape;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::connection::Failed;
use crate::output;
use crate::refused::Refused;

/// What part of which list.
#[derive(Args, Debug)]
pub(crate) struct SearchArguments {
    /// Those whose name begins so; of devices, those whose serial number does too
    #[arg(long, value_name = "BEGINNING")]
    pub(crate) search: Option<String>,
    /// The same in the language of filters: name:mac*
    #[arg(long, value_name = "TERMS", conflicts_with = "search")]
    filter: Option<String>,
    /// What comes first: there is the order of names
    #[arg(long, value_name = "ORDER", value_parser = ["name"])]
    sort: Option<String>,
    #[command(flatten)]
    pub(crate) part: ListArguments,
}

/// Which one.
#[derive(Args, Debug)]
pub(crate) struct OneArguments {
    #[command(flatten)]
    pub(crate) data: DataArgument,
    /// Its name; of a device also the serial number, UDID, id or an address of an interface, of a
    /// person the e-mail address or principal name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What table, and how it is imported.
#[derive(Args, Debug)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The table: UTF-8, cells separated by comma, semicolon or tab, the first line names the
    /// columns
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// Leave out rows that are wrong, instead of importing nothing
    #[arg(long)]
    skip_bad_rows: bool,
    /// Change as many devices as the table says, even if more than 20 and than 5 % of all lose
    /// their use, owner or tags
    #[arg(long)]
    yes: bool,
    /// The same, but so many at most
    #[arg(long, value_name = "NUMBER", conflicts_with = "yes")]
    confirm: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Gets a page of a list.
pub(crate) async fn page(
    list: &str,
    arguments: &SearchArguments,
) -> anyhow::Result<api::certificate::Page<Value>> {
    let SearchArguments { search, filter, sort, .. } = arguments;
    let given = [("search", search), ("filter", filter), ("sort", sort)];
    let given = given.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    let query: String = given.map(|(name, text)| format!("&{name}={}", escape(text))).collect();
    arguments.part.page_of(list, &query).await
}

/// Gets one of a list.
pub(crate) async fn show(list: &str, arguments: &OneArguments) -> anyhow::Result<Value> {
    let connection = Connection::open(&arguments.data, false).await?;
    let shown = connection.get(&path(list, &arguments.name)).await;
    connection.close().await;
    Ok(shown?)
}

/// Makes one.
pub(crate) async fn add(
    (list, data): (&str, &DataArgument),
    told: &impl Serialize,
) -> anyhow::Result<Value> {
    let connection = Connection::open(data, false).await?;
    let made = connection.post(&format!("/api/v1/{list}"), told).await;
    connection.close().await;
    Ok(made?)
}

/// Tells of one.
pub(crate) async fn edit(
    (list, data): (&str, &DataArgument),
    name: &str,
    told: &impl Serialize,
) -> anyhow::Result<Value> {
    let connection = Connection::open(data, false).await?;
    let changed = connection.patch(&path(list, name), told).await;
    connection.close().await;
    Ok(changed?)
}

/// Removes one.
pub(crate) async fn remove(list: &str, arguments: &OneArguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let removed = connection.delete(&path(list, &arguments.name)).await;
    connection.close().await;
    Ok(removed?)
}

fn path(list: &str, name: &str) -> String {
    format!("/api/v1/{list}/{}", escape(name))
}

/// Imports a table.
pub(crate) async fn import(list: &str, arguments: &ImportArguments) -> anyhow::Result<ExitCode> {
    let table = read(&arguments.file)?;
    let confirm = arguments.confirm.or(arguments.yes.then_some(ROWS_MAX as u64));
    let confirm = confirm.map(|number| format!("&confirm={number}")).unwrap_or_default();
    let ImportArguments { dry_run, skip_bad_rows, .. } = arguments;
    let path =
        format!("/api/v1/{list}/import?dry_run={dry_run}&skip_bad_rows={skip_bad_rows}{confirm}");
    let connection = Connection::open(&arguments.data, false).await?;
    let waiting = output::waiting(format!("{} is imported", arguments.file.display()));
    let imported = connection.post_table::<Report>(&path, table).await;
    waiting.finish_and_clear();
    connection.close().await;
    match imported {
        Ok(report) => conclude(arguments, &report),
        Err(Failed::Problem(problem)) if !problem.complaints.is_empty() => {
            Err(complain(arguments, *problem).into())
        }
        Err(failed) => Err(failed.into()),
    }
}

/// Reads a table of a bounded length.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut table = Vec::new();
    let read = file.take(TABLE_BYTES_MAX as u64 + 1).read_to_end(&mut table);
    read.with_context(|| format!("{shown} cannot be read"))?;
    if table.len() > TABLE_BYTES_MAX {
        bail!("{shown} is longer than {TABLE_BYTES_MAX} bytes; split it");
    }
    Ok(table)
}

fn conclude(arguments: &ImportArguments, report: &Report) -> anyhow::Result<ExitCode> {
    let status = if report.refused > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if arguments.json {
        output::json(report)?;
        return Ok(status);
    }
    let file = arguments.file.display();
    for row in &report.rows {
        let (line, name) = (row.line, output::safe(&row.name));
        match row.outcome {
            Outcome::Created => output::line(&format!("+ {name}")),
            Outcome::Changed => output::line(&format!("~ {name}")),
            Outcome::Unchanged => {}
            Outcome::Refused => {
                for Complaint { path, what, fix } in &row.complaints {
                    let column = if path.is_empty() { String::new() } else { format!("{path}: ") };
                    let text = format!("! {file}:{line}: {column}{what}; {fix}");
                    output::line(&output::safe(&text));
                }
            }
        }
    }
    if report.left_off > 0 {
        output::line(&format!("and {} more", report.left_off));
    }
    if !report.ignored_columns.is_empty() {
        let columns = output::safe(&report.ignored_columns.join(", "));
        output::line(&format!("Columns that say nothing here: {columns}"));
    }
    let Report { created, changed, unchanged, refused, taken_from, .. } = report;
    let text =
        format!("{created} created, {changed} changed, {unchanged} unchanged, {refused} refused");
    output::line(&text);
    if *taken_from > 0 {
        output::line(&format!("{taken_from} of them lose their use, owner or tags."));
    }
    if arguments.dry_run {
        output::line("Nothing was changed: this was a dry run.");
    }
    Ok(status)
}

/// What is wrong with a table, each with its line.
fn complain(arguments: &ImportArguments, problem: Problem) -> Refused {
    let file = arguments.file.display().to_string();
    let complaints = problem.complaints.iter().cloned().map(in_table).collect();
    let refused = Refused::of_file(file, complaints).answered(&problem);
    refused.closing("Nothing was changed. --skip-bad-rows imports the rest.")
}

/// `line[7].serial` is the column `serial` in line 7.
fn in_table(complaint: Complaint) -> (Option<usize>, Complaint) {
    let place = complaint.path.strip_prefix("line[").and_then(|rest| rest.split_once(']'));
    let place = place.and_then(|(line, column)| Some((line.parse().ok()?, column)));
    match place {
        Some((line, column)) => {
            let path = column.trim_start_matches('.').to_owned();
            (Some(line), Complaint { path, ..complaint })
        }
        None => (None, complaint),
    }
}

/// A list of texts in a cell of a table for people.
pub(crate) fn joined(item: &Value, field: &str) -> String {
    let value = item.get(field);
    let list = value.and_then(|value| value.get("value").or(Some(value)));
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    output::safe(&texts.collect::<Vec<_>>().join(", "))
}
