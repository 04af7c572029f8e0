//! HTTP listeners: bounded, patient for a while, closed in order.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use api::gate::Peer;
use axum::Router;
use domain::actor::Actor;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::watch;

/// Most connections of one listener at once; each takes a few KiB.
const CONNECTIONS_MAX: usize = 4096;

/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long requests under way may take when the server stops.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// How long the listener rests when the system gives it no more connections.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// Answers on a listener until told to stop.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let connections = Connections::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, from)) => {
                // A device waits for every answer before it asks on.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps its delay");
                }
                let visitor = Visitor::From(from.ip());
                connections.serve(async { Ok(stream) }, visitor).await;
            }
            Err(error) => rest(&error).await,
        }
    }
    connections.close().await;
}

/// Waits a moment after a failed accept: out of descriptors, a loop would only burn time.
pub(crate) async fn rest(error: &io::Error) {
    tracing::warn!(%error, "a connection was not accepted");
    tokio::time::sleep(ACCEPT_REST).await;
}

/// Who comes, as far as a door knows.
pub(crate) enum Visitor {
    /// Somebody who has proved who they are.
    Known(Actor),
    /// Somebody from this address.
    From(IpAddr),
}

/// The connections of one listener.
pub(crate) struct Connections {
    router: Router,
    room: Arc<Semaphore>,
    graceful: GracefulShutdown,
}

impl Connections {
    /// No connections yet.
    pub(crate) fn new(router: Router) -> Self {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Self { router, room, graceful: GracefulShutdown::new() }
    }

    /// Answers on a connection, as soon as there is room for one more and `greeted` has given the
    /// stream. `visitor` is whoever comes, as far as the door knows.
    pub(crate) async fn serve<S>(
        &self,
        greeted: impl Future<Output = io::Result<S>> + Send + 'static,
        visitor: Visitor,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else { return };
        let router = match visitor {
            Visitor::Known(actor) => self.router.clone().layer(axum::Extension(actor)),
            Visitor::From(address) => {
                let router = self.router.clone().layer(axum::Extension(Peer(address)));
                router.layer(axum::Extension(portal::guard::Peer(address)))
            }
        };
        let watcher = self.graceful.watcher();
        tokio::spawn(async move {
            let stream = match tokio::time::timeout(HEAD_PATIENCE, greeted).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::debug!(%error, "a connection did not begin"),
                Err(_) => return tracing::debug!("a connection took too long to begin"),
            };
            let service = TowerToHyperService::new(router);
            let connection = Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }

    /// Lets requests under way end, for a while.
    pub(crate) async fn close(self) {
        if tokio::time::timeout(CLOSE_PATIENCE, self.graceful.shutdown()).await.is_err() {
            tracing::warn!("connections were cut: their requests took too long");
        }
    }
}
