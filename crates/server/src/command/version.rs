//! `safeconduct version`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::output;

/// Say which version this is.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the version.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let version = env!("CARGO_PKG_VERSION");
    if arguments.json {
        output::json(&json!({ "name": "safeconduct", "version": version }))?;
    } else {
        output::line(&format!("safeconduct {version}"));
    }
    Ok(ExitCode::SUCCESS)
}
