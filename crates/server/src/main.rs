//! Safeconduct: certificates for managed devices, and the network for those certificates.

mod clock;
mod command;
mod config;
mod connection;
mod conversation;
mod disk;
mod door;
mod instance;
mod log;
mod output;
mod refused;
mod running;

use std::process::ExitCode;

use clap::CommandFactory;
use clap::FromArgMatches;
use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::command::Command;

/// Certificates for managed devices, and the network for those certificates.
#[derive(Debug, Parser)]
#[command(name = "safeconduct", version, max_term_width = 100)]
struct Arguments {
    /// How the log on standard error is written
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        env = "SAFECONDUCT_LOG_FORMAT",
        hide_env = true
    )]
    log_format: log::Format,
    #[command(subcommand)]
    command: Command,
}

/// Exit status 0: done; 1: refused or failed; 2: wrong use; 70: the disk of a server failed.
fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.format(&mut Arguments::command()).exit(),
    };
    let json = refused::wants_json(&matches);
    let filter = EnvFilter::try_from_env("SAFECONDUCT_LOG")
        .unwrap_or_else(|_| EnvFilter::new(arguments.command.log_level()));
    log::begin(arguments.log_format, filter);
    // TLS clients of this process ask for a provider by default; there is only one.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider is installed already");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error.into(), json),
    };
    match runtime.block_on(command::run(arguments.command)) {
        Ok(code) => code,
        Err(error) => failed(error, json),
    }
}

fn failed(error: anyhow::Error, json: bool) -> ExitCode {
    refused::tell(error, json);
    ExitCode::FAILURE
}
