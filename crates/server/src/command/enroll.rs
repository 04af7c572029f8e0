//! `safeconduct enroll`

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use anyhow::bail;
use clap::Args;
use device::enrollment;
use device::enrollment::Enrolled;
use device::enrollment::Order;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::name::Name;
use pki::pem;
use serde_json::json;

use crate::clock;
use crate::output;

/// The device's certificate and those above it without the root.
pub(crate) const CERTIFICATE_FILE: &str = "certificate.pem";

/// The device's key.
pub(crate) const KEY_FILE: &str = "key.pem";

/// The root above the device's certificate.
pub(crate) const CA_FILE: &str = "ca.pem";

/// Ask for a certificate as a device does.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The Enrollment URL of a gateway
    #[arg(long, value_name = "URL")]
    url: String,
    /// The gateway's API Secret, sent as the challenge
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// The subject, like "CN=C02X1234,O=Example School"
    #[arg(long, value_name = "NAME")]
    subject: String,
    /// An alternative name: dns:…, email:…, uri:… or upn:…; may be given several times
    #[arg(long, value_name = "KIND:VALUE")]
    san: Vec<String>,
    /// The key to make
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = ["rsa-2048", "rsa-3072", "rsa-4096"])]
    key: String,
    /// Where certificate.pem, key.pem and ca.pem are written
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the files of an earlier enrollment
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Enrolls and writes what came back.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let key_path = arguments.out.join(KEY_FILE);
    if key_path.exists() && !arguments.force {
        bail!("{} exists; name another --out, or replace it with --force", key_path.display());
    }
    let order = Order {
        url: arguments.url.trim_end_matches('?').to_owned(),
        challenge: arguments.secret.clone(),
        subject: Name::parse_text(&arguments.subject)
            .with_context(|| format!("--subject \"{}\"", arguments.subject))?,
        names: arguments.san.iter().map(|san| name(san)).collect::<anyhow::Result<_>>()?,
        key: KeyType::ALL
            .into_iter()
            .find(|key| key.as_str() == arguments.key)
            .context("--key is none that can be made")?,
    };
    let enrolled = enrollment::enroll(&order, clock::now().time()).await?;
    write(&enrolled, &arguments.out)?;
    let certificate = &enrolled.certificate;
    let (serial, subject) = (certificate.serial.to_string(), certificate.subject.to_string());
    if arguments.json {
        output::json(&json!({
            "serial": serial,
            "subject": subject,
            "issuer": certificate.issuer.to_string(),
            "names": names(&enrolled),
            "not_after": certificate.not_after.to_rfc3339(),
            "out": arguments.out,
        }))?;
    } else {
        output::line(&format!("Enrolled: {} (serial {serial})", output::safe(&subject)));
        output::line(&format!("Valid until {}", certificate.not_after.to_rfc3339()));
        output::line(&format!("Written to {}", arguments.out.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// The alternative name as a device sends it: values that are not legal in their kind are sent as
/// they are, because MDMs do that too.
pub(crate) fn name(text: &str) -> anyhow::Result<GeneralName> {
    let Some((kind, value)) = text.split_once(':') else {
        bail!("--san \"{text}\" is not of the form dns:…, email:…, uri:… or upn:…");
    };
    let value = value.to_owned();
    match kind {
        "dns" => Ok(GeneralName::Dns(value)),
        "email" => Ok(GeneralName::Email(value)),
        "uri" => Ok(GeneralName::Uri(value)),
        "upn" => Ok(GeneralName::Upn(value)),
        _ => bail!("--san \"{text}\": use dns:…, email:…, uri:… or upn:…"),
    }
}

fn names(enrolled: &Enrolled) -> Vec<String> {
    enrolled.certificate.general_names().iter().map(ToString::to_string).collect()
}

fn write(enrolled: &Enrolled, out: &Path) -> anyhow::Result<()> {
    let mut chain = pem::certificate(&enrolled.certificate);
    for above in enrolled.chain.iter().filter(|above| !above.is_self_signed()) {
        chain.push_str(&pem::certificate(above));
    }
    let roots = enrolled.root.iter().map(pem::certificate).collect::<String>();
    store::directory::prepare(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let key = pem::private_key(&enrolled.key);
    for (file, text) in [(CERTIFICATE_FILE, &chain), (KEY_FILE, &*key), (CA_FILE, &roots)] {
        let path = out.join(file);
        if path.exists() {
            std::fs::remove_file(&path)
                .with_context(|| format!("{} cannot be replaced", path.display()))?;
        }
        store::directory::write_private(&path, text.as_bytes())
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
