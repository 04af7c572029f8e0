//! What handshakes rest on, shared by all shards, so that a device resumes with whichever shard
//! it meets.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use actions::rules::Rules;
use actions::rules::Server;
use eap::settings::Identity;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use pki::time::Time;

/// The settings of now, those of each server certificate apart. They are made anew when the
/// certificate or an authority of devices changed, and then nothing from before is resumed. A
/// session is resumed only where the certificate is shown that it began under: nowhere else is it
/// known. Conversations under way keep the settings that they began with.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    rules: Arc<Rules>,
    /// By the name of the server certificate.
    servers: HashMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    basis: Basis,
    settings: Option<Arc<Settings>>,
}

/// The certificates that settings are made of, DER.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    chain: Vec<Vec<u8>>,
    anchors: Vec<Vec<u8>>,
}

impl Handshakes {
    /// The settings under these rules in the network of this SSID, or on a cable; none if no device
    /// can be let in.
    pub(crate) fn settings(
        &self,
        rules: &Arc<Rules>,
        (ssid, is_wired): (Option<&str>, bool),
    ) -> Option<Arc<Settings>> {
        let name = rules.shown_in(ssid, is_wired)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.as_mut() {
            Some(known) if Arc::ptr_eq(&known.rules, rules) => {}
            // Sessions live on: roles and policies are asked again at every login anyway.
            Some(known) => known.follow(rules),
            None => *known = Some(Known { rules: Arc::clone(rules), servers: HashMap::new() }),
        }
        let known = known.as_mut()?;
        if let Some(entry) = known.servers.get(name) {
            return entry.settings.clone();
        }
        let server = rules.server_of(name)?;
        let basis = basis(rules, server);
        let settings = check(server, &basis);
        known.servers.insert(name.to_owned(), Entry { basis, settings: settings.clone() });
        settings
    }

    /// Drops sessions that are too old to be resumed.
    pub(crate) fn sweep(&self, now: Time) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let servers = known.iter().flat_map(|known| known.servers.values());
        for settings in servers.filter_map(|entry| entry.settings.as_ref()) {
            settings.sessions().sweep(now);
        }
    }
}

impl Known {
    /// Goes over to other rules: what rests on the same certificates as before stays.
    fn follow(&mut self, rules: &Arc<Rules>) {
        self.rules = Arc::clone(rules);
        self.servers.retain(|name, entry| {
            rules.server_of(name).is_some_and(|server| basis(rules, server) == entry.basis)
        });
    }
}

fn basis(rules: &Rules, server: &Server) -> Basis {
    let mut chain = vec![server.identity.certificate.der.clone()];
    chain.extend(server.intermediates.iter().map(|certificate| certificate.der.clone()));
    let anchors = rules.anchors().map(|(_, certificate)| certificate.der.clone()).collect();
    Basis { chain, anchors }
}

fn check(server: &Server, basis: &Basis) -> Option<Arc<Settings>> {
    let key = server.identity.key.to_pkcs8();
    let checked = Identity::parse(&basis.chain, &key).and_then(|identity| {
        Settings::check(&identity, &basis.anchors, TlsVersion::Tls12, TlsVersion::Tls13)
    });
    match checked {
        Ok(settings) => Some(Arc::new(settings)),
        Err(error) => {
            tracing::error!(%error, "no device can be let in");
            None
        }
    }
}
