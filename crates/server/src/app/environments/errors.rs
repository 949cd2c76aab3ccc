//! What is wrong with environments, in this face's codes and words.

use std::{fmt, sync::Arc};

use outpost_client::{AddressError, ClientError, config};
use outpost_protocol::RpcError;

use super::{ENVIRONMENTS, ID_BYTES, LOCAL};

/// There is no environment for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum Absent {
    /// This machine may not be used, and no other is the default.
    NothingUsual,
    /// Nobody has added one of this name.
    Unknown(String),
}

/// An environment does not answer. Nothing was done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Unreachable {
    id: Arc<str>,
    /// Why.
    pub(super) words: String,
}

// === impl Absent ===

impl Absent {
    /// The refusal, where `what` is what this machine is wanted for.
    pub(in crate::app) fn refusal(&self, what: &str) -> RpcError {
        match self {
            Self::NothingUsual => RpcError::internal(format!("local {what} is not configured")),
            Self::Unknown(id) => RpcError::invalid_request(unknown(id)),
        }
    }
}

// === impl Unreachable ===

impl Unreachable {
    pub(super) fn new(id: &Arc<str>, words: String) -> Self {
        Self {
            id: Arc::clone(id),
            words,
        }
    }

    /// With what can be done about it.
    pub(in crate::app) fn advice(&self) -> String {
        format!(
            "{self}; see that its exec server runs, or make another address known with \
             environment/add"
        )
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, words } = self;
        write!(f, "environment `{id}` cannot be reached: {words}")
    }
}

/// Nobody has added one of this name.
pub(super) fn unknown(id: &str) -> String {
    format!("unknown environment id `{id}`")
}

/// Why something of a remote environment failed.
pub(super) fn words(error: &ClientError) -> String {
    match error {
        ClientError::Connect(error) => format!("exec-server connection attempt failed: {error}"),
        ClientError::Gone(error) => gone(&error.to_string()),
        error => error.to_string(),
    }
}

/// A session was lost for good.
pub(super) fn gone(reason: &str) -> String {
    format!("exec-server transport disconnected: {reason}")
}

/// An address nobody can dial.
pub(super) fn address(error: &AddressError) -> String {
    format!("exec-server connection attempt failed: {error}")
}

/// Checks what an environment is added with, and returns the address without what is around it.
pub(super) fn check<'a>(
    id: &str,
    url: &'a str,
    token: Option<&str>,
    request: Option<&str>,
) -> Result<&'a str, RpcError> {
    let refused = |words: &str| Err(protocol_error(words));
    let url = url.trim();
    match () {
        () if id.is_empty() => refused("environment id cannot be empty"),
        () if id == LOCAL => refused("environment id `local` is reserved for EnvironmentManager"),
        () if id.len() > ID_BYTES => {
            refused(&format!("environment id has more than {ID_BYTES} bytes"))
        }
        () if url.is_empty() => refused("remote environment requires an exec-server url"),
        () if url.eq_ignore_ascii_case(config::NONE) => {
            refused("remote environment cannot use disabled exec-server url")
        }
        () if !token.is_none_or(is_header) => refused(&header("authorization")),
        () if !request.is_none_or(is_header) => refused(&header("x-request-id")),
        () => Ok(url),
    }
}

fn protocol_error(words: &str) -> RpcError {
    RpcError::invalid_request(format!("exec-server protocol error: {words}"))
}

fn header(name: &str) -> String {
    format!("invalid value for exec-server WebSocket header `{name}`")
}

/// Whether a text can be sent as the value of a header.
fn is_header(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte == b'\t' || byte >= b' ' && byte != 0x7f)
}

/// There is no room for another one.
pub(super) fn too_many() -> RpcError {
    protocol_error(&format!(
        "there are {ENVIRONMENTS} environments already; use the name of one that is not needed"
    ))
}
