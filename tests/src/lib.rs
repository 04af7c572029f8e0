//! What the tests with strangers share.
