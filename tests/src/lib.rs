//! What the tests with strangers share: the real program as processes of its own, the tools of
//! others that it must get along with, and a laboratory that puts both together.
//!
//! Nothing here is linked with the program: what it does is seen from outside only.

pub mod api;
pub mod base64;
pub mod browser;
pub mod directory;
pub mod fleet;
pub mod forwarder;
pub mod freeradius;
pub mod guide;
pub mod http;
pub mod json;
pub mod lab;
pub mod ledger;
pub mod outcome;
pub mod patience;
pub mod postgres;
pub mod process;
pub mod program;
pub mod proxy;
pub mod server;
pub mod stranger;
pub mod strike;
pub mod supplicant;
pub mod wire;
