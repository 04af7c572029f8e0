//! `safeconduct man`

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use clap::CommandFactory;

use crate::output;

/// Where man pages go.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The directory; a page a command is written there, as safeconduct-certificate-list.1
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes a man page of every command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let out = &arguments.out;
    let shown = out.display();
    fs::create_dir_all(out).with_context(|| format!("{shown} cannot be made"))?;
    clap_mangen::generate_to(crate::Arguments::command(), out)
        .with_context(|| format!("no page can be written into {shown}"))?;
    output::line(&format!("The man pages are in {shown}."));
    Ok(ExitCode::SUCCESS)
}
