//! What stands around every page: the menu under the guide's names, who has signed in, what was
//! done just now.

use domain::actor::Permission;

use crate::page::Desk;
use crate::text;
use crate::visitor::Visitor;

/// What the layout shows.
pub(crate) struct Frame {
    /// Of the page; the organization's name stands behind it.
    pub(crate) title: String,
    pub(crate) organization: String,
    pub(crate) menu: Vec<Group>,
    /// Whoever has signed in.
    pub(crate) actor: Option<String>,
    pub(crate) csrf: String,
    pub(crate) theme: &'static str,
    pub(crate) place: String,
    /// What was done just now.
    pub(crate) done: Option<String>,
}

/// A part of the menu.
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) items: Vec<Item>,
}

/// A page in the menu.
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) url: &'static str,
    pub(crate) is_here: bool,
}

/// A page of the menu: the key of its words, its URL, and what it takes to see it.
type Entry = (&'static str, &'static str, Permission);

/// The menu: groups, and the pages in each.
const MENU: [(&str, &[Entry]); 9] = [
    ("menu.start", &[("menu.overview", "/", Permission::EventRead)]),
    (
        "menu.device_onboarding",
        &[("menu.network_profiles", "/network-profiles", Permission::OrganizationRead)],
    ),
    (
        "menu.dynamic_pki",
        &[
            (
                "menu.certificate_authorities",
                "/certificate-authorities",
                Permission::OrganizationRead,
            ),
            ("menu.certificates", "/certificates", Permission::CertificateRead),
        ],
    ),
    (
        "menu.integrations_hub",
        &[("menu.device_management_platforms", "/gateways", Permission::OrganizationRead)],
    ),
    (
        "menu.policy_management",
        &[
            ("menu.policy_workflows", "/policy-workflows", Permission::OrganizationRead),
            ("menu.enrollment", "/enrollment-policies", Permission::OrganizationRead),
            ("menu.network", "/network-policies", Permission::OrganizationRead),
        ],
    ),
    (
        "menu.radius",
        &[
            ("menu.access_points", "/access-points", Permission::OrganizationRead),
            ("menu.server_certificates", "/server-certificates", Permission::OrganizationRead),
        ],
    ),
    (
        "menu.data_and_monitoring",
        &[
            ("menu.general_events", "/events", Permission::EventRead),
            ("menu.radius_events", "/radius-events", Permission::EventRead),
        ],
    ),
    (
        "menu.devices_and_people",
        &[
            ("menu.devices", "/devices", Permission::InventoryRead),
            ("menu.people", "/people", Permission::InventoryRead),
        ],
    ),
    (
        "menu.settings",
        &[
            ("menu.organization", "/settings", Permission::OrganizationRead),
            ("menu.administrators", "/administrators", Permission::AdministratorRead),
            ("menu.tokens", "/tokens", Permission::TokenOwn),
            ("menu.sessions", "/sessions", Permission::TokenOwn),
            ("menu.audit", "/audit", Permission::AuditRead),
        ],
    ),
];

impl Frame {
    /// The frame of a page with this title.
    pub(crate) fn new(desk: &Desk, visitor: &Visitor, title: impl Into<String>) -> Self {
        let rules = desk.app.snapshot.rules();
        Self {
            title: title.into(),
            organization: rules.organization.settings.name.clone(),
            menu: menu(visitor),
            actor: visitor
                .actor
                .as_ref()
                .map(|actor| actor.administrator_name().unwrap_or(actor.name()).to_owned()),
            csrf: visitor.csrf.clone(),
            theme: visitor.theme,
            place: visitor.place.clone(),
            done: visitor.done.as_deref().and_then(done),
        }
    }
}

/// What was done, in words; nothing for a key that the catalogue lacks.
fn done(key: &str) -> Option<String> {
    text::find(&format!("done.{key}")).map(str::to_owned)
}

fn menu(visitor: &Visitor) -> Vec<Group> {
    let here = visitor.place.split('?').next().unwrap_or_default();
    let is_here = |url: &str| match url {
        "/" => here == "/",
        url => here == url || here.strip_prefix(url).is_some_and(|rest| rest.starts_with('/')),
    };
    let group = |(title, items): &(&str, &'static [Entry])| {
        let items: Vec<Item> = items
            .iter()
            .filter(|(_, _, permission)| visitor.can(*permission))
            .map(|(title, url, _)| Item {
                title: text::t(title).into_owned(),
                url,
                is_here: is_here(url),
            })
            .collect();
        Group { title: text::t(title).into_owned(), items }
    };
    MENU.iter().map(group).filter(|group| !group.items.is_empty()).collect()
}
