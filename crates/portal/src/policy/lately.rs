//! What happened with a policy in the last 24 hours, on its page.

use actions::object::Shown;
use actions::policy;
use actions::policy::Lately;
use askama::Template;
use domain::actor::Permission;
use domain::object::Kind;

use crate::fault::Fault;
use crate::filters;
use crate::page::Desk;
use crate::url;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "policy/lately.html")]
struct Panel {
    lately: Lately,
    url: String,
}

/// The part of the page, for whoever may see events.
pub(crate) async fn panel(
    desk: &Desk,
    visitor: &Visitor,
    (kind, shown): (Kind, &Shown),
) -> Result<Vec<String>, Fault> {
    if !visitor.can(Permission::EventRead) {
        return Ok(Vec::new());
    }
    let lately = policy::lately(&desk.app, visitor.actor()?, (kind, &shown.name)).await?;
    let list = if kind == Kind::NetworkPolicy { "/radius-events" } else { "/events" };
    let panel =
        lately.map(|lately| Panel { url: url::with(list, &[("filter", &lately.filter)]), lately });
    Ok(panel.into_iter().map(|panel| panel.render().unwrap_or_default()).collect())
}
