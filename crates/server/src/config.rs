//! Where the program finds its data and what it may be told: the one place that reads the
//! environment.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::bail;
use clap::Args;
use serde::Deserialize;

/// The data directory if nothing says otherwise.
const DATA_DEFAULT: &str = "safeconduct-data";

/// Largest configuration file, in bytes.
const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

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

    /// Whether there is an organization in the directory.
    pub(crate) fn has_organization(&self) -> anyhow::Result<bool> {
        Ok(store::directory::holds_database(&self.directory()?))
    }

    /// What secrets are sealed with: as the flag says, else as the configuration says.
    pub(crate) fn seal(&self, config: &Config) -> Seal {
        let own = self.master_key.clone();
        Seal { master_key_file: own.or_else(|| config.seal.master_key_file.clone()) }
    }
}

/// What `serve --config FILE` may say; flags go before it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// What secrets are sealed with.
    pub(crate) seal: Seal,
    /// Where the server listens.
    pub(crate) listen: Listen,
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
        let length = fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?.len();
        if length > CONFIG_BYTES_MAX {
            bail!("{shown} is longer than {CONFIG_BYTES_MAX} bytes");
        }
        let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
        let config: Self =
            toml::from_str(&text).with_context(|| format!("{shown} is not understood"))?;
        Ok(config)
    }
}
