//! What became of the lines of a template that have variables: what each says in the certificate,
//! and where that was found.

use crate::variable::Expanded;
use crate::variable::Expression;
use crate::variable::Variable;
use crate::variable::values::Values;

/// What became of one line of a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Taken {
    /// The field of the template that the line stands in.
    pub field: &'static str,
    /// The line as it was written.
    pub text: String,
    /// The variables whose values are in it.
    pub variables: Vec<Variable>,
    /// What it says, whether or not that is in the certificate.
    pub value: String,
    /// What became of that.
    pub outcome: Outcome,
}

/// What became of the value of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is in the certificate, as it was meant.
    Said,
    /// It is in the certificate as another kind of name, and why.
    Moved(String),
    /// It is not in the certificate, and why.
    LeftOut(String),
    /// There is none: this variable has no value.
    Empty(&'static str),
}

impl Taken {
    /// A line that says what it was written for.
    pub(super) fn plain(field: &'static str, text: &str, expanded: Expanded) -> Self {
        let Expanded { text: value, variables } = expanded;
        Self { field, text: text.to_owned(), variables, value, outcome: Outcome::Said }
    }

    /// What the event says of it. That a variable of an alternative name has no value is not worth
    /// a word: it is what fallbacks and several kinds are for.
    pub(super) fn warning(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Said | Outcome::Empty(_) => None,
            Outcome::Moved(why) | Outcome::LeftOut(why) => Some(why.clone()),
        }
    }

    /// Where its value comes from, as words.
    pub fn source(&self, values: &Values) -> String {
        let line = format!("template {} {}", self.field, self.text);
        let variables = self.variables.iter().map(|variable| values.source(*variable));
        let why = match &self.outcome {
            Outcome::Said => None,
            Outcome::Moved(why) | Outcome::LeftOut(why) => Some(why.clone()),
            Outcome::Empty(variable) => Some(format!("{variable} has no value")),
        };
        core::iter::once(line).chain(variables).chain(why).collect::<Vec<_>>().join("; ")
    }
}

/// Expands a line. A text that does not read was refused when the template was saved.
pub(super) fn take(field: &'static str, text: &str, values: &Values) -> Option<Taken> {
    let expression = Expression::parse(text).ok()?;
    Some(match expression.expand(values, str::to_owned) {
        Ok(expanded) => Taken::plain(field, text, expanded),
        Err(variable) => Taken {
            outcome: Outcome::Empty(variable),
            ..Taken::plain(field, text, Expanded { text: String::new(), variables: Vec::new() })
        },
    })
}
