//! The other side of the wire: a device that enrolls over SCEP and joins the network over EAP-TLS.

pub mod access_point;
pub mod calibration;
pub mod enrollment;
pub mod load;
pub mod mdm;
pub mod network;
pub mod profile;
