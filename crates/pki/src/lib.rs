//! X.509 for Safeconduct: bytes to values and back, with no file, socket or clock.
//!
//! A certificate is born as a [`draft::Draft`], becomes [`draft::Linted`] and is consumed by
//! signing. Everything that comes from outside is parsed within named bounds, and signatures are
//! verified over the received bytes.

pub mod algorithm;
pub mod ber;
pub mod certificate;
pub mod cms;
pub mod constraint;
pub mod crl;
pub mod csr;
pub mod draft;
pub mod extension;
pub mod general_name;
pub mod key;
pub mod name;
pub mod ocsp;
pub mod oid;
pub mod pem;
pub mod public_root;
pub mod schema;
pub mod time;
pub mod tlv;
