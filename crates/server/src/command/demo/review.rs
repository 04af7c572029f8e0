//! How it went for one device of the demo.

use device::network::Outcome;
use domain::refusal::Reason;
use eap::peer::PeerFailure;
use serde::Serialize;

use super::cast::Actor;
use super::cast::Fate;

/// How it went for one device.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Review {
    pub(crate) name: String,
    pub(crate) enrolled: bool,
    authenticated: Option<bool>,
    tls: Option<String>,
    vlan: Option<String>,
    pub(crate) reason: Option<Reason>,
    #[serde(skip)]
    refused_server: bool,
    #[serde(skip)]
    pub(crate) as_told: bool,
}

impl Review {
    /// One of a device that has done nothing yet.
    pub(crate) fn of(actor: &Actor) -> Self {
        Self {
            name: actor.name.clone(),
            enrolled: false,
            authenticated: None,
            tls: None,
            vlan: None,
            reason: None,
            refused_server: false,
            as_told: false,
        }
    }

    /// It has tried to join.
    pub(crate) fn joined(&mut self, outcome: &Outcome, reason: Option<Reason>) {
        self.authenticated = Some(outcome.accepted);
        self.tls = outcome.tls_version.map(|version| version.to_string());
        self.vlan = outcome.vlan.clone();
        self.reason = reason;
        self.refused_server = matches!(outcome.failure, Some(PeerFailure::ServerRefused(_)));
    }

    /// Whether it went for this device as it was to go.
    pub(crate) fn judge(&mut self, actor: &Actor) {
        let code = self.reason.as_ref().map(|reason| reason.code.as_str());
        let is_out = self.enrolled && self.authenticated == Some(false);
        self.as_told = code == actor.fate.code()
            && match actor.fate {
                Fate::Accepted(vlan) => {
                    self.authenticated == Some(true) && self.vlan.as_deref() == Some(vlan)
                }
                Fate::WrongChallenge => !self.enrolled && self.authenticated.is_none(),
                Fate::NoNetworkPolicy | Fate::Revoked => is_out && !self.refused_server,
                Fate::OtherServer => is_out && self.refused_server,
            };
    }

    /// Its row in the table.
    pub(crate) fn row(&self) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let access = match self.authenticated {
            None => "-",
            Some(true) => "accepted",
            Some(false) if self.refused_server => "server refused",
            Some(false) => "refused",
        };
        let enrolled = if self.enrolled { "yes" } else { "refused" };
        let reason = self.reason.as_ref().map(|reason| reason.code.clone());
        vec![
            self.name.clone(),
            enrolled.to_owned(),
            access.to_owned(),
            text(&self.tls),
            text(&self.vlan),
            reason.unwrap_or_default(),
        ]
    }
}
