//! Decisions: what they rested on, kept once however often it was rested on, and the answers that
//! rested on it, in the order of time.

use domain::condition::facts::Inputs;
use domain::event::Event;
use domain::event::EventKind;
use pki::time::Time;
use uuid::Uuid;

use crate::Store;
use crate::StoreError;
use crate::event;
use crate::value::Value;
use crate::write::Write;

/// Most decisions that one read hands over.
pub const BATCH: usize = 1000;

/// Keeps what a decision rested on.
pub(crate) fn keep(write: Write, inputs: &Inputs, at: Time) -> Write {
    write.execute(
        "insert into decision_input (digest, body, at) values ($1, $2, $3)
         on conflict (digest) do nothing",
        [Value::from(&inputs.digest), Value::from(&inputs.body), Value::from(at)],
    )
}

/// Finds what a decision rested on.
pub async fn find(store: &Store, digest: &str) -> Result<Option<Inputs>, StoreError> {
    let sql = "select digest, body from decision_input where digest = $1";
    let row = store.query_one(sql, [Value::from(digest)]).await?;
    let read = |row: crate::value::Row| {
        Ok(Inputs { digest: row.text(0)?.to_owned(), body: row.text(1)?.to_owned() })
    };
    row.map(read).transpose()
}

/// Decisions about access behind the event `after`, oldest first, each with what it rested on if
/// that is on record: at most [`BATCH`].
pub async fn access_after(
    store: &Store,
    after: Uuid,
) -> Result<Vec<(Event, Option<Inputs>)>, StoreError> {
    let sql = "select visit.id, kind, outcome, actor, object, visit.body, digest,
               decision_input.body
               from visit left join decision_input on digest = inputs
               where kind = $1 and visit.id > $2 order by visit.id limit $3";
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let kind = EventKind::VisitAnswered.as_str();
    let args = [Value::from(kind), Value::from(after.to_string()), Value::from(limit)];
    let rows = store.query(sql, args).await?;
    rows.iter()
        .map(|row| {
            let (digest, body) = (row.text_optional(6)?, row.text_optional(7)?);
            let inputs = digest.zip(body);
            let inputs = inputs
                .map(|(digest, body)| Inputs { digest: digest.to_owned(), body: body.to_owned() });
            Ok((event::event(row)?, inputs))
        })
        .collect()
}
