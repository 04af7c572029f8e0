//! The organization's definitions: one row an object, as JSON.

use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::Organization;
use domain::organization::Settings;
use domain::organization::each_kind;
use pki::time::Time;

use crate::Store;
use crate::StoreError;
use crate::change::Topic;
use crate::stamp;
use crate::value::Value;
use crate::write::Write;

/// Reads every definition, and the version that guards changes of them.
pub async fn load(store: &Store) -> Result<(Organization, i64), StoreError> {
    let row = store.query_one("select body, version, stamp from organization", []).await?;
    let key = store.audit_key().stamp();
    let (settings, version) = match &row {
        Some(row) => {
            key.check(&stamp::ORGANIZATION, row, &[0, 1], 2)?;
            (parse::<Settings>(row.text(0)?)?, row.integer(1)?)
        }
        None => (Settings::default(), 0),
    };
    let sql = "select kind, body, name, slug, position, stamp from object
               order by kind, position, name";
    let rows = store
        .query(sql, [])
        .await?
        .iter()
        .map(|row| {
            key.check(&stamp::OBJECT, row, &[2, 0, 3, 4, 1], 5)?;
            Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let organization = Organization { settings, ..Organization::default() };
    let mut loader = Loader { rows, organization, failed: None };
    each_kind(&mut loader);
    match loader.failed {
        None => Ok((loader.organization, version)),
        Some(error) => Err(error),
    }
}

/// The version of now.
pub async fn version(store: &Store) -> Result<i64, StoreError> {
    let row = store.query_one("select version from organization", []).await?;
    row.map_or(Ok(0), |row| row.integer(0))
}

struct Loader {
    rows: Vec<(String, String)>,
    organization: Organization,
    failed: Option<StoreError>,
}

impl EachKind for Loader {
    fn visit<T: Listed>(&mut self) {
        for (_, body) in self.rows.iter().filter(|(kind, _)| kind == T::KIND.as_str()) {
            match parse::<T>(body) {
                Ok(object) => T::list_mut(&mut self.organization).push(object),
                Err(error) => self.failed = Some(error),
            }
        }
    }
}

pub(crate) fn parse<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body)
        .map_err(|error| StoreError::Statement(format!("a definition cannot be read: {error}")))
}

/// Reads what was announced of the definitions: the version that they have since.
#[must_use]
pub fn announced(key: &str) -> Option<i64> {
    key.parse().ok()
}

/// Replaces the organization's settings, moves its version on and announces it. Fails with a
/// conflict if somebody else changed a definition since `version` was read.
pub fn save(write: Write, settings: &Settings, version: i64) -> Write {
    let write = write.announce(Topic::Rules, version.saturating_add(1).to_string());
    let body = serde_json::to_string(settings).unwrap_or_default();
    let conflict = "somebody changed the organization at the same time";
    let stamped = [Value::from(body), Value::from(version.saturating_add(1))];
    let [body, next] = stamped.clone();
    let write = if version == 0 {
        let sql = "insert into organization (only_row, body, version, stamp)
                   values (1, $1, $2, $3) on conflict (only_row) do nothing";
        write.guard(sql, [body, next, Value::Null], 1, conflict)
    } else {
        let sql = "update organization set body = $1, version = $2, stamp = $3
                   where version = $4";
        write.guard(sql, [body, next, Value::Null, Value::from(version)], 1, conflict)
    };
    write.stamp(3, &stamp::ORGANIZATION, &stamped)
}

/// Keeps an object, new or changed, at its position.
pub fn save_object<T: Listed>(write: Write, object: &T, position: usize, now: Time) -> Write {
    let body = serde_json::to_string(object).unwrap_or_default();
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let (kind, name) = (Value::from(T::KIND.as_str()), Value::from(object.name()));
    let slug = Value::from(object.slug().unwrap_or_default());
    let (position, body) = (Value::from(position), Value::from(body));
    let stamped = [&name, &kind, &slug, &position, &body].map(Clone::clone);
    write
        .execute(
            "insert into object (kind, name, slug, position, body, changed_at, stamp)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (kind, name) do update set slug = excluded.slug,
             position = excluded.position, body = excluded.body,
             changed_at = excluded.changed_at, stamp = excluded.stamp",
            [kind, name, slug, position, body, Value::from(now), Value::Null],
        )
        .stamp(7, &stamp::OBJECT, &stamped)
}

/// Removes an object.
pub fn remove_object(write: Write, kind: Kind, name: &str) -> Write {
    let sql = "delete from object where kind = $1 and name = $2";
    write.execute(sql, [Value::from(kind.as_str()), Value::from(name)])
}
