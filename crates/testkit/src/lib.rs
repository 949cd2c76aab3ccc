//! The harness every crate tests with.
