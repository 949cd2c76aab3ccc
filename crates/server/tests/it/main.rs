//! The faces over a link in one process, with real commands.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it must be"
)]

mod app;
mod client;
mod concurrency;
mod files;
mod handshake;
mod processes;
mod sandboxed;
mod sessions;
