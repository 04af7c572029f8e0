//! `safeconduct enroll`

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use clap::ArgGroup;
use clap::Args;
use device::enrollment;
use device::enrollment::Enrolled;
use device::enrollment::Order;
use device::profile;
use device::profile::Instructions;
use device::profile::PROFILE_BYTES_MAX;
use device::profile::ProfileError;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::name::Name;
use pki::pem;
use serde_json::json;

use crate::clock;
use crate::command::bench;
use crate::command::trust_file;
use crate::command::trust_file::TrustFile;
use crate::output;
use crate::refused::Refused;

/// The device's certificate and those above it without the root.
pub(crate) const CERTIFICATE_FILE: &str = "certificate.pem";

/// The device's key.
pub(crate) const KEY_FILE: &str = "key.pem";

/// The root above the device's certificate.
pub(crate) const CA_FILE: &str = "ca.pem";

/// Ask for a certificate as a device does.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("order").args(["url", "profile"]).required(true))]
pub(crate) struct Arguments {
    /// The Enrollment URL of a gateway
    #[arg(long, value_name = "URL", requires = "subject")]
    url: Option<String>,
    /// The gateway's API Secret, sent as the challenge
    #[arg(long, value_name = "SECRET", conflicts_with = "profile")]
    secret: Option<String>,
    /// A file with the API Secret on its first line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "secret"])]
    secret_file: Option<PathBuf>,
    /// The subject, like "CN=C02X1234,O=Example School"
    #[arg(long, value_name = "NAME", conflicts_with = "profile")]
    subject: Option<String>,
    /// An alternative name: dns:…, email:…, uri:… or upn:…; may be given several times
    #[arg(long, value_name = "KIND:VALUE", conflicts_with = "profile")]
    san: Vec<String>,
    /// The key to make
    #[arg(long, value_name = "TYPE", conflicts_with = "profile", default_value = "rsa-2048", value_parser = ["rsa-2048", "rsa-3072", "rsa-4096"])]
    key: String,
    /// Do what a profile says, as a Mac would: the .mobileconfig that an MDM pushes
    #[arg(long, value_name = "FILE.mobileconfig")]
    profile: Option<PathBuf>,
    /// What the MDM fills in for this device, like %SerialNumber%=C02X1234; may be given several
    /// times
    #[arg(long, value_name = "VARIABLE=VALUE", conflicts_with = "url")]
    set: Vec<String>,
    /// Where certificate.pem, key.pem and ca.pem are written, and with a profile trust.json
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the files of an earlier enrollment
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is to be done, and what it leaves beside the certificate.
struct Plan {
    order: Order,
    trust: Option<TrustFile>,
    signers: Vec<String>,
    warnings: Vec<String>,
}

/// Enrolls and writes what came back.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let key_path = arguments.out.join(KEY_FILE);
    if key_path.exists() && !arguments.force {
        bail!("{} exists; name another --out, or replace it with --force", key_path.display());
    }
    let plan = match &arguments.profile {
        Some(file) => of_profile(file, &arguments.set)?,
        None => arguments.plan()?,
    };
    for signer in &plan.signers {
        output::note(&output::safe(&format!("Signed by {signer}; the signature fits")));
    }
    for warning in &plan.warnings {
        output::note(&output::safe(&format!("warning: {warning}")));
    }
    let enrolled = enrollment::enroll(&plan.order, clock::now().time()).await;
    // What a server says is shown so that it cannot do anything to a terminal.
    let not_enrolled = |error| Refused::of_words(format!("{:#}", anyhow::Error::from(error)));
    let enrolled = enrolled.map_err(not_enrolled)?;
    write(&enrolled, plan.trust.as_ref(), &arguments.out)?;
    report(&arguments, &plan, &enrolled)?;
    Ok(ExitCode::SUCCESS)
}

fn report(arguments: &Arguments, plan: &Plan, enrolled: &Enrolled) -> anyhow::Result<()> {
    let certificate = &enrolled.certificate;
    let (serial, subject) = (certificate.serial.to_string(), certificate.subject.to_string());
    if arguments.json {
        let mut document = json!({
            "serial": serial,
            "subject": subject,
            "issuer": certificate.issuer.to_string(),
            "names": names(enrolled),
            "not_after": certificate.not_after.to_rfc3339(),
            "out": arguments.out,
        });
        if let (Some(_), Some(document)) = (&arguments.profile, document.as_object_mut()) {
            document.insert("signed_by".to_owned(), json!(plan.signers));
            document.insert("trust".to_owned(), json!(plan.trust));
            document.insert("warnings".to_owned(), json!(plan.warnings));
        }
        return output::json(&document);
    }
    output::line(&format!("Enrolled: {} (serial {serial})", output::safe(&subject)));
    output::line(&format!("Valid until {}", certificate.not_after.to_rfc3339()));
    output::line(&format!("Written to {}", arguments.out.display()));
    Ok(())
}

impl Arguments {
    /// What the options say.
    fn plan(&self) -> anyhow::Result<Plan> {
        let url = self.url.as_deref().context("--url is missing")?;
        let subject = self.subject.as_deref().context("--subject is missing")?;
        let order = Order {
            url: url.trim_end_matches('?').to_owned(),
            challenge: bench::secret(self.secret.as_deref(), self.secret_file.as_deref())?,
            subject: Name::parse_text(subject)
                .with_context(|| format!("--subject \"{subject}\""))?,
            names: self.san.iter().map(|san| name(san)).collect::<anyhow::Result<_>>()?,
            key: KeyType::ALL
                .into_iter()
                .find(|key| key.as_str() == self.key)
                .context("--key is none that can be made")?,
            fingerprint: None,
            retries: 0,
            retry_delay: Duration::ZERO,
        };
        Ok(Plan { order, trust: None, signers: Vec::new(), warnings: Vec::new() })
    }
}

/// What a profile says, with these values for its variables.
fn of_profile(path: &Path, set: &[String]) -> anyhow::Result<Plan> {
    let values = set.iter().map(|text| value(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let read = profile::read(&bytes(path)?, &values, clock::now().time());
    let Instructions { order, network, signers, warnings, .. } =
        read.map_err(|error| not_installed(path, &error))?;
    let trust = network.as_ref().map(TrustFile::of).transpose()?;
    Ok(Plan { order, trust, signers, warnings })
}

/// Why a profile is not installed, and what to do about it.
fn not_installed(path: &Path, error: &ProfileError) -> anyhow::Error {
    let detail = format!("{}: {error}", path.display());
    let fix = match error {
        ProfileError::Unfilled(left) => {
            let variables: BTreeSet<&str> = left.iter().map(|one| one.variable.as_str()).collect();
            let hints = variables.iter().map(|variable| format!("--set '{variable}=…'"));
            format!("say what the MDM fills in: {}", hints.collect::<Vec<_>>().join(" "))
        }
        ProfileError::NeverUsed(_) => "leave this --set out, or compare its spelling".to_owned(),
        ProfileError::Value(_) => "correct the --set".to_owned(),
        ProfileError::Unreadable(_) => "give the .mobileconfig as the MDM pushes it".to_owned(),
        ProfileError::Signature(_) => "download the profile again, or sign it again".to_owned(),
        ProfileError::Expired(_)
        | ProfileError::NoScep
        | ProfileError::Identity(_)
        | ProfileError::Url(_)
        | ProfileError::KeySize(_)
        | ProfileError::Fingerprint(_)
        | ProfileError::Subject(_)
        | ProfileError::Tls { .. } => {
            "correct it in the console, or render the profile anew".to_owned()
        }
    };
    Refused::of_words(detail).advising(fix).into()
}

fn value(text: &str) -> anyhow::Result<(String, String)> {
    let Some((variable, value)) = text.split_once('=') else {
        bail!("--set \"{}\" is not of the form %SerialNumber%=C02X1234", output::safe(text));
    };
    Ok((variable.to_owned(), value.to_owned()))
}

/// The file, as far as a profile is long.
fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let complaint = || format!("{} cannot be read", path.display());
    let file = File::open(path).with_context(complaint)?;
    let most = u64::try_from(PROFILE_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).with_context(complaint)?;
    Ok(bytes)
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

/// Writes the files. One of trust that an earlier enrollment left goes: it is not this one's.
fn write(enrolled: &Enrolled, trust: Option<&TrustFile>, out: &Path) -> anyhow::Result<()> {
    let mut chain = pem::certificate(&enrolled.certificate);
    for above in enrolled.chain.iter().filter(|above| !above.is_self_signed()) {
        chain.push_str(&pem::certificate(above));
    }
    let roots = enrolled.root.iter().map(pem::certificate).collect::<String>();
    store::directory::prepare(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let key = pem::private_key(&enrolled.key);
    let trust = trust.map(TrustFile::text).transpose()?;
    let files = [
        (CERTIFICATE_FILE, Some(chain.as_str())),
        (KEY_FILE, Some(key.as_str())),
        (CA_FILE, Some(roots.as_str())),
        (trust_file::NAME, trust.as_deref()),
    ];
    for (file, text) in files {
        let path = out.join(file);
        if path.exists() {
            std::fs::remove_file(&path)
                .with_context(|| format!("{} cannot be replaced", path.display()))?;
        }
        if let Some(text) = text {
            store::directory::write_private(&path, text.as_bytes())
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
    }
    Ok(())
}
