//! What handshakes rest on, shared by all shards, so that a device resumes with whichever shard
//! it meets.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use actions::rules::Rules;
use eap::settings::Identity;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use pki::time::Time;

/// The settings of now. They are made anew when the server's certificate or an authority of
/// devices changed, and then nothing from before is resumed.
#[derive(Debug, Default)]
pub(crate) struct Handshakes(Mutex<Option<Known>>);

#[derive(Debug)]
struct Known {
    rules: Arc<Rules>,
    basis: Option<Basis>,
    settings: Option<Arc<Settings>>,
}

/// The certificates that settings are made of, DER.
#[derive(Debug, PartialEq, Eq)]
struct Basis {
    chain: Vec<Vec<u8>>,
    anchors: Vec<Vec<u8>>,
}

impl Handshakes {
    /// The settings under these rules; none if no device can be let in.
    pub(crate) fn settings(&self, rules: Arc<Rules>) -> Option<Arc<Settings>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref()
            && Arc::ptr_eq(&known.rules, &rules)
        {
            return known.settings.clone();
        }
        let basis = basis(&rules);
        let settings = match known.take() {
            // Sessions live on: roles and policies are asked again at every login anyway.
            Some(known) if known.basis == basis => known.settings,
            Some(_) | None => basis.as_ref().and_then(|basis| check(&rules, basis)),
        };
        *known = Some(Known { rules, basis, settings: settings.clone() });
        settings
    }

    /// Drops sessions that are too old to be resumed.
    pub(crate) fn sweep(&self, now: Time) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = known.as_ref().and_then(|known| known.settings.as_ref()) {
            settings.sessions().sweep(now);
        }
    }
}

fn basis(rules: &Rules) -> Option<Basis> {
    let server = rules.server()?;
    let mut chain = vec![server.identity.certificate.der.clone()];
    chain.extend(server.intermediates.iter().map(|certificate| certificate.der.clone()));
    let anchors = rules.anchors().map(|(_, certificate)| certificate.der.clone()).collect();
    Some(Basis { chain, anchors })
}

fn check(rules: &Rules, basis: &Basis) -> Option<Arc<Settings>> {
    let key = rules.server()?.identity.key.to_pkcs8();
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
