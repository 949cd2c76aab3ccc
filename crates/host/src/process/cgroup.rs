//! Groups of cgroup v2: one per keeper, one leaf in it per command.
//!
//! No controller is used, only membership: a child of a member is a member, whatever it calls, and
//! one write ends them all. The keeper's group lies beside the keeper, below the group it was
//! started in, and is held by a lock on its directory: whoever can take the lock knows that the
//! keeper is dead, without trusting a process id.
//!
//! Limits: a command that may write to the cgroup tree (root, mostly) can move itself out of its
//! leaf. It is then ended with the keeper, of which it stays a descendant, but not with its
//! command.

use std::{
    ffi::OsStr,
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
    /// Makes a group below the one this process is in, after clearing what dead keepers left
    /// there.
    ///
    /// # Errors
    /// When there is no cgroup v2, when it may not be written, or when its kernel has no
    /// `cgroup.kill`.
    pub(crate) fn create() -> io::Result<Self> {
        let (mounts, own) = (
            fs::read("/proc/self/mountinfo")?,
            fs::read("/proc/self/cgroup")?,
        );
        let above = locate(&mounts, &own).ok_or(io::ErrorKind::NotFound)?;
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
        let random = RandomState::new().hash_one(());
        let path = above.join(format!("{PREFIX}{}-{random:016x}", std::process::id()));
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

    fn leaf(&self, id: u64) -> PathBuf {
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

/// The directory of the caller's own group: `mounts` and `own` are what the kernel tells in
/// `mountinfo` and `cgroup`.
fn locate(mounts: &[u8], own: &[u8]) -> Option<PathBuf> {
    let own = own
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"0::"))?;
    let own = Path::new(OsStr::from_bytes(own));
    mounts.split(|byte| *byte == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let separator = fields.iter().position(|field| *field == b"-")?;
        if *fields.get(separator + 1)? != b"cgroup2" {
            return None;
        }
        let (root, point) = (unescape(fields.get(3)?), unescape(fields.get(4)?));
        // A group outside the mounted part cannot be reached.
        let below = own.strip_prefix(OsStr::from_bytes(&root)).ok()?;
        let reachable = !below.components().any(|part| part.as_os_str() == "..");
        reachable.then(|| Path::new(OsStr::from_bytes(&point)).join(below))
    })
}

/// Undoes the octal escapes of `mountinfo`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(field.len()), field);
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..3).filter(|_| *first == b'\\');
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            plain.push(byte);
            rest = &tail[3..];
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    plain
}

/// Locks a new group. Fails when another keeper took it for a leftover before it was locked, and
/// when the kernel is too old to kill by group.
fn lock(path: &Path) -> io::Result<OwnedFd> {
    let held = open_directory(path)?;
    flock(&held, FlockOperation::LockExclusive)?;
    fs::metadata(path.join("cgroup.kill"))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &[u8] = b"30 25 0:26 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro\n\
        31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw\n\
        32 30 0:28 / /sys/fs/cgroup/pids rw shared:11 - cgroup cgroup rw,pids\n";

    #[test]
    fn the_own_group_is_found_below_the_mount() {
        let found = locate(HYBRID, b"8:pids:/x\n0::/user.slice/a b\n");
        assert_eq!(found, Some("/sys/fs/cgroup/unified/user.slice/a b".into()));
        let root = locate(HYBRID, b"0::/\n").unwrap();
        assert_eq!(root, Path::new("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn a_part_of_the_tree_can_be_mounted_under_any_name() {
        let mounts = b"31 30 0:27 /kubepods/p1 /my\\040groups rw - cgroup2 none rw\n";
        assert_eq!(
            locate(mounts, b"0::/kubepods/p1/c\n"),
            Some("/my groups/c".into())
        );
        assert_eq!(locate(mounts, b"0::/kubepods/p2\n"), None);
    }

    #[test]
    fn without_a_reachable_group_there_is_none() {
        assert_eq!(locate(HYBRID, b"8:pids:/x\n"), None);
        assert_eq!(locate(HYBRID, b"0::/../other\n"), None);
        assert_eq!(
            locate(b"30 25 0:26 / /x rw - tmpfs tmpfs rw\n", b"0::/\n"),
            None
        );
        assert_eq!(locate(b"garbage\n-\n", b"0::/\n"), None);
    }

    #[test]
    fn escapes_are_undone_and_other_backslashes_kept() {
        assert_eq!(unescape(b"a\\040b\\134c"), b"a b\\c");
        assert_eq!(unescape(b"\\04"), b"\\04");
        assert_eq!(unescape(b"\\999x"), b"\\999x");
    }
}
