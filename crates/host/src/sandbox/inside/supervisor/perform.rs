//! Making what the task asked for, in its place: the same call, on a directory that is held open
//! and a copy of the name.
//!
//! Only where Landlock would refuse the task although the policy permits it. The mounts and the
//! file's permissions are asked by the kernel as they would be for the task, which has the same
//! user and sees the same tree. Nothing here waits: what is there and could make an open wait is
//! left to the task.

use std::{
    ffi::CStr,
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags},
    io::Errno,
};

use super::{
    spot::{Spot, kind},
    task::Task,
};

/// What is taken over from the flags of an open. What else there is means nothing for a file, or
/// is decided before.
const TAKEN: OFlags = OFlags::ACCMODE
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::TRUNC)
    .union(OFlags::APPEND)
    .union(OFlags::SYNC)
    .union(OFlags::DSYNC)
    .union(OFlags::DIRECT)
    .union(OFlags::NOATIME)
    .union(OFlags::LARGEFILE);

/// The bits of a mode that a task may ask for.
const PERMISSIONS: u32 = 0o7777;

/// Why a call was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unmade {
    /// The kernel refused it, and would have refused the task.
    Refused(Errno),
    /// Something came in between that is the task's own business.
    Yours,
}

impl From<Errno> for Unmade {
    fn from(error: Errno) -> Self {
        Self::Refused(error)
    }
}

/// Makes a file that was not there and opens it. Links are not followed.
pub(super) fn create(
    task: &Task<'_>,
    spot: &Spot,
    flags: OFlags,
    mode: u32,
) -> Result<OwnedFd, Unmade> {
    let taken = flags & (TAKEN | OFlags::NONBLOCK);
    let ours = OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::openat(&spot.parent, spot.name(), taken | ours, masked(task, mode)?) {
        // Only who wanted to be the first is to know.
        Err(Errno::EXIST) if !flags.contains(OFlags::EXCL) => Err(Unmade::Yours),
        result => Ok(result?),
    }
}

/// Opens a file that was there, or makes it if it is no more. Links are not followed.
pub(super) fn open(
    task: &Task<'_>,
    spot: &Spot,
    flags: OFlags,
    mode: u32,
) -> Result<OwnedFd, Unmade> {
    // A pipe or a lease that somebody puts there must not make us wait.
    let ours = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mode = masked(task, mode)?;
    let file = match rustix::fs::openat(&spot.parent, spot.name(), flags & TAKEN | ours, mode) {
        Err(Errno::LOOP | Errno::NXIO | Errno::AGAIN) => return Err(Unmade::Yours),
        result => result?,
    };
    if kind(&rustix::fs::fstat(&file)?) != FileType::RegularFile {
        return Err(Unmade::Yours);
    }
    if !flags.contains(OFlags::NONBLOCK) {
        let now = rustix::fs::fcntl_getfl(&file)?;
        rustix::fs::fcntl_setfl(&file, now - OFlags::NONBLOCK)?;
    }
    Ok(file)
}

/// Makes a directory.
pub(super) fn make_directory(task: &Task<'_>, spot: &Spot, mode: u32) -> Result<(), Unmade> {
    let mode = masked(task, mode)?;
    Ok(rustix::fs::mkdirat(&spot.parent, spot.name(), mode)?)
}

/// Makes a file, a named pipe or a socket's name. Devices are the kernel's to refuse.
pub(super) fn make_node(task: &Task<'_>, spot: &Spot, mode: u32) -> Result<(), Unmade> {
    let kind = match FileType::from_raw_mode(mode) {
        kind @ (FileType::RegularFile | FileType::Fifo | FileType::Socket) => kind,
        // No kind at all is a file.
        _ if mode & !PERMISSIONS == 0 => FileType::RegularFile,
        _ => return Err(Unmade::Yours),
    };
    let mode = masked(task, mode)?;
    Ok(rustix::fs::mknodat(
        &spot.parent,
        spot.name(),
        kind,
        mode,
        0,
    )?)
}

/// Makes a symbolic link.
pub(super) fn symlink(target: &CStr, spot: &Spot) -> Result<(), Unmade> {
    Ok(rustix::fs::symlinkat(target, &spot.parent, spot.name())?)
}

/// Gives a file another name. It is what the first spot names, a link there not followed.
pub(super) fn link(from: &Spot, to: &Spot) -> Result<(), Unmade> {
    let flags = AtFlags::empty();
    Ok(rustix::fs::linkat(
        &from.parent,
        from.name(),
        &to.parent,
        to.name(),
        flags,
    )?)
}

/// Gives a file that the task has open another name.
pub(super) fn link_open(file: &OwnedFd, to: &Spot) -> Result<(), Unmade> {
    let from = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    let flags = AtFlags::SYMLINK_FOLLOW;
    Ok(rustix::fs::linkat(CWD, from, &to.parent, to.name(), flags)?)
}

/// Gives something another name and takes its old one.
pub(super) fn rename(from: &Spot, to: &Spot, flags: RenameFlags) -> Result<(), Unmade> {
    Ok(rustix::fs::renameat_with(
        &from.parent,
        from.name(),
        &to.parent,
        to.name(),
        flags,
    )?)
}

/// The mode asked for. What the task's umask takes away the kernel does, for this thread has the
/// same from here on: a directory's default permissions take its place.
fn masked(task: &Task<'_>, mode: u32) -> Result<Mode, Unmade> {
    let umask = task.umask().map_err(|_| Unmade::Yours)?;
    // Its number could have become another's.
    task.still_waits().map_err(|_| Unmade::Yours)?;
    rustix::process::umask(umask);
    Ok(Mode::from_raw_mode(mode & PERMISSIONS))
}
