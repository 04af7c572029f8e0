//! `safeconduct serve`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

use crate::command::apply;
use crate::config::DataArgument;
use crate::config::Listen;
use crate::connection::Connection;
use crate::disk;
use crate::instance::Instance;
use crate::output;
use crate::running::Opening;
use crate::running::Running;

/// Serve enrollment and RADIUS for an organization, until stopped.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Apply a declarative file before serving
    #[arg(long, value_name = "FILE")]
    apply: Option<PathBuf>,
    /// Write the secrets of new gateways into this CSV file (with --apply)
    #[arg(long, value_name = "FILE.csv", requires = "apply")]
    secrets: Option<PathBuf>,
    /// Where SCEP, downloads, revocation lists and OCSP are; may be given several times [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    http: Vec<SocketAddr>,
    /// Where the same is over TLS, with the API; may be given several times [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDRESS")]
    https: Vec<SocketAddr>,
    /// Where RADIUS authentication is; may be given several times [default: 127.0.0.1:1812]
    #[arg(long, value_name = "ADDRESS")]
    radius_auth: Vec<SocketAddr>,
    /// Where RADIUS accounting is; may be given several times [default: 127.0.0.1:1813]
    #[arg(long, value_name = "ADDRESS")]
    radius_acct: Vec<SocketAddr>,
    /// Where health is; may be given several times [default: 127.0.0.1:9180]
    #[arg(long, value_name = "ADDRESS")]
    health: Vec<SocketAddr>,
}

/// Serves until SIGTERM, Ctrl-C, or a failure of the disk.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    arguments.data.only_here()?;
    let config = arguments.data.config()?;
    let place = arguments.data.place(&config)?;
    let instance = Instance::open(&place).await?;
    if let Some(file) = &arguments.apply {
        let connection = Connection::within(&instance);
        let order = apply::Order::of(file.clone(), arguments.secrets.clone());
        apply::carry_out(&connection, &order).await?;
    }
    let listen = Listen {
        http: choose(arguments.http, config.listen.http, 8080),
        https: choose(arguments.https, config.listen.https, 8443),
        radius_auth: choose(arguments.radius_auth, config.listen.radius_auth, 1812),
        radius_acct: choose(arguments.radius_acct, config.listen.radius_acct, 1813),
        health: choose(arguments.health, config.listen.health, 9180),
    };
    // Before the doors open, so that a stop that comes at once is not lost.
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let (limits, portal) = (config.api.limits(), config.portal.settings());
    let shown = config.portal.given()?;
    let opening = Opening { listen: &listen, limits, portal, shown };
    let running = Running::start(instance, &place.data, opening).await?;
    let addresses = [
        ("http", &running.http),
        ("https", &running.https),
        ("radius-auth", &running.radius_auth),
        ("radius-acct", &running.radius_acct),
        ("health", &running.health),
    ];
    for (what, addresses) in addresses {
        addresses.iter().for_each(|address| output::line(&format!("{what} {address}")));
    }
    match actions::setup::begin(running.app()).await {
        Ok(Some(code)) => output::line(&format!("set-up-code {}", code.reveal())),
        Ok(None) => {}
        Err(refusal) => tracing::warn!(%refusal, "there is no set-up code until the next start"),
    }
    output::line("ready");
    running.app().store.check_rest();
    let status = tokio::select! {
        _ = terminated.recv() => ExitCode::SUCCESS,
        _ = interrupted.recv() => ExitCode::SUCCESS,
        () = disk::failed(running.app(), &place.data) => ExitCode::from(disk::EXIT_STATUS),
    };
    tracing::info!("stopping");
    running.stop().await;
    Ok(status)
}

/// Flags go before the configuration file, and that before the default.
fn choose(flags: Vec<SocketAddr>, config: Vec<SocketAddr>, port: u16) -> Vec<SocketAddr> {
    [flags, config]
        .into_iter()
        .find(|addresses| !addresses.is_empty())
        .unwrap_or_else(|| vec![SocketAddr::from(([127, 0, 0, 1], port))])
}
