//! A filter read from what somebody wrote, or refused with the term, its place and what is possible.

use pki::time::Time;

use super::FILTER_BYTES_MAX;
use super::Field;
use super::Filter;
use super::Form;
use super::Pattern;
use super::TERMS_MAX;
use super::TEXT;
use super::Term;
use super::moment;
use crate::mac::Mac;
use crate::refusal::Refusal;

/// Digits of an address of an interface.
const MAC_DIGITS: usize = 12;

/// Most characters of a term that a complaint shows.
const SHOWN_CHARS_MAX: usize = 80;

/// A term taken apart, not understood yet.
struct Raw {
    negated: bool,
    /// None for a word without a field.
    field: Option<String>,
    value: Value,
}

/// A value as it was written.
#[derive(Default)]
struct Value {
    text: String,
    /// Whether a `*` stood at its end.
    begins: bool,
}

/// What is left to be read, character by character.
struct Reader<'a> {
    rest: &'a str,
}

impl Filter {
    /// Reads a filter for a list that offers these fields.
    pub fn parse(text: &str, fields: &'static [Field], now: Time) -> Result<Self, Refusal> {
        if text.len() > FILTER_BYTES_MAX {
            return Err(wrong(format!("is longer than {FILTER_BYTES_MAX} bytes")));
        }
        // No text that is kept has them, and the last of all characters has none behind it.
        let banned = |c: char| (c.is_control() && !c.is_whitespace()) || c == char::MAX;
        if let Some(place) = text.chars().position(banned) {
            let place = place + 1;
            return Err(wrong(format!("holds a character that no text has, at character {place}")));
        }
        let mut reader = Reader { rest: text };
        let mut filter = Self::default();
        loop {
            reader.skip_space();
            if reader.rest.is_empty() {
                return Ok(filter);
            }
            let before = reader.rest;
            let place = text.chars().count() - before.chars().count() + 1;
            let term = reader.term().and_then(|raw| filter.understand(raw, fields, now));
            let term = term.map_err(|what| {
                let length = before.len() - reader.rest.len();
                let shown = before.get(..length).filter(|shown| !shown.is_empty());
                let shown = shown.unwrap_or(before).trim_end();
                let shown: String = shown.chars().take(SHOWN_CHARS_MAX).collect();
                wrong(format!("is not understood at character {place}, {shown}: {what}"))
            })?;
            if filter.terms.len() == TERMS_MAX {
                return Err(wrong(format!("has more than {TERMS_MAX} terms")));
            }
            filter.terms.push(term);
        }
    }

    fn understand(&self, raw: Raw, fields: &'static [Field], now: Time) -> Result<Term, String> {
        let name = raw.field.as_deref().unwrap_or(TEXT);
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            let names = names.join(", ");
            return Err(match &raw.field {
                Some(name) => format!("there is no field \"{name}\" here; there are {names}"),
                None => format!("write field:value; the fields are {names}"),
            });
        };
        let name = field.name;
        let is_moment = matches!(field.form, Form::Since | Form::Until);
        if is_moment && raw.negated {
            let other = if matches!(field.form, Form::Since) { "until" } else { "since" };
            return Err(format!("{name} cannot be negated; use {other}"));
        }
        if is_moment && self.of(name).next().is_some() {
            return Err(format!("{name} is said twice"));
        }
        if raw.value.text.is_empty() && !raw.value.begins {
            return Err(format!("{name} has no value; write {name}:VALUE, or {name}:* for any"));
        }
        Ok(Term { field, negated: raw.negated, pattern: pattern(field, raw.value, now)? })
    }
}

fn pattern(field: &Field, value: Value, now: Time) -> Result<Pattern, String> {
    let Value { text, begins } = value;
    let name = field.name;
    Ok(match field.form {
        Form::Text if begins => Pattern::Begins(text),
        Form::Text => Pattern::Is(text),
        Form::Beginning if begins => Pattern::Begins(text),
        Form::Beginning => {
            return Err(format!("{name} is looked for by its beginning; put a * at the end"));
        }
        // It is looked for anywhere.
        Form::Search if text.is_empty() => return Err("there is nothing to look for".to_owned()),
        Form::Search => Pattern::Is(text),
        Form::Word(words) => {
            let pattern = if begins { Pattern::Begins(text) } else { Pattern::Is(text) };
            if !words().iter().any(|word| pattern.matches(word)) {
                return Err(format!("{name} is one of {}", words().join(", ")));
            }
            pattern
        }
        Form::Mac => mac(&text, begins).ok_or_else(|| {
            format!("{name} is an address such as a4:83:e7:00:11:22, or its beginning and *")
        })?,
        Form::Since | Form::Until if begins => {
            return Err(format!("{name} is one moment and takes no *"));
        }
        Form::Since | Form::Until => Pattern::At(moment::parse(&text, now).ok_or_else(|| {
            format!("{name} is a moment such as 2026-11-21T08:00Z, a date, or a time ago: 2h, 7d")
        })?),
    })
}

/// An address or its beginning, as addresses are written here.
fn mac(text: &str, begins: bool) -> Option<Pattern> {
    if !begins {
        return Mac::parse(text).map(|mac| Pattern::Is(mac.to_string()));
    }
    let digits: Vec<char> = text.chars().filter(|c| !":-.".contains(*c)).collect();
    if digits.len() > MAC_DIGITS || !digits.iter().all(char::is_ascii_hexdigit) {
        return None;
    }
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_ascii_lowercase());
    Some(Pattern::Begins(pairs.collect::<Vec<_>>().join(":")))
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.rest = self.rest.get(next.len_utf8()..).unwrap_or_default();
        Some(next)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes what comes before the first character that ends it.
    fn take_until(&mut self, ends: impl Fn(char) -> bool) -> String {
        let at = self.rest.find(ends).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(at);
        self.rest = rest;
        taken.to_owned()
    }

    fn term(&mut self) -> Result<Raw, String> {
        let negated = self.eat('-');
        if self.rest.starts_with('"') {
            return Ok(Raw { negated, field: None, value: self.quoted()? });
        }
        let word = self.take_until(|c| c.is_whitespace() || c == ':' || c == '"');
        if self.eat(':') {
            let value = if self.rest.starts_with('"') { self.quoted()? } else { self.plain()? };
            return Ok(Raw { negated, field: Some(word), value });
        }
        let rest = self.plain()?;
        if word.is_empty() && rest.text.is_empty() {
            return Err("a - stands in front of a term".to_owned());
        }
        Ok(Raw { negated, field: None, value: Value::of(word + &rest.written()) })
    }

    /// A value up to the next space.
    fn plain(&mut self) -> Result<Value, String> {
        let text = self.take_until(char::is_whitespace);
        if text.contains('"') {
            return Err("a \" stands within it; put the whole value in quotes".to_owned());
        }
        Ok(Value::of(text))
    }

    /// A value in quotes, of which a backslash takes the meaning from the next character.
    fn quoted(&mut self) -> Result<Value, String> {
        let mut value = Value::default();
        self.next();
        loop {
            match self.next() {
                None => return Err("a closing \" is missing".to_owned()),
                Some('"') => break,
                Some('*') if self.rest.starts_with('"') => value.begins = true,
                Some('\\') => match self.next() {
                    None => return Err("a closing \" is missing".to_owned()),
                    Some(escaped) => value.text.push(escaped),
                },
                Some(other) => value.text.push(other),
            }
        }
        if self.rest.starts_with(|c: char| !c.is_whitespace()) {
            self.take_until(char::is_whitespace);
            return Err("a space is missing behind the closing \"".to_owned());
        }
        Ok(value)
    }
}

impl Value {
    fn of(text: String) -> Self {
        match text.strip_suffix('*') {
            Some(start) => Self { text: start.to_owned(), begins: true },
            None => Self { text, begins: false },
        }
    }

    fn written(&self) -> String {
        let star = if self.begins { "*" } else { "" };
        format!("{}{star}", self.text)
    }
}

fn wrong(what: String) -> Refusal {
    Refusal::ParameterWrong { parameter: "filter".into(), what }
}
