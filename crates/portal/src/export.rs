//! Lists as files. Long ones are read and sent page by page, to their end: nothing is cut, and a
//! file that could not be ended breaks off, so that browsers say so.

use core::pin::Pin;
use std::io;

use actions::certificate::Page;
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use domain::inventory::csv::cell::guarded;
use domain::refusal::Refusal;
use futures_util::stream;
use serde::Serialize;

/// A page that is being read.
pub(crate) type Read<T> = Pin<Box<dyn Future<Output = Result<Page<T>, Refusal>> + Send>>;

/// A list as JSON, under this name.
pub(crate) fn json(name: &str, items: &[impl Serialize]) -> Response {
    let body = serde_json::to_string_pretty(items).unwrap_or_default();
    file(&format!("{name}.json"), "application/json", body)
}

/// A list as a table, under this name.
pub(crate) fn csv(name: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    file(&format!("{name}.csv"), "text/csv; charset=utf-8", table(head, rows))
}

/// A list as JSON, page by page: each is what `read` gives behind a cursor.
pub(crate) async fn json_of<T: Serialize + Send + 'static>(
    name: &str,
    read: impl Fn(Option<String>) -> Read<T> + Send + 'static,
) -> Result<Response, Refusal> {
    let mut separator = "[\n";
    let write = move |items: &[T], is_last: bool| {
        let mut text = String::new();
        for item in items {
            text.push_str(core::mem::replace(&mut separator, ",\n"));
            text.push_str(&serde_json::to_string(item).unwrap_or_default());
        }
        if is_last {
            let is_empty = separator == "[\n";
            text.push_str(if is_empty { "[]\n" } else { "\n]\n" });
        }
        text
    };
    let body = Sending::begin(read, write).await?.body();
    Ok(file(&format!("{name}.json"), "application/json", body))
}

/// A list as a table, page by page. What has no line is left out.
pub(crate) async fn csv_of<T: Send + 'static>(
    (name, head): (&str, &[&str]),
    read: impl Fn(Option<String>) -> Read<T> + Send + 'static,
    of: fn(&T) -> Option<Vec<String>>,
) -> Result<Response, Refusal> {
    let mut head = line(head.iter().copied());
    let write = move |items: &[T], _: bool| {
        let rows = items.iter().filter_map(of);
        let rows = rows.map(|row| line(row.iter().map(String::as_str)));
        core::iter::once(core::mem::take(&mut head)).chain(rows).collect()
    };
    let body = Sending::begin(read, write).await?.body();
    Ok(file(&format!("{name}.csv"), "text/csv; charset=utf-8", body))
}

/// A list that is sent while it is read.
struct Sending<T, R, W> {
    /// What was read and not sent.
    page: Option<Page<T>>,
    /// Where to go on.
    next: Option<String>,
    read: R,
    /// Items as a part of the file, and whether it is the last.
    write: W,
}

impl<T, R, W> Sending<T, R, W>
where
    T: Send + 'static,
    R: Fn(Option<String>) -> Read<T> + Send + 'static,
    W: FnMut(&[T], bool) -> String + Send + 'static,
{
    /// Reads the first page: what is refused is refused before anything is sent.
    async fn begin(read: R, write: W) -> Result<Self, Refusal> {
        let page = Some(read(None).await?);
        Ok(Self { page, next: None, read, write })
    }

    fn body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), |sending| async move {
            let mut sending = sending?;
            let page = match sending.page.take() {
                Some(page) => page,
                None => match (sending.read)(sending.next.take()).await {
                    Ok(page) => page,
                    Err(refusal) => {
                        tracing::warn!(code = refusal.code(), "an export broke off");
                        return Some((Err(io::Error::other(refusal.to_string())), None));
                    }
                },
            };
            let text = (sending.write)(&page.items, page.next.is_none());
            sending.next = page.next;
            let more = sending.next.is_some().then_some(sending);
            Some((Ok(text), more))
        }))
    }
}

/// A table (RFC 4180).
pub(crate) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let head = line(head.iter().copied());
    let rows = rows.into_iter().map(|row| line(row.iter().map(String::as_str)));
    core::iter::once(head).chain(rows).collect()
}

/// A file that is saved, not shown.
pub(crate) fn file(name: &str, kind: &'static str, body: impl Into<Body>) -> Response {
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

/// A cell.
fn cell(text: &str) -> String {
    let text = guarded(text);
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

    /// Pages of one number each, up to a last; behind it, nothing can be read.
    fn numbers(last: u32, most: u32) -> impl Fn(Option<String>) -> Read<u32> {
        move |cursor| {
            let number = cursor.map_or(0, |cursor| cursor.parse::<u32>().unwrap());
            Box::pin(async move {
                if number > most {
                    return Err(Refusal::Overloaded);
                }
                let next = (number < last).then(|| (number + 1).to_string());
                Ok(Page { items: vec![number], next })
            })
        }
    }

    async fn text(response: Response) -> Result<String, axum::Error> {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
        Ok(String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_list_is_sent_page_by_page_to_its_end() {
        let line = |number: &u32| (*number != 1).then(|| vec![number.to_string()]);
        let csv = csv_of(("n", &["number"]), numbers(2000, 2000), line).await.unwrap();
        let csv = text(csv).await.unwrap();
        assert!(csv.starts_with("number\r\n0\r\n2\r\n") && csv.ends_with("\r\n2000\r\n"));
        assert_eq!(csv.lines().count(), 2001);
        let json = text(json_of("n", numbers(2, 2)).await.unwrap()).await.unwrap();
        assert_eq!(serde_json::from_str::<Vec<u32>>(&json).unwrap(), [0, 1, 2]);
        let nothing =
            |_| -> Read<u32> { Box::pin(async { Ok(Page { items: Vec::new(), next: None }) }) };
        assert_eq!(text(json_of("n", nothing).await.unwrap()).await.unwrap(), "[]\n");
    }

    #[tokio::test]
    async fn what_cannot_be_read_to_its_end_breaks_off() {
        let broken = json_of("n", numbers(2, 1)).await.unwrap();
        assert!(text(broken).await.is_err());
        // Of the first page there is an answer.
        let refused =
            json_of("n", |_| -> Read<u32> { Box::pin(async { Err(Refusal::Overloaded) }) });
        assert_eq!(refused.await.unwrap_err(), Refusal::Overloaded);
    }
}
