//! The table of pages: what each URL shows or does, and who may. The router is made from it, and
//! tests walk along it.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use actions::App;
use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::MethodFilter;
use axum::routing::on;
use domain::actor::Permission;

use crate::guard;
use crate::guard::Passing;

/// What somebody must be to see or do something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Whoever has signed in.
    Known,
    /// Whoever has this permission.
    Needs(Permission),
}

/// One page, or one thing that a form does.
#[derive(Clone, Debug)]
pub struct Page {
    /// `GET` shows, `POST` does.
    pub method: Method,
    /// Where, with the parameters of the path in braces.
    pub path: String,
    /// For whom.
    pub access: Access,
    /// Whether the password is asked for again, unless it was given just now.
    pub proof: bool,
}

/// What all pages share.
pub(crate) struct Desk {
    pub(crate) app: Arc<App>,
    pub(crate) settings: crate::Settings,
    /// How many reports of browsers came.
    pub(crate) reports: AtomicU32,
}

/// Every page, and the router that shows them.
pub(crate) struct Pages {
    /// None: nothing is shown, it is only told of.
    desk: Option<Arc<Desk>>,
    pub(crate) router: Router<Arc<Desk>>,
    pub(crate) list: Vec<Page>,
}

impl Pages {
    /// An empty table of pages at this desk.
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        Self { desk: Some(desk), ..Self::on_paper() }
    }

    /// An empty table of which nothing is shown.
    pub(crate) fn on_paper() -> Self {
        Self { desk: None, router: Router::new(), list: Vec::new() }
    }

    /// Adds something to see.
    pub(crate) fn get<H, T>(&mut self, path: impl Into<String>, access: Access, handler: H)
    where
        H: Handler<T, Arc<Desk>>,
        T: 'static,
    {
        let page = Page { method: Method::GET, path: path.into(), access, proof: false };
        self.add(page, handler);
    }

    /// Adds something to do.
    pub(crate) fn post<H, T>(&mut self, path: impl Into<String>, access: Access, handler: H)
    where
        H: Handler<T, Arc<Desk>>,
        T: 'static,
    {
        let page = Page { method: Method::POST, path: path.into(), access, proof: false };
        self.add(page, handler);
    }

    /// Adds something to do before which the password is asked for again.
    pub(crate) fn proven<H, T>(&mut self, path: impl Into<String>, access: Access, handler: H)
    where
        H: Handler<T, Arc<Desk>>,
        T: 'static,
    {
        let page = Page { method: Method::POST, path: path.into(), access, proof: true };
        self.add(page, handler);
    }

    fn add<H, T>(&mut self, page: Page, handler: H)
    where
        H: Handler<T, Arc<Desk>>,
        T: 'static,
    {
        if let Some(desk) = &self.desk {
            let filter = MethodFilter::try_from(page.method.clone()).unwrap_or(MethodFilter::GET);
            let passing =
                Passing { desk: Arc::clone(desk), access: page.access, proof: page.proof };
            let route =
                on(filter, handler).layer(middleware::from_fn_with_state(passing, guard::pass));
            let router = core::mem::take(&mut self.router);
            self.router = router.route(&page.path, route);
        }
        self.list.push(page);
    }
}
