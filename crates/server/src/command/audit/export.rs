//! `safeconduct audit export`

use std::fs::File;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::vec;

use anyhow::Context;
use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;
use store::audit::file::Checkpoint;
use store::audit::file::FORMAT;
use store::audit::file::Line;
use store::audit::file::Row;

use crate::command::certificate::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Rows of one page: few enough for an answer in memory, also of rows with whole definitions.
const PAGE: u32 = 200;

/// Of which organization, and where to.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// The file to write; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was written.
struct Written {
    rows: u64,
    covered: i64,
}

/// Writes the file, or none.
pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let connection = Connection::open(&arguments.data, false).await?;
    let written = write_new(&connection, &arguments.out).await;
    connection.close().await;
    let (written, fingerprint) = written?;
    let shown = arguments.out.display();
    if arguments.json {
        return output::json(&json!({
            "file": shown.to_string(),
            "rows": written.rows,
            "covered": written.covered,
            "fingerprint": fingerprint,
        }));
    }
    let Written { rows, covered } = written;
    output::line(&format!("{rows} rows are in {shown}, signed up to row {covered}."));
    if let Some(fingerprint) = fingerprint {
        output::line(&format!(
            "To verify it: safeconduct audit verify --file {shown} --key {fingerprint}"
        ));
    }
    Ok(())
}

async fn write_new(
    connection: &Connection,
    path: &Path,
) -> anyhow::Result<(Written, Option<String>)> {
    let shown = path.display();
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file =
        file.with_context(|| format!("{shown} cannot be made; name one that is not there"))?;
    let written = write(connection, file).await;
    if written.is_err() {
        // A part of it would be taken for a record that was cut off.
        let removed = std::fs::remove_file(path);
        removed.with_context(|| format!("{shown} is not complete and stays behind"))?;
    }
    written.with_context(|| format!("{shown} was not written"))
}

async fn write(connection: &Connection, file: File) -> anyhow::Result<(Written, Option<String>)> {
    // So that the end of the file is covered, or nearly.
    if let Err(failed) = connection.post::<Value>("/api/v1/audit/checkpoints", &json!({})).await {
        // What is wrong with the audit is for `verify` to say: a copy is wanted all the more.
        tracing::warn!(why = %anyhow::Error::from(failed), "no checkpoint was signed first");
    }
    let key = connection.get::<Value>("/api/v1/audit/key").await?;
    let organization = connection.get::<Value>("/api/v1/organization").await?;
    let name = organization.pointer("/organization/name").and_then(Value::as_str);
    let of_key = |field: &str| key.get(field).and_then(Value::as_str).map(str::to_owned);
    let mut out = BufWriter::new(file);
    let head = Line::Head {
        format: FORMAT.to_owned(),
        organization: name.unwrap_or_default().to_owned(),
        public_key: of_key("public_key"),
    };
    put(&mut out, &head)?;
    let mut written = Written { rows: 0, covered: 0 };
    let mut rows = Pages::<Row>::of("rows");
    let mut checkpoints = Pages::<Checkpoint>::of("checkpoints");
    let mut signed = checkpoints.next(connection).await?;
    while let Some(row) = rows.next(connection).await? {
        let sequence = row.sequence;
        put(&mut out, &Line::Row(row))?;
        written.rows += 1;
        while let Some(checkpoint) = signed.take_if(|signed| signed.sequence <= sequence) {
            written.covered = checkpoint.sequence;
            put(&mut out, &Line::Checkpoint(checkpoint))?;
            signed = checkpoints.next(connection).await?;
        }
    }
    // One of a row that is not there, and did not come a moment ago: whoever verifies the file is
    // to see it.
    if let Some(beyond) = signed.filter(|signed| is_beyond(signed, written.rows)) {
        let mut more = Pages::<Row>::of("rows").behind(written.rows);
        if more.next(connection).await?.is_none() {
            put(&mut out, &Line::Checkpoint(beyond))?;
        }
    }
    put(&mut out, &Line::End { rows: written.rows })?;
    let file = out.into_inner().map_err(|error| error.into_error())?;
    file.sync_all()?;
    Ok((written, of_key("fingerprint").filter(|text| !text.is_empty())))
}

fn is_beyond(checkpoint: &Checkpoint, rows: u64) -> bool {
    u64::try_from(checkpoint.sequence).is_ok_and(|sequence| sequence > rows)
}

fn put(out: &mut impl Write, line: &Line) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    Ok(out.write_all(b"\n")?)
}

/// The items of a list, page after page.
struct Pages<T> {
    list: &'static str,
    items: vec::IntoIter<T>,
    /// Where to go on; none when there is no more.
    cursor: Option<String>,
}

impl<T: DeserializeOwned> Pages<T> {
    fn of(list: &'static str) -> Self {
        Self { list, items: Vec::new().into_iter(), cursor: Some("0".to_owned()) }
    }

    fn behind(self, sequence: u64) -> Self {
        Self { cursor: Some(sequence.to_string()), ..self }
    }

    async fn next(&mut self, connection: &Connection) -> anyhow::Result<Option<T>> {
        if let Some(item) = self.items.next() {
            return Ok(Some(item));
        }
        let Some(cursor) = self.cursor.take() else { return Ok(None) };
        let path = format!("/api/v1/audit/{}?limit={PAGE}&cursor={cursor}", self.list);
        let page = connection.get::<Value>(&path).await?;
        self.cursor = Some(text(&page, "next")).filter(|next| !next.is_empty());
        let items = page.get("items").cloned().unwrap_or_default();
        self.items = serde_json::from_value::<Vec<T>>(items)?.into_iter();
        Ok(self.items.next())
    }
}
