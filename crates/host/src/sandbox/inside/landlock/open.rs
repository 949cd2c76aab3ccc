//! Opening what a rule is about, without reading or changing it.

use std::{io, os::fd::OwnedFd, path::Path};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags, openat2},
    io::Errno,
};

/// What is done at a symbolic link anywhere in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Links {
    /// It is followed.
    Follow,
    /// The path counts as missing. For whatever gives a right to change: a link that somebody put
    /// there meanwhile must not move that right elsewhere.
    Refuse,
}

/// A descriptor that only names; `None` when nothing is there for us.
pub(in super::super) fn open(path: &Path, links: Links) -> io::Result<Option<OwnedFd>> {
    let resolve = match links {
        Links::Follow => ResolveFlags::empty(),
        Links::Refuse => ResolveFlags::NO_SYMLINKS,
    };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    missing(openat2(CWD, path, flags, Mode::empty(), resolve))
}

/// Makes a `None` of the errors that mean that nothing is there for us.
pub(super) fn missing<T>(result: Result<T, Errno>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
