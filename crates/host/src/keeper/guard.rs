//! A guard: the parent of one command where there is no cgroup.
//!
//! A guard is a copy of the keeper that does nothing but be the nearest subreaper above one
//! command: whatever the command starts and abandons, by double fork and `setsid` too, becomes
//! the guard's child and so stays attributable. It reports the command's exit, reaps everything,
//! and ends when it has no child left: that is how the keeper learns that the tree is empty.
//!
//! It talks with the keeper over a socket in the frames of [`super::wire`]. The end of that socket
//! means that the keeper is gone: the guard ends its tree, then itself.
//!
//! Limit: a command of the same user can kill its guard. Its leader then dies at once, the rest
//! becomes the keeper's own and is swept by it.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, Signal, WaitOptions, getpid, kill_process_group, set_child_subreaper, wait},
};

use super::{
    child::{self, Normal, Start},
    limits::exceeded_alone,
    socket::Socket,
    sys::{self, Forked},
    tree::signal_below,
    wire::{Reply, Request, Stage, To, Verdict},
};
use crate::{
    process::{
        ResourceLimits,
        program::Program,
        spawn,
        streams::{self, Theirs},
    },
    sandbox::inside::sealing::Sealing,
};

/// Between two sweeps that found somebody unkillable (waiting for a disk): at first, and at most.
/// A process that dies wakes the guard at once; this is for what its children did meanwhile.
const SWEEP_AGAIN: [i64; 2] = [5_000_000, 500_000_000];

/// What a guard is to start.
#[derive(Debug)]
pub(crate) struct Charge {
    /// The command's id.
    pub(crate) id: u64,
    /// The command.
    pub(crate) program: Program,
    /// Its streams.
    pub(crate) theirs: Theirs,
    /// What the keeper has changed for itself and not for its commands, where that was not undone
    /// before.
    pub(crate) normal: Option<Normal>,
    /// What the command closes itself in with, if with anything.
    pub(crate) sealing: Option<Sealing>,
    /// Where the command enters the groups that bound it.
    pub(crate) doors: Vec<OwnedFd>,
    /// What the command's process is held to by itself.
    pub(crate) limits: ResourceLimits,
}

/// A guard at work.
#[derive(Debug)]
struct Guard {
    keeper: Socket,
    signals: OwnedFd,
    id: u64,
    leader: Pid,
    /// Whether the leader's id can by now mean somebody else.
    reaped: bool,
    killing: bool,
    /// Whether something was refused by walls.
    denied: Arc<AtomicBool>,
    limits: ResourceLimits,
}

/// Runs a guard, in the process just forked for it, until its tree is empty.
pub(crate) fn run(keeper: OwnedFd, charge: Charge) -> ! {
    let mut kept = charge.theirs.fds();
    kept.push(keeper.as_fd());
    kept.extend(charge.doors.iter().map(AsFd::as_fd));
    sys::close_all_but(&kept);
    drop(kept);
    rustix::thread::set_name(c"outpost-guard").ok();
    serve(Socket::new(keeper), charge)
}

/// Starts the command and stays until its tree is empty.
pub(crate) fn serve(mut keeper: Socket, mut charge: Charge) -> ! {
    let outcome = start(&mut charge);
    let (id, limits) = (charge.id, charge.limits);
    drop(charge);
    match outcome {
        Ok(Started {
            leader,
            pidfd,
            signals,
            denied,
        }) => {
            let pid = number_of(leader);
            keeper.reply(&Reply::Spawned { id, pid, fds: 1 }, vec![pidfd]);
            keeper.flush();
            let (reaped, killing) = (false, false);
            Guard {
                keeper,
                signals,
                id,
                leader,
                reaped,
                killing,
                denied,
                limits,
            }
            .watch();
        }
        Err((stage, errno)) => fail(&mut keeper, id, stage, errno, ""),
    }
    sys::exit_now(0)
}

/// Tells that nothing runs.
pub(crate) fn fail(keeper: &mut Socket, id: u64, stage: Stage, errno: i32, words: &str) {
    let words = words.as_bytes().to_vec();
    keeper.reply(
        &Reply::SpawnFailed {
            id,
            stage,
            errno,
            words,
        },
        Vec::new(),
    );
    keeper.flush();
}

/// A command that runs.
struct Started {
    leader: Pid,
    pidfd: OwnedFd,
    signals: OwnedFd,
    denied: Arc<AtomicBool>,
}

fn start(charge: &mut Charge) -> Result<Started, (Stage, i32)> {
    let failed = |error: io::Error| (Stage::Resource, spawn::errno(&error).raw_os_error());
    set_child_subreaper(Some(getpid())).map_err(|error| failed(error.into()))?;
    let signals = sys::signal_fd().map_err(failed)?;
    let (report, reporter) = streams::pipe().map_err(failed)?;
    let parent = getpid();
    match sys::fork(None).map_err(failed)? {
        Forked::Child => Start {
            program: &charge.program,
            theirs: &charge.theirs,
            report: reporter.as_fd(),
            parent,
            normal: charge.normal.clone(),
            sealing: charge.sealing.take(),
            doors: &charge.doors,
            limits: &charge.limits,
        }
        .run(),
        Forked::Parent(leader, pidfd) => {
            drop(reporter);
            let denied = charge.sealing.take().map(Sealing::begin).transpose();
            match (child::read_report(report.as_fd()).map_err(failed)?, denied) {
                (Some(reason), _) => Err(reason),
                (None, Ok(denied)) => Ok(Started {
                    leader,
                    pidfd,
                    signals,
                    denied: denied.unwrap_or_default(),
                }),
                // It was killed before it was watched over, and had no time to say anything.
                (None, Err(error)) => Err((Stage::Walls, failed(error).1)),
            }
        }
    }
}

// === impl Guard ===

impl Guard {
    /// Reaps, obeys and reports until no child is left.
    fn watch(mut self) {
        let mut pause = SWEEP_AGAIN[0];
        // What came together with the command is here already and makes nothing readable.
        self.hear();
        while self.reap() {
            self.keeper.flush();
            if self.killing {
                self.sweep();
            }
            let timeout = Timespec {
                tv_sec: 0,
                tv_nsec: pause,
            };
            let timeout = self.killing.then_some(&timeout);
            // Once the keeper is gone its end is always readable, so only children are waited for.
            let watched = if self.killing { 1 } else { 2 };
            let signals = PollFd::new(&self.signals, PollFlags::IN);
            let mut fds = [signals, PollFd::new(&self.keeper, PollFlags::IN)];
            match poll(&mut fds[..watched], timeout) {
                Ok(0) => pause = (pause * 2).min(SWEEP_AGAIN[1]),
                _ => pause = SWEEP_AGAIN[0],
            }
            let mut drained = [0; 1024];
            // Which child it was is asked of `wait`; this only makes the descriptor quiet again.
            rustix::io::read(&self.signals, &mut drained).ok();
            if !self.killing {
                self.hear();
            }
        }
        self.keeper.flush();
    }

    /// Reaps every child that has ended. `false` when there is none left at all.
    fn reap(&mut self) -> bool {
        loop {
            // Only as long as the leader was not reaped can it be asked.
            let asks = !self.reaped && self.limits.cpu_seconds.is_some();
            let cpu = asks.then(|| sys::processor_time(self.leader)).flatten();
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if self.leader == pid && !self.reaped => {
                    self.reaped = true;
                    let (id, status) = (self.id, status.as_raw());
                    let verdict = Verdict {
                        denied: self.denied.load(Ordering::Acquire),
                        exceeded: exceeded_alone(&self.limits, status, cpu),
                    };
                    let exited = Reply::Exited {
                        id,
                        status,
                        verdict,
                    };
                    self.keeper.reply(&exited, Vec::new());
                }
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Does what the keeper asks; its end is an order to kill.
    fn hear(&mut self) {
        self.killing |= !self.keeper.receive().unwrap_or(false);
        let mut signals = Vec::new();
        while let Ok(Some(request)) = self.keeper.inbox.request() {
            match request {
                // One that is sent again before it was dealt with is one signal, as always.
                Request::Signal { signal, to, .. } if signals.contains(&(signal, to)) => {}
                Request::Signal { signal, to, .. } => signals.push((signal, to)),
                Request::Kill { .. } => self.killing = true,
                Request::Hello { .. }
                | Request::Spawn(_)
                | Request::Forget { .. }
                | Request::Prepare(_)
                | Request::Use { .. } => {}
            }
        }
        if !self.killing {
            signals
                .into_iter()
                .for_each(|(signal, to)| self.signal(signal, to));
        }
    }

    fn signal(&self, number: i32, to: To) {
        let Some(signal) = Signal::from_named_raw(number) else {
            return;
        };
        match to {
            To::Tree => signal_below(number_of(getpid()), signal, |_| true),
            To::Group if self.reaped => {
                let group = number_of(self.leader);
                signal_below(number_of(getpid()), signal, |stat| stat.group == group);
            }
            // It may have ended; then there is nobody to tell.
            To::Group => drop(kill_process_group(self.leader, signal)),
        }
    }

    /// Kills every process there is below; called again until none is left.
    fn sweep(&self) {
        if !self.reaped {
            // In one step, so that a storm of forks in the group cannot outrun it.
            kill_process_group(self.leader, Signal::KILL).ok();
        }
        signal_below(number_of(getpid()), Signal::KILL, |_| true);
    }
}

fn number_of(pid: Pid) -> u32 {
    pid.as_raw_pid().unsigned_abs()
}
