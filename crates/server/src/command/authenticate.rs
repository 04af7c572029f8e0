//! `safeconduct authenticate`

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use clap::Args;
use device::access_point::Description;
use device::access_point::Medium;
use device::access_point::Secret;
use device::network::Certified;
use device::network::Device;
use device::network::Options;
use device::network::Outcome;
use device::network::Trusted;
use eap::settings::TlsVersion;
use pki::pem;
use serde_json::json;

use crate::clock;
use crate::command::enroll::CERTIFICATE_FILE;
use crate::command::enroll::KEY_FILE;
use crate::command::trust_file::TrustFile;
use crate::output;

/// How long each copy of a request is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// The longest EAP packet that the device sends; Wi-Fi drivers use about this.
pub(crate) const FRAGMENT_SIZE: usize = 1390;

/// The most joins after the first: enough to see that every one resumes.
const RESUME_MAX: i64 = 1000;

/// The wireless network that is joined where neither an option nor a profile names one.
const SSID: &str = "Example-Secure";

/// The address of the simulated access point or switch.
const STATION: &str = "02-00-00-00-00-FF";

/// Join the network as a device does, through a simulated access point.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The RADIUS server
    #[arg(long, value_name = "HOST:PORT")]
    radius: String,
    /// The secret that the access point shares with the server
    #[arg(long, value_name = "SECRET")]
    secret: String,
    /// A directory with certificate.pem and key.pem, as `enroll` writes it; with trust.json, what
    /// the profile said of trust, network, TLS and outer identity holds unless told otherwise
    #[arg(long, value_name = "DIR")]
    identity: PathBuf,
    /// The authorities that the server's certificate must come from
    #[arg(long, value_name = "FILE.pem")]
    trust: Option<PathBuf>,
    /// A name that the server's certificate must bear; may be given several times
    #[arg(long, value_name = "NAME", requires = "trust")]
    server_name: Vec<String>,
    /// The only version of TLS to speak [default: 1.2 or 1.3]
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    tls: Option<String>,
    /// The wireless network to join [default: the profile's, else Example-Secure]
    #[arg(long, value_name = "NAME")]
    ssid: Option<String>,
    /// The device's MAC address
    #[arg(long, value_name = "ADDRESS", default_value = "02-00-00-00-00-01")]
    mac: String,
    /// Join so many times more, each time resuming the TLS session if the server lets the device
    #[arg(long, value_name = "TIMES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=RESUME_MAX))]
    resume: u32,
    /// Print JSON: one document, or with `--resume` one a line
    #[arg(long)]
    json: bool,
}

/// Joins and says how it went: status 0 only when the device is in, every time.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let identity = certified(&arguments.identity)?;
    let file = TrustFile::find(&arguments.identity)?.unwrap_or_default();
    let (tls_lowest, tls_highest) = match (&arguments.tls, file.versions()?) {
        (None, Some(range)) => range,
        (only, _) => versions(only.as_deref()),
    };
    let trust = arguments.trust.as_deref();
    let options = Options {
        server: resolve(&arguments.radius).await?,
        secret: Secret(arguments.secret.clone().into_bytes()),
        name: match &file.outer_identity {
            Some(name) => name.clone(),
            None => common_name(&identity)?,
        },
        identity: Some(identity),
        trusted: trusted(&arguments.identity, trust, &arguments.server_name)?,
        tls_lowest,
        tls_highest,
        access_point: arguments.access_point(&file),
        fragment_size: FRAGMENT_SIZE,
        patience: PATIENCE,
    };
    let joined = tokio::task::spawn_blocking(move || join(&arguments, &options));
    joined.await.context("the device came to no end")?
}

/// Joins as often as asked, until the device is refused.
fn join(arguments: &Arguments, options: &Options) -> anyhow::Result<ExitCode> {
    let mut device = Device::open(options, clock::now().time())?;
    for _ in 0..=arguments.resume {
        let outcome = device.join(clock::now().time())?;
        report(arguments, &outcome, options.trusted.is_some())?;
        if !outcome.accepted {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// What stands between the device and the server: a switch if the profile is for a cable.
    fn access_point(&self, file: &TrustFile) -> Description {
        match (&self.ssid, &file.ssid) {
            (None, None) if file.wired => describe_switch(&self.mac),
            (given, told) => {
                let ssid = given.as_deref().or(told.as_deref()).unwrap_or(SSID);
                describe(ssid, &self.mac)
            }
        }
    }
}

/// What a simulated access point says of itself.
pub(crate) fn describe(ssid: &str, mac: &str) -> Description {
    Description {
        nas_identifier: "safeconduct-access-point".to_owned(),
        medium: Medium::Wireless,
        called_station_id: format!("{STATION}:{ssid}"),
        calling_station_id: mac.to_owned(),
        framed_mtu: 1400,
    }
}

/// What a simulated switch says of itself.
pub(crate) fn describe_switch(mac: &str) -> Description {
    Description {
        nas_identifier: "safeconduct-switch".to_owned(),
        medium: Medium::Wired,
        called_station_id: STATION.to_owned(),
        calling_station_id: mac.to_owned(),
        framed_mtu: 1400,
    }
}

/// The lowest and the highest version of TLS when only this one is to be spoken, or any.
pub(crate) fn versions(only: Option<&str>) -> (TlsVersion, TlsVersion) {
    match only {
        Some("1.2") => (TlsVersion::Tls12, TlsVersion::Tls12),
        Some(_) => (TlsVersion::Tls13, TlsVersion::Tls13),
        None => (TlsVersion::Tls12, TlsVersion::Tls13),
    }
}

/// The address of a RADIUS server.
pub(crate) async fn resolve(server: &str) -> anyhow::Result<SocketAddr> {
    let mut addresses = tokio::net::lookup_host(server)
        .await
        .with_context(|| format!("--radius {server} is not found"))?;
    addresses.next().with_context(|| format!("--radius {server} has no address"))
}

/// The certificate and key of a directory, as `enroll` writes it.
pub(crate) fn certified(directory: &Path) -> anyhow::Result<Certified> {
    certified_by(&directory.join(CERTIFICATE_FILE), &directory.join(KEY_FILE))
}

/// The certificate chain of one file and the key of another.
pub(crate) fn certified_by(certificate: &Path, key: &Path) -> anyhow::Result<Certified> {
    let shown = certificate.display();
    let chain = pem::certificates(&read(certificate)?).with_context(|| format!("{shown}"))?;
    if chain.is_empty() {
        bail!("{shown} holds no certificate");
    }
    let key = pem::parse_private_key(&read(key)?).with_context(|| format!("{}", key.display()))?;
    let chain = chain.into_iter().map(|certificate| certificate.der).collect();
    Ok(Certified { chain, key: key.to_pkcs8().to_vec() })
}

/// Apple devices take the common name as outer identity; so do we.
pub(crate) fn common_name(identity: &Certified) -> anyhow::Result<String> {
    let leaf = identity.chain.first().context("there is no certificate")?;
    let leaf = pki::certificate::Certificate::parse(leaf)?;
    let name = leaf.subject.common_names().next().unwrap_or("anonymous").to_owned();
    Ok(name)
}

/// Whom a device believes: what was given, else what its enrollment left.
pub(crate) fn trusted(
    identity: &Path,
    trust: Option<&Path>,
    names: &[String],
) -> anyhow::Result<Option<Trusted>> {
    if let Some(path) = trust {
        let anchors = pem::certificates(&read(path)?)
            .with_context(|| format!("{} holds no certificates", path.display()))?;
        let anchors = anchors.into_iter().map(|certificate| certificate.der).collect();
        return Ok(Some(Trusted { anchors, names: names.to_vec() }));
    }
    TrustFile::find(identity)?.map(|file| file.trusted()).transpose()
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn report(arguments: &Arguments, outcome: &Outcome, verified: bool) -> anyhow::Result<()> {
    let failure = outcome.failure.as_ref().map(ToString::to_string);
    let tls = outcome.tls_version.map(|version| version.to_string());
    if arguments.json {
        let attributes: Vec<_> = outcome
            .attributes
            .iter()
            .map(|(attribute, value)| json!({ "attribute": attribute, "value": value }))
            .collect();
        let document = json!({
            "accepted": outcome.accepted,
            "vlan": outcome.vlan,
            "tls": tls,
            "cipher_suite": outcome.cipher_suite,
            "server_verified": outcome.server_verified,
            "keys_match": outcome.keys_match,
            "resumed": outcome.resumed,
            "rounds": outcome.rounds,
            "attributes": attributes,
            "reason": failure,
        });
        return match arguments.resume {
            0 => output::json(&document),
            _ => output::json_line(&document),
        };
    }
    let server = if outcome.server_verified {
        "server verified"
    } else if verified {
        "server refused"
    } else {
        "server not verified"
    };
    if outcome.accepted {
        let vlan = outcome.vlan.as_ref().map(|vlan| format!(", VLAN {vlan}")).unwrap_or_default();
        let tls = tls.unwrap_or_default();
        let resumed = if outcome.resumed { " resumed" } else { "" };
        output::line(&format!("Accepted: TLS {tls}{resumed}{vlan}, {server}"));
        for (attribute, value) in &outcome.attributes {
            output::line(&output::safe(&format!("  {attribute} = {value}")));
        }
        return Ok(());
    }
    let failure = failure.unwrap_or_else(|| "the server gave no reason".to_owned());
    output::line(&output::safe(&format!("Not accepted: {failure} ({server})")));
    output::line("The server's events say why: safeconduct event list");
    Ok(())
}
