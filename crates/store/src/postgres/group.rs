//! One group of changes in one transaction.

use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio_postgres::{Client, Error, Statement};

use super::connection::{Connection, arguments};
use super::{failure, reader};
use crate::StoreError;
use crate::audit::{self, AuditKey, Chain};
use crate::value::Value;
use crate::write::{CommitError, Conflict, EventRow, Guard, Write};

/// Takes the end of the audit for this transaction: whoever else wants to add to it waits, so
/// that the writers of several servers make one chain.
pub(super) const LOCK_HEAD: &str = "select value from meta where key = 'audit_head' for update";

/// Reads the last row of the audit.
pub(super) const LAST_LINK: &str =
    "select sequence, hash from audit order by sequence desc limit 1";

/// Keeps in mind that the audit does not end as it was left.
pub(super) const NOTE_BROKEN: &str =
    "insert into meta (key, value) values ('audit_broken', $1) on conflict (key) do nothing";

const SAVE_HEAD: &str = "insert into meta (key, value) values ('audit_head', $1)
    on conflict (key) do update set value = excluded.value";

const ANNOUNCE: &str = "select pg_notify('safeconduct', $1)";

/// Statements sent before the first answer is awaited: enough to hide the way, and few enough
/// that neither side's buffers fill.
const PIPELINE_MAX: usize = 256;

/// How long a commit may take before nobody knows what became of it.
const COMMIT_PATIENCE: Duration = Duration::from_secs(30);

/// A change that waits.
pub(super) type Change = (Write, Vec<EventRow>);

/// What became of one change.
pub(super) type Outcome = Result<(), CommitError>;

/// What a group is written with.
pub(super) struct Desk<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) audit_key: &'a AuditKey,
    /// Names this store in announcements.
    pub(super) here: &'a str,
}

/// One statement, ready to be sent.
struct Step<'a> {
    statement: Statement,
    args: Cow<'a, [Value]>,
    guard: Option<&'a Guard>,
}

/// A change whose statements are prepared.
struct Prepared<'a> {
    steps: Vec<Step<'a>>,
    events: &'a [EventRow],
    announcements: Vec<Step<'a>>,
}

/// Statements that the engine itself needs.
struct Own {
    insert: Statement,
    save_head: Statement,
}

impl Desk<'_> {
    /// Commits a group. The inner results are of single changes; an error is everyone's, and says
    /// [`StoreError::Unconfirmed`] if the group may have been made all the same.
    pub(super) async fn commit(&mut self, group: &[Change]) -> Result<Vec<Outcome>, StoreError> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(group.len());
        let mut prepared = Vec::with_capacity(group.len());
        for change in group {
            match self.prepare(change).await {
                Ok(ready) => {
                    prepared.push(ready);
                    outcomes.push(Ok(()));
                }
                Err(why) if failure::concerns_all(&why) => return Err(why),
                Err(why) => outcomes.push(Err(why.into())),
            }
        }
        let own = self.own().await?;
        let results = self.commit_prepared(&prepared, &own).await?;
        let mut results = results.into_iter();
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
            *outcome = results.next().unwrap_or(Err(StoreError::Closed.into()));
        }
        Ok(outcomes)
    }

    async fn own(&mut self) -> Result<Own, StoreError> {
        // Of the arguments only their number matters here.
        let blank = |count| vec![Value::Null; count];
        let insert = self.connection.prepare(audit::INSERT, &blank(audit::INSERT_ARGS)).await?;
        let save_head = self.connection.prepare(SAVE_HEAD, &blank(1)).await?;
        Ok(Own { insert, save_head })
    }

    async fn prepare<'a>(&mut self, change: &'a Change) -> Result<Prepared<'a>, StoreError> {
        let (write, events) = change;
        let mut steps = Vec::with_capacity(write.statements.len());
        for statement in &write.statements {
            let verb = check_verb(&statement.sql)?;
            // What a guard finds stays so until the commit, whoever else writes.
            let sql = match (verb, &statement.guard) {
                ("select", Some(_)) => Cow::Owned(format!("{} for share", statement.sql)),
                (_, Some(_) | None) => Cow::Borrowed(statement.sql.as_ref()),
            };
            steps.push(Step {
                statement: self.connection.prepare(&sql, &statement.args).await?,
                args: Cow::Borrowed(&statement.args),
                guard: statement.guard.as_ref(),
            });
        }
        let mut announcements = Vec::with_capacity(write.announcements.len());
        for (topic, key) in &write.announcements {
            let args = vec![Value::from(format!("{} {topic} {key}", self.here))];
            let statement = self.connection.prepare(ANNOUNCE, &args).await?;
            announcements.push(Step { statement, args: Cow::Owned(args), guard: None });
        }
        Ok(Prepared { steps, events, announcements })
    }

    /// First all at once, on the bet that nothing is refused; if something is, one by one.
    async fn commit_prepared(
        &mut self,
        group: &[Prepared<'_>],
        own: &Own,
    ) -> Result<Vec<Outcome>, StoreError> {
        if group.is_empty() {
            return Ok(Vec::new());
        }
        let explained = group.iter().any(|change| !change.events.is_empty());
        let start = self.begin(explained).await?;
        let mut chain = start;
        let why = match self.apply(group, own, &mut chain).await {
            Ok(()) => {
                self.end(start, chain, own).await?;
                return Ok(group.iter().map(|_| Ok(())).collect());
            }
            Err(CommitError::Store(why)) if failure::concerns_all(&why) => return Err(why),
            Err(why) => why,
        };
        self.run("rollback").await?;
        // Who lost against another server in a tangle of locks may win the next time.
        let tangled = matches!(why, CommitError::Store(StoreError::Busy));
        if group.len() == 1 && !tangled {
            return Ok(vec![Err(why)]);
        }
        self.commit_one_by_one(group, own, explained).await
    }

    async fn commit_one_by_one(
        &mut self,
        group: &[Prepared<'_>],
        own: &Own,
        explained: bool,
    ) -> Result<Vec<Outcome>, StoreError> {
        let start = self.begin(explained).await?;
        let mut chain = start;
        let mut outcomes = Vec::with_capacity(group.len());
        for change in group {
            self.run("savepoint one").await?;
            let mut extended = chain;
            let alone = std::slice::from_ref(change);
            let outcome = self.apply(alone, own, &mut extended).await;
            match &outcome {
                Ok(()) => chain = extended,
                Err(CommitError::Store(why)) if failure::concerns_all(why) => {
                    return Err(why.clone());
                }
                Err(_) => self.run("rollback to one").await?,
            }
            self.run("release one").await?;
            outcomes.push(outcome);
        }
        self.end(start, chain, own).await?;
        Ok(outcomes)
    }

    /// Begins the transaction and, for changes with events, takes the end of the audit.
    async fn begin(&mut self, explained: bool) -> Result<Chain, StoreError> {
        self.run("begin").await?;
        if !explained {
            return Ok(Chain::EMPTY);
        }
        let head = self.first(LOCK_HEAD).await?;
        let last = self.first(LAST_LINK).await?;
        let chain = last.as_ref().map_or(Ok(Chain::EMPTY), Chain::parse)?;
        let head = head.as_ref().map(|row| row.text(0)).transpose()?;
        if !self.audit_key.confirms(chain, head) {
            tracing::error!(rows = chain.sequence, "the audit does not end as it was left");
            let args = [Value::from(format!("{} {}", chain.sequence, head.unwrap_or_default()))];
            let statement = self.connection.prepare(NOTE_BROKEN, &args).await?;
            let noted = self.connection.client.execute_raw(&statement, arguments(&args)).await;
            noted.map_err(|why| failure::classify(&why))?;
        }
        Ok(chain)
    }

    async fn first(&mut self, sql: &'static str) -> Result<Option<crate::value::Row>, StoreError> {
        Ok(reader::read(self.connection, sql, &[], reader::Most::First).await?.pop())
    }

    /// Runs the statements of changes, and adds their events to the audit.
    async fn apply(
        &self,
        changes: &[Prepared<'_>],
        own: &Own,
        chain: &mut Chain,
    ) -> Result<(), CommitError> {
        let events: Vec<Vec<Step<'_>>> =
            changes.iter().map(|change| own.insert_all(change.events, chain)).collect();
        let mut steps = Vec::with_capacity(changes.len() * 2);
        for (change, events) in changes.iter().zip(&events) {
            steps.extend(change.steps.iter().chain(events).chain(&change.announcements));
        }
        pipeline(&self.connection.client, &steps).await
    }

    /// Makes the transaction durable.
    async fn end(&self, start: Chain, chain: Chain, own: &Own) -> Result<(), StoreError> {
        let client = &self.connection.client;
        if chain != start {
            let args = [Value::from(self.audit_key.head(chain))];
            let saved = client.execute_raw(&own.save_head, arguments(&args)).await;
            saved.map_err(|why| failure::classify(&why))?;
        }
        let committed = tokio::time::timeout(COMMIT_PATIENCE, client.batch_execute("commit")).await;
        match committed.map(|ended| ended.map_err(|why| failure::classify(&why))) {
            Ok(Ok(())) => Ok(()),
            Err(_) | Ok(Err(StoreError::Unreachable(_) | StoreError::Late)) => {
                Err(StoreError::Unconfirmed)
            }
            Ok(Err(why)) => Err(why),
        }
    }

    async fn run(&self, sql: &'static str) -> Result<(), StoreError> {
        self.connection.client.batch_execute(sql).await.map_err(|why| failure::classify(&why))
    }
}

impl Own {
    /// The statements that add events to the audit; its end moves on.
    fn insert_all<'a>(&self, events: &[EventRow], chain: &mut Chain) -> Vec<Step<'a>> {
        let insert = |event: &EventRow| {
            *chain = chain.extend(event);
            let (_, args) = audit::insert(*chain, event.clone());
            Step { statement: self.insert.clone(), args: Cow::Owned(args), guard: None }
        };
        events.iter().map(insert).collect()
    }
}

/// The verb of a statement; refuses what could end the transaction that it is part of.
fn check_verb(sql: &str) -> Result<&str, StoreError> {
    let verb = sql.split_whitespace().next().unwrap_or_default();
    if ["delete", "insert", "select", "update", "with"].contains(&verb) {
        return Ok(verb);
    }
    Err(StoreError::Statement(format!("a change cannot {verb}")))
}

/// Sends statements without waiting in between, and checks every answer; the first refusal ends
/// it.
async fn pipeline(client: &Client, steps: &[&Step<'_>]) -> Result<(), CommitError> {
    for chunk in steps.chunks(PIPELINE_MAX) {
        let sent = chunk.iter().map(|step| {
            Box::pin(client.execute_raw(&step.statement, arguments(&step.args)))
                as Pin<Box<dyn Future<Output = Result<u64, Error>> + Send + '_>>
        });
        let results = in_order(sent.collect()).await;
        for (step, result) in chunk.iter().zip(results) {
            let rows = result.map_err(|why| failure::classify_change(&why))?;
            if let Some(Guard { rows: wanted, conflict: Conflict(sentence) }) = step.guard
                && *wanted != rows
            {
                return Err(CommitError::Conflict(Conflict(sentence.clone())));
            }
        }
    }
    Ok(())
}

/// Starts every future in order, which sends their statements, then awaits every answer in order.
async fn in_order<T>(futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut started = Vec::with_capacity(futures.len());
    for mut future in futures {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        started.push((future, polled));
    }
    let mut results = Vec::with_capacity(started.len());
    for (future, polled) in started {
        results.push(match polled {
            Poll::Ready(result) => result,
            Poll::Pending => future.await,
        });
    }
    results
}
