//! Groups of cgroup v2: one per keeper, one leaf in it per command.
//!
//! What counts is membership: a child of a member is a member, whatever it calls, and one write
//! ends them all. Controllers are only used for commands that are bounded (`controllers`). The
//! keeper's group lies beside the keeper, below the group it was started in (or, where that can
//! bound nobody, in the one above: see `place`), and is held by a lock on its directory: whoever
//! can take the lock knows that the keeper is dead, without trusting a process id.
//!
//! Limits: a command that may write to the cgroup tree (root, mostly) can move itself out of its
//! leaf. It is then ended with the keeper, of which it stays a descendant, but not with its
//! command.

pub(crate) mod controllers;
mod place;

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io,
    io::Write,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{AtFlags, FlockOperation, Mode, OFlags, flock},
    io::Errno,
};

use self::place::{Hierarchy, beside_or_below, locate};

/// How every group of a keeper begins.
const PREFIX: &str = "outpost-";

/// How long leftovers of a dead keeper may take to end once they were killed. They are gone within
/// milliseconds unless a disk hangs; a new keeper does not wait for that.
const LEFTOVERS_END: Duration = Duration::from_secs(2);

/// How often a group is looked at while its members end. Its events say when they have, but nobody
/// is told who waits for the events of a group that somebody else removes at that moment.
const LOOK: Duration = Duration::from_millis(20);

/// How often a new group may lose its directory to another keeper that is just clearing up.
const ATTEMPTS: u32 = 3;

/// The group of one keeper.
#[derive(Debug)]
pub(crate) struct Group {
    path: PathBuf,
    /// Locked as long as it is open.
    _held: OwnedFd,
}

// === impl Group ===

impl Group {
    /// Makes a group below the one this process is in, or beside it, after clearing what dead
    /// keepers left there.
    ///
    /// # Errors
    /// When there is no cgroup v2, when it may not be written, or when its kernel has no
    /// `cgroup.kill`.
    pub(crate) fn create() -> io::Result<Self> {
        let (mounts, own) = (
            fs::read("/proc/self/mountinfo")?,
            fs::read("/proc/self/cgroup")?,
        );
        let own = locate(&mounts, &own, Hierarchy::Unified).ok_or(io::ErrorKind::NotFound)?;
        let above = beside_or_below(own);
        clear_leftovers(&above);
        let mut attempt = 0;
        loop {
            attempt += 1;
            match Self::create_below(&above) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
                result => return result,
            }
        }
    }

    fn create_below(above: &Path) -> io::Result<Self> {
        let path = above.join(new_name());
        fs::create_dir(&path)?;
        let held = lock(&path).inspect_err(|_| {
            remove(&path);
        })?;
        Ok(Self { path, _held: held })
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the leaf of a command.
    pub(crate) fn make_leaf(&self, id: u64) -> io::Result<OwnedFd> {
        let path = self.leaf(id);
        fs::create_dir(&path)?;
        open_directory(&path)
    }

    /// Ends every member of a leaf, also those that are being forked at this moment.
    pub(crate) fn kill_leaf(&self, id: u64) -> io::Result<()> {
        kill(&self.leaf(id))
    }

    /// Removes a leaf, with whatever groups were made below it. `false` when it has members.
    pub(crate) fn remove_leaf(&self, id: u64) -> bool {
        remove(&self.leaf(id))
    }

    /// A descriptor that has priority data whenever the leaf may have become empty.
    pub(crate) fn leaf_events(&self, id: u64) -> io::Result<OwnedFd> {
        events(&self.leaf(id))
    }

    /// The members of a leaf, as process ids that were right a moment ago.
    pub(crate) fn leaf_members(&self, id: u64) -> Vec<u32> {
        let mut members = Vec::new();
        collect_members(&self.leaf(id), &mut members);
        members
    }

    /// Ends every member of every leaf.
    pub(crate) fn kill_all(&self) -> io::Result<()> {
        kill(&self.path)
    }

    /// Removes the group. `false` when something in it is alive.
    pub(crate) fn remove(&self) -> bool {
        remove(&self.path)
    }

    /// Where the leaf of a command lies.
    pub(crate) fn leaf(&self, id: u64) -> PathBuf {
        self.path.join(id.to_string())
    }
}

/// Kills whatever lives in the group at `path` and removes it, waiting for its members to go.
/// Blocks, for at most `patience`. `false` when something was still alive then.
pub(crate) fn end(path: &Path, patience: Duration) -> bool {
    if kill(path).is_err() {
        return !path.exists();
    }
    let Ok(events) = events(path) else {
        return !path.exists();
    };
    let mut fds = [PollFd::new(&events, PollFlags::PRI)];
    let look = Timespec::try_from(LOOK).expect("some milliseconds can be said in any way");
    let mut looks = patience.as_millis() / LOOK.as_millis();
    // Reading the file is what arms the next event.
    while is_populated(&events) {
        if looks == 0 {
            return false;
        }
        looks -= 1;
        match poll(&mut fds, Some(&look)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    remove(path)
}

fn clear_leftovers(above: &Path) {
    let Ok(entries) = fs::read_dir(above) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let ours = entry.file_name().as_bytes().starts_with(PREFIX.as_bytes());
        let Some(held) = ours.then(|| open_directory(&path).ok()).flatten() else {
            continue;
        };
        // Its keeper holds the lock as long as it lives.
        if flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok() {
            end(&path, LEFTOVERS_END);
        }
    }
}

/// A name for the group of this keeper that no other has.
fn new_name() -> String {
    let random = RandomState::new().hash_one(());
    format!("{PREFIX}{}-{random:016x}", std::process::id())
}

/// Locks a new group. Fails when another keeper took it for a leftover before it was locked, and
/// when the kernel is too old to kill by group.
fn lock(path: &Path) -> io::Result<OwnedFd> {
    let held = lock_new(path)?;
    fs::metadata(path.join("cgroup.kill"))?;
    Ok(held)
}

/// Locks a new group. Fails when another keeper took it for a leftover before it was locked.
fn lock_new(path: &Path) -> io::Result<OwnedFd> {
    let held = open_directory(path)?;
    flock(&held, FlockOperation::LockExclusive)?;
    // The lock may have been waited for while the directory was removed.
    fs::metadata(path.join("cgroup.procs"))?;
    Ok(held)
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

fn kill(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .open(path.join("cgroup.kill"))?
        .write_all(b"1")
}

fn events(path: &Path) -> io::Result<OwnedFd> {
    Ok(fs::File::open(path.join("cgroup.events"))?.into())
}

/// Whether a group had members when its events, opened by [`Group::leaf_events`], are read here.
/// Reading arms the next event. A group that was removed has none.
pub(crate) fn is_populated(events: &OwnedFd) -> bool {
    let mut text = [0; 128];
    let length = rustix::io::pread(events, &mut text, 0).unwrap_or(0);
    text[..length]
        .split(|byte| *byte == b'\n')
        .any(|line| line == b"populated 1")
}

/// Removes a group and those below it. `false` when one of them has members.
fn remove(path: &Path) -> bool {
    match rustix::fs::unlinkat(rustix::fs::CWD, path, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => true,
        // Members, or groups below. Those are only looked at when nothing in them is alive.
        Err(Errno::BUSY | Errno::NOTEMPTY) if events(path).is_ok_and(|e| !is_populated(&e)) => {
            subgroups(path).iter().all(|below| remove(below)) && fs::remove_dir(path).is_ok()
        }
        Err(_) => false,
    }
}

fn subgroups(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let directories = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()));
    directories.map(|entry| entry.path()).collect()
}

fn collect_members(path: &Path, members: &mut Vec<u32>) {
    let list = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    // Zero stands for a process in a namespace that is not visible from here.
    members.extend(
        list.lines()
            .filter_map(|line| line.parse::<u32>().ok())
            .filter(|pid| *pid != 0),
    );
    for below in subgroups(path) {
        collect_members(&below, members);
    }
}
