//! One keeper process as the server sees it: what was asked, what is not answered yet.
//!
//! Requests are encoded and, where the socket takes them, sent by the caller itself; what it does
//! not take waits in `out` for the task, which owns the receiving side. The lock is held for a
//! look-up and one non-blocking send.
//! When the socket ends, each start is answered with `Lost`, each exit is
//! [`RawExit::KeeperLost`], and what can still be named is killed before it counts as empty.

use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
    sync::Arc,
};

use parking_lot::Mutex;
use rustix::{
    io::Errno,
    net::Shutdown,
    process::{Signal, pidfd_send_signal},
};
use tokio::{
    io::Interest,
    net::UnixStream,
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot, watch},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    RawExit,
    error::Failure,
    gone::{LostOnDrop, Reaped},
    tree::{Holder, Tree},
};
use crate::keeper::{
    Mode, socket,
    wire::{Command, Inbox, MAX_FRAME, Reply, Request, Stage, Stdio},
};

/// How many bytes of start requests may be unanswered. Two of the largest, or thousands of the
/// usual ones.
pub(super) const REQUEST_BYTES: usize = 2 * MAX_FRAME;

/// The unit in which those bytes are counted.
const BYTES_PER_PERMIT: usize = 1024;

/// How many signals may wait to be sent. They wait only while the keeper is not scheduled.
const WAITING_SIGNALS: usize = 4096;

/// A command as the keeper handed it over.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) pid: u32,
    /// Our ends of its streams.
    pub(super) fds: Vec<OwnedFd>,
    pub(super) tree: Tree,
    pub(super) exit: oneshot::Receiver<RawExit>,
    pub(super) stdio: Stdio,
}

/// One keeper process.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) socket: UnixStream,
    mode: Mode,
    /// Where its leaves are, in [`Mode::Cgroup`].
    pub(super) group: Option<PathBuf>,
    /// Something waits in `out`.
    wake: Notify,
    /// Counts [`REQUEST_BYTES`].
    bytes: Semaphore,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    next_id: u64,
    entries: HashMap<u64, Entry>,
    out: Vec<u8>,
    waiting_signals: usize,
    lost: bool,
}

/// The leader's process id and our ends of its streams, or why there are none.
type Answer = Result<(u32, Vec<OwnedFd>), Failure>;

/// What is waited for from one command.
#[derive(Debug)]
pub(super) struct Entry {
    started: Option<oneshot::Sender<Answer>>,
    exit: Option<oneshot::Sender<RawExit>>,
    pub(super) empty: watch::Sender<bool>,
    pub(super) pidfd: Option<OwnedFd>,
    _permit: OwnedSemaphorePermit,
}

/// What the task waits for.
enum Event {
    Readable,
    Writable,
    Queued,
    Stop,
}

// === impl Link ===

impl Link {
    /// Takes over a keeper that is ready; [`Link::run`] has to be run.
    pub(super) fn new(socket: UnixStream, mode: Mode, group: Option<PathBuf>) -> Self {
        Self {
            socket,
            mode,
            group,
            wake: Notify::new(),
            bytes: Semaphore::new(REQUEST_BYTES / BYTES_PER_PERMIT),
            shared: Mutex::default(),
        }
    }

    /// What it works with.
    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether it is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.shared.lock().lost
    }

    /// Starts a command and waits for it to run.
    pub(super) async fn spawn(
        self: Arc<Self>,
        mut command: Command,
        permit: OwnedSemaphorePermit,
    ) -> Result<Started, Failure> {
        let ((started, answer), (exited, exit)) = (oneshot::channel(), oneshot::channel());
        let (emptied, empty) = watch::channel(false);
        let entry = Entry {
            started: Some(started),
            exit: Some(exited),
            empty: emptied,
            pidfd: None,
            _permit: permit,
        };
        let stdio = command.stdio;
        let id = self.enter(entry)?;
        // From here on a dropped future takes the command back.
        let tree = Tree::new(Holder::Keeper(self.clone(), id), empty);
        command.id = id;
        let mut frame = Vec::new();
        Request::Spawn(Box::new(command)).encode(&mut frame);
        if frame.len() > MAX_FRAME {
            // Longer than any kernel takes.
            return Err(Failure::At(Stage::Program, Errno::TOOBIG.raw_os_error()));
        }
        let permits = u32::try_from(frame.len().div_ceil(BYTES_PER_PERMIT)).unwrap_or(u32::MAX);
        let _bytes = self
            .bytes
            .acquire_many(permits)
            .await
            .map_err(|_| Failure::Lost)?;
        self.send(&mut self.shared.lock(), &frame);
        drop(frame);
        let (pid, fds) = answer.await.map_err(|_| Failure::Lost)??;
        Ok(Started {
            pid,
            fds,
            tree,
            exit,
            stdio,
        })
    }

    /// Queues a request that is made once per command, so that these need no bound of their own.
    pub(super) fn post(&self, request: &Request) {
        let mut frame = Vec::new();
        request.encode(&mut frame);
        self.send(&mut self.shared.lock(), &frame);
    }

    /// Queues a signal.
    pub(super) fn signal(&self, request: &Request) -> io::Result<()> {
        let mut shared = self.shared.lock();
        if shared.waiting_signals >= WAITING_SIGNALS {
            return Err(Errno::AGAIN.into());
        }
        shared.waiting_signals += 1;
        let mut frame = Vec::new();
        request.encode(&mut frame);
        self.send(&mut shared, &frame);
        Ok(())
    }

    /// Nobody waits for this command any more.
    pub(super) fn forget(&self, id: u64) {
        let entry = self.shared.lock().entries.remove(&id);
        // Without its entry the command is over or the keeper is lost; no one need be told.
        if entry.is_some() {
            self.post(&Request::Forget { id });
        }
    }

    fn enter(&self, entry: Entry) -> Result<u64, Failure> {
        let mut shared = self.shared.lock();
        if shared.lost {
            return Err(Failure::Lost);
        }
        shared.next_id += 1;
        let id = shared.next_id;
        shared.entries.insert(id, entry);
        Ok(id)
    }

    /// Sends what the socket takes; the task does the rest.
    fn send(&self, shared: &mut Shared, frame: &[u8]) {
        if shared.lost {
            return;
        }
        shared.out.extend_from_slice(frame);
        self.flush(shared);
        if !shared.out.is_empty() {
            self.wake.notify_one();
        }
    }

    fn flush(&self, shared: &mut Shared) {
        while !shared.out.is_empty() {
            match socket::send(self.socket.as_fd(), &shared.out, &[]) {
                Ok(sent) => drop(shared.out.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The keeper is gone; the task finds out by reading.
                Err(_) => shared.out.clear(),
            }
        }
        shared.waiting_signals = 0;
        shared.out.shrink_to(BYTES_PER_PERMIT);
    }

    /// Owns the link until the keeper is gone, and its trees with it.
    pub(super) async fn run(
        self: Arc<Self>,
        keeper: OwnedFd,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) {
        let (keeper, lost_on_drop) = (Reaped(Some(keeper)), LostOnDrop(self.clone()));
        self.serve(&stop).await;
        // Nothing more is sent or received; if the keeper still lives it hears that now.
        rustix::net::shutdown(&self.socket, Shutdown::Both).ok();
        let orphans = self.lose();
        drop(lost_on_drop);
        if !orphans.is_empty() {
            tracing::warn!(processes = orphans.len(), "the keeper is gone");
        }
        self.end_orphans(orphans, &tasks).await;
        keeper.wait().await;
    }

    /// Moves frames until the keeper's end is closed.
    async fn serve(&self, stop: &CancellationToken) {
        let (mut inbox, mut stopping) = (Inbox::default(), false);
        loop {
            let waiting = !self.shared.lock().out.is_empty();
            // Every arm only waits for a fact that stays true until it is dealt with below, so
            // nothing is lost with the arms that are dropped.
            let event = tokio::select! {
                () = stop.cancelled(), if !stopping => Event::Stop,
                _ = self.socket.readable() => Event::Readable,
                _ = self.socket.writable(), if waiting => Event::Writable,
                () = self.wake.notified(), if !waiting => Event::Queued,
            };
            match event {
                Event::Queued => {}
                Event::Stop => {
                    stopping = true;
                    // The keeper takes this as the order to end everything and then itself.
                    rustix::net::shutdown(&self.socket, Shutdown::Write).ok();
                }
                Event::Writable => self.write(),
                Event::Readable => {
                    if !self.read(&mut inbox) {
                        return;
                    }
                }
            }
        }
    }

    fn write(&self) {
        let mut shared = self.shared.lock();
        // Tells the runtime to wait for the next edge when the socket is full.
        let full = self.socket.try_io(Interest::WRITABLE, || {
            self.flush(&mut shared);
            if shared.out.is_empty() {
                Ok(())
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            }
        });
        drop(full);
    }

    /// Takes what has arrived. `false` when nothing more will.
    fn read(&self, inbox: &mut Inbox) -> bool {
        let open = receive(&self.socket, inbox).unwrap_or(false);
        loop {
            match inbox.reply() {
                Ok(Some((reply, fds))) => self.hear(&reply, fds),
                Ok(None) => return open,
                Err(error) => {
                    tracing::error!(%error, "the keeper does not make sense");
                    return false;
                }
            }
        }
    }

    fn hear(&self, reply: &Reply, mut fds: Vec<OwnedFd>) {
        let mut shared = self.shared.lock();
        match *reply {
            Reply::Spawned { id, pid, .. } => {
                // A command that was taken back meanwhile is killed already; its ends close here.
                let Some(entry) = shared.entries.get_mut(&id) else {
                    return;
                };
                // Without all its ends nobody can use it. Whoever asked drops its tree.
                let whole = fds.len() == reply.fds();
                let answer = if whole {
                    entry.pidfd = fds.pop();
                    Ok((pid, fds))
                } else {
                    Err(Failure::resource(Errno::MFILE))
                };
                if let Some(started) = entry.started.take() {
                    started.send(answer).ok();
                }
            }
            Reply::SpawnFailed {
                id,
                stage,
                errno,
                ref words,
            } => {
                let Some(entry) = shared.entries.remove(&id) else {
                    return;
                };
                entry.empty.send_replace(true);
                if let Some(started) = entry.started {
                    started.send(Err(Failure::new(stage, errno, words))).ok();
                }
            }
            Reply::Exited {
                id,
                status,
                verdict,
            } => {
                let Some(entry) = shared.entries.get_mut(&id) else {
                    return;
                };
                if let Some(exit) = entry.exit.take() {
                    exit.send(RawExit::Status(status, verdict)).ok();
                }
            }
            Reply::Empty { id } => {
                if let Some(entry) = shared.entries.remove(&id) {
                    entry.empty.send_replace(true);
                }
            }
            Reply::Ready { .. } | Reply::Taken { .. } => {}
        }
    }

    /// Answers everything that waits. What may still be alive is killed where it has a name, and
    /// returned.
    pub(super) fn lose(&self) -> Vec<Entry> {
        let mut shared = self.shared.lock();
        shared.lost = true;
        shared.out = Vec::new();
        let mut orphans: Vec<Entry> = shared.entries.drain().map(|(_, entry)| entry).collect();
        drop(shared);
        self.bytes.close();
        for entry in &mut orphans {
            if let Some(pidfd) = &entry.pidfd {
                pidfd_send_signal(pidfd, Signal::KILL).ok();
            }
            if let Some(exit) = entry.exit.take() {
                exit.send(RawExit::KeeperLost).ok();
            }
            // Dropped unanswered, which means the same as `Lost`.
            entry.started = None;
        }
        orphans
    }
}

/// Takes everything that has arrived and lets the runtime wait for more. `false` when nothing more
/// will come.
pub(super) fn receive(stream: &UnixStream, inbox: &mut Inbox) -> io::Result<bool> {
    let outcome = stream.try_io(Interest::READABLE, || {
        match socket::receive(stream.as_fd(), inbox)? {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => Ok(false),
        }
    });
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        outcome => outcome,
    }
}
