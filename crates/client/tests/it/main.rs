//! The client against a scripted server, and against the real one.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

mod cuts;
mod fake;
mod files;
mod flaky;
mod gone;
mod http;
mod order;
mod program;
mod real;
mod resume;
mod sandbox;
mod slow;
mod suite;
