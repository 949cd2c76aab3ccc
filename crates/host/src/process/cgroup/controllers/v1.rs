//! A keeper's own group in a hierarchy of cgroup v1: made, locked and cleared like that of its
//! leaves.
//!
//! What a dead keeper left is known by its name and by a lock that can be taken. There is no single
//! write that ends the members of such a group, so they are looked for and killed one by one.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, flock},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use super::{
    super::{
        ATTEMPTS, PREFIX, lock_new, new_name, open_directory,
        place::{Hierarchy, locate},
        subgroups,
    },
    Bound, Controller, Kind, put,
};

/// How often what a dead keeper left in cgroup v1 is looked through for somebody to kill. Those
/// who fork meanwhile cannot when they are bounded, so the first round finds nearly everybody.
const SWEEPS: u32 = 16;

/// The keeper's group in a hierarchy of cgroup v1.
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) path: PathBuf,
    /// Locked as long as it is open.
    _held: OwnedFd,
}

// === impl Parent ===

impl Parent {
    /// Makes it, after clearing what dead keepers left, and tries that a group in it can be bounded.
    pub(super) fn create(controller: Controller) -> io::Result<Self> {
        let (mounts, own) = (
            fs::read("/proc/self/mountinfo")?,
            fs::read("/proc/self/cgroup")?,
        );
        let hierarchy = Hierarchy::Of(controller.name());
        let above = locate(&mounts, &own, hierarchy).ok_or(io::ErrorKind::NotFound)?;
        clear_leftovers(&above);
        let mut attempt = 0;
        let parent = loop {
            attempt += 1;
            match Self::create_below(&above) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
                result => break result?,
            }
        };
        if controller == Controller::Memory {
            // Groups that a command makes count as its own. Newer kernels know nothing else.
            put(&parent.path, "memory.use_hierarchy", "1").ok();
        }
        // What cannot be set on a group cannot be set on a command's.
        let tried = parent.make(0).and_then(|path| {
            let bound = Bound {
                path,
                kind: Kind::Own,
            };
            let set = bound.set(controller, 1 << 20);
            remove(&bound.path);
            set
        });
        tried.inspect_err(|_| {
            remove(&parent.path);
        })?;
        Ok(parent)
    }

    fn create_below(above: &Path) -> io::Result<Self> {
        let path = above.join(new_name());
        fs::create_dir(&path)?;
        let held = lock_new(&path).inspect_err(|_| {
            remove(&path);
        })?;
        Ok(Self { path, _held: held })
    }

    /// Makes the group of a command.
    pub(super) fn make(&self, id: u64) -> io::Result<PathBuf> {
        let path = self.path.join(id.to_string());
        fs::create_dir(&path)?;
        Ok(path)
    }
}

/// Removes a group of cgroup v1 and those below it. `false` when one of them has members.
pub(super) fn remove(path: &Path) -> bool {
    match fs::remove_dir(path) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(_) => {
            let below = subgroups(path);
            !below.is_empty()
                && below.iter().all(|below| remove(below))
                && fs::remove_dir(path).is_ok()
        }
    }
}

/// Ends what dead keepers left below `above`, and removes it once it is gone.
fn clear_leftovers(above: &Path) {
    for path in subgroups(above) {
        let name = path.file_name().and_then(|name| name.to_str());
        let ours = name.is_some_and(|name| name.starts_with(PREFIX));
        let Some(held) = ours.then(|| open_directory(&path).ok()).flatten() else {
            continue;
        };
        // Its keeper holds the lock as long as it lives.
        if flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok() {
            end(&path);
        }
    }
}

/// Kills who is in a group of cgroup v1 or below it. What takes longer to go is removed by the
/// next keeper.
fn end(path: &Path) {
    for _ in 0..SWEEPS {
        if remove(path) {
            return;
        }
        kill_members(path);
    }
}

fn kill_members(path: &Path) {
    // Nobody in there may fork from now on; only there where this is bounded at all.
    put(path, "pids.max", "0").ok();
    let procs = path.join("cgroup.procs");
    let members = || fs::read_to_string(&procs).unwrap_or_default();
    for line in members().lines() {
        let pid = line.parse().ok().and_then(Pid::from_raw);
        let pidfd = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        // A number that is still in there after the process was taken hold of means this process.
        if let Some(pidfd) = pidfd
            && members().lines().any(|other| other == line)
        {
            pidfd_send_signal(&pidfd, Signal::KILL).ok();
        }
    }
    for below in subgroups(path) {
        kill_members(&below);
    }
}
