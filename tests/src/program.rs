//! The program itself, as a process.

use std::path::PathBuf;
use std::process::Command;

use crate::outcome;
use crate::outcome::Outcome;

/// Where the program is: `$SAFECONDUCT_BINARY`, else where cargo put it beside the tests.
#[track_caller]
pub fn path() -> PathBuf {
    let named = std::env::var_os("SAFECONDUCT_BINARY").map(PathBuf::from);
    let path = named.or_else(|| {
        let test = std::env::current_exe().ok()?;
        Some(test.parent()?.parent()?.join("safeconduct"))
    });
    let path = path.expect("a test knows where it stands");
    assert!(path.exists(), "{} is missing; run: cargo build -p server", path.display());
    path
}

/// The program with nothing of our surroundings that would change what it does; stopped when it
/// takes too long.
#[track_caller]
pub fn command() -> Command {
    let mut command = outcome::command(path());
    alone(&mut command);
    command
}

/// Takes away what our surroundings would tell the program.
pub fn alone(command: &mut Command) {
    for name in ["CA", "CONFIG", "DATA", "LOG", "LOG_FORMAT", "MASTER_KEY", "TOKEN"] {
        command.env_remove(format!("SAFECONDUCT_{name}"));
    }
}

/// Runs the program to its end.
#[track_caller]
pub fn run<const N: usize>(arguments: [&str; N]) -> Outcome {
    outcome::run(command().args(arguments))
}
