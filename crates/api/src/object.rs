//! `/api/v1/…` of the kinds that are defined one by one.

use std::sync::Arc;

use actions::App;
use actions::gateway::ShownSecret;
use actions::object;
use actions::object::Choice;
use actions::object::Saved;
use actions::object::Saving;
use actions::object::Shown;
use actions::object::Sort;
use actions::organization::Applied;
use actions::organization::history;
use actions::organization::history::RollBack;
use actions::organization::history::ShownVersion;
use axum::Json;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use axum::http::header::IF_MATCH;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;
use domain::plan::Plan;
use domain::refusal::Refusal;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::Error;
use serde_json::Map;
use serde_json::Value;
use utoipa::IntoParams;

use crate::Caller;
use crate::PAGE_DEFAULT;
use crate::certificate::Page;
use crate::certificate::PageQuery;
use crate::operation::Operation;
use crate::operation::Table;
use crate::operation::page;
use crate::problem::Problem;
use crate::schema;
use crate::taken::Taken;

/// Which objects, and which part of their list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// What name, slug or description holds, whatever the case of its letters.
    pub search: Option<String>,
    /// In the language of filters: name, slug, description, state, text.
    pub filter: Option<String>,
    /// By what they are ordered; as they are defined if not given.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// The `next` of another page of the same list.
    pub cursor: Option<String>,
    /// Most items; 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "crate::page_limit")]
    pub limit: Option<u32>,
}

/// How an object is saved.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SaveQuery {
    /// Its place among its kind, from 1; where it is, or behind all others, if not given.
    #[param(minimum = 1)]
    #[serde(default, deserialize_with = "from_one")]
    pub position: Option<usize>,
    /// Only say what would change.
    #[serde(default)]
    #[param(required = false)]
    pub dry_run: bool,
    /// How many may lose something by it, where that is more than a few.
    pub confirm: Option<u64>,
}

/// Reads a place, which is counted from 1.
fn from_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    let place = Option::<usize>::deserialize(deserializer)?;
    if place == Some(0) { Err(D::Error::custom("is counted from 1")) } else { Ok(place) }
}

/// What became of an object.
#[derive(Debug, Deserialize, Serialize)]
pub struct SavedObject {
    /// As it is now; as it was, if only tried out; null if it is not there.
    pub object: Option<Shown>,
    /// What was changed, or would be.
    pub plan: Plan,
    /// The secrets of a new gateway: shown here and never again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ShownSecret>,
}

/// The noun in URLs.
#[must_use]
pub fn plural(kind: Kind) -> String {
    kind.plural_words().replace(' ', "-")
}

/// `a gateway`, `an access point`.
fn with_article(kind: Kind) -> String {
    let words = kind.words();
    let article = if words.starts_with(['a', 'e', 'o']) { "an" } else { "a" };
    format!("{article} {words}")
}

/// The operations of every kind.
pub(crate) fn operations(table: &mut Table) {
    for kind in object::KINDS {
        let at = |rest: &str| format!("/api/v1/{}{rest}", plural(kind));
        let many = kind.plural_words();
        let one = with_article(kind);
        let change = Permission::to_change(kind);
        // Authorities have more to show than their definition.
        if kind != Kind::CertificateAuthority {
            let list = Operation::get(at(""), format!("List {many} in their order"));
            let list = list.needs(Permission::OrganizationRead).query::<ListQuery>();
            table.add(
                list.answers_part(page(schema::definition(kind))),
                move |state, caller, query| self::list(kind, state, caller, query),
            );
            let show = Operation::get(at("/{name}"), format!("Show {one} by its name or slug"));
            let show = show.needs(Permission::OrganizationRead).versioned();
            table.add(show.answers_part(schema::definition(kind)), move |state, caller, name| {
                self::show(kind, state, caller, name)
            });
        }
        let create = Operation::post(at(""), format!("Make {one}"));
        let create = create.needs(change).query::<SaveQuery>().versioned().creates();
        table.add(
            create.takes_part(schema::of(kind)).answers_part(schema::saved(kind)),
            move |state, caller, query, body| self::create(kind, state, caller, query, body),
        );
        let replace = Operation::put(at("/{name}"), format!("Put a definition in place of {one}"));
        let replace = replace.needs(change).query::<SaveQuery>().versioned();
        table.add(
            replace.takes_part(schema::of(kind)).answers_part(schema::saved(kind)),
            move |state, caller, name, query, headers, body| {
                self::replace((kind, state, caller), name, query, headers, body)
            },
        );
        let patch = Operation::patch(at("/{name}"), format!("Change fields of {one} (RFC 7396)"));
        let patch = patch.needs(change).query::<SaveQuery>().versioned();
        table.add(
            patch.takes_part(schema::patch()).answers_part(schema::saved(kind)),
            move |state, caller, name, query, headers, body| {
                self::change((kind, state, caller), name, query, headers, body)
            },
        );
        // What holds a key is never removed; who asks is told so.
        let remove = Operation::delete(at("/{name}"), format!("Remove {one}"));
        let remove = remove.needs(change).query::<SaveQuery>().versioned();
        table.add(remove, move |state, caller, name, query, headers| {
            self::remove((kind, state, caller), name, query, headers)
        });
        history_of(table, kind);
    }
}

fn history_of(table: &mut Table, kind: Kind) {
    let at = |rest: &str| format!("/api/v1/{}{rest}", plural(kind));
    let one = with_article(kind);
    let list = Operation::get(at("/{name}/history"), format!("List the versions of {one}"));
    let list = list.needs(Permission::OrganizationRead).query::<PageQuery>();
    table.add(list.lists::<ShownVersion>(), move |state, caller, name, query| {
        versions(kind, state, caller, name, query)
    });
    let back = Operation::post(
        at("/{name}/rollback"),
        format!("Let {one} be again what it was in a version"),
    );
    let back = back.needs(Permission::to_change(kind)).takes::<RollBack>().versioned();
    table.add(back.answers::<Applied>(), move |state, caller, name, headers, body| {
        roll_back((kind, state, caller), name, headers, body)
    });
}

async fn list(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Json<Page<Shown>>, Problem> {
    let Query(ListQuery { search, filter, sort, cursor, limit }) = query?;
    let choice = Choice {
        search: search.unwrap_or_default(),
        filter: filter.unwrap_or_default(),
        sort: sort.unwrap_or_default(),
        cursor,
        limit: limit.unwrap_or(PAGE_DEFAULT),
    };
    let page = object::list(&app, &actor, kind, &choice)?;
    Ok(Json(Page { items: page.items, next: page.next }))
}

async fn show(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let shown = object::show(&app, &actor, kind, &name)?;
    let etag = shown.etag.clone();
    Ok(tagged(Json(shown).into_response(), &etag))
}

async fn create(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<SaveQuery>, QueryRejection>,
    body: Result<Taken<Value>, Problem>,
) -> Result<Response, Problem> {
    let saving = query?.0.saving(None);
    let Taken(definition) = body?;
    let dry_run = saving.dry_run;
    let saved = object::create(&app, &actor, kind, (definition, saving)).await?;
    let status = if dry_run { StatusCode::OK } else { StatusCode::CREATED };
    Ok(answer(status, saved))
}

async fn replace(
    (kind, State(app), Caller(actor)): (Kind, State<Arc<App>>, Caller),
    Path(name): Path<String>,
    query: Result<Query<SaveQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Taken<Value>, Problem>,
) -> Result<Response, Problem> {
    let saving = query?.0.saving(if_match(&headers)?);
    let Taken(definition) = body?;
    let saved = object::replace(&app, &actor, (kind, &name), (definition, saving)).await?;
    Ok(answer(StatusCode::OK, saved))
}

async fn change(
    (kind, State(app), Caller(actor)): (Kind, State<Arc<App>>, Caller),
    Path(name): Path<String>,
    query: Result<Query<SaveQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Taken<Map<String, Value>>, Problem>,
) -> Result<Response, Problem> {
    let saving = query?.0.saving(if_match(&headers)?);
    let Taken(patch) = body?;
    let saved = object::change(&app, &actor, (kind, &name), (patch, saving)).await?;
    Ok(answer(StatusCode::OK, saved))
}

async fn remove(
    (kind, State(app), Caller(actor)): (Kind, State<Arc<App>>, Caller),
    Path(name): Path<String>,
    query: Result<Query<SaveQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let saving = query?.0.saving(if_match(&headers)?);
    object::remove(&app, &actor, (kind, &name), saving).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn versions(
    kind: Kind,
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<ShownVersion>>, Problem> {
    let Query(query) = query?;
    // Of what was removed, the name is all there is.
    let name = object::show(&app, &actor, kind, &name).map_or(name, |shown| shown.name);
    let page = history_page(&app, &actor, (kind, &name), query).await?;
    Ok(Json(page))
}

pub(crate) async fn history_page(
    app: &App,
    actor: &domain::actor::Actor,
    object: (Kind, &str),
    query: PageQuery,
) -> Result<Page<ShownVersion>, Problem> {
    let before = query.cursor.as_deref().map(str::parse::<i64>).transpose();
    let before = before.map_err(|_| wrong("cursor", "is not the number of a version"))?;
    let limit = query.limit.unwrap_or(PAGE_DEFAULT);
    let page = history::list(app, actor, object, (before, limit)).await?;
    Ok(Page { items: page.items, next: page.next })
}

async fn roll_back(
    (kind, State(app), Caller(actor)): (Kind, State<Arc<App>>, Caller),
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Taken<RollBack>, Problem>,
) -> Result<Json<Applied>, Problem> {
    let Taken(order) = body?;
    let name = object::show(&app, &actor, kind, &name).map_or(name, |shown| shown.name);
    let order = (order, if_match(&headers)?);
    Ok(Json(history::roll_back(&app, &actor, (kind, &name), order).await?))
}

impl SaveQuery {
    fn saving(self, etag: Option<String>) -> Saving {
        let Self { position, dry_run, confirm } = self;
        Saving { etag, position, dry_run, confirm }
    }
}

/// Which version is meant (RFC 9110, 13.1.1); several are not taken.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().map(str::trim).unwrap_or_default();
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match inner {
        Some(etag) if !etag.is_empty() && !etag.contains(['"', '*']) => Ok(Some(etag.to_owned())),
        None if text == "*" => Ok(Some(text.to_owned())),
        Some(_) | None => Err(wrong("If-Match", "is not one entity tag in quotes, or *").into()),
    }
}

/// Says which version an answer shows.
pub(crate) fn tagged(mut response: Response, etag: &str) -> Response {
    if let Ok(value) = HeaderValue::try_from(format!("\"{etag}\"")) {
        response.headers_mut().insert(ETAG, value);
    }
    response
}

fn answer(status: StatusCode, saved: Saved) -> Response {
    let Saved { shown, applied } = saved;
    let etag = shown.as_ref().map(|shown| shown.etag.clone());
    let body = SavedObject { object: shown, plan: applied.plan, secrets: applied.secrets };
    let response = (status, Json(body)).into_response();
    match etag {
        Some(etag) => tagged(response, &etag),
        None => response,
    }
}

fn wrong(parameter: &str, what: &str) -> Refusal {
    Refusal::ParameterWrong { parameter: parameter.into(), what: what.into() }
}
