//! What the fuzz targets share: seeds, keys that never change, and structure drawn from raw bytes.

pub mod canonical;
pub mod draw;
pub mod holder;
pub mod login;
pub mod request;
pub mod seed;
