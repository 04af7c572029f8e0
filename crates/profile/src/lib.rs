//! What devices receive: profiles, configurations and cards to copy from, made from what the
//! organization knows, with no file, socket or clock.
//!
//! [`network::Network`] is what there is to say; each platform says it in its own way and answers
//! with [`file::File`]s. [`render::render`] asks the right one. What devices were given by others is
//! read by [`inspect::read`] and judged by [`lint::compare`].

pub mod apple;
pub mod card;
pub mod complaint;
pub mod file;
pub mod inspect;
pub mod lint;
pub mod mdm;
pub mod network;
pub mod platform;
pub mod property_list;
pub mod render;
pub mod text;
