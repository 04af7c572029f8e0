//! `/api/v1/events/stream`: events as they come, as server-sent events.

use core::time::Duration;
use std::sync::Arc;

use actions::App;
use actions::live;
use actions::live::News;
use actions::live::Subscription;
use actions::live::right::Right;
use axum::body::Body;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::header::CACHE_CONTROL;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Permission;
use futures_util::stream;
use serde::Deserialize;
use tokio::time::Instant;
use utoipa::IntoParams;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// How often a silent stream gives a sign of life, so that nobody on the way takes it for dead.
const SIGN: Duration = Duration::from_secs(15);

/// How long a stream lasts. Whoever listens on connects again and is asked who they are: nobody
/// goes on listening who may no longer.
const STREAM_MAX: Duration = Duration::from_secs(15 * 60);

/// What every stream begins with: that it is there, and when to connect again when it ends.
const BEGINNING: &str = "retry: 1000\n\n: events from now on\n\n";

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StreamQuery {
    /// In the language of filters, with the fields of `/api/v1/event-fields`.
    #[serde(default)]
    #[param(required = false)]
    pub filter: String,
}

/// A stream under way.
struct Stream {
    app: Arc<App>,
    right: Right,
    subscription: Subscription,
    has_begun: bool,
    end: Instant,
}

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let stream = Operation::get("/api/v1/events/stream", "Tell of events as they come");
    let stream = stream.needs(Permission::EventRead).query::<StreamQuery>();
    table.add(stream.answers_text("text/event-stream"), self::stream);
}

/// `GET /api/v1/events/stream`
pub async fn stream(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<StreamQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(StreamQuery { filter }) = query?;
    let subscription = live::subscribe(&app, &actor, &filter).await?;
    let end = Instant::now() + STREAM_MAX;
    let right = Right::new(&app, &actor, None);
    let stream = Stream { app, right, subscription, has_begun: false, end };
    let parts = stream::unfold(stream, |mut stream| async {
        let part = stream.next().await?;
        Some((Ok::<_, core::convert::Infallible>(part), stream))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    Ok((headers, Body::from_stream(parts)).into_response())
}

impl Stream {
    /// What is sent next; none at its end.
    async fn next(&mut self) -> Option<String> {
        if !self.has_begun {
            self.has_begun = true;
            return Some(BEGINNING.to_owned());
        }
        let sign = Instant::now() + SIGN;
        let part = tokio::select! {
            news = self.subscription.next() => news.map(|news| text(&news)),
            () = tokio::time::sleep_until(sign.min(self.end)) => {
                (Instant::now() < self.end).then(|| ": nothing new\n\n".to_owned())
            }
        };
        // What comes once they may no longer is not told.
        if self.right.holds(&self.app).await { part } else { None }
    }
}

/// News as a server-sent event. JSON has no line break in it, which would end the event.
fn text(news: &News) -> String {
    match news {
        News::Event(shown) => {
            let json = serde_json::to_string(shown).unwrap_or_default();
            format!("id: {}\nevent: event\ndata: {json}\n\n", shown.id)
        }
        News::Resync => "event: resync\ndata: {}\n\n".to_owned(),
    }
}
