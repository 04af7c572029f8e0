//! `/api/v1/search`

use std::sync::Arc;

use actions::App;
use actions::search;
use actions::search::Found;
use axum::Json;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Caller;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// A serial number, a fingerprint, an address, a name, an e-mail address, the id of an event,
    /// or a certificate in PEM.
    pub text: String,
}

/// The operations. Whoever is known may ask, and finds what they may see.
pub(crate) fn operations(table: &mut Table) {
    let find = Operation::get("/api/v1/search", "Find whatever a text may mean");
    table.add(find.query::<SearchQuery>().answers::<Found>(), self::find);
}

/// `GET /api/v1/search`
pub async fn find(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Json<Found>, Problem> {
    let Query(SearchQuery { text }) = query?;
    Ok(Json(search::find(&app, &actor, &text).await?))
}
