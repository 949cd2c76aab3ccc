//! The file system as a walk sees it.

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt as _,
    path::Path,
};

use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, openat};

use super::{Found, Source};
use crate::fs::{
    error::Outcome,
    facts::{Facts, Identity},
};

/// The file system. Unless links are followed, a directory that has become a link since it was met
/// is not read.
#[derive(Debug)]
pub(in crate::fs) struct Disk {
    pub(in crate::fs) follow: bool,
}

impl Source for Disk {
    type Id = Identity;

    fn kind(&self, path: &Path) -> Outcome<Found> {
        Ok(Facts::of(path, false)?.kind.into())
    }

    fn directory(&self, path: &Path) -> Outcome<Option<Identity>> {
        let facts = Facts::of(path, true)?;
        Ok(facts.is_dir().then_some(facts.id))
    }

    fn list(&self, path: &Path, each: &mut dyn FnMut(OsString, Found)) -> Outcome<()> {
        let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if !self.follow {
            flags |= OFlags::NOFOLLOW;
        }
        let mut listing = Dir::new(openat(CWD, path, flags, Mode::empty())?)?;
        while let Some(entry) = listing.read() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let kind = match entry.file_type() {
                // Some file systems do not tell; what is gone again was not there.
                FileType::Unknown => match Facts::at(listing.fd()?, name, false) {
                    Ok(facts) => facts.kind,
                    Err(_) => continue,
                },
                kind => kind,
            };
            each(name.to_owned(), kind.into());
        }
        Ok(())
    }
}

impl From<FileType> for Found {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            _ => Self::Special,
        }
    }
}
