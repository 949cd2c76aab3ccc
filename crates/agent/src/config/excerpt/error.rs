//! Why configuration was not read. The texts are those that clients of the wire know.

use std::{fmt, path::Path};

use super::{MAX_PATHS, MAX_SEGMENTS};
use crate::config::project::TrustError;

/// Why [`read`](super::read) failed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No key was asked for.
    #[error("at least one config or requirements path is required")]
    NoPaths,
    /// A path has no segment, and would mean everything.
    #[error("TOML paths must contain at least one key segment")]
    EmptyPath,
    /// More is asked for than any client needs.
    #[error("at most {MAX_PATHS} TOML paths of at most {MAX_SEGMENTS} key segments are allowed")]
    TooManyPaths,
    /// A file is there, but cannot be read.
    #[error("failed to load executor-local config: {path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is not TOML.
    #[error("failed to load executor-local config: {0}")]
    Syntax(String),
    /// What is said of projects is not understood.
    #[error("failed to load executor-local config: {0}")]
    Projects(String),
    /// A key of the old managed file, which becomes a requirement, is not a text.
    #[error("failed to load executor-local config: {path}: {key} must be a string")]
    NotText {
        /// The file.
        path: String,
        /// The key.
        key: &'static str,
    },
}

impl ConfigError {
    /// Whether the request itself is at fault.
    pub fn is_invalid(&self) -> bool {
        matches!(self, Self::NoPaths | Self::EmptyPath | Self::TooManyPaths)
    }

    pub(super) fn unreadable(path: &Path, reason: &dyn fmt::Display) -> Self {
        Self::Unreadable {
            path: path.display().to_string(),
            reason: reason.to_string(),
        }
    }

    pub(super) fn trust(error: &TrustError) -> Self {
        Self::Projects(error.to_string())
    }

    pub(super) fn project(path: &Path, error: &toml::de::Error) -> Self {
        Self::Syntax(format!(
            "Error parsing project config file {}: {error}",
            path.display()
        ))
    }

    pub(super) fn requirements(path: &Path, error: &toml::de::Error) -> Self {
        Self::Syntax(format!(
            "failed to parse requirements layer {}: {error}",
            path.display()
        ))
    }
}
