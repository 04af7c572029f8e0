//! What goes through the HTTP doors, counted: by door, method and kind of answer, never by address
//! or name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use actions::metrics::Counted;
use actions::metrics::Durations;
use api::problem::Code;
use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware;
use axum::middleware::Next;
use axum::response::Response;

use crate::clock;

/// Most codes of the API that are counted apart: more than there are.
const CODES_MAX: usize = 256;

/// The doors, as they are called where they are counted.
const DOORS: [&str; 4] = ["http", "https", "api", "control"];

/// The methods that are counted apart.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other"];

/// The kinds of answers: the first digit of the status.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entrance {
    /// Plain HTTP.
    Http,
    /// HTTPS, where the API is too.
    Https,
    /// The control socket.
    Control,
}

/// The counts of all doors.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    requests: [[[AtomicU64; CLASSES.len()]; METHODS.len()]; DOORS.len()],
    durations: [Durations; DOORS.len()],
    refused: Mutex<BTreeMap<String, u64>>,
}

/// Lets every request of a router be counted.
pub(crate) fn counted(router: Router, entrance: Entrance, traffic: &Arc<Traffic>) -> Router {
    let traffic = Arc::clone(traffic);
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let traffic = Arc::clone(&traffic);
        async move { pass(entrance, &traffic, request, next).await }
    }))
}

async fn pass(entrance: Entrance, traffic: &Traffic, request: Request, next: Next) -> Response {
    let door = match entrance {
        Entrance::Http => 0,
        Entrance::Https if request.uri().path().starts_with("/api/") => 2,
        Entrance::Https => 1,
        Entrance::Control => 3,
    };
    let (method, began) = (request.method().clone(), clock::instant());
    let response = next.run(request).await;
    let took = clock::instant().saturating_duration_since(began);
    traffic.count(door, &method, &response);
    if let Some(durations) = traffic.durations.get(door) {
        durations.add(took);
    }
    response
}

impl Traffic {
    fn count(&self, door: usize, method: &Method, response: &Response) {
        let named = METHODS.iter().position(|name| *name == method.as_str());
        let method = named.unwrap_or(METHODS.len() - 1);
        let class = usize::from(response.status().as_u16() / 100).saturating_sub(1);
        let count = self.requests.get(door).and_then(|methods| methods.get(method)?.get(class));
        if let Some(count) = count {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let Some(Code(code)) = response.extensions().get::<Code>() else { return };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < CODES_MAX || refused.contains_key(code) {
            *refused.entry(code.clone()).or_default() += 1;
        }
    }

    /// Every count that is not 0: door, method, kind of answer.
    pub(crate) fn requests(&self) -> Vec<([&'static str; 3], u64)> {
        let mut read = Vec::new();
        for (door, methods) in DOORS.into_iter().zip(&self.requests) {
            for (method, classes) in METHODS.into_iter().zip(methods) {
                for (class, count) in CLASSES.into_iter().zip(classes) {
                    read.push(([door, method, class], count.load(Ordering::Relaxed)));
                }
            }
        }
        read.retain(|(_, count)| *count > 0);
        read
    }

    /// How long answers took, door by door.
    pub(crate) fn durations(&self) -> Vec<(&'static str, Counted)> {
        DOORS.into_iter().zip(self.durations.iter().map(Durations::read)).collect()
    }

    /// What the API said no to, code by code.
    pub(crate) fn refused(&self) -> Vec<(String, u64)> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|(code, count)| (code.clone(), *count)).collect()
    }
}
