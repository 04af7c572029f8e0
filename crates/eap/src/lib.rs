//! EAP-TLS (RFC 3748, 5216, 9190) as a machine: bytes in, bytes out; no socket, no clock.

pub mod failure;
pub mod fragment;
pub mod keys;
pub mod packet;
pub mod peer;
pub mod resumption;
pub mod session;
pub mod settings;
pub mod trust;
pub mod verdict;
pub mod verifier;

mod greeting;
mod tls;
