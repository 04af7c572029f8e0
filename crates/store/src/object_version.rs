//! Versions: what administrators defined, at each moment: who changed it, and from what.

use domain::object::Kind;
use domain::organization::EachKind;
use domain::organization::Listed;
use domain::organization::Organization;
use domain::organization::each_kind;
use pki::time::Time;
use serde_json::Value as Json;
use serde_json::json;

use crate::Store;
use crate::StoreError;
use crate::organization::parse;
use crate::stamp;
use crate::value::Row;
use crate::value::Value;
use crate::write::Write;

/// One version of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The version of the organization that it came with.
    pub version: i64,
    /// What it is of.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its place among its kind.
    pub position: i64,
    /// The definition; none: it was removed, or got another name.
    pub body: Option<Json>,
    /// The name that it got.
    pub renamed_to: Option<String>,
    /// When.
    pub at: Time,
    /// Who did it.
    pub actor: String,
}

/// Most versions on one page.
pub const PAGE_MAX: u32 = 500;

/// The only key of a body that is no definition.
const RENAMED_TO: &str = "renamed_to";

const COLUMNS: &str = "version, kind, name, position, body, at, actor, stamp";

/// The places of what [`stamp::OBJECT_VERSION`] speaks for.
const PLACES: [usize; 7] = [2, 0, 1, 3, 4, 5, 6];

/// Keeps a version.
pub fn keep(write: Write, version: &Version) -> Write {
    let renamed = version.renamed_to.as_ref().map(|name| json!({ RENAMED_TO: name }));
    let body = version.body.as_ref().or(renamed.as_ref()).map(Json::to_string);
    let values = [
        Value::from(version.version),
        Value::from(version.kind.as_str()),
        Value::from(&version.name),
        Value::from(version.position),
        Value::from(body),
        Value::from(version.at),
        Value::from(&version.actor),
    ];
    let [number, kind, name, position, body, at, actor] = values.clone();
    let stamped = [name, number, kind, position, body, at, actor];
    let args: Vec<Value> = values.into_iter().chain([Value::Null]).collect();
    let sql = "insert into object_version (version, kind, name, position, body, at, actor, stamp)
               values ($1, $2, $3, $4, $5, $6, $7, $8)";
    write.execute(sql, args).stamp(8, &stamp::OBJECT_VERSION, &stamped)
}

/// The versions of an object, newest first, those before `before` if given.
pub async fn list(
    store: &Store,
    (kind, name): (Kind, &str),
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Version>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from object_version where kind = $1 and name = $2 and version < $3
         order by version desc limit $4"
    );
    let (before, limit) = (before.unwrap_or(i64::MAX), limit.clamp(1, PAGE_MAX));
    let args =
        [Value::from(kind.as_str()), Value::from(name), Value::from(before), Value::from(limit)];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| read(store, row)).collect()
}

/// The newest version that is kept of anything.
pub async fn newest(store: &Store) -> Result<Option<i64>, StoreError> {
    let row = store.query_one("select max(version) from object_version", []).await?;
    Ok(row.map(|row| row.integer_optional(0)).transpose()?.flatten())
}

/// The workflows and policies of a version of the organization; none if they are not on record.
/// Other objects are left out: a decision of the policies rests on nothing else.
pub async fn policies_at(store: &Store, version: i64) -> Result<Option<Organization>, StoreError> {
    let sql = format!(
        "select {COLUMNS} from object_version as one where version = (
            select max(version) from object_version as other
            where other.kind = one.kind and other.name = one.name and other.version <= $1
         ) and kind in ('policy_workflow', 'enrollment_policy', 'network_policy')
         order by kind, position, name"
    );
    let first = store.query_one("select min(version) from object_version", []).await?;
    let first = first.map(|row| row.integer_optional(0)).transpose()?.flatten();
    if first.is_none_or(|first| version < first) {
        return Ok(None);
    }
    let rows = store.query(sql, [Value::from(version)]).await?;
    let mut loader =
        Loader { rows: Vec::new(), organization: Organization::default(), failed: None };
    for row in &rows {
        let version = read(store, row)?;
        loader.rows.extend(version.body.map(|body| (version.kind, body.to_string())));
    }
    each_kind(&mut loader);
    match loader.failed {
        None => Ok(Some(loader.organization)),
        Some(error) => Err(error),
    }
}

struct Loader {
    rows: Vec<(Kind, String)>,
    organization: Organization,
    failed: Option<StoreError>,
}

impl EachKind for Loader {
    fn visit<T: Listed>(&mut self) {
        for (_, body) in self.rows.iter().filter(|(kind, _)| *kind == T::KIND) {
            match parse::<T>(body) {
                Ok(object) => T::list_mut(&mut self.organization).push(object),
                Err(error) => self.failed = Some(error),
            }
        }
    }
}

fn read(store: &Store, row: &Row) -> Result<Version, StoreError> {
    store.audit_key().stamp().check(&stamp::OBJECT_VERSION, row, &PLACES, 7)?;
    let unreadable =
        |what: &str| StoreError::Statement(format!("a version cannot be read: {what}"));
    let kind = Kind::parse(row.text(1)?).ok_or_else(|| unreadable("its kind"))?;
    let body = row.text_optional(4)?.map(serde_json::from_str::<Json>).transpose();
    let mut body = body.map_err(|error| unreadable(&error.to_string()))?;
    let renamed_to = body.as_ref().and_then(|body| body.get(RENAMED_TO)?.as_str());
    let renamed_to = renamed_to.map(str::to_owned);
    if renamed_to.is_some() {
        body = None;
    }
    Ok(Version {
        version: row.integer(0)?,
        kind,
        name: row.text(2)?.to_owned(),
        position: row.integer(3)?,
        body,
        renamed_to,
        at: row.time(5)?,
        actor: row.text(6)?.to_owned(),
    })
}
