//! The faults that the real program survives, and the numbers it is measured by.
//!
//! A test is named after its row of `docs/faults.md`, where there is one. Every wait is for an
//! event or for a fact below `/proc`, with a deadline.

#[cfg(test)]
mod app;
#[cfg(test)]
mod client;
#[cfg(test)]
mod descendants;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod host;
#[cfg(test)]
mod json;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod measured;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod meter;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod server;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod stdio;
