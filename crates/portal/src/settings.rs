//! Settings > Organization: its own name and address.

use std::sync::Arc;

use actions::object::Saving;
use actions::organization;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::organization::Settings;
use serde_json::Value;
use serde_json::json;

use crate::entry::Basis;
use crate::entry::Entry;
use crate::entry::Why;
use crate::fault::Fault;
use crate::form::Field;
use crate::form::Form;
use crate::form::Section;
use crate::frame::Frame;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::text;
use crate::twin;
use crate::visitor::Visitor;

/// The page.
const PATH: &str = "/settings";

/// That the difference was seen.
const SURE: &str = "sure";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get(PATH, Access::Needs(Permission::OrganizationRead), show);
    pages.post(PATH, Access::Needs(Permission::OrganizationChange), save);
}

/// The form of the organization.
pub(crate) fn form() -> Form {
    let fields = vec![Field::text("name").required(), Field::text("base_url").required()];
    Form { noun: "settings", sections: vec![Section::new("basic", fields)] }
}

/// `GET /settings`
async fn show(State(desk): State<Arc<Desk>>, visitor: Visitor) -> Result<Response, Fault> {
    let (settings, etag) = organization::settings(&desk.app, visitor.actor()?)?;
    let written = serde_json::to_value(settings).unwrap_or_default();
    Ok(page(&desk, &visitor, &written, (Why::default(), Basis::of(etag))))
}

fn page(desk: &Desk, visitor: &Visitor, written: &Value, said: (Why, Basis)) -> Response {
    let (mut why, basis) = said;
    let status = basis.status(&mut why);
    let form = form();
    let said = |field: &str| written.get(field).and_then(Value::as_str).unwrap_or_default();
    let (name, url) = (said("name"), said("base_url"));
    let (name, url) = (format!("name={name}"), format!("base_url={url}"));
    let command = ["safeconduct", "organization", "edit", "--set", &name, "--set", &url];
    let page = Entry {
        frame: Frame::new(desk, visitor, text::t("settings.title")),
        up: None,
        about: "settings.about",
        to: PATH.to_owned(),
        sections: form.shown(written, &why.complaints),
        wrong: why.unplaced(&form),
        button: "form.check",
        twins: vec![twin::command(&command)],
        basis,
    };
    page.render(status)
}

/// `POST /settings`: the difference first, then the change.
async fn save(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    posted: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let written = form().read(&posted, &json!({}));
    let settings = Settings {
        name: posted.text("name").unwrap_or_default().to_owned(),
        base_url: posted.text("base_url").unwrap_or_default().to_owned(),
    };
    let is_sure = posted.has(SURE);
    let etag = Basis::meant(&posted).map(str::to_owned);
    let saving = Saving { etag: etag.clone(), dry_run: !is_sure, ..Saving::default() };
    match organization::change_settings(&desk.app, actor, (settings, saving)).await {
        Ok(_) if is_sure => Ok(Redirect::to("/settings?done=saved").into_response()),
        Ok(applied) => {
            let fields = applied.plan.change.into_iter().flat_map(|change| change.fields);
            let basis = Basis { etag, review: Some(fields.collect()), theirs: None };
            Ok(page(&desk, &visitor, &written, (Why::default(), basis)))
        }
        Err(not_applied) => {
            let why = Why::of(not_applied).map(unprefixed)?;
            let (settings, etag) = organization::settings(&desk.app, actor)?;
            let now = serde_json::to_value(settings).unwrap_or_default();
            let basis = Basis::again(&posted, &written, (&now, etag));
            Ok(page(&desk, &visitor, &written, (why, basis)))
        }
    }
}

/// What is said of a document is said of its fields here.
fn unprefixed(mut why: Why) -> Why {
    for complaint in &mut why.complaints {
        if let Some(field) = complaint.path.strip_prefix("organization.") {
            complaint.path = field.to_owned();
        }
    }
    why
}
