//! A short list that needs no search: administrators, tokens, sessions.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::fault;
use crate::filters;
use crate::frame::Frame;
use crate::list::Cell;
use crate::list::Link;
use crate::text;

/// The page.
#[derive(Template)]
#[template(path = "part/table.html")]
pub(crate) struct Table {
    pub(crate) frame: Frame,
    /// The noun, as keys of the catalogue begin: `about`, `empty`.
    pub(crate) noun: &'static str,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Line>,
    /// What can be done with all.
    pub(crate) links: Vec<Link>,
    /// A button above the list: its words and where it is sent.
    pub(crate) button: Option<Link>,
    /// Where the list goes on.
    pub(crate) next: Option<String>,
}

/// One of the list.
pub(crate) struct Line {
    /// Its page, if it has one.
    pub(crate) url: String,
    pub(crate) cells: Vec<Cell>,
    /// A button of its own: its words and where it is sent.
    pub(crate) button: Option<Link>,
}

impl Table {
    /// An empty list with columns of these keys: `{noun}.column.{key}`.
    pub(crate) fn new(frame: Frame, noun: &'static str, columns: &[&str]) -> Self {
        let title = |key: &&str| text::t(&format!("{noun}.column.{key}")).into_owned();
        Self {
            frame,
            noun,
            columns: columns.iter().map(title).collect(),
            rows: Vec::new(),
            links: Vec::new(),
            button: None,
            next: None,
        }
    }

    /// Whether anything can be done with one of them.
    fn has_buttons(&self) -> bool {
        self.rows.iter().any(|row| row.button.is_some())
    }

    /// As an answer.
    pub(crate) fn render(&self) -> Response {
        fault::render(self, StatusCode::OK)
    }
}

/// A moment, if there is one.
pub(crate) fn at(time: Option<pki::time::Time>) -> Cell {
    time.map_or(Cell::None, Cell::At)
}

/// A text, if there is one.
pub(crate) fn some(text: Option<String>) -> Cell {
    text.map_or(Cell::None, Cell::Text)
}
