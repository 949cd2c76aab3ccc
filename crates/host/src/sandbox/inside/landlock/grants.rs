//! Which directories give all rights, and which give none to make or move anything in them.
//!
//! A right that Landlock gives to a directory holds for everything below, and cannot be taken
//! back there. So a directory with guarded names and each one above it, up to the root that may
//! be changed, give only what does not bring names into being (*partial*); every other directory
//! directly within one of these gives everything (*full*). Rights belong to the directory itself,
//! not to its name: they move with it.
//!
//! Bounded: of one directory at most [`LISTED`] others are given full rights, after at most
//! [`READ`] entries were looked at, and of all together [`ALL_LISTED`]. One that is left out is
//! safe: what happens in it takes the way over the supervisor. In a directory that belongs to
//! everybody (its sticky bit is set, as that of `/tmp`) none is looked for: there are many, and
//! a command works in those that it makes itself.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::{CStr, OsStr},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use rustix::fs::{FileType, Mode, OFlags, RawDir, fstat, openat};

use super::open::{Links, missing, open};
use crate::sandbox::seal::Seal;

/// Directories that are given full rights within one that is partial. Each costs a few
/// microseconds at the start of every command.
pub(crate) const LISTED: usize = 256;

/// Entries of one partial directory that are looked at.
pub(crate) const READ: usize = 4096;

/// Directories that are given full rights within all that are partial.
pub(crate) const ALL_LISTED: usize = 2048;

/// The room for the entries of a directory in one call.
const ENTRIES: usize = 16 * 1024;

/// What a directory gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everything.
    Full,
    /// Everything but making, and moving in and out.
    Partial,
}

/// A directory and the rights that begin at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    /// Where it was when the rights were given.
    pub(crate) path: PathBuf,
    /// The number of its device.
    pub(crate) device: u64,
    /// Its number there. It is not used again as long as the rights hold.
    pub(crate) inode: u64,
}

/// Where something may be made without anybody's help, and where not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    /// These give all rights, and so does everything below.
    pub(crate) full: Vec<Granted>,
    /// In these themselves nothing can be made natively, nor in what came into being there since.
    pub(crate) partial: Vec<Granted>,
}

// === impl Grants ===

impl Grants {
    pub(super) fn add(&mut self, granted: Granted, kind: Kind) {
        match kind {
            Kind::Full => self.full.push(granted),
            Kind::Partial => self.partial.push(granted),
        }
    }
}

/// What [`survey`] tells of each place that may be changed.
pub(super) type Visit<'a> = dyn FnMut(BorrowedFd<'_>, Granted, Kind) -> io::Result<()> + 'a;

/// Finds every place at which rights to change begin. What is missing is left out.
pub(super) fn survey(seal: &Seal, visit: &mut Visit<'_>) -> io::Result<()> {
    let partial = partial(seal);
    let mut identities = HashSet::new();
    let mut searched = Vec::new();
    for path in &partial {
        if let Some(fd) = open(path, Links::Refuse)? {
            let granted = identify(fd.as_fd(), path.clone())?;
            identities.insert((granted.device, granted.inode));
            if !Mode::from_raw_mode(fstat(&fd)?.st_mode).contains(Mode::SVTX) {
                searched.push(path);
            }
            visit(fd.as_fd(), granted, Kind::Partial)?;
        }
    }
    // Another name of a partial directory must not undo what it lacks.
    let mut full = |fd: OwnedFd, path: PathBuf| {
        let granted = identify(fd.as_fd(), path)?;
        if identities.contains(&(granted.device, granted.inode)) {
            return Ok(false);
        }
        visit(fd.as_fd(), granted, Kind::Full)?;
        Ok(true)
    };
    for path in seal.write.iter().filter(|path| !partial.contains(*path)) {
        if let Some(fd) = open(path, Links::Refuse)? {
            full(fd, path.clone())?;
        }
    }
    let mut left = ALL_LISTED;
    for path in searched {
        left -= within(path, left.min(LISTED), &mut full)?;
    }
    Ok(())
}

/// Every directory that is partial: pure.
pub(super) fn partial(seal: &Seal) -> BTreeSet<PathBuf> {
    let below = |path: &Path| seal.write.iter().any(|root| path.starts_with(root));
    seal.guarded
        .iter()
        .flat_map(|guarded| guarded.directory.ancestors())
        .filter(|path| below(path))
        .map(Path::to_path_buf)
        .collect()
}

/// Tells at most `most` of the directories within `path`; how many they were.
fn within(
    path: &Path,
    most: usize,
    full: &mut dyn FnMut(OwnedFd, PathBuf) -> io::Result<bool>,
) -> io::Result<usize> {
    let mut found = 0;
    entries(path, &mut |directory, name, kind| {
        if found == most || !matches!(kind, FileType::Directory | FileType::Unknown) {
            return Ok(found < most);
        }
        // Whatever is there by now, a link is not followed.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let child = openat(directory, name, flags, Mode::empty());
        if let Some(child) = missing(child)? {
            let name = OsStr::from_bytes(name.to_bytes());
            found += usize::from(full(child, path.join(name))?);
        }
        Ok(found < most)
    })?;
    Ok(found)
}

/// What is told of each entry of a directory; whether to go on.
pub(super) type Entry<'a> = dyn FnMut(BorrowedFd<'_>, &CStr, FileType) -> io::Result<bool> + 'a;

/// Tells at most [`READ`] entries of a directory; none where it may not be read.
pub(super) fn entries(path: &Path, visit: &mut Entry<'_>) -> io::Result<()> {
    let Some(named) = open(path, Links::Refuse)? else {
        return Ok(());
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Some(directory) = missing(openat(&named, c".", flags, Mode::empty()))? else {
        return Ok(());
    };
    let mut buffer = Vec::with_capacity(ENTRIES);
    let mut entries = RawDir::new(&directory, buffer.spare_capacity_mut());
    let mut left = READ;
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Some(fewer) = left.checked_sub(1) else {
            break;
        };
        left = fewer;
        if !visit(directory.as_fd(), name, entry.file_type())? {
            break;
        }
    }
    Ok(())
}

fn identify(fd: BorrowedFd<'_>, path: PathBuf) -> io::Result<Granted> {
    let stat = fstat(fd)?;
    let (device, inode) = (stat.st_dev, stat.st_ino);
    Ok(Granted {
        path,
        device,
        inode,
    })
}
