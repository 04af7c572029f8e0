//! `safeconduct certificate-authority download`: what devices install to trust an authority.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::bail;
use clap::Args;
use clap::ValueEnum;
use pki::certificate::Certificate;
use pki::cms::signed_data;
use pki::pem;
use serde_json::Value;
use serde_json::json;

use super::get;
use super::keys;
use super::text;
use crate::config::DataArgument;
use crate::output;

/// Which authority's certificates, and where they go.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// The authority's name
    name: String,
    /// The folder that the files go to; it is made if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only this kind of file
    #[arg(long)]
    format: Option<Format>,
    /// Also the certificates of its earlier keys
    #[arg(long)]
    earlier: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A kind of file, by its ending.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    /// The certificate, DER
    Cer,
    /// The certificate, and in a second file the whole chain, PEM
    Pem,
    /// The whole chain, PKCS #7
    P7b,
}

/// Writes the files.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let shown = get(&arguments.data, &arguments.name).await?;
    let wanted = if arguments.earlier { usize::MAX } else { 1 };
    std::fs::create_dir_all(&arguments.out)
        .with_context(|| format!("{} cannot be made", arguments.out.display()))?;
    let mut written = Vec::new();
    for key in keys(&shown).iter().take(wanted) {
        for (file, bytes) in files(key, arguments.format)? {
            written.push(write(&arguments.out, &file, &bytes)?);
        }
    }
    if written.is_empty() {
        bail!("the authority has no certificate");
    }
    if arguments.json {
        return output::json(&json!({ "files": written }));
    }
    for file in written {
        output::line(&file.display().to_string());
    }
    Ok(())
}

/// The files of a key, each with its name.
fn files(key: &Value, format: Option<Format>) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let slug = text(key, "slug");
    let chain = key.get("chain").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let all: String = chain.iter().filter_map(Value::as_str).collect();
    let chain: Vec<Certificate> = pem::certificates(&all).context("an answer is not understood")?;
    let own = chain.first().context("the authority has no certificate")?;
    let files = [
        (Format::Cer, format!("{slug}.cer"), own.der.clone()),
        (Format::Pem, format!("{slug}.pem"), pem::certificate(own).into_bytes()),
        (Format::Pem, format!("{slug}-chain.pem"), all.into_bytes()),
        (Format::P7b, format!("{slug}.p7b"), signed_data::certificates_only(&chain)),
    ];
    let files = files.into_iter().filter(|(kind, ..)| format.is_none_or(|only| only == *kind));
    Ok(files.map(|(_, name, bytes)| (name, bytes)).collect())
}

/// Certificates are public, and are written anew where they stand already.
#[expect(clippy::disallowed_methods, reason = "a command writes what it was asked for")]
fn write(out: &Path, file: &str, bytes: &[u8]) -> anyhow::Result<PathBuf> {
    let path = out.join(file);
    std::fs::write(&path, bytes)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}
