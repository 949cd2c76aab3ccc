//! The app-server's dialect against what the reference says: samples of its wire byte for byte,
//! its words for what it refuses, its own schema.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod every;
mod files;
mod gate;
mod golden;
mod refused;
mod schema;
