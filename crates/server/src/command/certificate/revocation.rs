//! `safeconduct certificate revoke|hold|release`: one certificate, or many at once.

use api::certificate::Swept;
use clap::Args;
use clap::builder::PossibleValuesParser;
use domain::certificate::RevocationReason;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::escape;
use super::text;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Which certificates: one by its number, or those that have something in common.
#[derive(Args, Debug)]
struct Which {
    #[command(flatten)]
    data: DataArgument,
    #[command(flatten)]
    chosen: Chosen,
    /// Only say how many it would be
    #[arg(long, conflicts_with = "serial")]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// The serial number in hexadecimal digits
    serial: Option<String>,
    /// All of this device, as its certificates name it
    #[arg(long)]
    device: Option<String>,
    /// All of this person's devices, by e-mail address or principal name
    #[arg(long)]
    person: Option<String>,
    /// All that were asked for at this gateway
    #[arg(long)]
    gateway: Option<String>,
    /// All that this authority signed for devices
    #[arg(long)]
    authority: Option<String>,
}

/// Which certificates to revoke, and why.
#[derive(Args, Debug)]
pub(crate) struct RevokeArguments {
    #[command(flatten)]
    which: Which,
    /// Why (RFC 5280, 5.3.1)
    #[arg(long, value_parser = PossibleValuesParser::new(RevocationReason::ALL.map(RevocationReason::as_str)))]
    reason: String,
    /// So many at most, where it is more than 20 and than 5 % of those in use
    #[arg(long, value_name = "NUMBER", conflicts_with = "serial")]
    confirm: Option<u64>,
}

/// Which certificates to put on hold.
#[derive(Args, Debug)]
pub(crate) struct HoldArguments {
    #[command(flatten)]
    which: Which,
    /// So many at most, where it is more than 20 and than 5 % of those in use
    #[arg(long, value_name = "NUMBER", conflicts_with = "serial")]
    confirm: Option<u64>,
}

/// Which certificates to take off hold.
#[derive(Args, Debug)]
pub(crate) struct ReleaseArguments {
    #[command(flatten)]
    which: Which,
}

/// What is done, in the API's words and in people's.
struct Deed<'a> {
    verb: &'static str,
    reason: Option<&'a str>,
    confirm: Option<u64>,
    done: String,
}

/// Revokes.
pub(crate) async fn revoke(arguments: &RevokeArguments) -> anyhow::Result<()> {
    let reason = arguments.reason.as_str();
    let (confirm, done) = (arguments.confirm, format!("revoked ({reason})"));
    act(&arguments.which, &Deed { verb: "revoke", reason: Some(reason), confirm, done }).await
}

/// Puts on hold.
pub(crate) async fn hold(arguments: &HoldArguments) -> anyhow::Result<()> {
    let reason = Some(RevocationReason::CertificateHold.as_str());
    let (confirm, done) = (arguments.confirm, "on hold".to_owned());
    act(&arguments.which, &Deed { verb: "revoke", reason, confirm, done }).await
}

/// Takes off hold.
pub(crate) async fn release(arguments: &ReleaseArguments) -> anyhow::Result<()> {
    let done = "released".to_owned();
    act(&arguments.which, &Deed { verb: "release", reason: None, confirm: None, done }).await
}

async fn act(which: &Which, deed: &Deed<'_>) -> anyhow::Result<()> {
    let connection = Connection::open(&which.data, false).await?;
    let done = match &which.chosen.serial {
        Some(serial) => one(&connection, which, serial, deed).await,
        None => many(&connection, which, deed).await,
    };
    connection.close().await;
    done
}

async fn one(
    connection: &Connection,
    which: &Which,
    serial: &str,
    deed: &Deed<'_>,
) -> anyhow::Result<()> {
    let path = format!("/api/v1/certificates/{}/{}", escape(serial), deed.verb);
    let body = deed.reason.map_or(Value::Null, |reason| json!({ "reason": reason }));
    let changed = connection.post::<Value>(&path, &body).await?;
    if which.json {
        return output::json(&changed);
    }
    let (serial, subject) = (text(&changed, "serial"), text(&changed, "subject"));
    output::line(&format!("Certificate {serial} of {subject} is {}.", deed.done));
    Ok(())
}

/// Goes on, batch by batch, until all are changed.
async fn many(connection: &Connection, which: &Which, deed: &Deed<'_>) -> anyhow::Result<()> {
    let path = format!("/api/v1/certificates/{}", deed.verb);
    let mut body = which.chosen.body();
    body.insert("reason".into(), Value::from(deed.reason));
    body.insert("confirm".into(), Value::from(deed.confirm));
    body.insert("dry_run".into(), Value::from(which.dry_run));
    let first: Swept = connection.post(&path, &body).await?;
    let count = first.count.unwrap_or(0);
    let (mut changed, mut next) = (first.changed, first.next);
    let bar = output::progress("certificates", count);
    // What is counted is what is meant from here on.
    body.insert("confirm".into(), Value::from(count));
    while let Some(after) = next {
        bar.set_position(changed.len() as u64);
        body.insert("after".into(), Value::from(after.to_string()));
        let more: Swept = connection.post(&path, &body).await?;
        changed.extend(more.changed);
        next = more.next;
    }
    bar.finish_and_clear();
    if which.json {
        return output::json(&json!({ "count": count, "changed": changed }));
    }
    if which.dry_run {
        output::line(&format!("{count} certificates would be {}.", deed.done));
    } else {
        output::line(&format!("{} certificates are {}.", changed.len(), deed.done));
    }
    Ok(())
}

impl Chosen {
    fn body(&self) -> Map<String, Value> {
        let given = [
            ("device", &self.device),
            ("person", &self.person),
            ("gateway", &self.gateway),
            ("authority", &self.authority),
        ];
        let given = given.into_iter().filter_map(|(field, name)| Some((field, name.as_ref()?)));
        given.map(|(field, name)| (field.to_owned(), Value::from(name.clone()))).collect()
    }
}
