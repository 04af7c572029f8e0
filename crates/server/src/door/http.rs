//! HTTP listeners: bounded, patient for a while, closed in order.

mod pace;
mod sender;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use api::gate::Peer;
use axum::Router;
use axum::http::Request;
use domain::actor::Actor;
use hyper::body::Incoming;
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
use tower::ServiceExt;

use crate::door::http::pace::Pace;
use crate::door::http::pace::Paced;
use crate::door::http::sender::Senders;

/// Most connections of one listener at once; each takes a few KiB.
const CONNECTIONS_MAX: usize = 4096;

/// Most of them from one address: a quarter, so that no one sender shuts out all others, and a
/// school behind one address still has room for a thousand devices at once. This machine is not
/// counted: a proxy on it speaks for everybody.
const OF_ADDRESS_MAX: usize = CONNECTIONS_MAX / 4;

/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How slowly the body of a request may come: half a minute is time for every message of a device
/// over the worst network, and a table of 64 MiB comes faster than a modem.
const BODY_PACE: Pace = Pace { patience: Duration::from_secs(30), bytes_a_second: 8 * 1024 };

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
                connections.serve(async { Ok(stream) }, visitor, &mut stop).await;
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

/// What the connections of a listener are held to.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    connections_max: usize,
    of_address_max: usize,
    head_patience: Duration,
    body_pace: Pace,
    close_patience: Duration,
}

impl Bounds {
    /// Those of every listener.
    const ALL: Self = Self {
        connections_max: CONNECTIONS_MAX,
        of_address_max: OF_ADDRESS_MAX,
        head_patience: HEAD_PATIENCE,
        body_pace: BODY_PACE,
        close_patience: CLOSE_PATIENCE,
    };
}

/// The connections of one listener.
pub(crate) struct Connections {
    router: Router,
    bounds: Bounds,
    room: Arc<Semaphore>,
    senders: Senders,
    graceful: GracefulShutdown,
}

impl Connections {
    /// No connections yet.
    pub(crate) fn new(router: Router) -> Self {
        Self::within(Bounds::ALL, router)
    }

    fn within(bounds: Bounds, router: Router) -> Self {
        let room = Arc::new(Semaphore::new(bounds.connections_max));
        let (senders, graceful) = (Senders::default(), GracefulShutdown::new());
        Self { router, bounds, room, senders, graceful }
    }

    /// Answers on a connection, as soon as there is room for one more and `greeted` has given the
    /// stream; on none once the server stops. `visitor` is whoever comes, as far as the door knows.
    pub(crate) async fn serve<S>(
        &self,
        greeted: impl Future<Output = io::Result<S>> + Send + 'static,
        visitor: Visitor,
        stop: &mut watch::Receiver<bool>,
    ) where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let counted = match &visitor {
            Visitor::Known(_) => None,
            Visitor::From(address) => {
                let counted = self.senders.enter(*address, self.bounds.of_address_max);
                if counted.is_none() {
                    return tracing::debug!(%address, "an address has too many connections");
                }
                counted
            }
        };
        let permit = tokio::select! {
            permit = Arc::clone(&self.room).acquire_owned() => permit,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok(permit) = permit else { return };
        let router = match visitor {
            Visitor::Known(actor) => self.router.clone().layer(axum::Extension(actor)),
            Visitor::From(address) => {
                let router = self.router.clone().layer(axum::Extension(Peer(address)));
                router.layer(axum::Extension(portal::guard::Peer(address)))
            }
        };
        let (watcher, bounds) = (self.graceful.watcher(), self.bounds);
        tokio::spawn(async move {
            let stream = match tokio::time::timeout(bounds.head_patience, greeted).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => return tracing::debug!(%error, "a connection did not begin"),
                Err(_) => return tracing::debug!("a connection took too long to begin"),
            };
            let paced = move |request: Request<Incoming>| {
                request.map(|body| Paced::new(body, bounds.body_pace))
            };
            let service = ServiceExt::<Request<Paced>>::map_request(router, paced);
            let service = TowerToHyperService::new(service);
            let connection = Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(bounds.head_patience)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((permit, counted));
        });
    }

    /// Lets requests under way end, for a while.
    pub(crate) async fn close(self) {
        if tokio::time::timeout(self.bounds.close_patience, self.graceful.shutdown()).await.is_err()
        {
            tracing::warn!("connections were cut: their requests took too long");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use axum::body::Bytes;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::io::DuplexStream;

    use super::*;

    /// Whatever is waited for here comes sooner, or never.
    const NEVER: Duration = Duration::from_secs(30);

    /// An address that is not this machine's.
    const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn within(bounds: Bounds) -> (Connections, watch::Sender<bool>, watch::Receiver<bool>) {
        let router = Router::new().fallback(async |body: Bytes| body);
        let (sender, stop) = watch::channel(false);
        (Connections::within(bounds, router), sender, stop)
    }

    async fn connect(
        connections: &Connections,
        from: IpAddr,
        stop: &mut watch::Receiver<bool>,
    ) -> DuplexStream {
        let (client, server) = tokio::io::duplex(1 << 16);
        connections.serve(async { Ok(server) }, Visitor::From(from), stop).await;
        client
    }

    async fn ask(client: &mut DuplexStream, text: &str) -> String {
        let mut answer = Vec::new();
        let sent = client.write_all(text.as_bytes()).await;
        let read = tokio::time::timeout(NEVER, client.read_to_end(&mut answer)).await;
        let read = read.expect("the connection ends");
        assert!(sent.is_err() || read.is_ok() || !answer.is_empty());
        String::from_utf8(answer).unwrap()
    }

    const ALL: &str =
        "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4\r\n\r\nwell";

    #[tokio::test]
    async fn a_body_that_comes_too_slowly_is_not_waited_for() {
        let pace = Pace { patience: Duration::from_millis(20), bytes_a_second: 1 << 20 };
        let (connections, _sender, mut stop) = within(Bounds { body_pace: pace, ..Bounds::ALL });
        let mut client = connect(&connections, FAR, &mut stop).await;
        let slow = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nwe";
        let answer = ask(&mut client, slow).await;
        assert!(!answer.contains(" 200 "), "{answer}");
        let mut client = connect(&connections, FAR, &mut stop).await;
        let answer = ask(&mut client, ALL).await;
        assert!(answer.contains(" 200 ") && answer.ends_with("well"), "{answer}");
    }

    #[tokio::test]
    async fn one_address_does_not_take_every_connection() {
        let (connections, _sender, mut stop) = within(Bounds { of_address_max: 1, ..Bounds::ALL });
        let first = connect(&connections, FAR, &mut stop).await;
        let mut second = connect(&connections, FAR, &mut stop).await;
        assert_eq!(ask(&mut second, ALL).await, "");
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
        let near = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let _near = connect(&connections, near, &mut stop).await;
        for from in [other, near] {
            let mut client = connect(&connections, from, &mut stop).await;
            assert!(ask(&mut client, ALL).await.contains(" 200 "));
        }
        drop(first);
    }

    #[tokio::test]
    async fn a_full_listener_stops_at_once() {
        let bounds =
            Bounds { connections_max: 1, close_patience: Duration::from_millis(1), ..Bounds::ALL };
        let (connections, sender, mut stop) = within(bounds);
        let _held = connect(&connections, FAR, &mut stop).await;
        let waiting = connect(&connections, FAR, &mut stop);
        sender.send_replace(true);
        let mut client = tokio::time::timeout(NEVER, waiting).await.expect("it stops");
        assert_eq!(ask(&mut client, ALL).await, "");
        tokio::time::timeout(NEVER, connections.close()).await.expect("it closes");
    }
}
