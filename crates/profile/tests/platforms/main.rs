//! What each platform but Apple's is given, element by element, and beside it the whole files as
//! somebody has read them, in `tests/golden`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails here"
)]

mod access_point;
mod check;
mod eap_config;
mod fixture;
mod golden;
mod linux;
mod onc;
mod p12;
mod program;
mod signing;
mod tree;
mod windows;
