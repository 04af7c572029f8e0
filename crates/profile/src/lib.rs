//! What devices receive: profiles, configurations and cards to copy from, made from what the
//! organization knows, with no file, socket or clock.
//!
//! [`network::Network`] is what there is to say; each platform says it in its own way and answers
//! with [`file::File`]s.

pub mod access_point;
pub mod check;
pub mod complaint;
pub mod eap_config;
pub mod file;
mod guid;
pub mod linux;
pub mod network;
pub mod onc;
pub mod p12;
mod shell;
pub mod spelling;
pub mod text;
pub mod windows;
mod xml;
