//! The Rust client: typed calls, process handles, resume.
