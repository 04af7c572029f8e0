//! Every metric: its name, what kind it is, and what it says.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::MetricEncoder;
use prometheus_client::metrics::MetricType;

/// What is told under one name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    /// Its name, without the program's before it and the ending of counters.
    pub(super) name: &'static str,
    /// What kind it is.
    pub(super) kind: Kind,
    /// What it says.
    pub(super) help: &'static str,
}

/// What kind of metric something is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Only goes up, and begins anew with the program.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

impl Metric {
    /// Begins to write it.
    pub(super) fn begin<'a>(
        &'a self,
        encoder: &'a mut DescriptorEncoder<'_>,
    ) -> Result<MetricEncoder<'a>, fmt::Error> {
        let kind = match self.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        encoder.encode_descriptor(self.name, self.help, None, kind)
    }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help }
}

pub(super) const BUILD_INFO: Metric = gauge("build_info", "The version that runs, always 1");

pub(super) const START: Metric =
    gauge("start_timestamp_seconds", "When the server started, in seconds since 1970");

pub(super) const LOGINS: Metric =
    counter("logins", "Answers to devices at access points, by outcome and code");

pub(super) const LOGIN_DURATION: Metric = histogram(
    "login_duration_seconds",
    "From the first packet of a handshake to the last one of the device",
);

pub(super) const DROPPED: Metric =
    counter("radius_dropped", "RADIUS packets that got no answer, by code");

pub(super) const CONVERSATIONS: Metric =
    gauge("radius_conversations", "Handshakes that are under way");

pub(super) const ENROLLMENTS: Metric =
    counter("enrollments", "Answers to requests for certificates, by outcome and code");

pub(super) const ENROLLMENT_DURATION: Metric = histogram(
    "enrollment_duration_seconds",
    "From a request for a certificate that was read to its answer",
);

pub(super) const REQUESTS: Metric =
    counter("http_requests", "HTTP requests, by door, method and class of the status");

pub(super) const REQUEST_DURATION: Metric =
    histogram("http_request_duration_seconds", "From an HTTP request to its answer, by door");

pub(super) const REFUSALS: Metric = counter("api_refusals", "What the API said no to, by code");

pub(super) const WRITER: Metric =
    gauge("store_writer", "Whether changes can be made: 1 for the state of now");

pub(super) const JOURNAL_WAITING: Metric =
    gauge("journal_waiting", "Answers to devices that wait for the database");

pub(super) const JOURNAL_LOST: Metric =
    counter("journal_lost", "Answers to devices that are not on record");

pub(super) const SIGNER_WAITING: Metric =
    gauge("signer_waiting", "Signatures that wait for a key of an authority");

pub(super) const CERTIFICATES: Metric =
    gauge("certificates", "Certificates that memory knows, by status");

pub(super) const NOT_AFTER: Metric = gauge(
    "certificate_not_after_timestamp_seconds",
    "When a certificate of the organization's own ends, in seconds since 1970",
);

pub(super) const NEXT_UPDATE: Metric = gauge(
    "revocation_list_next_update_timestamp_seconds",
    "Until when a revocation list is good, in seconds since 1970",
);

pub(super) const DEVICES: Metric = gauge("inventory_devices", "Devices of the inventory");

pub(super) const PEOPLE: Metric = gauge("inventory_people", "People of the inventory");

pub(super) const INVENTORY_TOLD: Metric = gauge(
    "inventory_told_timestamp_seconds",
    "When something was last told of any device, in seconds since 1970",
);

pub(super) const AUDIT_ROWS: Metric = gauge("audit_rows", "Rows of the audit");

pub(super) const AUDIT_SIGNED: Metric =
    gauge("audit_signed_rows", "The row that the newest checkpoint of the audit is of");

pub(super) const AUDIT_BROKEN: Metric =
    gauge("audit_broken", "1 if rows of the audit do not continue what was signed");

#[cfg(test)]
pub(super) const ALL: [Metric; 24] = [
    BUILD_INFO,
    START,
    LOGINS,
    LOGIN_DURATION,
    DROPPED,
    CONVERSATIONS,
    ENROLLMENTS,
    ENROLLMENT_DURATION,
    REQUESTS,
    REQUEST_DURATION,
    REFUSALS,
    WRITER,
    JOURNAL_WAITING,
    JOURNAL_LOST,
    SIGNER_WAITING,
    CERTIFICATES,
    NOT_AFTER,
    NEXT_UPDATE,
    DEVICES,
    PEOPLE,
    INVENTORY_TOLD,
    AUDIT_ROWS,
    AUDIT_SIGNED,
    AUDIT_BROKEN,
];
