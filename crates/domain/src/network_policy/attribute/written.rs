//! From what an administrator wrote to attributes that can be sent, or to the field that is wrong.

use radius::attribute::Attribute;
use radius::attribute::Kind;
use radius::attribute::TAG_MAX;
use radius::attribute::ValueError;
use radius::attribute::kind::KINDS;
use radius::dictionary;
use radius::dictionary::CUSTOM;
use radius::dictionary::IETF;
use radius::dictionary::custom;

use crate::network_policy::attribute::Entry;
use crate::network_policy::attribute::Line;
use crate::network_policy::attribute::ReplyAttribute;
use crate::network_policy::attribute::Variable;
use crate::network_policy::attribute::Wrong;
use crate::network_policy::preset;
use crate::network_policy::preset::Form;
use crate::network_policy::preset::PRESETS;
use crate::variable::Expression;

impl ReplyAttribute {
    /// Finds every attribute of the entry and encodes what does not depend on a device. `ordinal`
    /// says how many entries of the same preset stand before it.
    pub(super) fn prepare(&self, ordinal: usize) -> Result<Entry, Wrong> {
        let tag = self.read_tag()?;
        let lines = match (&self.preset, self.number) {
            (Some(name), _) => self.of_preset(name, tag, ordinal)?,
            (None, Some(number)) => vec![self.of_number(number, tag)?],
            (None, None) => vec![self.of_name(tag)?],
        };
        for line in &lines {
            line.attribute.check(line.tag).map_err(|error| self.wrong_attribute(&error))?;
        }
        let expression = Expression::parse(&self.value).map_err(|error| Wrong {
            field: "value",
            what: error.to_string(),
            fix: "use a variable of the handbook's table, and close each ${ with }".to_owned(),
        })?;
        if expression.variables().next().is_some() {
            let on_missing = self.on_missing.unwrap_or_default();
            let written = self.value.clone();
            return Ok(Entry::Variable(Variable { written, expression, lines, on_missing }));
        }
        if self.on_missing.is_some() {
            return Err(wrong(
                "on_missing",
                "a fixed value is never missing",
                "take on_missing out",
            ));
        }
        let encode = |line: &Line| {
            line.encode(&self.value).map_err(|what| Wrong {
                field: "value",
                what,
                fix: self.fix_of_value(line.attribute.kind),
            })
        };
        lines.iter().map(encode).collect::<Result<_, _>>().map(Entry::Fixed)
    }

    fn read_tag(&self) -> Result<u8, Wrong> {
        let Some(tag) = self.tag else { return Ok(0) };
        u8::try_from(tag).ok().filter(|tag| *tag <= TAG_MAX).ok_or_else(|| {
            wrong("tag", ValueError::TagOutOfRange.to_string(), "take the tag out, or write 1")
        })
    }

    /// The attributes of a preset; only those with tags get the tag.
    fn of_preset(&self, name: &str, tag: u8, ordinal: usize) -> Result<Vec<Line>, Wrong> {
        let beside = [
            ("dictionary", self.dictionary.is_some()),
            ("attribute", self.attribute.is_some()),
            ("vendor", self.vendor.is_some()),
            ("number", self.number.is_some()),
            ("type", self.kind.is_some()),
        ];
        if let Some((field, _)) = beside.into_iter().find(|(_, given)| *given) {
            return Err(wrong(field, "stands beside a preset", "take it out, or the preset"));
        }
        let preset = preset::find(name).ok_or_else(|| {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            let what = format!("there is no preset \"{}\"", name.escape_debug());
            wrong("preset", what, format!("use one of {}", names.join(", ")))
        })?;
        let line = |(attribute, form): (Attribute, Form)| {
            let tag = if attribute.kind.is_tagged() { tag } else { 0 };
            let label = attribute.name.to_owned();
            Line { attribute, label, tag, form: form.at(ordinal) }
        };
        let lines: Vec<Line> = preset.attributes().map(line).collect();
        if tag != 0 && lines.iter().all(|line| line.tag == 0) {
            let what = format!("the preset {} takes no tag", preset.name);
            return Err(wrong("tag", what, "take the tag out"));
        }
        Ok(lines)
    }

    /// An attribute without a name.
    fn of_number(&self, number: u32, tag: u8) -> Result<Line, Wrong> {
        if !self.dictionary.as_deref().is_some_and(|given| given.eq_ignore_ascii_case(CUSTOM)) {
            let what = "an attribute given by number is of no dictionary that has names";
            return Err(wrong("dictionary", what, "write dictionary = \"Custom\""));
        }
        if self.attribute.is_some() {
            return Err(wrong("attribute", "stands beside a number", "take one of the two out"));
        }
        let kind = self.kind.as_deref().and_then(Kind::parse).ok_or_else(|| {
            let what = match &self.kind {
                Some(kind) => format!("there is no type \"{}\"", kind.escape_debug()),
                None => "an attribute given by number needs a type".to_owned(),
            };
            let names: Vec<&str> = KINDS.iter().map(|(_, name, _)| *name).collect();
            wrong("type", what, format!("use one of {}", names.join(", ")))
        })?;
        let attribute = custom::find(self.vendor, number, kind).map_err(|error| {
            let fix = "use a number that the equipment's handbook gives for replies";
            wrong(error.field(), error.to_string(), fix)
        })?;
        let label = match self.vendor {
            Some(vendor) => format!("attribute {number} of vendor {vendor}"),
            None => format!("attribute {number}"),
        };
        Ok(Line { attribute, label, tag, form: Form::Value })
    }

    fn of_name(&self, tag: u8) -> Result<Line, Wrong> {
        if self.vendor.is_some() {
            return Err(wrong(
                "number",
                "is missing beside a vendor",
                "write the attribute's number",
            ));
        }
        if self.kind.is_some() {
            let what = "an attribute with a name has its own type";
            return Err(wrong("type", what, "take it out, or give the attribute by number"));
        }
        let Some(name) = &self.attribute else {
            let fix =
                "write attribute = \"…\", preset = \"…\", or dictionary = \"Custom\" and a number";
            return Err(wrong("attribute", "is missing", fix));
        };
        let given = self.dictionary.as_deref().unwrap_or(IETF);
        let found = dictionary::find(given, name).ok_or_else(|| unknown(given, name))?;
        Ok(Line { attribute: *found, label: found.name.to_owned(), tag, form: Form::Value })
    }

    fn wrong_attribute(&self, error: &ValueError) -> Wrong {
        let field = match error {
            ValueError::TagOutOfRange | ValueError::Untagged(_) => "tag",
            ValueError::SetByProtocol(_)
            | ValueError::OnlyInRequests(_)
            | ValueError::Empty(_)
            | ValueError::TooLong { .. }
            | ValueError::NotAnInteger { .. }
            | ValueError::Malformed { .. }
            | ValueError::Vlan(_) => "attribute",
        };
        wrong(field, error.to_string(), "take it out")
    }

    fn fix_of_value(&self, kind: Kind) -> String {
        if let Some(preset) = self.preset.as_deref().and_then(preset::find) {
            return format!("write {}", preset.value);
        }
        match kind {
            Kind::Vlan | Kind::VlanName | Kind::TaggedVlan => {
                "write a value of the attribute's kind: for a VLAN its number, 1 to 4094, or its \
                 name"
                    .to_owned()
            }
            Kind::Text
            | Kind::Octets
            | Kind::Integer
            | Kind::Time
            | Kind::Address
            | Kind::Address6
            | Kind::Prefix6
            | Kind::InterfaceId
            | Kind::TaggedInteger
            | Kind::TaggedText => {
                let form = KINDS.iter().find(|(known, ..)| *known == kind);
                format!("write {}", form.map_or("another value", |(_, _, form)| form))
            }
        }
    }
}

/// The dictionary is unknown, or has no attribute of this name.
fn unknown(given: &str, name: &str) -> Wrong {
    let known = dictionary::names().any(|(known, _)| known.eq_ignore_ascii_case(given));
    if !known && !given.eq_ignore_ascii_case(CUSTOM) {
        let names: Vec<&str> = dictionary::names().map(|(name, _)| name).collect();
        let what = format!("there is no dictionary \"{}\"", given.escape_debug());
        return wrong("dictionary", what, format!("use one of {}, {CUSTOM}", names.join(", ")));
    }
    let what = format!(
        "there is no \"{}\" in the dictionary \"{}\"",
        name.escape_debug(),
        given.escape_debug()
    );
    let elsewhere = dictionary::names().find(|(other, _)| dictionary::find(other, name).is_some());
    let fix = match elsewhere {
        Some((other, _)) => format!("write dictionary = \"{other}\""),
        None => "use a name that safeconduct network-policy dictionary lists, or give the \
                 attribute by number with dictionary = \"Custom\""
            .to_owned(),
    };
    wrong("attribute", what, fix)
}

fn wrong(field: &'static str, what: impl Into<String>, fix: impl Into<String>) -> Wrong {
    Wrong { field, what: what.into(), fix: fix.into() }
}
