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
use domain::actor::Actor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::Store;
use store::seal::MasterKey;
use tower::ServiceExt;

use crate::clock;
use crate::config::DataArgument;
use crate::door::control;
use crate::instance::Instance;
use crate::instance::NotOpened;

/// Most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// What a body of JSON is called.
const JSON: &str = "application/json";

/// What a table is called.
const TABLE: &str = "text/csv";

/// A body, and what it is.
type Body = (&'static str, Vec<u8>);

/// A way to the API of one organization.
pub(crate) enum Connection {
    /// A server holds the data.
    Socket(reqwest::Client),
    /// This process holds the data, until the command ends.
    Here(Router, Option<Instance>),
}

/// Why a request was not answered with yes.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The API said no.
    Problem(Box<Problem>),
    /// The API was not reached, or not understood.
    Other(anyhow::Error),
}

impl Connection {
    /// Finds the server that holds the data, or takes the data itself. An organization is not
    /// made by looking at it: only `serve`, `apply` and `demo` may start with an empty directory.
    pub(crate) async fn open(argument: &DataArgument, may_create: bool) -> anyhow::Result<Self> {
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
            Ok(instance) => Ok(Self::Here(router(&instance.app), Some(instance))),
            Err(NotOpened::Held(held)) => {
                let socket = control::path_of(data);
                if !socket.exists() {
                    return Err(anyhow!("{held}, and has no control socket (yet)"));
                }
                let client = reqwest::Client::builder().no_proxy().unix_socket(socket);
                Ok(Self::Socket(client.build().context("no client for the control socket")?))
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
        Ok(Self::Here(router(&app), None))
    }

    /// The way to an organization that this process holds already, and goes on holding.
    pub(crate) fn within(instance: &Instance) -> Self {
        Self::Here(router(&instance.app), None)
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

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Body>,
    ) -> Result<T, Failed> {
        let (status, bytes) = match self {
            Self::Socket(client) => over_socket(client, method, path, body).await?,
            Self::Here(router, _) => in_process(router.clone(), method, path, body).await?,
        };
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
        match self {
            Self::Socket(_) => {}
            Self::Here(router, instance) => {
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
    api::router(Arc::clone(app)).layer(axum::Extension(actor))
}

async fn over_socket(
    client: &reqwest::Client,
    method: Method,
    path: &str,
    body: Option<Body>,
) -> anyhow::Result<(u16, Vec<u8>)> {
    let mut request = client.request(method, format!("http://localhost{path}"));
    if let Some((kind, body)) = body {
        request = request.header(CONTENT_TYPE, kind).body(body);
    }
    let response = request.send().await.context("the server does not answer at its socket")?;
    let status = response.status().as_u16();
    Ok((status, response.bytes().await.context("an answer broke off")?.to_vec()))
}

async fn in_process(
    router: Router,
    method: Method,
    path: &str,
    body: Option<Body>,
) -> anyhow::Result<(u16, Vec<u8>)> {
    let (kind, body) = body.unwrap_or((JSON, Vec::new()));
    let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, kind);
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
            Failed::Problem(problem) => {
                anyhow!("{} ({})\n  fix: {}", problem.detail, problem.code, problem.fix)
            }
            Failed::Other(error) => error,
        }
    }
}
