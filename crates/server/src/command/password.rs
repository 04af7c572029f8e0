//! A password, asked for at the terminal without showing it, or read from a file or another
//! program.

use std::fs::File;
use std::io::IsTerminal;
use std::io::Read;
use std::io::Write;
use std::io::stderr;
use std::io::stdin;
use std::path::Path;

use anyhow::Context;
use anyhow::bail;
use domain::password::BYTES_MAX;
use domain::secret::Secret;
use rustix::termios::LocalModes;
use rustix::termios::OptionalActions;
use rustix::termios::Termios;
use rustix::termios::tcgetattr;
use rustix::termios::tcsetattr;
use zeroize::Zeroizing;

use crate::output;

/// Reads a new password: the first line of a file, or what is typed twice, or the first line of
/// standard input where that is no terminal.
pub(crate) fn read(file: Option<&Path>) -> anyhow::Result<Secret> {
    if let Some(path) = file {
        let shown = output::safe(&path.display().to_string());
        let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        return first_line(file).with_context(|| format!("{shown} holds no password"));
    }
    if !stdin().is_terminal() {
        return first_line(stdin().lock()).context("standard input holds no password");
    }
    let first = ask("New password: ")?;
    let second = ask("The same again: ")?;
    if first != second {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(first)
}

/// The first line, without its end.
fn first_line(mut from: impl Read) -> anyhow::Result<Secret> {
    let mut line = Zeroizing::new(Vec::with_capacity(BYTES_MAX + 2));
    let mut byte = [0];
    // One at a time: what follows the line is not ours.
    while from.read(&mut byte)? == 1 && byte != *b"\n" {
        if line.len() > BYTES_MAX {
            bail!("the line is longer than {BYTES_MAX} bytes");
        }
        line.extend_from_slice(&byte);
    }
    let text = line.strip_suffix(b"\r").unwrap_or(&line);
    let text = core::str::from_utf8(text).context("the line is not UTF-8")?;
    if text.is_empty() {
        bail!("the first line is empty");
    }
    Ok(Secret::new(text))
}

fn ask(question: &str) -> anyhow::Result<Secret> {
    let quiet = Quiet::begin()?;
    let mut out = stderr();
    out.write_all(question.as_bytes())?;
    out.flush()?;
    let answer = first_line(stdin().lock());
    drop(quiet);
    out.write_all(b"\n")?;
    answer
}

/// A terminal that does not show what is typed, until this is dropped.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> anyhow::Result<Self> {
        let before = tcgetattr(stdin()).context("the terminal does not say how it is set")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Flush, &quiet)
            .context("the terminal goes on showing what is typed")?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(stdin(), OptionalActions::Flush, &self.0) {
            tracing::warn!(%error, "the terminal shows nothing that is typed; run: stty echo");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], password: Option<&str>) {
        let read = first_line(text).ok();
        assert_eq!(read.as_ref().map(Secret::reveal), password);
    }

    #[test]
    fn a_password_is_the_first_line_as_it_is() {
        check(b"lamp river 7 socks\nmore\n", Some("lamp river 7 socks"));
        check(b" with spaces \r\n", Some(" with spaces "));
        check("ohne Zeilenende é".as_bytes(), Some("ohne Zeilenende é"));
    }

    #[test]
    fn what_is_none_is_refused() {
        check(b"", None);
        check(b"\nsecond line\n", None);
        check(b"\xff\xfe\n", None);
        check(&[b'x'; BYTES_MAX + 2], None);
    }
}
