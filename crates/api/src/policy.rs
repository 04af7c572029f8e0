//! `/api/v1/policy-fields`

use axum::Json;
use domain::actor::Permission;
use domain::condition::listing::ListedField;

use crate::Caller;
use crate::certificate::Page;
use crate::operation::Operation;
use crate::operation::Table;
use crate::problem::Problem;

/// The operations.
pub(crate) fn operations(table: &mut Table) {
    let list = Operation::get("/api/v1/policy-fields", "List what rules can look at");
    let list = list.needs(Permission::OrganizationRead);
    table.add(list.lists::<ListedField>(), fields);
}

/// `GET /api/v1/policy-fields`
pub async fn fields(Caller(actor): Caller) -> Result<Json<Page<ListedField>>, Problem> {
    Ok(Json(Page { items: actions::policy::fields(&actor)?, next: None }))
}
