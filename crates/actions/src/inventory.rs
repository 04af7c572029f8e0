//! What changes of devices and of people have in common: tables, their answers, their events.

pub(crate) mod told;

use domain::actor::Actor;
use domain::complaint::Complaint;
use domain::device::DeviceId;
use domain::event::Event;
use domain::event::EventKind;
use domain::inventory::merge::Answer;
use domain::inventory::merge::Outcome;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::ToSchema;

use crate::App;
use crate::certificate;
use crate::organization::NotApplied;
use crate::world::Said;

/// Records of one change that have an event each; of more, one event tells, with the names of these.
pub(crate) const EVENTS_MAX: usize = 1000;

/// Rows that are answered by name; of more, it is said how many were left off. Those that are
/// refused come first.
const ANSWERS_MAX: usize = 10_000;

/// Attempts at a change of which somebody else, a device perhaps, changed a record in the meantime.
pub(crate) const ATTEMPTS_MAX: u32 = 4;

/// How a table is imported.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Import {
    /// Only say what would change.
    pub dry_run: bool,
    /// Leave out rows that are wrong, instead of importing nothing.
    pub skip_bad_rows: bool,
    /// Most devices that may lose their use, owner or tags, where it is more than goes without
    /// saying.
    pub confirm: Option<u64>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// Records that are new.
    pub created: u64,
    /// Records that say something else.
    pub changed: u64,
    /// Records that say the same.
    pub unchanged: u64,
    /// Rows that are wrong.
    pub refused: u64,
    /// Devices that lose their use, owner or tags.
    pub taken_from: u64,
    /// Row by row, without those that change nothing.
    pub rows: Vec<Answer>,
    /// Rows that are not told of for want of room.
    pub left_off: u64,
    /// Columns of the table that say nothing here.
    pub ignored_columns: Vec<String>,
}

/// Draws the id of a new record.
pub(crate) fn draw_id(app: &App) -> DeviceId {
    DeviceId(u64::from_be_bytes(app.world.random()).max(1))
}

impl Report {
    /// The report of these answers.
    pub(crate) fn of(answers: Vec<Answer>, taken_from: u64, ignored_columns: Vec<String>) -> Self {
        let mut report = Self { taken_from, ignored_columns, ..Self::default() };
        let mut rows = Vec::new();
        for answer in answers {
            match answer.outcome {
                Outcome::Created => report.created += 1,
                Outcome::Changed => report.changed += 1,
                Outcome::Unchanged => {
                    report.unchanged += 1;
                    continue;
                }
                Outcome::Refused => report.refused += 1,
            }
            rows.push(answer);
        }
        if rows.len() > ANSWERS_MAX {
            rows.sort_by_key(|answer| answer.outcome != Outcome::Refused);
            report.left_off = u64::try_from(rows.len() - ANSWERS_MAX).unwrap_or(0);
            rows.truncate(ANSWERS_MAX);
        }
        report.rows = rows;
        report
    }

    /// The refused rows as complaints, each with its line as the path.
    pub(crate) fn complaints(&self) -> Vec<Complaint> {
        let refused = self.rows.iter().filter(|answer| answer.outcome == Outcome::Refused);
        let of_row = refused.flat_map(|answer| {
            answer.complaints.iter().map(|complaint| {
                let column = &complaint.path;
                let dot = if column.is_empty() { "" } else { "." };
                let path = format!("line[{}]{dot}{column}", answer.line);
                Complaint::new(path, complaint.what.clone(), complaint.fix.clone())
            })
        });
        of_row.collect()
    }
}

/// The events of a change: one for each record, or one for all.
pub(crate) fn events(
    app: &App,
    actor: &Actor,
    noun: &str,
    changes: &[(EventKind, String, Map<String, Value>)],
    report: Option<&Report>,
) -> Vec<Event> {
    let mut events = Vec::new();
    let mut add = |kind: EventKind, object: String, details: Map<String, Value>| {
        let said = Said { actor: actor.name().to_owned(), object, details };
        events.push(app.world.event(kind, None, said));
    };
    let is_short = changes.len() <= EVENTS_MAX;
    if let Some(report) = report {
        let mut details = Map::new();
        details.insert("created".into(), Value::from(report.created));
        details.insert("changed".into(), Value::from(report.changed));
        details.insert("unchanged".into(), Value::from(report.unchanged));
        details.insert("refused".into(), Value::from(report.refused));
        details.insert("taken_from".into(), Value::from(report.taken_from));
        if !is_short {
            let names = changes.iter().take(EVENTS_MAX).map(|(_, name, _)| name.clone());
            details.insert("first".into(), Value::from(names.collect::<Vec<String>>()));
        }
        add(EventKind::InventoryImported, format!("{noun}:*"), details);
    }
    if is_short {
        for (kind, name, details) in changes {
            add(*kind, format!("{noun}:{name}"), details.clone());
        }
    }
    events
}

/// Longest object of a refused change that is recorded, in characters: twice the longest name. It
/// may be no name at all, and the audit is kept.
const OBJECT_CHARS_MAX: usize = 256;

/// Lets the record say that somebody's change was refused.
pub(crate) async fn note<T>(
    app: &App,
    actor: &Actor,
    object: String,
    answer: &Result<T, NotApplied>,
) {
    let Err(not_applied) = answer else { return };
    let refusal = not_applied.refusal();
    let object = object.chars().take(OBJECT_CHARS_MAX).collect();
    let said = Said { actor: actor.name().to_owned(), object, details: Map::new() };
    certificate::refused(app, EventKind::RequestRefused, &refusal, said).await;
}
