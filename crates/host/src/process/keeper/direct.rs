//! Commands without a keeper: children of this very process.
//!
//! For embedders that have no program to run as a keeper. Weaker than a keeper, see
//! [`KeeperProgram::None`](super::KeeperProgram::None). A leader stays unreaped until its session
//! and its descendants are gone, so its number can never mean a stranger while it is used.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rustix::{
    io::Errno,
    process::{
        Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group,
        pidfd_open, waitid,
    },
};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    RawExit,
    error::Failure,
    gone::ended,
    link::Started,
    tree::{Holder, Tree},
};
use crate::{
    keeper::{
        tree,
        wire::{Command, Stage, To, Verdict},
    },
    process::{
        Unenforceable, Why,
        program::Program,
        spawn::{self, Slot},
        streams::{Ends, Theirs},
    },
};

/// How often a tree without a leader is looked at. There is no event for it without a keeper.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Why there are no walls here.
const NO_KEEPER: &str = "this program runs its commands without a keeper, and only a keeper can \
                         wall commands in";

/// Starts commands as children of this process.
#[derive(Debug)]
pub(super) struct Direct {
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// A tree whose leader is our child.
#[derive(Debug)]
pub(super) struct DirectTree {
    leader: Pid,
    /// Whether the leader's number may mean somebody else by now.
    reaped: Mutex<bool>,
    /// Set once the tree is to be killed, and again by nobody.
    kill: Notify,
}

// === impl Direct ===

impl Direct {
    /// Its tasks run in `tasks` and kill what is left when `stop` is cancelled.
    pub(super) fn new(tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self { tasks, stop }
    }

    /// Starts a command. Stands still for about a millisecond.
    pub(super) fn spawn(
        &self,
        command: &Command,
        permit: OwnedSemaphorePermit,
    ) -> Result<Started, Failure> {
        if self.stop.is_cancelled() {
            return Err(Failure::Lost);
        }
        if command.walls.is_some() {
            return Err(Failure::Walls(NO_KEEPER.to_owned()));
        }
        if let Some(limit) = command.limits.any() {
            let why = Why::NoKeeper;
            return Err(Failure::Limits(Unenforceable { limit, why }));
        }
        let Command {
            argv,
            arg0,
            cwd,
            env,
            stdio,
            ..
        } = command;
        let program = Program::new(argv, arg0.as_deref(), cwd, env);
        let program = program.ok_or(Failure::resource(Errno::INVAL))?;
        check_directory(&program)?;
        let Ends { ours, theirs } =
            Ends::open(*stdio).map_err(|error| Failure::resource(spawn::errno(&error)))?;
        let slots = match &theirs {
            Theirs::Terminal(name) => [Slot::Open(name), Slot::Same(0), Slot::Same(0)],
            Theirs::Slave(slave) => [Slot::Copy(slave.as_fd()), Slot::Same(0), Slot::Same(0)],
            Theirs::Pipes {
                stdin,
                stdout,
                stderr,
            } => {
                let stdin = stdin.as_ref().map(|stdin| Slot::Copy(stdin.as_fd()));
                let stdin = stdin.unwrap_or(Slot::Open(c"/dev/null"));
                [
                    stdin,
                    Slot::Copy(stdout.as_fd()),
                    Slot::Copy(stderr.as_fd()),
                ]
            }
        };
        let leader = spawn::spawn(&program, &slots)
            .map_err(|errno| Failure::At(Stage::Program, errno.raw_os_error()))?;
        let pidfd = pidfd_open(leader, PidfdFlags::empty()).map_err(|errno| {
            kill_process_group(leader, Signal::KILL).ok();
            Failure::resource(errno)
        })?;
        let tree = DirectTree {
            leader,
            reaped: Mutex::new(false),
            kill: Notify::new(),
        };
        let (tree, (exited, exit), (emptied, empty)) =
            (Arc::new(tree), oneshot::channel(), watch::channel(false));
        let watched = watch_tree(
            tree.clone(),
            pidfd,
            exited,
            self.stop.clone(),
            self.tasks.clone(),
        );
        self.tasks.spawn(async move {
            watched.await;
            drop(permit);
            emptied.send_replace(true);
        });
        let pid = leader.as_raw_pid().unsigned_abs();
        let tree = Tree::new(Holder::Direct(tree), empty);
        Ok(Started {
            pid,
            fds: ours,
            tree,
            exit,
            stdio: *stdio,
        })
    }
}

/// `posix_spawn` does not tell which step failed, so the directory is looked at first.
fn check_directory(program: &Program) -> Result<(), Failure> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let failed = |errno: Errno| Failure::At(Stage::Directory, errno.raw_os_error());
    let directory = rustix::fs::open(&program.cwd, flags, Mode::empty()).map_err(failed)?;
    // Entering needs the permission to search it, which "." stands for.
    rustix::fs::accessat(
        &directory,
        c".",
        rustix::fs::Access::EXEC_OK,
        rustix::fs::AtFlags::empty(),
    )
    .map_err(failed)
}

/// Sees a tree to its end.
async fn watch_tree(
    tree: Arc<DirectTree>,
    pidfd: OwnedFd,
    exited: oneshot::Sender<RawExit>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    let mut killing = false;
    tokio::select! {
        () = ended(&pidfd) => {}
        () = tree.kill.notified() => killing = true,
        () = stop.cancelled() => killing = true,
    }
    if killing {
        // The leader is in its group unless it has ended, so this reaches it.
        tree.sweep(&tasks).await;
        ended(&pidfd).await;
    }
    exited.send(leader_status(&pidfd)).ok();
    while tree.has_members(&tasks).await {
        if killing {
            tree.sweep(&tasks).await;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = tree.kill.notified(), if !killing => killing = true,
            () = stop.cancelled(), if !killing => killing = true,
        }
    }
    let mut reaped = tree.reaped.lock();
    *reaped = true;
    waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED).ok();
}

/// How a leader that has ended did; it stays unreaped.
fn leader_status(pidfd: &OwnedFd) -> RawExit {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    match waitid(WaitId::PidFd(pidfd.as_fd()), options) {
        Ok(Some(status)) => RawExit::Status(raw_status(&status), Verdict::default()),
        // Somebody else in this process has reaped it.
        Ok(None) | Err(_) => RawExit::KeeperLost,
    }
}

/// The status as `wait` would give it.
fn raw_status(status: &WaitIdStatus) -> i32 {
    const CORE: i32 = 0x80;
    let signal = status.terminating_signal().unwrap_or(0);
    match status.exit_status() {
        Some(code) => (code & 0xff) << 8,
        None if status.dumped() => signal | CORE,
        None => signal,
    }
}

// === impl DirectTree ===

impl DirectTree {
    /// Sends a signal to the leader's group, or to everybody who can be found.
    pub(super) fn signal(&self, number: i32, to: To) -> io::Result<()> {
        let signal = Signal::from_named_raw(number).ok_or(Errno::INVAL)?;
        let reaped = self.reaped.lock();
        if *reaped {
            return Err(Errno::SRCH.into());
        }
        match to {
            To::Group => Ok(kill_process_group(self.leader, signal)?),
            To::Tree => {
                self.members()
                    .iter()
                    .for_each(|member| tree::signal(member, signal));
                Ok(kill_process_group(self.leader, signal)?)
            }
        }
    }

    /// Kills everybody who can be found; the task looks again until nobody is.
    ///
    /// The group is stopped first, so that no parent ends before its children were found: once
    /// without a parent nobody could tell whose they were.
    pub(super) fn kill(&self) {
        let ordered = self.signal(Signal::STOP.as_raw(), To::Group);
        // Without a group the leader is gone, and there is still its session.
        ordered
            .or_else(|_| self.signal(Signal::STOP.as_raw(), To::Tree))
            .ok();
        self.signal(Signal::KILL.as_raw(), To::Tree).ok();
        self.kill.notify_one();
    }

    async fn sweep(self: &Arc<Self>, tasks: &TaskTracker) {
        let this = self.clone();
        let swept = tasks.spawn_blocking(move || this.signal(Signal::KILL.as_raw(), To::Tree).ok());
        swept.await.ok();
    }

    async fn has_members(self: &Arc<Self>, tasks: &TaskTracker) -> bool {
        let this = self.clone();
        tasks
            .spawn_blocking(move || !this.members().is_empty())
            .await
            .unwrap_or(false)
    }

    /// Everybody below the leader or in its session, who is alive.
    fn members(&self) -> Vec<tree::Stat> {
        let leader = self.leader.as_raw_pid().unsigned_abs();
        let picture = tree::picture().unwrap_or_default();
        let below = tree::descendants(&picture, leader, |_| false);
        let in_session = picture
            .iter()
            .copied()
            .filter(|stat| stat.session == leader);
        below
            .into_iter()
            .chain(in_session)
            .filter(|stat| !stat.zombie)
            .collect()
    }
}
