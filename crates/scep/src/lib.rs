//! scep.
