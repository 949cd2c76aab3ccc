//! Where a path leads: a directory that is held open, and one name in it.
//!
//! Once the directory is held, nobody can put another in its place; what is then done with the
//! name is done there and nowhere else.

use std::{
    ffi::{CStr, CString},
    os::fd::OwnedFd,
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat},
    io::Errno,
};

use super::task::Named;

/// How many symbolic links are followed at the end of a path; the kernel's own number.
const MAX_LINKS: usize = 40;

/// A name in a directory.
#[derive(Debug)]
pub(super) struct Spot {
    /// The directory.
    pub(super) parent: OwnedFd,
    /// One component, with a slash behind it if there was one.
    pub(super) name: CString,
}

// === impl Spot ===

impl Spot {
    /// Where a path leads without following a link at its end. Fails where the end is no name
    /// (`.`, `..`, the root), where the way leads over a link of `/proc` that only the task itself
    /// can follow, and where there is no such directory.
    pub(super) fn find(named: Named) -> Result<Self, Errno> {
        let (parent, name) = split(named.path.as_bytes()).ok_or(Errno::INVAL)?;
        let name = CString::new(name).map_err(|_| Errno::INVAL)?;
        let parent = match parent {
            b"" => named.base.ok_or(Errno::INVAL)?,
            parent => rustix::fs::openat2(
                named.base(),
                parent,
                OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
                ResolveFlags::NO_MAGICLINKS,
            )?,
        };
        Ok(Self { parent, name })
    }

    /// Where a path leads, links at its end followed, and what is there, if something is.
    pub(super) fn follow(mut named: Named) -> Result<(Self, Option<Stat>), Errno> {
        for _ in 0..=MAX_LINKS {
            let spot = Self::find(named)?;
            match spot.look()? {
                Some(stat) if kind(&stat) == FileType::Symlink => named = spot.through(&stat)?,
                stat => return Ok((spot, stat)),
            }
        }
        Err(Errno::LOOP)
    }

    /// What a path leads to, held as a place. Fails in the same cases, and where nothing is there.
    pub(super) fn open(named: &Named) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let resolve = ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(named.base(), &named.path, flags, Mode::empty(), resolve)
    }

    /// What is there, if something is.
    pub(super) fn look(&self) -> Result<Option<Stat>, Errno> {
        match rustix::fs::statat(&self.parent, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the link here leads, unless the kernel may have reasons not to follow it: somebody
    /// else's in a directory that everybody may write to.
    fn through(self, link: &Stat) -> Result<Named, Errno> {
        let directory = rustix::fs::fstat(&self.parent)?;
        let shared = directory.st_mode & 0o1002 == 0o1002;
        let mine = link.st_uid == rustix::process::geteuid().as_raw();
        if self.has_slash() || (shared && !mine && link.st_uid != directory.st_uid) {
            return Err(Errno::ACCESS);
        }
        let path = rustix::fs::readlinkat(&self.parent, &self.name, Vec::new())?;
        match path.is_empty() {
            true => Err(Errno::NOENT),
            false => Ok(Named {
                base: Some(self.parent),
                path,
            }),
        }
    }

    /// The name without a slash.
    pub(super) fn bare(&self) -> &[u8] {
        let bytes = self.name.to_bytes();
        bytes.strip_suffix(b"/").unwrap_or(bytes)
    }

    /// Whether only a directory may be here.
    pub(super) fn has_slash(&self) -> bool {
        self.name.to_bytes().ends_with(b"/")
    }

    /// The name as the kernel takes it.
    pub(super) fn name(&self) -> &CStr {
        &self.name
    }
}

/// What something is.
pub(super) fn kind(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// What is before the last name of a path, and that name, with one slash if any were behind it.
/// `None` where a path ends in no name.
fn split(path: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let end = path.iter().rposition(|&byte| byte != b'/')? + 1;
    let trimmed = &path[..end];
    let start = trimmed.iter().rposition(|&byte| byte == b'/');
    let start = start.map_or(0, |slash| slash + 1);
    let (parent, name) = trimmed.split_at(start);
    if name == b"." || name == b".." {
        return None;
    }
    let slash: &[u8] = if end < path.len() { b"/" } else { b"" };
    Some((parent, [name, slash].concat()))
}
