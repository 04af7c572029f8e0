//! Makes pictures of every page of the portal: `./dev screenshots`.

use std::io;
use std::io::Write;
use std::path::Path;

use tests::browser;
use tests::lab::Lab;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let mut lab = Lab::of_guide();
    let handbook = root.join("docs/screenshots");
    let made = browser::screenshots(&lab, &target.join("screenshots"), &handbook);
    lab.stop();
    io::stdout().write_all(made.as_bytes())
}
