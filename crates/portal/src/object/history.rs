//! The versions of an object: who changed what, and the way back.

use std::collections::HashMap;
use std::sync::Arc;

use actions::object;
use actions::organization::history;
use actions::organization::history::RollBack;
use actions::organization::history::ShownVersion;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::refusal::Refusal;

use super::Noun;
use super::edit::confirmed;
use super::edit::version_meant;
use super::question::Question;
use super::url;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::list::PAGE_ITEMS;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "object/history.html")]
struct HistoryPage {
    frame: Frame,
    up: Link,
    versions: Vec<ShownVersion>,
    next: Option<String>,
    /// Where a version is gone back to; none for who may not.
    roll_back: Option<String>,
    /// The version of now, which there is no way back to.
    newest: Option<i64>,
    /// The version of the object itself that is shown, so that nothing newer is gone back from.
    etag: String,
}

impl HistoryPage {
    /// Whether a version can be gone back to.
    fn leads_back(&self, version: &ShownVersion) -> bool {
        version.definition.is_some() && Some(version.version) != self.newest
    }
}

/// `GET /{plural}/{name}/history`
pub(crate) async fn show<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(given): Query<HashMap<String, String>>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, N::KIND, &name)?;
    let cursor = given.get("cursor").filter(|cursor| !cursor.is_empty());
    let wrong = || Refusal::ParameterWrong {
        parameter: "cursor".to_owned(),
        what: "is not the number of a version".to_owned(),
    };
    let before = cursor.map(|cursor| cursor.parse::<i64>().map_err(|_| wrong())).transpose()?;
    let object = (N::KIND, shown.name.as_str());
    let page = history::list(&desk.app, actor, object, (before, PAGE_ITEMS)).await?;
    let own = url(N::KIND, &shown.slug);
    let newest = before.is_none().then(|| page.items.first().map(|it| it.version)).flatten();
    let can = visitor.can(Permission::to_change(N::KIND));
    let page = HistoryPage {
        frame: Frame::new(&desk, &visitor, text::t("history.title")),
        up: Link { title: shown.name.clone(), url: own.clone() },
        versions: page.items,
        next: page
            .next
            .map(|next| crate::url::with(&format!("{own}/history"), &[("cursor", &next)])),
        roll_back: can.then(|| format!("{own}/rollback")),
        newest,
        etag: shown.etag,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// `POST /{plural}/{name}/rollback`
pub(crate) async fn roll_back<N: Noun>(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, N::KIND, &name)?;
    let version = posted.text("version").and_then(|version| version.parse().ok());
    let version = version.ok_or(Fault::Form("the version is no number"))?;
    let etag = version_meant(&posted)?;
    let (about, own) = ((N::KIND, shown.name.as_str()), url(N::KIND, &shown.slug));
    let order = RollBack { version, dry_run: false, confirm: confirmed(&posted) };
    let meant = (order, Some(etag.clone()));
    let not_applied = match history::roll_back(&desk.app, actor, about, meant).await {
        Ok(_) => return Ok(Redirect::to(&format!("{own}?done=rolled_back")).into_response()),
        Err(not_applied) => object::local(N::KIND, not_applied),
    };
    // What it would change now.
    let dry = RollBack { dry_run: true, ..order };
    let tried = history::roll_back(&desk.app, actor, about, (dry, None)).await;
    let changes = tried.map(|applied| applied.plan.change).unwrap_or_default();
    let fields = changes.into_iter().flat_map(|change| change.fields).collect();
    let question = Question::rollback(&desk, &visitor, (&shown.name, &own), version);
    question.meaning(etag).changing(fields).refused(not_applied)
}
