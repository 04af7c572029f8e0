//! Programs of strangers that read what was made; `./dev test` installs them.

use std::io::Write;
use std::process::Command;
use std::process::Stdio;

/// Runs a program for at most ten seconds with this on its standard input: whether it was content,
/// and what it wrote.
#[track_caller]
pub(crate) fn run(program: &str, arguments: &[&str], input: &[u8]) -> (bool, String) {
    let installed = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    assert!(installed.unwrap().status.success(), "{program} is missing; ./dev test installs it");
    let mut child = Command::new("timeout")
        .arg("10")
        .arg(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

/// Complains unless xmllint finds this well-formed.
#[track_caller]
pub(crate) fn is_well_formed(document: &str) {
    let (content, told) = run("xmllint", &["--noout", "-"], document.as_bytes());
    assert!(content, "{told}\n{document}");
}

/// Complains unless the shell understands this script.
pub(crate) fn is_script(script: &str) {
    let (content, told) = run("sh", &["-n"], script.as_bytes());
    assert!(content, "{told}\n{script}");
}
