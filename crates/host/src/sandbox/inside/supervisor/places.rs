//! Who makes something in a directory: the task itself, the supervisor, or nobody; and which names
//! nobody makes.
//!
//! A directory is known by its identity, not by its path: whichever way leads there. Landlock
//! goes the same way upwards to find what it grants, and keeps the identities from being used
//! again. Guarded names are known by their path as well: the directory they belong to may have
//! been removed and made again.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, FileType, IFlags, Mode, OFlags, Stat, StatVfsMountFlags},
    io::Errno,
};

use super::spot::{Spot, kind};
use crate::sandbox::{inside::landlock::Grants, seal::Seal};

/// How far up a directory's parents are looked at. Paths are shorter; only who goes down step by
/// step comes deeper, and is refused there.
const MAX_DEPTH: usize = 4096;

/// What a directory of `/proc` is made of. Who reads there sees its own.
const PROC: i64 = 0x9fa0;

/// Memory that processes share by name; the sandbox has its own.
const SHARED_MEMORY: &str = "/dev/shm";

/// Device and number: what a file is, whatever its name.
type Identity = (u64, u64);

/// Who makes something in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// The task: Landlock lets it.
    Native,
    /// The supervisor: Landlock refuses it although the policy permits it.
    Ours,
    /// Nobody.
    Outside,
}

/// What is known of places.
#[derive(Debug)]
pub(super) struct Places {
    grounds: HashMap<Identity, Ground>,
    /// The guarded names of a directory, by what it was at the start.
    names: HashMap<Identity, HashSet<OsString>>,
    /// The same by path.
    paths: HashMap<PathBuf, HashSet<OsString>>,
    /// Directories with guarded names, and all above them.
    bearers: HashSet<PathBuf>,
    /// Whether it is Landlock and not the mounts that keeps files from being changed.
    alone: bool,
}

// === impl Places ===

impl Places {
    pub(super) fn new(seal: &Seal, grants: &Grants) -> Self {
        let mut places = Self {
            grounds: HashMap::new(),
            names: HashMap::new(),
            paths: HashMap::new(),
            bearers: HashSet::new(),
            alone: !seal.namespaces,
        };
        for (granted, ground) in [
            (&grants.full, Ground::Native),
            // Last, so that what is both is the one with fewer rights.
            (&grants.partial, Ground::Ours),
        ] {
            let identities = granted.iter().map(|one| (one.device, one.inode));
            places
                .grounds
                .extend(identities.map(|identity| (identity, ground)));
        }
        // Landlock lets this be changed unless the seal says something else.
        if seal.namespaces
            && let Ok(stat) = rustix::fs::stat(SHARED_MEMORY)
        {
            let known = places.grounds.entry(identity(&stat));
            known.or_insert(Ground::Native);
        }
        for guarded in &seal.guarded {
            let names = guarded.names.iter().cloned();
            let directory = guarded.directory.clone();
            let ancestors = directory.ancestors().map(Path::to_path_buf);
            places.bearers.extend(ancestors);
            let of = grants.partial.iter().find(|one| one.path == directory);
            if let Some(one) = of {
                let known = places.names.entry((one.device, one.inode));
                known.or_default().extend(names.clone());
            }
            places.paths.entry(directory).or_default().extend(names);
        }
        places
    }

    /// Who makes something in this directory.
    pub(super) fn ground(&self, directory: BorrowedFd<'_>) -> Result<Ground, Errno> {
        let mut here = identity(&rustix::fs::fstat(directory)?);
        if let Some(ground) = self.grounds.get(&here) {
            return Ok(*ground);
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut above = rustix::fs::openat(directory, c"..", flags, Mode::empty())?;
        for _ in 0..MAX_DEPTH {
            let there = identity(&rustix::fs::fstat(&above)?);
            if let Some(ground) = self.grounds.get(&there) {
                return Ok(*ground);
            }
            if there == here {
                break;
            }
            here = there;
            above = rustix::fs::openat(&above, c"..", flags, Mode::empty())?;
        }
        Ok(Ground::Outside)
    }

    /// Whether nothing may come into being at this spot.
    pub(super) fn is_guarded(&self, spot: &Spot) -> Result<bool, Errno> {
        let directory = identity(&rustix::fs::fstat(&spot.parent)?);
        let name = OsStr::from_bytes(spot.bare());
        if let Some(names) = self.names.get(&directory)
            && matches(names, name, spot.parent.as_fd())
        {
            return Ok(true);
        }
        // What was there from the start is where it was, and has no other names.
        if self.grounds.contains_key(&directory) {
            return Ok(false);
        }
        let path = match path(spot) {
            // Longer than the way to any directory that was there at the start.
            Err(Errno::NAMETOOLONG) => return Ok(false),
            path => path?,
        };
        Ok(path.ancestors().any(|path| {
            let Some((directory, name)) = path.parent().zip(path.file_name()) else {
                return false;
            };
            let names = self.paths.get(directory);
            names.is_some_and(|names| matches(names, name, spot.parent.as_fd()))
        }))
    }

    /// Whether guarded names are in or below what is, or would be, at this spot. What is put there
    /// could bring them along.
    pub(super) fn bears(&self, spot: &Spot) -> Result<bool, Errno> {
        match path(spot) {
            Err(Errno::NAMETOOLONG) => Ok(false),
            path => Ok(self.bearers.contains(&path?)),
        }
    }

    /// Whether this is one of the directories in which the supervisor makes things since the
    /// start.
    pub(super) fn is_partial(&self, stat: &Stat) -> bool {
        self.grounds.get(&identity(stat)) == Some(&Ground::Ours)
    }

    /// Whether walls, and nothing else, keep this directory from being changed.
    pub(super) fn keeps(&self, directory: BorrowedFd<'_>) -> Result<bool, Errno> {
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        match rustix::fs::accessat(directory, c".", wanted, AtFlags::empty()) {
            Err(error) => Ok(error == Errno::ROFS),
            Ok(()) => Ok(self.ground(directory)? == Ground::Outside && !is_proc(directory)),
        }
    }

    /// Whether walls, and nothing else, keep this file from being changed.
    pub(super) fn keeps_file(&self, file: &OwnedFd) -> Result<bool, Errno> {
        let mount = rustix::fs::fstatvfs(file)?;
        if !self.alone && !mount.f_flag.contains(StatVfsMountFlags::RDONLY) {
            return Ok(false);
        }
        // By its name here: the call with a descriptor alone is not to be had everywhere.
        let name = format!("/proc/self/fd/{}", file.as_raw_fd());
        if let Err(error) = rustix::fs::access(name, Access::WRITE_OK) {
            return Ok(error == Errno::ROFS);
        }
        // Landlock alone could refuse it, by the way that leads to it.
        let stat = rustix::fs::fstat(file)?;
        if self.grounds.contains_key(&identity(&stat)) || is_proc(file.as_fd()) {
            return Ok(false);
        }
        let path = PathBuf::from(OsString::from_vec(place(file)?));
        let parent = match kind(&stat) {
            FileType::Directory => path.as_path(),
            _ => path.parent().ok_or(Errno::INVAL)?,
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let parent = rustix::fs::open(parent, flags, Mode::empty())?;
        Ok(self.ground(parent.as_fd())? == Ground::Outside)
    }
}

fn identity(stat: &Stat) -> Identity {
    (stat.st_dev, stat.st_ino)
}

fn is_proc(file: BorrowedFd<'_>) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|stat| stat.f_type == PROC)
}

/// The path of a file, as it is now.
fn place(file: &OwnedFd) -> Result<Vec<u8>, Errno> {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::readlink(link, Vec::new())?.into_bytes())
}

/// Where a spot is now.
fn path(spot: &Spot) -> Result<PathBuf, Errno> {
    let directory = PathBuf::from(OsString::from_vec(place(&spot.parent)?));
    Ok(directory.join(OsStr::from_bytes(spot.bare())))
}

/// Whether `name` is, in this directory, one of `names`. Where capitals make no difference, what
/// else makes none is for the file system to say, so there every name beyond ASCII is one.
fn matches(names: &HashSet<OsString>, name: &OsStr, directory: BorrowedFd<'_>) -> bool {
    if names.contains(name) {
        return true;
    }
    let alike = |guarded: &OsString| guarded.eq_ignore_ascii_case(name);
    (!name.is_ascii() || names.iter().any(alike)) && ignores_case(directory)
}

/// Whether a directory finds a file whatever the case of the letters. Where it cannot be asked,
/// it is one of a file system that has no such directories, or that of another system.
fn ignores_case(directory: BorrowedFd<'_>) -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(open) = rustix::fs::openat(directory, c".", flags, Mode::empty()) else {
        return true;
    };
    let foreign = rustix::fs::fstatfs(&open).is_ok_and(|stat| FOREIGN.contains(&stat.f_type));
    let folds = rustix::fs::ioctl_getflags(&open);
    foreign || folds.is_ok_and(|flags| flags.contains(CASEFOLD))
}

/// `FS_CASEFOLD_FL`.
const CASEFOLD: IFlags = IFlags::from_bits_retain(0x4000_0000);

/// File systems of other systems: FAT, exFAT, NTFS (two kinds), HFS and HFS+, SMB (two kinds).
const FOREIGN: [i64; 8] = [
    0x4d44,
    0x2011_bab0,
    0x5346_544e,
    0x7366_746e,
    0x4244,
    0x482b,
    0xff53_4d42,
    0xfe53_4d42,
];
