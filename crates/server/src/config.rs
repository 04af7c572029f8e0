//! Where the program finds its data and what it may be told: the one place that reads the
//! environment.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use actions::rules::Identity;
use actions::rules::Server;
use anyhow::Context;
use anyhow::anyhow;
use anyhow::bail;
use clap::Args;
use domain::secret::Secret;
use domain::session::Limits;
use serde::Deserialize;
use store::Store;

/// The data directory if nothing says otherwise.
const DATA_DEFAULT: &str = "safeconduct-data";

/// Largest configuration file, in bytes.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// Whether nobody asked for a terminal without colours (no-color.org).
pub(crate) fn wants_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Which organization a command is for.
#[derive(Args, Clone, Debug)]
pub(crate) struct DataArgument {
    /// The organization's data directory [default: `$SAFECONDUCT_DATA`, else ./safeconduct-data]
    #[arg(long = "data", value_name = "DIR", env = "SAFECONDUCT_DATA", hide_env = true)]
    data: Option<PathBuf>,
    /// The file of the master key [default: master.key in the data directory]
    #[arg(
        long = "master-key",
        value_name = "FILE",
        env = "SAFECONDUCT_MASTER_KEY",
        hide_env = true
    )]
    master_key: Option<PathBuf>,
    /// Read settings of this machine from a TOML file; the database is one of them
    #[arg(long, value_name = "FILE", env = "SAFECONDUCT_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Ask a server over HTTPS instead, with a token
    #[arg(long, value_name = "URL", requires = "token")]
    server: Option<String>,
    /// The token to ask it with [default: `$SAFECONDUCT_TOKEN`, which others on the machine do not
    /// see]
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SAFECONDUCT_TOKEN",
        hide_env = true,
        hide_env_values = true
    )]
    token: Option<String>,
    /// The certificate that the server's must lead to, PEM [default: those the system trusts]
    #[arg(long, value_name = "FILE.pem", env = "SAFECONDUCT_CA", hide_env = true)]
    ca: Option<PathBuf>,
}

/// A server to ask over HTTPS.
pub(crate) struct Remote {
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    /// What proves who asks.
    pub(crate) token: Secret,
    /// What its certificate must lead to.
    pub(crate) ca: Option<PathBuf>,
}

/// Where an organization is, and what opens it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The data directory: lock, master key and control socket, and the database if it is a file.
    pub(crate) data: PathBuf,
    /// What secrets are sealed with.
    pub(crate) seal: Seal,
    /// The database.
    pub(crate) database: Database,
    /// How long sessions last.
    pub(crate) sessions: Limits,
}

impl DataArgument {
    /// The directory, absolute, so that messages name it without doubt.
    pub(crate) fn directory(&self) -> anyhow::Result<PathBuf> {
        let data = self.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
        if data.is_absolute() {
            return Ok(data);
        }
        let here = env::current_dir().context("the current directory is gone")?;
        Ok(here.join(data))
    }

    /// The server to ask, if one is named.
    pub(crate) fn remote(&self) -> anyhow::Result<Option<Remote>> {
        let Some(url) = &self.server else { return Ok(None) };
        let url = url.trim_end_matches('/').to_owned();
        if !url.starts_with("https://") {
            bail!("--server {url} is not an address that begins with https://");
        }
        let token = self.token.as_deref().unwrap_or_default();
        Ok(Some(Remote { url, token: Secret::new(token), ca: self.ca.clone() }))
    }

    /// Refuses an address of a server: the command works on a data directory.
    pub(crate) fn only_here(&self) -> anyhow::Result<()> {
        match &self.server {
            None => Ok(()),
            Some(_) => bail!("this command works on a data directory: name it with --data"),
        }
    }

    /// What the configuration file says; nothing if none is named.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)
    }

    /// Where the organization is: as the flags say, else as the configuration says.
    pub(crate) fn place(&self, config: &Config) -> anyhow::Result<Place> {
        let own = self.master_key.clone();
        let seal = Seal { master_key_file: own.or_else(|| config.seal.master_key_file.clone()) };
        let sessions = config.portal.sessions()?;
        Ok(Place { data: self.directory()?, seal, database: config.database.clone(), sessions })
    }
}

impl Place {
    /// Whether there may be an organization already.
    pub(crate) fn has_organization(&self) -> bool {
        self.database.url.is_some()
            || store::directory::database_elsewhere(&self.data).is_some()
            || store::directory::holds_database(&self.data)
    }
}

/// What the file of `--config` may say; flags go before it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// What secrets are sealed with.
    pub(crate) seal: Seal,
    /// Where the organization is kept.
    pub(crate) database: Database,
    /// Where the server listens.
    pub(crate) listen: Listen,
    /// How the API answers.
    pub(crate) api: Api,
    /// How the portal is reached.
    pub(crate) portal: Portal,
}

/// How the API answers.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Api {
    /// Requests that may come from one address in a minute; 0 is as many as they like.
    pub(crate) requests_per_minute: Option<u32>,
}

impl Api {
    /// As the API takes it.
    pub(crate) fn limits(self) -> api::Limits {
        let default = api::Limits::default().requests_per_minute;
        api::Limits { requests_per_minute: self.requests_per_minute.unwrap_or(default) }
    }
}

/// How the portal is reached.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Portal {
    /// Names that browsers may call it by, beside addresses, `localhost` and the host of the
    /// organization's address.
    pub(crate) hosts: Vec<String>,
    /// The certificate that HTTPS shows, PEM, with those above it behind; the program's own if not
    /// given.
    pub(crate) certificate_file: Option<PathBuf>,
    /// Its key, PKCS #8 in PEM.
    pub(crate) key_file: Option<PathBuf>,
    /// Minutes without a request after which a session is over, 1 to 1440; 30 if not given.
    session_idle_minutes: Option<u32>,
    /// Hours after which a session is over however busy it is, 1 to 168; 12 if not given.
    session_hours: Option<u32>,
}

/// Largest file of a certificate or key: a chain of RSA-4096 certificates fits.
const PEM_BYTES_MAX: u64 = 256 * 1024;

impl Portal {
    /// What HTTPS shows, if it is given.
    pub(crate) fn given(&self) -> anyhow::Result<Option<Server>> {
        let (certificate, key) = match (&self.certificate_file, &self.key_file) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => bail!("[portal] has a certificate_file and no key_file"),
            (None, Some(_)) => bail!("[portal] has a key_file and no certificate_file"),
        };
        let chain = pki::pem::certificates(&pem(certificate)?)
            .with_context(|| format!("{} holds no certificate", certificate.display()))?;
        let mut chain = chain.into_iter();
        let own = chain.next();
        let own = own.with_context(|| format!("{} holds no certificate", certificate.display()))?;
        let key = pki::pem::parse_private_key(&pem(key)?)
            .with_context(|| format!("{} holds no key", key.display()))?;
        if key.public_key() != &own.public_key {
            bail!("the certificate of [portal] is not that of its key");
        }
        let identity = Identity { certificate: own, key: Arc::new(key) };
        Ok(Some(Server { identity, intermediates: chain.collect() }))
    }

    /// How long sessions last.
    pub(crate) fn sessions(&self) -> anyhow::Result<Limits> {
        Limits::of(self.session_idle_minutes, self.session_hours)
            .map_err(|(field, what)| anyhow!("portal.{field} is not taken: {what}"))
    }

    /// As the portal takes it.
    pub(crate) fn settings(&self) -> portal::Settings {
        portal::Settings { hosts: self.hosts.clone() }
    }
}

fn pem(path: &Path) -> anyhow::Result<String> {
    let shown = || format!("{} cannot be read", path.display());
    let length = fs::metadata(path).with_context(shown)?.len();
    if length > PEM_BYTES_MAX {
        bail!("{} is longer than {PEM_BYTES_MAX} bytes", path.display());
    }
    fs::read_to_string(path).with_context(shown)
}

/// Where the organization is kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// A PostgreSQL database, which several servers may share (`postgres://…`, with the password
    /// if it has one); a file in the data directory if not given.
    pub(crate) url: Option<Secret>,
}

/// What secrets are sealed with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Seal {
    /// The master key's file; `master.key` in the data directory if not given.
    pub(crate) master_key_file: Option<PathBuf>,
}

/// Where the server listens.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Listen {
    /// SCEP and downloads.
    pub(crate) http: Vec<SocketAddr>,
    /// The same, and the API.
    pub(crate) https: Vec<SocketAddr>,
    /// RADIUS authentication.
    pub(crate) radius_auth: Vec<SocketAddr>,
    /// RADIUS accounting.
    pub(crate) radius_acct: Vec<SocketAddr>,
    /// Health.
    pub(crate) health: Vec<SocketAddr>,
}

impl Config {
    /// Reads a configuration file, or refuses it with line and field.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let metadata = fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?;
        if metadata.len() > CONFIG_BYTES_MAX {
            bail!("{shown} is longer than {CONFIG_BYTES_MAX} bytes");
        }
        let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
        // The line itself is not shown: it may hold a password.
        let config: Self = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            anyhow!("{shown} is not understood: line {line}: {}", error.message())
        })?;
        config.portal.sessions().with_context(|| format!("{shown} is not understood"))?;
        if let Some(url) = &config.database.url {
            let url = Store::shown_url(url.reveal())
                .with_context(|| format!("{shown}: database.url is not understood"))?;
            let mode = metadata.permissions().mode() & 0o777;
            if url.has_password && mode & 0o077 != 0 {
                bail!(
                    "{shown} holds a password and can be read by others (mode {mode:03o}); run: \
                     chmod 600 '{shown}'"
                );
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn portal(text: &str) -> Portal {
        toml::from_str::<Config>(&format!("[portal]\n{text}")).unwrap().portal
    }

    #[test]
    fn sessions_last_as_the_file_says_within_bounds() {
        assert_eq!(portal("").sessions().unwrap(), Limits::default());
        let limits = portal("session_idle_minutes = 5\nsession_hours = 1").sessions().unwrap();
        assert_eq!(limits, Limits { idle_seconds: 300, absolute_seconds: 3600 });
        for (text, expected) in [
            ("session_idle_minutes = 0", "portal.session_idle_minutes is not taken: 0 is outside"),
            ("session_hours = 169", "portal.session_hours is not taken: 169 is outside 1 to 168"),
        ] {
            let refused = portal(text).sessions().unwrap_err().to_string();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
