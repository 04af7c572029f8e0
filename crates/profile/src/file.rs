//! What comes out: a file with its name and media type.

/// A file for a device, a console or an administrator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// Its name, without a folder: ASCII, safe on every system.
    pub name: String,
    /// Its media type, as browsers are told.
    pub media_type: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
    /// Whether it holds a secret, so that it is written for its owner only.
    pub is_secret: bool,
}
