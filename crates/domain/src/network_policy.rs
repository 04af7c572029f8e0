//! Network policies: which role gets onto which network, Policy Management > Network.

use radius::dictionary;
use serde::Deserialize;
use serde::Serialize;

use crate::complaint::Complaints;
use crate::condition;
use crate::condition::Facts;
use crate::condition::Match;
use crate::condition::Rule;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::policy_workflow;
use crate::refusal::Refusal;

/// Most attributes that a policy sends; an Access-Accept is one packet of 4096 bytes.
pub const ATTRIBUTES_MAX: usize = 32;

/// Most bytes of them: keys, EAP and what proxies want back need the other half of the packet.
pub const ATTRIBUTES_BYTES_MAX: usize = 2048;

/// Decides about a device that joins. The first that matches decides.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkPolicy {
    /// Unique among network policies.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What administrators say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether all rules must hold, or any.
    #[serde(rename = "match", default)]
    pub match_rules: Match,
    /// Without rules it matches nothing.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Without settings it is a draft and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
}

/// What a device gets.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Whether it may enter.
    pub access: Access,
    /// What the access point is told with an accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<ReplyAttribute>,
}

/// Whether a device may enter.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Access-Accept.
    Accept,
    /// Access-Reject.
    Refuse,
}

/// One RADIUS attribute, as an administrator writes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyAttribute {
    /// `RADIUS:IETF`, or the name of another dictionary.
    #[serde(default = "default_dictionary")]
    pub dictionary: String,
    /// The attribute's name in it.
    pub attribute: String,
    /// The value as text.
    pub value: String,
}

fn default_dictionary() -> String {
    "RADIUS:IETF".to_owned()
}

/// Finds the first policy that matches; the default is no.
pub fn decide<'a>(
    policies: &'a [NetworkPolicy],
    facts: &Facts,
) -> Result<(&'a NetworkPolicy, &'a Settings), Refusal> {
    let (policy, settings) = policies
        .iter()
        .filter_map(|policy| policy.settings.as_ref().map(|settings| (policy, settings)))
        .find(|(policy, _)| condition::matches(policy.match_rules, &policy.rules, facts))
        .ok_or_else(|| Refusal::NetworkPolicyMissing { roles: facts.roles.clone() })?;
    match settings.access {
        Access::Accept => Ok((policy, settings)),
        Access::Refuse => Err(Refusal::NetworkPolicyRefuses { policy: policy.name.clone() }),
    }
}

/// An attribute as it goes onto the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EncodedAttribute {
    /// Its type (RFC 2865, 5).
    pub number: u8,
    /// Its value.
    pub value: Vec<u8>,
}

impl ReplyAttribute {
    /// The attribute as it goes onto the wire, or the field that is wrong and why.
    pub fn encode(&self) -> Result<EncodedAttribute, (&'static str, String)> {
        let attribute = dictionary::find(&self.dictionary, &self.attribute).ok_or_else(|| {
            let what = format!(
                "there is no \"{}\" in the dictionary \"{}\"",
                self.attribute.escape_debug(),
                self.dictionary.escape_debug()
            );
            ("attribute", what)
        })?;
        let value =
            attribute.encode(&self.value, 0).map_err(|error| ("value", error.to_string()))?;
        Ok(EncodedAttribute { number: attribute.wire_number(), value })
    }
}

impl Object for NetworkPolicy {
    const KIND: Kind = Kind::NetworkPolicy;

    fn name(&self) -> &str {
        &self.name
    }

    fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    fn keep_slug(&mut self, slug: String) {
        self.slug = Some(slug);
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        condition::check(&self.rules, complaints);
        let Some(settings) = &self.settings else { return };
        let count = settings.attributes.len();
        if count > ATTRIBUTES_MAX {
            complaints.add(
                "settings.attributes",
                format!("{count} attributes given, {ATTRIBUTES_MAX} are possible"),
                "send fewer",
            );
        }
        if settings.access == Access::Refuse && count > 0 {
            complaints.add(
                "settings.attributes",
                "a refusal carries no attributes",
                "remove them, or make access \"accept\"",
            );
        }
        let mut bytes = 0;
        for (index, attribute) in settings.attributes.iter().enumerate().take(ATTRIBUTES_MAX) {
            match attribute.encode() {
                // Number and length stand before each value.
                Ok(encoded) => bytes += 2 + encoded.value.len(),
                Err((field, what)) => complaints.add(
                    &format!("settings.attributes[{index}].{field}"),
                    what,
                    if field == "value" {
                        "write a value of the attribute's kind: for a VLAN its number, 1 to 4094, \
                         or its name"
                    } else {
                        "use a name of the IETF's RADIUS attributes, or name its vendor's dictionary"
                    },
                ),
            }
        }
        if bytes > ATTRIBUTES_BYTES_MAX {
            let what = format!("take {bytes} bytes, {ATTRIBUTES_BYTES_MAX} are possible");
            complaints.add("settings.attributes", what, "send fewer, or shorter ones");
        }
    }

    fn references(&self) -> Vec<Reference> {
        policy_workflow::references(&self.rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, role: &str, settings: &str) -> NetworkPolicy {
        serde_json::from_str(&format!(
            r#"{{"name":"{name}","rules":[{{"field":"identity.role","operator":"is","value":"{role}"}}]{settings}}}"#
        ))
        .unwrap()
    }

    fn facts() -> Facts {
        Facts { roles: vec!["staff".into()], ..Facts::default() }
    }

    const ACCEPT: &str = r#","settings":{"access":"accept"}"#;
    const REFUSE: &str = r#","settings":{"access":"refuse"}"#;

    #[test]
    fn the_first_policy_that_matches_decides() {
        let policies = [
            policy("draft", "staff", ""),
            policy("other", "pupils", REFUSE),
            policy("yes", "staff", ACCEPT),
            policy("late", "staff", REFUSE),
        ];
        assert_eq!(decide(&policies, &facts()).unwrap().0.name, "yes");
    }

    #[test]
    fn a_policy_can_refuse() {
        let policies = [policy("no", "staff", REFUSE), policy("yes", "staff", ACCEPT)];
        let refusal = decide(&policies, &facts()).unwrap_err();
        assert_eq!(refusal, Refusal::NetworkPolicyRefuses { policy: "no".into() });
    }

    #[test]
    fn the_default_is_no() {
        let refusal = decide(&[], &facts()).unwrap_err();
        assert_eq!(refusal, Refusal::NetworkPolicyMissing { roles: vec!["staff".into()] });
    }

    #[track_caller]
    fn refused(attribute: &str, value: &str, path: &str) {
        let settings = format!(
            r#","settings":{{"access":"accept","attributes":[{{"attribute":"{attribute}","value":"{value}"}}]}}"#
        );
        let mut list = Vec::new();
        policy("p", "staff", &settings).check(&mut Complaints::new("", &mut list));
        assert_eq!(list.first().map(|complaint| complaint.path.as_str()), Some(path));
    }

    #[test]
    fn an_attribute_that_cannot_be_sent_is_refused() {
        refused("Tunnel-Colour", "20", "settings.attributes[0].attribute");
        refused("Tunnel-Type", "no such tunnel", "settings.attributes[0].value");
        refused("State", "x", "settings.attributes[0].value");
    }
}
