//! What can be wrong with a configuration.

use std::path::PathBuf;

use crate::AddressError;

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is there and cannot be read.
    #[error("failed to read {path}: {words}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        words: String,
    },
    /// Something is wrong in the file.
    #[error("{path}: {error}")]
    In {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Box<Self>,
    },
    /// A variable does not hold an address.
    #[error("{variable}: {error}")]
    Variable {
        /// The variable.
        variable: &'static str,
        /// What is wrong.
        error: AddressError,
    },
    /// Not TOML, a key nobody knows, or a value of the wrong kind.
    #[error("line {line}: {words}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong. The line itself is not shown: it may hold a token.
        words: String,
    },
    /// The default is not one of the environments.
    #[error("default environment `{name}` is not configured")]
    UnknownDefault {
        /// The default.
        name: String,
    },
    /// An id that cannot be one.
    #[error("environment id `{id}` {words}")]
    Id {
        /// As given.
        id: String,
        /// What is wrong with it.
        words: &'static str,
    },
    /// An entry contradicts itself.
    #[error("environment `{id}`: {words}")]
    Entry {
        /// Whose.
        id: String,
        /// What is wrong with it.
        words: String,
    },
}
