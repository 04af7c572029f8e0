//! Rows spread over threads.

use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::StoreError;
use crate::value::Row;

/// Threads at most: beyond it one reader does not keep them busy.
const THREADS_MAX: usize = 4;

/// Rows of a batch: enough that handing it over costs little for each.
const BATCH_ROWS: usize = 1024;

/// Batches that wait for a thread.
const BATCHES_AHEAD_MAX: usize = 4;

/// Takes rows, one by one, for as long as it says so.
type Take<'a> = &'a mut dyn FnMut(Row) -> Result<(), StoreError>;

/// Lets `read` hand over rows, and `visit` take them on threads of their own.
pub(crate) fn spread(
    read: impl FnOnce(Take<'_>) -> Result<(), StoreError>,
    visit: impl Fn(Vec<Row>) -> Result<(), StoreError> + Sync,
) -> Result<(), StoreError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let (batches, taken) = sync_channel::<Vec<Row>>(BATCHES_AHEAD_MAX);
    let (visit, taken) = (&visit, Mutex::new(taken));
    thread::scope(|scope| {
        // The receiver goes when the last thread does, so that reading ends if all have failed.
        let taken = Arc::new(taken);
        let work = |_| {
            let taken = Arc::clone(&taken);
            scope.spawn(move || serve(&taken, visit))
        };
        let working: Vec<_> = (0..threads).map(work).collect();
        drop(taken);
        let mut batch = Vec::with_capacity(BATCH_ROWS);
        let read = read(&mut |row| {
            batch.push(row);
            if batch.len() < BATCH_ROWS {
                return Ok(());
            }
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH_ROWS));
            batches.send(full).map_err(|_| StoreError::Closed)
        });
        // Whoever took none of it says why.
        drop(batches.send(batch));
        drop(batches);
        let visited = working.into_iter().map(|one| one.join().unwrap_or(Err(StoreError::Closed)));
        visited.collect::<Result<Vec<()>, StoreError>>().and(read)
    })
}

fn serve(
    batches: &Mutex<Receiver<Vec<Row>>>,
    visit: &impl Fn(Vec<Row>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    loop {
        let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return Ok(()) };
        visit(batch)?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::value::Value;

    /// Reads so many rows, each with its number.
    fn count(rows: i64, take: Take<'_>) -> Result<(), StoreError> {
        (1..=rows).try_for_each(|number| take(Row::new(vec![Value::from(number)])))
    }

    #[test]
    fn every_row_is_visited_once() {
        for rows in [0, 1, 1023, 1024, 1025, 10_000] {
            let (seen, sum) = (AtomicI64::new(0), AtomicI64::new(0));
            let visit = |batch: Vec<Row>| {
                for row in batch {
                    seen.fetch_add(1, Ordering::Relaxed);
                    sum.fetch_add(row.integer(0)?, Ordering::Relaxed);
                }
                Ok(())
            };
            spread(|take| count(rows, take), visit).unwrap();
            assert_eq!(seen.into_inner(), rows);
            assert_eq!(sum.into_inner(), rows * (rows + 1) / 2);
        }
    }

    #[test]
    fn the_first_failure_ends_it_on_either_side() {
        let wrong = || StoreError::Statement("wrong".into());
        let refusal = spread(|take| count(1_000_000, take), |_| Err(wrong())).unwrap_err();
        assert_eq!(refusal, wrong());
        let refusal = spread(|take| count(9, take).and(Err(wrong())), |_| Ok(())).unwrap_err();
        assert_eq!(refusal, wrong());
    }
}
