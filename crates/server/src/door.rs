//! Doors: one file a protocol. A door translates; it decides nothing.

pub(crate) mod authority;
pub(crate) mod control;
pub(crate) mod health;
pub(crate) mod http;
pub(crate) mod https;
pub(crate) mod metrics;
pub(crate) mod radius;
pub(crate) mod responder;
pub(crate) mod revocation_list;
pub(crate) mod scep;
pub(crate) mod traffic;
