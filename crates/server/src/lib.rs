//! The faces: method tables, handshakes, sessions; serving them and embedding them.
//!
//! A face turns what is on the wire into calls of the engine (`outpost-host`) and back. Wire
//! words, error codes and the reference's quirks live here and nowhere below. The exec face is in
//! [`exec`], the app face in [`app`]; [`serve`] puts a face behind a listener, [`embed`] on one end of a link in the same
//! process.

pub mod app;
mod contents;
pub mod embed;
pub mod exec;
pub mod serve;
mod share;

/// Becomes the keeper, the first process behind walls, or a helper for file calls when this program
/// was started as one of them, and then never returns; otherwise returns at once.
///
/// A program that serves or embeds a face calls this first thing in `main`, before it has started
/// a thread or opened a file.
pub fn dispatch() {
    outpost_host::keeper::dispatch();
    exec::sandbox::inside::dispatch();
}
