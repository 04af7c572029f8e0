//! Lists of events: of both logs, by what a filter wants, in the order of their ids. Every branch
//! of a list follows one index in its order; what no index says is looked for among a bounded
//! number of rows, and the next page goes on behind them.

use domain::event::Event;
use domain::event::EventKind;
use domain::event::Log;
use domain::event::Outcome;
use domain::event::listing::Order;
use domain::event::listing::Span;
use domain::filter::Filter;
use domain::filter::Pattern;
use domain::filter::Term;
use uuid::Uuid;

use super::About;
use super::PAGE_MAX;
use super::event;
use crate::Store;
use crate::StoreError;
use crate::inventory;
use crate::value::Value;

/// Most rows that one page is looked for among where an index does not say which they are: read
/// one by one, they take a twentieth of a second.
pub const LOOKED_THROUGH_MAX: u32 = 20_000;

/// What the audit has behind `{"refusal":{"code":"`: as in `migration/0011_event_code.sql`.
const AUDIT_CODE: &str = "substr(body, 21, length(substr(body, 21, 64)) \
    - length(ltrim(substr(body, 21, 64), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-')))";

/// The columns that an event is read from.
const COLUMNS: &str = "id, kind, outcome, actor, object, body";

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// In which order.
    pub order: Order,
    /// Behind this event, in this order.
    pub after: Option<Uuid>,
    /// Most events.
    pub limit: u32,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The events, in order; fewer than asked for where more rows had to be looked through.
    pub events: Vec<Event>,
    /// What the next page goes on behind; none on the last.
    pub next: Option<Uuid>,
}

/// One way along one index of one log: rows that a column says this of.
#[derive(Clone, Debug)]
struct Branch<'a> {
    log: Log,
    lead: Lead<'a>,
    /// What else must be so, and no index is asked for.
    rest: Rest<'a>,
}

/// The index that is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lead<'a> {
    /// All rows.
    All,
    /// The refused.
    Refused,
    /// Those whose column has this value.
    Column(Column, &'a str),
}

/// What a row is found by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Kind,
    Code,
    Object,
    Actor,
    Device,
    Station,
    Policy,
}

/// What is left of a filter when the lead is taken.
#[derive(Clone, Debug, Default)]
struct Rest<'a> {
    /// One of these kinds.
    kinds: Option<Vec<&'static str>>,
    /// It came out so.
    outcome: Option<Outcome>,
    /// One of the first, and none of the second.
    columns: Vec<(Column, Vec<&'a Pattern>, Vec<&'a Pattern>)>,
}

/// A statement in the making.
#[derive(Debug, Default)]
struct Statement {
    sql: String,
    args: Vec<Value>,
}

/// A page of the events that a filter wants.
pub async fn list(store: &Store, filter: &Filter, part: Part) -> Result<Page, StoreError> {
    list_within(store, filter, part, LOOKED_THROUGH_MAX).await
}

/// The same, with so many rows to look through.
async fn list_within(
    store: &Store,
    filter: &Filter,
    part: Part,
    rows_max: u32,
) -> Result<Page, StoreError> {
    let span = Span::of(filter, part.order, part.after);
    page(store, &branches(filter), span, (part, rows_max)).await
}

/// The ids of what both logs have behind an event, in order: cheap, where most is known already.
pub async fn ids_behind(store: &Store, after: Uuid, limit: u32) -> Result<Vec<Uuid>, StoreError> {
    let sql = "select id from (select id from audit where id > $1 order by id limit $2) as a
         union all select id from (select id from visit where id > $1 order by id limit $2) as v
         order by id limit $2";
    let args = [Value::from(after.to_string()), Value::from(limit)];
    let rows = store.query(sql, args).await?;
    rows.iter().map(|row| Uuid::parse_str(row.text(0)?).map_err(unreadable)).collect()
}

/// A page of the events about any of these things.
pub async fn history(store: &Store, about: &[About<'_>], part: Part) -> Result<Page, StoreError> {
    let branches = about.iter().flat_map(|about| {
        let (column, value, logs) = match *about {
            About::Station(value) => (Column::Station, value, &[Log::Visit][..]),
            About::Device(value) => (Column::Device, value, &[Log::Visit][..]),
            About::Object(value) => (Column::Object, value, &[Log::Visit, Log::Audit][..]),
        };
        let lead = Lead::Column(column, value);
        logs.iter().map(move |log| Branch { log: *log, lead, rest: Rest::default() })
    });
    let branches: Vec<Branch<'_>> = branches.collect();
    let span = Span::of(&Filter::default(), part.order, part.after);
    page(store, &branches, span, (part, LOOKED_THROUGH_MAX)).await
}

async fn page(
    store: &Store,
    branches: &[Branch<'_>],
    span: Span,
    (part, rows_max): (Part, u32),
) -> Result<Page, StoreError> {
    let Part { order, limit, .. } = part;
    let limit = limit.clamp(1, PAGE_MAX);
    if branches.is_empty() || span.from >= span.before {
        return Ok(Page { events: Vec::new(), next: None });
    }
    let end = end(store, branches, (span, order), rows_max).await?;
    let looked = match (order, end) {
        (_, None) => span,
        (Order::Newest, Some(end)) => Span { from: next(end), ..span },
        (Order::Oldest, Some(end)) => Span { before: end, ..span },
    };
    let Statement { sql, args } = picked(branches, looked, order, limit);
    let rows = store.query(sql, args).await?;
    let events: Vec<Event> = rows.iter().map(event).collect::<Result<_, _>>()?;
    let is_full = u32::try_from(events.len()).is_ok_and(|count| count == limit);
    let next = match (is_full, end, order) {
        (true, ..) => events.last().map(|last| last.id),
        (false, None, _) => None,
        // The row at the end was not looked at.
        (false, Some(end), Order::Newest) => Some(next(end)),
        (false, Some(end), Order::Oldest) => Some(before(end)),
    };
    Ok(Page { events, next })
}

/// The first row, in order, that is not looked at any more, if there is one.
async fn end(
    store: &Store,
    branches: &[Branch<'_>],
    (span, order): (Span, Order),
    rows_max: u32,
) -> Result<Option<Uuid>, StoreError> {
    let walks: Vec<&Branch<'_>> = branches.iter().filter(|it| !it.rest.is_empty()).collect();
    let share = u32::try_from(walks.len()).unwrap_or(u32::MAX).max(1);
    let mut statement = Statement::default();
    for (index, branch) in walks.iter().enumerate() {
        statement.sql.push_str(if index == 0 { "" } else { " union all " });
        statement.sql.push_str("select id from (");
        statement.walk(branch, span, order);
        statement.add(" limit 1 offset ", (rows_max / share).max(1));
        statement.sql.push_str(&format!(") as end_{index}"));
    }
    if walks.is_empty() {
        return Ok(None);
    }
    let ends = store.query(statement.sql, statement.args).await?;
    let ends = ends.iter().map(|row| Uuid::parse_str(row.text(0)?).map_err(unreadable));
    let ends = ends.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(match order {
        Order::Newest => ends.into_iter().max(),
        Order::Oldest => ends.into_iter().min(),
    })
}

fn unreadable(error: uuid::Error) -> StoreError {
    StoreError::Statement(format!("the id of an event cannot be read: {error}"))
}

fn next(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

/// How events came out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// How many with yes.
    pub accepted: u64,
    /// How many with no.
    pub refused: u64,
    /// Whether there were more than were counted.
    pub is_more: bool,
}

/// Counts how the newest events that a filter wants came out, so many of them at most.
pub async fn tally(store: &Store, filter: &Filter, most: u32) -> Result<Tally, StoreError> {
    let span = Span::of(filter, Order::Newest, None);
    let branches = branches(filter);
    let mut tally = Tally::default();
    if branches.is_empty() || span.from >= span.before {
        return Ok(tally);
    }
    let end = end(store, &branches, (span, Order::Newest), LOOKED_THROUGH_MAX).await?;
    let looked = end.map_or(span, |end| Span { from: next(end), ..span });
    let mut statement = picked_ids(&branches, looked, Order::Newest, most);
    let reads = logs_of(&branches).map(|log| {
        format!("select outcome, count(*) from {log} where id in (select id from picked) group by outcome")
    });
    let reads = reads.collect::<Vec<_>>().join(" union all ");
    statement.sql.push_str(&reads);
    for row in store.query(statement.sql, statement.args).await? {
        let count = u64::try_from(row.integer(1)?).unwrap_or_default();
        match Outcome::parse(row.text(0)?) {
            Some(Outcome::Accepted) => tally.accepted = tally.accepted.saturating_add(count),
            Some(Outcome::Refused) => tally.refused = tally.refused.saturating_add(count),
            None => {}
        }
    }
    let counted = tally.accepted.saturating_add(tally.refused);
    tally.is_more = end.is_some() || counted >= u64::from(most);
    Ok(tally)
}

/// The first of all branches together, each of which gives no more than a page.
fn picked(branches: &[Branch<'_>], span: Span, order: Order, limit: u32) -> Statement {
    let mut statement = picked_ids(branches, span, order, limit);
    let reads = logs_of(branches)
        .map(|log| format!("select {COLUMNS} from {log} where id in (select id from picked)"));
    let reads = reads.collect::<Vec<_>>().join(" union all ");
    statement.sql.push_str(&format!("{reads} order by id {}", direction(order)));
    statement
}

/// The tables that branches follow.
fn logs_of<'a>(branches: &'a [Branch<'_>]) -> impl Iterator<Item = &'static str> + 'a {
    let logs = [(Log::Audit, "audit"), (Log::Visit, "visit")].into_iter();
    let is_asked = |log: Log| branches.iter().any(|branch| branch.log == log);
    logs.filter(move |(log, _)| is_asked(*log)).map(|(_, table)| table)
}

/// Their ids, as a table for what follows.
fn picked_ids(branches: &[Branch<'_>], span: Span, order: Order, limit: u32) -> Statement {
    let mut statement = Statement::default();
    statement.sql.push_str("with picked as (select id from (");
    for (index, branch) in branches.iter().enumerate() {
        statement.sql.push_str(if index == 0 { "" } else { " union " });
        statement.sql.push_str("select id from (");
        statement.branch(branch, span, order, limit);
        statement.sql.push_str(&format!(") as branch_{index}"));
    }
    let direction = direction(order);
    statement.sql.push_str(&format!(") as branches order by id {direction}"));
    statement.add(" limit ", limit);
    statement.sql.push_str(") ");
    statement
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::Newest => "desc",
        Order::Oldest => "asc",
    }
}

impl Statement {
    fn add(&mut self, sql: &str, value: impl Into<Value>) {
        self.args.push(value.into());
        self.sql.push_str(&format!("{sql}${}", self.args.len()));
    }

    /// The rows of a branch by its index alone, as ids in order.
    fn walk(&mut self, branch: &Branch<'_>, span: Span, order: Order) {
        self.rows(branch, span);
        self.sql.push_str(&format!(" order by id {}", direction(order)));
    }

    /// The wanted rows of a branch, as ids in order.
    fn branch(&mut self, branch: &Branch<'_>, span: Span, order: Order, limit: u32) {
        self.rows(branch, span);
        self.rest(branch);
        self.sql.push_str(&format!(" order by id {}", direction(order)));
        self.add(" limit ", limit);
    }

    fn rows(&mut self, branch: &Branch<'_>, span: Span) {
        let log = match branch.log {
            Log::Audit => "audit",
            Log::Visit => "visit",
        };
        self.sql.push_str(&format!("select id from {log} where "));
        match branch.lead {
            Lead::All => {}
            Lead::Refused => self.sql.push_str("outcome = 'refused' and "),
            Lead::Column(column, value) => {
                if (column, branch.log) == (Column::Code, Log::Audit) {
                    self.sql.push_str("outcome = 'refused' and ");
                }
                self.add(&format!("{} = ", column.expression(branch.log)), value);
                self.sql.push_str(" and ");
            }
        }
        self.add("id >= ", span.from.to_string());
        self.add(" and id < ", span.before.to_string());
    }

    /// What else must be so, said so that no index offers itself: the order would be lost.
    fn rest(&mut self, branch: &Branch<'_>) {
        let Rest { kinds, outcome, columns } = &branch.rest;
        if let Some(kinds) = kinds {
            self.sql.push_str(" and coalesce(kind, '') in (");
            for (index, kind) in kinds.iter().enumerate() {
                self.add(if index == 0 { "" } else { ", " }, *kind);
            }
            self.sql.push(')');
        }
        if let Some(outcome) = outcome {
            self.add(" and coalesce(outcome, '') = ", outcome.as_str());
        }
        for (column, either, none) in columns {
            for (patterns, begin) in [(either, " and ("), (none, " and not (")] {
                if patterns.is_empty() {
                    continue;
                }
                self.sql.push_str(begin);
                for (index, pattern) in patterns.iter().enumerate() {
                    self.sql.push_str(if index == 0 { "" } else { " or " });
                    self.compare(&column.text(branch.log), pattern);
                }
                self.sql.push(')');
            }
        }
    }

    fn compare(&mut self, text: &str, pattern: &Pattern) {
        match pattern {
            Pattern::Is(wanted) => self.add(&format!("{text} = "), wanted),
            Pattern::Begins(start) if start.is_empty() => {
                self.sql.push_str(&format!("{text} <> ''"));
            }
            Pattern::Begins(start) => {
                self.add(&format!("({text} >= "), start);
                self.add(&format!(" and {text} < "), inventory::end_of(start));
                self.sql.push(')');
            }
            // No column of a text.
            Pattern::At(_) => self.sql.push_str("1 = 0"),
        }
    }
}

impl Column {
    /// Those that may lead, the most telling first.
    const LEADS: [Self; 6] =
        [Self::Station, Self::Device, Self::Object, Self::Code, Self::Policy, Self::Actor];

    fn field(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Code => "code",
            Self::Object => "object",
            Self::Actor => "actor",
            Self::Device => "device",
            Self::Station => "station",
            Self::Policy => "policy",
        }
    }

    /// Whether a log has it: no device asked for what administrators did.
    fn is_in(self, log: Log) -> bool {
        log == Log::Visit || !matches!(self, Self::Device | Self::Station | Self::Policy)
    }

    /// As its index has it.
    fn expression(self, log: Log) -> &'static str {
        match (self, log) {
            (Self::Code, Log::Audit) => AUDIT_CODE,
            _ => self.field(),
        }
    }

    /// Its text, empty if it has none.
    fn text(self, log: Log) -> String {
        match (self, log) {
            (Self::Code, Log::Audit) => {
                format!("case when outcome = 'refused' then {AUDIT_CODE} else '' end")
            }
            _ => format!("coalesce({}, '')", self.field()),
        }
    }
}

impl Rest<'_> {
    fn is_empty(&self) -> bool {
        self.kinds.is_none() && self.outcome.is_none() && self.columns.is_empty()
    }
}

fn branches(filter: &Filter) -> Vec<Branch<'_>> {
    [Log::Audit, Log::Visit].into_iter().flat_map(|log| branches_of(filter, log)).collect()
}

/// The ways along the indexes of one log that together lead to all that is wanted of it.
fn branches_of(filter: &Filter, log: Log) -> Vec<Branch<'_>> {
    let all = EventKind::ALL.into_iter().filter(|kind| kind.log() == log);
    let all: Vec<&str> = all.map(EventKind::as_str).collect();
    let kinds = words(filter, "kind", &all);
    let outcomes = words(filter, "outcome", &Outcome::ALL.map(Outcome::as_str));
    if kinds.is_empty() || outcomes.is_empty() {
        return Vec::new();
    }
    let outcome = match outcomes.as_slice() {
        [one] => Outcome::parse(one),
        _ => None,
    };
    let kinds = (kinds.len() < all.len()).then_some(kinds);
    let mut rest = Rest { kinds, outcome, columns: Vec::new() };
    for column in Column::LEADS {
        let of = |negated: bool| {
            let terms = filter.of(column.field()).filter(move |term| term.negated == negated);
            terms.map(|term: &Term| &term.pattern).collect::<Vec<_>>()
        };
        let (either, none) = (of(false), of(true));
        if !column.is_in(log) && !either.is_empty() {
            return Vec::new();
        }
        if column.is_in(log) && !(either.is_empty() && none.is_empty()) {
            rest.columns.push((column, either, none));
        }
    }
    let leads = take_lead(&mut rest);
    leads.into_iter().map(|lead| Branch { log, lead, rest: rest.clone() }).collect()
}

/// The words of a closed list that a filter leaves.
fn words<'a>(filter: &Filter, field: &str, all: &[&'a str]) -> Vec<&'a str> {
    let left = all.iter().filter(|word| {
        let mut wanted = filter.of(field).filter(|term| !term.negated).peekable();
        let is_wanted = wanted.peek().is_none() || wanted.any(|term| term.pattern.matches(word));
        let mut unwanted = filter.of(field).filter(|term| term.negated);
        is_wanted && !unwanted.any(|term| term.pattern.matches(word))
    });
    left.copied().collect()
}

/// Takes what most likely leaves the fewest rows: whole values first, then the refused, then kinds.
fn take_lead<'a>(rest: &mut Rest<'a>) -> Vec<Lead<'a>> {
    let whole = |patterns: &[&'a Pattern]| {
        let mut values = Vec::new();
        for pattern in patterns {
            match pattern {
                Pattern::Is(value) if !values.contains(&value.as_str()) => values.push(value),
                Pattern::Is(_) => {}
                Pattern::Begins(_) | Pattern::At(_) => return None,
            }
        }
        (!values.is_empty()).then_some(values)
    };
    let found = rest.columns.iter_mut().find_map(|(column, either, _)| {
        let values = whole(either)?;
        either.clear();
        Some((*column, values))
    });
    if let Some((column, values)) = found {
        rest.columns.retain(|(_, either, none)| !(either.is_empty() && none.is_empty()));
        return values.into_iter().map(|value| Lead::Column(column, value)).collect();
    }
    if rest.outcome == Some(Outcome::Refused) {
        rest.outcome = None;
        return vec![Lead::Refused];
    }
    match rest.kinds.take() {
        Some(kinds) => kinds.into_iter().map(|kind| Lead::Column(Column::Kind, kind)).collect(),
        None => vec![Lead::All],
    }
}

#[cfg(test)]
mod tests;
