//! cms.
