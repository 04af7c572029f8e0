//! What templates write behind a bar.

#![expect(unreachable_pub, reason = "the attribute writes parts that are public")]

use core::fmt::Display;

use askama::Values;
use pki::time::Time;

use crate::visible;

/// The words under a key of the catalogue: `{{ "menu.overview"|t }}`.
#[askama::filter_fn]
pub(crate) fn t(key: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(crate::text::t(&key.to_string()).into_owned())
}

/// A text from outside, as it may be shown.
#[askama::filter_fn]
pub(crate) fn shown(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(visible::text(&text.to_string(), visible::TEXT_CHARS_MAX))
}

/// What an event or a row of the audit is about: `{{ row.object|subject }}`.
#[askama::filter_fn]
pub(crate) fn subject(object: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(visible::text(&crate::subject::words(&object.to_string()), visible::CELL_CHARS_MAX))
}

/// A text from outside in a cell of a table.
#[askama::filter_fn]
pub(crate) fn cell(text: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(visible::text(&text.to_string(), visible::CELL_CHARS_MAX))
}

/// The URL of a style sheet or script.
#[askama::filter_fn]
pub(crate) fn asset(name: impl Display, _: &dyn Values) -> askama::Result<String> {
    Ok(crate::asset::url(&name.to_string()))
}

/// A moment as it is read without a script, which puts it into the reader's zone.
#[askama::filter_fn]
pub(crate) fn moment(time: &Time, _: &dyn Values) -> askama::Result<String> {
    Ok(crate::moment::utc(*time))
}
