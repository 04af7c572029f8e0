//! PostgreSQL: a database that several servers share, reached from one thread of its own.
//!
//! The thread runs what waits for the network, so that callers may wait as they like: those on an
//! asynchronous runtime, whichever, and those that block.

mod connection;
mod convert;
mod failure;
mod group;
mod listener;
mod reader;
mod schema;
mod writer;

use std::borrow::Cow;
use std::sync::{Arc, mpsc as blocking};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, broadcast, mpsc, oneshot};
use tokio::task::JoinSet;

use self::connection::{Address, Link, Role};
use self::listener::Listener;
use self::reader::{Chunk, Chunks, Job, Most};
use self::schema::Claim;
use self::writer::{Change, State, Writer};
use crate::audit::AuditKey;
use crate::change::{self, Changes, Notice};
use crate::seal::MasterKey;
use crate::value::{Row, Value};
use crate::write::{CommitError, EventRow, Write};
use crate::{ShownUrl, StoreError, WriterState};

/// Chunks that a walk may be ahead of whoever takes them.
const CHUNKS_AHEAD_MAX: usize = 2;

/// An open database.
pub(crate) struct Postgres {
    doors: Option<Doors>,
    /// Names this store among those that have the database open.
    here: String,
    state: State,
    audit_key: AuditKey,
    notices: broadcast::Sender<Notice>,
    thread: Option<JoinHandle<()>>,
}

/// The ways to the tasks. Dropped, they end the tasks after what waits.
struct Doors {
    reads: mpsc::Sender<Job>,
    changes: mpsc::Sender<Change>,
}

/// What the tasks are made of.
struct Parts {
    address: Address,
    reads: mpsc::Receiver<Job>,
    changes: mpsc::Receiver<Change>,
    writer: Writer,
    listener: Listener,
}

/// Ends a walk on the other side when nobody takes its rows any more.
struct Credit(Arc<Semaphore>);

/// What is in a URL, without the password.
pub(crate) fn shown(url: &str) -> Result<ShownUrl, StoreError> {
    Address::parse(url).map(|address| address.shown())
}

impl Postgres {
    /// Connects, brings the schema up to date and checks the master key.
    pub(crate) async fn open(url: &str, master: &MasterKey) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        let unique = getrandom::u64().map_err(|why| StoreError::Io(why.to_string()))?;
        let here = format!("{unique:016x}");
        let state = State::new();
        let (notices, _) = broadcast::channel(change::BEHIND_MAX);
        let (reads, reads_taken) = mpsc::channel(reader::QUEUE_MAX);
        let (changes, changes_taken) = mpsc::channel(writer::QUEUE_MAX);
        let parts = Parts {
            address: address.clone(),
            reads: reads_taken,
            changes: changes_taken,
            writer: Writer {
                link: Link::new(address.clone(), Role::Writer),
                audit_key: AuditKey::new(master),
                here: here.clone(),
                state: state.clone(),
            },
            listener: Listener {
                link: Link::new(address, Role::Listener),
                here: here.clone(),
                state: state.clone(),
                notices: notices.clone(),
            },
        };
        let (thread, opened) = start(parts, Claim::new(master))?;
        let (doors, audit_key) = (Some(Doors { reads, changes }), AuditKey::new(master));
        let postgres = Self { doors, here, state, audit_key, notices, thread: Some(thread) };
        opened.await.map_err(|_| StoreError::Closed)??;
        Ok(postgres)
    }

    /// Reads at most `rows_max` rows.
    pub(crate) async fn query(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        rows_max: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.read(sql, args, Most::Rows(rows_max)).await
    }

    /// Reads the first row.
    pub(crate) async fn query_one(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.read(sql, args, Most::First).await?.pop())
    }

    async fn read(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        most: Most,
    ) -> Result<Vec<Row>, StoreError> {
        let (answer, answered) = oneshot::channel();
        // Whoever asked may have gone away; then nobody misses the answer.
        let answer = Box::new(move |rows| drop(answer.send(rows)));
        self.submit(Job::Read { sql, args, most, answer })?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Reads the first row, waiting on the calling thread.
    pub(crate) fn query_blocking(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        patience: Duration,
    ) -> Result<Option<Row>, StoreError> {
        let (answer, answered) = blocking::sync_channel(1);
        let answer = Box::new(move |rows| drop(answer.send(rows)));
        self.submit(Job::Read { sql, args, most: Most::First, answer })?;
        let rows = answered.recv_timeout(patience).map_err(|why| match why {
            blocking::RecvTimeoutError::Timeout => StoreError::Late,
            blocking::RecvTimeoutError::Disconnected => StoreError::Closed,
        })?;
        Ok(rows?.pop())
    }

    /// Hands over every row, on the calling thread.
    pub(crate) fn for_each<E: From<StoreError>>(
        &self,
        sql: Cow<'static, str>,
        args: Vec<Value>,
        mut visit: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let (rows, taken) = blocking::channel();
        let credit = Credit(Arc::new(Semaphore::new(CHUNKS_AHEAD_MAX)));
        let chunks = Chunks { rows, credit: Arc::clone(&credit.0) };
        self.submit(Job::Walk { sql, args, chunks })?;
        loop {
            match taken.recv().map_err(|_| StoreError::Closed)? {
                Chunk::Rows(rows) => rows.into_iter().try_for_each(&mut visit)?,
                Chunk::End(result) => return Ok(result?),
            }
            credit.0.add_permits(1);
        }
    }

    /// Queues a change and waits until it is durable.
    pub(crate) async fn commit(
        &self,
        write: Write,
        events: Vec<EventRow>,
    ) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        let doors = self.doors.as_ref().ok_or(StoreError::Closed)?;
        doors.changes.try_send(Change { write, events, answer }).map_err(refused)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Names this store among those that have the database open.
    pub(crate) fn here(&self) -> &str {
        &self.here
    }

    /// Whether changes can be made.
    pub(crate) fn writer_state(&self) -> WriterState {
        self.state.get()
    }

    /// The key under which the end of the audit is authenticated.
    pub(crate) fn audit_key(&self) -> &AuditKey {
        &self.audit_key
    }

    /// The changes from now on.
    pub(crate) fn changes(&self) -> Changes {
        Changes { receiver: self.notices.subscribe() }
    }

    fn submit(&self, job: Job) -> Result<(), StoreError> {
        let doors = self.doors.as_ref().ok_or(StoreError::Closed)?;
        doors.reads.try_send(job).map_err(refused)
    }
}

fn refused<T>(why: mpsc::error::TrySendError<T>) -> StoreError {
    match why {
        mpsc::error::TrySendError::Full(_) => StoreError::Busy,
        mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
    }
}

type Opened = oneshot::Receiver<Result<(), StoreError>>;

/// Starts the thread; the answer comes when the database is ready or refused.
fn start(parts: Parts, claim: Claim) -> Result<(JoinHandle<()>, Opened), StoreError> {
    let failed = |why: std::io::Error| StoreError::Io(why.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(failed)?;
    let (answer, opened) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("store-postgres".to_owned())
        .spawn(move || runtime.block_on(run(parts, claim, answer)))
        .map_err(failed)?;
    Ok((thread, opened))
}

async fn run(mut parts: Parts, claim: Claim, answer: oneshot::Sender<Result<(), StoreError>>) {
    let ready = prepare(&mut parts, &claim).await;
    drop(claim);
    let refused = ready.is_err();
    if answer.send(ready).is_err() || refused {
        return;
    }
    let listening = tokio::spawn(parts.listener.serve());
    let jobs = Arc::new(Mutex::new(parts.reads));
    let mut tasks = JoinSet::new();
    for _ in 0..reader::READERS {
        tasks.spawn(reader::serve(parts.address.clone(), Arc::clone(&jobs)));
    }
    tasks.spawn(parts.writer.serve(parts.changes));
    while let Some(ended) = tasks.join_next().await {
        if ended.is_err() {
            tracing::error!("a task of the database panicked");
        }
    }
    listening.abort();
}

/// Nothing that is announced after this is missed.
async fn prepare(parts: &mut Parts, claim: &Claim) -> Result<(), StoreError> {
    schema::prepare(parts.writer.link.get().await?, claim).await?;
    parts.listener.link.get().await.map(|_| ())
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.doors = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the database panicked");
        }
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests;
