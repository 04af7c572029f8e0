//! Reading threads: each has a connection and takes jobs from one bounded queue.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows, Statement};

use super::{CHUNK_ROWS, connection, failure};
use crate::StoreError;
use crate::value::{Row, Value};

/// Reading threads: reads are short and mostly from memory, so that a few keep every core busy.
pub(super) const READERS: usize = 4;

/// Most reads that wait: beyond it an answer would come too late to be of use.
pub(super) const QUEUE_MAX: usize = 512;

/// Something to do with a reading connection.
pub(super) type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The pool. Dropped, it ends its threads after the jobs they have.
pub(super) struct Readers {
    queue: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// A part of a walk over a table.
pub(super) enum Chunk {
    /// Rows in order.
    Rows(Vec<Row>),
    /// The end, or why there is no more.
    End(Result<(), StoreError>),
}

impl Readers {
    /// Opens the connections and starts their threads.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        let mut readers = Self { queue: Some(queue), threads: Vec::with_capacity(READERS) };
        for number in 0..READERS {
            let connection = connection::open_reading(path)?;
            let jobs = Arc::clone(&jobs);
            let thread = std::thread::Builder::new()
                .name(format!("store-read-{number}"))
                .spawn(move || serve(&connection, &jobs))
                .map_err(|why| StoreError::Io(why.to_string()))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Queues a job.
    pub(super) fn submit(&self, job: Job) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|why| match why {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => StoreError::Closed,
        })
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a reading thread of the database panicked");
            }
        }
    }
}

fn serve(connection: &Connection, jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The lock guards the waiting only, so that it is never held over a job.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job(connection),
            Err(_) => return,
        }
    }
}

/// Reads at most `rows_max` rows; more is an error.
pub(super) fn read(
    connection: &Connection,
    sql: &str,
    args: &[Value],
    rows_max: usize,
) -> Result<Vec<Row>, StoreError> {
    with_rows(connection, sql, args, |rows, columns| {
        let mut answer = Vec::new();
        while let Some(row) = next(rows, columns)? {
            if answer.len() == rows_max {
                return Err(StoreError::TooMany { what: "rows in one answer", max: rows_max });
            }
            answer.push(row);
        }
        Ok(answer)
    })
}

/// Reads the first row.
pub(super) fn read_first(
    connection: &Connection,
    sql: &str,
    args: &[Value],
) -> Result<Option<Row>, StoreError> {
    with_rows(connection, sql, args, next)
}

/// Sends every row in chunks, until the end or until nobody takes them.
pub(super) fn walk(connection: &Connection, sql: &str, args: &[Value], chunks: &SyncSender<Chunk>) {
    let result = with_rows(connection, sql, args, |rows, columns| {
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while let Some(row) = next(rows, columns)? {
            chunk.push(row);
            if chunk.len() == CHUNK_ROWS {
                let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_ROWS));
                chunks.send(Chunk::Rows(full)).map_err(|_| StoreError::Closed)?;
            }
        }
        chunks.send(Chunk::Rows(chunk)).map_err(|_| StoreError::Closed)
    });
    // Whoever walks may have stopped early.
    drop(chunks.send(Chunk::End(result)));
}

fn with_rows<T>(
    connection: &Connection,
    sql: &str,
    args: &[Value],
    take: impl FnOnce(&mut Rows<'_>, usize) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(|why| failure::classify(&why))?;
    bind(&mut statement, args)?;
    let columns = statement.column_count();
    take(&mut statement.raw_query(), columns)
}

/// Binds the arguments of a statement, as many as it has placeholders.
pub(super) fn bind(statement: &mut Statement<'_>, args: &[Value]) -> Result<(), StoreError> {
    if statement.parameter_count() != args.len() {
        return Err(StoreError::Statement(format!(
            "{} arguments for {} placeholders",
            args.len(),
            statement.parameter_count()
        )));
    }
    for (arg, number) in args.iter().zip(1_usize..) {
        // SQLite numbers $2 before $1 if it is used first, and PostgreSQL does not.
        if statement.parameter_name(number) != Some(format!("${number}").as_str()) {
            return Err(StoreError::Statement(format!("placeholder {number} is not ${number}")));
        }
        let bound = match arg {
            Value::Null => statement.raw_bind_parameter(number, rusqlite::types::Null),
            Value::Integer(integer) => statement.raw_bind_parameter(number, integer),
            Value::Text(text) => statement.raw_bind_parameter(number, text),
            Value::Bytes(bytes) => statement.raw_bind_parameter(number, bytes),
        };
        bound.map_err(|why| failure::classify(&why))?;
    }
    Ok(())
}

fn next(rows: &mut Rows<'_>, columns: usize) -> Result<Option<Row>, StoreError> {
    let Some(row) = rows.next().map_err(|why| failure::classify(&why))? else {
        return Ok(None);
    };
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        let value = row.get_ref(column).map_err(|why| failure::classify(&why))?;
        values.push(take_value(column, value)?);
    }
    Ok(Some(Row::new(values)))
}

fn take_value(column: usize, value: ValueRef<'_>) -> Result<Value, StoreError> {
    let wrong = |found| StoreError::Column { column, expected: "a known type", found };
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(integer) => Ok(Value::Integer(integer)),
        ValueRef::Real(_) => Err(wrong("a floating-point number")),
        ValueRef::Text(text) => String::from_utf8(text.to_vec())
            .map(Value::Text)
            .map_err(|_| wrong("text that is not UTF-8")),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
    }
}
