//! The page of a list that is nothing but a list.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::Cell;
use super::List;
use crate::fault;
use crate::filters;
use crate::frame::Frame;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    list: List,
}

/// The page: a heading, what the list is about, the list.
pub(crate) fn of(frame: Frame, list: List) -> Response {
    fault::render(&ListPage { frame, list }, StatusCode::OK)
}
