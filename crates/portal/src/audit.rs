//! Settings > Audit: what administrators changed, and the proof that nobody edited it.

use std::sync::Arc;

use actions::audit;
use actions::audit::Checkpoint;
use actions::audit::Order;
use actions::audit::Row;
use actions::audit::Verified;
use askama::Template;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use serde::Deserialize;

use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::PAGE_ITEMS;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::text;
use crate::url;
use crate::visitor::Visitor;

/// The page.
const PATH: &str = "/audit";

/// Most rows of a file that a browser fetches; the command line exports any number.
const EXPORT_ROWS_MAX: usize = 10_000;

/// Rows that are read at once for a file.
const EXPORT_PAGE: u32 = 500;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    let read = Access::Needs(Permission::AuditRead);
    pages.get(PATH, read, show);
    pages.get("/audit/verify", read, verify);
    pages.get("/audit/checkpoints", read, checkpoints);
    pages.post("/audit/checkpoints", read, sign);
    pages.get("/audit/rows.json", read, rows_file);
}

/// What stands behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    cursor: String,
}

impl Asked {
    fn cursor(&self) -> Option<&str> {
        Some(self.cursor.as_str()).filter(|cursor| !cursor.is_empty())
    }
}

#[derive(Template)]
#[template(path = "audit/audit.html")]
struct AuditPage {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<String>,
    verdict: Option<Verdict>,
}

impl AuditPage {
    /// What happened, in words.
    fn what(&self, kind: &str) -> String {
        let key = format!("audit.what.{}", kind.replace('.', "_"));
        text::find(&key).unwrap_or(kind).to_owned()
    }
}

/// What a walk over all rows found.
struct Verdict {
    is_intact: bool,
    sentence: String,
}

/// `GET /audit`
async fn show(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    page(&desk, &visitor, (asked.cursor(), None)).await
}

async fn page(
    desk: &Desk,
    visitor: &Visitor,
    (cursor, verdict): (Option<&str>, Option<Verdict>),
) -> Result<Response, Fault> {
    let part = (cursor, PAGE_ITEMS);
    let rows = audit::rows(&desk.app, visitor.actor()?, Order::Newest, part).await?;
    let page = AuditPage {
        frame: Frame::new(desk, visitor, text::t("audit.title")),
        rows: rows.items,
        next: rows.next.map(|next| url::with(PATH, &[("cursor", &next)])),
        verdict,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// `GET /audit/verify`: walks all rows.
async fn verify(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let verdict = match audit::verify(&desk.app, visitor.actor()?).await? {
        Verified::Intact(intact) => {
            let (rows, signed) = (intact.rows.to_string(), intact.checkpoints.to_string());
            let sentence = text::with("audit.intact", &[("rows", &rows), ("checkpoints", &signed)]);
            Verdict { is_intact: true, sentence }
        }
        Verified::Broken(bad) => Verdict { is_intact: false, sentence: bad.to_string() },
    };
    page(&desk, &visitor, (None, Some(verdict))).await
}

#[derive(Template)]
#[template(path = "audit/checkpoints.html")]
struct CheckpointsPage {
    frame: Frame,
    checkpoints: Vec<Checkpoint>,
    next: Option<String>,
    /// What they are checked with.
    key: Option<String>,
}

/// `GET /audit/checkpoints`
async fn checkpoints(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let found = audit::checkpoints(&desk.app, actor, (asked.cursor(), PAGE_ITEMS)).await?;
    let key = audit::key(&desk.app, actor).await?;
    let page = CheckpointsPage {
        frame: Frame::new(&desk, &visitor, text::t("audit.checkpoints")),
        checkpoints: found.items,
        next: found.next.map(|next| url::with("/audit/checkpoints", &[("cursor", &next)])),
        key: key.map(|key| key.fingerprint()),
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// `POST /audit/checkpoints`
async fn sign(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    _: Posted,
) -> Result<Response, Fault> {
    audit::sign(&desk.app, visitor.actor()?).await?;
    Ok(Redirect::to("/audit/checkpoints?done=signed").into_response())
}

/// `GET /audit/rows.json`: the newest rows, as they are hashed.
async fn rows_file(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let mut rows: Vec<Row> = Vec::new();
    let mut cursor: Option<String> = None;
    while rows.len() < EXPORT_ROWS_MAX {
        let part = (cursor.as_deref(), EXPORT_PAGE);
        let page = audit::rows(&desk.app, actor, Order::Newest, part).await?;
        rows.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // As they follow each other.
    rows.reverse();
    Ok(export::json("audit", &rows))
}
