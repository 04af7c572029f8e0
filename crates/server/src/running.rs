//! The running server: every door of an organization, opened together and closed in order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use actions::notary::Notary;
use actions::overview::folding::Folding;
use actions::portal_certificate;
use actions::publisher::Publisher;
use actions::rules::Server;
use actions::server_certificate::keeper::Keeper;
use anyhow::Context;
use anyhow::anyhow;
use axum::Router;
use axum::extract::Request;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::config::Listen;
use crate::door;
use crate::door::control;
use crate::door::traffic;
use crate::door::traffic::Entrance;
use crate::door::traffic::Traffic;
use crate::instance::Instance;

/// Every door, open.
pub(crate) struct Running {
    /// Where SCEP, downloads, revocation lists and OCSP are.
    pub(crate) http: Vec<SocketAddr>,
    /// Where the same is over TLS, and the API.
    pub(crate) https: Vec<SocketAddr>,
    /// Where RADIUS authentication is.
    pub(crate) radius_auth: Vec<SocketAddr>,
    /// Where RADIUS accounting is.
    pub(crate) radius_acct: Vec<SocketAddr>,
    /// Where health is.
    pub(crate) health: Vec<SocketAddr>,
    instance: Instance,
    publisher: Publisher,
    keeper: Keeper,
    notary: Notary,
    folding: Folding,
    radius: door::radius::Door,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
}

/// Where the doors are, and how they answer.
pub(crate) struct Opening<'a> {
    /// The addresses.
    pub(crate) listen: &'a Listen,
    /// Of the API.
    pub(crate) limits: api::Limits,
    /// Of the portal.
    pub(crate) portal: portal::Settings,
    /// What HTTPS shows, if it is given.
    pub(crate) shown: Option<Server>,
}

impl Running {
    /// Opens every door. Nothing is answered before all are open.
    pub(crate) async fn start(
        instance: Instance,
        data: &Path,
        Opening { listen, limits, portal, shown }: Opening<'_>,
    ) -> anyhow::Result<Self> {
        let app = &instance.app;
        let public = door::scep::routes(app.clone())
            .merge(door::authority::routes(app.clone()))
            .merge(door::revocation_list::routes(app.clone()))
            .merge(door::responder::routes(app.clone()));
        let (http_addresses, http) = bind("http", &listen.http).await?;
        let (https_addresses, https) = bind("https", &listen.https).await?;
        let (health_addresses, health) = bind("health", &listen.health).await?;
        let shown = match shown {
            Some(given) => given,
            None => portal_certificate::ensure(app)
                .await
                .map_err(|refusal| anyhow!("HTTPS has no certificate: {refusal}"))?,
        };
        let acceptor = door::https::acceptor(&shown)?;
        let socket = control::open(data).context("the control socket cannot be opened")?;
        let radius = door::radius::open(&app.snapshot, &listen.radius_auth, &listen.radius_acct)?;
        let publisher = Publisher::start(app).await;
        let keeper = Keeper::start(app);
        let notary = Notary::start(app);
        let folding = Folding::start(app);
        let (stop, stopped) = watch::channel(false);
        let mut listeners = JoinSet::new();
        let traffic = Arc::new(Traffic::default());
        let plain = traffic::counted(public.clone(), Entrance::Http, &traffic);
        serve_all(&mut listeners, http, &plain, &stopped);
        let pages = public.merge(portal::router(app.clone(), portal));
        let everything = beside(api::router(app.clone(), limits), pages);
        let everything = traffic::counted(everything, Entrance::Https, &traffic);
        for listener in https {
            let (acceptor, stopped) = (acceptor.clone(), stopped.clone());
            listeners.spawn(door::https::serve(listener, acceptor, everything.clone(), stopped));
        }
        let health_routes = door::health::routes(app.clone(), &traffic);
        serve_all(&mut listeners, health, &health_routes, &stopped);
        let own = traffic::counted(api::router(app.clone(), limits), Entrance::Control, &traffic);
        listeners.spawn(control::serve(socket, own, stopped));
        Ok(Self {
            http: http_addresses,
            https: https_addresses,
            radius_auth: radius.authentication.clone(),
            radius_acct: radius.accounting.clone(),
            health: health_addresses,
            publisher,
            keeper,
            notary,
            folding,
            instance,
            radius,
            stop,
            listeners,
        })
    }

    /// What verbs need.
    pub(crate) fn app(&self) -> &Arc<actions::App> {
        &self.instance.app
    }

    /// The organization that is served.
    pub(crate) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// Closes every door, lets requests under way end, and makes every answer durable.
    pub(crate) async fn stop(self) {
        let Self { instance, publisher, keeper, notary, folding, radius, stop, listeners, .. } =
            self;
        let mut listeners = listeners;
        publisher.end();
        keeper.end();
        notary.end();
        drop(folding);
        stop.send_replace(true);
        // Who listens to events would keep a connection open.
        instance.app.live.close();
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

/// The API beside everything else. A route with a parameter would give that to the API's handlers
/// too, so the path alone decides.
fn beside(api: Router, pages: Router) -> Router {
    Router::new().fallback(move |request: Request| {
        let is_api = request.uri().path().starts_with("/api/");
        let router = if is_api { api.clone() } else { pages.clone() };
        router.oneshot(request)
    })
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
