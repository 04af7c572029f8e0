//! Servers as processes: started on one processor, ended when dropped.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a server may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running process. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a command whose lines are read; those of the other stream go into a file.
    pub(super) fn start(command: &mut Command, log: &Path, listen_to: Stream) -> Result<Self> {
        let shown = command.get_program().to_string_lossy().into_owned();
        let file = File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null());
        match listen_to {
            Stream::Output => command.stdout(Stdio::piped()).stderr(file),
            Stream::Errors => command.stderr(Stdio::piped()).stdout(file),
        };
        let mut child = command.spawn().with_context(|| format!("{shown} cannot be started"))?;
        let stream: Box<dyn Read + Send> = match listen_to {
            Stream::Output => Box::new(child.stdout.take().context("its output is piped")?),
            Stream::Errors => Box::new(child.stderr.take().context("its errors are piped")?),
        };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // A server must not wait for a reader: when nobody listens any more, lines are lost.
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Ok(Self { child, lines })
    }

    /// Reads lines until one contains `words`; returns all of them.
    pub(super) fn wait_for(&self, words: &str) -> Result<Vec<String>> {
        let mut read = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    let found = line.contains(words);
                    read.push(line);
                    if found {
                        return Ok(read);
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    bail!("a server did not say \"{words}\" but:\n{}", read.join("\n"));
                }
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a process tells what it does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Output,
    Errors,
}

/// Runs a command to its end; returns what it printed. It must succeed.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.stdin(Stdio::null()).output().with_context(|| shown.clone())?;
    if !output.status.success() {
        bail!("{shown}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A command of several words.
pub(super) fn command<const N: usize>(program: impl AsRef<OsStr>, words: [&str; N]) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    command
}
