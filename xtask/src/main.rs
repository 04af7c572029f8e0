//! `cargo xtask tidy`: the rules no compiler checks.

fn main() {}
