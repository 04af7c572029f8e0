//! Chromium before the portal: stories in JavaScript, told by `node` in `tests/browser`.

use std::path::Path;
use std::process::Command;

use crate::guide;
use crate::lab::Lab;
use crate::outcome;
use crate::program;
use crate::stranger::shown;

/// How long one story may take, in seconds; ten times what it needs, because some look at every
/// page.
const STORY_SECONDS: &str = "600";

/// Tells a story of `tests/browser` before the portal of a laboratory; it goes as it should.
#[track_caller]
pub fn tell(lab: &Lab, story: &str) {
    let mut command = node(lab);
    // A browser that is still open when a story went wrong would keep it from ending.
    command
        .args(["--test", "--test-force-exit", "--test-reporter=spec"])
        .arg(format!("{story}.test.js"));
    let told = outcome::run(&mut command);
    assert_eq!(told.status, 0, "{}\n{}\n{}", story, told.stdout, told.stderr);
}

/// Makes pictures of every page into a folder, and those of the handbook into another; says which.
#[track_caller]
pub fn screenshots(lab: &Lab, folder: &Path, handbook: &Path) -> String {
    let mut command = node(lab);
    command.args(["screenshots.js", shown(folder), shown(handbook)]);
    outcome::run(&mut command).succeeded().stdout
}

/// Measures every page; what was found, as a JSON document.
#[track_caller]
pub fn measured(lab: &Lab) -> String {
    let mut command = node(lab);
    command.arg("measure.js").env("SAFECONDUCT_TEST_PID", lab.server().pid().to_string());
    outcome::run(&mut command).succeeded().stdout
}

/// `node` in `tests/browser`, which knows where everything is.
#[track_caller]
fn node(lab: &Lab) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    assert!(
        folder.join("node_modules/playwright-core").is_dir(),
        "playwright-core is missing; ./dev test installs it"
    );
    let mut command = outcome::command_within(STORY_SECONDS, "node");
    program::alone(&mut command);
    let server = lab.server();
    let data = lab.data();
    let program = program::path();
    let told = [
        ("HTTPS", server.https.as_str()),
        ("HTTP", &server.http),
        ("RADIUS", &server.radius),
        ("DATA", shown(&data)),
        ("PROGRAM", shown(&program)),
    ];
    for (name, value) in told {
        command.env(format!("SAFECONDUCT_TEST_{name}"), value);
    }
    if let Some(code) = &server.set_up_code {
        command.env("SAFECONDUCT_TEST_SET_UP_CODE", code);
    }
    if lab.csv().exists() {
        command.env("SAFECONDUCT_TEST_SECRET", lab.secret(guide::GATEWAY));
    }
    command.current_dir(folder);
    command
}
