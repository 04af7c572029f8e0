//! How the pages look, and what browsers report of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;

use crate::guard;
use crate::page::Access;
use crate::page::Desk;
use crate::page::Pages;
use crate::posted::Posted;
use crate::url;
use crate::visible;
use crate::visitor::THEMES;

/// How long a browser remembers how somebody likes the pages, in seconds: a year.
const THEME_AGE: &str = "; Max-Age=31536000";

/// Most reports that are written to the log, from a start on.
const REPORTS_MAX: u32 = 100;

/// Most of a report that is written to the log.
const REPORT_CHARS_MAX: usize = 512;

/// A shield, in the color of the style sheet.
const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\">\
    <path fill=\"#066fd1\" d=\"M12 2 4 5v6c0 5 3.4 9.4 8 11 4.600-1.600 8-6 8-11V5z\"/>\
    <path fill=\"none\" stroke=\"#fff\" stroke-width=\"2\" d=\"m8 12 3 3 5-6\"/></svg>";

/// Adds its pages.
pub(crate) fn pages(pages: &mut Pages) {
    pages.get("/favicon.svg", Access::Public, icon);
    pages.post("/theme", Access::Public, theme);
    pages.post("/csp-report", Access::Public, report);
}

async fn icon() -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))];
    (kind, ICON).into_response()
}

/// `POST /theme`
async fn theme(posted: Posted) -> Response {
    let wanted = posted.text("theme").unwrap_or_default();
    let theme = THEMES.into_iter().find(|theme| *theme == wanted).unwrap_or(THEMES[0]);
    let to = url::own(posted.text("to").unwrap_or("/"));
    let mut response = Redirect::to(to).into_response();
    guard::set_cookie(response.headers_mut(), guard::THEME, theme, THEME_AGE);
    response
}

/// `POST /csp-report`: a browser kept something from a page.
async fn report(State(desk): State<Arc<Desk>>, body: Bytes) -> StatusCode {
    // Anybody may send one: a few are enough to find the page.
    if desk.reports.fetch_add(1, Ordering::Relaxed) >= REPORTS_MAX {
        return StatusCode::TOO_MANY_REQUESTS;
    }
    let text = String::from_utf8_lossy(body.get(..REPORT_CHARS_MAX).unwrap_or(&body));
    tracing::warn!(
        report = visible::text(&text, REPORT_CHARS_MAX),
        "a browser refused a part of a page"
    );
    StatusCode::NO_CONTENT
}
