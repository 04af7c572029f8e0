//! `safeconduct inspect`

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use actions::network_profile::inspect::Inspected;
use actions::network_profile::inspect::Order;
use actions::network_profile::inspect::PROFILE_BYTES_MAX;
use anyhow::Context;
use clap::Args;

use crate::command::doctor;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Which profile, and what it is compared with.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// The .mobileconfig, signed or not
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The network profile that it should be [default: the one whose gateway and SSID it names]
    #[arg(long, value_name = "NAME")]
    network_profile: Option<String>,
    /// The MDM that is to fill in its variables: mosyle, jamf, intune, kandji, addigy,
    /// workspace-one, meraki, google, generic
    #[arg(long, value_name = "MDM")]
    console: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Tells what is in a profile and what is wrong with it; status 1 if devices will not get in.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let order = Order {
        network_profile: arguments.network_profile.clone(),
        console: arguments.console.clone(),
        ..Order::new(&read(&arguments.file)?)
    };
    let connection = Connection::open(&arguments.data, false).await?;
    let inspected =
        connection.post::<Inspected>("/api/v1/inspect", &serde_json::to_value(&order)?).await;
    connection.close().await;
    let inspected = inspected?;
    if arguments.json {
        output::json(&inspected)?;
    } else {
        tell(&inspected);
    }
    Ok(doctor::status(&inspected.findings))
}

/// The file; of one that is too long no more than is needed to say so.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let complaint = || format!("reading {}", file.display());
    let most = u64::try_from(PROFILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(file).with_context(complaint)?.take(most).read_to_end(&mut bytes)?;
    anyhow::ensure!(
        bytes.len() <= PROFILE_BYTES_MAX,
        "{} is longer than 1 MiB, and no profile for a network is",
        file.display()
    );
    Ok(bytes)
}

fn tell(inspected: &Inspected) {
    let some = |word: &str, text: &str| {
        if !text.is_empty() {
            output::line(&output::safe(&format!("{word:<12}{text}")));
        }
    };
    some("profile", &inspected.name);
    some("compared", &format!("with the network profile {}", inspected.network_profile));
    for signature in &inspected.signatures {
        let signer = signature.signer.as_deref().unwrap_or("somebody unknown");
        let fits = if signature.fits { "" } else { ", and the signature does not fit" };
        some("signed by", &format!("{signer}{fits}"));
    }
    some("payloads", &inspected.payloads.join(", "));
    some("enrolls at", inspected.url.as_deref().unwrap_or_default());
    some("asks for", &inspected.asks.join(", "));
    some("SSID", inspected.ssid.as_deref().unwrap_or_default());
    some("trusts", &inspected.trusted.join(", "));
    some("accepts", &inspected.radius_server_names.join(", "));
    output::line("");
    doctor::tell(&inspected.findings);
}
