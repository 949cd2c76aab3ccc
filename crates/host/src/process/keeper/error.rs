//! Why a command could not be started.

use std::{ffi::OsString, io, path::PathBuf};

use rustix::io::Errno;

use crate::{keeper::wire::Stage, process::Unenforceable};

/// Why a command could not be started. In every case nothing runs.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The program could not be executed: not found, not permitted, no program, too long.
    #[error("run {}: {source}", program.display())]
    Program {
        /// What was asked for.
        program: OsString,
        /// What `exec` said.
        source: io::Error,
    },
    /// The working directory could not be entered.
    #[error("enter the directory {}: {source}", directory.display())]
    Directory {
        /// What was asked for.
        directory: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The walls around the command could not be raised.
    #[error("raise the sandbox: {words}")]
    Walls {
        /// What was said by whoever raises them.
        words: String,
    },
    /// A limit of the command cannot be kept here.
    #[error("limit the process: {0}")]
    Limits(#[source] Unenforceable),
    /// The system has no process, descriptor or terminal left.
    #[error("get the resources for a process: {source}")]
    Resource {
        /// What the system said.
        source: io::Error,
    },
    /// The request can never work.
    #[error("start a process: {what}")]
    Invalid {
        /// What is wrong with it.
        what: &'static str,
    },
    /// As many trees live as may.
    #[error("start another process: {limit} are running")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The keeper went away before it had answered, or the host is shutting down. A later start
    /// may work.
    #[error("start a process: the keeper is gone")]
    KeeperLost,
    /// The keeper could not be started.
    #[error("start the keeper: {source}")]
    KeeperStart {
        /// What the system said.
        source: io::Error,
    },
}

/// A failed start as the keeper tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// This step failed with this error number.
    At(Stage, i32),
    /// The walls could not be raised; what was said.
    Walls(String),
    /// A limit cannot be kept.
    Limits(Unenforceable),
    /// The keeper is gone.
    Lost,
}

// === impl SpawnError ===

impl SpawnError {
    /// What the system said, if it was the system.
    pub fn source_error(&self) -> Option<&io::Error> {
        match self {
            Self::Program { source, .. }
            | Self::Directory { source, .. }
            | Self::Resource { source }
            | Self::KeeperStart { source } => Some(source),
            Self::Invalid { .. }
            | Self::TooMany { .. }
            | Self::KeeperLost
            | Self::Walls { .. }
            | Self::Limits(_) => None,
        }
    }

    pub(super) fn resource(errno: Errno) -> Self {
        Self::Resource {
            source: errno.into(),
        }
    }
}

// === impl Failure ===

impl Failure {
    /// A missing resource.
    pub(super) fn resource(errno: Errno) -> Self {
        Self::At(Stage::Resource, errno.raw_os_error())
    }

    /// What the keeper told.
    pub(super) fn new(stage: Stage, errno: i32, words: &[u8]) -> Self {
        if let (Stage::Limits, Some(limit)) = (stage, Unenforceable::from_bytes(words)) {
            return Self::Limits(limit);
        }
        let words = String::from_utf8_lossy(words);
        match stage {
            Stage::Walls if !words.trim().is_empty() => Self::Walls(words.trim().to_owned()),
            _ => Self::At(stage, errno),
        }
    }

    /// The error for the caller.
    pub(super) fn explain(self, program: OsString, directory: PathBuf) -> SpawnError {
        let (stage, errno) = match self {
            Self::At(stage, errno) => (stage, errno),
            Self::Walls(words) => return SpawnError::Walls { words },
            Self::Limits(limit) => return SpawnError::Limits(limit),
            Self::Lost => return SpawnError::KeeperLost,
        };
        let source = io::Error::from_raw_os_error(errno);
        match stage {
            Stage::Program => SpawnError::Program { program, source },
            Stage::Directory => SpawnError::Directory { directory, source },
            Stage::Resource | Stage::Limits => SpawnError::Resource { source },
            Stage::Walls => SpawnError::Walls {
                words: source.to_string(),
            },
        }
    }
}
