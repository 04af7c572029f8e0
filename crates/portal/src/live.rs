//! `/live`: tells an open page that something happened, so that it fetches its parts anew.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use actions::live;
use actions::live::News;
use actions::live::Subscription;
use actions::live::right::Right;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Permission;
use futures_util::stream;
use serde::Deserialize;
use tokio::time::Instant;

use crate::fault::Fault;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::visitor::SignedIn;
use crate::visitor::Visitor;

/// How often a page is told at most: however much happens, whoever reads it reads no faster.
const PAUSE: Duration = Duration::from_secs(2);

/// How often a silent stream gives a sign of life, so that nobody on the way takes it for dead.
const SIGN: Duration = Duration::from_secs(15);

/// How long a stream lasts: the browser connects again by itself, and is asked then whether it is
/// still signed in.
const STREAM_MAX: Duration = Duration::from_secs(15 * 60);

/// The page.
pub(crate) const PATH: &str = "/live";

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The events that are worth telling, in the language of filters.
    filter: String,
}

/// A stream under way.
struct Stream {
    desk: Arc<Desk>,
    right: Right,
    subscription: Subscription,
    /// Nothing is told before.
    rest_until: Instant,
    end: Instant,
    has_begun: bool,
}

/// Adds its page.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get(PATH, Access::Needs(Permission::EventRead), show);
}

/// `GET /live`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    present: Result<SignedIn, Fault>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let subscription = live::subscribe(&desk.app, actor, &asked.filter).await?;
    let present = present.ok().map(|SignedIn(present)| present);
    let right = Right::new(&desk.app, actor, present.as_ref());
    let now = Instant::now();
    let end = now + STREAM_MAX;
    let stream = Stream { desk, right, subscription, rest_until: now, end, has_begun: false };
    let parts = stream::unfold(stream, |mut stream| async {
        let part = stream.next().await?;
        Some((Ok::<_, Infallible>(part), stream))
    });
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))];
    Ok((kind, Body::from_stream(parts)).into_response())
}

impl Stream {
    /// What is sent next; none at its end.
    async fn next(&mut self) -> Option<&'static str> {
        if !self.has_begun {
            self.has_begun = true;
            return Some("retry: 2000\n\n");
        }
        let sign = Instant::now() + SIGN;
        let until = sign.min(self.end);
        let part = tokio::select! {
            news = self.news() => news,
            () = tokio::time::sleep_until(until) => (until < self.end).then_some(":\n\n"),
        };
        // What comes once they may no longer is not told.
        if self.right.holds(&self.desk.app).await { part } else { None }
    }

    /// Waits for news, and for the rest of the pause.
    async fn news(&mut self) -> Option<&'static str> {
        let news = self.subscription.next().await?;
        tokio::time::sleep_until(self.rest_until).await;
        self.rest_until = Instant::now() + PAUSE;
        match news {
            News::Event(_) => Some("event: events\ndata: 1\n\n"),
            News::Resync => Some("event: resync\ndata: 1\n\n"),
        }
    }
}
