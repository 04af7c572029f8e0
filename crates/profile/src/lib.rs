//! What devices receive: profiles, configurations and cards to copy from, made from what the
//! organization knows, with no file, socket or clock.
//!
//! [`network::Network`] is what there is to say; each platform says it in its own way and answers
//! with [`file::File`]s. [`render::render`] asks the right one. What devices were given by others is
//! read by [`inspect::read`] and judged by [`lint::compare`].

pub mod access_point;
pub mod apple;
pub mod card;
pub mod check;
pub mod complaint;
pub mod eap_config;
pub mod file;
mod guid;
pub mod inspect;
pub mod lint;
pub mod linux;
pub mod mdm;
pub mod network;
pub mod onc;
pub mod p12;
pub mod platform;
pub mod property_list;
pub mod render;
mod shell;
pub mod spelling;
pub mod text;
pub mod windows;
mod xml;
