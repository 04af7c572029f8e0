//! `/api/v1/overview` and `/api/v1/knocking-access-points`

use std::sync::Arc;

use actions::App;
use actions::access_point;
use actions::overview;
use axum::Json;
use axum::extract::State;
use domain::access_point::knock::Knock;
use domain::actor::Permission;
use domain::overview::Overview;

use crate::Caller;
use crate::certificate::Page;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let show = Operation::get("/api/v1/overview", "Show how the organization fares, in figures");
    table.add(show.answers::<Overview>(), self::show);
    // A path of its own: among the access points, one could be called like it.
    let path = "/api/v1/knocking-access-points";
    let list = Operation::get(path, "List who sends RADIUS packets and is no access point");
    let list = list.needs(Permission::EventRead).needs(Permission::OrganizationRead);
    table.add(list.lists::<Knock>(), knocking);
}

/// `GET /api/v1/overview`
pub async fn show(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Overview>, Problem> {
    Ok(Json(overview::show(&app, &actor).await?))
}

/// `GET /api/v1/knocking-access-points`
pub async fn knocking(
    State(app): State<Arc<App>>,
    Caller(actor): Caller,
) -> Result<Json<Page<Knock>>, Problem> {
    let items = access_point::knocking(&app, &actor).await?;
    Ok(Json(Page { items, next: None }))
}
