//! What can go wrong, in terms of what a caller can do about it.
//!
//! Every error is cheap to clone: the end of a session is told to everyone who waits, once each.

use std::{path::PathBuf, time::Duration};

use outpost_protocol::{RpcError, code};
use outpost_rpc::link::Close;

/// Why something asked of an environment did not happen, or may not have.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// There is no connection yet, and the attempt to make one failed. The next call tries again.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// The session is lost for good, and with it its processes' handles.
    #[error("{0}")]
    Gone(#[from] Gone),
    /// The environment was closed by [`Environment::close`](crate::Environment::close) or by
    /// dropping it.
    #[error("the environment was closed")]
    Closed,
    /// The connection was lost before the answer came, and asking again could do it twice.
    #[error(
        "the connection was lost before {method} was answered; it may or may not have happened ({reason})"
    )]
    Unanswered {
        /// What was asked.
        method: &'static str,
        /// How the connection ended.
        reason: String,
    },
    /// The server refused.
    #[error("{error}", error = error.message)]
    Refused {
        /// What was asked.
        method: &'static str,
        /// The server's words and code.
        error: RpcError,
    },
    /// The server does not have what is needed for this.
    #[error("the server does not support {what}")]
    Unsupported {
        /// What is missing.
        what: &'static str,
    },
    /// The server has no process of this name in the session.
    #[error("there is no process `{id}`")]
    UnknownProcess {
        /// The process.
        id: String,
    },
    /// Another handle of this environment has the process, or had it and its events are not over.
    #[error("the process `{id}` is held already")]
    ProcessHeld {
        /// The process.
        id: String,
    },
    /// The process has no standard input to write to, or it was closed.
    #[error("the standard input of `{id}` is closed")]
    StdinClosed {
        /// The process.
        id: String,
    },
    /// Output was produced that the server no longer has. What comes after it is still delivered.
    #[error("output was lost{}", how_much(*bytes))]
    OutputLost {
        /// How much, where the server says so.
        bytes: Option<u64>,
    },
    /// A file changed while it was read across a lost connection.
    #[error("{path} changed while the connection was lost")]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// A path that is not absolute: the server's folder is not the caller's.
    #[error("the path {path} is not absolute")]
    NotAbsolute {
        /// The path.
        path: PathBuf,
    },
    /// More than fits one message; files of any size go through [`Files::open_writer`](crate::Files::open_writer).
    #[error("{bytes} bytes do not fit one message of at most {limit}")]
    TooLarge {
        /// How much it was.
        bytes: usize,
        /// How much it may be.
        limit: usize,
    },
    /// The body of an HTTP answer broke off.
    #[error("the body broke off: {words}")]
    Body {
        /// Why.
        words: String,
    },
    /// The peer does not speak the protocol, or too many calls are unanswered.
    #[error("{words}")]
    Protocol {
        /// What is wrong.
        words: String,
    },
}

/// Why a session is lost for good.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Gone {
    /// The server does not know the session (any more): it expired, or the server was restarted.
    #[error("the session is gone: the server does not know it any more; its processes have ended")]
    UnknownSession,
    /// The connection did not come back in time.
    #[error(
        "the connection was lost ({lost}) and did not come back within {within:?}; last attempt: {last}"
    )]
    RecoveryTimedOut {
        /// How the connection ended.
        lost: String,
        /// The deadline.
        within: Duration,
        /// How the last attempt failed.
        last: String,
    },
    /// The connection was lost, and its kind cannot be taken up again.
    #[error("the connection was lost: {reason}")]
    NotResumable {
        /// How the connection ended.
        reason: String,
    },
}

/// Why an attempt to connect failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server was not reached, or refused the connection.
    #[error("failed to connect to {target}: {words}")]
    Unreachable {
        /// What was dialled.
        target: String,
        /// Why.
        words: String,
    },
    /// It took too long.
    #[error("failed to connect to {target}: no {step} within {within:?}")]
    TimedOut {
        /// What was dialled.
        target: String,
        /// What was waited for.
        step: &'static str,
        /// How long.
        within: Duration,
    },
    /// The program could not be started.
    #[error("failed to start {program}: {words}")]
    Program {
        /// The program.
        program: String,
        /// Why.
        words: String,
    },
    /// The session that was to be resumed is not known to the server.
    #[error("the server does not know the session to be resumed")]
    UnknownSession,
    /// The session that was to be resumed is in use by another client.
    #[error("the session to be resumed is attached to another client")]
    Attached,
    /// The server refused the handshake for another reason.
    #[error("the server refused the handshake: {0}")]
    Refused(RpcError),
    /// The connection ended during the handshake.
    #[error("the connection ended during the handshake: {0}")]
    Ended(String),
}

/// An address that cannot be connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address `{address}` cannot be used: {words}")]
pub struct AddressError {
    /// As given.
    pub address: String,
    /// What is wrong with it.
    pub words: String,
}

fn how_much(bytes: Option<u64>) -> String {
    bytes
        .map(|bytes| format!(": {bytes} bytes"))
        .unwrap_or_default()
}

// === impl ClientError ===

impl ClientError {
    /// What was asked for does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::UnknownProcess { .. }) || self.code() == Some(code::NOT_FOUND)
    }

    /// The server does not have the method.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported { .. }) || self.code() == Some(code::METHOD_NOT_FOUND)
    }

    fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { error, .. } => Some(error.code),
            _ => None,
        }
    }

    pub(crate) fn unanswered(method: &'static str, close: &Close) -> Self {
        Self::Unanswered {
            method,
            reason: close.to_string(),
        }
    }
}
