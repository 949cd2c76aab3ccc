//! The exec face over a link in one process, with real commands.

mod client;
mod concurrency;
mod files;
mod handshake;
mod processes;
mod sessions;
