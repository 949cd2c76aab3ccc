//! What the keeper holds for each command, and how it starts one.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::{event::epoll::EventFlags, io::Errno, process::getpid};

use super::{
    Mode,
    child::{self, Start},
    guard::{self, Charge},
    limits::{Holding, NotStarted},
    main::{About, Keeper, unwatch},
    socket::{self, Socket},
    spare::Again,
    sys::{self, Forked},
    table::Refused,
    wire::{Command, Order, Reply, Stage},
};
use crate::process::{
    cgroup::Group,
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
        /// Which one it is: its own, or the one in which its walls were raised beforehand.
        leaf: u64,
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
        /// What is around it, when it is the first process behind walls.
        walls: Option<Around>,
        /// Until a spare has taken it: how it is started without one.
        again: Option<Box<Again>>,
    },
}

/// What the keeper holds of walls.
#[derive(Debug)]
pub(super) struct Around {
    /// What was said by whoever raised them.
    pub(super) words: OwnedFd,
    /// The leaf of the group in which all of it lives, if it does in one.
    pub(super) leaf: Option<u64>,
    /// Until the program runs: what the next one like it would be started behind.
    pub(super) next: Option<Next>,
}

/// What is raised once a command runs.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) order: Box<Order>,
    /// Whether the command that runs was like the one before already.
    pub(super) again: bool,
}

/// What is held while a command is between fork and exec.
#[derive(Debug)]
pub(super) struct Starting {
    report: OwnedFd,
    /// Our ends of its streams, then its pidfd.
    fds: Vec<OwnedFd>,
}

pub(super) type Failed = (Stage, i32);

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
        if let Err(not_started) = self.try_spawn(command) {
            self.refuse(command.id, not_started);
        }
    }

    /// Says that a command was not started.
    pub(super) fn refuse(&mut self, id: u64, NotStarted { failed, words }: NotStarted) {
        let (stage, errno) = failed;
        let failed = Reply::SpawnFailed {
            id,
            stage,
            errno,
            words,
        };
        self.leash.reply(&failed, Vec::new());
    }

    fn try_spawn(&mut self, command: &Command) -> Result<(), NotStarted> {
        let Command {
            id,
            argv,
            arg0,
            cwd,
            env,
            stdio,
            ..
        } = command;
        self.table.room(*id).map_err(|refused| match refused {
            Refused::Full => failed(Errno::AGAIN),
            Refused::BadId => failed(Errno::EXIST),
        })?;
        let program = Program::new(argv, arg0.as_deref(), cwd, env);
        let program = program.ok_or(failed(Errno::INVAL))?;
        let ends = Ends::open(*stdio).map_err(resource)?;
        match self.take_spare(command) {
            Some(spare) => Ok(self.use_spare(command, spare, ends)?),
            None => self.spawn_anew(command, program, ends),
        }
    }

    /// Starts a command without a spare; the table has room for it.
    pub(super) fn spawn_anew(
        &mut self,
        command: &Command,
        program: Program,
        ends: Ends,
    ) -> Result<(), NotStarted> {
        let id = &command.id;
        let leaf = self.means.group().map(|group| group.make_leaf(*id));
        let leaf = leaf.transpose().map_err(resource)?;
        let started = self.spawn_held(command, leaf.as_ref(), program, ends);
        if let (Err(_), Some(group)) = (&started, self.means.group()) {
            group.remove_leaf(*id);
        }
        started
    }

    fn spawn_held(
        &mut self,
        command: &Command,
        leaf: Option<&OwnedFd>,
        program: Program,
        ends: Ends,
    ) -> Result<(), NotStarted> {
        let id = command.id;
        let holding = self.hold(command)?;
        let started = match (&command.walls, leaf) {
            (Some(_), leaf) => self.spawn_behind_walls(command, leaf, &holding, ends),
            (None, Some(leaf)) => self.spawn_in_leaf(id, leaf, &program, &holding, ends),
            (None, None) => self.spawn_below_guard(id, program, holding, ends),
        };
        if started.is_err() {
            self.release(id);
        }
        Ok(started?)
    }

    fn spawn_in_leaf(
        &mut self,
        id: u64,
        leaf: &OwnedFd,
        program: &Program,
        holding: &Holding,
        ends: Ends,
    ) -> Result<(), Failed> {
        let (report, reporter) = streams::pipe().map_err(resource)?;
        self.watch(&report, About::Report(id), EventFlags::IN)
            .map_err(resource)?;
        let parent = getpid();
        match sys::fork(Some(leaf.as_fd())) {
            Ok(Forked::Child) => {
                let normal = Some(self.normal.clone());
                let (theirs, report) = (&ends.theirs, reporter.as_fd());
                Start {
                    program,
                    theirs,
                    report,
                    parent,
                    normal,
                    sealing: None,
                    doors: &holding.doors,
                    limits: &holding.own,
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
                        leaf: id,
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

    fn spawn_below_guard(
        &mut self,
        id: u64,
        program: Program,
        holding: Holding,
        ends: Ends,
    ) -> Result<(), Failed> {
        let (control, theirs) = socket::pair().map_err(resource)?;
        self.watch(&control, About::Guard(id), EventFlags::IN)
            .map_err(resource)?;
        match sys::fork(None) {
            Ok(Forked::Child) => {
                let normal = Some(self.normal.clone());
                guard::run(
                    theirs,
                    Charge {
                        id,
                        program,
                        theirs: ends.theirs,
                        normal,
                        sealing: None,
                        doors: holding.doors,
                        limits: holding.own,
                    },
                )
            }
            Ok(Forked::Parent(pid, _)) => {
                let held = Held::Guard {
                    control: Socket::new(control),
                    ours: ends.ours,
                    walls: None,
                    again: None,
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

    pub(super) fn started(&mut self, id: u64, pid: u32, fds: Vec<OwnedFd>) {
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

    pub(super) fn failed(&mut self, id: u64, failed: Failed) {
        self.failed_with(id, failed, Vec::new());
    }

    pub(super) fn failed_with(&mut self, id: u64, (stage, errno): Failed, words: Vec<u8>) {
        if self.table.failed(id) {
            let failed = Reply::SpawnFailed {
                id,
                stage,
                errno,
                words,
            };
            self.leash.reply(&failed, Vec::new());
        }
    }
}

pub(super) fn failed(errno: Errno) -> Failed {
    (Stage::Resource, errno.raw_os_error())
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
pub(super) fn resource(error: io::Error) -> Failed {
    failed(spawn::errno(&error))
}
