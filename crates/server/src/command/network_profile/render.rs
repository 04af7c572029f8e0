//! `safeconduct network-profile render`: files for devices, and cards for consoles.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use actions::network_profile::render::Order;
use actions::network_profile::render::Rendered;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use domain::object::Kind;
use domain::secret::Secret;
use serde_json::json;

use crate::command::certificate::escape;
use crate::command::object;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Which profile, for whom, and where to.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Its name or slug
    name: String,
    /// For whom: apple, mosyle, jamf, intune, kandji, addigy, workspace-one, meraki, google, generic,
    /// windows, android, chromeos, linux, eap-config, p12
    #[arg(long = "for", value_name = "PLATFORM")]
    platform: String,
    /// Where the files are written; the directory is made
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Fill in what the inventory knows of this device: its name, number or address
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Write this challenge in place of a further one of the gateway
    #[arg(long, value_name = "S")]
    secret: Option<String>,
    /// Only a part, to find out which fails on a device
    #[arg(long, value_name = "PART", value_parser = ["trust", "scep", "wifi"])]
    only: Option<String>,
    /// Overwrite files that are there
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks for the files and writes them.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let path = object::url(Kind::NetworkProfile, &format!("/{}/render", escape(&arguments.name)));
    let order = Order {
        platform: arguments.platform.clone(),
        only: arguments.only.clone(),
        device: arguments.device.clone(),
        secret: arguments.secret.clone().map(Secret::new),
    };
    prepare(&arguments.out, arguments.force)?;
    let connection = Connection::open(&arguments.data, false).await?;
    let answered = connection.post::<Rendered>(&path, &serde_json::to_value(&order)?).await;
    connection.close().await;
    let rendered = answered?;
    let mut written = Vec::new();
    for file in &rendered.files {
        let content = STANDARD.decode(&file.content).context("a file is not in base64")?;
        let place = arguments.out.join(plain(&file.name)?);
        write(&place, &content, file.secret, arguments.force)?;
        written.push(place.display().to_string());
    }
    if arguments.json {
        let Rendered { platform, version, url, challenge, password, .. } = &rendered;
        return output::json(&json!({
            "platform": platform,
            "version": version,
            "url": url,
            "challenge": challenge,
            "password": password,
            "files": written,
        }));
    }
    written.iter().for_each(|place| output::line(&format!("written: {place}")));
    if let Some(challenge) = &rendered.challenge {
        output::line(&format!("the gateway has a further challenge for it: \"{challenge}\""));
    }
    if let Some(password) = &rendered.password {
        output::line(&format!("its password, shown now and never again: {}", password.reveal()));
    }
    Ok(())
}

/// Makes the directory, before a challenge is made that nobody would see.
fn prepare(out: &Path, force: bool) -> anyhow::Result<()> {
    let complaint = || format!("making {}", out.display());
    fs::create_dir_all(out).with_context(complaint)?;
    let is_empty = fs::read_dir(out).with_context(complaint)?.next().is_none();
    anyhow::ensure!(
        is_empty || force,
        "{} is not empty; give another directory, or --force to overwrite files in it",
        out.display()
    );
    Ok(())
}

/// A name of a file that leads nowhere else, whatever a server says.
fn plain(name: &str) -> anyhow::Result<&str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_plain = !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed);
    anyhow::ensure!(is_plain, "the server names a file {name:?}, which is no plain name");
    Ok(name)
}

/// Writes a file; what holds a secret is for its owner only.
fn write(place: &Path, content: &[u8], is_secret: bool, force: bool) -> anyhow::Result<()> {
    let complaint = || format!("writing {}", place.display());
    let mode = if is_secret { 0o600 } else { 0o644 };
    if force && place.exists() {
        fs::remove_file(place).with_context(complaint)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let mut file = options.open(place).with_context(complaint)?;
    file.write_all(content).with_context(complaint)?;
    file.sync_all().with_context(complaint)
}
