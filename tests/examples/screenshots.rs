//! Makes pictures of every page of the portal: `./dev screenshots`.

use std::path::Path;

use tests::browser;
use tests::lab::Lab;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let mut lab = Lab::of_guide();
    browser::screenshots(&lab, &target.join("screenshots"), &root.join("docs/screenshots"));
    lab.stop();
}
