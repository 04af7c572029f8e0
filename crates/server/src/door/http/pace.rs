//! The pace that the body of a request keeps at least: who sends more slowly is not waited for.

use core::pin::Pin;
use core::task::Context;
use core::task::Poll;
use std::io;
use std::time::Duration;

use axum::body::Bytes;
use axum::body::HttpBody;
use hyper::body::Frame;
use hyper::body::Incoming;
use hyper::body::SizeHint;
use tokio::time::Instant;
use tokio::time::Sleep;

/// How slowly a body may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How long whatever comes is waited for.
    pub(crate) patience: Duration,
    /// How many bytes of it make a second more.
    pub(crate) bytes_a_second: u32,
}

impl Pace {
    /// How long so many bytes may take.
    fn allows(self, bytes: u64) -> Duration {
        let seconds = bytes / u64::from(self.bytes_a_second.max(1));
        self.patience.saturating_add(Duration::from_secs(seconds))
    }
}

/// A body that ends with an error once it comes too slowly.
pub(crate) struct Paced {
    body: Incoming,
    pace: Pace,
    came: u64,
    /// When it was first waited for, and until when it is; most bodies are there at once.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Paced {
    /// A body that keeps this pace.
    pub(crate) fn new(body: Incoming, pace: Pace) -> Self {
        Self { body, pace, came: 0, waiting: None }
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let allowed = self.pace.allows(self.came);
        let (begun, sleep) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(tokio::time::sleep_until(now + allowed)))
        });
        let until = *begun + allowed;
        if sleep.deadline() < until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(context)
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = Box<dyn core::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let own = self.get_mut();
        match Pin::new(&mut own.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                own.came = own.came.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => own.wait(context).map(|()| {
                let slow = "the body of a request came too slowly";
                Some(Err(io::Error::new(io::ErrorKind::TimedOut, slow).into()))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_makes_time_for_more() {
        let pace = Pace { patience: Duration::from_secs(30), bytes_a_second: 1000 };
        assert_eq!(pace.allows(0), Duration::from_secs(30));
        assert_eq!(pace.allows(2500), Duration::from_secs(32));
        let none = Pace { bytes_a_second: 0, ..pace };
        assert_eq!(none.allows(5), Duration::from_secs(35));
        assert_eq!(
            none.allows(u64::MAX),
            pace.patience.saturating_add(Duration::from_secs(u64::MAX))
        );
    }
}
