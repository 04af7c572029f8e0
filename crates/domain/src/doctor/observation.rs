//! What was seen of an organization of late: how requests and visits went, which keys there are and
//! until when, what the inventory has. Gathered by whoever can look, and judged here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use pki::time::Time;
use serde_json::Value;

use crate::event::Event;
use crate::event::EventKind;
use crate::event::Moment;
use crate::former_name::CurrentNames;
use crate::object::Kind;
use crate::refusal::Refusal;
use crate::server_certificate::coverage::Counts;

/// Most requests that are looked at for each gateway and template: what the latest devices send.
pub const REQUESTS_RECENT: usize = 100;

/// Most unknown addresses that are told apart; a scan of the network has any number.
pub const ADDRESSES_MAX: usize = 20;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    /// The key that each authority signs with.
    pub authorities: Vec<SeenAuthority>,
    /// The certificate of each server certificate.
    pub servers: Vec<SeenServer>,
    /// What each network profile trusts.
    pub profiles: Vec<SeenProfile>,
    /// The newest revocation lists.
    pub lists: Vec<SeenList>,
    /// Gateways of which a secret was used once.
    pub used_gateways: BTreeSet<String>,
    /// Requests for certificates, newest first.
    pub requests: Vec<SeenRequest>,
    /// What came from each access point.
    pub access_points: BTreeMap<String, SeenAccessPoint>,
    /// Packets from addresses that are no access point's.
    pub unknown_addresses: BTreeMap<String, u64>,
    /// The moment of the oldest answer that was looked at, if there are older ones.
    pub looked_back_to: Option<Time>,
    /// What the inventory has; none if it could not be read.
    pub inventory: Option<SeenInventory>,
    /// Saved tests that name a device that is not there: the policy, and the device.
    pub lost_tests: Vec<(String, String)>,
}

/// The key that an authority signs with.
#[derive(Clone, Debug)]
pub struct SeenAuthority {
    /// The authority.
    pub name: String,
    /// When its own certificate ends.
    pub not_after: Time,
    /// When the first certificate of its chain ends: nothing below it lives longer.
    pub chain_not_after: Time,
}

/// The certificate of a server certificate.
#[derive(Clone, Debug)]
pub struct SeenServer {
    /// What it is called.
    pub name: String,
    /// The DNS names it carries.
    pub names: Vec<String>,
    /// The root that it leads to.
    pub root: String,
    /// The SHA-256 of each certificate above it.
    pub above: Vec<String>,
    /// When it ends.
    pub not_after: Time,
    /// Why it is not made anew by itself before it ends; none if it is.
    pub stays: Option<String>,
    /// What waits to be shown.
    pub next: Option<SeenNext>,
}

/// What waits to be shown in place of a server certificate.
#[derive(Clone, Debug)]
pub struct SeenNext {
    /// The root that it leads to.
    pub root: String,
    /// The SHA-256 of each certificate above it.
    pub above: Vec<String>,
    /// How devices stand to it.
    pub devices: Counts,
}

/// What a network profile trusts.
#[derive(Clone, Debug)]
pub struct SeenProfile {
    /// What it is called.
    pub name: String,
    /// The SHA-256 of each root.
    pub roots: Vec<String>,
}

/// A revocation list.
#[derive(Clone, Debug)]
pub struct SeenList {
    /// The authority.
    pub authority: String,
    /// When it was made.
    pub this_update: Time,
    /// When it ends.
    pub next_update: Time,
}

/// What the inventory has.
#[derive(Clone, Debug, Default)]
pub struct SeenInventory {
    /// Devices of which more than a request told.
    pub devices: u64,
    /// Those of them of which nothing was told for a week.
    pub stale_devices: u64,
    /// People.
    pub people: u64,
    /// Devices that are lost, wiped or retired and have a certificate that is in use.
    pub lost_devices: u64,
    /// Those certificates.
    pub lost_certificates: u64,
}

/// What came from an access point.
#[derive(Clone, Debug, Default)]
pub struct SeenAccessPoint {
    /// When it was last answered, or told of a session.
    pub heard_at: Option<Moment>,
    /// When a packet with another secret last came.
    pub secret_wrong_at: Option<Moment>,
    /// When a packet last came that was dropped for another reason, and the reason.
    pub dropped: Option<(Moment, Refusal)>,
}

/// A request for a certificate.
#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// The gateway.
    pub gateway: String,
    /// When.
    pub at: Moment,
    /// The template that it came to, if that is known.
    pub template: Option<String>,
    /// The kinds of alternative names that it asked for.
    pub kinds: BTreeSet<String>,
    /// The device renewed with its certificate.
    pub is_renewal: bool,
    /// How many of its values fitted nowhere.
    pub misfits: u64,
    /// How many of the things that it asked for are not in the template.
    pub beyond: u64,
    /// Why it got none.
    pub refusal: Option<Refusal>,
}

impl Observations {
    /// Takes an answer to a device into account. Newer ones come first.
    pub fn note(&mut self, event: &Event) {
        match event.kind {
            EventKind::CertificateIssued => self.requests.extend(request(event)),
            EventKind::VisitAnswered | EventKind::SessionReported => {
                if let Some(name) = event.actor.strip_prefix("access point ") {
                    let seen = self.access_points.entry(name.to_owned()).or_default();
                    seen.heard_at = seen.heard_at.max(Some(event.at));
                }
            }
            EventKind::PacketDropped => self.note_dropped(event),
            EventKind::ObjectCreated
            | EventKind::ObjectChanged
            | EventKind::ObjectRemoved
            | EventKind::RequestRefused
            | EventKind::ApiRefused
            | EventKind::SessionOpened
            | EventKind::SessionEnded
            | EventKind::SessionRefused
            | EventKind::CertificateMade
            | EventKind::AuthorityRenewed
            | EventKind::ServerRenewed
            | EventKind::ServerImported
            | EventKind::ServerSwitched
            | EventKind::ServerDiscarded
            | EventKind::CertificatesSeeded
            | EventKind::CertificateRevoked
            | EventKind::CertificateHeld
            | EventKind::CertificateReleased
            | EventKind::InventoryImported
            | EventKind::JournalOverflowed => {}
        }
    }

    /// Lets what was seen be called what it is called now.
    pub fn bring_up_to_date(&mut self, names: &CurrentNames) {
        for request in &mut self.requests {
            names.bring_up_to_date(Kind::Gateway, &mut request.gateway);
            if let Some(template) = &mut request.template {
                names.bring_up_to_date(Kind::CertificateTemplate, template);
            }
        }
        for (mut name, seen) in core::mem::take(&mut self.access_points) {
            names.bring_up_to_date(Kind::AccessPoint, &mut name);
            let known = self.access_points.entry(name).or_default();
            known.heard_at = known.heard_at.max(seen.heard_at);
            known.secret_wrong_at = known.secret_wrong_at.max(seen.secret_wrong_at);
            let newest = [known.dropped.take(), seen.dropped].into_iter().flatten();
            known.dropped = newest.max_by_key(|(at, _)| *at);
        }
    }

    fn note_dropped(&mut self, event: &Event) {
        let Some(refusal) = &event.refusal else { return };
        if let Refusal::AccessPointUnknown { address } = refusal {
            let packets = event.details.get("packets").and_then(Value::as_u64).unwrap_or(1);
            let is_full = self.unknown_addresses.len() >= ADDRESSES_MAX;
            let named = self.unknown_addresses.contains_key(address) || !is_full;
            let address = if named { address.as_str() } else { "other addresses" };
            let count = self.unknown_addresses.entry(address.to_owned()).or_default();
            *count = count.saturating_add(packets);
        } else if let Refusal::SharedSecretWrong { access_point } = refusal {
            let seen = self.access_points.entry(access_point.clone()).or_default();
            seen.secret_wrong_at = seen.secret_wrong_at.max(Some(event.at));
        } else if let Refusal::MessageAuthenticatorMissing { access_point }
        | Refusal::PacketMalformed { access_point, .. } = refusal
        {
            let seen = self.access_points.entry(access_point.clone()).or_default();
            if seen.dropped.as_ref().is_none_or(|(at, _)| *at < event.at) {
                seen.dropped = Some((event.at, refusal.clone()));
            }
        }
    }

    /// The authority of this name.
    pub(super) fn authority(&self, name: &str) -> Option<&SeenAuthority> {
        self.authorities.iter().find(|seen| seen.name == name)
    }

    /// Whether a network profile trusts one of these certificates; unknown if it was not looked at.
    pub(super) fn trusts(&self, profile: &str, above: &[String]) -> Option<bool> {
        let seen = self.profiles.iter().find(|seen| seen.name == profile)?;
        Some(above.iter().any(|one| seen.roots.contains(one)))
    }

    /// The server certificate of this name.
    pub(super) fn server(&self, name: &str) -> Option<&SeenServer> {
        self.servers.iter().find(|seen| seen.name == name)
    }
}

fn request(event: &Event) -> Option<SeenRequest> {
    let flag = |key: &str| event.details.get(key).and_then(Value::as_bool).unwrap_or(false);
    if flag("again") {
        return None;
    }
    let list = |key: &str| event.details.get(key).and_then(Value::as_array).into_iter().flatten();
    let names = list("asked_names").filter_map(Value::as_str);
    let warnings = list("warnings").filter_map(Value::as_str);
    let misfits = warnings.filter(|warning| warning.ends_with("name and was left out")).count();
    let told = event.details.get("template").and_then(Value::as_str).map(str::to_owned);
    Some(SeenRequest {
        gateway: event.actor.strip_prefix("gateway ")?.to_owned(),
        at: event.at,
        template: told.or_else(|| event.refusal.as_ref().and_then(template_of)),
        kinds: names.filter_map(|name| name.split_once(':')).map(|(it, _)| it.into()).collect(),
        is_renewal: flag("renewed"),
        misfits: u64::try_from(misfits).unwrap_or(u64::MAX),
        beyond: u64::try_from(list("left_out").count()).unwrap_or(u64::MAX),
        refusal: event.refusal.clone(),
    })
}

/// The template that a request came to before it was refused.
fn template_of(refusal: &Refusal) -> Option<String> {
    if let Refusal::VariableEmpty { template, .. }
    | Refusal::KeyNotAllowed { template, .. }
    | Refusal::BeyondTemplate { template, .. } = refusal
    {
        return Some(template.clone());
    }
    None
}
