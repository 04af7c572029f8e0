//! Integrations Hub > Device Management Platforms: gateways.

mod secret;

use actions::gateway::ShownSecret;
use actions::object::Saved;
use actions::object::Shown;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::gateway::Gateway;
use domain::object::Kind;
use serde_json::Value;

use crate::export;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::frame::Frame;
use crate::list::Cell;
use crate::object;
use crate::object::Noun;
use crate::page::Desk;
use crate::page::Pages;
use crate::text;
use crate::visitor::Visitor;

/// The vendors, as definitions have them.
const VENDORS: [&str; 9] =
    ["other", "mosyle", "jamf", "intune", "kandji", "addigy", "workspace-one", "meraki", "google"];

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<GatewayPages>(pages);
    secret::pages(pages);
}

struct GatewayPages;

impl Noun for GatewayPages {
    const KIND: Kind = Kind::Gateway;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("vendor", ""), ("certificate_authority", ""), ("url", "")];

    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell> {
        let gateway: Option<Gateway> = serde_json::from_value(shown.definition.clone()).ok();
        let rules = desk.app.snapshot.rules();
        let url = gateway.as_ref().map(|it| rules.organization.enrollment_url(it));
        let authority = gateway.as_ref().and_then(|it| rules.organization.authority_of(it));
        let vendor = shown.definition.get("vendor_name").or(shown.definition.get("vendor"));
        vec![
            Cell::Text(shown.name.clone()),
            Cell::Text(vendor.and_then(Value::as_str).unwrap_or_default().to_owned()),
            authority.map_or(Cell::None, |it| Cell::Text(it.name.clone())),
            url.map_or(Cell::None, Cell::Code),
        ]
    }

    fn form(desk: &Desk, _definition: &Value) -> Form {
        let authorities = object::names(desk, Kind::CertificateAuthority);
        let authorities = authorities.into_iter().map(Choice::named).collect();
        let basic = vec![
            Field::text("name").required(),
            Field::new("description", Input::LongText),
            Field::new(
                "type",
                Input::Choice(Choice::words("gateway.type", &["scep-enrollment-token"])),
            )
            .default("scep-enrollment-token"),
            Field::new("vendor", Input::Choice(Choice::words("gateway.vendor", &VENDORS)))
                .default("other"),
            Field::text("vendor_name"),
            Field::new(
                "certificate_authority",
                Input::Choice(Choice::or_none(authorities, "gateway.organization_ca")),
            ),
        ];
        let further = vec![
            Field::new("default", Input::Flag),
            Field::new("strict", Input::Flag),
            Field::new("legacy", Input::Flag),
            Field::new("renewal_window_days", Input::Number),
            Field::new("renewal_grace_days", Input::Number),
        ];
        let sections = vec![Section::new("basic", basic), Section::new("further", further)];
        Form { noun: "gateway", sections }
    }

    async fn panels(desk: &Desk, visitor: &Visitor, shown: &Shown) -> Result<Vec<String>, Fault> {
        let gateway: Option<Gateway> = serde_json::from_value(shown.definition.clone()).ok();
        let rules = desk.app.snapshot.rules();
        let url = gateway.map(|it| rules.organization.enrollment_url(&it)).unwrap_or_default();
        let panel = UrlPanel { url };
        let secrets = secret::panel(desk, visitor, &shown.slug).await?;
        Ok(vec![panel.render().unwrap_or_default(), secrets])
    }

    fn made(desk: &Desk, visitor: &Visitor, saved: &Saved) -> Option<Response> {
        let shown = saved.applied.secrets.first()?.clone();
        let slug = saved.shown.as_ref().map(|shown| shown.slug.as_str()).unwrap_or_default();
        Some(Once { shown, to: object::url(Kind::Gateway, slug) }.page(desk, visitor))
    }
}

/// A secret in the moment in which it is shown.
struct Once {
    shown: ShownSecret,
    /// The gateway's page.
    to: String,
}

impl Once {
    fn page(self, desk: &Desk, visitor: &Visitor) -> Response {
        let ShownSecret { name, url, secret } = self.shown;
        let row = vec![name.clone(), url.clone(), secret.reveal().to_owned()];
        let page = MadePage {
            frame: Frame::new(desk, visitor, text::t("gateway.made")),
            csv: crate::url::escaped(&export::table(&["name", "url", "secret"], [row])),
            name,
            url,
            secret: secret.reveal().to_owned(),
            to: self.to,
        };
        fault::render(&page, StatusCode::CREATED)
    }
}

#[derive(Template)]
#[template(path = "gateway/url.html")]
struct UrlPanel {
    url: String,
}

#[derive(Template)]
#[template(path = "gateway/made.html")]
struct MadePage {
    frame: Frame,
    name: String,
    url: String,
    secret: String,
    /// The file, as a URL holds it.
    csv: String,
    to: String,
}
