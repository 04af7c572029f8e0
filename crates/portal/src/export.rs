//! Lists as files.

use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;

/// A list as JSON, under this name.
pub(crate) fn json(name: &str, items: &[impl Serialize]) -> Response {
    let body = serde_json::to_string_pretty(items).unwrap_or_default();
    file(&format!("{name}.json"), "application/json", body)
}

/// A list as a table, under this name.
pub(crate) fn csv(name: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    file(&format!("{name}.csv"), "text/csv; charset=utf-8", table(head, rows))
}

/// A table (RFC 4180).
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let head = line(head.iter().copied());
    let rows = rows.into_iter().map(|row| line(row.iter().map(String::as_str)));
    core::iter::once(head).chain(rows).collect()
}

/// A file that is saved, not shown.
pub(crate) fn file(name: &str, kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = body.into().into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let legal = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '-' };
    let name: String = name.chars().map(legal).collect();
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// A line of a table (RFC 4180).
fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_no_formula() {
        assert_eq!(line(["a", "b,c", "d\"e"].into_iter()), "a,\"b,c\",\"d\"\"e\"\r\n");
        assert_eq!(cell("=cmd()"), "'=cmd()");
        assert_eq!(cell("-1"), "'-1");
    }
}
