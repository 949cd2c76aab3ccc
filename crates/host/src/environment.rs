//! What this computer is, and what its owner has put on it: shell and folders, skills and plugins.
//!
//! Everything here is read on request and nothing is kept. The functions block on the file system
//! and read only regular files of bounded size, so a FIFO or a huge file cannot hold a thread for
//! long; a caller on a runtime runs them on a blocking thread.

pub mod capability;
mod describe;
mod passwd;
mod shell;
mod text_file;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

pub use self::{
    describe::{Description, Facts},
    passwd::Account,
    shell::Shell,
};

/// Describes this computer as this process sees it. `prepend_path_dirs` are the folders that
/// commands find before those of `PATH`. Cheap, but not free: callers keep the answer.
pub fn describe(prepend_path_dirs: Vec<PathBuf>) -> Description {
    Description::new(&Facts::of_this_process(), prepend_path_dirs)
}

/// The folders configuration and capabilities are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The home folder of this program; see [`home`].
    pub home: PathBuf,
    /// The user's home folder, if there is one.
    pub user_home: Option<PathBuf>,
    /// What the administrator configured for all users.
    pub system: PathBuf,
}

/// Where the administrator's configuration stands. The name is that of the client's program: one
/// set of rules holds for a computer, whoever runs the commands.
pub const SYSTEM_FOLDER: &str = "/etc/codex";

impl Places {
    /// The places of the computer `description` describes.
    pub fn of(description: &Description) -> Self {
        Self {
            home: description.home.clone(),
            user_home: description.user_home.clone(),
            system: PathBuf::from(SYSTEM_FOLDER),
        }
    }
}

/// The home folder of this program: `OUTPOST_HOME`, else `CODEX_HOME`, else `.outpost` in the
/// user's home. An empty variable counts as unset; a relative one is relative to `cwd`.
pub fn home(
    outpost_home: Option<&OsStr>,
    codex_home: Option<&OsStr>,
    user_home: &Path,
    cwd: &Path,
) -> PathBuf {
    [outpost_home, codex_home]
        .into_iter()
        .flatten()
        .find(|value| !value.is_empty())
        .map_or_else(|| user_home.join(".outpost"), |value| cwd.join(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_home_folder_is_found_in_order() {
        let home = |outpost: Option<&str>, codex: Option<&str>| {
            let (outpost, codex) = (outpost.map(OsStr::new), codex.map(OsStr::new));
            home(outpost, codex, Path::new("/home/u"), Path::new("/w"))
        };
        assert_eq!(home(Some("/o"), Some("/c")), Path::new("/o"));
        assert_eq!(home(Some(""), Some("/c")), Path::new("/c"));
        assert_eq!(home(None, Some("c")), Path::new("/w/c"));
        assert_eq!(home(None, Some("")), Path::new("/home/u/.outpost"));
        assert_eq!(home(None, None), Path::new("/home/u/.outpost"));
    }
}
