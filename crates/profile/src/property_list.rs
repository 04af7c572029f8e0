//! Property lists, as Apple's profiles are made of: values, written as XML, read within bounds.

mod reader;
mod writer;

pub use reader::DEPTH_MAX;
pub use reader::LIST_BYTES_MAX;
pub use reader::Unreadable;
pub use reader::VALUES_MAX;

/// A value of a property list.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A dictionary.
    Dictionary(Dictionary),
    /// An array.
    Array(Vec<Self>),
    /// A string.
    Text(String),
    /// An integer.
    Integer(i64),
    /// A real number.
    Real(f64),
    /// A boolean.
    Boolean(bool),
    /// Bytes.
    Data(Vec<u8>),
    /// A date, as XML writes it.
    Date(String),
}

/// A dictionary that keeps the order of its keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dictionary(Vec<(String, Value)>);

impl Dictionary {
    /// The same dictionary with a further key at its end; a key that is there already gets this
    /// value.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        match self.0.iter_mut().find(|(there, _)| there == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.to_owned(), value)),
        }
        self
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(there, _)| there == key).map(|(_, value)| value)
    }

    /// Every key and value, in their order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The text of a key, if it has one.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Value {
    /// What kind of value it is, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dictionary(_) => "a dictionary",
            Self::Array(_) => "an array",
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Boolean(_) => "a boolean",
            Self::Data(_) => "data",
            Self::Date(_) => "a date",
        }
    }

    /// Its text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Its integer, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        if let Self::Integer(integer) = self { Some(*integer) } else { None }
    }

    /// Its elements; none if it is no array.
    #[must_use]
    pub fn elements(&self) -> &[Self] {
        if let Self::Array(elements) = self { elements } else { &[] }
    }
}

impl From<Dictionary> for Value {
    fn from(dictionary: Dictionary) -> Self {
        Self::Dictionary(dictionary)
    }
}

impl From<Vec<Self>> for Value {
    fn from(elements: Vec<Self>) -> Self {
        Self::Array(elements)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Data(bytes)
    }
}

/// Writes a property list as XML. The same value gives the same bytes.
#[must_use]
pub fn write(value: &Dictionary) -> Vec<u8> {
    writer::write(value)
}

/// Reads a property list, XML or binary.
///
/// # Errors
/// [`Unreadable`] says what is wrong or which bound is passed.
pub fn read(bytes: &[u8]) -> Result<Value, Unreadable> {
    reader::read(bytes)
}
