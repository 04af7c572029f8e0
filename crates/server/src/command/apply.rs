//! `safeconduct apply`

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use actions::gateway::ShownSecret;
use actions::gateway::draw_secret;
use actions::organization::Application;
use actions::organization::Applied;
use anyhow::Context;
use clap::Args;
use domain::complaint::Complaint;
use domain::object::Kind;
use domain::organization::Organization;
use domain::plan::Plan;
use domain::secret::Secret;
use domain::slug;
use serde_json::Value;
use serde_json::json;

use crate::clock;
use crate::command::plan_text;
use crate::command::toml_document::NotRead;
use crate::command::toml_document::TomlDocument;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::connection::Failed;
use crate::output;
use crate::refused::Refused;

/// Make an organization as a file describes it.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    #[command(flatten)]
    order: Order,
}

/// What to apply, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct Order {
    /// The declarative file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Remove what the file does not name
    #[arg(long)]
    prune: bool,
    /// So many objects at most may be removed, and so many devices lose their use, owner, tags or
    /// access, where it is more than a few and than a small share of all
    #[arg(long, value_name = "NUMBER")]
    confirm: Option<u64>,
    /// Write the secrets of new gateways into this CSV file, which must not exist yet
    #[arg(long, value_name = "FILE.csv")]
    secrets: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Order {
    /// One object.
    pub(crate) fn of_object(secrets: Option<PathBuf>, dry_run: bool) -> Self {
        Self { dry_run, ..Self::of(PathBuf::new(), secrets) }
    }

    /// Whether secrets go into a file.
    pub(crate) fn has_file(&self) -> bool {
        self.secrets.is_some()
    }

    /// A plain apply.
    pub(crate) fn of(file: PathBuf, secrets: Option<PathBuf>) -> Self {
        Self { file, dry_run: false, prune: false, confirm: None, secrets, json: false }
    }
}

/// Applies a file to the organization of a data directory.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { data, order } = &arguments;
    let document = read(order)?;
    if data.remote()?.is_none() && !data.place(&data.config()?)?.has_organization() {
        // Looking at a file, or refusing it, makes no organization.
        let scratch = Connection::scratch().await?;
        let look = Order { dry_run: true, ..order.clone() };
        let planned = apply(&scratch, &look, &document).await;
        if order.dry_run || planned.is_err() {
            conclude(order, &document, planned)?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let connection = Connection::open(data, true).await?;
    let applied = apply(&connection, order, &document).await;
    connection.close().await;
    conclude(order, &document, applied)?;
    Ok(ExitCode::SUCCESS)
}

/// Applies a file over a connection.
pub(crate) async fn carry_out(connection: &Connection, order: &Order) -> anyhow::Result<()> {
    let document = read(order)?;
    conclude(order, &document, apply(connection, order, &document).await)
}

/// Applies a document that is not in a file; complaints name its fields.
pub(crate) async fn carry_out_json(
    connection: &Connection,
    order: &Order,
    document: Value,
) -> Result<Applied, Failed> {
    apply(connection, order, &TomlDocument::of_json(document)).await
}

/// Reads the file, or says what is wrong with it.
fn read(order: &Order) -> anyhow::Result<TomlDocument> {
    TomlDocument::read(&order.file).map_err(|not_read| match not_read {
        NotRead::Failed(error) => error,
        NotRead::Complaint(line, complaint) => {
            complain(&order.file, vec![(line, complaint)]).into()
        }
    })
}

/// Says how it went.
fn conclude(
    order: &Order,
    document: &TomlDocument,
    applied: Result<Applied, Failed>,
) -> anyhow::Result<()> {
    match applied {
        Ok(applied) => {
            for (line, what) in document.absent_secrets() {
                let file = order.file.display();
                tracing::warn!("{file}:{line}: {what}; the access point keeps the secret it has");
            }
            report(order, &applied)
        }
        Err(Failed::Problem(problem)) if !problem.complaints.is_empty() => {
            let lines = with_lines(document, problem.complaints.clone());
            Err(complain(&order.file, lines).answered(&problem).into())
        }
        Err(failed) => Err(failed.into()),
    }
}

async fn apply(
    connection: &Connection,
    order: &Order,
    document: &TomlDocument,
) -> Result<Applied, Failed> {
    let mut application = Application {
        document: document.json.clone(),
        dry_run: true,
        prune: order.prune,
        confirm: order.confirm,
        ..Application::default()
    };
    let planned: Applied = connection.post("/api/v1/apply", &application).await?;
    if order.dry_run || planned.plan.is_empty() {
        return Ok(planned);
    }
    // The secrets are safe on disk before anything is committed that depends on them.
    let organization: Value = connection.get("/api/v1/organization").await?;
    let secrets = draw_secrets(&planned.plan, document, &organization);
    if let (Some(path), false) = (&order.secrets, secrets.is_empty()) {
        store::directory::write_private(path, csv(&secrets).as_bytes())
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    application.dry_run = false;
    application.secrets =
        secrets.iter().map(|shown| (shown.name.clone(), shown.secret.clone())).collect();
    let applied = connection.post("/api/v1/apply", &application).await;
    // Only a clear no means that they are not in use: a server that broke off may have committed.
    let refused = matches!(&applied, Err(Failed::Problem(problem)) if problem.status < 500);
    if let (true, Some(path), false) = (refused, &order.secrets, secrets.is_empty())
        && let Err(error) = std::fs::remove_file(path)
    {
        tracing::error!(%error, "{} holds secrets that were never used", path.display());
    }
    applied
}

/// A secret for each gateway that is about to be made.
fn draw_secrets(plan: &Plan, document: &TomlDocument, organization: &Value) -> Vec<ShownSecret> {
    let base_url = document.json.pointer("/organization/base_url");
    let base_url = base_url.or_else(|| organization.pointer("/organization/base_url"));
    let default = Organization::default().settings.base_url;
    let base_url = base_url.and_then(Value::as_str).unwrap_or(&default);
    let world = clock::world();
    let new = plan.create.iter().filter(|change| change.kind == Kind::Gateway);
    new.map(|change| {
        let given = document.json.get(Kind::Gateway.as_str()).and_then(Value::as_array);
        let given = given.into_iter().flatten();
        let own = given.filter(|gateway| gateway.get("name") == Some(&json!(change.name)));
        let slug = own.filter_map(|gateway| gateway.get("slug")?.as_str()).next();
        let slug = slug.map_or_else(|| slug::from_name(&change.name), str::to_owned);
        ShownSecret {
            name: change.name.clone(),
            url: format!("{base_url}/scep/{slug}"),
            secret: draw_secret(&world),
        }
    })
    .collect()
}

/// `name,url,secret`, one gateway a line; a name is quoted only if it must be (RFC 4180).
pub(crate) fn csv(secrets: &[ShownSecret]) -> String {
    let mut text = "name,url,secret\n".to_owned();
    for ShownSecret { name, url, secret } in secrets {
        let plain = !name.contains([',', '"', '\n', '\r']);
        let name = if plain { name.clone() } else { format!("\"{}\"", name.replace('"', "\"\"")) };
        text.push_str(&format!("{name},{url},{}\n", secret.reveal()));
    }
    text
}

/// Says what was done; shows secrets that are in no file.
pub(crate) fn report(order: &Order, applied: &Applied) -> anyhow::Result<()> {
    let Applied { plan, secrets } = applied;
    // Secrets that stand in a file are not shown on a screen.
    let shown: &[ShownSecret] = if order.secrets.is_some() { &[] } else { secrets };
    if order.json {
        let mut document = serde_json::to_value(plan)?;
        if let (Some(map), false) = (document.as_object_mut(), shown.is_empty()) {
            map.insert("secrets".to_owned(), serde_json::to_value(shown)?);
        }
        return output::json(&document);
    }
    plan_text::print(plan);
    if let (Some(path), false) = (&order.secrets, secrets.is_empty()) {
        output::line(&format!(
            "The secrets of {} new gateway(s) are in {}. They are shown only there, and only once.",
            secrets.len(),
            path.display()
        ));
    } else if !shown.is_empty() {
        output::line("\nThese secrets are shown here, and never again:");
        output::line(csv(shown).trim_end());
    }
    if order.dry_run {
        output::line("Nothing was changed: this was a dry run.");
    }
    Ok(())
}

/// Each complaint with the line of what it is about, in the order of the file.
pub(crate) fn with_lines(
    document: &TomlDocument,
    complaints: Vec<Complaint>,
) -> Vec<(usize, Complaint)> {
    let lines = complaints.into_iter().map(|c| (document.line(&c.path), document.in_its_words(c)));
    let mut lines: Vec<(usize, Complaint)> = lines.collect();
    lines.sort_by_key(|(line, _)| *line);
    lines
}

/// What is wrong with a file, line by line.
pub(crate) fn complain(file: &Path, complaints: Vec<(usize, Complaint)>) -> Refused {
    let complaints = complaints.into_iter().map(|(line, complaint)| (Some(line), complaint));
    Refused::of_file(file.display().to_string(), complaints.collect())
}

/// Applies a text for the demo; its secrets come back.
pub(crate) async fn apply_text(
    connection: &Connection,
    text: &str,
) -> anyhow::Result<BTreeMap<String, Secret>> {
    let document = TomlDocument::parse(text, Path::new("."))
        .map_err(|error| anyhow::anyhow!("the demo's own file is wrong: {error:?}"))?;
    let application = Application { document: document.json, ..Application::default() };
    let applied: Applied = connection.post("/api/v1/apply", &application).await?;
    Ok(applied.secrets.into_iter().map(|shown| (shown.name, shown.secret)).collect())
}
