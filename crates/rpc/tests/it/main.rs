//! The transports over real sockets: strangers that write bytes by hand, our own client, and
//! streams with faults. Tests are named for the rows of the fault matrix they hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auth;
mod dialing;
mod faults;
mod frames;
mod handshake;
mod raw;
mod server;
mod stdio;
mod unix;
