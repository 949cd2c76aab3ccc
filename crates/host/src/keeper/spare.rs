//! Spares: walls that are raised beforehand, so that the next command like the last finds them.
//!
//! When a command behind walls runs, the keeper has the same walls raised once more. Their first
//! process gives up its powers, makes its filters and waits. The next start of the same order is
//! handed to it, with the command's streams; that saves all that bubblewrap does. It may still be
//! on its way then: what is handed over waits for it. From the first that is used on a second is
//! kept, so that where commands follow each other at once two are on their way at a time.
//!
//! **Once and no mix-up.** The first process looks whether its walls still are what they should be
//! (see `sandbox::inside::spare`), says that it takes the command, and only then starts it. Until
//! it has said so the keeper holds all it needs to start the command anew, and does when the spare
//! ends; from then on a failure is the command's. So a command is never started twice, and a spare
//! that is stale, dead or was never raised costs time and nothing else.
//!
//! **Which have none.** Terminals, whose names are bound when walls are raised, and commands with
//! limits, whose groups are made for them, are started without a spare and leave none; so are those
//! whose order has no stamp, and helpers, of which there is one for many calls.
//!
//! **Containment.** A spare is born in a leaf of its own, which becomes its command's. Without
//! leaves it ends with its socket. It has nothing to do but wait, so it can be ended at any time:
//! when it is idle, when others are wanted more, when anything is mounted or unmounted where the
//! keeper is, and with the keeper.

use std::{io, os::fd::OwnedFd, time::Instant};

use rustix::{
    event::{PollFd, PollFlags, Timespec, epoll::EventFlags, poll},
    fs::{Mode, OFlags},
};

use super::{
    commands::{Around, Failed, Held, Next, resource},
    main::{About, Keeper, unwatch},
    socket::Socket,
    table::MAX_ID,
    walled::Raised,
    wire::{Command, Order, Request, Stdio},
};
use crate::process::{
    program::Program,
    streams::{Ends, Theirs},
};

/// What is mounted where the keeper is. It can be waited for to change.
const MOUNTS: &str = "/proc/self/mountinfo";

/// A spare.
#[derive(Debug)]
pub(super) struct Spare {
    /// Our child, which raises the walls and stays until all within has ended.
    pub(super) pid: u32,
    pidfd: OwnedFd,
    control: OwnedFd,
    words: OwnedFd,
    /// The leaf of the group it lives in, if it does in one.
    leaf: Option<u64>,
}

/// How a command is started that no spare has taken yet.
#[derive(Debug)]
pub(super) struct Again {
    command: Command,
    theirs: Theirs,
}

/// Whether a spare could be of use to such a command.
pub(super) fn suits(command: &Command) -> bool {
    let order = command.walls.as_ref();
    let fits = |order: &Order| order.recurs && order.seal.namespaces && order.stamp.is_some();
    order.is_some_and(fits)
        && command.limits.is_empty()
        && matches!(command.stdio, Stdio::Pipes { .. })
}

/// Whether there is this to be had of a descriptor now, or it cannot be known.
fn is_ready(fd: &OwnedFd, what: PollFlags) -> bool {
    let polled = poll(&mut [PollFd::new(fd, what)], Some(&Timespec::default()));
    !matches!(polled, Ok(0))
}

// === impl Keeper: spares ===

impl Keeper {
    /// The spare for this command, if there is one.
    pub(super) fn take_spare(&mut self, command: &Command) -> Option<Spare> {
        let order = command.walls.as_ref().filter(|_| suits(command))?;
        self.end_outdated_spares();
        let spare = self.spares.take(order)?;
        // It may have ended and not been reaped yet.
        if is_ready(&spare.pidfd, PollFlags::IN) {
            self.end_spare(spare);
            return None;
        }
        Some(spare)
    }

    /// Hands a command to a spare.
    pub(super) fn use_spare(
        &mut self,
        command: &Command,
        spare: Spare,
        ends: Ends,
    ) -> Result<(), Failed> {
        let id = command.id;
        let Ends { ours, theirs } = ends;
        let copies = theirs.fds().into_iter().map(|fd| fd.try_clone_to_owned());
        let copies = copies.collect::<io::Result<Vec<_>>>();
        let watched = self.watch(&spare.control, About::Guard(id), EventFlags::IN);
        let fds = match copies.and_then(|copies| watched.map(|()| copies)) {
            Ok(copies) => copies,
            Err(error) => {
                self.end_spare(spare);
                return Err(resource(error));
            }
        };
        let command = Box::new(command.clone());
        let count = u8::try_from(fds.len()).expect("there are three at most");
        let mut control = Socket::new(spare.control);
        let frame = Request::Use {
            command: command.clone(),
            fds: count,
        };
        control.request(&frame, fds);
        let held = Held::Guard {
            control,
            ours,
            walls: Some(Around {
                words: spare.words,
                leaf: spare.leaf,
                next: command.walls.clone().map(|order| Next {
                    order: Box::new(order),
                    again: true,
                }),
            }),
            again: Some(Box::new(Again {
                command: *command,
                theirs,
            })),
        };
        self.table.admit(id, spare.pid, held);
        self.tell_guard(id);
        Ok(())
    }

    /// A spare starts this command now.
    pub(super) fn taken(&mut self, id: u64) {
        if let Some(Held::Guard { again, .. }) = self.table.get(id) {
            *again = None;
        }
    }

    /// Starts a command without a spare when the one it was handed to has ended without taking it.
    /// Whether that was so.
    pub(super) fn start_again(&mut self, id: u64) -> bool {
        let Some(Held::Guard { again, .. }) = self.table.get(id) else {
            return false;
        };
        let Some(again) = again.take() else {
            return false;
        };
        let Some(Held::Guard {
            control,
            ours,
            walls,
            ..
        }) = self.table.withdraw(id)
        else {
            return false;
        };
        unwatch(&self.epoll, &control);
        self.leave(walls.and_then(|walls| walls.leaf));
        let Again { command, theirs } = *again;
        let Command {
            argv,
            arg0,
            cwd,
            env,
            ..
        } = &command;
        let program = Program::new(argv, arg0.as_deref(), cwd, env);
        let program = program.expect("it was one when it was handed to the spare");
        let started = self.spawn_anew(&command, program, Ends { ours, theirs });
        if let Err(not_started) = started {
            self.refuse(id, not_started);
        }
        true
    }

    /// A command runs: has walls raised for the next one like it.
    pub(super) fn prepare_for_next(&mut self, id: u64) {
        let Some(Held::Guard {
            walls: Some(walls), ..
        }) = self.table.get(id)
        else {
            return;
        };
        let Some(Next { order, again }) = walls.next.take().filter(|_| !self.closing) else {
            return;
        };
        // Nobody waits for what follows.
        self.leash.flush();
        self.end_outdated_spares();
        while self.mounts.is_some() && self.spares.wants(&order, again) {
            if self.raise_spare((*order).clone()).is_err() {
                // Without one, everything is started as the first was.
                return;
            }
        }
    }

    fn raise_spare(&mut self, order: Order) -> Result<(), Failed> {
        self.last_spare += 1;
        // No command's, whose ids are below.
        let leaf = MAX_ID + self.last_spare;
        let group = self.means.group();
        let birth = group.map(|group| group.make_leaf(leaf)).transpose();
        let birth = birth.map_err(resource)?;
        let leaf = birth.as_ref().map(|_| leaf);
        let Raised {
            pid,
            pidfd,
            control,
            words,
        } = self
            .raise(&order, None, birth.as_ref())
            .inspect_err(|_| self.old_leaves.extend(leaf))?;
        let spare = Spare {
            pid,
            pidfd,
            control,
            words,
            leaf,
        };
        let gone = self.spares.admit(order, Instant::now(), spare);
        gone.into_iter().for_each(|spare| self.end_spare(spare));
        Ok(())
    }

    /// Ends all spares when anything was mounted or unmounted since: theirs may differ.
    fn end_outdated_spares(&mut self) {
        let changed = |mounts| is_ready(mounts, PollFlags::PRI);
        if self.mounts.as_ref().is_none_or(changed) {
            self.end_spares();
            // From here on it is about what changes after this.
            let flags = OFlags::RDONLY | OFlags::CLOEXEC;
            self.mounts = rustix::fs::open(MOUNTS, flags, Mode::empty()).ok();
        }
    }

    /// Ends every spare.
    pub(super) fn end_spares(&mut self) {
        let all = self.spares.take_where(|_| true);
        all.into_iter().for_each(|spare| self.end_spare(spare));
    }

    /// Ends the spares that have waited too long, and clears up after those that have ended.
    pub(super) fn end_old_spares(&mut self) {
        let idle = self.spares.take_idle(Instant::now());
        idle.into_iter().for_each(|spare| self.end_spare(spare));
        if let Some(group) = self.means.group() {
            self.old_leaves.retain(|leaf| !group.remove_leaf(*leaf));
        }
    }

    /// A child of ours was reaped that is no command's. If it was a spare's, there is none now.
    pub(super) fn spare_ended(&mut self, pid: u32) {
        let ended = self.spares.take_where(|spare| spare.pid == pid);
        ended.into_iter().for_each(|spare| self.end_spare(spare));
    }

    /// Ends a spare: with its socket, and by its leaf where it has one.
    fn end_spare(&mut self, spare: Spare) {
        drop(spare.control);
        self.leave(spare.leaf);
    }

    /// Ends what is left in a leaf, and has it removed.
    fn leave(&mut self, leaf: Option<u64>) {
        if let (Some(group), Some(leaf)) = (self.means.group(), leaf) {
            group.kill_leaf(leaf).ok();
            self.old_leaves.push(leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        process::ResourceLimits,
        sandbox::{Network, seal::Seal, stamp::Stamp},
    };

    #[test]
    fn only_what_a_spare_can_give_is_asked_of_it() {
        let plain = Command {
            id: 1,
            argv: Vec::new(),
            arg0: None,
            cwd: Vec::new(),
            env: Vec::new(),
            stdio: Stdio::Pipes { stdin: true },
            limits: ResourceLimits::default(),
            walls: Some(Order {
                launcher: Vec::new(),
                seal: Seal {
                    namespaces: true,
                    network: Network::Restricted,
                    read: Vec::new(),
                    write: Vec::new(),
                    guarded: Vec::new(),
                },
                stamp: Some(Stamp(Vec::new())),
                recurs: true,
            }),
        };
        assert!(suits(&plain));
        let changed = |change: fn(&mut Command)| {
            let mut command = plain.clone();
            change(&mut command);
            suits(&command)
        };
        assert!(!changed(|command| command.walls = None));
        assert!(!changed(
            |command| command.walls.as_mut().unwrap().recurs = false
        ));
        assert!(!changed(
            |command| command.walls.as_mut().unwrap().stamp = None
        ));
        assert!(!changed(|command| {
            command.walls.as_mut().unwrap().seal.namespaces = false;
        }));
        assert!(!changed(|command| command.limits.open_files = Some(9)));
        assert!(!changed(|command| {
            command.stdio = Stdio::Terminal { rows: 1, cols: 1 };
        }));
    }
}
