//! What a command left behind: its status and its words.

use std::process::Command;
use std::process::Output;

use serde_json::Value;

use crate::patience::PATIENCE_SECONDS;

/// What `timeout` ends with when it had to stop a command.
const TIMED_OUT: i32 = 124;

/// The end of a command.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which command it was.
    pub command: String,
    /// Its exit status.
    pub status: i32,
    /// What it printed, as it came.
    pub bytes: Vec<u8>,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// A command that is stopped when it takes too long.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    command_within(PATIENCE_SECONDS, program)
}

/// The same with a patience of its own.
pub fn command_within(seconds: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", seconds]).arg(program);
    command
}

/// Runs a command to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}");
    let Output { status, stdout, stderr } =
        command.output().expect("`timeout` of the package coreutils is there");
    let outcome = Outcome {
        command: shown,
        status: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        bytes: stdout,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    };
    assert_ne!(outcome.status, TIMED_OUT, "took too long: {outcome:#?}");
    outcome
}

impl Outcome {
    /// Asserts that it ended with this status.
    #[track_caller]
    pub fn ended_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}\n{}\n{}", self.command, self.stdout, self.stderr);
        self
    }

    /// Asserts that it did what was asked.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    /// Asserts that it said no, in an orderly way.
    #[track_caller]
    pub fn refused(self) -> Self {
        self.ended_with(1)
    }

    /// Asserts that `words` stand in what it complained about.
    #[track_caller]
    pub fn complains(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no {words:?} in: {}\n{}", self.command, self.stderr);
        self
    }

    /// Asserts that `words` stand in what it printed.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stdout.contains(words), "no {words:?} in: {}\n{}", self.command, self.stdout);
        self
    }

    /// What it printed, as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        assert!(parsed.is_ok(), "no JSON document: {}\n{}", self.command, self.stdout);
        parsed.unwrap_or_default()
    }
}
