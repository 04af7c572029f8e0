//! `safeconduct completions`

use std::process::ExitCode;

use clap::Args;
use clap::CommandFactory;
use clap::ValueEnum;
use clap_complete::Shell;

use crate::output;

/// For which shell.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The shell; its script goes to standard output
    shell: Known,
}

/// A shell that completions are written for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Known {
    /// source <(safeconduct completions bash)
    Bash,
    /// safeconduct completions zsh > a file _safeconduct in a directory of fpath
    Zsh,
    /// safeconduct completions fish > a file safeconduct.fish in fish's completions
    Fish,
    /// safeconduct completions powershell | Out-String | Invoke-Expression
    #[value(name = "powershell")]
    PowerShell,
}

/// Prints the script of a shell.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shell = match arguments.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
        Known::PowerShell => Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut crate::Arguments::command(), "safeconduct", &mut script);
    output::part(&String::from_utf8(script)?);
    Ok(ExitCode::SUCCESS)
}
