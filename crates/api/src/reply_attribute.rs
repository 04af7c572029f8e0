//! `/api/v1/radius-dictionaries` and `/api/v1/reply-presets`

use axum::Json;
use domain::actor::Permission;
use domain::network_policy::listing::ListedDictionary;
use domain::network_policy::listing::ListedPreset;

use crate::Caller;
use crate::certificate::Page;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let read = Permission::OrganizationRead;
    let list = Operation::get("/api/v1/radius-dictionaries", "List the attributes of vendors");
    table.add(list.needs(read).lists::<ListedDictionary>(), dictionaries);
    let list = Operation::get("/api/v1/reply-presets", "List sets of attributes for access points");
    table.add(list.needs(read).lists::<ListedPreset>(), presets);
}

/// `GET /api/v1/radius-dictionaries`
pub async fn dictionaries(Caller(actor): Caller) -> Result<Json<Page<ListedDictionary>>, Problem> {
    let items = actions::reply_attribute::dictionaries(&actor)?;
    Ok(Json(Page { items, next: None }))
}

/// `GET /api/v1/reply-presets`
pub async fn presets(Caller(actor): Caller) -> Result<Json<Page<ListedPreset>>, Problem> {
    let items = actions::reply_attribute::presets(&actor)?;
    Ok(Json(Page { items, next: None }))
}
