//! SCEP (RFC 8894): requests and replies as values, with no socket, file or clock.
//!
//! A door decodes with [`transport`], reads with [`request`], and answers with [`reply`]; a device
//! does the same from the other side with [`client`].

pub mod capabilities;
pub mod client;
pub mod message;
pub mod reply;
pub mod request;
pub mod transport;
