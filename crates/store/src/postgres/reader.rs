//! Reading: a few tasks, each with a connection, that take jobs from one bounded queue.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::{Arc, mpsc as blocking};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Mutex, Semaphore, mpsc};

use super::connection::{Address, Connection, Link, Role, arguments};
use super::{convert, failure};
use crate::StoreError;
use crate::value::{Row, Value};

/// Reading connections: reads are short, and the server has other clients.
pub(super) const READERS: usize = 4;

/// Most reads that wait: beyond it an answer would come too late to be of use.
pub(super) const QUEUE_MAX: usize = 512;

/// Rows handed over at once by a walk over a table.
const CHUNK_ROWS: i32 = 256;

/// How long one read may take, the waiting for the server included; the server ends it sooner.
const READ_PATIENCE: Duration = Duration::from_secs(35);

/// Takes an answer.
pub(super) type Answer = Box<dyn FnOnce(Result<Vec<Row>, StoreError>) + Send>;

/// Something to read.
pub(super) enum Job {
    /// Rows, all at once.
    Read { sql: Cow<'static, str>, args: Vec<Value>, most: Most, answer: Answer },
    /// Rows, chunk by chunk.
    Walk { sql: Cow<'static, str>, args: Vec<Value>, chunks: Chunks },
}

/// How many rows are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Most {
    /// The first, and the others are not looked at.
    First,
    /// Up to so many; more is an error.
    Rows(usize),
}

/// The way of a walk's rows to whoever takes them.
pub(super) struct Chunks {
    /// Takes the chunks.
    pub(super) rows: blocking::Sender<Chunk>,
    /// How many chunks may be sent; closed when nobody takes them any more.
    pub(super) credit: Arc<Semaphore>,
}

/// A part of a walk over a table.
pub(super) enum Chunk {
    /// Rows in order.
    Rows(Vec<Row>),
    /// The end, or why there is no more.
    End(Result<(), StoreError>),
}

/// Takes jobs until there will be no more.
pub(super) async fn serve(address: Address, jobs: Arc<Mutex<mpsc::Receiver<Job>>>) {
    let mut link = Link::new(address, Role::Reader);
    loop {
        // The lock guards the waiting only, so that it is never held over a job.
        let job = jobs.lock().await.recv().await;
        match job {
            Some(Job::Read { sql, args, most, answer }) => {
                answer(patiently(&mut link, &sql, &args, most).await);
            }
            Some(Job::Walk { sql, args, chunks }) => {
                let result = walk(&mut link, &sql, &args, &chunks).await;
                if result.as_ref().is_err_and(failure::concerns_all) {
                    link.give_up();
                }
                // Whoever walks may have stopped early.
                drop(chunks.rows.send(Chunk::End(result)));
            }
            None => return,
        }
    }
}

/// Reads; if the connection turns out to be broken, once more on a new one.
async fn patiently(
    link: &mut Link,
    sql: &str,
    args: &[Value],
    most: Most,
) -> Result<Vec<Row>, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let connection = link.get().await?;
        let reading = tokio::time::timeout(READ_PATIENCE, read(connection, sql, args, most)).await;
        let answer = reading.unwrap_or_else(|_| Err(StoreError::Unreachable("silent".to_owned())));
        if !answer.as_ref().is_err_and(failure::concerns_all) {
            return answer;
        }
        link.give_up();
        if tries == 2 {
            return answer;
        }
    }
}

/// Reads rows.
pub(super) async fn read(
    connection: &mut Connection,
    sql: &str,
    args: &[Value],
    most: Most,
) -> Result<Vec<Row>, StoreError> {
    let failed = |why| failure::classify(&why);
    let statement = connection.prepare(sql, args).await?;
    let found = connection.client.query_raw(&statement, arguments(args)).await.map_err(failed)?;
    let mut found = pin!(found);
    let mut answer = Vec::new();
    while let Some(row) = found.next().await {
        let row = convert::row(&row.map_err(failed)?)?;
        match most {
            Most::First => return Ok(vec![row]),
            Most::Rows(max) if answer.len() == max => {
                return Err(StoreError::TooMany { what: "rows in one answer", max });
            }
            Most::Rows(_) => answer.push(row),
        }
    }
    Ok(answer)
}

/// Sends every row in chunks, until the end or until nobody takes them. The server holds the rest
/// behind a cursor.
async fn walk(
    link: &mut Link,
    sql: &str,
    args: &[Value],
    chunks: &Chunks,
) -> Result<(), StoreError> {
    let failed = |why| failure::classify(&why);
    let connection = link.get().await?;
    let statement = match connection.prepare(sql, args).await {
        Err(StoreError::Unreachable(_)) => {
            link.give_up();
            link.get().await?.prepare(sql, args).await?
        }
        other => other?,
    };
    let connection = link.get().await?;
    let transaction = connection.client.transaction().await.map_err(failed)?;
    let portal = transaction.bind_raw(&statement, arguments(args)).await.map_err(failed)?;
    loop {
        let Ok(credit) = chunks.credit.acquire().await else { return Ok(()) };
        credit.forget();
        let found = transaction.query_portal(&portal, CHUNK_ROWS).await.map_err(failed)?;
        let full = usize::try_from(CHUNK_ROWS).is_ok_and(|full| found.len() == full);
        let rows = found.iter().map(convert::row).collect::<Result<_, _>>()?;
        if chunks.rows.send(Chunk::Rows(rows)).is_err() || !full {
            return transaction.commit().await.map_err(failed);
        }
    }
}
