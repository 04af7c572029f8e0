//! RADIUS (RFC 2865, 2866, 2868, 2548, 3579, 3580, 5080) as bytes and values: no socket, no clock.

pub mod attribute;
pub mod authenticator;
pub mod dictionary;
pub mod mppe;
pub mod packet;
pub mod reply;
pub mod request;
pub mod vlan;
