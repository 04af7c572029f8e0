//! Values on their way to PostgreSQL and back.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::StoreError;
use crate::value::{Row, Value};

/// An argument, encoded as the type that the statement wants.
#[derive(Debug)]
pub(super) struct Argument<'a>(pub(super) &'a Value);

impl ToSql for Argument<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(integer) if *ty == Type::INT8 => integer.to_sql(ty, out),
            Value::Integer(integer) if *ty == Type::INT4 => {
                i32::try_from(*integer)?.to_sql(ty, out)
            }
            Value::Text(text) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            Value::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            other @ (Value::Integer(_) | Value::Text(_) | Value::Bytes(_)) => {
                Err(format!("{} was given where {ty} is wanted", other.type_name()).into())
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A column as the store knows values.
struct Column(Value);

impl<'a> FromSql<'a> for Column {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT2 => Value::from(i64::from(i16::from_sql(ty, raw)?)),
            Type::INT4 => Value::from(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT8 => Value::from(i64::from_sql(ty, raw)?),
            Type::BOOL => Value::from(bool::from_sql(ty, raw)?),
            Type::BYTEA => Value::from(raw),
            _ => Value::from(<&str>::from_sql(ty, raw)?),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT2, Type::INT4, Type::INT8, Type::BOOL, Type::BYTEA].contains(ty)
            || <&str as FromSql>::accepts(ty)
    }
}

/// A row as the store knows rows.
pub(super) fn row(found: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let value =
        |column| {
            found.try_get::<_, Column>(column).map(|column| column.0).map_err(|_| {
                StoreError::Column { column, expected: "a known type", found: "another type" }
            })
        };
    (0..found.len()).map(value).collect::<Result<_, _>>().map(Row::new)
}
