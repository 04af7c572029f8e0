//! `safeconduct audit verify --file`

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use serde_json::json;
use store::audit::file;
use store::audit::file::FileError;

/// What a file's walk found, in the words that the API has for an organization's own audit.
pub(super) fn verify(path: &Path, key: Option<&str>) -> anyhow::Result<Value> {
    let shown = path.display();
    let opened = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut verdict = match file::verify(&mut BufReader::new(opened), key) {
        Ok(verified) => json!({
            "intact": true,
            "rows": verified.intact.rows,
            "complaint": null,
            "tampering": null,
            "row": null,
            "id": null,
            "checkpoints": verified.intact.checkpoints,
            "covered": verified.intact.covered,
            "organization": verified.organization,
            "fingerprint": verified.fingerprint,
        }),
        Err(FileError::FirstBadRow(bad)) => json!({
            "intact": false,
            "rows": bad.sequence.saturating_sub(1),
            "complaint": bad.to_string(),
            "tampering": bad.tampering.as_str(),
            "row": bad.sequence,
            "id": bad.id,
        }),
        Err(
            error @ (FileError::Unsigned
            | FileError::AnotherKey { .. }
            | FileError::NotUnderstood { .. }),
        ) => json!({
            "intact": false,
            "rows": 0,
            "complaint": error.to_string(),
            "tampering": null,
            "row": null,
            "id": null,
        }),
        Err(FileError::Io(error)) => {
            return Err(error).with_context(|| format!("{shown} cannot be read"));
        }
    };
    if let Some(verdict) = verdict.as_object_mut() {
        for field in ["checkpoints", "covered", "organization", "fingerprint"] {
            verdict.entry(field).or_insert(Value::Null);
        }
    }
    Ok(verdict)
}
