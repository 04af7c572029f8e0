//! `safeconduct handbook-pages`: every page of the portal, for tests that look at all of them.

use std::process::ExitCode;

use portal::page::Access;
use serde_json::json;

use crate::output;

/// Prints the table of pages.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let pages: Vec<_> = portal::pages()
        .iter()
        .map(|page| {
            let permission = match page.access {
                Access::Public | Access::Known => None,
                Access::Needs(permission) => Some(permission.as_str()),
            };
            json!({
                "method": page.method.as_str(),
                "path": page.path,
                "public": page.access == Access::Public,
                "permission": permission,
                "proof": page.proof,
            })
        })
        .collect();
    output::json(&pages)?;
    Ok(ExitCode::SUCCESS)
}
