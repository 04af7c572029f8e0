//! What an access point is told with an accept: attributes by name, by number or by preset, with
//! values that are fixed or made of variables.

mod written;

use radius::attribute::Attribute;
use radius::attribute::number;
use radius::dictionary;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::condition::Facts;
use crate::network_policy::preset::Form;
use crate::refusal::Refusal;
use crate::variable::Expression;
use crate::variable::values::Values;

/// Most attributes that a policy lists; an Access-Accept is one packet of 4096 bytes.
pub const ATTRIBUTES_MAX: usize = 32;

/// Most bytes of them: keys, EAP and what proxies want back need the other half of the packet.
pub const ATTRIBUTES_BYTES_MAX: usize = 2048;

/// Most characters of a value that a refusal shows: enough to recognize it.
pub const SHOWN_CHARS_MAX: usize = 64;

/// One RADIUS attribute, or a preset of several, as an administrator writes it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyAttribute {
    /// The name of a preset, in place of everything that names an attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// `RADIUS:IETF`, which is meant when nothing is said, the name of a vendor, or `Custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dictionary: Option<String>,
    /// The attribute's name in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The vendor's number, for an attribute without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<u32>,
    /// The attribute's number, for one without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// The form of its value, for one without a name.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The tag that holds attributes of one tunnel together (RFC 2868); none is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<u32>,
    /// The value as text, with variables.
    #[serde(default)]
    pub value: String,
    /// What happens when the variables give no value that can be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<OnMissing>,
}

/// What happens when there is no value that can be sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// The device is refused: without the attribute it would get more than was meant.
    #[default]
    Refuse,
    /// The device is let in without the attribute, and without all others of its preset.
    Omit,
}

/// An attribute as it goes onto the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EncodedAttribute {
    /// Its type (RFC 2865, 5).
    pub number: u8,
    /// Its value.
    pub value: Vec<u8>,
}

impl EncodedAttribute {
    /// Its name and its value, for people.
    pub fn show(&self) -> (String, String) {
        dictionary::show(self.number, &self.value)
    }
}

/// What a policy sends, ready to be given the values of a device.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    entries: Vec<Entry>,
}

/// What was made of one [`ReplyAttribute`].
#[derive(Clone, Debug)]
enum Entry {
    /// Nothing in it depends on the device.
    Fixed(Vec<EncodedAttribute>),
    Variable(Variable),
    /// It was checked when the policy was saved, and this version of the program cannot send it.
    Lost {
        attribute: String,
        what: String,
    },
}

#[derive(Clone, Debug)]
struct Variable {
    /// The value as it was written.
    written: String,
    expression: Expression,
    lines: Vec<Line>,
    on_missing: OnMissing,
}

/// One attribute that waits for its value.
#[derive(Clone, Debug)]
struct Line {
    attribute: Attribute,
    /// What sentences call it.
    label: String,
    tag: u8,
    form: Form,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Wrong {
    field: &'static str,
    what: String,
    fix: String,
}

impl Reply {
    /// Encodes what is fixed. With what can no longer be sent, though it could when the policy was
    /// saved, devices are refused: without it they would get more than was meant.
    pub fn prepare(attributes: &[ReplyAttribute]) -> Self {
        let entries = attributes.iter().enumerate().take(ATTRIBUTES_MAX);
        let ordinal = |index| ordinal(attributes, index);
        let entries = entries.map(|(index, one)| {
            one.prepare(ordinal(index)).unwrap_or_else(|Wrong { what, .. }| {
                let name = one.attribute.as_ref().or(one.preset.as_ref());
                Entry::Lost { attribute: name.cloned().unwrap_or_default(), what }
            })
        });
        Self { entries: entries.collect() }
    }

    /// The attributes for a device of which this is known, or why there are none.
    pub fn fill_from(&self, policy: &str, facts: &Facts) -> Result<Vec<EncodedAttribute>, Refusal> {
        let is_fixed = |entry: &Entry| matches!(entry, Entry::Fixed(_));
        if self.entries.iter().all(is_fixed) {
            return self.fill(policy, &Values::default());
        }
        self.fill(policy, &Values::of_facts(facts))
    }

    /// The attributes for one device, or why there are none.
    pub fn fill(&self, policy: &str, values: &Values) -> Result<Vec<EncodedAttribute>, Refusal> {
        let mut attributes = Vec::new();
        for entry in &self.entries {
            match entry {
                Entry::Fixed(encoded) => attributes.extend_from_slice(encoded),
                Entry::Lost { attribute, what } => {
                    let (policy, attribute) = (policy.to_owned(), attribute.clone());
                    return Err(Refusal::AttributeValue { policy, attribute, what: what.clone() });
                }
                Entry::Variable(variable) => match variable.fill(policy, values) {
                    Ok(encoded) => attributes.extend(encoded),
                    Err(refusal) => match variable.on_missing {
                        OnMissing::Refuse => return Err(refusal),
                        OnMissing::Omit => {}
                    },
                },
            }
        }
        if bytes(&attributes) > ATTRIBUTES_BYTES_MAX {
            return Err(Refusal::ReplyTooLarge { policy: policy.to_owned() });
        }
        Ok(attributes)
    }
}

impl Variable {
    /// All of its attributes, or none.
    fn fill(&self, policy: &str, values: &Values) -> Result<Vec<EncodedAttribute>, Refusal> {
        let no = |line: Option<&Line>, what: String| Refusal::AttributeValue {
            policy: policy.to_owned(),
            attribute: line.map_or_else(String::new, |line| line.label.clone()),
            what,
        };
        let expanded = self.expression.expand(values, str::to_owned).map_err(|variable| {
            let open = self.lines.iter().find(|line| line.form.is_open());
            no(open, format!("${{{variable}}} has no value"))
        })?;
        let encode = |line: &Line| {
            line.encode(&expanded.text).map_err(|error| {
                let value = shown(&expanded.text);
                no(Some(line), format!("the value \"{value}\" of {}: {error}", self.written))
            })
        };
        self.lines.iter().map(encode).collect()
    }
}

impl Line {
    fn encode(&self, value: &str) -> Result<EncodedAttribute, String> {
        let text = self.form.text(value)?;
        let value = self.attribute.encode(&text, self.tag).map_err(|error| error.to_string())?;
        Ok(EncodedAttribute { number: self.attribute.wire_number(), value })
    }
}

/// The beginning of a value, without what would harm a terminal.
fn shown(value: &str) -> String {
    let mut characters = value.chars();
    let mut shown: String = characters.by_ref().take(SHOWN_CHARS_MAX).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}

/// The VLAN that a device is put into: RFC 3580's attribute counts before vendors' own.
pub fn vlan(attributes: &[EncodedAttribute]) -> Option<String> {
    let standard = attributes.iter().filter(|one| one.number == number::TUNNEL_PRIVATE_GROUP_ID);
    let mut all = standard.chain(attributes);
    all.find_map(|attribute| dictionary::vlan(attribute.number, &attribute.value))
}

/// Checks what a policy sends.
pub fn check(attributes: &[ReplyAttribute], complaints: &mut Complaints<'_>) {
    let count = attributes.len();
    if count > ATTRIBUTES_MAX {
        let what = format!("{count} attributes given, {ATTRIBUTES_MAX} are possible");
        complaints.add("settings.attributes", what, "send fewer");
    }
    let mut total = 0;
    for (index, attribute) in attributes.iter().enumerate().take(ATTRIBUTES_MAX) {
        match attribute.prepare(ordinal(attributes, index)) {
            Ok(Entry::Fixed(encoded)) => total += bytes(&encoded),
            // Known when a device is there, and held to the same bound then.
            Ok(Entry::Variable(_) | Entry::Lost { .. }) => {}
            Err(Wrong { field, what, fix }) => {
                complaints.add(&format!("settings.attributes[{index}].{field}"), what, fix);
            }
        }
    }
    if total > ATTRIBUTES_BYTES_MAX {
        let what = format!("take {total} bytes, {ATTRIBUTES_BYTES_MAX} are possible");
        complaints.add("settings.attributes", what, "send fewer, or shorter ones");
    }
}

/// How many of the same preset stand before this one: the lines of an access list are numbered.
fn ordinal(attributes: &[ReplyAttribute], index: usize) -> usize {
    let preset = attributes.get(index).and_then(|one| one.preset.as_deref());
    attributes.iter().take(index).filter(|one| one.preset.as_deref() == preset).count()
}

/// Number and length stand before each value.
fn bytes(attributes: &[EncodedAttribute]) -> usize {
    attributes.iter().map(|attribute| 2 + attribute.value.len()).sum()
}

#[cfg(test)]
mod tests;
