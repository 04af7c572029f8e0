//! Device Onboarding > Network Profiles: what devices join, and whom they trust there.

mod certificates;
mod configure;
mod inspect;
mod render;

use actions::network_profile;
use actions::object::Shown;
use askama::Template;
use domain::actor::Permission;
use domain::network_profile::request::SUBJECT;
use domain::object::Kind;
use domain::server_certificate::ServerCertificate;
use serde_json::Value;

use crate::fault::Fault;
use crate::filters;
use crate::form;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::list::Cell;
use crate::list::Link;
use crate::network_profile::certificates::Chooser;
use crate::object;
use crate::object::Noun;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::visitor::Visitor;

/// How networks are protected, as definitions have them.
const SECURITY_TYPES: [&str; 4] =
    ["wpa2-enterprise", "wpa3-enterprise", "wpa3-enterprise-192", "wired"];

/// The versions of TLS, as definitions have them.
const TLS_VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<ProfilePages>(pages);
    let read = Access::Needs(Permission::OrganizationRead);
    let change = Access::Needs(Permission::NetworkChange);
    let at = |rest: &str| format!("/network-profiles/{{name}}/{rest}");
    let issue = Access::Needs(Permission::PkiChange);
    pages.get(inspect::URL.to_owned(), read, inspect::ask);
    pages.post(inspect::URL.to_owned(), read, inspect::show);
    pages.get(at("render"), issue, render::ask);
    pages.post(at("render"), issue, render::write);
    pages.get(at("configure"), read, configure::ask);
    pages.post(at("configure"), read, configure::show);
    pages.get(at("certificates"), change, certificates::choose);
    pages.post(at("certificates"), change, certificates::update);
    pages.get(at("certificates.pem"), read, certificates::bundle);
    pages.get(at("certificates/{id}"), read, certificates::one);
}

struct ProfilePages;

/// What devices ask for when they get their certificate.
fn request() -> Vec<Field> {
    vec![
        Field::text("subject").required().default(SUBJECT),
        Field::new("san.email", Input::Lines),
        Field::new("san.dns", Input::Lines),
        Field::new("san.uri", Input::Lines),
        Field::new("san.upn", Input::Lines),
        Field::new("allow_all_apps", Input::Flag).default(true),
    ]
}

/// How devices join.
fn joining() -> Vec<Field> {
    let versions = || Choice::words("network_profile.tls", &TLS_VERSIONS);
    vec![
        Field::new("hidden", Input::Flag),
        Field::text("outer_identity"),
        Field::new("tls_minimum", Input::Choice(versions())).default("1.2"),
        Field::new("tls_maximum", Input::Choice(versions())).default("1.3"),
        Field::new("login_window", Input::Flag),
    ]
}

impl Noun for ProfilePages {
    const KIND: Kind = Kind::NetworkProfile;

    const COLUMNS: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("ssid", ""), ("security_type", ""), ("gateway", ""), ("trusted", "")];

    fn cells(_: &Desk, shown: &Shown) -> Vec<Cell> {
        let definition = &shown.definition;
        let text = |field: &str| definition.get(field).map(form::plain).unwrap_or_default();
        let some = |text: String| if text.is_empty() { Cell::None } else { Cell::Text(text) };
        let trusted = definition.get("trusted_authorities").map(form::texts).unwrap_or_default();
        let security = format!("network_profile.security_type.{}", text("security_type"));
        vec![
            Cell::Text(shown.name.clone()),
            some(text("ssid")),
            Cell::Text(crate::text::t(&security).into_owned()),
            some(text("gateway")),
            some(trusted.join(", ")),
        ]
    }

    fn form(desk: &Desk, definition: &Value) -> Form {
        let named = |kind| object::names(desk, kind).into_iter().map(Choice::named).collect();
        let (gateways, servers): (Vec<Choice>, Vec<Choice>) =
            (named(Kind::Gateway), named(Kind::ServerCertificate));
        let first = |all: &[Choice]| all.first().map(|one| one.value.clone()).unwrap_or_default();
        let (gateway, server) = (first(&gateways), first(&servers));
        let rules = desk.app.snapshot.rules();
        let organization = &rules.organization;
        let shown = organization.find::<ServerCertificate>(&server);
        let names = shown.map(|one| one.names.clone()).unwrap_or_default();
        let authority = shown.and_then(|one| organization.find(&one.certificate_authority));
        let root = authority.and_then(|authority| organization.root_of(authority));
        let security = Choice::words("network_profile.security_type", &SECURITY_TYPES);
        let basic = vec![
            Field::text("name").required(),
            Field::text("ssid"),
            Field::new("security_type", Input::Choice(security)).default("wpa2-enterprise"),
            Field::new("gateway", Input::Choice(gateways)).required().default(gateway),
            Field::new("auto_join", Input::Flag).default(true),
            Field::new("disable_mac_randomization", Input::Flag).default(true),
        ];
        let trust = vec![
            Field::new("server_certificate", Input::Choice(servers)).required().default(server),
            Field::new("radius_server_names", Input::Lines).default(names),
        ];
        let chooser = Chooser::of(desk, definition);
        let trusted = Field::new("trusted_authorities", Input::Own(Box::new(chooser)));
        let trusted = trusted.default(root.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let sections = vec![
            Section::new("basic", basic),
            Section::new("trust", trust),
            Section::new("certificates", vec![trusted]),
            Section::new("request", request()),
            Section::new("joining", joining()),
        ];
        Form { noun: "network_profile", sections }
    }

    async fn below(_: &Desk, _: &Visitor) -> Result<Vec<String>, Fault> {
        let panel = inspect::LinkPanel { url: inspect::URL };
        Ok(vec![panel.render().unwrap_or_default()])
    }

    fn links(_: &Desk, visitor: &Visitor, shown: &Shown) -> Vec<Link> {
        let own = object::url(Kind::NetworkProfile, &shown.slug);
        let link = |key, rest| Link::new(key, format!("{own}/{rest}"));
        let render = link("network_profile.render", "render");
        let render = visitor.can(Permission::PkiChange).then_some(render);
        render.into_iter().chain([link("network_profile.configure", "configure")]).collect()
    }

    async fn panels(desk: &Desk, visitor: &Visitor, shown: &Shown) -> Result<Vec<String>, Fault> {
        let all = network_profile::certificates(&desk.app, visitor.actor()?, &shown.name)?;
        let own = object::url(Kind::NetworkProfile, &shown.slug);
        let may_change = visitor.can(Permission::NetworkChange);
        let panel = Panel {
            certificates: all,
            choose: may_change.then(|| format!("{own}/certificates")),
            own,
        };
        Ok(vec![panel.render().unwrap_or_default()])
    }
}

#[derive(Template)]
#[template(path = "network_profile/certificates.html")]
struct Panel {
    certificates: Vec<network_profile::Trusted>,
    choose: Option<String>,
    own: String,
}
