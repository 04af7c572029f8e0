//! The slots of a server certificate as cards, and what is done with them by a button.

use std::sync::Arc;

use actions::object;
use actions::server_certificate;
use actions::server_certificate::ShownSlot;
use actions::server_certificate::renewal;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;

use crate::fault::Fault;
use crate::filters;
use crate::life::Life;
use crate::list::Link;
use crate::object::url;
use crate::object::url_of_name;
use crate::page::Desk;
use crate::posted::Posted;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "server_certificate/slots.html")]
struct SlotsPanel {
    slots: Vec<Card>,
    profiles: Vec<Link>,
    /// The URL of the server certificate.
    own: String,
    may_change: bool,
    /// Whether something waits.
    waits: bool,
    csrf: String,
}

/// A certificate as a card.
struct Card {
    /// `active`, `next` or `previous`.
    slot: &'static str,
    life: Life,
    shown: ShownSlot,
}

/// The cards.
pub(super) fn panel(
    desk: &Desk,
    visitor: &Visitor,
    shown: &object::Shown,
) -> Result<String, Fault> {
    let all = server_certificate::show(&desk.app, visitor.actor()?, &shown.name)?;
    let now = desk.app.world.time();
    let card = |slot, shown: ShownSlot| Card {
        slot,
        life: Life::of(shown.not_before, shown.not_after, now),
        shown,
    };
    let waits = all.next.is_some();
    let slots = [("active", Some(all.active)), ("next", all.next), ("previous", all.previous)];
    let slots = slots.into_iter().filter_map(|(slot, shown)| Some(card(slot, shown?)));
    let profile =
        |name: String| Link { url: url_of_name(desk, Kind::NetworkProfile, &name), title: name };
    let panel = SlotsPanel {
        slots: slots.collect(),
        profiles: all.network_profiles.into_iter().map(profile).collect(),
        own: url(Kind::ServerCertificate, &shown.slug),
        may_change: visitor.can(Permission::PkiChange),
        waits,
        csrf: visitor.csrf.clone(),
    };
    Ok(panel.render().unwrap_or_default())
}

/// The page of a server certificate, with what was done.
pub(super) fn back(slug: &str, done: &str) -> Response {
    let own = url(Kind::ServerCertificate, slug);
    Redirect::to(&format!("{own}?done={done}")).into_response()
}

/// `POST /server-certificates/{name}/renew`
pub(super) async fn renew(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::ServerCertificate, &name)?;
    let next = posted.has("next");
    renewal::renew(&desk.app, actor, &shown.name, renewal::Order { next }).await?;
    Ok(back(&shown.slug, if next { "waits" } else { "renewed" }))
}

/// `POST /server-certificates/{name}/discard`
pub(super) async fn discard(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = object::show(&desk.app, actor, Kind::ServerCertificate, &name)?;
    server_certificate::discard(&desk.app, actor, &shown.name).await?;
    Ok(back(&shown.slug, "discarded"))
}
