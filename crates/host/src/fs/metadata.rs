//! What a path is, and what it is really called.

use std::path::{Path, PathBuf};

use super::{
    error::{Cause, Outcome},
    facts::Facts,
    place::Place,
};

/// What a path leads to. Neither file nor directory means a pipe, socket or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// It leads to a directory.
    pub is_dir: bool,
    /// It leads to a regular file.
    pub is_file: bool,
    /// The path itself is a symbolic link; the other members speak of what it leads to.
    pub is_symlink: bool,
    /// Bytes.
    pub size: u64,
    /// Milliseconds since 1970; 0 where the file system does not keep it.
    pub created_ms: i64,
    /// Milliseconds since 1970; negative before.
    pub modified_ms: i64,
}

/// Without `follow`, a symbolic link anywhere in the path is refused.
pub(super) fn metadata(path: &Path, follow: bool) -> Outcome<Metadata> {
    if !follow {
        let facts = Place::of(path, false)?.facts()?;
        if facts.is_link() {
            return Err(Cause::contains_link());
        }
        return Ok(Metadata::of(&facts, false));
    }
    let own = Facts::of(path, false)?;
    if !own.is_link() {
        return Ok(Metadata::of(&own, false));
    }
    Ok(Metadata::of(&Facts::of(path, true)?, true))
}

/// The path without links, `.` and `..`. It must exist.
pub(super) fn canonicalize(path: &Path) -> Outcome<PathBuf> {
    Ok(path.canonicalize()?)
}

impl Metadata {
    fn of(facts: &Facts, is_symlink: bool) -> Self {
        Self {
            is_dir: facts.is_dir(),
            is_file: facts.is_file(),
            is_symlink,
            size: facts.size,
            created_ms: facts.created_ms,
            modified_ms: facts.modified_ms,
        }
    }
}
