//! One process, as its callers hold it.

use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::time::{Instant, timeout_at};

use super::{
    audience::{Audience, Chunk},
    exit::{Exit, ExitReason},
    registry::Member,
    spec::{Signal, TerminalSize},
    state::Shared,
    stdin::{Offer, Ticket},
};

/// The longest a read waits, whatever it was asked: past it, it answers empty.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// One process. A cheap clone; dropping handles never ends a process.
#[derive(Clone, Debug)]
pub struct Process {
    shared: Arc<Shared>,
}

/// What to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadRequest {
    /// Only chunks with a higher sequence number. The reader has everything up to it: with
    /// back-pressure that makes room for more.
    pub after: u64,
    /// No more bytes than this, but whole chunks, and at least one if there is one.
    pub max_bytes: Option<usize>,
    /// How long to wait for something to answer.
    pub wait: Duration,
}

/// What a read found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order of their sequence numbers.
    pub chunks: Vec<Chunk>,
    /// Where to go on: reading after one less continues this page.
    pub next_seq: u64,
    /// How the leader ended, if it has.
    pub exit: Option<Exit>,
    /// Whether the process's output is at an end.
    pub closed: bool,
    /// Bytes between the cursor and this page that are not kept any more. Exact for a reader
    /// fewer than a thousand chunks behind; never too small.
    pub lost_bytes: u64,
    /// The lowest sequence number from which on everything is kept.
    pub first_available_seq: u64,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The bytes are on their way, in order, and are written once however often a write with
    /// their id is repeated. They are lost without notice only if the process ends, or closes
    /// its input, before it has read them.
    Accepted,
    /// The process has no input, or no longer.
    StdinClosed,
}

/// A write failed in a way that does not mean that the input is closed.
#[derive(Debug, thiserror::Error)]
#[error("write to the process's input")]
pub struct WriteError(#[source] io::Error);

/// A terminal was not resized.
#[derive(Debug, thiserror::Error)]
pub enum ResizeError {
    /// The process runs on pipes.
    #[error("the process has no terminal")]
    NotATerminal,
    /// The terminal is closed.
    #[error("the process has ended")]
    Ended,
    /// The terminal refused.
    #[error("set the window size")]
    Io(#[source] io::Error),
}

/// A process in a list.
#[derive(Clone, Debug)]
pub struct ProcessSummary {
    /// Its id in its session.
    pub id: String,
    /// The leader's process number.
    pub pid: u32,
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it was started.
    pub cwd: std::path::PathBuf,
    /// Whether it runs on a terminal.
    pub terminal: bool,
    /// When it was started.
    pub started_at: Instant,
    /// How the leader ended, if it has.
    pub exit: Option<Exit>,
    /// Whether its output is at an end.
    pub closed: bool,
    /// The sequence number its next event will have.
    pub next_seq: u64,
}

impl Process {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Its id in its session.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The leader's process number, which is also its group's and its session's.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.shared.pid
    }

    /// The output after a cursor. Answers as soon as there is some, or an exit the reader has not
    /// passed, or the close; and when the wait is over.
    pub async fn read(&self, request: ReadRequest) -> Page {
        let deadline = Instant::now() + request.wait.min(LONGEST_WAIT);
        let mut progress = self.shared.progress.subscribe();
        loop {
            // Seen before looking, so that what comes after the look wakes us.
            progress.borrow_and_update();
            let page = self.page(request);
            if request.wait.is_zero() || page.answers(request.after) {
                return page;
            }
            if timeout_at(deadline, progress.changed()).await.is_err() {
                return self.page(request);
            }
        }
    }

    fn page(&self, request: ReadRequest) -> Page {
        let mut state = self.shared.lock();
        let slice = state.log.read(request.after, request.max_bytes);
        let end = state.log.next_seq();
        let before = state.cursor.releasable();
        state.cursor.read(request.after, slice.next_seq, end);
        if state.cursor.releasable() != before {
            // There may be room for more output now.
            state.wake();
        }
        if state.log.is_closed() && slice.next_seq == end {
            self.shared.settle();
        }
        Page {
            chunks: slice.chunks,
            next_seq: slice.next_seq,
            exit: state.log.exit(),
            closed: state.log.is_closed(),
            lost_bytes: slice.lost_bytes,
            first_available_seq: state.log.first_available_seq(),
        }
    }

    /// Writes to the process's input, after everything written before. Waits while the input's
    /// queue is full. A write with an id is made once, however often it is repeated; repeating one
    /// that is still waiting waits with it. Dropping the future withdraws a write that was not
    /// accepted yet.
    ///
    /// # Errors
    /// Fails if an earlier write met an error that does not just mean that nobody reads.
    pub async fn write(
        &self,
        write_id: Option<&str>,
        data: Bytes,
    ) -> Result<WriteOutcome, WriteError> {
        let mut moved = self.shared.input_moved.subscribe();
        let mut offer = {
            let mut state = self.shared.lock();
            let offer = state.input.offer(write_id, data);
            // What could not be written at once is for the task to write.
            state.wake();
            offer
        };
        // Writing may have made room for others that wait.
        self.shared.input_moved.send_replace(());
        let _waiting = match offer {
            Offer::Waiting(ticket) => Some(Waiting {
                process: self,
                ticket,
            }),
            Offer::Accepted | Offer::Ended => None,
        };
        loop {
            match offer {
                Offer::Accepted => return Ok(WriteOutcome::Accepted),
                Offer::Ended => return self.closed_input(),
                Offer::Waiting(ticket) => {
                    // The sender lives as long as the process, so this only ever says "moved".
                    let _moved = moved.changed().await;
                    offer = self.shared.lock().input.outcome(ticket);
                }
            }
        }
    }

    fn closed_input(&self) -> Result<WriteOutcome, WriteError> {
        match self.shared.lock().input.failure() {
            Some(error) => Err(WriteError(error.into())),
            None => Ok(WriteOutcome::StdinClosed),
        }
    }

    /// Ends the input once everything written before has reached the process: a pipe is closed,
    /// a terminal is sent its end-of-file character. Does not wait for it. Later writes find the
    /// input closed. Returns whether it was open.
    #[expect(clippy::unused_async, reason = "the sibling of write, which waits")]
    pub async fn close_stdin(&self) -> bool {
        let mut state = self.shared.lock();
        let was_open = state.input.close();
        state.wake();
        was_open
    }

    /// Changes the size of the terminal's window; its foreground programs get `SIGWINCH`.
    ///
    /// # Errors
    /// Fails for a process on pipes, and for one whose terminal is closed.
    pub fn resize(&self, size: TerminalSize) -> Result<(), ResizeError> {
        let terminal = self
            .shared
            .terminal
            .as_ref()
            .ok_or(ResizeError::NotATerminal)?;
        let terminal = terminal.upgrade().ok_or(ResizeError::Ended)?;
        let window = Winsize {
            ws_row: size.rows,
            ws_col: size.cols,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(terminal.get_ref(), window).map_err(|error| ResizeError::Io(error.into()))
    }

    /// Sends a signal to the whole process group. Returns whether anyone was there to get it.
    pub async fn signal(&self, signal: Signal) -> bool {
        self.shared.tree.signal_group(signal.number()).await.is_ok()
    }

    /// Ends the whole tree: at once, or with TERM first and KILL after `grace`. Without a grace
    /// time the host's own counts. Works also when the leader is gone and others of the tree are
    /// not. Resolves when the end is requested. Returns whether the leader was running.
    pub async fn terminate(&self, grace: Option<Duration>) -> bool {
        let grace = grace.unwrap_or(self.shared.host.limits().kill_grace);
        self.shared.end(ExitReason::Terminated, grace).await
    }

    /// Makes `audience` the one that is told of events. The first audience of a process is told
    /// everything from the start; a later one what happens from now on, and it reads what it
    /// missed. Output that it has not read is kept until it has, for as long as the limits say.
    pub fn attach(&self, audience: Box<dyn Audience>) {
        let catch_up = self.shared.host.limits().catch_up;
        let until = Instant::now().checked_add(catch_up);
        let former = self.shared.lock().attach(audience, until);
        drop(former);
    }

    /// Nobody is told of events any more; output is kept for readers within the limits.
    pub fn detach(&self) {
        let former = self.shared.lock().detach();
        drop(former);
    }

    /// How it stands.
    #[must_use]
    pub fn summary(&self) -> ProcessSummary {
        let shared = &self.shared;
        let mut state = shared.lock();
        // Whoever sees the next number may read from there on.
        state.log.seal();
        ProcessSummary {
            id: shared.id.clone(),
            pid: shared.pid,
            argv: shared.argv.clone(),
            cwd: shared.cwd.clone(),
            terminal: shared.terminal.is_some(),
            started_at: shared.started_at,
            exit: state.log.exit(),
            closed: state.log.is_closed(),
            next_seq: state.log.next_seq(),
        }
    }
}

impl Page {
    /// Whether a reader waiting after `after` is to be answered with this.
    fn answers(&self, after: u64) -> bool {
        let unseen_exit = self.exit.is_some() && after < self.next_seq - 1;
        !self.chunks.is_empty() || self.closed || unseen_exit || self.lost_bytes > 0
    }
}

impl Member for Process {
    fn closed_at(&self) -> Option<Instant> {
        self.shared.closed_at.get().copied()
    }

    fn is_settled(&self) -> bool {
        self.shared.settled.load(Ordering::Relaxed)
    }
}

/// A write whose caller waits. Dropped when the caller has its answer or went away.
struct Waiting<'a> {
    process: &'a Process,
    ticket: Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let shared = &self.process.shared;
        shared.lock().input.leave(self.ticket);
        // One write less may have let in the next.
        shared.input_moved.send_replace(());
    }
}
