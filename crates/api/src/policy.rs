//! `/api/v1/policy-workflows`, `/api/v1/enrollment-policies` and `/api/v1/network-policies`

use std::sync::Arc;

use actions::App;
use actions::organization::Applied;
use actions::organization::history;
use actions::organization::history::RollBack;
use actions::organization::history::ShownVersion;
use actions::policy;
use actions::policy::ShownPolicy;
use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::extract::rejection::QueryRejection;
use axum::routing::get;
use axum::routing::post;
use domain::condition::listing::ListedField;
use domain::object::Kind;
use domain::refusal::Refusal;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::problem::Problem;

/// The URLs of all three nouns.
pub(crate) fn routes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    policy::KINDS.into_iter().fold(router, |router, kind| {
        let plural = plural(kind);
        let at = |rest: &str| format!("/api/v1/{plural}{rest}");
        router
            .route(&at(""), get(move |state, caller| list(kind, state, caller)))
            .route(&at("/{name}"), get(move |state, caller, name| show(kind, state, caller, name)))
            .route(
                &at("/{name}/history"),
                get(move |state, caller, name, query| versions(kind, state, caller, name, query)),
            )
            .route(
                &at("/{name}/rollback"),
                post(move |state, caller, name, body| roll_back(kind, state, caller, name, body)),
            )
    })
}

/// `GET /api/v1/policy-fields`
pub async fn fields(Caller(actor): Caller) -> Result<Json<Page<ListedField>>, Problem> {
    Ok(Json(Page { items: policy::fields(&actor)?, next: None }))
}

/// The noun in URLs.
#[must_use]
pub fn plural(kind: Kind) -> String {
    let noun = kind.as_str().replace('_', "-");
    noun.strip_suffix('y').map_or(format!("{noun}s"), |stem| format!("{stem}ies"))
}

async fn list(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Page<ShownPolicy>>, Problem> {
    Ok(Json(Page { items: policy::list(&app, &actor, kind)?, next: None }))
}

async fn show(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Json<ShownPolicy>, Problem> {
    Ok(Json(policy::show(&app, &actor, kind, &name)?))
}

async fn versions(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<ShownVersion>>, Problem> {
    let Query(query) = query?;
    let before = query.cursor.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| {
        let what = "is not the number of a version".to_owned();
        Refusal::ParameterWrong { parameter: "cursor".into(), what }
    })?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = history::list(&app, &actor, (kind, &name), (before, limit)).await?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

async fn roll_back(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    body: Result<Json<RollBack>, JsonRejection>,
) -> Result<Json<Applied>, Problem> {
    let Json(order) = body?;
    Ok(Json(history::roll_back(&app, &actor, (kind, &name), order).await?))
}
