//! RADIUS > Access Points: who may ask, and the secret that each shares with us.

use std::sync::Arc;

use actions::access_point;
use actions::object::Saved;
use actions::object::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;
use serde_json::Value;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::frame::Frame;
use crate::list::Cell;
use crate::list::Link;
use crate::object;
use crate::object::Noun;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// The field that is written and never read.
const SECRET: &str = "shared_secret";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<AccessPointPages>(pages);
    let change = Access::Needs(Permission::NetworkChange);
    pages.get("/access-points/{name}/rotate", change, ask_to_rotate);
    pages.proven("/access-points/{name}/rotate", change, rotate);
}

struct AccessPointPages;

impl Noun for AccessPointPages {
    const KIND: Kind = Kind::AccessPoint;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("address", ""), ("description", "")];

    fn cells(_: &Desk, shown: &Shown) -> Vec<Cell> {
        let text = |field: &str| shown.definition.get(field).map(form::plain).unwrap_or_default();
        let description = text("description");
        let is_none = description.is_empty();
        vec![
            Cell::Text(shown.name.clone()),
            Cell::Code(text("address")),
            if is_none { Cell::None } else { Cell::Text(description) },
        ]
    }

    fn form(_: &Desk, definition: &Value) -> Form {
        let mut basic = vec![
            Field::text("name").required(),
            Field::new("description", Input::LongText),
            Field::text("address").required(),
        ];
        // One that is there gets another by a page of its own, which shows it once.
        if definition.get("slug").is_none() {
            basic.push(Field::new(SECRET, Input::Secret));
        }
        Form { noun: "access_point", sections: vec![Section::new("basic", basic)] }
    }

    fn links(_: &Desk, visitor: &Visitor, shown: &Shown) -> Vec<Link> {
        if !visitor.can(Permission::NetworkChange) {
            return Vec::new();
        }
        let own = object::url(Kind::AccessPoint, &shown.slug);
        vec![Link::new("access_point.rotate", format!("{own}/rotate"))]
    }

    fn complete(desk: &Desk, definition: &mut Value) {
        let Some(fields) = definition.as_object_mut() else { return };
        if !fields.contains_key(SECRET) {
            let drawn = access_point::draw(&desk.app);
            fields.insert(SECRET.to_owned(), Value::from(drawn.reveal()));
        }
    }

    fn completed(
        desk: &Desk,
        visitor: &Visitor,
        saved: &Saved,
        (written, completed): (&Value, &Value),
    ) -> Option<Response> {
        // What somebody gave is theirs to know.
        if written.get(SECRET).is_some() {
            return None;
        }
        let shown = saved.shown.as_ref()?;
        let secret = completed.get(SECRET).and_then(Value::as_str)?;
        Some(secret_page(desk, visitor, shown, secret))
    }
}

#[derive(Template)]
#[template(path = "access_point/secret.html")]
struct SecretPage {
    frame: Frame,
    name: String,
    address: String,
    secret: String,
    to: String,
}

fn secret_page(desk: &Desk, visitor: &Visitor, shown: &Shown, secret: &str) -> Response {
    let page = SecretPage {
        frame: Frame::new(desk, visitor, text::t("access_point.made")),
        name: shown.name.clone(),
        address: shown.definition.get("address").map(form::plain).unwrap_or_default(),
        secret: secret.to_owned(),
        to: object::url(Kind::AccessPoint, &shown.slug),
    };
    fault::render(&page, StatusCode::CREATED)
}

#[derive(Template)]
#[template(path = "access_point/rotate.html")]
struct RotatePage {
    frame: Frame,
    up: Link,
    to: String,
}

/// `GET /access-points/{name}/rotate`
async fn ask_to_rotate(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Fault> {
    let kind = Kind::AccessPoint;
    let shown = actions::object::show(&desk.app, visitor.actor()?, kind, &name)?;
    let own = object::url(kind, &shown.slug);
    let page = RotatePage {
        frame: Frame::new(&desk, &visitor, text::t("access_point.rotate")),
        to: format!("{own}/rotate"),
        up: Link { title: shown.name, url: own },
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// `POST /access-points/{name}/rotate`
async fn rotate(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _posted: Posted,
) -> Result<Response, Fault> {
    let (actor, kind) = (visitor.actor()?, Kind::AccessPoint);
    let shown = actions::object::show(&desk.app, actor, kind, &name)?;
    let drawn = access_point::rotate(&desk.app, actor, &name).await?;
    Ok(secret_page(&desk, &visitor, &shown, drawn.shared_secret.reveal()))
}
