//! Values that go into statements, and rows that come out of them.

use std::fmt;

use crate::StoreError;

/// One argument of a statement, or one column of a row.
#[derive(Clone, Eq, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number: counts, seconds since 1970, booleans as 0 and 1.
    Integer(i64),
    /// UTF-8 text, JSON among it.
    Text(String),
    /// Bytes: DER, hashes, sealed secrets.
    Bytes(Vec<u8>),
}

impl Value {
    /// Names the type of this value, for complaints.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer(_) => "integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// Shows types and lengths only: a value may be a secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Integer(_) => f.write_str("integer"),
            Self::Text(text) => write!(f, "text of {} bytes", text.len()),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<i32> for Value {
    fn from(integer: i32) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<u32> for Value {
    fn from(integer: u32) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<u16> for Value {
    fn from(integer: u16) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<u8> for Value {
    fn from(integer: u8) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Integer(yes.into())
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

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&Vec<u8>> for Value {
    fn from(bytes: &Vec<u8>) -> Self {
        Self::Bytes(bytes.clone())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// A moment is kept as its seconds since 1970.
impl From<pki::time::Time> for Value {
    fn from(time: pki::time::Time) -> Self {
        Self::Integer(time.0)
    }
}

/// An id is kept as its hyphenated text, so that it reads the same everywhere.
impl From<uuid::Uuid> for Value {
    fn from(id: uuid::Uuid) -> Self {
        Self::Text(id.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Self::Null, Into::into)
    }
}

/// One row of an answer, with columns counted from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Row {
    values: Vec<Value>,
}

impl Row {
    /// Makes a row of its columns.
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// The column as it is.
    pub fn value(&self, column: usize) -> Result<&Value, StoreError> {
        self.values.get(column).ok_or(StoreError::Column {
            column,
            expected: "a column",
            found: "none",
        })
    }

    /// The column as text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.text_optional(column)?.ok_or(mismatch(column, "text", &Value::Null))
    }

    /// The column as text, or nothing.
    pub fn text_optional(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other @ (Value::Integer(_) | Value::Bytes(_)) => Err(mismatch(column, "text", other)),
        }
    }

    /// The column as a whole number.
    pub fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.integer_optional(column)?.ok_or(mismatch(column, "integer", &Value::Null))
    }

    /// The column as a whole number, or nothing.
    pub fn integer_optional(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(integer) => Ok(Some(*integer)),
            other @ (Value::Text(_) | Value::Bytes(_)) => Err(mismatch(column, "integer", other)),
        }
    }

    /// The column as a moment.
    pub fn time(&self, column: usize) -> Result<pki::time::Time, StoreError> {
        self.integer(column).map(pki::time::Time)
    }

    /// The column as a moment, or nothing.
    pub fn time_optional(&self, column: usize) -> Result<Option<pki::time::Time>, StoreError> {
        Ok(self.integer_optional(column)?.map(pki::time::Time))
    }

    /// The column as yes (1) or no (0).
    pub fn boolean(&self, column: usize) -> Result<bool, StoreError> {
        match self.integer(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(StoreError::Column { column, expected: "0 or 1", found: "another integer" }),
        }
    }

    /// The column as bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.bytes_optional(column)?.ok_or(mismatch(column, "bytes", &Value::Null))
    }

    /// The column as bytes, or nothing.
    pub fn bytes_optional(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other @ (Value::Integer(_) | Value::Text(_)) => Err(mismatch(column, "bytes", other)),
        }
    }

    /// The column as an id.
    pub fn uuid(&self, column: usize) -> Result<uuid::Uuid, StoreError> {
        uuid::Uuid::try_parse(self.text(column)?).map_err(|_| StoreError::Column {
            column,
            expected: "a UUID",
            found: "other text",
        })
    }
}

fn mismatch(column: usize, expected: &'static str, found: &Value) -> StoreError {
    StoreError::Column { column, expected, found: found.type_name() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        Row::new(vec![
            Value::from("name"),
            Value::from(7_i64),
            Value::from([1_u8, 2]),
            Value::from(None::<i64>),
        ])
    }

    fn mismatched<T: fmt::Debug>(result: Result<T, StoreError>) {
        assert!(matches!(result, Err(StoreError::Column { .. })), "{result:?}");
    }

    #[test]
    fn columns_come_out_as_they_went_in() {
        assert_eq!(row().text(0).unwrap(), "name");
        assert_eq!(row().integer(1).unwrap(), 7);
        assert_eq!(row().bytes(2).unwrap(), [1, 2]);
        assert_eq!(row().text_optional(3).unwrap(), None);
        assert_eq!(row().integer_optional(3).unwrap(), None);
        assert_eq!(row().bytes_optional(3).unwrap(), None);
    }

    #[test]
    fn a_column_of_another_type_is_an_error() {
        mismatched(row().integer(0));
        mismatched(row().text(1));
        mismatched(row().text(2));
        mismatched(row().bytes(0));
        mismatched(row().boolean(1));
        mismatched(row().uuid(0));
    }

    #[test]
    fn a_missing_value_or_column_is_an_error() {
        mismatched(row().text(3));
        mismatched(row().integer(3));
        mismatched(row().bytes(3));
        mismatched(row().value(4));
    }

    #[test]
    fn a_boolean_is_kept_as_an_integer() {
        assert_eq!(Value::from(true), Value::Integer(1));
        assert!(!Row::new(vec![Value::from(false)]).boolean(0).unwrap());
    }

    #[test]
    fn a_value_never_shows_what_it_holds() {
        assert_eq!(format!("{:?}", Value::from("secret")), "text of 6 bytes");
    }
}
