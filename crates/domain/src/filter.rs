//! The language in which lists are asked for: `kind:network.access -code:POL-NO-MATCH since:2h`.
//!
//! A list offers a table of fields; a filter is parsed against it once, and then either compared
//! with what is in memory ([`Filter::matches`]) or put into SQL by whoever keeps the list.

mod moment;
mod parse;

use core::fmt;
use std::borrow::Cow;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::event::Moment;
use crate::mac::Mac;

/// Longest filter, in bytes: with every byte escaped it fits in the URL of a request.
pub const FILTER_BYTES_MAX: usize = 2048;

/// Most terms of a filter; a screenful, and each may be a walk of its own along an index.
pub const TERMS_MAX: usize = 32;

/// The field that words without a field are searched in, where a list offers it.
pub const TEXT: &str = "text";

/// Something that a list can be asked by.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its values look like.
    pub form: Form,
    /// What it holds.
    pub meaning: &'static str,
}

/// What the values of a field look like.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// A text, as it is or by its beginning.
    Text,
    /// A text that is looked for by its beginning only.
    Beginning,
    /// What texts hold anywhere, whatever the case of the letters of ASCII.
    Search,
    /// A word of a closed list.
    Word(fn() -> Vec<&'static str>),
    /// The address of a network interface, in any notation, or its beginning.
    Mac,
    /// From this moment on.
    Since,
    /// Before this moment.
    Until,
}

/// Which items of a list are wanted: those for which every field says yes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    terms: Vec<Term>,
}

/// One condition of a filter.
#[derive(Clone, Debug)]
pub struct Term {
    /// The field that is looked at.
    pub field: &'static Field,
    /// Whether it must not be so.
    pub negated: bool,
    /// What it is compared with.
    pub pattern: Pattern,
}

/// What a field is compared with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// It is this text.
    Is(String),
    /// It begins so; whatever has a value begins with nothing.
    Begins(String),
    /// It is a moment on one side of this one.
    At(Time),
}

/// What an item has in a field.
#[derive(Clone, Debug)]
pub enum Held<'a> {
    /// These texts, none or more; empty ones count as none.
    Texts(Vec<Cow<'a, str>>),
    /// This moment.
    At(Moment),
}

/// A field as people and programs are shown it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = FilterField)]
pub struct ListedField {
    /// Its name.
    pub field: String,
    /// What it holds.
    pub meaning: String,
    /// The form of its values, as words.
    #[serde(rename = "type")]
    pub form: String,
    /// Its values, where they are a closed list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// A text as the whole value of a term.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '*') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

impl Form {
    /// The form, as words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "text, or its beginning and *",
            Self::Beginning => "the beginning of a text and *",
            Self::Search => "any part of a text",
            Self::Word(_) => "a word, or its beginning and *",
            Self::Mac => "an address of an interface, or its beginning and *",
            Self::Since | Self::Until => "a moment, a date, or how long ago (s, m, h, d, w)",
        }
    }

    /// The words of a closed list.
    pub fn values(self) -> Vec<&'static str> {
        match self {
            Self::Word(words) => words(),
            Self::Text | Self::Beginning | Self::Search | Self::Mac | Self::Since | Self::Until => {
                Vec::new()
            }
        }
    }
}

impl Field {
    /// The field, as people and programs are shown it.
    pub fn listed(&self) -> ListedField {
        ListedField {
            field: self.name.to_owned(),
            meaning: self.meaning.to_owned(),
            form: self.form.words().to_owned(),
            values: self.form.values().into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Pattern {
    /// Whether a text is as it says.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Is(wanted) => text == wanted,
            Self::Begins(start) => !text.is_empty() && text.starts_with(start.as_str()),
            Self::At(_) => false,
        }
    }
}

impl Filter {
    /// Its terms, in the order in which they were written.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The terms about one field.
    pub fn of<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a Term> {
        self.terms.iter().filter(move |term| term.field.name == field)
    }

    /// Whether an item is wanted; `held` tells what it has in a field.
    pub fn matches<'a>(&self, held: impl Fn(&'static str) -> Held<'a>) -> bool {
        self.terms.iter().all(|term| {
            let field = term.field.name;
            if term.negated {
                return !term.holds(&held(field));
            }
            // What is said of a field twice means either; of words, all are wanted.
            let either = |other: &Term| !other.negated && other.holds(&held(field));
            match term.field.form {
                Form::Search => term.holds(&held(field)),
                Form::Text
                | Form::Beginning
                | Form::Word(_)
                | Form::Mac
                | Form::Since
                | Form::Until => self.of(field).any(either),
            }
        })
    }
}

impl Term {
    fn holds(&self, held: &Held<'_>) -> bool {
        match (held, &self.pattern, self.field.form) {
            (Held::At(Moment(held)), Pattern::At(Time(bound)), Form::Since) => {
                *held >= bound.saturating_mul(1000)
            }
            (Held::At(Moment(held)), Pattern::At(Time(bound)), Form::Until) => {
                *held < bound.saturating_mul(1000)
            }
            (Held::Texts(texts), Pattern::Is(wanted), Form::Search) => {
                let wanted = wanted.to_ascii_lowercase();
                texts.iter().any(|text| text.to_ascii_lowercase().contains(&wanted))
            }
            (Held::Texts(texts), pattern, Form::Mac) => texts.iter().any(|text| {
                let mac = Mac::parse(text).map(|mac| mac.to_string());
                pattern.matches(mac.as_deref().unwrap_or(text))
            }),
            (Held::Texts(texts), pattern, _) => texts.iter().any(|text| pattern.matches(text)),
            (Held::At(_), ..) => false,
        }
    }
}

/// Two terms are the same if they look at the same field of a table in the same way.
impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        let field = self.field.name == other.field.name;
        field && self.negated == other.negated && self.pattern == other.pattern
    }
}

/// As it is parsed.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            write!(f, "{space}{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.negated { "-" } else { "" };
        write!(f, "{not}{}:", self.field.name)?;
        let (text, star) = match &self.pattern {
            Pattern::At(time) => return write!(f, "{time}"),
            Pattern::Is(text) => (text, ""),
            Pattern::Begins(text) => (text, "*"),
        };
        let is_quoted = text.contains(|c: char| c.is_whitespace() || c == '"')
            || text.ends_with('*')
            || (text.is_empty() && star.is_empty());
        if !is_quoted {
            return write!(f, "{text}{star}");
        }
        let mut escaped = String::with_capacity(text.len() + 2);
        for c in text.chars() {
            if matches!(c, '"' | '\\' | '*') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        write!(f, "\"{escaped}{star}\"")
    }
}

#[cfg(test)]
mod tests;
