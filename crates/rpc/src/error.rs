//! What can go wrong with a call.

use outpost_protocol::RpcError;

use crate::link::Close;

/// Why a call has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// The connection ended before the answer came. Whether the peer acted is unknown.
    #[error("the connection ended before {method} was answered: {close}")]
    Closed {
        /// What was asked.
        method: &'static str,
        /// How the connection ended.
        close: Close,
    },
    /// The peer refused.
    #[error("{method} was refused: {error}")]
    Remote {
        /// What was asked.
        method: &'static str,
        /// The peer's words.
        error: RpcError,
    },
    /// The peer's answer is not what the method answers.
    #[error("the answer to {method} does not decode: {words}")]
    Decode {
        /// What was asked.
        method: &'static str,
        /// What is wrong with it.
        words: String,
    },
    /// Too many calls are unanswered; the peer is not keeping up.
    #[error("{method} was not sent: {limit} calls are unanswered already")]
    TooMany {
        /// What was asked.
        method: &'static str,
        /// The bound.
        limit: usize,
    },
}

impl CallError {
    /// The peer's refusal, if it is one.
    #[must_use]
    pub fn remote(&self) -> Option<&RpcError> {
        match self {
            Self::Remote { error, .. } => Some(error),
            Self::Closed { .. } | Self::Decode { .. } | Self::TooMany { .. } => None,
        }
    }
}
