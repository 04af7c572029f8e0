//! Importing a table: first what it would do, row by row, then the same table again.

use actions::inventory::Import;
use actions::inventory::Report;
use actions::organization::NotApplied;
use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use domain::inventory::merge::Answer;
use domain::inventory::merge::Outcome;
use domain::refusal::Refusal;

use crate::fault;
use crate::fault::Fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Link;
use crate::page::Desk;
use crate::posted::Posted;
use crate::text;
use crate::visitor::Visitor;

/// Rows of a report that a page shows, those that are refused first.
const ROWS_MAX: usize = 500;

/// The button that imports, and does not only say what that would do.
const SURE: &str = "sure";

/// What is imported, and where its pages are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// As keys of the catalogue begin: `device`.
    pub(crate) noun: &'static str,
    /// The URL of the list.
    pub(crate) list: &'static str,
    /// The first line of such a table.
    pub(crate) columns: &'static str,
}

#[derive(Template)]
#[template(path = "inventory/import.html")]
struct ImportPage {
    frame: Frame,
    place: Place,
    up: Link,
    table: String,
    report: Option<ShownReport>,
    skip_bad_rows: bool,
    /// So many devices lose something, if that is to be agreed to.
    confirm: Option<u64>,
    wrong: Vec<String>,
}

/// A report as a page shows it.
struct ShownReport {
    report: Report,
    rows: Vec<Answer>,
    left_off: u64,
}

impl ShownReport {
    fn of(mut report: Report) -> Self {
        let mut rows = core::mem::take(&mut report.rows);
        rows.sort_by_key(|row| row.outcome != Outcome::Refused);
        let beyond = u64::try_from(rows.len().saturating_sub(ROWS_MAX)).unwrap_or(u64::MAX);
        rows.truncate(ROWS_MAX);
        Self { left_off: report.left_off.saturating_add(beyond), report, rows }
    }
}

/// The form.
pub(crate) fn blank(desk: &Desk, visitor: &Visitor, place: Place) -> Response {
    page((desk, visitor, place), &Posted::default(), Shown::default(), StatusCode::OK)
}

/// What a sent form asks for: the table, and how it is to be imported.
pub(crate) fn asked(posted: &Posted) -> (Vec<u8>, Import) {
    let table = posted.one("table").unwrap_or_default().as_bytes().to_vec();
    let import = Import {
        dry_run: !posted.has(SURE),
        skip_bad_rows: posted.has("skip_bad_rows"),
        confirm: posted.text("confirm").and_then(|count| count.parse().ok()),
    };
    (table, import)
}

/// The page of what an import would do or why it was not done; the list once it is done.
pub(crate) fn answer(
    desk: &Desk,
    visitor: &Visitor,
    (place, posted): (Place, &Posted),
    answer: Result<Report, NotApplied>,
) -> Result<Response, Fault> {
    let is_sure = posted.has(SURE);
    let mut shown = Shown::default();
    let status = match answer {
        Ok(_) if is_sure => {
            return Ok(Redirect::to(&format!("{}?done=imported", place.list)).into_response());
        }
        Ok(report) => {
            shown.report = Some(ShownReport::of(report));
            StatusCode::OK
        }
        Err(NotApplied::Complaints(complaints)) => {
            let all = complaints.iter().take(ROWS_MAX).map(ToString::to_string);
            shown.wrong = all.collect();
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(NotApplied::Refused(refusal @ Refusal::MassChange { .. })) => {
            if let Refusal::MassChange { count, .. } = &refusal {
                shown.confirm = Some(*count);
            }
            shown.wrong = vec![refusal.reason().sentence];
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(other @ (NotApplied::Refused(_) | NotApplied::Outdated(_))) => return Err(other.into()),
    };
    Ok(page((desk, visitor, place), posted, shown, status))
}

#[derive(Default)]
struct Shown {
    report: Option<ShownReport>,
    confirm: Option<u64>,
    wrong: Vec<String>,
}

fn page(
    (desk, visitor, place): (&Desk, &Visitor, Place),
    posted: &Posted,
    shown: Shown,
    status: StatusCode,
) -> Response {
    let noun = place.noun;
    let page = ImportPage {
        frame: Frame::new(desk, visitor, text::t(&format!("{noun}.import"))),
        place,
        up: Link::new(&format!("{noun}.plural"), place.list),
        table: posted.one("table").unwrap_or_default().to_owned(),
        report: shown.report,
        skip_bad_rows: posted.has("skip_bad_rows"),
        confirm: shown.confirm,
        wrong: shown.wrong,
    };
    fault::render(&page, status)
}
