//! Faults of disk and process, struck with `strace` at an exact call of the running program: it
//! is killed on entering the call, or the call fails with an error of the system.

use std::ffi::OsString;
use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use crate::outcome;
use crate::stranger;

/// What to do at which call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Strike {
    /// The calls, as `strace` names them: `fsync` or `pwrite64,ftruncate`.
    calls: String,
    /// What happens, as `strace` writes it: `signal=SIGKILL:when=3`.
    what: String,
}

impl Strike {
    /// The program is killed when a thread enters one of these calls for the `nth` time.
    pub fn kill(calls: &str, nth: usize) -> Self {
        Self { calls: calls.to_owned(), what: format!("signal=SIGKILL:when={nth}") }
    }

    /// These calls fail with an error such as `EIO` when a thread makes one for the `nth` time,
    /// and not again.
    pub fn fail_once(calls: &str, error: &str, nth: usize) -> Self {
        Self { calls: calls.to_owned(), what: format!("error={error}:when={nth}") }
    }

    /// These calls fail with an error such as `ENOSPC` for as long as the strike lasts.
    pub fn fail(calls: &str, error: &str) -> Self {
        Self { calls: calls.to_owned(), what: format!("error={error}") }
    }

    fn arguments(&self) -> Vec<OsString> {
        let trace = format!("trace={}", self.calls);
        let inject = format!("inject={}:{}", self.calls, self.what);
        ["-f", "-o", "/dev/null", "-e", &trace, "-e", &inject].map(OsString::from).to_vec()
    }

    /// The command that starts a program under this strike from its first call on. The program is
    /// the process that is started, `strace` a grandchild of ours.
    #[track_caller]
    pub fn command(&self) -> Command {
        // Else a program that never ran would look like one that was killed.
        let tried = outcome::run(stranger::strace().args(["-o", "/dev/null", "true"]));
        if tried.status != 0 {
            return refused(&tried.stderr);
        }
        let mut command = stranger::strace();
        command.arg("-D").args(self.arguments()).arg("--");
        command
    }

    /// Strikes a running process from now on.
    #[track_caller]
    pub fn attach(&self, pid: u32) -> Attached {
        let mut command = stranger::strace();
        command.args(self.arguments()).args(["-p", &pid.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace starts");
        let stderr = child.stderr.take().expect("its words are piped");
        let mut words = String::new();
        let mut lines = BufReader::new(stderr);
        // It says so once it holds every thread, or why it does not.
        while let Ok(1..) = lines.read_line(&mut words) {
            if words.contains(" attached") {
                return Attached { child };
            }
        }
        let _ = child.wait();
        refused(&words)
    }
}

#[expect(clippy::panic, reason = "a test that cannot strike has failed")]
#[track_caller]
fn refused<T>(words: &str) -> T {
    panic!(
        "strace may not trace a process of ours: {words}\nThese tests need ptrace: run them as \
         root or with CAP_SYS_PTRACE; give a container --cap-add=SYS_PTRACE; for others than \
         root /proc/sys/kernel/yama/ptrace_scope must be 0"
    )
}

/// A strike on a running process. Dropped, it is lifted, and the process goes on.
#[derive(Debug)]
pub struct Attached {
    child: Child,
}

impl Drop for Attached {
    fn drop(&mut self) {
        // Told to end, strace lets go of the process; killed, it would not do so in order.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}
