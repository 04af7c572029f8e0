//! Lists of certificates: newest first, or by the beginning of a text. Every page, the last of a
//! million certificates too, is a walk along one index.

use domain::certificate::Status;
use domain::certificate::search::Field;
use domain::certificate::search::Name;
use domain::certificate::search::Place;
use domain::certificate::search::Search;
use domain::certificate::search::Start;
use pki::time::Time;

use super::COLUMNS;
use super::Kept;
use super::kept;
use crate::Store;
use crate::StoreError;
use crate::value::Value;

/// Most certificates on one page.
pub const PAGE_MAX: u32 = 1000;

/// What is asked for: a search, and the names that its gateway had before.
pub type Asked<'a> = (&'a Search, &'a [String]);

/// A page of the certificates of a search, those behind `after` if given.
pub async fn list(
    store: &Store,
    search: Asked<'_>,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    let limit = usize::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
    let Some(each) = apart(search) else { return walk(store, search, after, limit).await };
    let mut all = Vec::new();
    for one in &each {
        all.extend(walk(store, (one, &[]), after, limit).await?);
    }
    let newest = |kept: &Kept| (kept.intended_at, kept.certificate.serial.to_string());
    all.sort_by_key(|kept| core::cmp::Reverse(newest(kept)));
    all.truncate(limit);
    Ok(all)
}

/// The names of a gateway that was renamed, each asked for by itself where that follows an index:
/// no index has the certificates of several names in one order, and a walk along all of them finds
/// those of a small gateway last.
fn apart(search: Asked<'_>) -> Option<Vec<Search>> {
    let (asked, former) = search;
    let gateway = asked.gateway.as_ref().filter(|_| !former.is_empty() && asked.start.is_none())?;
    if lead((asked, &[])).is_none_or(|(column, _)| column != "gateway") {
        return None;
    }
    let former = former.iter().map(|name| Name::parse("gateway", name).ok());
    let names: Vec<Name> = former.chain([Some(gateway.clone())]).collect::<Option<_>>()?;
    let of = |name| Search { gateway: Some(name), ..asked.clone() };
    Some(names.into_iter().map(of).collect())
}

/// A page of what follows one index.
async fn walk(
    store: &Store,
    search: Asked<'_>,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Kept>, StoreError> {
    let mut page = Vec::new();
    for Statement { mut sql, mut args } in statements(search, after) {
        let left = limit.saturating_sub(page.len());
        if left == 0 {
            break;
        }
        args.push(Value::from(i64::try_from(left).unwrap_or(i64::MAX)));
        sql.push_str(&format!(" limit ${}", args.len()));
        for row in &store.query(sql, args).await? {
            page.push(kept(store, row)?);
        }
    }
    Ok(page)
}

/// A statement in the making.
#[derive(Debug)]
pub(crate) struct Statement {
    /// What it says so far.
    pub(crate) sql: String,
    /// The values of its placeholders.
    pub(crate) args: Vec<Value>,
}

/// The statements whose rows, one behind the other, are the list: each follows one index in its
/// order.
pub(crate) fn statements(search: Asked<'_>, after: Option<&Place>) -> Vec<Statement> {
    let Some(start) = &search.0.start else {
        let after = match after {
            Some(Place::Newest(time, serial)) => Some((*time, serial.to_string())),
            Some(Place::Text(..)) | None => None,
        };
        return vec![newest(search, after)];
    };
    match after {
        Some(Place::Text(field, key, serial)) => {
            let serial = serial.to_string();
            if *field == Field::Serial {
                return vec![range(search, start, (">", serial))];
            }
            // What has the same text as the last of the page before, then all behind it.
            vec![same(search, start, (key, serial)), range(search, start, (">", key.clone()))]
        }
        Some(Place::Newest(..)) | None => vec![range(search, start, (">=", start.text().into()))],
    }
}

fn newest(search: Asked<'_>, after: Option<(Time, String)>) -> Statement {
    let mut statement = Statement::of_all();
    let lead = lead(search);
    if let Some((column, name)) = &lead {
        statement.and(&format!("coalesce({column}, '') = "), name.as_str());
    }
    statement.and_filters(search, lead.map(|(column, _)| column));
    if let Some((time, serial)) = after {
        let time = statement.place(time);
        let serial = statement.place(serial);
        statement.and_where(&format!("(intended_at, serial) < ({time}, {serial})"));
    }
    statement.sql.push_str(" order by intended_at desc, serial desc");
    statement
}

fn same(search: Asked<'_>, start: &Start, (key, serial): (&str, String)) -> Statement {
    let mut statement = Statement::of_all();
    statement.and(&format!("{} = ", expression(start.field())), key);
    statement.and("serial > ", serial);
    statement.and_filters(search, None);
    statement.sql.push_str(" order by serial");
    statement
}

fn range(search: Asked<'_>, start: &Start, (from, key): (&str, String)) -> Statement {
    let mut statement = Statement::of_all();
    let by = expression(start.field());
    statement.and(&format!("{by} {from} "), key);
    statement.and(&format!("{by} < "), start.end());
    statement.and_filters(search, None);
    let order = if start.field() == Field::Serial { "" } else { ", serial" };
    statement.sql.push_str(&format!(" order by {by}{order}"));
    statement
}

/// What an index orders a field by: as in `migration/0006_list.sql`, letter by letter.
fn expression(field: Field) -> &'static str {
    match field {
        Field::Serial => "serial",
        Field::Subject => "substr(lower(subject), 1, 128)",
        Field::Device => "substr(lower(device), 1, 128)",
        Field::Person => "substr(lower(person), 1, 128)",
    }
}

/// The filter whose index is followed: that which most likely leaves the fewest.
fn lead((search, former): Asked<'_>) -> Option<(&'static str, String)> {
    let status = search.status.map(|status| ("status", status.as_str().to_owned()));
    let seldom = match search.status {
        Some(Status::Intended | Status::Held | Status::Revoked) => status.clone(),
        Some(Status::Issued) | None => None,
    };
    let named = |column, name: &Option<Name>| Some((column, name.as_ref()?.as_str().to_owned()));
    // No index has the certificates of several names in one order.
    let gateway = || named("gateway", &search.gateway).filter(|_| former.is_empty());
    seldom.or_else(gateway).or_else(|| named("authority", &search.authority)).or(status)
}

impl Statement {
    fn of_all() -> Self {
        Self { sql: format!("select {COLUMNS} from certificate where 1 = 1"), args: Vec::new() }
    }

    fn place(&mut self, value: impl Into<Value>) -> String {
        self.args.push(value.into());
        format!("${}", self.args.len())
    }

    fn and_where(&mut self, condition: &str) {
        self.sql.push_str(" and ");
        self.sql.push_str(condition);
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        let place = self.place(value);
        self.and_where(&format!("{condition}{place}"));
    }

    /// The filters but the one whose index is followed. They are said so that no index offers
    /// itself: the order would be lost.
    fn and_filters(&mut self, (search, former): Asked<'_>, lead: Option<&str>) {
        let filters = [
            ("status", search.status.map(Status::as_str)),
            ("authority", search.authority.as_ref().map(Name::as_str)),
            ("gateway", search.gateway.as_ref().map(Name::as_str)),
        ];
        for (column, wanted) in filters {
            let Some(wanted) = wanted.filter(|_| lead != Some(column)) else { continue };
            if column != "gateway" || former.is_empty() {
                self.and(&format!("({column} || '') = "), wanted);
                continue;
            }
            let names = core::iter::once(wanted).chain(former.iter().map(String::as_str));
            let places: Vec<String> = names.map(|name| self.place(name)).collect();
            self.and_where(&format!("({column} || '') in ({})", places.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests;
