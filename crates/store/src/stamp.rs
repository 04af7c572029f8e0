//! Stamps: a column of a row that authenticates others of it under the master key. A row that was
//! damaged on the disk, or edited by another program, is an error wherever it is read.
//!
//! A stamp does not show that a whole row is gone, or that an older row was put back.

use aws_lc_rs::hmac;

use crate::StoreError;
use crate::seal::MasterKey;
use crate::value::Row;
use crate::value::Value;

/// Which columns a stamp speaks for.
#[derive(Debug)]
pub(crate) struct Stamp {
    /// The table.
    pub(crate) table: &'static str,
    /// The column that holds the stamp.
    pub(crate) column: &'static str,
    /// The columns that it speaks for, the first of which names the row to people.
    pub(crate) columns: &'static [&'static str],
    /// Columns that rows have had since later, behind the others: it speaks for them where they
    /// have a value, and rows from before stay good.
    pub(crate) later: &'static [&'static str],
}

/// The organization's settings.
pub(crate) const ORGANIZATION: Stamp =
    Stamp { table: "organization", column: "stamp", columns: &["body", "version"], later: &[] };

/// A definition.
pub(crate) const OBJECT: Stamp = Stamp {
    table: "object",
    column: "stamp",
    columns: &["name", "kind", "slug", "position", "body"],
    later: &[],
};

/// A version of a definition.
pub(crate) const OBJECT_VERSION: Stamp = Stamp {
    table: "object_version",
    column: "stamp",
    columns: &["name", "version", "kind", "position", "body", "at", "actor"],
    later: &[],
};

/// A key's certificate; the key itself is sealed for its place.
pub(crate) const PRIVATE_KEY: Stamp = Stamp {
    table: "private_key",
    column: "stamp",
    columns: &["owner", "usage", "generation", "certificate"],
    later: &["chain"],
};

/// Which keys of a server certificate have which slot.
pub(crate) const SERVER_SLOT: Stamp = Stamp {
    table: "server_slot",
    column: "stamp",
    columns: &["name", "active", "next", "previous"],
    later: &[],
};

/// What a profile trusts that devices were given.
pub(crate) const RENDERING: Stamp = Stamp {
    table: "rendering",
    column: "stamp",
    columns: &["number", "profile", "content", "roots", "names", "at"],
    later: &[],
};

/// A challenge.
pub(crate) const GATEWAY_SECRET: Stamp = Stamp {
    table: "gateway_secret",
    column: "stamp",
    columns: &["id", "gateway", "hash"],
    later: &[],
};

/// A revocation list.
pub(crate) const REVOCATION_LIST: Stamp = Stamp {
    table: "revocation_list",
    column: "stamp",
    columns: &["authority", "generation", "number", "der"],
    later: &[],
};

/// Where a certificate stands.
pub(crate) const STANDING: Stamp = Stamp {
    table: "certificate",
    column: "standing_stamp",
    columns: &[
        "serial",
        "usage",
        "authority",
        "gateway",
        "status",
        "revoked_at",
        "revocation_reason",
    ],
    later: &["version", "bound"],
};

/// What a certificate was to say before it was signed.
pub(crate) const CONTENT: Stamp = Stamp {
    table: "certificate",
    column: "content_stamp",
    columns: &[
        "serial",
        "subject",
        "names",
        "template",
        "assurance",
        "not_before",
        "not_after",
        "intended_at",
        "tbs",
    ],
    later: &["device", "person", "key", "generation", "rendering"],
};

/// The signed bytes of a certificate.
pub(crate) const DER: Stamp =
    Stamp { table: "certificate", column: "der_stamp", columns: &["serial", "der"], later: &[] };

/// A device of the inventory.
pub(crate) const DEVICE: Stamp = Stamp {
    table: "device",
    column: "stamp",
    columns: &["name", "id", "serial", "udid", "body", "version", "changed_at"],
    later: &[],
};

/// A person of the inventory.
pub(crate) const PERSON: Stamp = Stamp {
    table: "person",
    column: "stamp",
    columns: &["name", "body", "version", "changed_at"],
    later: &[],
};

/// An administrator.
pub(crate) const ADMINISTRATOR: Stamp = Stamp {
    table: "administrator",
    column: "stamp",
    columns: &["name", "body", "version"],
    later: &[],
};

/// An API token.
pub(crate) const TOKEN: Stamp = Stamp {
    table: "token",
    column: "stamp",
    columns: &["id", "administrator", "body", "hash", "expires_at"],
    later: &[],
};

/// What an administrator signs in with; itself it is sealed for its place.
pub(crate) const CREDENTIAL: Stamp = Stamp {
    table: "credential",
    column: "stamp",
    columns: &["administrator", "body", "version"],
    later: &[],
};

/// A session.
pub(crate) const SESSION: Stamp = Stamp {
    table: "session",
    column: "stamp",
    columns: &["id", "hash", "administrator", "body", "version"],
    later: &[],
};

/// The key that checkpoints of the audit are signed with; its secret half is sealed for its place.
pub(crate) const AUDIT_KEY: Stamp = Stamp {
    table: "audit_key",
    column: "stamp",
    columns: &["public", "made_at", "last"],
    later: &[],
};

/// The key that stamps are made with.
pub(crate) struct StampKey(hmac::Key);

impl Stamp {
    /// What is stamped: values of the columns, in their order.
    pub(crate) fn message<'a>(&self, values: impl IntoIterator<Item = &'a Value>) -> Vec<u8> {
        // A standing fits without growing.
        let mut message = Vec::with_capacity(MESSAGE_BYTES);
        add(&mut message, b'c', self.table.as_bytes());
        add(&mut message, b'c', self.column.as_bytes());
        let first = self.columns.iter().map(|_| None);
        let names = first.chain(self.later.iter().map(|name| Some(name.as_bytes())));
        for (value, later) in values.into_iter().zip(names) {
            match (later, value) {
                (Some(_), Value::Null) => continue,
                (Some(name), _) => add(&mut message, b'l', name),
                (None, _) => {}
            }
            match value {
                Value::Null => add(&mut message, b'n', b""),
                Value::Integer(integer) => add(&mut message, b'i', &integer.to_be_bytes()),
                Value::Text(text) => add(&mut message, b't', text.as_bytes()),
                Value::Bytes(bytes) => add(&mut message, b'b', bytes),
            }
        }
        message
    }
}

/// Room for the message of a standing with names of ordinary length.
const MESSAGE_BYTES: usize = 384;

fn add(message: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    message.push(kind);
    message.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    message.extend_from_slice(bytes);
}

impl StampKey {
    /// Derives the key.
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &master.keyed_hash("row stamp key", b"")))
    }

    /// The stamp of a message.
    pub(crate) fn make(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }

    /// Checks the columns of a row, given by their places in the order of the stamp, against the
    /// stamp at the place `at`.
    pub(crate) fn check(
        &self,
        stamp: &Stamp,
        row: &Row,
        places: &[usize],
        at: usize,
    ) -> Result<(), StoreError> {
        let values = places.iter().map(|&place| row.value(place));
        let message = stamp.message(values.collect::<Result<Vec<_>, _>>()?);
        let kept = row.bytes_optional(at)?.unwrap_or_default();
        hmac::verify(&self.0, &message, kept).map_err(|_| StoreError::Altered {
            what: format!("{} \"{}\"", stamp.table, first(row, places)),
        })
    }
}

/// The value that names a row, as far as it can be shown.
fn first(row: &Row, places: &[usize]) -> String {
    let value = places.first().and_then(|&place| row.value(place).ok());
    match value {
        Some(Value::Text(text)) => text.chars().filter(|c| !c.is_control()).take(64).collect(),
        Some(Value::Integer(_) | Value::Bytes(_) | Value::Null) | None => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&Stamp; 18] = [
        &ORGANIZATION,
        &OBJECT,
        &PRIVATE_KEY,
        &SERVER_SLOT,
        &RENDERING,
        &GATEWAY_SECRET,
        &STANDING,
        &CONTENT,
        &DER,
        &DEVICE,
        &PERSON,
        &OBJECT_VERSION,
        &REVOCATION_LIST,
        &ADMINISTRATOR,
        &TOKEN,
        &CREDENTIAL,
        &SESSION,
        &AUDIT_KEY,
    ];

    fn key() -> StampKey {
        StampKey::new(&MasterKey::from_bytes(&[7; 32]))
    }

    fn row(values: [Value; 2]) -> Row {
        let stamp = key().make(&DER.message(&values));
        let [serial, der] = values;
        Row::new(vec![serial, der, Value::Bytes(stamp)])
    }

    fn check(row: &Row) -> Result<(), StoreError> {
        key().check(&DER, row, &[0, 1], 2)
    }

    #[test]
    fn a_row_as_it_was_written_is_accepted() {
        check(&row([Value::from("0A"), Value::from(&b"der"[..])])).unwrap();
        check(&row([Value::from("0A"), Value::Null])).unwrap();
    }

    #[test]
    fn any_other_value_is_refused_and_named() {
        let good = row([Value::from("0A"), Value::from(&b"der"[..])]);
        let stamp = good.value(2).unwrap().clone();
        for (serial, der, stamp) in [
            (Value::from("0B"), Value::from(&b"der"[..]), stamp.clone()),
            (Value::from("0A"), Value::from(&b"deR"[..]), stamp.clone()),
            (Value::from("0A"), Value::from("der"), stamp.clone()),
            (Value::from("0A"), Value::Null, stamp.clone()),
            (Value::from("0Ad"), Value::from(&b"er"[..]), stamp),
            (Value::from("0A"), Value::from(&b"der"[..]), Value::Null),
            (Value::from("0A"), Value::from(&b"der"[..]), Value::from(&[0; 32][..])),
        ] {
            let refusal = check(&Row::new(vec![serial, der, stamp])).unwrap_err();
            assert!(refusal.to_string().contains("certificate \"0"), "{refusal}");
        }
    }

    #[test]
    fn a_stamp_is_good_for_its_own_columns_and_key_only() {
        let values = [Value::from("0A"), Value::from(&b"der"[..])];
        assert_ne!(DER.message(&values), STANDING.message(&values));
        let other = StampKey::new(&MasterKey::from_bytes(&[8; 32]));
        other.check(&DER, &row(values), &[0, 1], 2).unwrap_err();
    }

    #[test]
    fn a_later_column_is_spoken_for_where_it_has_a_value() {
        let before = [0, 1, 2, 3, 4, 5, 6].map(|_| Value::Null);
        let with = |version| before.iter().cloned().chain([version]).collect::<Vec<Value>>();
        let message = |values: &[Value]| STANDING.message(values);
        assert_eq!(message(&before), message(&with(Value::Null)));
        assert_ne!(message(&before), message(&with(Value::from(0_i64))));
        assert_ne!(message(&with(Value::from(1_i64))), message(&with(Value::from(0_i64))));
        // Which of several it is counts.
        let values = |at: usize| {
            let mut values = vec![Value::Null; CONTENT.columns.len() + CONTENT.later.len()];
            values[CONTENT.columns.len() + at] = Value::from("x");
            values
        };
        assert_ne!(CONTENT.message(&values(0)), CONTENT.message(&values(1)));
    }

    #[test]
    fn no_two_stamps_share_a_column() {
        for (number, stamp) in ALL.iter().enumerate() {
            assert!(!stamp.columns.contains(&stamp.column));
            let others = ALL.iter().skip(number + 1);
            assert!(others.into_iter().all(|o| (o.table, o.column) != (stamp.table, stamp.column)));
        }
    }
}
