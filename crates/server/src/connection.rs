//! The command line's way to an organization: the control socket of the server that holds it, or
//! the same router in this process when nobody does.

use std::sync::Arc;

use actions::App;
use anyhow::Context;
use anyhow::anyhow;
use api::problem::Problem;
use axum::Router;
use axum::http::Method;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::IF_MATCH;
use domain::actor::Actor;
use domain::secret::Secret;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Store;
use store::seal::MasterKey;
use tower::ServiceExt;

use crate::clock;
use crate::config::DataArgument;
use crate::config::Remote;
use crate::door::control;
use crate::instance::Instance;
use crate::instance::NotOpened;
use crate::refused::Refused;

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What a body of JSON is called.
const JSON: &str = "application/json";

/// What a table is called.
const TABLE: &str = "text/csv";

/// A body, and what it is.
type Body = (&'static str, Vec<u8>);

/// A way to the API of one organization.
enum Way {
    /// A server holds the data, or is asked over HTTPS.
    Server(Server),
    /// This process holds the data, until the command ends.
    Here(Router, Option<Instance>),
}

/// A server that is asked.
pub(crate) struct Server {
    client: reqwest::Client,
    /// What its URLs begin with.
    base: String,
    /// What proves who asks, where no socket does.
    token: Option<Secret>,
}

/// A connection, and what is said with each request.
pub(crate) struct Connection {
    way: Way,
    /// The version of an object that is meant.
    etag: Option<String>,
}

/// Why a request was not answered with yes.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The API said no.
    Problem(Box<Problem>),
    /// The API was not reached, or not understood.
    Other(anyhow::Error),
}

impl From<Way> for Connection {
    fn from(way: Way) -> Self {
        Self { way, etag: None }
    }
}

impl Connection {
    /// Finds the server that holds the data, or takes the data itself. An organization is not
    /// made by looking at it: only `serve`, `apply` and `demo` may start with an empty directory.
    pub(crate) async fn open(argument: &DataArgument, may_create: bool) -> anyhow::Result<Self> {
        if let Some(remote) = argument.remote()? {
            return Ok(Way::Server(Server::over_https(remote)?).into());
        }
        let place = argument.place(&argument.config()?)?;
        let data = &place.data;
        if !may_create && !data.exists() && !place.has_organization() {
            return Err(anyhow!(
                "there is no organization in {}; name another with --data, or make one with \
                 `safeconduct apply`",
                data.display()
            ));
        }
        match Instance::open(&place).await {
            Ok(instance) => Ok(Way::Here(router(&instance.app), Some(instance)).into()),
            Err(NotOpened::Held(held)) => {
                let socket = control::path_of(data);
                if !socket.exists() {
                    return Err(anyhow!("{held}, and has no control socket (yet)"));
                }
                let client = reqwest::Client::builder().no_proxy().unix_socket(socket);
                let client = client.build().context("no client for the control socket")?;
                let base = "http://localhost".to_owned();
                Ok(Way::Server(Server { client, base, token: None }).into())
            }
            Err(NotOpened::Failed(error)) => Err(error),
        }
    }

    /// The way to an empty organization that nobody keeps: to see what a file would make.
    pub(crate) async fn scratch() -> anyhow::Result<Self> {
        let mut key = [0; 32];
        clock::fill(&mut key);
        let master = MasterKey::from_bytes(&key);
        let store = Store::scratch(&master)?;
        let app = App::open(store, Arc::new(master), clock::world()).await?;
        Ok(Way::Here(router(&app), None).into())
    }

    /// The way to an organization that this process holds already, and goes on holding.
    pub(crate) fn within(instance: &Instance) -> Self {
        Way::Here(router(&instance.app), None).into()
    }

    /// Whether this process holds the data, so that nobody else changes it.
    pub(crate) fn is_here(&self) -> bool {
        matches!(self.way, Way::Here(..))
    }

    /// The same, for changes of this version of an object only.
    pub(crate) fn meaning(self, etag: Option<String>) -> Self {
        Self { etag, ..self }
    }

    /// `PUT`
    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let body = serde_json::to_vec(body).context("a request cannot be written")?;
        self.send(Method::PUT, path, Some((JSON, body))).await
    }

    /// `GET`
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failed> {
        self.send(Method::GET, path, None).await
    }

    /// `PATCH`
    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let body = serde_json::to_vec(body).context("a request cannot be written")?;
        self.send(Method::PATCH, path, Some((JSON, body))).await
    }

    /// `DELETE`
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Failed> {
        self.send::<serde::de::IgnoredAny>(Method::DELETE, path, None).await.map(drop)
    }

    /// `POST` of a table.
    pub(crate) async fn post_table<T: DeserializeOwned>(
        &self,
        path: &str,
        table: Vec<u8>,
    ) -> Result<T, Failed> {
        self.send(Method::POST, path, Some((TABLE, table))).await
    }

    /// `POST`
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let body = serde_json::to_vec(body).context("a request cannot be written")?;
        self.send(Method::POST, path, Some((JSON, body))).await
    }

    /// Asks, and answers the status alone.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> anyhow::Result<u16> {
        let body = body.map(serde_json::to_vec).transpose()?.map(|body| (JSON, body));
        Ok(self.answer(method, path, body).await?.0)
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        // Any version is meant by a star, which stands for itself (RFC 9110, 13.1.1).
        let quoted = |etag: &str| if etag == "*" { etag.to_owned() } else { format!("\"{etag}\"") };
        let etag = self.etag.as_deref().map(quoted);
        match &self.way {
            Way::Server(server) => server.send((method, path), body, etag).await,
            Way::Here(router, _) => in_process(router.clone(), (method, path), body, etag).await,
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<T, Failed> {
        let (status, bytes) = self.answer(method, path, body).await?;
        if status == 204 {
            return Ok(serde_json::from_str("null").context("an answer is not understood")?);
        }
        if (200..300).contains(&status) {
            return Ok(serde_json::from_slice(&bytes).context("an answer is not understood")?);
        }
        let problem =
            serde_json::from_slice(&bytes).with_context(|| format!("the API answered {status}"))?;
        Err(Failed::Problem(Box::new(problem)))
    }

    /// Lets the organization go; what was noted is durable afterwards.
    pub(crate) async fn close(self) {
        match self.way {
            Way::Server(_) => {}
            Way::Here(router, instance) => {
                drop(router);
                if let Some(instance) = instance {
                    instance.close().await;
                }
            }
        }
    }
}

/// The API as the owner of the data directory sees it.
fn router(app: &Arc<App>) -> Router {
    let actor = Actor::owner("administrator on this machine");
    api::router(Arc::clone(app), api::Limits::default()).layer(axum::Extension(actor))
}

impl Server {
    /// A server somewhere else, whose certificate must lead to what is named, or to what the
    /// system trusts.
    fn over_https(remote: Remote) -> anyhow::Result<Self> {
        let Remote { url, token, ca } = remote;
        let mut client = reqwest::Client::builder().no_proxy().https_only(true);
        if let Some(ca) = ca {
            let shown = ca.display();
            let pem =
                std::fs::read_to_string(&ca).with_context(|| format!("{shown} cannot be read"))?;
            let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
                .with_context(|| format!("{shown} is not a certificate in PEM"))?;
            if certificates.is_empty() {
                return Err(anyhow!("{shown} is not a certificate in PEM"));
            }
            client = client.tls_certs_only(certificates);
        }
        let client = client.build().context("no client for HTTPS")?;
        Ok(Self { client, base: url, token: Some(token) })
    }

    async fn send(
        &self,
        (method, path): (Method, &str),
        body: Option<Body>,
        etag: Option<String>,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some((kind, body)) = body {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(etag) = etag {
            request = request.header(IF_MATCH, etag);
        }
        let place = if self.token.is_some() { self.base.as_str() } else { "its socket" };
        let response = request.send().await;
        let response =
            response.with_context(|| format!("the server does not answer at {place}"))?;
        let status = response.status().as_u16();
        let mut response = response;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.context("an answer broke off")? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(anyhow!("an answer is longer than {ANSWER_BYTES_MAX} bytes"));
            }
        }
        Ok((status, bytes))
    }
}

async fn in_process(
    router: Router,
    (method, path): (Method, &str),
    body: Option<Body>,
    etag: Option<String>,
) -> anyhow::Result<(u16, Vec<u8>)> {
    let (kind, body) = body.unwrap_or((JSON, Vec::new()));
    let mut request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, kind);
    if let Some(etag) = etag {
        request = request.header(IF_MATCH, etag);
    }
    let request = request.body(axum::body::Body::from(body))?;
    let response = router.oneshot(request).await?;
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX).await?;
    Ok((status, bytes.to_vec()))
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Failed> for anyhow::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Problem(problem) => Refused::from(*problem).into(),
            Failed::Other(error) => error,
        }
    }
}
