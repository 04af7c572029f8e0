//! Visits: a device at an access point, asking to be let in.

use core::time::Duration;
use std::collections::BTreeMap;

use pki::certificate::Certificate;
use serde_json::Map;
use serde_json::Value;

use crate::certificate::Standing;
use crate::condition::facts::NetworkFacts;

/// A device that proved to hold the key of a certificate, and where it stands.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The certificate that it showed.
    pub certificate: Certificate,
    /// What is known of the certificate.
    pub standing: Standing,
    /// What is known of the place.
    pub place: Place,
    /// The TLS version, `1.2` or `1.3`.
    pub tls: &'static str,
    /// Whether the device resumed an earlier TLS session instead of proving its key once more.
    pub resumed: bool,
    /// Messages that it took to come here.
    pub rounds: u32,
    /// How long it took, from the device's first message of the handshake.
    pub took: Duration,
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
    /// The radio's address, as the access point wrote it.
    pub bssid: Option<String>,
    /// The kind of port, such as `Wireless-802.11`.
    pub nas_port_type: Option<String>,
    /// The address that the access point gave as its own.
    pub address: Option<String>,
    /// The outer identity: what the device calls itself. A hint only.
    pub identity: Option<String>,
    /// The attributes of the request that some rule looks at, by name.
    pub attributes: BTreeMap<String, Vec<String>>,
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
    /// What policies can look at.
    pub fn facts(&self, tls: Option<&str>) -> NetworkFacts {
        NetworkFacts {
            access_point: self.access_point.clone(),
            ssid: self.ssid.clone(),
            bssid: self.bssid.clone(),
            nas_port_type: self.nas_port_type.clone(),
            mac: self.calling_station.clone(),
            address: self.address.clone(),
            identity: self.identity.clone(),
            tls: tls.map(str::to_owned),
            attributes: self.attributes.clone(),
        }
    }

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
