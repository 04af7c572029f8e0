//! Events: every change and every answer, with its reason.

pub mod count;
pub mod following;
pub mod listing;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::condition::facts::Inputs;
use crate::refusal::Reason;
use crate::refusal::Refusal;

/// A moment with milliseconds since 1970: what orders events.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Moment(pub i64);

impl Moment {
    /// Whole seconds of it.
    pub fn time(self) -> Time {
        Time(self.0.div_euclid(1000))
    }
}

/// Which log an event belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Log {
    /// Administrators' changes: chained by hashes and kept.
    Audit,
    /// Devices' answers: aged out by configuration.
    Visit,
}

/// How it came out.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = EventOutcome)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Done, issued or accepted.
    Accepted,
    /// Answered with no.
    Refused,
}

/// What happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EventKind {
    /// An object was made.
    ObjectCreated,
    /// An object was changed.
    ObjectChanged,
    /// An object was removed.
    ObjectRemoved,
    /// Many devices or people were told of at once.
    InventoryImported,
    /// An administrator's request was refused.
    RequestRefused,
    /// Somebody was not let in at the API.
    ApiRefused,
    /// An administrator signed in.
    SessionOpened,
    /// An administrator signed out, or sessions of theirs were ended.
    SessionEnded,
    /// Somebody did not get in with a password.
    SessionRefused,
    /// A device asked for a certificate.
    CertificateIssued,
    /// A certificate of the organization's own was made.
    CertificateMade,
    /// An authority got a new key and certificate.
    AuthorityRenewed,
    /// A server certificate got a new key and certificate.
    ServerRenewed,
    /// A certificate from elsewhere became one of a server certificate's.
    ServerImported,
    /// Devices are shown another certificate of a server certificate's.
    ServerSwitched,
    /// What waited to be shown was dropped.
    ServerDiscarded,
    /// Certificates to measure with were made.
    CertificatesSeeded,
    /// A certificate was revoked.
    CertificateRevoked,
    /// A certificate was put on hold.
    CertificateHeld,
    /// A certificate was taken off hold.
    CertificateReleased,
    /// A device asked for access.
    VisitAnswered,
    /// An access point told how a device's session goes.
    SessionReported,
    /// A packet was dropped.
    PacketDropped,
    /// More answers at once than the journal holds; so many are not recorded.
    JournalOverflowed,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Names it; ordered by time.
    pub id: Uuid,
    /// When.
    pub at: Moment,
    /// What happened.
    pub kind: EventKind,
    /// How it came out.
    pub outcome: Outcome,
    /// Who did or asked it.
    pub actor: String,
    /// To what, as `kind:name`.
    pub object: String,
    /// Why not.
    pub refusal: Option<Refusal>,
    /// What else is known.
    pub details: Map<String, Value>,
    /// What a decision of the policies rested on, while it is not kept yet; its digest is among the
    /// details for good.
    pub inputs: Option<Inputs>,
}

/// An event as people and programs see it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct Shown {
    /// Names it.
    pub id: Uuid,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// What happened.
    pub kind: String,
    /// How it came out.
    pub outcome: Outcome,
    /// Who did or asked it.
    pub actor: String,
    /// To what, as `kind:name`.
    pub object: String,
    /// Why not.
    pub reason: Option<Reason>,
    /// What else is known.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 2] = [Self::Accepted, Self::Refused];

    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
        }
    }

    /// Reads what [`Outcome::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::ObjectCreated,
        Self::ObjectChanged,
        Self::ObjectRemoved,
        Self::InventoryImported,
        Self::RequestRefused,
        Self::ApiRefused,
        Self::SessionOpened,
        Self::SessionEnded,
        Self::SessionRefused,
        Self::CertificateIssued,
        Self::CertificateMade,
        Self::AuthorityRenewed,
        Self::ServerRenewed,
        Self::ServerImported,
        Self::ServerSwitched,
        Self::ServerDiscarded,
        Self::CertificatesSeeded,
        Self::CertificateRevoked,
        Self::CertificateHeld,
        Self::CertificateReleased,
        Self::VisitAnswered,
        Self::SessionReported,
        Self::PacketDropped,
        Self::JournalOverflowed,
    ];

    /// As written in tables and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ObjectCreated => "object.created",
            Self::ObjectChanged => "object.changed",
            Self::ObjectRemoved => "object.removed",
            Self::InventoryImported => "inventory.imported",
            Self::RequestRefused => "request.refused",
            Self::ApiRefused => "api.refused",
            Self::SessionOpened => "session.opened",
            Self::SessionEnded => "session.ended",
            Self::SessionRefused => "session.refused",
            Self::CertificateIssued => "certificate.enrollment",
            Self::CertificateMade => "certificate.made",
            Self::AuthorityRenewed => "authority.renewed",
            Self::ServerRenewed => "server.renewed",
            Self::ServerImported => "server.imported",
            Self::ServerSwitched => "server.switched",
            Self::ServerDiscarded => "server.discarded",
            Self::CertificatesSeeded => "certificate.seeded",
            Self::CertificateRevoked => "certificate.revoked",
            Self::CertificateHeld => "certificate.held",
            Self::CertificateReleased => "certificate.released",
            Self::VisitAnswered => "network.access",
            Self::SessionReported => "network.session",
            Self::PacketDropped => "radius.dropped",
            Self::JournalOverflowed => "journal.overflowed",
        }
    }

    /// Reads what [`EventKind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Which log it belongs to.
    pub fn log(self) -> Log {
        match self {
            Self::ObjectCreated
            | Self::ObjectChanged
            | Self::ObjectRemoved
            | Self::InventoryImported
            | Self::RequestRefused
            | Self::SessionOpened
            | Self::SessionEnded
            | Self::CertificateMade
            | Self::AuthorityRenewed
            | Self::ServerRenewed
            | Self::ServerImported
            | Self::ServerSwitched
            | Self::ServerDiscarded
            | Self::CertificatesSeeded
            | Self::CertificateRevoked
            | Self::CertificateHeld
            | Self::CertificateReleased => Log::Audit,
            Self::ApiRefused
            | Self::SessionRefused
            | Self::CertificateIssued
            | Self::VisitAnswered
            | Self::SessionReported
            | Self::PacketDropped
            | Self::JournalOverflowed => Log::Visit,
        }
    }
}

impl Event {
    /// Lets it tell what a decision of the policies rested on.
    #[must_use]
    pub fn resting_on(mut self, inputs: Option<Inputs>) -> Self {
        if let Some(inputs) = &inputs {
            self.details.insert("inputs".into(), Value::from(inputs.digest.clone()));
        }
        self.inputs = inputs;
        self
    }

    /// The event, as people and programs see it.
    pub fn shown(&self) -> Shown {
        let millis = self.at.0.rem_euclid(1000);
        let seconds = self.at.time().to_rfc3339();
        Shown {
            id: self.id,
            at: format!("{}.{millis:03}Z", seconds.trim_end_matches('Z')),
            kind: self.kind.as_str().to_owned(),
            outcome: self.outcome,
            actor: self.actor.clone(),
            object: self.object.clone(),
            reason: self.refusal.as_ref().map(Refusal::reason),
            details: self.details.clone(),
        }
    }

    /// Makes the id of an event at a moment: a UUID of version 7, so that ids order by time.
    pub fn id_at(at: Moment, random: [u8; 10]) -> Uuid {
        let millis = u64::try_from(at.0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_shows_its_moment_and_its_reason() {
        let event = Event {
            id: Event::id_at(Moment(1_795_000_000_123), [7; 10]),
            at: Moment(1_795_000_000_123),
            kind: EventKind::VisitAnswered,
            outcome: Outcome::Refused,
            actor: "access point Loopback".into(),
            object: "certificate:0A".into(),
            refusal: Some(Refusal::CertificateMissing),
            details: Map::new(),
            inputs: None,
        };
        let shown = event.shown();
        assert!(shown.at.ends_with(".123Z"), "{}", shown.at);
        assert_eq!(shown.reason.unwrap().code, "TLS-NO-CERTIFICATE");
    }

    #[test]
    fn ids_order_by_time() {
        assert!(Event::id_at(Moment(1), [255; 10]) < Event::id_at(Moment(2), [0; 10]));
    }

    #[test]
    fn kinds_read_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
    }
}
