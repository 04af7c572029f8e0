//! Apple's profiles and the cards of MDMs: written, read back, compared, and attacked.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails here")]

mod card;
mod fixture;
mod golden;
mod hostile;
mod inspecting;
mod linting;
mod rendering;
