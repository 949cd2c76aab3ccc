//! Configuration in layers: what the administrator, the user, a project and the command line say,
//! what it comes to, and who said it.
//!
//! From the lowest to the highest: the system's file, the user's, those of the trusted folders of
//! a project from its root down, the command line, and the administrator's old file. The user's
//! is the only one that is written. Requirements, which limit what configuration may say, come
//! from the system's folder alone.
//!
//! # What is always true
//!
//! *One truth for everybody.* What a broken file last said stays in force, for every reader the
//! same, with a warning that names the file and the place; a file that was broken from the start
//! says nothing. Only requirements that cannot be read at the start stop it: without them a
//! limit would be lifted that somebody relies on.
//!
//! *A file is old or new, whole*, whenever and however a writer ends, and a change touches only
//! its own lines.
//!
//! *Nothing is watched.* A file is looked at when its content is asked for. All functions block
//! on the file system, and read regular files of bounded size only.
//!
//! The module knows no wire: values are [`serde_json::Value`], and what is told to whom in which
//! words is decided by the server.

mod document;
mod edit;
pub mod excerpt;
mod fault;
pub(crate) mod files;
pub mod flags;
mod folders;
mod json;
mod known;
mod layers;
mod project;
mod read;
mod requirements;
mod said;
pub(crate) mod save;
#[cfg(test)]
mod testing;
mod warning;
mod write;

use std::path::{Component, Path, PathBuf};

use toml::Table;

pub(crate) use self::json::write_sorted;
pub use self::{
    edit::{Edit, EditError, KeyPathError, MergeStrategy},
    fault::{Fault, Position},
    files::{FILE_LIMIT, Standing},
    flags::FlagError,
    folders::ProjectFolder,
    json::NotToml,
    layers::{Disabled, Layer, Origin, Source},
    read::Snapshot,
    requirements::Requirements,
    said::Said,
    warning::Warning,
    write::{MAX_EDITS, Overridden, Write, WriteError, Written},
};
use self::{
    files::Files,
    known::{CONFIG, KNOWN, REQUIREMENTS},
};

/// The folders configuration is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The home folder of this program, absolute.
    pub home: PathBuf,
    /// What the administrator configured for all users, absolute.
    pub system: PathBuf,
}

impl Places {
    /// The user's file.
    pub fn user_file(&self) -> PathBuf {
        self.home.join("config.toml")
    }

    fn system_file(&self) -> PathBuf {
        self.system.join("config.toml")
    }

    fn managed_file(&self) -> PathBuf {
        self.system.join("managed_config.toml")
    }

    fn requirements_file(&self) -> PathBuf {
        self.system.join("requirements.toml")
    }
}

/// The configuration of a server. One value serves all threads.
#[derive(Debug)]
pub struct Configuration {
    places: Places,
    flags: Table,
    files: Files,
}

/// Why there is no configuration to work with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A flag is none.
    #[error("error parsing -c overrides: {0}")]
    Flag(#[from] FlagError),
    /// A flag sets what it may not.
    #[error("{0}")]
    Setting(String),
    /// What limits the configuration cannot be read.
    #[error("failed to read requirements: {0}")]
    Requirements(Fault),
}

impl Configuration {
    /// Configuration from `places`, with `flags` as the command line's `key=value`.
    ///
    /// # Errors
    ///
    /// Flags and requirements must be right; files of configuration need not be.
    pub fn open<S: AsRef<str>>(places: Places, flags: &[S]) -> Result<Self, OpenError> {
        let mut flags = flags::parse(flags)?;
        KNOWN
            .check(CONFIG, &flags, Some(&places.home))
            .map_err(|misfit| OpenError::Setting(misfit.to_string()))?;
        KNOWN.resolve(CONFIG, &mut flags, &places.home);
        let files = Files::default();
        for (file, shape) in [
            (places.requirements_file(), REQUIREMENTS),
            (places.managed_file(), CONFIG),
        ] {
            if let Some((fault, _)) = files.load(&file, shape).fault {
                return Err(OpenError::Requirements(fault.as_ref().clone()));
            }
        }
        Ok(Self {
            places,
            flags,
            files,
        })
    }

    /// Where the files are.
    pub fn places(&self) -> &Places {
        &self.places
    }
}

/// `path` below `base`, without `.` and `..`; links are not looked at.
fn absolute(base: &Path, path: &Path) -> PathBuf {
    let mut absolute = PathBuf::new();
    for component in base.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                absolute.pop();
            }
            other => absolute.push(other),
        }
    }
    absolute
}
