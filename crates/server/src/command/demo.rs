//! `safeconduct demo`: the whole story over real sockets, with simulated devices.

mod cast;
mod console;
mod review;
mod stage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::clock;
use crate::command::demo::cast::Actor;
use crate::command::demo::stage::Stage;

/// Fewest devices that get in: both TLS versions, both networks, and the guide's literal values.
const DEVICES_MIN: u32 = 5;

/// Most devices: each makes an RSA key of its own.
const DEVICES_MAX: u32 = 1000;

/// Play the whole story with simulated devices, on loopback and free ports.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// How many devices get in
    #[arg(long, value_name = "N", default_value_t = DEVICES_MIN, value_parser = clap::value_parser!(u32).range(i64::from(DEVICES_MIN)..=i64::from(DEVICES_MAX)))]
    devices: u32,
    /// Print JSON: one document with --exit, else one a line
    #[arg(long)]
    json: bool,
    /// End when the story is told instead of serving on
    #[arg(long)]
    exit: bool,
    /// Leave the organization in this directory for other commands
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Plays the story; status 0 only when all went as told.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let began = clock::instant();
    let mut stage = Stage::open(arguments.keep.clone(), arguments.json, arguments.exit).await?;
    let actors = Actor::all(arguments.devices);
    let told = stage.play(actors).await;
    let ok = match told {
        Ok(ok) => ok,
        Err(error) => {
            stage.close().await;
            return Err(error);
        }
    };
    // Before anything is said, so that a stop that comes at once is not lost.
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    stage.end(ok, clock::instant().duration_since(began))?;
    if !arguments.exit {
        stage.invite().await;
        stage.say("Serving on. Press Ctrl-C to end.");
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    }
    stage.close().await;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
