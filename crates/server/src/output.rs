//! What commands print: tables for people, JSON for programs.

use std::io;
use std::io::IsTerminal;
use std::io::Write;

use clap::ValueEnum;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde::Serialize;
use serde_json::Value;

use crate::config;

/// Prints a line to standard output. A reader that has gone away ends the program quietly.
pub(crate) fn line(text: &str) {
    let mut out = io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Says something beside what was asked for, to standard error.
pub(crate) fn note(text: &str) {
    // If standard error is gone, what was asked for is printed all the same.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints to standard output what is no line of its own.
pub(crate) fn part(text: &str) {
    let mut out = io::stdout().lock();
    if write!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Form {
    /// A table with what is looked at first
    #[default]
    Table,
    /// A table with more columns
    Wide,
    /// One JSON document
    Json,
}

/// How a line stands out on a terminal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Colour {
    /// Not at all.
    None,
    /// Something comes.
    Green,
    /// Something goes.
    Red,
    /// Something changes.
    Yellow,
}

/// Prints a line in a colour, if a person is to see it who wants colours.
pub(crate) fn coloured(colour: Colour, text: &str) {
    let code = match colour {
        Colour::None => None,
        Colour::Green => Some("32"),
        Colour::Red => Some("31"),
        Colour::Yellow => Some("33"),
    };
    match code.filter(|_| io::stdout().is_terminal() && config::wants_colour()) {
        Some(code) => line(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
        None => line(text),
    }
}

/// Prints one JSON document.
pub(crate) fn json(document: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(document)?);
    Ok(())
}

/// Prints one JSON document in one line.
pub(crate) fn json_line(document: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(document)?);
    Ok(())
}

/// Prints a table: columns as wide as their widest cell, two spaces between them.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
        widest.max(head.get(column).map_or(0, |cell| cell.chars().count()))
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let print = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    print(head.to_vec());
    for row in rows {
        print(row.iter().map(String::as_str).collect());
    }
}

/// Prints a table of these fields of objects, each named as its column.
pub(crate) fn fields(names: &[&str], objects: &[Value]) {
    let heads: Vec<String> =
        names.iter().map(|name| name.replace('_', " ").to_ascii_uppercase()).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let row = |object: &Value| names.iter().map(|name| cell(object.get(*name))).collect();
    table(&heads, &objects.iter().map(row).collect::<Vec<Vec<String>>>());
}

/// A value in a cell; nothing for null.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => safe(text),
        Some(Value::Array(all)) => {
            let all: Vec<String> = all.iter().map(|one| cell(Some(one))).collect();
            all.join(", ")
        }
        Some(other) => safe(&other.to_string()),
    }
}

/// How far long work has come, of `length`: shown while it lasts if somebody is at the terminal.
pub(crate) fn progress(what: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len}, {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style).with_message(what)
}

/// Long work of which nobody knows how far it has come: shown while it lasts if somebody is at the
/// terminal.
pub(crate) fn waiting(what: String) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(what);
    spinner.enable_steady_tick(core::time::Duration::from_millis(100));
    spinner
}

/// A text from outside, safe for a terminal: control characters become visible.
pub(crate) fn safe(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let visible = if c.is_control() { c.escape_default().collect() } else { vec![c] };
            visible.into_iter()
        })
        .collect()
}
