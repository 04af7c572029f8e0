//! The judge: asked by the TLS verifier once key and chain are proved, so that a device that may
//! not enter is told so in TLS; it remembers the reason for our own events.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use actions::snapshot::Snapshot;
use domain::refusal::Refusal;
use eap::verdict::Alert;
use eap::verdict::Verdict;
use pki::certificate::Certificate;
use pki::time::Time;

/// Judges the certificate of one conversation.
#[derive(Debug)]
pub(crate) struct Judge {
    snapshot: Arc<Snapshot>,
    refusal: Mutex<Option<Refusal>>,
}

impl Judge {
    /// A judge who has not been asked.
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot, refusal: Mutex::new(None) }
    }

    /// Why the certificate was refused, if it was the judge who refused it.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Verdict for Judge {
    fn verdict(&self, leaf: &[u8], now: Time) -> Result<(), Alert> {
        let judged = Certificate::parse(leaf)
            .map_err(|error| Refusal::CertificateMalformed { what: error.to_string() })
            .and_then(|certificate| actions::visit::stand(&self.snapshot, &certificate, now));
        let answer = judged.as_ref().map(|_| ()).map_err(alert);
        // The last word counts: who may not resume may have a better certificate to show.
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = judged.err();
        answer
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "every other no is about the bearer")]
fn alert(refusal: &Refusal) -> Alert {
    match refusal {
        Refusal::CertificateRevoked { .. }
        | Refusal::CertificateHeld { .. }
        | Refusal::AuthorityRevoked { .. } => Alert::CertificateRevoked,
        Refusal::CertificateExpired { .. } | Refusal::CertificateNotYetValid { .. } => {
            Alert::CertificateExpired
        }
        Refusal::CertificateUnknown { .. } => Alert::CertificateUnknown,
        Refusal::CertificateMalformed { .. } => Alert::BadCertificate,
        _ => Alert::AccessDenied,
    }
}
