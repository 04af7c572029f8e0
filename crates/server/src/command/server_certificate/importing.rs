//! `safeconduct server-certificate import`: the files are read here, and never by a server that is
//! told their names.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use actions::server_certificate::importing::Order;
use actions::server_certificate::importing::PASSWORD_BYTES_MAX;
use actions::server_certificate::importing::PEM_BYTES_MAX;
use actions::server_certificate::importing::PKCS12_BYTES_MAX;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use domain::secret::Secret;

use super::change;
use crate::command::object::NamedArguments;

/// Which one, and the files.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: NamedArguments,
    /// The server's certificate, then each one above it, as PEM
    #[arg(long, value_name = "FILE.pem", requires = "key", required_unless_present = "p12")]
    certificate: Option<PathBuf>,
    /// Its key, as unencrypted PKCS #8 PEM
    #[arg(long, value_name = "FILE.pem", requires = "certificate")]
    key: Option<PathBuf>,
    /// A PKCS #12 bundle of both
    #[arg(long, value_name = "FILE.p12", conflicts_with_all = ["certificate", "key"])]
    p12: Option<PathBuf>,
    /// A file with the password of the bundle; without, the password is empty
    #[arg(long, value_name = "FILE", requires = "p12")]
    p12_password_file: Option<PathBuf>,
    /// Put it beside what is shown, to be switched to later: for another root
    #[arg(long)]
    next: bool,
}

/// Reads the files and sends what is in them.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { named, certificate, key, p12, p12_password_file, next } = arguments;
    let pem = |file: &PathBuf| text(file, PEM_BYTES_MAX);
    let secret = |file: &PathBuf| pem(file).map(Secret::new);
    let order = Order {
        certificate: certificate.as_ref().map(pem).transpose()?,
        key: key.as_ref().map(secret).transpose()?,
        pkcs12: match p12 {
            None => None,
            Some(file) => Some(Secret::new(STANDARD.encode(read(file, PKCS12_BYTES_MAX)?))),
        },
        password: match p12_password_file {
            None => None,
            // Editors end a file with a line feed.
            Some(file) => {
                let password = text(file, PASSWORD_BYTES_MAX)?;
                Some(Secret::new(password.trim_end_matches(['\r', '\n'])))
            }
        },
        next: *next,
    };
    change(named, "import", &serde_json::to_value(order)?).await
}

fn text(file: &Path, bytes_max: usize) -> anyhow::Result<String> {
    let bytes = read(file, bytes_max)?;
    String::from_utf8(bytes).with_context(|| format!("{} is no text", file.display()))
}

fn read(file: &Path, bytes_max: usize) -> anyhow::Result<Vec<u8>> {
    let complaint = || format!("reading {}", file.display());
    let opened = fs::File::open(file).with_context(complaint)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    opened.take(most).read_to_end(&mut bytes).with_context(complaint)?;
    anyhow::ensure!(
        bytes.len() <= bytes_max,
        "{} is longer than {bytes_max} bytes",
        file.display()
    );
    Ok(bytes)
}
