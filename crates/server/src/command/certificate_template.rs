//! `safeconduct certificate-template …`

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use actions::certificate_template::CSR_PEM_BYTES_MAX;
use anyhow::Context;
use anyhow::bail;
use clap::Args;
use clap::Subcommand;
use domain::certificate_template::preview::Preview;
use domain::object::Kind;
use pki::pem;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::object;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// What some tools call a request.
const NEW_CERTIFICATE_REQUEST: &str = "NEW CERTIFICATE REQUEST";

/// Keep certificate templates, and try them out.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(flatten)]
    Object(object::Verb),
    /// Show what a template would make of a request, and where each value comes from
    Preview(PreviewArguments),
}

/// Which template, and what it is tried out on.
#[derive(Args, Debug)]
pub(crate) struct PreviewArguments {
    #[command(flatten)]
    data: DataArgument,
    /// The template
    name: String,
    #[command(flatten)]
    sample: Sample,
    /// The authority that would sign; default: that of the first enrollment policy with the
    /// template
    #[arg(long, value_name = "NAME")]
    authority: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Sample {
    /// A certificate signing request, PEM or DER
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// A device of the inventory, or as its certificates name it; its newest one stands for its
    /// request
    #[arg(long)]
    device: Option<String>,
}

/// Does what was asked.
pub(crate) async fn run(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Object(verb) => return object::run(Kind::CertificateTemplate, verb).await,
        Verb::Preview(arguments) => preview(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn preview(arguments: &PreviewArguments) -> anyhow::Result<()> {
    let csr = arguments.sample.csr.as_deref().map(read).transpose()?;
    let trial = json!({
        "csr": csr,
        "device": arguments.sample.device,
        "certificate_authority": arguments.authority,
    });
    let path = format!("/api/v1/certificate-templates/{}/preview", escape(&arguments.name));
    let connection = Connection::open(&arguments.data, false).await?;
    let preview = connection.post::<Preview>(&path, &trial).await;
    connection.close().await;
    let preview = preview?;
    if arguments.json {
        return output::json(&preview);
    }
    print(&preview);
    Ok(())
}

/// A request as PEM, whatever it is in the file.
fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut bytes = Vec::new();
    let max = u64::try_from(CSR_PEM_BYTES_MAX)?;
    file.take(max + 1).read_to_end(&mut bytes).with_context(|| format!("{shown} breaks off"))?;
    if bytes.len() > CSR_PEM_BYTES_MAX {
        bail!("{shown} is longer than {CSR_PEM_BYTES_MAX} bytes; no request is");
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) if text.contains("-----BEGIN ") => {
            text.replace(NEW_CERTIFICATE_REQUEST, pem::CERTIFICATE_REQUEST)
        }
        Ok(text) => pem::encode(pem::CERTIFICATE_REQUEST, text.as_bytes()),
        Err(binary) => pem::encode(pem::CERTIFICATE_REQUEST, binary.as_bytes()),
    })
}

fn print(preview: &Preview) {
    let safe = |cells: [&str; 3]| cells.map(output::safe).to_vec();
    if !preview.fields.is_empty() {
        let rows = preview.fields.iter().map(|field| {
            let value = if field.value.is_empty() { "-" } else { &field.value };
            safe([&field.field, value, &field.source])
        });
        output::table(&["FIELD", "VALUE", "SOURCE"], &rows.collect::<Vec<_>>());
    }
    if !preview.left_out.is_empty() {
        output::line("");
        let rows = preview.left_out.iter().map(|one| safe([&one.what, &one.value, &one.why]));
        output::table(&["LEFT OUT", "VALUE", "WHY"], &rows.collect::<Vec<_>>());
    }
    let lints = preview.lints.iter().map(|lint| format!("{}: {}", lint.id, lint.sentence));
    list("Warnings:", preview.warnings.iter().cloned());
    list("Broken rules:", lints);
    match &preview.refusal {
        None => output::line("\nThis would be issued."),
        Some(refusal) => {
            let (sentence, code) = (output::safe(&refusal.sentence), &refusal.code);
            output::line(&format!("\nThis would be refused: {sentence} ({code})"));
            output::line(&format!("  fix: {}", output::safe(&refusal.fix)));
        }
    }
}

fn list(head: &str, lines: impl Iterator<Item = String>) {
    for (index, line) in lines.enumerate() {
        if index == 0 {
            output::line(&format!("\n{head}"));
        }
        output::line(&format!("  {}", output::safe(&line)));
    }
}
