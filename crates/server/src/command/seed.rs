//! `safeconduct seed`

use std::process::ExitCode;

use actions::seed;
use actions::seed::AUTHORITY;
use actions::seed::CERTIFICATES_MAX;
use actions::seed::Order;
use actions::seed::events;
use actions::seed::events::EVENTS_MAX;
use anyhow::anyhow;
use clap::ArgGroup;
use clap::Args;
use domain::actor::Actor;
use domain::refusal::Refusal;
use serde_json::json;

use crate::clock;
use crate::config::DataArgument;
use crate::instance::Instance;
use crate::instance::NotOpened;
use crate::output;

/// Fill an organization with certificates and events to measure with.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).multiple(true)))]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// So many certificates of devices that do not exist
    #[arg(long, group = "what", value_name = "N", value_parser = clap::value_parser!(u64).range(1..=CERTIFICATES_MAX))]
    certificates: Option<u64>,
    /// So many events of such devices, spread over the last 30 days
    #[arg(long, group = "what", value_name = "N", value_parser = clap::value_parser!(u64).range(1..=EVENTS_MAX))]
    events: Option<u64>,
    /// So many of them revoked
    #[arg(long, value_name = "M", default_value_t = 0)]
    revoked: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Makes the certificates in this process, which must hold the data.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    arguments.data.only_here()?;
    let place = arguments.data.place(&arguments.data.config()?)?;
    let instance = Instance::open(&place).await.map_err(|not_opened| match not_opened {
        NotOpened::Held(held) => anyhow!("{held}; stop it to seed the organization"),
        NotOpened::Failed(error) => error,
    })?;
    let begun = clock::now();
    let seeded = fill(&instance, &arguments).await;
    let millis = clock::now().0 - begun.0;
    instance.close().await;
    seeded.map_err(explain)?;
    let seconds = format!("{}.{}", millis / 1000, millis % 1000 / 100);
    let Arguments { revoked, json, .. } = arguments;
    let certificates = arguments.certificates.unwrap_or_default();
    let events = arguments.events.unwrap_or_default();
    if json {
        let seconds = seconds.parse::<f64>()?;
        output::json(&json!({
            "certificates": certificates, "revoked": revoked, "events": events, "seconds": seconds,
        }))?;
    } else {
        output::line(&format!(
            "{certificates} certificates of {AUTHORITY}, {revoked} of them revoked, and {events} \
             events were made in {seconds} s."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn fill(instance: &Instance, arguments: &Arguments) -> Result<(), Refusal> {
    let actor = Actor::owner("administrator on this machine");
    let Arguments { certificates, revoked, events: count, .. } = *arguments;
    if let Some(certificates) = certificates {
        let bar = output::progress("certificates", certificates);
        let order = Order { certificates, revoked };
        let made = seed::seed(&instance.app, &actor, order, |done| bar.set_position(done)).await;
        bar.finish_and_clear();
        made?;
    }
    if let Some(count) = count {
        let bar = output::progress("events", count);
        let made = events::events(&instance.app, &actor, count, |done| bar.set_position(done));
        let made = made.await;
        bar.finish_and_clear();
        made?;
    }
    Ok(())
}

fn explain(refusal: Refusal) -> anyhow::Error {
    anyhow!("{refusal} ({})\n  fix: {}", refusal.code(), refusal.fix())
}
