//! What devices receive: profiles, configurations and cards to copy from, made from what the
//! organization knows, with no file, socket or clock.
//!
//! [`network::Network`] is what there is to say; each platform says it in its own way and answers
//! with [`file::File`]s.

pub mod complaint;
pub mod file;
pub mod network;
pub mod text;
