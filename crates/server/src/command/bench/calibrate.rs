//! `safeconduct bench calibrate`

use std::process::ExitCode;

use clap::Args;
use device::calibration;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::command::bench;
use crate::command::bench::CLOCK;
use crate::output;

/// Say what cryptography alone costs on this machine: private operations, and the server's part
/// of a bare TLS handshake in memory that proves both keys.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Measures and says.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let costs = tokio::task::spawn_blocking(|| calibration::measure(CLOCK)).await??;
    if arguments.json {
        let costs = costs
            .iter()
            .map(|cost| (cost.operation.clone(), json!(bench::milliseconds(cost.median))));
        let milliseconds: Map<String, Value> = costs.collect();
        output::json(&json!({ "median_ms": milliseconds }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |cost: &calibration::Cost| {
        vec![cost.operation.clone(), format!("{:.3} ms", bench::milliseconds(cost.median))]
    };
    output::table(&["OPERATION", "MEDIAN"], &costs.iter().map(row).collect::<Vec<_>>());
    Ok(ExitCode::SUCCESS)
}
