//! The limits of a command, as the keeper and a guard keep them.
//!
//! What a group keeps (memory, processes) is the keeper's part: it makes the groups, tells the
//! command's process where to enter, reads what they counted, and ends them. What the kernel keeps
//! for each process (processor time, descriptors, the size of files) is set by the command's
//! process on itself, last of all before it becomes the command.
//!
//! Where no group can be had, the number of processes can still be bounded for a command in a user
//! namespace of its own: there the kernel counts the user's processes apart. Not for root, whom it
//! never counts.
//!
//! Limits: what is kept for each process, a command of root without walls may lift again. How
//! often a process was refused is not told by a namespace, so such an end names no limit.

use std::{os::fd::OwnedFd, time::Duration};

use rustix::{
    io::Errno,
    process::{Pid, Resource, Rlimit, geteuid, getrlimit, setrlimit},
};

use super::{
    commands::{Failed, resource},
    main::Keeper,
    sys,
    wire::{Command, Exceeded, Stage, Verdict},
};
use crate::process::{
    ResourceLimits,
    bounds::{Able, Most, Unenforceable},
    cgroup::controllers::{Asked, Bounded, Controller, Controllers},
};

/// How many processes and threads walls have for themselves within their user namespace: the first
/// process, and its second thread.
const INSIDE_WALLS: u64 = 2;

/// What holds a command that is about to start to its limits.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// What its process writes to, to enter its groups.
    pub(super) doors: Vec<OwnedFd>,
    /// What its process sets on itself.
    pub(super) own: ResourceLimits,
    /// Where its walls are born, when that is not in its leaf.
    pub(super) birth: Option<OwnedFd>,
}

/// A command with limits.
#[derive(Debug)]
pub(super) struct Limited {
    limits: ResourceLimits,
    bounded: Bounded,
    /// The processor time its leader, our own child, had used in the end.
    cpu: Option<Duration>,
}

/// Why a command is not started.
#[derive(Debug)]
pub(super) struct NotStarted {
    /// Where it failed.
    pub(super) failed: Failed,
    /// What else there is to say.
    pub(super) words: Vec<u8>,
}

// === impl Keeper: limits ===

impl Keeper {
    /// Makes what holds a command to its limits, on its leaf where it has one, or refuses.
    pub(super) fn hold(&mut self, command: &Command) -> Result<Holding, NotStarted> {
        let Command {
            id, limits, walls, ..
        } = command;
        if limits.is_empty() {
            return Ok(Holding::default());
        }
        let group = self.means.group();
        let controllers = self
            .controllers
            .get_or_insert_with(|| Controllers::find(group));
        let namespace = walls.as_ref().is_some_and(|walls| walls.seal.namespaces);
        let counted = namespace && !geteuid().is_root();
        let grouped = controllers.can(Controller::Pids);
        let able = Able {
            memory: controllers.can(Controller::Memory),
            pids: grouped || counted,
            most: Most::here(),
        };
        limits.check_with(&able)?;
        let asked = Asked {
            memory: limits.memory_bytes,
            pids: limits.pids.filter(|_| grouped),
        };
        let leaf = group.map(|group| group.leaf(*id));
        let bounded = controllers.bound(*id, leaf.as_deref(), walls.is_some(), asked);
        let bounded = bounded.map_err(resource)?;
        let opened = bounded.doors().and_then(|doors| {
            let birth = bounded.birth()?;
            Ok((doors, birth))
        });
        let limited = Limited {
            limits: *limits,
            bounded,
            cpu: None,
        };
        self.limited.insert(*id, limited);
        let opened = opened.map_err(resource);
        let (doors, birth) = opened.inspect_err(|_| self.release(*id))?;
        let own = ResourceLimits {
            memory_bytes: None,
            pids: limits.pids.filter(|_| !grouped),
            ..*limits
        };
        Ok(Holding { doors, own, birth })
    }

    /// A child of ours has ended and is about to be reaped.
    pub(super) fn measure(&mut self, id: u64, pid: Pid) {
        if let Some(limited) = self.limited.get_mut(&id)
            && limited.limits.cpu_seconds.is_some()
        {
            limited.cpu = sys::processor_time(pid);
        }
    }

    /// The limit that ended a leader by itself, which was our own child.
    pub(super) fn exceeded_alone(&self, id: u64, status: i32) -> Option<Exceeded> {
        let limited = self.limited.get(&id)?;
        exceeded_alone(&limited.limits, status, limited.cpu)
    }

    /// What is to be told of an end, beside what is known of the leader alone.
    pub(super) fn judge(&self, id: u64, status: i32, verdict: Verdict) -> Verdict {
        let Some(Limited { bounded, .. }) = self.limited.get(&id) else {
            return verdict;
        };
        let (memory, pids) = (bounded.memory_exceeded(), bounded.pids_exceeded());
        let exceeded = first_cause(status, verdict.exceeded, memory, pids);
        Verdict {
            exceeded,
            ..verdict
        }
    }

    /// Nothing of a command is left.
    pub(super) fn release(&mut self, id: u64) {
        let limited = self.limited.remove(&id);
        if let (Some(limited), Some(controllers)) = (limited, &mut self.controllers) {
            controllers.end(limited.bounded);
        }
    }
}

// === impl NotStarted ===

impl From<Failed> for NotStarted {
    fn from(failed: Failed) -> Self {
        let words = Vec::new();
        Self { failed, words }
    }
}

impl From<Unenforceable> for NotStarted {
    fn from(limit: Unenforceable) -> Self {
        Self {
            failed: (Stage::Limits, Errno::OPNOTSUPP.raw_os_error()),
            words: limit.to_bytes(),
        }
    }
}

/// Sets on this process, about to be a command, what the kernel keeps for each.
pub(crate) fn apply(limits: &ResourceLimits) -> Result<(), Errno> {
    let set = |resource, soft: Option<u64>, hard: Option<u64>| {
        let (current, maximum) = (soft, hard);
        setrlimit(resource, Rlimit { current, maximum })
    };
    if let Some(seconds) = limits.cpu_seconds {
        // The first second beyond is announced by a signal of its own; who stays is killed.
        let hard = getrlimit(Resource::Cpu).maximum;
        let killed = (seconds + 1).min(hard.unwrap_or(u64::MAX));
        set(Resource::Cpu, Some(seconds), Some(killed))?;
    }
    if let Some(pids) = limits.pids {
        let most = Some(pids + INSIDE_WALLS);
        set(Resource::Nproc, most, most)?;
    }
    if let Some(bytes) = limits.file_size_bytes {
        set(Resource::Fsize, Some(bytes), Some(bytes))?;
    }
    if let Some(files) = limits.open_files {
        set(Resource::Nofile, Some(files), Some(files))?;
    }
    Ok(())
}

/// The limit that ended a leader by itself. `cpu` is the processor time it had used.
pub(crate) fn exceeded_alone(
    limits: &ResourceLimits,
    status: i32,
    cpu: Option<Duration>,
) -> Option<Exceeded> {
    let ended_by = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status))?;
    let used_up = |seconds| cpu.is_some_and(|cpu| cpu >= Duration::from_secs(seconds));
    match (ended_by, limits.cpu_seconds, limits.file_size_bytes) {
        (libc::SIGXFSZ, _, Some(_)) => Some(Exceeded::FileSize),
        (libc::SIGXCPU, Some(_), _) => Some(Exceeded::Cpu),
        // It did not heed the first signal.
        (libc::SIGKILL, Some(seconds), _) if used_up(seconds) => Some(Exceeded::Cpu),
        _ => None,
    }
}

/// The one limit that is named for an end.
///
/// What ended the leader comes first; then what happened below it, memory before processes, since
/// who lacks memory was killed and who lacks processes was only refused.
fn first_cause(status: i32, alone: Option<Exceeded>, memory: bool, pids: bool) -> Option<Exceeded> {
    // A kill is the kernel's answer to both, and only of memory does it keep a count.
    let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
    match alone {
        Some(alone) if !(killed && memory) => Some(alone),
        _ if memory => Some(Exceeded::Memory),
        _ => pids.then_some(Exceeded::Pids),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ResourceLimits = ResourceLimits {
        memory_bytes: None,
        cpu_seconds: Some(2),
        pids: None,
        open_files: None,
        file_size_bytes: Some(10),
    };

    fn alone(status: i32, cpu: f64) -> Option<Exceeded> {
        exceeded_alone(&LIMITS, status, Some(Duration::from_secs_f64(cpu)))
    }

    #[test]
    fn the_signals_of_limits_name_them() {
        assert_eq!(alone(libc::SIGXCPU, 2.0), Some(Exceeded::Cpu));
        assert_eq!(alone(libc::SIGXFSZ, 0.0), Some(Exceeded::FileSize));
        // A core was dumped, which is a bit of its own.
        assert_eq!(alone(libc::SIGXFSZ | 0x80, 0.0), Some(Exceeded::FileSize));
        let without = ResourceLimits::default();
        assert_eq!(exceeded_alone(&without, libc::SIGXCPU, None), None);
        assert_eq!(exceeded_alone(&without, libc::SIGXFSZ, None), None);
    }

    #[test]
    fn a_plain_kill_is_one_of_the_processor_only_when_the_time_was_used_up() {
        assert_eq!(alone(libc::SIGKILL, 2.0), Some(Exceeded::Cpu));
        assert_eq!(alone(libc::SIGKILL, 1.99), None);
        assert_eq!(exceeded_alone(&LIMITS, libc::SIGKILL, None), None);
        assert_eq!(alone(libc::SIGTERM, 9.0), None);
        assert_eq!(alone(152 << 8, 9.0), None, "its own code, not a signal");
    }

    #[test]
    fn the_leaders_own_end_comes_before_what_happened_below_it() {
        use Exceeded::{Cpu, FileSize, Memory, Pids};
        let exited = 1 << 8;
        assert_eq!(first_cause(libc::SIGXCPU, Some(Cpu), true, true), Some(Cpu));
        assert_eq!(
            first_cause(libc::SIGXFSZ, Some(FileSize), true, false),
            Some(FileSize)
        );
        assert_eq!(
            first_cause(libc::SIGKILL, Some(Cpu), false, true),
            Some(Cpu)
        );
        assert_eq!(
            first_cause(libc::SIGKILL, Some(Cpu), true, false),
            Some(Memory)
        );
        assert_eq!(first_cause(exited, None, true, true), Some(Memory));
        assert_eq!(first_cause(exited, None, false, true), Some(Pids));
        assert_eq!(first_cause(exited, None, false, false), None);
    }
}
