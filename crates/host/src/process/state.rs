//! What the handles of a process and its task share.
//!
//! One lock holds the log, the life cycle, the input and the audience, so that whatever a handle
//! does has happened when it returns. The task parks a waker here; whoever changes what it waits
//! for wakes it. Nothing is awaited with the lock held.

use std::{
    os::fd::OwnedFd,
    path::PathBuf,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

use parking_lot::{Mutex, MutexGuard};
use tokio::{io::unix::AsyncFd, sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    audience::{Audience, Stream},
    budget::Reclaim,
    cursor::Cursor,
    exit::Exit,
    host::ProcessHost,
    input::Input,
    keeper::{RawExit, Tree},
    lifecycle::Lifecycle,
    log::Log,
};

pub(super) struct Shared {
    /// Its number among all processes of the server, for the budget.
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) pid: u32,
    pub(super) argv: Vec<String>,
    pub(super) cwd: PathBuf,
    /// Its terminal, while that is open.
    pub(super) terminal: Option<Weak<AsyncFd<OwnedFd>>>,
    pub(super) started_at: Instant,
    pub(super) host: ProcessHost,
    pub(super) tree: Arc<Tree>,
    /// Cancelled when the task is to finish without waiting for anyone.
    pub(super) stop: CancellationToken,
    /// Cancelled by the task when it has finished.
    pub(super) finished: CancellationToken,
    pub(super) closed_at: OnceLock<Instant>,
    /// Whether someone was told of the close, so that the id may name another process.
    pub(super) settled: AtomicBool,
    /// The next sequence number to be assigned; readers wait for it to move.
    pub(super) progress: watch::Sender<u64>,
    /// When the tree is to be killed, while that is being waited for.
    pub(super) kill_at: watch::Sender<Option<Instant>>,
    /// Told when waiting writes may have been accepted, or never will be.
    pub(super) input_moved: watch::Sender<()>,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    pub(super) log: Log,
    pub(super) cursor: Cursor,
    pub(super) life: Lifecycle,
    pub(super) input: Input,
    audience: Option<Box<dyn Audience>>,
    /// Until when a resumed client may take its time to read what it missed.
    pub(super) catch_up_until: Option<Instant>,
    waker: Option<Waker>,
}

impl State {
    pub(super) fn new(log: Log, cursor: Cursor, life: Lifecycle, input: Input) -> Self {
        let (audience, catch_up_until, waker) = (None, None, None);
        Self {
            log,
            cursor,
            life,
            input,
            audience,
            catch_up_until,
            waker,
        }
    }

    /// Parks the task's waker.
    pub(super) fn park(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }

    /// Wakes the task to look at everything again.
    pub(super) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Replaces the audience; the former one is for the caller to drop, without the lock.
    pub(super) fn attach(
        &mut self,
        audience: Box<dyn Audience>,
        catch_up_until: Option<Instant>,
    ) -> Option<Box<dyn Audience>> {
        self.log.seal();
        self.cursor.attach(self.log.next_seq());
        self.catch_up_until = catch_up_until;
        self.wake();
        self.audience.replace(audience)
    }

    /// Whether anybody is told of events.
    pub(super) fn has_audience(&self) -> bool {
        self.audience.is_some()
    }

    /// Takes the audience away; it is for the caller to drop, without the lock.
    pub(super) fn detach(&mut self) -> Option<Box<dyn Audience>> {
        self.cursor.detach();
        self.wake();
        self.audience.take()
    }

    /// Whether everything there is was told to an audience.
    pub(super) fn is_told(&self) -> bool {
        self.cursor.next() == self.log.next_seq()
    }

    /// Whether an audience is there and has to be told something.
    pub(super) fn has_undelivered(&self) -> bool {
        self.audience.is_some() && !self.is_told()
    }

    /// Tells the audience what it can take. Ready when nothing is left to tell; a departed
    /// audience comes back to be dropped without the lock.
    pub(super) fn poll_deliver(
        &mut self,
        id: &str,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Box<dyn Audience>>> {
        while !self.is_told() {
            let Some(audience) = &mut self.audience else {
                break;
            };
            if !self.cursor.may_deliver() {
                // A read that shows the client what it missed wakes the supervisor.
                return Poll::Pending;
            }
            match audience.poll_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(_gone)) => return Poll::Ready(self.detach()),
                Poll::Ready(Ok(())) => {}
            }
            let Some(event) = self.log.event_from(self.cursor.next()) else {
                break;
            };
            audience.deliver(id, &event);
            self.cursor.delivered(event.seq(), event.bytes());
        }
        Poll::Ready(None)
    }

    /// How many bytes of a stream may be read now: none while the audience is behind, or while
    /// the log is full of what a client may still need.
    pub(super) fn intake(&self, stream: Stream) -> usize {
        if self.has_undelivered() {
            return 0;
        }
        self.log.room(stream, self.cursor.releasable())
    }

    /// When the protection of what a resumed client has not read ends, if there is any.
    pub(super) fn catch_up_deadline(&self) -> Option<Instant> {
        self.catch_up_until.filter(|_| self.cursor.is_catching_up())
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Appends output the budget has already granted, and says so to readers.
    pub(super) fn append(&self, stream: Stream, data: &[u8]) {
        let (freed, next) = {
            let mut state = self.lock();
            let releasable = state.cursor.releasable();
            let freed = state.log.push(stream, data, releasable);
            (freed, state.log.next_seq())
        };
        self.host.budget().release(freed);
        self.announce(next);
    }

    /// Gives up what was kept beyond the bounds, as far as it was told by now.
    pub(super) fn trim(&self) {
        let freed = {
            let mut state = self.lock();
            let releasable = state.cursor.releasable();
            state.log.trim(releasable)
        };
        self.host.budget().release(freed);
    }

    /// Appends the leader's exit, once. Input that was not written by then is discarded.
    pub(super) fn append_exit(&self, raw: RawExit) -> Option<Exit> {
        let mut state = self.lock();
        let exit = state.life.exited(raw)?;
        state.log.push_exit(exit);
        state.input.discard();
        let next = state.log.next_seq();
        drop(state);
        self.input_moved.send_replace(());
        self.announce(next);
        Some(exit)
    }

    /// Appends the close where it is due; returns whether it was.
    pub(super) fn append_closed(&self) -> bool {
        let mut state = self.lock();
        if !state.life.close() {
            return false;
        }
        state.log.push_closed();
        let next = state.log.next_seq();
        drop(state);
        self.closed_at.get_or_init(Instant::now);
        self.announce(next);
        true
    }

    /// Someone was told of everything up to the close: the id may name another process, and the
    /// output may go when room is needed.
    pub(super) fn settle(self: &Arc<Self>) {
        if !self.settled.swap(true, Ordering::Relaxed) {
            let weak: Weak<Self> = Arc::downgrade(self);
            self.host.budget().closed(weak);
        }
    }

    fn announce(&self, next: u64) {
        self.progress
            .send_if_modified(|seq| std::mem::replace(seq, next) != next);
    }
}

impl Reclaim for Shared {
    fn reclaim(&self) {
        let freed = self.lock().log.evict(usize::MAX, u64::MAX);
        self.host.budget().release(freed);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let kept = self.state.get_mut().log.bytes();
        self.host.budget().release(kept);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Process")
            .field("id", &self.id)
            .field("pid", &self.pid)
            .finish()
    }
}
