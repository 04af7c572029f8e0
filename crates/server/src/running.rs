//! The running server: every door of an organization, opened together and closed in order.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Listen;
use crate::door;
use crate::door::control;
use crate::instance::Instance;

/// Every door, open.
pub(crate) struct Running {
    /// Where SCEP and downloads are.
    pub(crate) http: Vec<SocketAddr>,
    /// Where RADIUS authentication is.
    pub(crate) radius_auth: Vec<SocketAddr>,
    /// Where health is.
    pub(crate) health: Vec<SocketAddr>,
    instance: Instance,
    radius: door::radius::Door,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
}

impl Running {
    /// Opens every door. Nothing is answered before all are open.
    pub(crate) async fn start(
        instance: Instance,
        data: &Path,
        listen: &Listen,
    ) -> anyhow::Result<Self> {
        let app = &instance.app;
        let public = door::scep::routes(app.clone()).merge(door::authority::routes(app.clone()));
        let (http_addresses, http) = bind("http", &listen.http).await?;
        let (health_addresses, health) = bind("health", &listen.health).await?;
        let socket = control::open(data).context("the control socket cannot be opened")?;
        let radius = door::radius::open(&app.snapshot, &listen.radius_auth).with_context(|| {
            format!("radius-auth {} cannot be opened", shown(&listen.radius_auth))
        })?;
        let (stop, stopped) = watch::channel(false);
        let mut listeners = JoinSet::new();
        serve_all(&mut listeners, http, &public, &stopped);
        serve_all(&mut listeners, health, &door::health::routes(app.clone()), &stopped);
        listeners.spawn(control::serve(socket, api::router(app.clone()), stopped));
        Ok(Self {
            http: http_addresses,
            radius_auth: radius.addresses.clone(),
            health: health_addresses,
            instance,
            radius,
            stop,
            listeners,
        })
    }

    /// What verbs need.
    pub(crate) fn app(&self) -> &std::sync::Arc<actions::App> {
        &self.instance.app
    }

    /// The organization that is served.
    pub(crate) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Closes every door, lets requests under way end, and makes every answer durable.
    pub(crate) async fn stop(self) {
        let Self { instance, radius, stop, mut listeners, .. } = self;
        stop.send_replace(true);
        // Its threads look whether they should end a few times a second.
        if tokio::task::spawn_blocking(move || drop(radius)).await.is_err() {
            tracing::error!("the RADIUS door did not close in order");
        }
        while let Some(ended) = listeners.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a listener did not close in order");
            }
        }
        instance.close().await;
    }
}

async fn bind(
    what: &str,
    addresses: &[SocketAddr],
) -> anyhow::Result<(Vec<SocketAddr>, Vec<TcpListener>)> {
    let (mut bound, mut listeners) = (Vec::new(), Vec::new());
    for address in addresses {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("{what} {address} cannot be opened"))?;
        bound.push(listener.local_addr()?);
        listeners.push(listener);
    }
    Ok((bound, listeners))
}

fn serve_all(
    tasks: &mut JoinSet<()>,
    listeners: Vec<TcpListener>,
    router: &Router,
    stop: &watch::Receiver<bool>,
) {
    for listener in listeners {
        tasks.spawn(door::http::serve(listener, router.clone(), stop.clone()));
    }
}

fn shown(addresses: &[SocketAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}
