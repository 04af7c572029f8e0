//! Visits: a device at an access point, asking to be let in.

use pki::certificate::Serial;
use serde_json::Map;
use serde_json::Value;

use crate::certificate::Standing;

/// A device that proved to hold the key of a certificate, and where it stands.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The number of the certificate.
    pub serial: Serial,
    /// What is known of the certificate.
    pub standing: Standing,
    /// Whom the certificate names.
    pub subject: String,
    /// What is known of the place.
    pub place: Place,
    /// The TLS version, `1.2` or `1.3`.
    pub tls: &'static str,
    /// Whether the device resumed an earlier TLS session instead of proving its key once more.
    pub resumed: bool,
}

/// Where a device stands and how it announced itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place {
    /// The access point.
    pub access_point: String,
    /// The device's address, as the access point wrote it.
    pub calling_station: Option<String>,
    /// The wireless network.
    pub ssid: Option<String>,
    /// The outer identity: what the device calls itself. A hint only.
    pub identity: Option<String>,
}

/// Leave to enter: what the access point is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Admission {
    /// The policy that decided.
    pub policy: String,
    /// The roles that led there.
    pub roles: Vec<String>,
    /// The VLAN, if the policy names one.
    pub vlan: Option<String>,
}

impl Place {
    /// What is known of the place, for the event.
    pub fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        details.insert("access_point".into(), Value::from(self.access_point.clone()));
        let mut known = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                details.insert(key.to_owned(), Value::from(value.clone()));
            }
        };
        known("calling_station", &self.calling_station);
        known("ssid", &self.ssid);
        known("identity", &self.identity);
        details
    }
}
