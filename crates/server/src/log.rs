//! The program's log on standard error: text for people or JSON for programs, and never a line
//! that somebody else wrote.

use std::fmt;
use std::fmt::Write as _;
use std::io;
use std::io::IsTerminal;

use clap::ValueEnum;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format;
use tracing_subscriber::fmt::format::FormatFields;
use tracing_subscriber::fmt::format::Writer;

use crate::output;

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// A line for people
    Text,
    /// A JSON document a line: timestamp, level, target, fields
    Json,
}

/// Begins to log.
pub(crate) fn begin(format: Format, filter: EnvFilter) {
    match format {
        Format::Text => tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(io::stderr().is_terminal())
            .fmt_fields(fields())
            .with_writer(io::stderr)
            .init(),
        Format::Json => tracing_subscriber::fmt()
            .json()
            .with_env_filter(filter)
            .with_writer(|| Escaped(io::stderr()))
            .init(),
    }
}

/// Fields as text. What comes from outside is shown with its control characters visible: it could
/// otherwise end a line and begin one of its own, or move the cursor of whoever reads.
fn fields() -> impl for<'a> FormatFields<'a> + 'static {
    format::debug_fn(write_field).delimited(" ")
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    let text = output::safe(&format!("{value:?}"));
    match field.name() {
        "message" => writer.write_str(&text),
        name => write!(writer, "{name}={text}"),
    }
}

/// Lets no control character out but the end of a line. JSON escapes most of them by itself.
struct Escaped<W>(W);

impl<W: io::Write> io::Write for Escaped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut escaped = String::with_capacity(text.len());
        for one in text.chars() {
            if one.is_control() && one != '\n' {
                // A text takes everything.
                let _ = write!(escaped, "\\u{:04x}", u32::from(one));
            } else {
                escaped.push(one);
            }
        }
        self.0.write_all(escaped.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use serde_json::Value;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// Takes what is logged.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Page {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// What a device may call itself: an end of line, a line of its own, colors, a bell, C1.
    const HOSTILE: &str =
        "mac\r\n2026-01-01T00:00:00Z ERROR forged\u{1b}[31m\u{7}\u{9b}31m\u{0}\u{7f}";

    fn log() {
        tracing::info!(name = HOSTILE, shown = %HOSTILE, debug = ?HOSTILE, count = 7, "{HOSTILE}");
        tracing::warn!("second");
    }

    #[test]
    fn a_text_line_is_one_line_whatever_a_device_says() {
        let page = Page::default();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .fmt_fields(fields())
            .with_writer(page.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = page.text();
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
        assert!(text.contains("count=7") && text.contains("forged"), "{text:?}");
    }

    #[test]
    fn a_json_line_is_one_document_with_its_fields() {
        let page = Page::default();
        let writer = page.clone();
        let subscriber =
            tracing_subscriber::fmt().json().with_writer(move || Escaped(writer.clone())).finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = page.text();
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["level"], "INFO");
        assert!(lines[0]["timestamp"].is_string() && lines[0]["target"].is_string());
        let fields = &lines[0]["fields"];
        assert_eq!(
            (&fields["name"], &fields["shown"], &fields["message"]),
            (&Value::from(HOSTILE), &Value::from(HOSTILE), &Value::from(HOSTILE))
        );
        assert_eq!(fields["count"], 7);
    }
}
