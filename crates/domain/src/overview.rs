//! How an organization fares, in figures: who asked and how it came out, why not, which
//! certificates end when, and how old the authorities are.

pub mod expiry;

use std::collections::BTreeMap;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::doctor::Finding;
use crate::event::EventKind;
use crate::event::Outcome;
use crate::event::count::Count;
use crate::event::count::Span;
use crate::overview::expiry::Certificates;
use crate::refusal::title;

/// Hours that are told one by one.
pub const HOURS: i64 = 24;

/// Days that are told one by one.
pub const DAYS: i64 = 30;

/// Most reasons that are told one by one, the most frequent; there are fewer than a hundred.
pub const REASONS_MAX: usize = 100;

/// How an organization fares. What whoever asks may not see is null.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
pub struct Overview {
    /// When (RFC 3339, UTC).
    pub at: String,
    /// What is wrong, the gravest first.
    pub findings: Option<Vec<Finding>>,
    /// Who asked of late.
    pub activity: Option<Activity>,
    /// The certificates of devices that are in use.
    pub certificates: Option<Certificates>,
    /// The authorities, each behind the one above it.
    pub authorities: Option<Vec<Authority>>,
}

/// Who asked of late, and how it came out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Activity {
    /// Hour by hour, the last 24.
    pub day: Stretch,
    /// Day by day, the last 30.
    pub month: Stretch,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Stretch {
    /// What is told one by one.
    pub span: Span,
    /// When it begins (RFC 3339, UTC).
    pub from: String,
    /// Devices that wanted to join, one by one from its beginning, the last still under way.
    pub authentications: Vec<Bar>,
    /// Devices that wanted a certificate, likewise.
    pub enrollments: Vec<Bar>,
    /// Why the answer was no, the most frequent first.
    pub refusals: Vec<Reason>,
}

/// Answers of one hour or one day.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Bar {
    /// When it begins (RFC 3339, UTC).
    pub at: String,
    /// Answered with yes.
    pub accepted: u64,
    /// Answered with no.
    pub refused: u64,
}

/// How often there was a reason for a no.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = ReasonCount)]
pub struct Reason {
    /// Its stable code.
    pub code: String,
    /// The kind of the events that have it.
    pub kind: String,
    /// What it means.
    pub title: String,
    /// How many events have it.
    pub events: u64,
    /// The filter of a list of events that finds them.
    pub filter: String,
}

/// An authority, and how much of its life is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = AuthorityLife)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// The authority above it.
    pub issuer: Option<String>,
    /// How many authorities are above it.
    pub depth: u32,
    /// Whether it issues nothing more.
    pub disabled: bool,
    /// When the life of its present key began (RFC 3339, UTC).
    pub not_before: String,
    /// When it ends.
    pub not_after: String,
    /// How much of it is over, in percent.
    pub over_percent: u8,
    /// How many certificates of devices that it signed are in use; null if that may not be seen.
    pub in_use: Option<u64>,
}

/// What is known of an authority.
#[derive(Clone, Debug)]
pub struct SeenAuthority {
    /// Its name.
    pub name: String,
    /// The authority above it.
    pub issuer: Option<String>,
    /// Whether it issues nothing more.
    pub disabled: bool,
    /// When the life of its present key began, and when it ends.
    pub life: (Time, Time),
    /// How many certificates that it signed are in use.
    pub in_use: Option<u64>,
}

impl Stretch {
    /// Since when events are to be counted for the stretch up to now.
    pub fn from(span: Span, now: Time) -> Time {
        let before = match span {
            Span::Hour => HOURS - 1,
            Span::Day => DAYS - 1,
        };
        Time(span.start(now).0.saturating_sub(before * span.seconds()))
    }

    /// Puts what was counted together.
    pub fn of(counts: &[Count], span: Span, now: Time) -> Self {
        let from = Self::from(span, now);
        let bars = |kind: EventKind| {
            let mut bars = Vec::new();
            let mut at = from;
            while at <= now {
                let of_bar = counts.iter().filter(|it| it.at == at && it.tally.kind == kind);
                let sum = |outcome: Outcome| {
                    let same = of_bar.clone().filter(|it| it.tally.outcome == outcome);
                    same.map(|it| it.tally.events).fold(0, u64::saturating_add)
                };
                let (accepted, refused) = (sum(Outcome::Accepted), sum(Outcome::Refused));
                bars.push(Bar { at: at.to_rfc3339(), accepted, refused });
                at = at.plus_seconds(span.seconds());
            }
            bars
        };
        Self {
            span,
            from: from.to_rfc3339(),
            authentications: bars(EventKind::VisitAnswered),
            enrollments: bars(EventKind::CertificateIssued),
            refusals: reasons(counts, from),
        }
    }
}

fn reasons(counts: &[Count], from: Time) -> Vec<Reason> {
    let mut by_code = BTreeMap::<(&str, &str), u64>::new();
    let refused = counts.iter().filter(|it| it.tally.outcome == Outcome::Refused && it.at >= from);
    for Count { tally, .. } in refused {
        // One code may have been the answer to a login and to a request for a certificate.
        let key = (tally.code.as_str(), tally.kind.as_str());
        let events = by_code.entry(key).or_default();
        *events = events.saturating_add(tally.events);
    }
    let mut reasons: Vec<Reason> = by_code
        .into_iter()
        .map(|((code, kind), events)| Reason {
            code: code.to_owned(),
            kind: kind.to_owned(),
            title: title::title(code).unwrap_or(code).to_owned(),
            events,
            filter: format!("code:{code} kind:{kind} since:{}", from.to_rfc3339()),
        })
        .collect();
    reasons.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.code.cmp(&b.code)));
    reasons.truncate(REASONS_MAX);
    reasons
}

impl Authority {
    /// The authorities as a tree: each behind the one above it, in the order in which they were
    /// defined otherwise.
    pub fn tree(seen: &[SeenAuthority], now: Time) -> Vec<Self> {
        let mut tree = Vec::with_capacity(seen.len());
        let is_root = |one: &&SeenAuthority| {
            let issuer = one.issuer.as_deref();
            issuer.is_none_or(|issuer| !seen.iter().any(|other| other.name == issuer))
        };
        // Depth first, so that a child follows its parent; who is in a circle is left out, and
        // none is saved.
        let mut waiting: Vec<(&SeenAuthority, u32)> =
            seen.iter().rev().filter(is_root).map(|root| (root, 0)).collect();
        while let Some((one, depth)) = waiting.pop() {
            tree.push(Self::of(one, depth, now));
            let below = seen.iter().rev().filter(|it| it.issuer.as_deref() == Some(&one.name));
            waiting.extend(below.map(|below| (below, depth.saturating_add(1))));
        }
        tree
    }

    fn of(seen: &SeenAuthority, depth: u32, now: Time) -> Self {
        let (start, end) = seen.life;
        Self {
            name: seen.name.clone(),
            issuer: seen.issuer.clone(),
            depth,
            disabled: seen.disabled,
            not_before: start.to_rfc3339(),
            not_after: end.to_rfc3339(),
            over_percent: over_percent(seen.life, now),
            in_use: seen.in_use,
        }
    }
}

/// How much of a life is over, in percent.
pub fn over_percent((start, end): (Time, Time), now: Time) -> u8 {
    let whole = end.0.saturating_sub(start.0).max(1);
    let over = now.0.saturating_sub(start.0).clamp(0, whole);
    u8::try_from(over.saturating_mul(100) / whole).unwrap_or(100)
}

#[cfg(test)]
mod tests;
