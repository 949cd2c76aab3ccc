//! The client against a scripted server, and against the real one.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

mod fake;
mod files;
mod gone;
mod http;
mod order;
mod resume;
mod slow;
