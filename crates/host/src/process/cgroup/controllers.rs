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

mod v1;

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};

use self::v1::{Parent, remove};
use super::{Group, open_directory};

/// The groups below the leaf of a command that has walls: theirs, and its own.
const WALLS: &str = "walls";
const COMMAND: &str = "command";

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
    /// A group below that leaf, beside that of its walls.
    Below,
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
    /// once they have entered. With `walls` only they are, and not those of the walls.
    pub(crate) fn bound(
        &mut self,
        id: u64,
        leaf: Option<&Path>,
        walls: bool,
        asked: Asked,
    ) -> io::Result<Bounded> {
        let mut bounded = Bounded::default();
        let leaf = leaf.map(|leaf| (leaf, walls));
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
        leaf: Option<(&Path, bool)>,
        limit: Option<u64>,
    ) -> io::Result<Option<Bound>> {
        let Some(limit) = limit else {
            return Ok(None);
        };
        let bound = match (self.means(controller), leaf) {
            (Some(Means::Leaf), Some((leaf, false))) => Bound {
                path: leaf.to_owned(),
                kind: Kind::Leaf,
            },
            (Some(Means::Leaf), Some((leaf, true))) => Bound {
                path: set_apart(leaf)?,
                kind: Kind::Below,
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

// === impl Bounded ===

impl Bounded {
    /// What a process writes a zero to, to join. None for a leaf: it is born in there.
    pub(crate) fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        let bounds = self.memory.iter().chain(&self.pids);
        let mut paths: Vec<_> = bounds
            .filter(|bound| bound.kind != Kind::Leaf)
            .map(|bound| &bound.path)
            .collect();
        paths.dedup();
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let doors = paths.into_iter().map(|path| {
            let path = path.join("cgroup.procs");
            Ok(rustix::fs::open(path, flags, Mode::empty())?)
        });
        doors.collect()
    }

    /// Where walls are to be born that stand apart from their command.
    pub(crate) fn birth(&self) -> io::Result<Option<OwnedFd>> {
        let mut bounds = self.memory.iter().chain(&self.pids);
        let below = bounds.find(|bound| bound.kind == Kind::Below);
        let path = below.map(|bound| bound.path.with_file_name(WALLS));
        path.map(|path| open_directory(&path)).transpose()
    }

    /// Whether processes were killed because the memory was used up.
    pub(crate) fn memory_exceeded(&self) -> bool {
        let Some(Bound { path, kind }) = &self.memory else {
            return false;
        };
        // A kill counts also when the whole computer ran out; then the bound was not met.
        match kind {
            Kind::Leaf | Kind::Below => {
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
            (Controller::Memory, Kind::Leaf | Kind::Below) => {
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

/// Makes the groups of walls and of their command below a leaf, unless they are there; returns the
/// command's. The leaf itself has no process then, so that it can hand its controllers on.
fn set_apart(leaf: &Path) -> io::Result<PathBuf> {
    for name in [WALLS, COMMAND] {
        match fs::create_dir(leaf.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    enable(leaf);
    Ok(leaf.join(COMMAND))
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

#[cfg(test)]
mod tests;
