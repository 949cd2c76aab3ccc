//! Bounds on the memory and the number of processes of a command, by control groups.
//!
//! With cgroup v2 they are set on the command's leaf, where its controllers reach that far. Else a
//! group of cgroup v1 is made for the command, in a group of the keeper's that is named, locked
//! and cleared like that of its leaves. A process joins before it becomes the command, so every
//! process the command ever has was born in there.
//!
//! Nothing is made before a command is bounded. Dropping ends nothing: the keeper ends a command's
//! groups when its tree is empty, and its own with itself.
//!
//! Limit: a command of root without walls may write to the groups, and so leave them.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use super::{
    ATTEMPTS, Group, PREFIX, lock_new, new_name, open_directory,
    place::{Hierarchy, locate},
    subgroups,
};

/// How often what a dead keeper left in cgroup v1 is looked through for somebody to kill. Those
/// who fork meanwhile cannot when they are bounded, so the first round finds nearly everybody.
const SWEEPS: u32 = 16;

/// Who came within this part of a bound has met it: the kernel takes memory in lots, and ends
/// somebody when the next lot does not fit.
const NEAR: u64 = 16;

/// What of a command can be bounded by a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Controller {
    /// Its memory, in bytes.
    Memory,
    /// The number of its processes and threads.
    Pids,
}

/// What a command is to be held to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    /// Bytes of memory.
    pub(crate) memory: Option<u64>,
    /// Processes and threads.
    pub(crate) pids: Option<u64>,
}

/// Where commands can be bounded.
#[derive(Debug, Default)]
pub(crate) struct Controllers {
    memory: Option<Means>,
    pids: Option<Means>,
    /// Groups of commands that could not be removed yet.
    left: Vec<PathBuf>,
}

/// How one thing is bounded.
#[derive(Debug)]
enum Means {
    /// On the command's own leaf.
    Leaf,
    /// By a group in this one.
    Own(Parent),
}

/// The keeper's group in a hierarchy of cgroup v1.
#[derive(Debug)]
struct Parent {
    path: PathBuf,
    /// Locked as long as it is open.
    _held: OwnedFd,
}

/// The groups of one command.
#[derive(Debug, Default)]
pub(crate) struct Bounded {
    memory: Option<Bound>,
    pids: Option<Bound>,
}

/// One group that bounds a command.
#[derive(Debug)]
struct Bound {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The command's leaf of cgroup v2.
    Leaf,
    /// Made for this, in cgroup v1.
    Own,
}

// === impl Controllers ===

impl Controllers {
    /// Finds out what can be bounded, for commands in leaves of `group` where they have one.
    pub(crate) fn find(group: Option<&Group>) -> Self {
        let in_leaf = group.map(|group| enable(group.path())).unwrap_or_default();
        let find = |controller: Controller| {
            if in_leaf.contains(&controller) {
                Some(Means::Leaf)
            } else {
                Parent::create(controller).ok().map(Means::Own)
            }
        };
        Self {
            memory: find(Controller::Memory),
            pids: find(Controller::Pids),
            left: Vec::new(),
        }
    }

    /// Whether this can be bounded.
    pub(crate) fn can(&self, controller: Controller) -> bool {
        self.means(controller).is_some()
    }

    fn means(&self, controller: Controller) -> Option<&Means> {
        match controller {
            Controller::Memory => self.memory.as_ref(),
            Controller::Pids => self.pids.as_ref(),
        }
    }

    /// Bounds the command `id`, whose leaf is there if it is to have one; its processes are in
    /// once they have joined.
    pub(crate) fn bound(
        &mut self,
        id: u64,
        leaf: Option<&Path>,
        asked: Asked,
    ) -> io::Result<Bounded> {
        let mut bounded = Bounded::default();
        let made = self.bound_one(Controller::Memory, id, leaf, asked.memory);
        let made = made.and_then(|memory| {
            bounded.memory = memory;
            self.bound_one(Controller::Pids, id, leaf, asked.pids)
        });
        match made {
            Ok(pids) => {
                bounded.pids = pids;
                Ok(bounded)
            }
            Err(error) => {
                self.end(bounded);
                Err(error)
            }
        }
    }

    fn bound_one(
        &self,
        controller: Controller,
        id: u64,
        leaf: Option<&Path>,
        limit: Option<u64>,
    ) -> io::Result<Option<Bound>> {
        let Some(limit) = limit else {
            return Ok(None);
        };
        let bound = match (self.means(controller), leaf) {
            (Some(Means::Leaf), Some(leaf)) => Bound {
                path: leaf.to_owned(),
                kind: Kind::Leaf,
            },
            (Some(Means::Own(parent)), _) => Bound {
                path: parent.make(id)?,
                kind: Kind::Own,
            },
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        bound.set(controller, limit).inspect_err(|_| {
            if bound.kind == Kind::Own {
                remove(&bound.path);
            }
        })?;
        Ok(Some(bound))
    }

    /// Removes the groups of a command of which nothing is left.
    pub(crate) fn end(&mut self, bounded: Bounded) {
        let bounds = bounded.memory.into_iter().chain(bounded.pids);
        let own = bounds.filter(|bound| bound.kind == Kind::Own);
        self.left.extend(own.map(|bound| bound.path));
        self.left.retain(|path| !remove(path));
    }

    /// Removes the keeper's own groups, when nothing in them is alive.
    pub(crate) fn remove(&self) {
        for means in [&self.memory, &self.pids] {
            if let Some(Means::Own(parent)) = means {
                remove(&parent.path);
            }
        }
    }
}

// === impl Parent ===

impl Parent {
    fn create(controller: Controller) -> io::Result<Self> {
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

    fn make(&self, id: u64) -> io::Result<PathBuf> {
        let path = self.path.join(id.to_string());
        fs::create_dir(&path)?;
        Ok(path)
    }
}

// === impl Bounded ===

impl Bounded {
    /// What a process writes a zero to, to join. None for a leaf: it is born in there.
    pub(crate) fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        let bounds = self.memory.iter().chain(&self.pids);
        let own = bounds.filter(|bound| bound.kind == Kind::Own);
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        own.map(|bound| {
            let path = bound.path.join("cgroup.procs");
            Ok(rustix::fs::open(path, flags, Mode::empty())?)
        })
        .collect()
    }

    /// Whether processes were killed because the memory was used up.
    pub(crate) fn memory_exceeded(&self) -> bool {
        let Some(Bound { path, kind }) = &self.memory else {
            return false;
        };
        // A kill counts also when the whole computer ran out; then the bound was not met.
        match kind {
            Kind::Leaf => {
                let events = fs::read_to_string(path.join("memory.events")).unwrap_or_default();
                counter(&events, "oom_kill") > 0 && counter(&events, "oom") > 0
            }
            Kind::Own => {
                let control = fs::read_to_string(path.join("memory.oom_control"));
                let number = |name: &str| {
                    let text = fs::read_to_string(path.join(name)).ok()?;
                    text.trim().parse::<u64>().ok()
                };
                // Whether it was met is not counted, but how near it was come to is.
                let limit = number("memory.limit_in_bytes").unwrap_or(u64::MAX);
                let near = limit - limit / NEAR;
                let met = [
                    "memory.max_usage_in_bytes",
                    "memory.memsw.max_usage_in_bytes",
                ]
                .into_iter()
                .any(|name| number(name).is_some_and(|most| most >= near));
                counter(&control.unwrap_or_default(), "oom_kill") > 0 && met
            }
        }
    }

    /// Whether a process was not made because there were as many as may be.
    pub(crate) fn pids_exceeded(&self) -> bool {
        self.pids.as_ref().is_some_and(|Bound { path, .. }| {
            let events = fs::read_to_string(path.join("pids.events")).unwrap_or_default();
            counter(&events, "max") > 0
        })
    }
}

/// Enters the groups of these doors with this very process.
pub(crate) fn enter(doors: &[OwnedFd]) -> Result<(), Errno> {
    doors.iter().try_for_each(|door| {
        rustix::io::write(door, b"0")?;
        Ok(())
    })
}

// === impl Bound ===

impl Bound {
    fn set(&self, controller: Controller, limit: u64) -> io::Result<()> {
        let limit = limit.to_string();
        let there = |name: &str| self.path.join(name).exists();
        match (controller, self.kind) {
            (Controller::Pids, _) => put(&self.path, "pids.max", &limit),
            (Controller::Memory, Kind::Leaf) => {
                put(&self.path, "memory.max", &limit)?;
                if there("memory.swap.max") {
                    put(&self.path, "memory.swap.max", "0")?;
                }
                // Half a command is of no use to anybody.
                put(&self.path, "memory.oom.group", "1")
            }
            (Controller::Memory, Kind::Own) => {
                put(&self.path, "memory.limit_in_bytes", &limit)?;
                if there("memory.memsw.limit_in_bytes") {
                    put(&self.path, "memory.memsw.limit_in_bytes", &limit)
                } else {
                    // What is swapped out is not counted there.
                    put(&self.path, "memory.swappiness", "0")
                }
            }
        }
    }
}

// === impl Controller ===

impl Controller {
    const ALL: [Self; 2] = [Self::Memory, Self::Pids];

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Pids => "pids",
        }
    }
}

/// Hands controllers down to the leaves of the group at `path`, as far as they come down to it.
fn enable(path: &Path) -> Vec<Controller> {
    let groups = path.parent().into_iter().chain([path]);
    for group in groups {
        for controller in Controller::ALL {
            let has = |file: &str| listed(&group.join(file), controller);
            if has("cgroup.controllers") && !has("cgroup.subtree_control") {
                // Refused where processes live beside groups; then it is not for us.
                put(
                    group,
                    "cgroup.subtree_control",
                    &format!("+{}", controller.name()),
                )
                .ok();
            }
        }
    }
    let reaches =
        |controller: &Controller| listed(&path.join("cgroup.subtree_control"), *controller);
    Controller::ALL.into_iter().filter(reaches).collect()
}

fn listed(file: &Path, controller: Controller) -> bool {
    let list = fs::read_to_string(file).unwrap_or_default();
    list.split_ascii_whitespace()
        .any(|name| name == controller.name())
}

/// Writes to a file that is there already.
fn put(group: &Path, name: &str, value: &str) -> io::Result<()> {
    let file = group.join(name);
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::open(&file, flags, Mode::empty())?;
    rustix::io::write(&file, value.as_bytes())?;
    Ok(())
}

/// The number behind a name, in lines of names and numbers.
fn counter(text: &str, name: &str) -> u64 {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(key, _)| *key == name);
    found
        .and_then(|(_, count)| count.trim().parse().ok())
        .unwrap_or(0)
}

/// Removes a group of cgroup v1 and those below it. `false` when one of them has members.
fn remove(path: &Path) -> bool {
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

#[cfg(test)]
mod tests;
