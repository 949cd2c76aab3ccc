//! Where a name lives: an open directory and one name in it.
//!
//! Every change is made relative to a directory that is already open, so what happens to the path
//! above it in the meantime does not matter: nobody can lead a write elsewhere by swapping a
//! directory for a link. Without `follow` no component of a path may be a symbolic link: one above
//! the name fails with "Not a directory", the name itself as each call decides.

use std::{
    ffi::{OsStr, OsString},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStringExt as _,
    },
    path::{Component, Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags, openat, readlinkat},
    io::{Errno, Result},
};

use super::facts::Facts;

/// How many links in a row a name may be, as in the kernel.
const MAX_LINKS: u32 = 40;

/// To hold a directory without reading it: only the right to pass through it is needed.
const HOLD: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// One name in one open directory. The name is never empty and holds no slash.
#[derive(Debug)]
pub(super) struct Place {
    dir: OwnedFd,
    name: OsString,
}

impl Place {
    /// The place an absolute path names. Its directory must exist, the name need not.
    pub(super) fn of(path: &Path, follow: bool) -> Result<Self> {
        Self::from(CWD, path, follow)
    }

    fn from(base: impl AsFd, path: &Path, follow: bool) -> Result<Self> {
        let (above, name) = match (path.parent(), path.file_name()) {
            (Some(above), Some(name)) => (above, name),
            // The root, or a path that ends in `..`: the directory itself, under its own name.
            _ => (path, OsStr::new(".")),
        };
        let dir = if follow {
            let above = if above.as_os_str().is_empty() {
                Path::new(".")
            } else {
                above
            };
            openat(base, above, HOLD, Mode::empty())?
        } else {
            open_directory(base, above)?
        };
        Ok(Self {
            dir,
            name: name.to_owned(),
        })
    }

    /// The place of `name` in a directory that is already open.
    pub(super) fn within(dir: OwnedFd, name: OsString) -> Self {
        Self { dir, name }
    }

    pub(super) fn dir(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }

    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }

    /// What is there now; a link is a link.
    pub(super) fn facts(&self) -> Result<Facts> {
        Facts::at(&self.dir, &self.name, false)
    }

    /// Opens what is there, never through a link, never waiting for the other end of a pipe, never
    /// taking a terminal.
    pub(super) fn open(&self, flags: OFlags) -> Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        openat(&self.dir, &self.name, flags, Mode::empty())
    }

    /// Where the links at this name lead in the end, and what is there; `None` if nothing is, yet.
    pub(super) fn resolve(mut self) -> Result<(Self, Option<Facts>)> {
        for _ in 0..=MAX_LINKS {
            match self.facts() {
                Err(Errno::NOENT) => return Ok((self, None)),
                Err(errno) => return Err(errno),
                Ok(facts) if !facts.is_link() => return Ok((self, Some(facts))),
                Ok(_) => match readlinkat(&self.dir, &self.name, Vec::new()) {
                    Ok(target) => {
                        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                        self = Self::from(&self.dir, &target, true)?;
                    }
                    // It was replaced between the two questions; ask again.
                    Err(Errno::NOENT | Errno::INVAL) => {}
                    Err(errno) => return Err(errno),
                },
            }
        }
        Err(Errno::LOOP)
    }
}

/// Opens a directory below `base`, refusing every link on the way with `ENOTDIR`.
pub(super) fn open_directory(base: impl AsFd, path: &Path) -> Result<OwnedFd> {
    let start = if path.has_root() { "/" } else { "." };
    let mut dir = openat(base, start, HOLD, Mode::empty())?;
    for component in path.components() {
        let name = match component {
            Component::Normal(name) => name,
            Component::ParentDir => OsStr::new(".."),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
        };
        dir = step(&dir, name)?;
    }
    Ok(dir)
}

/// Opens the directory `name` in `dir`; `ENOTDIR` if it is a link or anything else.
pub(super) fn step(dir: impl AsFd, name: &OsStr) -> Result<OwnedFd> {
    openat(dir, name, HOLD | OFlags::NOFOLLOW, Mode::empty())
}
