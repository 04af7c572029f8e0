//! What the fields of definitions are when they are not given: asked of the types themselves, by
//! reading the least that they take and writing it again.

use domain::access_point::AccessPoint;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_template::CertificateTemplate;
use domain::enrollment_policy::EnrollmentPolicy;
use domain::enrollment_policy::Settings as EnrollmentPolicySettings;
use domain::gateway::Gateway;
use domain::network_policy::NetworkPolicy;
use domain::network_policy::Settings as NetworkPolicySettings;
use domain::network_profile::NetworkProfile;
use domain::organization::Settings;
use domain::policy_workflow::PolicyWorkflow;
use domain::server_certificate::ServerCertificate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::openapi::SCHEMAS;

/// Reads a type and writes it again.
type Again = fn(&Map<String, Value>) -> Option<Value>;

/// The types with fields that may be left out, by the names of their schemas.
const TYPES: [(&str, Again); 12] = [
    ("OrganizationSettings", again::<Settings>),
    ("CertificateAuthority", again::<CertificateAuthority>),
    ("ServerCertificate", again::<ServerCertificate>),
    ("CertificateTemplate", again::<CertificateTemplate>),
    ("Gateway", again::<Gateway>),
    ("PolicyWorkflow", again::<PolicyWorkflow>),
    ("EnrollmentPolicy", again::<EnrollmentPolicy>),
    ("EnrollmentPolicySettings", again::<EnrollmentPolicySettings>),
    ("NetworkPolicy", again::<NetworkPolicy>),
    ("NetworkPolicySettings", again::<NetworkPolicySettings>),
    ("NetworkProfile", again::<NetworkProfile>),
    ("AccessPoint", again::<AccessPoint>),
];

fn again<T: DeserializeOwned + Serialize>(least: &Map<String, Value>) -> Option<Value> {
    let read: T = serde_json::from_value(Value::Object(least.clone())).ok()?;
    serde_json::to_value(read).ok()
}

/// Tells the defaults of every type in a description.
pub(crate) fn tell(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for (name, again) in TYPES {
        for (property, default) in defaults(&schemas, name, again) {
            let path = format!("/components/schemas/{name}/properties/{property}");
            if let Some(told) = document.pointer_mut(&path).and_then(Value::as_object_mut) {
                told.insert("default".to_owned(), default);
            }
        }
    }
}

fn defaults(schemas: &Value, name: &str, again: Again) -> Vec<(String, Value)> {
    let Some(schema) = schemas.get(name) else { return Vec::new() };
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let of = |name: &str| properties.and_then(|properties| properties.get(name));
    let least = required.iter().map(|name| {
        let some = of(name).map_or(Value::Null, |schema| some_value(schemas, schema));
        ((*name).to_owned(), some)
    });
    let least: Map<String, Value> = least.collect();
    let Some(whole) = again(&least) else { return Vec::new() };
    let open = properties.into_iter().flatten();
    let open = open.filter(|(name, _)| !required.contains(&name.as_str()));
    let told = open.filter_map(|(name, schema)| {
        let written = whole.get(name).filter(|value| !value.is_null()).cloned();
        let unwritten = || unwritten(schemas, (name, schema), (&least, again));
        Some((name.clone(), written.or_else(unwritten)?))
    });
    told.collect()
}

/// What a field is that is not written when it is this.
fn unwritten(
    schemas: &Value,
    (name, schema): (&str, &Value),
    (least, again): (&Map<String, Value>, Again),
) -> Option<Value> {
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => Some(json!(false)),
        Some("integer") => Some(json!(0)),
        Some("string") => Some(json!("")),
        Some("array") => Some(json!([])),
        Some(_) | None => list(resolve(schemas, schema), "enum")
            .find(|word| {
                let mut with = least.clone();
                with.insert(name.to_owned(), (*word).clone());
                again(&with).is_some_and(|whole| whole.get(name).is_none())
            })
            .cloned(),
    }
}

/// Some value of a schema.
fn some_value(schemas: &Value, schema: &Value) -> Value {
    let schema = resolve(schemas, schema);
    if let Some(word) = list(schema, "enum").next() {
        return word.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!("x"),
        Some("integer") => json!(1),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some(_) | None => json!({}),
    }
}

fn resolve<'a>(schemas: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|name| name.strip_prefix(SCHEMAS));
    name.and_then(|name| schemas.get(name)).unwrap_or(schema)
}

fn list<'a>(schema: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(name).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_tells_its_defaults() {
        let document = crate::description();
        let of = |path: &str| {
            let (schema, property) = path.split_once('.').unwrap();
            document["components"]["schemas"][schema]["properties"][property]["default"].clone()
        };
        for (path, default) in [
            ("OrganizationSettings.base_url", json!("http://127.0.0.1:8080")),
            ("CertificateAuthority.disabled", json!(false)),
            ("CertificateAuthority.extended_key_usage", Value::Null),
            ("Gateway.vendor", json!("other")),
            ("Gateway.renewal_grace_days", json!(0)),
            ("NetworkPolicy.mode", json!("enforce")),
            ("EnrollmentPolicySettings.old_certificate", json!("keep")),
            ("AccessPoint.description", json!("")),
        ] {
            assert_eq!(of(path), default, "{path}");
        }
        let schemas = &document["components"]["schemas"];
        for (name, again) in TYPES {
            assert!(!defaults(schemas, name, again).is_empty(), "{name}");
        }
    }
}
