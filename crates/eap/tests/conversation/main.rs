//! Whole conversations: our server against our device, hostile devices, and Debian's eapol_test.

mod certificates;
mod fixture;
mod hostile;
mod server_and_peer;
mod stranger;
