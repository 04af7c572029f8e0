//! Dynamic PKI > Certificate Authorities, with the templates below them.

use std::sync::Arc;

use actions::certificate_authority::listing;
use actions::certificate_authority::listing::ShownKey;
use actions::certificate_authority::renewal;
use actions::object as definitions;
use actions::object::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::actor::Permission;
use domain::object::Kind;
use serde_json::Value;

use crate::certificate_template::TemplatePages;
use crate::fault::Fault;
use crate::filters;
use crate::form::Choice;
use crate::form::Field;
use crate::form::Form;
use crate::form::Input;
use crate::form::Section;
use crate::life::Life;
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

/// The kinds of keys of authorities.
pub(crate) const KEYS: [&str; 5] = ["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384"];

/// The hashes of signatures.
pub(crate) const HASHES: [&str; 3] = ["sha256", "sha384", "sha512"];

/// Most authorities that stand in one drop-down or table.
const AUTHORITIES_MAX: u32 = 1000;

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<AuthorityPages>(pages);
    let renew = "/certificate-authorities/{name}/renew";
    pages.proven(renew, Access::Needs(Permission::PkiChange), self::renew);
}

pub(crate) struct AuthorityPages;

impl Noun for AuthorityPages {
    const KIND: Kind = Kind::CertificateAuthority;

    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("name", "name"),
        ("type", ""),
        ("generate_ca_for", ""),
        ("issuer", ""),
        ("expires", ""),
        ("download", ""),
    ];

    fn cells(desk: &Desk, shown: &Shown) -> Vec<Cell> {
        let word = |field: &str| {
            let word = shown.definition.get(field).and_then(Value::as_str).unwrap_or_default();
            Cell::Text(text::t(&format!("certificate_authority.{field}.{word}")).into_owned())
        };
        let issuer = shown.definition.get("issuer").and_then(Value::as_str);
        let rules = desk.app.snapshot.rules();
        let current = rules.authority(&shown.name).and_then(|it| it.current.chain.first().cloned());
        let download =
            Link::new("certificate_authority.download", format!("/ca/{}.cer", shown.slug));
        vec![
            Cell::Text(shown.name.clone()),
            word("type"),
            word("generate_ca_for"),
            issuer.map_or(Cell::None, |issuer| Cell::Text(issuer.to_owned())),
            current.map_or(Cell::None, |it| Cell::At(it.not_after)),
            Cell::Link(download),
        ]
    }

    fn form(desk: &Desk, definition: &Value) -> Form {
        let words = |field: &str, values: &[&str]| {
            Input::Choice(Choice::words(&format!("certificate_authority.{field}"), values))
        };
        let own = definition.get("name").and_then(Value::as_str);
        let names = object::names(desk, Kind::CertificateAuthority).into_iter();
        let above = names.filter(|name| Some(name.as_str()) != own).map(Choice::named).collect();
        let purposes = ["device-and-user-authentication", "radius-server", "radsec"];
        // What is there already says so in its certificate.
        let common_name = match definition.get("slug") {
            None => Field::text("common_name").required(),
            Some(_) => Field::text("common_name"),
        };
        let basic = vec![
            Field::new("generate_ca_for", words("generate_ca_for", &purposes))
                .default("device-and-user-authentication"),
            Field::new("type", words("type", &["intermediate", "root"])).default("intermediate"),
            Field::new(
                "issuer",
                Input::Choice(Choice::or_none(above, "certificate_authority.no_issuer")),
            ),
            common_name,
            Field::new("key", Input::Choice(Choice::words("key", &KEYS))).default("rsa-2048"),
            Field::new("signature_algorithm", Input::Choice(Choice::words("hash", &HASHES)))
                .default("sha256"),
            Field::new("validity_years", Input::Number).default(10),
        ];
        let further = vec![
            Field::text("name"),
            Field::new("description", Input::LongText),
            Field::new("permitted_names", Input::Lines),
            Field::new("extended_key_usage", Input::Lines),
            Field::new("disabled", Input::Flag),
        ];
        let sections = vec![Section::new("basic", basic), Section::new("further", further)];
        Form { noun: "certificate_authority", sections }
    }

    fn complete(_: &Desk, definition: &mut Value) {
        let common_name = definition.get("common_name").cloned();
        let Some(fields) = definition.as_object_mut() else { return };
        if let Some(common_name) = common_name {
            fields.entry("name").or_insert(common_name);
        }
        // Left empty, it is what the purpose needs; said to be empty, anything.
        for field in ["permitted_names", "extended_key_usage"] {
            if fields.get(field) == Some(&Value::Array(Vec::new())) {
                fields.remove(field);
            }
        }
    }

    async fn below(desk: &Desk, visitor: &Visitor) -> Result<Vec<String>, Fault> {
        let choice =
            definitions::Choice { limit: AUTHORITIES_MAX, ..definitions::Choice::default() };
        let kind = Kind::CertificateTemplate;
        let page = definitions::list(&desk.app, visitor.actor()?, kind, &choice)?;
        let row = |shown: &Shown| TemplateRow {
            url: object::url(kind, &shown.slug),
            name: shown.name.clone(),
            cells: TemplatePages::cells(desk, shown).into_iter().skip(1).collect(),
        };
        let templates = TemplatesPart {
            rows: page.items.iter().map(row).collect(),
            add: visitor
                .can(Permission::PkiChange)
                .then(|| Link::new("certificate_template.add", "/certificate-templates/_new")),
        };
        Ok(vec![templates.render().unwrap_or_default()])
    }

    async fn panels(desk: &Desk, visitor: &Visitor, shown: &Shown) -> Result<Vec<String>, Fault> {
        let listed = listing::show(&desk.app, visitor.actor()?, &shown.name)?;
        let now = desk.app.world.time();
        let key = |key: ShownKey| Key { life: Life::of(key.not_before, key.not_after, now), key };
        let keys = KeysPanel {
            keys: listed.generations.into_iter().map(key).collect(),
            renew: visitor
                .can(Permission::PkiChange)
                .then(|| format!("{}/renew", object::url(Kind::CertificateAuthority, &shown.slug))),
            csrf: visitor.csrf.clone(),
        };
        Ok(vec![keys.render().unwrap_or_default()])
    }
}

#[derive(Template)]
#[template(path = "certificate_authority/keys.html")]
struct KeysPanel {
    keys: Vec<Key>,
    renew: Option<String>,
    csrf: String,
}

struct Key {
    key: ShownKey,
    life: Life,
}

#[derive(Template)]
#[template(path = "certificate_authority/templates.html")]
struct TemplatesPart {
    rows: Vec<TemplateRow>,
    add: Option<Link>,
}

struct TemplateRow {
    url: String,
    name: String,
    cells: Vec<Cell>,
}

/// `POST /certificate-authorities/{name}/renew`
async fn renew(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    _: Posted,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = definitions::show(&desk.app, actor, Kind::CertificateAuthority, &name)?;
    renewal::renew(&desk.app, actor, &shown.name).await?;
    let url = object::url(Kind::CertificateAuthority, &shown.slug);
    Ok(Redirect::to(&format!("{url}?done=renewed")).into_response())
}
