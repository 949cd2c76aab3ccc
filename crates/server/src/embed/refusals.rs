//! What an embedder is told when something is not done, in the reference's words.

use std::io::{Error, ErrorKind};

use outpost_protocol::{RequestId, RpcError};
use serde_json::value::RawValue;

/// The code of a bound that is reached.
const OVERLOADED: i64 = -32001;

/// What clients look for before they try again.
const OVERLOADED_DATA: &str = r#"{"codexErrorInfo":"server_overloaded"}"#;

/// The server does not read as fast as it is written to: the embedder's own queue is full.
pub(super) fn would_block() -> Error {
    let words = "in-process app-server client queue is full";
    Error::new(ErrorKind::WouldBlock, words)
}

/// It was shut down, or its server is gone.
pub(super) fn broken_pipe() -> Error {
    let words = "in-process app-server runtime is closed";
    Error::new(ErrorKind::BrokenPipe, words)
}

/// The handshake was refused.
pub(super) fn handshake(words: &str) -> Error {
    let words = format!("in-process app-server initialize failed: {words}");
    Error::new(ErrorKind::InvalidData, words)
}

/// A part of a shutdown took longer than it may.
pub(super) fn too_slow(what: &str) -> Error {
    let words = format!("in-process app-server shutdown timed out: {what}");
    Error::new(ErrorKind::TimedOut, words)
}

/// An id that is in use.
pub(super) fn duplicate(id: &RequestId) -> RpcError {
    RpcError::invalid_request(format!("duplicate request id: {id}"))
}

/// The server's queue holds all that it may.
pub(super) fn full() -> RpcError {
    overloaded("in-process app-server request queue is full")
}

/// To the server: its question found no room among what the embedder has yet to read.
pub(super) fn unqueued() -> RpcError {
    overloaded("in-process app-server event queue is full")
}

/// To the server: the embedder reads no events.
pub(super) fn unread() -> RpcError {
    RpcError::internal("in-process app-server client reads no events")
}

/// The server's connection has ended.
pub(super) fn lost() -> RpcError {
    RpcError::internal("in-process app-server request processor is closed")
}

/// To both sides, of what was unanswered at a shutdown.
pub(super) fn shutting_down() -> RpcError {
    RpcError::internal("in-process app-server runtime is shutting down")
}

fn overloaded(words: &str) -> RpcError {
    let data = RawValue::from_string(OVERLOADED_DATA.to_owned());
    RpcError {
        data: data.ok(),
        ..RpcError::new(OVERLOADED, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_is_reached_can_be_told_by_programs() {
        for refusal in [full(), unqueued()] {
            assert_eq!(refusal.code, -32001);
            let data = refusal.data.unwrap();
            assert_eq!(data.get(), r#"{"codexErrorInfo":"server_overloaded"}"#);
        }
        assert_eq!(
            duplicate(&RequestId::Text("a".to_owned())).message,
            "duplicate request id: a"
        );
    }
}
