//! `safeconduct network-profile configure`: what access points and switches are told.

use core::net::IpAddr;
use std::path::PathBuf;

use actions::network_profile::configure::Configured;
use actions::network_profile::configure::Order;
use anyhow::Context;
use clap::Args;
use domain::object::Kind;
use domain::secret::Secret;

use crate::command::authenticate::read;
use crate::command::certificate::escape;
use crate::command::object;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// For which network, and whose access points.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// The network profile, by its name or slug
    name: String,
    /// Who made them: cisco-ios-xe, meraki, aruba, unifi, mikrotik, hostapd, openwrt, freeradius
    #[arg(long = "for", value_name = "VENDOR")]
    vendor: String,
    /// The address at which they reach the RADIUS server; up to three, in the order of trying
    #[arg(long, value_name = "ADDRESS", required = true)]
    address: Vec<IpAddr>,
    /// The port for authentication
    #[arg(long, value_name = "PORT")]
    auth_port: Option<u16>,
    /// The port for accounting
    #[arg(long, value_name = "PORT")]
    acct_port: Option<u16>,
    /// A file with the shared secret [default: a placeholder stands in its place]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks for the configuration and prints it, to be pasted.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path =
        object::url(Kind::NetworkProfile, &format!("/{}/configure", escape(&arguments.name)));
    let secret = match &arguments.secret_file {
        Some(file) => Some(Secret::new(read(file)?.trim_end_matches(['\r', '\n']))),
        None => None,
    };
    let plain = Order::new(&arguments.vendor, arguments.address.clone());
    let order = Order {
        auth_port: arguments.auth_port.unwrap_or(plain.auth_port),
        acct_port: arguments.acct_port.unwrap_or(plain.acct_port),
        shared_secret: secret,
        ..plain
    };
    let connection = Connection::open(&arguments.data, false).await?;
    let answered = connection.post::<Configured>(&path, &serde_json::to_value(&order)?).await;
    connection.close().await;
    let configured = answered?;
    if arguments.json {
        return output::json(&configured);
    }
    for file in &configured.files {
        let text = file.text().context("a file is not text")?;
        text.lines().for_each(|line| output::line(&output::safe(line)));
    }
    Ok(())
}
