//! `safeconduct handbook-commands`: the page of the handbook that lists every command.

pub(crate) mod api;
mod form;
pub(crate) mod keys;
pub(crate) mod pages;

use std::process::ExitCode;

use clap::Arg;
use clap::Command;
use clap::CommandFactory;

use crate::output;

/// What the page begins with.
const HEAD: &str = "# Commands

Every command with what it takes, as `safeconduct COMMAND --help` shows it. This page is printed by the program itself (`safeconduct handbook-commands`), and a test compares the two. `safeconduct man --out DIR` writes the same as man pages, and `safeconduct completions SHELL` completes commands and options in bash, zsh, fish and PowerShell.

Exit status 0: done; 1: refused or failed; 2: wrong use; 70: the disk of a server failed.

With `--json`, what a command says is one JSON document on standard output. So is a no (status 1), in one form whatever was asked; its sentence goes to standard error all the same:

| | |
|---|---|
| `status`, `code` | Those of the API's answer; null if it was not asked |
| `detail`, `fix` | What is wrong, and what to do about it |
| `complaints` | Field by field, where a document was refused: `field`, `what`, `fix`, and of a file `file` and `line` |
| `current`, `proposed` | With `--if-match` of an outdated version: the object as it is now, and what it was to become |

Wrong use (status 2) prints no document. What goes on, as `event follow` and `demo`, prints a document a line.

Every command that speaks to an organization takes these, and its table leaves them out:
";

/// Options that go with every command on an organization.
const EVERYWHERE: [&str; 6] = ["data", "master-key", "config", "server", "token", "ca"];

/// Prints the page.
pub(crate) fn run() -> ExitCode {
    output::part(&page());
    ExitCode::SUCCESS
}

/// The page as the program's own tables make it.
fn page() -> String {
    let mut root = crate::Arguments::command().disable_help_subcommand(true);
    root.build();
    let mut page = HEAD.to_owned();
    let of_data = |command: &Command| {
        let args = command.get_arguments().filter(|arg| is_everywhere(arg));
        args.map(row).collect::<String>()
    };
    let shared = root.get_subcommands().map(of_data).find(|rows| !rows.is_empty());
    page.push_str(&table(&shared.unwrap_or_default()));
    for command in root.get_subcommands_mut() {
        add(&mut page, command, "safeconduct");
    }
    page
}

fn add(page: &mut String, command: &mut Command, parent: &str) {
    if command.is_hide_set() {
        return;
    }
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.render_usage().to_string();
    let usage = usage.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    page.push_str(&format!("\n## {name}\n\n{about}.\n"));
    if !command.has_subcommands() {
        page.push_str(&format!("\n```\n{usage}\n```\n"));
    }
    let told = |arg: &&Arg| !arg.is_hide_set() && !is_everywhere(arg) && arg.get_id() != "help";
    let rows: String = command.get_arguments().filter(told).map(row).collect();
    if !rows.is_empty() {
        page.push_str(&table(&rows));
    }
    for command in command.get_subcommands_mut() {
        add(page, command, &name);
    }
}

fn is_everywhere(arg: &Arg) -> bool {
    arg.get_long().is_some_and(|long| EVERYWHERE.contains(&long))
}

fn table(rows: &str) -> String {
    format!("\n| | |\n|---|---|\n{rows}")
}

fn row(arg: &Arg) -> String {
    let takes_value = arg.get_num_args().is_some_and(|range| range.takes_values());
    let names = arg.get_value_names().unwrap_or_default().iter();
    let names: Vec<String> = names.map(|name| format!("<{name}>")).collect();
    let value = if takes_value { names.join(" ") } else { String::new() };
    let name = match arg.get_long() {
        Some(long) => format!("--{long} {value}").trim_end().to_owned(),
        None => value,
    };
    let mut told = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values = arg.get_possible_values();
    let values = values.iter().filter(|value| !value.is_hide_set());
    let values: Vec<&str> = values.map(|value| value.get_name()).collect();
    if takes_value && !values.is_empty() {
        told.push_str(&format!(": {}", values.join(", ")));
    }
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<_> = defaults.map(|default| default.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        told.push_str(&format!(" [default: {}]", defaults.join(" ")));
    }
    format!("| `{}` | {} |\n", name.replace('|', "\\|"), told.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_handbook_lists_every_command_as_it_is() {
        let kept = include_str!("../../../../docs/commands.md");
        let same = kept == page();
        assert!(same, "run: cargo run -p server -- handbook-commands > docs/commands.md");
    }

    #[test]
    fn every_command_and_argument_is_told_of() {
        let page = page();
        for line in page.lines().filter(|line| line.starts_with("| `")) {
            let (_, told) = line.split_once("` | ").unwrap();
            assert!(told.len() > 5, "{line}");
        }
        for command in ["certificate list", "event follow", "completions", "man"] {
            assert!(page.contains(&format!("\n## safeconduct {command}\n")), "{command}");
        }
        assert!(!page.contains("## safeconduct handbook"));
    }

    #[test]
    fn the_commands_are_consistent() {
        crate::Arguments::command().debug_assert();
    }
}
