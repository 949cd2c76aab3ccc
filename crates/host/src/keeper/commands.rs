//! What the keeper does for each command: start it, hear of it, signal it, see its tree end.

use std::{
    io, mem,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    event::epoll::EventFlags,
    io::Errno,
    process::{Pid, Signal, getpid, kill_process_group},
};

use super::{
    Mode,
    child::{self, Start},
    guard::{self, Charge},
    main::{About, Keeper, unwatch},
    socket::{self, Socket},
    sys::{self, Forked},
    table::Refused,
    tree,
    wire::{Command, Reply, Request, Stage, To},
};
use crate::process::{
    cgroup::{self, Group},
    program::Program,
    spawn,
    streams::{self, Ends},
};

/// How trees are kept together.
#[derive(Debug)]
pub(super) enum Means {
    /// A leaf of this group for each command.
    Group(Group),
    /// A guard for each command.
    Guards,
}

/// What the keeper holds for one command.
#[derive(Debug)]
pub(super) enum Held {
    /// It lives in a leaf of the group.
    Leaf {
        leader: u32,
        /// Until the program runs: where a failure is reported, and what the server will get.
        starting: Option<Starting>,
        /// Once the leader is gone and others are not: tells when the leaf is empty.
        events: Option<OwnedFd>,
    },
    /// It lives below a guard.
    Guard {
        control: Socket,
        /// Until the program runs: what the server will get.
        ours: Vec<OwnedFd>,
    },
}

/// What is held while a command is between fork and exec.
#[derive(Debug)]
pub(super) struct Starting {
    report: OwnedFd,
    /// Our ends of its streams, then its pidfd.
    fds: Vec<OwnedFd>,
}

type Failed = (Stage, i32);

// === impl Means ===

impl Means {
    /// The best means this machine and this user offer, or the one that is asked for.
    pub(super) fn choose(wanted: Option<Mode>) -> io::Result<Self> {
        match wanted {
            Some(Mode::Subreaper) => Ok(Self::Guards),
            Some(Mode::Cgroup) => Ok(Self::Group(usable_group()?)),
            None => Ok(usable_group().map_or(Self::Guards, Self::Group)),
        }
    }

    /// The group, if there is one.
    pub(super) fn group(&self) -> Option<&Group> {
        match self {
            Self::Group(group) => Some(group),
            Self::Guards => None,
        }
    }

    /// Which of the two it is.
    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Group(_) => Mode::Cgroup,
            Self::Guards => Mode::Subreaper,
        }
    }
}

/// A group in which a process was born, to be sure that one can be.
fn usable_group() -> io::Result<Group> {
    let group = Group::create()?;
    let born = || -> io::Result<()> {
        let leaf = group.make_leaf(0)?;
        match sys::fork(Some(leaf.as_fd()))? {
            Forked::Child => sys::exit_now(0),
            Forked::Parent(pid, _) => {
                rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty())?;
                group.remove_leaf(0);
                Ok(())
            }
        }
    };
    born().inspect_err(|_| {
        group.remove();
    })?;
    Ok(group)
}

// === impl Keeper: commands ===

impl Keeper {
    /// Starts a command; the answer comes when it runs or has failed to.
    pub(super) fn spawn(&mut self, command: &Command) {
        if let Err((stage, errno)) = self.try_spawn(command) {
            self.leash.reply(
                &Reply::SpawnFailed {
                    id: command.id,
                    stage,
                    errno,
                },
                Vec::new(),
            );
        }
    }

    fn try_spawn(&mut self, command: &Command) -> Result<(), Failed> {
        let Command {
            id,
            argv,
            arg0,
            cwd,
            env,
            stdio,
        } = command;
        self.table.room(*id).map_err(|refused| match refused {
            Refused::Full => failed(Errno::AGAIN),
            Refused::BadId => failed(Errno::EXIST),
        })?;
        let program = Program::new(argv, arg0.as_deref(), cwd, env);
        let program = program.ok_or(failed(Errno::INVAL))?;
        let ends = Ends::open(*stdio).map_err(resource)?;
        match self.means.group() {
            Some(group) => {
                let leaf = group.make_leaf(*id).map_err(resource)?;
                let started = self.spawn_in_leaf(*id, &leaf, &program, ends);
                if let (Err(_), Some(group)) = (&started, self.means.group()) {
                    group.remove_leaf(*id);
                }
                started
            }
            None => self.spawn_below_guard(*id, program, ends),
        }
    }

    fn spawn_in_leaf(
        &mut self,
        id: u64,
        leaf: &OwnedFd,
        program: &Program,
        ends: Ends,
    ) -> Result<(), Failed> {
        let (report, reporter) = streams::pipe().map_err(resource)?;
        self.watch(&report, About::Report(id), EventFlags::IN)
            .map_err(resource)?;
        let parent = getpid();
        match sys::fork(Some(leaf.as_fd())) {
            Ok(Forked::Child) => {
                let oom_score = self.oom_score;
                let (theirs, report) = (&ends.theirs, reporter.as_fd());
                Start {
                    program,
                    theirs,
                    report,
                    parent,
                    oom_score,
                }
                .run()
            }
            Ok(Forked::Parent(pid, pidfd)) => {
                let leader = pid.as_raw_pid().unsigned_abs();
                let mut fds = ends.ours;
                fds.push(pidfd);
                let starting = Some(Starting { report, fds });
                self.table.admit(
                    id,
                    leader,
                    Held::Leaf {
                        leader,
                        starting,
                        events: None,
                    },
                );
                Ok(())
            }
            Err(error) => {
                unwatch(&self.epoll, &report);
                Err(resource(error))
            }
        }
    }

    fn spawn_below_guard(&mut self, id: u64, program: Program, ends: Ends) -> Result<(), Failed> {
        let (control, theirs) = socket::pair().map_err(resource)?;
        self.watch(&control, About::Guard(id), EventFlags::IN)
            .map_err(resource)?;
        match sys::fork(None) {
            Ok(Forked::Child) => {
                let oom_score = self.oom_score;
                guard::run(
                    theirs,
                    Charge {
                        id,
                        program,
                        theirs: ends.theirs,
                        oom_score,
                    },
                )
            }
            Ok(Forked::Parent(pid, _)) => {
                let held = Held::Guard {
                    control: Socket::new(control),
                    ours: ends.ours,
                };
                self.table.admit(id, pid.as_raw_pid().unsigned_abs(), held);
                Ok(())
            }
            Err(error) => {
                unwatch(&self.epoll, &control);
                Err(resource(error))
            }
        }
    }

    /// A command in a leaf runs, or has failed to.
    pub(super) fn finish_start(&mut self, id: u64) {
        let Some(Held::Leaf {
            leader, starting, ..
        }) = self.table.get(id)
        else {
            return;
        };
        let (pid, Some(Starting { report, fds })) = (*leader, starting.take()) else {
            return;
        };
        unwatch(&self.epoll, &report);
        match child::read_report(report.as_fd()) {
            Ok(None) => self.started(id, pid, fds),
            Ok(Some(reason)) => self.failed(id, reason),
            Err(error) => self.failed(id, resource(error)),
        }
    }

    fn started(&mut self, id: u64, pid: u32, fds: Vec<OwnedFd>) {
        if self.table.started(id) {
            let count = u8::try_from(fds.len()).expect("no command has more than four");
            self.leash.reply(
                &Reply::Spawned {
                    id,
                    pid,
                    fds: count,
                },
                fds,
            );
        }
    }

    fn failed(&mut self, id: u64, (stage, errno): Failed) {
        if self.table.failed(id) {
            self.leash
                .reply(&Reply::SpawnFailed { id, stage, errno }, Vec::new());
        }
    }

    /// A guard reports on its command.
    pub(super) fn hear_guard(&mut self, id: u64) {
        let Some(Held::Guard { control, ours }) = self.table.get(id) else {
            return;
        };
        // Its end is heard of by reaping it; until then the socket is only quieted.
        let open = control.receive().unwrap_or(false);
        let (mut replies, mut ours) = (Vec::new(), mem::take(ours));
        while let Ok(Some(reply)) = control.inbox.reply() {
            replies.push(reply);
        }
        for (reply, pidfd) in replies {
            match reply {
                Reply::Spawned { pid, .. } => {
                    let mut fds = mem::take(&mut ours);
                    fds.extend(pidfd);
                    self.started(id, pid, fds);
                }
                Reply::SpawnFailed { stage, errno, .. } => self.failed(id, (stage, errno)),
                Reply::Exited { status, .. } => self.exited(id, status),
                Reply::Ready { .. } | Reply::Empty { .. } => {}
            }
        }
        let still_starting = self.table.is_starting(id);
        if let Some(Held::Guard {
            control,
            ours: kept,
        }) = self.table.get(id)
        {
            *kept = if still_starting { ours } else { Vec::new() };
            if !open {
                unwatch(&self.epoll, control);
            }
        }
    }

    fn exited(&mut self, id: u64, status: i32) {
        if self.table.exited(id) {
            self.leash.reply(&Reply::Exited { id, status }, Vec::new());
        }
    }

    /// The leader of a leaf, or a guard, has ended and was reaped.
    pub(super) fn child_ended(&mut self, id: u64, pid: u32, status: i32) {
        match self.table.get(id) {
            Some(Held::Leaf { .. }) => {
                // What it reported comes before what became of it.
                self.finish_start(id);
                self.table.reaped(pid);
                self.exited(id, status);
                self.check_empty(id);
            }
            Some(Held::Guard { .. }) => {
                self.hear_guard(id);
                self.table.reaped(pid);
                if !self.table.is_over(id) {
                    // It was killed. The leader died with it; the others came down to us.
                    self.failed(id, failed(Errno::CHILD));
                    self.exited(id, Signal::KILL.as_raw());
                    self.kill_strays();
                }
                self.emptied(id);
            }
            None => {}
        }
    }

    /// Sees whether a leaf without a leader is empty, and has it watched if not.
    pub(super) fn check_empty(&mut self, id: u64) {
        let Some(group) = self.means.group() else {
            return;
        };
        if !self.table.is_over(id) {
            return;
        }
        if group.remove_leaf(id) {
            return self.emptied(id);
        }
        let watched = group.leaf_events(id).and_then(|opened| {
            self.watch(&opened, About::Leaf(id), EventFlags::PRI)?;
            Ok(opened)
        });
        let Ok(opened) = watched else {
            return self.unwatched.push(id);
        };
        if let Some(Held::Leaf { events, .. }) = self.table.get(id) {
            *events = Some(opened);
            self.leaf_changed(id);
        }
    }

    /// A watched leaf may have become empty.
    pub(super) fn leaf_changed(&mut self, id: u64) {
        let Some(Held::Leaf {
            events: Some(events),
            ..
        }) = self.table.get(id)
        else {
            return;
        };
        if cgroup::is_populated(events) {
            return;
        }
        if let Some(group) = self.means.group() {
            // A directory that stays behind goes with the whole group.
            group.remove_leaf(id);
        }
        self.emptied(id);
    }

    fn emptied(&mut self, id: u64) {
        let Some((held, say)) = self.table.emptied(id) else {
            return;
        };
        match &held {
            Held::Leaf {
                events: Some(events),
                ..
            } => unwatch(&self.epoll, events),
            Held::Guard { control, .. } => unwatch(&self.epoll, control),
            Held::Leaf { events: None, .. } => {}
        }
        if say {
            self.leash.reply(&Reply::Empty { id }, Vec::new());
        }
    }

    /// Sends a signal to the group of a command's leader or to its whole tree.
    pub(super) fn signal(&mut self, id: u64, number: i32, to: To) {
        let Some(signal) = Signal::from_named_raw(number) else {
            return;
        };
        let unreaped = self.table.pid(id);
        match self.table.get(id) {
            Some(Held::Guard { control, .. }) => {
                control.request(&Request::Signal {
                    id,
                    signal: number,
                    to,
                });
                control.flush();
            }
            Some(Held::Leaf { leader, .. }) => match (to, unreaped.and_then(pid)) {
                // Not reaped, so the number still means its group. It may have no member.
                (To::Group, Some(leader)) => drop(kill_process_group(leader, signal)),
                (To::Group, None) => {
                    let group = *leader;
                    self.signal_leaf(id, signal, |stat| stat.group == group);
                }
                (To::Tree, _) => self.signal_leaf(id, signal, |_| true),
            },
            None => {}
        }
    }

    fn signal_leaf(&self, id: u64, signal: Signal, wanted: impl Fn(&tree::Stat) -> bool) {
        let Some(group) = self.means.group() else {
            return;
        };
        let stats: Vec<_> = group
            .leaf_members(id)
            .into_iter()
            .filter_map(tree::look)
            .collect();
        // Whoever is still a member now was one when it was looked at, or is one now.
        let members = group.leaf_members(id);
        for stat in stats
            .iter()
            .filter(|stat| members.contains(&stat.pid) && wanted(stat))
        {
            tree::signal(stat, signal);
        }
    }

    /// Ends every member of a command's tree.
    pub(super) fn kill(&mut self, id: u64) {
        match self.table.get(id) {
            Some(Held::Guard { control, .. }) => {
                control.request(&Request::Kill { id });
                control.flush();
            }
            Some(Held::Leaf { .. }) => {
                if let Some(group) = self.means.group() {
                    // Fails when the leaf is being removed, thus empty.
                    group.kill_leaf(id).ok();
                }
            }
            None => {}
        }
    }
}

fn pid(number: u32) -> Option<Pid> {
    i32::try_from(number).ok().and_then(Pid::from_raw)
}

fn failed(errno: Errno) -> Failed {
    (Stage::Resource, errno.raw_os_error())
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
fn resource(error: io::Error) -> Failed {
    failed(spawn::errno(&error))
}
