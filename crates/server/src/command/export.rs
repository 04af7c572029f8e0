//! `safeconduct export`

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use domain::complaint::Complaints;
use domain::object::Kind;
use domain::slug;
use serde_json::Map;
use serde_json::Value;

use crate::command::toml_writer;
use crate::config::DataArgument;
use crate::connection::Connection;
use crate::output;

/// Write an organization as the file that makes it again.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArgument,
    /// Write into this file, whatever was in it; else to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// With the people and devices of the inventory
    #[arg(long)]
    inventory: bool,
    /// Print JSON: what the API takes as a document
    #[arg(long, conflicts_with = "out")]
    json: bool,
}

/// Where the portal shows each kind, in the order of the file.
const HEADINGS: [(Kind, &str); 12] = [
    (Kind::Organization, ""),
    (Kind::CertificateAuthority, "Dynamic PKI > Certificate Authorities"),
    (Kind::ServerCertificate, "RADIUS > Server Certificates"),
    (Kind::CertificateTemplate, "Dynamic PKI > Certificate Templates"),
    (Kind::Gateway, "Integrations Hub > Device Management Platforms"),
    (Kind::PolicyWorkflow, "Policy Management > Policy Workflows"),
    (Kind::EnrollmentPolicy, "Policy Management > Enrollment"),
    (Kind::NetworkPolicy, "Policy Management > Network"),
    (Kind::NetworkProfile, "Device Onboarding > Network Profiles"),
    (Kind::AccessPoint, "RADIUS > Access Points"),
    (Kind::Person, "People"),
    (Kind::Device, "Devices"),
];

/// Exports the organization of a data directory.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { data, out, inventory, json } = &arguments;
    let connection = Connection::open(data, false).await?;
    let path = format!("/api/v1/export?inventory={inventory}");
    let exported = connection.get::<Map<String, Value>>(&path).await;
    connection.close().await;
    let mut document = exported?;
    if *json {
        output::json(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    let text = text(&mut document);
    match out {
        None => output::line(text.trim_end_matches('\n')),
        Some(file) => {
            replace(file, &text).with_context(|| format!("{} is not written", file.display()))?;
            output::line(&format!("The organization is in {}.", file.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The whole file.
fn text(document: &mut Map<String, Value>) -> String {
    name_secret_files(document);
    let kinds = HEADINGS.map(|(kind, heading)| (kind.as_str(), heading));
    let mut text = "\
# An organization, as `safeconduct export` wrote it. It makes the same one again:
#   safeconduct apply --data DIR FILE --secrets secrets.csv
# No secret is in it. An access point that is there already keeps its own; for a new one, put the
# secret into the file that shared_secret_file names, relative to this one. New gateways get new
# secrets, and new authorities new keys.

"
    .to_owned();
    text.push_str(&toml_writer::write(document, &kinds));
    text
}

/// Names a file for the secret of each access point: its slug, which is a safe name for a file.
fn name_secret_files(document: &mut Map<String, Value>) {
    let points = document.get_mut(Kind::AccessPoint.as_str()).and_then(Value::as_array_mut);
    let mut taken = HashSet::new();
    for point in points.into_iter().flatten().filter_map(Value::as_object_mut) {
        let text = |key: &str| point.get(key).and_then(Value::as_str).unwrap_or_default();
        let wanted = [text("slug").to_owned(), slug::from_name(text("name"))];
        let wanted = wanted.into_iter().find(|name| is_safe(name));
        let wanted = wanted.unwrap_or_else(|| Kind::AccessPoint.as_str().to_owned());
        let mut name = wanted.clone();
        let mut number = 1_u32;
        while !taken.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        let file = Value::from(format!("secrets/{name}"));
        point.insert("shared_secret_file".to_owned(), file);
    }
}

fn is_safe(name: &str) -> bool {
    let mut complaints = Vec::new();
    slug::check(name, &mut Complaints::new("", &mut complaints));
    complaints.is_empty()
}

/// Replaces a file as a whole: whoever reads it finds the old text or the new one. It may say whose
/// devices are whose, so that nobody else reads it.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    if fs::symlink_metadata(file).is_ok_and(|known| !known.is_file()) {
        return Err(std::io::Error::other("it is there and no ordinary file"));
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    let mut out =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(&part, file)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_access_point_has_a_secret_file_of_its_own_with_a_safe_name() {
        let mut document = json!({ "access_point": [
            { "name": "Roof", "slug": "roof" },
            { "name": "../../etc/passwd", "slug": "../../etc/passwd" },
            { "name": "Roof", "slug": "ROOF" },
            { "name": "…" },
            { "name": "……" },
        ]});
        name_secret_files(document.as_object_mut().unwrap());
        let files = document["access_point"].as_array().unwrap().iter();
        let files: Vec<&str> =
            files.map(|point| point["shared_secret_file"].as_str().unwrap()).collect();
        let expected = [
            "secrets/roof",
            "secrets/etc-passwd",
            "secrets/roof-2",
            "secrets/access_point",
            "secrets/access_point-2",
        ];
        assert_eq!(files, expected);
    }
}
