//! Measures the portal with many certificates and events, and writes what it found into
//! `docs/performance.md`: `./dev bench portal [CERTIFICATES EVENTS]`.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;
use tests::browser;
use tests::guide;
use tests::lab::Lab;

/// Between these lines the page is written by the measurement.
const BEGIN: &str = "<!-- portal: written by ./dev bench portal -->";
const END: &str = "<!-- portal: end -->";

fn main() -> io::Result<()> {
    let mut given = std::env::args().skip(1);
    let certificates = given.next().unwrap_or_else(|| "1000000".to_owned());
    let events = given.next().unwrap_or_else(|| "10000000".to_owned());
    let mut lab = Lab::unserved(guide::GUIDE);
    let _ = writeln!(io::stderr(), "making {certificates} certificates and {events} events");
    let seed = ["seed", "--certificates", &certificates, "--events", &events];
    let seeded = tests::outcome::run(
        tests::outcome::command_within("7200", tests::program::path())
            .args(seed)
            .arg("--data")
            .arg(lab.data()),
    );
    seeded.succeeded();
    lab.serve();
    let measured: Value = serde_json::from_str(&browser::measured(&lab))?;
    lab.stop();
    let table = markdown(&certificates, &events, &measured);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let text = inserted(&std::fs::read_to_string(&page)?, &table)?;
    File::create(&page)?.write_all(text.as_bytes())?;
    io::stdout().write_all(table.as_bytes())
}

/// The page with the table between its lines.
fn inserted(page: &str, table: &str) -> io::Result<String> {
    let missing = || io::Error::other(format!("docs/performance.md lacks {BEGIN} or {END}"));
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", table.trim()))
}

/// What was measured, slowest page first.
fn markdown(certificates: &str, events: &str, measured: &Value) -> String {
    let mut pages: Vec<&Value> =
        measured.get("pages").and_then(Value::as_array).into_iter().flatten().collect();
    pages.sort_by(|one, other| figure(other, "/load").total_cmp(&figure(one, "/load")));
    let mut text = format!(
        "{} pages with {certificates} certificates and {events} events, 5 visits each with Chromium \
         over HTTPS, in milliseconds: from the request to the first byte, and from the click until \
         everything is there. The median of each and the worst; the slowest 15:\n\n\
         | page | first byte | worst | load | worst |\n|---|---|---|---|---|\n",
        pages.len()
    );
    for page in pages.iter().take(15) {
        let number = |key: &str| figure(page, &format!("/{key}"));
        let _ = writeln!(
            text,
            "| `{}` | {:.1} | {:.1} | {:.0} | {:.0} |",
            page.get("page").and_then(Value::as_str).unwrap_or_default(),
            number("first_byte"),
            number("first_byte_worst"),
            number("load"),
            number("load_worst")
        );
    }
    let slow = pages.iter().filter(|page| figure(page, "/first_byte") > 50.0).count();
    let _ = write!(
        text,
        "\nPages whose first byte took more than 50 ms: {slow}. A browser that was never here loads \
         {:.0} kB of style, script and pictures. {} live pages cost the server {:.1} kB each; with \
         them it used {:.0} MB.\n",
        figure(measured, "/first_visit_bytes") / 1000.0,
        figure(measured, "/live/count"),
        figure(measured, "/live/kilobytes_each"),
        figure(measured, "/memory_kilobytes") / 1000.0,
    );
    text
}

/// A figure of a document, by its JSON pointer.
fn figure(document: &Value, pointer: &str) -> f64 {
    document.pointer(pointer).and_then(Value::as_f64).unwrap_or_default()
}
