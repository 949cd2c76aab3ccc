//! The engine's errors in this face's codes and words.

use std::fmt;

use outpost_host::{
    fs::{FsError, FsErrorKind},
    process::{ResizeError, StartError, WriteError, keeper::SpawnError},
    sandbox::SandboxError,
};
use outpost_protocol::RpcError;
use serde_json::value::RawValue;

use super::running::Family;
use crate::exec::errors::causes;

/// The code of a refusal for load; the reference's number.
const OVERLOADED: i64 = -32001;

/// What clients look for before they try again by themselves.
const RETRY: &str = r#"{"codexErrorInfo":"server_overloaded"}"#;

/// A bound was reached, and nothing was done: the same request may succeed later.
pub(super) fn overloaded(bound: fmt::Arguments<'_>) -> RpcError {
    let words = format!("Server overloaded; retry later: {bound}");
    let data = RawValue::from_string(RETRY.to_owned()).expect("the marker is JSON");
    RpcError {
        data: Some(data),
        ..RpcError::new(OVERLOADED, words)
    }
}

/// A file call that failed, in the system's words or the engine's.
pub(super) fn fs(error: &FsError) -> RpcError {
    tracing::debug!(verb = error.verb(), path = %error.path().display(), %error, "file call failed");
    match error.kind() {
        FsErrorKind::Invalid => RpcError::invalid_request(error.to_string()),
        FsErrorKind::NotFound | FsErrorKind::Permission | FsErrorKind::Other => {
            RpcError::internal(error.to_string())
        }
    }
}

/// Nothing was started.
pub(super) fn start(family: Family, id: &str, error: &StartError) -> RpcError {
    let failed = |words: &str| {
        let noun = family.noun();
        RpcError::internal(format!("failed to spawn {noun}: {words}"))
    };
    match error {
        StartError::EmptyArgv => RpcError::invalid_request("command must not be empty"),
        // No program has the empty name.
        StartError::NoProgram => failed("No such file or directory (os error 2)"),
        StartError::IdInUse => family.duplicate(id),
        StartError::TooMany { limit } => overloaded(format_args!(
            "the connection has {limit} processes that have not ended"
        )),
        StartError::Spawn(SpawnError::TooMany { limit }) => {
            overloaded(format_args!("the server keeps {limit} process trees"))
        }
        StartError::Cancelled => failed("the connection has ended"),
        StartError::Environment(error) => RpcError::invalid_params(error.to_string()),
        StartError::Watch(error) => failed(&error.to_string()),
        StartError::Spawn(
            SpawnError::Program { source, .. } | SpawnError::Directory { source, .. },
        ) => failed(&source.to_string()),
        StartError::Spawn(SpawnError::Invalid { what }) if what.contains("NUL") => {
            failed("nul byte found in provided data")
        }
        StartError::Spawn(error) => failed(&causes(error)),
    }
}

/// A policy that this computer cannot enforce. Nothing was started.
pub(super) fn sandbox(family: Family, error: &SandboxError) -> RpcError {
    let noun = family.noun();
    RpcError::internal(format!(
        "failed to spawn {noun}: its sandbox cannot be made: {}",
        causes(error)
    ))
}

/// Input was not written.
pub(super) fn write(error: &WriteError) -> RpcError {
    RpcError::internal(format!("failed to write stdin: {}", causes(error)))
}

/// A terminal was not resized.
pub(super) fn resize(error: &ResizeError) -> RpcError {
    let words = match error {
        ResizeError::NotATerminal => "process is not attached to a PTY".to_owned(),
        ResizeError::Ended | ResizeError::Io(_) => causes(error),
    };
    RpcError::invalid_request(format!("failed to resize PTY: {words}"))
}
