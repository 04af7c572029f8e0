//! `safeconduct simulate`

use std::path::PathBuf;
use std::process::ExitCode;

use actions::decision::simulate::Enrollment;
use actions::decision::simulate::Simulated;
use actions::decision::simulate::Trial;
use anyhow::anyhow;
use clap::Args;
use domain::network_policy::Access;
use pki::time::Time;

use crate::command::draft;
use crate::command::draft::Draft;
use crate::command::explain;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Say what would happen if a device came, or asked for a certificate.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// The device: name, serial number, UDID or address, or a certificate's serial number
    #[arg(long)]
    device: String,
    /// The gateway that it asks for a certificate, in place of a visit
    #[arg(long, value_name = "NAME", conflicts_with_all = ["access_point", "ssid", "mac"])]
    gateway: Option<String>,
    /// The access point that it asks at
    #[arg(long, value_name = "NAME")]
    access_point: Option<String>,
    /// The wireless network
    #[arg(long)]
    ssid: Option<String>,
    /// The address that it joins with
    #[arg(long)]
    mac: Option<String>,
    /// When, such as 2026-11-28T22:00:00Z; default: now
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// A declarative file, tried out as if it had been applied
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Does what was asked.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let at = arguments.at.as_deref().map(|at| {
        let fix = "write it like 2026-11-28T22:00:00Z";
        Time::parse_rfc3339(at)
            .ok_or_else(|| anyhow!("--at {} is no time; {fix}", output::safe(at)))
    });
    let draft = arguments.draft.as_deref().map(Draft::read).transpose()?;
    let trial = Trial {
        device: arguments.device,
        gateway: arguments.gateway,
        access_point: arguments.access_point,
        ssid: arguments.ssid,
        mac: arguments.mac,
        at: at.transpose()?,
        draft: draft.as_ref().map(|draft| draft.document.json.clone()),
    };
    let connection = Connection::open(&arguments.data, false).await?;
    let simulated = connection.post::<Simulated>("/api/v1/simulate", &trial).await;
    connection.close().await;
    let simulated = draft::understood(draft.as_ref(), simulated)?;
    if arguments.json {
        output::json(&simulated)?;
    } else {
        print(&simulated);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(simulated: &Simulated) {
    let say = |text: &str| output::line(&output::safe(text));
    let device = &simulated.device;
    if let Some(enrollment) = &simulated.enrollment {
        print_enrollment(simulated, enrollment);
        return print_way(simulated);
    }
    match (&simulated.access, &simulated.reason) {
        (Access::Accept, _) => {
            let vlan = simulated.vlan.as_ref().map(|vlan| format!(", VLAN {vlan}"));
            let policy = simulated.policy.as_deref().unwrap_or_default();
            say(&format!("{device} would get in by {policy}{}", vlan.unwrap_or_default()));
        }
        (Access::Refuse, Some(reason)) => {
            say(&format!("{device} would be refused: {} ({})", reason.sentence, reason.code));
            say(&format!("  fix    {}", reason.fix));
        }
        (Access::Refuse, None) => say(&format!("{device} would be refused")),
    }
    for attribute in &simulated.attributes {
        say(&format!("  sends  {} = {}", attribute.attribute, attribute.value));
    }
    print_way(simulated);
}

fn print_enrollment(simulated: &Simulated, enrollment: &Enrollment) {
    let say = |text: &str| output::line(&output::safe(text));
    let (device, gateway) = (&simulated.device, &enrollment.gateway);
    let known = if enrollment.known { "" } else { ", which the inventory does not know," };
    match (&simulated.access, &simulated.reason) {
        (Access::Accept, _) => {
            let policy = simulated.policy.as_deref().unwrap_or_default();
            say(&format!("{device}{known} would get a certificate through {gateway} by {policy}"));
        }
        (Access::Refuse, Some(reason)) => {
            let (sentence, code) = (&reason.sentence, &reason.code);
            say(&format!("{device}{known} would get none through {gateway}: {sentence} ({code})"));
            say(&format!("  fix    {}", reason.fix));
        }
        (Access::Refuse, None) => say(&format!("{device}{known} would get none through {gateway}")),
    }
    for (what, name) in [
        ("signed by", &enrollment.certificate_authority),
        ("made from", &enrollment.certificate_template),
    ] {
        if let Some(name) = name {
            say(&format!("  {what} {name}"));
        }
    }
}

fn print_way(simulated: &Simulated) {
    explain::print_roles(&simulated.roles, &simulated.device_roles);
    explain::print_monitors(&simulated.monitors);
    explain::print_path(&simulated.path);
}
