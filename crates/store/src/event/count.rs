//! How many events there were, hour by hour: counted where they are committed, so that nobody ever
//! counts rows.

use std::collections::BTreeMap;

use domain::event::Event;
use domain::event::EventKind;
use domain::event::Outcome;
use domain::event::count::Count;
use domain::event::count::Span;
use domain::event::count::Tally;
use domain::refusal::Refusal;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::value::Row;
use crate::value::Value;
use crate::write::Bookkeeping;
use crate::write::CommitError;
use crate::write::Why;
use crate::write::Write;

/// Seconds of an hour.
const HOUR_SECONDS: i64 = 3600;

/// Adds to what was counted before, unless the first event of them is there already: a commit of
/// which nobody knew whether it was made is made again, and counts once.
const ADD: &str = "insert into event_count (hour, kind, outcome, code, lane, events)
    select $1, $2, $3, $4, $5, $6 where not exists (select 1 from visit where id = $7)
    on conflict (hour, kind, outcome, code, lane)
    do update set events = event_count.events + excluded.events";

/// Counts the events of a change: one statement for each hour, kind, outcome and code of them. It
/// is to be before the statements that add them.
pub(super) fn add(mut write: Write, events: &[Event], lane: &str) -> Write {
    let mut counts = BTreeMap::<_, (i64, &Event)>::new();
    for event in events {
        let code = event.refusal.as_ref().map_or("", Refusal::code);
        let hour = event.at.time().0.div_euclid(HOUR_SECONDS);
        let key = (hour, event.kind.as_str(), event.outcome.as_str(), code);
        counts.entry(key).or_insert((0, event)).0 += 1;
    }
    for ((hour, kind, outcome, code), (events, first)) in counts {
        let args = [
            Value::from(hour),
            Value::from(kind),
            Value::from(outcome),
            Value::from(code),
            Value::from(lane),
            Value::from(events),
            Value::from(first.id.to_string()),
        ];
        write = write.execute(ADD, args);
    }
    write
}

/// The lane of counts that no program adds to any more. Programs' own are names drawn by chance,
/// or empty, where one program writes.
const FOLDED: &str = "folded";

/// Hours that stay as they are: programs still add to them.
const FRESH_HOURS: i64 = 2;

/// Most rows that are folded at once: a second of work at most, and one commit.
const FOLDED_AT_ONCE: i64 = 500;

/// What a fold rests on that is not so any more.
const CHANGED: &str = "somebody counted, or folded, at the same time";

/// How far folding has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fold {
    /// There may be more.
    Part,
    /// Every hour that is over has one row for each kind, outcome and code.
    All,
}

/// Makes one row of those that several programs wrote of an hour that is over, a part at a time:
/// each start of a program is one more, and nobody asks which counted what.
pub async fn fold(store: &Store, now: Time) -> Result<Fold, CommitError> {
    let before = now.0.div_euclid(HOUR_SECONDS).saturating_sub(FRESH_HOURS);
    // A file has one program that writes, whose lane is empty.
    let sql = "select hour, kind, outcome, code, lane, events from event_count
         where hour < $1 and lane <> $2 and lane <> '' order by hour, kind, outcome, code, lane
         limit $3";
    let args = [Value::from(before), Value::from(FOLDED), Value::from(FOLDED_AT_ONCE)];
    let rows = store.query(sql, args).await?;
    if rows.is_empty() {
        return Ok(Fold::All);
    }
    let mut sums = BTreeMap::<_, i64>::new();
    let mut write = Write::new();
    for row in &rows {
        let (hour, events) = (row.integer(0)?, row.integer(5)?);
        let key = (hour, row.text(1)?, row.text(2)?, row.text(3)?);
        let sum = sums.entry(key).or_insert(0);
        *sum = sum.saturating_add(events);
        // What was added since it was read is not lost: then it is another number.
        let sql = "delete from event_count where hour = $1 and kind = $2 and outcome = $3
             and code = $4 and lane = $5 and events = $6";
        let args = [
            Value::from(hour),
            Value::from(row.text(1)?),
            Value::from(row.text(2)?),
            Value::from(row.text(3)?),
            Value::from(row.text(4)?),
            Value::from(events),
        ];
        write = write.guard(sql, args, 1, CHANGED);
    }
    for ((hour, kind, outcome, code), events) in sums {
        let sql = "insert into event_count (hour, kind, outcome, code, lane, events)
             values ($1, $2, $3, $4, $5, $6) on conflict (hour, kind, outcome, code, lane)
             do update set events = event_count.events + excluded.events";
        let args = [
            Value::from(hour),
            Value::from(kind),
            Value::from(outcome),
            Value::from(code),
            Value::from(FOLDED),
            Value::from(events),
        ];
        write = write.execute(sql, args);
    }
    write.commit(store, Why::Bookkeeping(Bookkeeping::CountsFolded)).await?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == FOLDED_AT_ONCE);
    Ok(if is_full { Fold::Part } else { Fold::All })
}

/// How many events there were from a moment on, span by span; the first span is counted as a whole.
pub async fn since(store: &Store, from: Time, span: Span) -> Result<Vec<Count>, StoreError> {
    let hours = span.seconds() / HOUR_SECONDS;
    let from = span.start(from).0.div_euclid(HOUR_SECONDS);
    let sql = "select hour / $1 as span, kind, outcome, code, cast(sum(events) as bigint)
         from event_count where hour >= $2 group by span, kind, outcome, code
         order by span, kind, outcome, code";
    let rows = store.query(sql, [Value::from(hours), Value::from(from)]).await?;
    rows.iter().map(|row| count(row, span)).collect()
}

fn count(row: &Row, span: Span) -> Result<Count, StoreError> {
    let wrong = || StoreError::Statement("a count of events cannot be read".to_owned());
    Ok(Count {
        at: Time(row.integer(0)?.saturating_mul(span.seconds())),
        tally: Tally {
            kind: EventKind::parse(row.text(1)?).ok_or_else(wrong)?,
            outcome: Outcome::parse(row.text(2)?).ok_or_else(wrong)?,
            code: row.text(3)?.to_owned(),
            events: u64::try_from(row.integer(4)?).unwrap_or(0),
        },
    })
}

#[cfg(test)]
mod tests;
