//! The engine's errors in the wire's codes and words: the only place that has both.

use std::{error::Error, io};

use outpost_agent::config::excerpt::ConfigError;
use outpost_host::{
    fs::{FsError, FsErrorKind},
    http::HttpError,
    process::{ResizeError, StartError, WriteError, keeper::SpawnError},
    sandbox::SandboxError,
};
use outpost_protocol::{
    NotNative, RpcError, code,
    exec::sandbox::{Permissions, SandboxContext},
};

use super::sandbox::Refused;

/// A call that is to be held to rules, which are not enforced for its method.
pub(super) fn refuse_sandbox(sandbox: Option<&SandboxContext>) -> Result<(), RpcError> {
    match sandbox.map(|sandbox| &sandbox.permissions) {
        None | Some(Permissions::Disabled {} | Permissions::External { .. }) => Ok(()),
        Some(Permissions::Managed { .. }) => Err(RpcError::invalid_params(
            "`sandbox` with permissions of type `managed` cannot be enforced by this server, so \
             nothing was done; ask without a sandbox only if the caller may do everything this \
             server may",
        )),
    }
}

/// A policy of a command that says nothing that could be enforced.
pub(super) fn policy_of_command(refused: &Refused) -> RpcError {
    let words = match refused {
        Refused::ForeignPath(foreign) => format!("invalid sandbox permission path: {foreign}"),
        Refused::ForeignRoot(foreign) => format!("invalid sandbox folder: {foreign}"),
        Refused::NoFolder => return no_folder(),
        Refused::Rule(words) => words.clone(),
    };
    RpcError::invalid_params(format!("failed to prepare process sandbox: {words}"))
}

/// The same of a file call.
pub(super) fn policy_of_files(refused: &Refused) -> RpcError {
    match refused {
        Refused::ForeignPath(foreign) => {
            RpcError::invalid_request(format!("invalid sandbox permission path URI: {foreign}"))
        }
        Refused::ForeignRoot(foreign) => {
            RpcError::invalid_request(format!("invalid sandbox folder URI: {foreign}"))
        }
        Refused::NoFolder => no_folder(),
        Refused::Rule(words) => {
            RpcError::invalid_params(format!("failed to prepare fs sandbox: {words}"))
        }
    }
}

fn no_folder() -> RpcError {
    RpcError::invalid_params("file system sandbox context with dynamic permissions requires cwd")
}

/// A policy that this computer cannot enforce. Nothing was done.
pub(super) fn sandbox(error: &SandboxError) -> RpcError {
    let words = causes(error);
    match error {
        SandboxError::Stopping => RpcError::internal(words),
        _ => RpcError::invalid_params(words),
    }
}

/// What went wrong and why, from the outermost to the innermost, each cause once.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !words.contains(&said) {
            words = format!("{words}: {said}");
        }
        cause = next.source();
    }
    words
}

pub(super) fn start(id: &str, terminal: bool, error: &StartError) -> RpcError {
    match error {
        StartError::EmptyArgv => RpcError::invalid_params("argv must not be empty"),
        StartError::NoProgram => RpcError::internal(format!(
            "missing program for {} spawn",
            if terminal { "PTY" } else { "pipe" }
        )),
        StartError::IdInUse => RpcError::invalid_request(format!("process {id} already exists")),
        StartError::TooMany { limit } => RpcError::invalid_request(format!(
            "the session has {limit} processes that have not ended; end one first"
        )),
        StartError::Cancelled => {
            RpcError::invalid_request(format!("process {id} start was cancelled"))
        }
        StartError::Environment(error) => RpcError::invalid_params(error.to_string()),
        StartError::Spawn(error) => spawn(error),
        StartError::Watch(error) => RpcError::internal(os_words(error)),
    }
}

fn spawn(error: &SpawnError) -> RpcError {
    match error {
        SpawnError::Program { source, .. } | SpawnError::Directory { source, .. } => {
            RpcError::internal(os_words(source))
        }
        SpawnError::Invalid { what } if what.contains("NUL") => {
            RpcError::internal("nul byte found in provided data")
        }
        // Like a policy that cannot be enforced: asked otherwise, it may be.
        SpawnError::Limits(_) => RpcError::invalid_params(format!("failed to {error}")),
        SpawnError::Walls { .. }
        | SpawnError::Resource { .. }
        | SpawnError::Invalid { .. }
        | SpawnError::TooMany { .. }
        | SpawnError::KeeperLost
        | SpawnError::KeeperStart { .. } => RpcError::internal(format!("failed to {error}")),
    }
}

/// The helper that a file call needs was not started.
pub(super) fn helper(error: &StartError) -> RpcError {
    match error {
        StartError::Spawn(error @ SpawnError::Walls { .. }) => spawn(error),
        _ => RpcError::internal(format!(
            "failed to start the process that does file calls under this policy: {error}"
        )),
    }
}

/// The system's words with the number, as in `No such file or directory (os error 2)`.
fn os_words(error: &io::Error) -> String {
    error.to_string()
}

pub(super) fn write(error: &WriteError) -> RpcError {
    tracing::debug!(%error, "stdin");
    RpcError::internal("failed to write to process stdin")
}

pub(super) fn resize(error: &ResizeError) -> RpcError {
    match error {
        ResizeError::NotATerminal | ResizeError::Ended => {
            RpcError::invalid_request(error.to_string())
        }
        ResizeError::Io(source) => RpcError::internal(os_words(source)),
    }
}

pub(super) fn foreign_cwd(foreign: &NotNative) -> RpcError {
    let uri = &foreign.uri;
    RpcError::invalid_params(format!(
        "cwd URI `{uri}` is not valid on this exec-server host: {foreign}"
    ))
}

pub(super) fn foreign_path(foreign: &NotNative) -> RpcError {
    RpcError::invalid_request(foreign.to_string())
}

pub(super) fn fs(error: &FsError) -> RpcError {
    tracing::debug!(verb = error.verb(), path = %error.path().display(), %error, "file call failed");
    let code = match error.kind() {
        FsErrorKind::NotFound => code::NOT_FOUND,
        FsErrorKind::Invalid | FsErrorKind::Permission => code::INVALID_REQUEST,
        FsErrorKind::Other => code::INTERNAL,
    };
    RpcError::new(code, error.to_string())
}

pub(super) fn http(error: &HttpError) -> RpcError {
    if error.is_invalid() {
        RpcError::invalid_params(error.to_string())
    } else {
        RpcError::internal(error.to_string())
    }
}

pub(super) fn config(error: &ConfigError) -> RpcError {
    if error.is_invalid() {
        RpcError::invalid_params(error.to_string())
    } else {
        RpcError::internal(error.to_string())
    }
}
