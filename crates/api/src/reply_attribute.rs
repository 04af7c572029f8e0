//! `/api/v1/radius-dictionaries` and `/api/v1/reply-presets`

use axum::Json;
use domain::network_policy::listing::ListedDictionary;
use domain::network_policy::listing::ListedPreset;

use crate::Caller;
use crate::certificate::Page;
use crate::problem::Problem;

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
