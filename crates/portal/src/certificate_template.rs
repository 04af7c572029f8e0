//! Dynamic PKI > Certificate Templates: how a certificate is written.

use std::sync::Arc;

use actions::certificate_template;
use actions::certificate_template::Sample;
use actions::object as definitions;
use actions::object::Shown;
use askama::Template;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::actor::Permission;
use domain::certificate_template::preview::Preview;
use domain::object::Kind;
use serde::Deserialize;
use serde_json::Value;

use crate::certificate_authority::HASHES;
use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::form;
use crate::form::Choice;
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
use crate::text;
use crate::visitor::Visitor;

/// What a key may do, as templates have it.
const PURPOSES: [&str; 5] = [
    "digital-signature",
    "non-repudiation",
    "key-encipherment",
    "data-encipherment",
    "key-agreement",
];

/// The uses that have a name.
const USAGES: [&str; 6] = [
    "client-authentication",
    "server-authentication",
    "email-protection",
    "code-signing",
    "smartcard-logon",
    "eap-over-lan",
];

/// The kinds of keys that devices may bring.
const SUBJECT_KEYS: [&str; 6] =
    ["rsa-2048", "rsa-3072", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521"];

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    object::pages::<TemplatePages>(pages);
    let path = "/certificate-templates/{name}/preview";
    pages.get(path, Access::Needs(Permission::CertificateRead), preview);
}

pub(crate) struct TemplatePages;

impl Noun for TemplatePages {
    const KIND: Kind = Kind::CertificateTemplate;

    const COLUMNS: &'static [(&'static str, &'static str)] = &[
        ("name", "name"),
        ("subject", ""),
        ("san", ""),
        ("validity", ""),
        ("extended_key_usage", ""),
    ];

    fn cells(_: &Desk, shown: &Shown) -> Vec<Cell> {
        let definition = &shown.definition;
        let texts = |field: &str| form::texts(definition.get(field).unwrap_or(&Value::Null));
        let plain = |field: &str| form::plain(definition.get(field).unwrap_or(&Value::Null));
        let kinds = definition.get("san").and_then(Value::as_object).into_iter().flatten();
        let san: Vec<String> = kinds
            .flat_map(|(kind, values)| {
                form::texts(values).into_iter().map(move |value| format!("{kind}: {value}"))
            })
            .collect();
        vec![
            Cell::Text(shown.name.clone()),
            Cell::Code(plain("subject")),
            Cell::Code(san.join(", ")),
            Cell::Text(validity(definition)),
            Cell::Text(texts("extended_key_usage").join(", ")),
        ]
    }

    fn form(_: &Desk, _: &Value) -> Form {
        let words = |start: &str, values: &[&str]| Choice::words(start, values);
        let basic = vec![
            Field::text("name").required(),
            Field::text("subject").required().default("CN=${/device/clientId}"),
            Field::new("description", Input::LongText),
            Field::new("validity_days", Input::Number).default(365),
            Field::new("validity_hours", Input::Number),
            Field::new("signature_algorithm", Input::Choice(words("hash", &HASHES)))
                .default("sha256"),
        ];
        let lines = |path| Field::new(path, Input::Lines);
        let san = vec![
            lines("san.dns"),
            lines("san.email"),
            lines("san.uri"),
            lines("san.upn"),
            lines("san.permanent_identifier"),
        ];
        let usage = vec![
            Field::new(
                "extended_key_usage",
                Input::Choices(words("certificate_template.usage", &USAGES)),
            )
            .default(vec!["client-authentication"]),
        ];
        let excess = words("certificate_template.excess", &["drop", "refuse"]);
        let further = vec![
            Field::new("subject_keys", Input::Choices(words("key", &SUBJECT_KEYS))),
            Field::new(
                "key_usage",
                Input::Choices(words("certificate_template.purpose", &PURPOSES)),
            ),
            Field::new("excess", Input::Choice(excess)).default("drop"),
            lines("certificate_policies"),
            Field::text("security_identifier"),
            Field::new("security_identifier_uri", Input::Flag),
            lines("crl_urls"),
            lines("ocsp_urls"),
            lines("ca_issuers_urls"),
            Field::new("no_revocation_available", Input::Flag),
            Field::new("server_and_client_authentication", Input::Flag),
        ];
        let sections = vec![
            Section::new("basic", basic),
            Section::new("san", san),
            Section::new("extended_key_usage", usage),
            Section::new("further", further),
        ];
        Form { noun: "certificate_template", sections }
    }

    fn links(_: &Desk, visitor: &Visitor, shown: &Shown) -> Vec<Link> {
        let url = format!("{}/preview", object::url(Kind::CertificateTemplate, &shown.slug));
        let link = Link::new("certificate_template.preview", url);
        visitor.can(Permission::CertificateRead).then_some(link).into_iter().collect()
    }
}

/// What a template is tried out on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    device: String,
}

#[derive(Template)]
#[template(path = "certificate_template/preview.html")]
struct PreviewPage {
    frame: Frame,
    up: Link,
    to: String,
    device: String,
    preview: Option<Preview>,
    wrong: Option<String>,
}

/// `GET /certificate-templates/{name}/preview`
async fn preview(
    State(desk): State<Arc<Desk>>,
    visitor: Visitor,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let actor = visitor.actor()?;
    let shown = definitions::show(&desk.app, actor, Kind::CertificateTemplate, &name)?;
    let device = asked.device.trim().to_owned();
    let answer = match device.is_empty() {
        true => None,
        false => {
            let sample = Sample::Device(device.clone());
            Some(certificate_template::preview(&desk.app, actor, &shown.name, &sample, None).await)
        }
    };
    let (preview, wrong) = match answer {
        None => (None, None),
        Some(Ok(preview)) => (Some(preview), None),
        Some(Err(refusal)) => (None, Some(refusal.reason().sentence)),
    };
    let own = object::url(Kind::CertificateTemplate, &shown.slug);
    let page = PreviewPage {
        frame: Frame::new(&desk, &visitor, text::t("certificate_template.preview")),
        up: Link { title: shown.name, url: own.clone() },
        to: format!("{own}/preview"),
        device,
        preview,
        wrong,
    };
    Ok(fault::render(&page, StatusCode::OK))
}

/// How long certificates are valid, in days and hours.
fn validity(definition: &Value) -> String {
    let part = |field: &str, key: &str, name: &str| {
        let count = definition.get(field).and_then(Value::as_u64).filter(|count| *count > 0)?;
        Some(text::with(key, &[(name, &count.to_string())]))
    };
    let days = part("validity_days", "certificate_template.days", "days");
    let hours = part("validity_hours", "certificate_template.hours", "hours");
    [days, hours].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_validity_loses_no_hours() {
        for (days, hours, words) in
            [(365, 0, "365 days"), (1, 12, "1 days, 12 hours"), (0, 6, "6 hours")]
        {
            let definition = json!({"validity_days": days, "validity_hours": hours});
            assert_eq!(validity(&definition), words);
        }
    }
}
