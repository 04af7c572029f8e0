//! Forms: a table of fields over a definition. It is shown from the definition's JSON and read back
//! into it; what a form has no field for stays as it is.

pub(crate) mod value;
pub(crate) mod widget;

use domain::complaint::Complaint;
use serde_json::Value;

use crate::form::widget::Widget;
use crate::posted::Posted;
use crate::text;

/// Ends the name of a field that says that a secret was typed before the form was shown again.
const TYPED: &str = "_typed";

/// The fields of a form, in sections.
pub(crate) struct Form {
    /// The noun, as keys of the catalogue begin: `gateway`.
    pub(crate) noun: &'static str,
    pub(crate) sections: Vec<Section>,
}

/// A part of a form with a heading: `{noun}.section.{key}`.
pub(crate) struct Section {
    pub(crate) key: &'static str,
    pub(crate) fields: Vec<Field>,
}

/// A field: its words are `{noun}.field.{path}`, and `{noun}.help.{path}` if there is more to say.
pub(crate) struct Field {
    /// Where it stands in the definition: `san.dns`.
    pub(crate) path: &'static str,
    pub(crate) input: Input,
    pub(crate) is_required: bool,
    /// What the form holds if it is new.
    pub(crate) default: Option<Value>,
}

/// How a field is filled in.
pub(crate) enum Input {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// A whole number.
    Number,
    /// One of these.
    Choice(Vec<Choice>),
    /// Some of these.
    Choices(Vec<Choice>),
    /// Yes or no.
    Flag,
    /// A list, one a line.
    Lines,
    /// Never shown again.
    Secret,
    /// Something of its own kind.
    Own(Box<dyn Widget>),
}

/// One thing to choose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Choice {
    /// What the definition holds.
    pub(crate) value: String,
    /// What people read.
    pub(crate) label: String,
}

impl Choice {
    /// Something that is called as it is held: a name.
    pub(crate) fn named(value: impl Into<String>) -> Self {
        let value = value.into();
        Self { label: value.clone(), value }
    }

    /// Words of the catalogue: `{start}.{value}`.
    pub(crate) fn words(start: &str, values: &[&str]) -> Vec<Self> {
        let one = |value: &&str| Self {
            value: (*value).to_owned(),
            label: text::t(&format!("{start}.{value}")).into_owned(),
        };
        values.iter().map(one).collect()
    }

    /// Behind a choice of nothing, which says this.
    pub(crate) fn or_none(all: Vec<Self>, key: &str) -> Vec<Self> {
        let none = Self { value: String::new(), label: text::t(key).into_owned() };
        core::iter::once(none).chain(all).collect()
    }
}

impl Section {
    /// A section of these fields.
    pub(crate) fn new(key: &'static str, fields: Vec<Field>) -> Self {
        Self { key, fields }
    }
}

impl Field {
    /// A field of this kind.
    pub(crate) fn new(path: &'static str, input: Input) -> Self {
        Self { path, input, is_required: false, default: None }
    }

    /// One line.
    pub(crate) fn text(path: &'static str) -> Self {
        Self::new(path, Input::Text)
    }

    /// A field that must be filled in.
    pub(crate) fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// What it holds on a new form.
    pub(crate) fn default(self, value: impl Into<Value>) -> Self {
        Self { default: Some(value.into()), ..self }
    }
}

impl Form {
    /// The definition of something new, before anybody wrote anything.
    pub(crate) fn blank(&self) -> Value {
        let mut definition = Value::Object(serde_json::Map::new());
        for field in self.fields() {
            if let Some(default) = &field.default {
                value::put(&mut definition, field.path, default.clone());
            }
        }
        definition
    }

    /// Reads a form over a definition.
    pub(crate) fn read(&self, posted: &Posted, before: &Value) -> Value {
        let mut definition = before.clone();
        for field in self.fields() {
            match field.input.read(field.path, posted, value::at(before, field.path)) {
                Some(value) => value::put(&mut definition, field.path, value),
                None => value::remove(&mut definition, field.path),
            }
        }
        definition
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections.iter().flat_map(|section| &section.fields)
    }

    /// The form as a page shows it, with what is wrong beside each field.
    pub(crate) fn shown(&self, definition: &Value, complaints: &[Complaint]) -> Vec<ShownSection> {
        self.sections_with(definition, complaints, Use::Fill)
    }

    /// What a definition says, to be read.
    pub(crate) fn told(&self, definition: &Value) -> Vec<ShownSection> {
        let mut sections = self.sections_with(definition, &[], Use::Read);
        for section in &mut sections {
            section.fields.retain(|field| !field.control.is_silent());
        }
        sections.retain(|section| !section.fields.is_empty());
        sections
    }

    fn sections_with(
        &self,
        definition: &Value,
        complaints: &[Complaint],
        what_for: Use,
    ) -> Vec<ShownSection> {
        let shown = |section: &Section| ShownSection {
            key: section.key,
            title: text::t(&format!("{}.section.{}", self.noun, section.key)).into_owned(),
            fields: section
                .fields
                .iter()
                .map(|field| self.shown_field(field, definition, complaints, what_for))
                .collect(),
        };
        self.sections.iter().map(shown).collect()
    }

    fn shown_field(
        &self,
        field: &Field,
        definition: &Value,
        complaints: &[Complaint],
        what_for: Use,
    ) -> ShownField {
        let own: Vec<&Complaint> =
            complaints.iter().filter(|complaint| is_about(complaint, field.path)).collect();
        let held = value::at(definition, field.path).unwrap_or(&Value::Null);
        ShownField {
            id: format!("field-{}", field.path.replace('.', "-")),
            name: field.path,
            label: text::t(&format!("{}.field.{}", self.noun, field.path)).into_owned(),
            help: text::find(&format!("{}.help.{}", self.noun, field.path)).unwrap_or_default(),
            is_required: field.is_required,
            wrong: own.iter().map(|one| format!("{}; {}", one.what, one.fix)).collect(),
            control: match (&field.input, what_for) {
                (Input::Own(widget), Use::Read) => Control::Own(widget.told(field.path, held)),
                (input, Use::Read | Use::Fill) => input.shown(field.path, held, &own),
            },
        }
    }

    /// Secrets that were typed into the form, now or before it was shown again: no page holds them.
    pub(crate) fn secrets_typed(&self, posted: &Posted) -> Vec<&'static str> {
        let secrets = self.fields().filter(|field| matches!(field.input, Input::Secret));
        let was_typed = |path: &str| posted.has(&format!("{path}{TYPED}"));
        let paths = secrets.map(|field| field.path);
        paths.filter(|path| posted.text(path).is_some() || was_typed(path)).collect()
    }

    /// What is wrong with no field of the form.
    pub(crate) fn unplaced<'a>(&self, complaints: &'a [Complaint]) -> Vec<&'a Complaint> {
        let placed =
            |complaint: &&Complaint| self.fields().any(|field| is_about(complaint, field.path));
        complaints.iter().filter(|complaint| !placed(complaint)).collect()
    }
}

/// What a form is shown for.
#[derive(Clone, Copy)]
enum Use {
    Fill,
    Read,
}

/// Whether a complaint is about a field or a part of what it holds.
fn is_about(complaint: &Complaint, path: &str) -> bool {
    let rest = complaint.path.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Input {
    /// What the field says; nothing if it is left empty.
    fn read(&self, path: &str, posted: &Posted, before: Option<&Value>) -> Option<Value> {
        match self {
            Self::Text | Self::Secret => posted.text(path).map(Value::from),
            Self::LongText => posted.one(path).map(str::trim_end).and_then(some).map(Value::from),
            Self::Number => {
                let text = posted.text(path)?;
                // What is no number is complained of by whoever takes numbers.
                Some(text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from))
            }
            Self::Choice(_) => posted.one(path).and_then(some).map(Value::from),
            Self::Choices(_) => {
                let all: Vec<Value> = posted.all(path).map(Value::from).collect();
                list(all, before)
            }
            Self::Flag => {
                let is_on = posted.one(path) == Some("on");
                (is_on || before.is_some()).then(|| Value::from(is_on))
            }
            Self::Lines => {
                // All of them, which are as many as a form holds: how many are too many says
                // whoever takes the list, beside its field.
                let lines = posted.one(path).unwrap_or_default().lines();
                let lines = lines.map(str::trim).filter(|line| !line.is_empty());
                list(lines.map(Value::from).collect(), before)
            }
            Self::Own(widget) => widget.read(path, posted, before),
        }
    }

    fn shown(&self, path: &str, held: &Value, complaints: &[&Complaint]) -> Control {
        let choices = |all: &[Choice], is_chosen: &dyn Fn(&str) -> bool| {
            let chosen = |choice: &Choice| ShownChoice {
                value: choice.value.clone(),
                label: choice.label.clone(),
                is_chosen: is_chosen(&choice.value),
            };
            all.iter().map(chosen).collect()
        };
        match self {
            Self::Text => Control::Text(plain(held)),
            Self::LongText => Control::LongText(plain(held)),
            Self::Number => Control::Number(plain(held)),
            Self::Secret => Control::Secret,
            Self::Flag => Control::Flag(held.as_bool().unwrap_or(false)),
            Self::Lines => Control::LongText(texts(held).join("\n")),
            Self::Choice(all) => {
                let held = plain(held);
                let mut shown: Vec<ShownChoice> = choices(all, &|value| value == held);
                // Something that cannot be chosen any more is still what is held.
                if !held.is_empty() && !shown.iter().any(|choice| choice.is_chosen) {
                    let (value, label) = (held.clone(), held);
                    shown.push(ShownChoice { value, label, is_chosen: true });
                }
                Control::Choice(shown)
            }
            Self::Choices(all) => {
                let held = texts(held);
                let mut shown: Vec<ShownChoice> =
                    choices(all, &|value| held.iter().any(|one| one == value));
                let known = |value: &String| all.iter().any(|choice| choice.value == *value);
                shown.extend(held.iter().filter(|value| !known(value)).map(|value| ShownChoice {
                    value: value.clone(),
                    label: value.clone(),
                    is_chosen: true,
                }));
                Control::Choices(shown)
            }
            Self::Own(widget) => Control::Own(widget.shown(path, held, complaints)),
        }
    }
}

/// A list; nothing where none was said and none is: that may mean more than an empty one.
fn list(all: Vec<Value>, before: Option<&Value>) -> Option<Value> {
    (!all.is_empty() || before.is_some()).then(|| Value::from(all))
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// A single value as a text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}

/// The texts of a list.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().map(plain).collect(),
        Value::Null => Vec::new(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            vec![plain(other)]
        }
    }
}

/// A section as a page shows it.
pub(crate) struct ShownSection {
    pub(crate) key: &'static str,
    pub(crate) title: String,
    pub(crate) fields: Vec<ShownField>,
}

/// A field as a page shows it.
pub(crate) struct ShownField {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) help: &'static str,
    pub(crate) is_required: bool,
    /// What is wrong with it, each a sentence.
    pub(crate) wrong: Vec<String>,
    pub(crate) control: Control,
}

/// What a field is filled in by, with what it holds.
pub(crate) enum Control {
    Text(String),
    LongText(String),
    Number(String),
    Secret,
    Flag(bool),
    Choice(Vec<ShownChoice>),
    Choices(Vec<ShownChoice>),
    Own(String),
}

/// A choice as a page shows it.
pub(crate) struct ShownChoice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) is_chosen: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> Form {
        let choices = vec![Choice::named("one"), Choice::named("two")];
        let fields = vec![
            Field::text("name").required(),
            Field::new("days", Input::Number).default(30),
            Field::new("strict", Input::Flag),
            Field::new("kind", Input::Choice(choices.clone())),
            Field::new("uses", Input::Choices(choices)),
            Field::new("san.dns", Input::Lines),
        ];
        Form { noun: "test", sections: vec![Section::new("basic", fields)] }
    }

    fn posted(pairs: &[(&str, &str)]) -> Posted {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Posted::of(pairs.iter().map(own).collect())
    }

    #[test]
    fn a_form_is_read_into_the_definition_and_leaves_the_rest() {
        let before = json!({"name": "old", "strict": true, "crl_urls": ["x"], "kind": "two"});
        let posted = posted(&[
            ("name", " new "),
            ("days", "7"),
            ("uses", "one"),
            ("uses", "two"),
            ("san.dns", "a\n\n b \n"),
        ]);
        let read = form().read(&posted, &before);
        let expected = json!({"name": "new", "days": 7, "strict": false, "crl_urls": ["x"],
            "uses": ["one", "two"], "san": {"dns": ["a", "b"]}});
        assert_eq!(read, expected);
    }

    #[test]
    fn a_flag_that_was_never_said_and_is_off_is_not_said() {
        assert_eq!(form().read(&posted(&[("name", "x")]), &json!({})).get("strict"), None);
    }

    #[test]
    fn a_list_that_was_never_said_and_is_empty_is_not_said() {
        let read =
            form().read(&posted(&[("name", "x"), ("uses", ""), ("san.dns", "")]), &json!({}));
        assert_eq!(read, json!({"name": "x"}));
        let emptied = form().read(&posted(&[("name", "x")]), &json!({"uses": ["one"]}));
        assert_eq!(emptied["uses"], json!([]));
    }

    #[test]
    fn no_line_of_a_list_is_dropped() {
        let lines = "x\n".repeat(5000);
        let read = form().read(&posted(&[("san.dns", &lines)]), &json!({}));
        assert_eq!(read["san"]["dns"].as_array().unwrap().len(), 5000);
    }

    #[test]
    fn what_is_no_number_stays_what_was_written() {
        let read = form().read(&posted(&[("days", "many")]), &json!({}));
        assert_eq!(read["days"], "many");
    }

    #[test]
    fn it_is_known_which_secrets_were_typed_without_keeping_them() {
        let fields = vec![Field::text("name"), Field::new("secret", Input::Secret)];
        let form = Form { noun: "test", sections: vec![Section::new("basic", fields)] };
        let typed = |pairs: &[(&str, &str)]| form.secrets_typed(&posted(pairs));
        assert_eq!(typed(&[("name", "x"), ("secret", "y")]), ["secret"]);
        assert_eq!(typed(&[("secret", ""), ("secret_typed", "yes")]), ["secret"]);
        assert_eq!(typed(&[("name", "x"), ("secret", " ")]), [""; 0]);
    }

    #[test]
    fn a_complaint_stands_beside_its_field_and_none_is_lost() {
        let complaints = [
            Complaint::new("san.dns[1]", "is no name", "correct it"),
            Complaint::new("names", "is something else", "x"),
        ];
        let form = form();
        let shown = form.shown(&json!({}), &complaints);
        let wrong: Vec<&str> = shown[0]
            .fields
            .iter()
            .filter(|field| !field.wrong.is_empty())
            .map(|field| field.name)
            .collect();
        assert_eq!(wrong, ["san.dns"]);
        let unplaced = form.unplaced(&complaints);
        assert_eq!(unplaced.len(), 1);
        assert_eq!(unplaced[0].path, "names");
    }

    #[test]
    fn what_can_no_longer_be_chosen_is_still_shown() {
        let shown = form().shown(&json!({"kind": "three", "uses": ["one", "1.2.3"]}), &[]);
        let Control::Choices(choices) = &shown[0].fields[4].control else { panic!("no choices") };
        let chosen = choices.iter().filter(|choice| choice.is_chosen);
        assert_eq!(chosen.map(|choice| &*choice.value).collect::<Vec<_>>(), ["one", "1.2.3"]);
        let Control::Choice(choices) = &shown[0].fields[3].control else { panic!("no choice") };
        assert!(choices.iter().any(|choice| choice.value == "three" && choice.is_chosen));
    }

    #[test]
    fn a_new_form_holds_its_defaults() {
        assert_eq!(form().blank(), json!({"days": 30}));
    }
}
