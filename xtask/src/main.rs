//! `cargo xtask tidy`: the rules no compiler checks. `cargo xtask bench`: what the program takes,
//! beside others.

mod bench;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::bench::Effort;
use crate::bench::Programs;

const USAGE: &str = "usage: cargo xtask tidy | cargo xtask bench [--quick] PROGRAM AUTHORITY_RATE \
                     DECISION_RATE";

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => return tidy(),
        ["bench", program, authority, decision] => {
            bench::run(root()?, &Programs::of(program, authority, decision), Effort::FULL)?
        }
        ["bench", "--quick", program, authority, decision] => {
            bench::run(root()?, &Programs::of(program, authority, decision), Effort::QUICK)?;
        }
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tidy() -> Result<ExitCode> {
    let complaints = tidy::check(root()?)?;
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if complaints.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{} complaints", complaints.len());
    Ok(ExitCode::FAILURE)
}

/// The root of the work tree this program was built from.
fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in no folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        let complaints = tidy::check(root().unwrap()).unwrap();
        let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
