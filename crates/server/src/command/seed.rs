//! `safeconduct seed`

use std::process::ExitCode;

use actions::seed;
use actions::seed::AUTHORITY;
use actions::seed::CERTIFICATES_MAX;
use actions::seed::Order;
use anyhow::anyhow;
use clap::Args;
use domain::actor::Actor;
use domain::refusal::Refusal;
use serde_json::json;

use crate::clock;
use crate::config::DataArgument;
use crate::instance::Instance;
use crate::instance::NotOpened;
use crate::output;

/// Fill an organization with certificates to measure with.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// So many certificates of devices that do not exist
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=CERTIFICATES_MAX))]
    certificates: u64,
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
    let order = Order { certificates: arguments.certificates, revoked: arguments.revoked };
    let actor = Actor::owner("administrator on this machine");
    let bar = output::progress("certificates", order.certificates);
    let begun = clock::now();
    let seeded = seed::seed(&instance.app, &actor, order, |done| bar.set_position(done)).await;
    let millis = clock::now().0 - begun.0;
    bar.finish_and_clear();
    instance.close().await;
    seeded.map_err(explain)?;
    let seconds = format!("{}.{}", millis / 1000, millis % 1000 / 100);
    let Order { certificates, revoked } = order;
    if arguments.json {
        let seconds = seconds.parse::<f64>()?;
        let made = json!({ "certificates": certificates, "revoked": revoked, "seconds": seconds });
        output::json(&made)?;
    } else {
        output::line(&format!(
            "{certificates} certificates of {AUTHORITY} were made in {seconds} s, {revoked} of \
             them revoked."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(refusal: Refusal) -> anyhow::Error {
    anyhow!("{refusal} ({})\n  fix: {}", refusal.code(), refusal.fix())
}
