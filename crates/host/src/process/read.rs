//! Reading a process's output after a cursor, with or without waiting.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{audience::Chunk, exit::Exit, handle::Process};

/// The longest a read waits, whatever it was asked: past it, it answers empty.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 3600);

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

impl Process {
    /// The output after a cursor. Answers as soon as there is some, or an exit the reader has not
    /// passed, or the close; and when the wait is over.
    pub async fn read(&self, request: ReadRequest) -> Page {
        let deadline = Instant::now() + request.wait.min(LONGEST_WAIT);
        let mut progress = self.shared().progress.subscribe();
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
        let mut state = self.shared().lock();
        let slice = state.log.read(request.after, request.max_bytes);
        let end = state.log.next_seq();
        let before = state.cursor.releasable();
        state.cursor.read(request.after, slice.next_seq, end);
        if state.cursor.releasable() != before {
            // There may be room for more output now.
            state.wake();
        }
        let told = state.log.is_closed() && slice.next_seq == end;
        let page = Page {
            chunks: slice.chunks,
            next_seq: slice.next_seq,
            exit: state.log.exit(),
            closed: state.log.is_closed(),
            lost_bytes: slice.lost_bytes,
            first_available_seq: state.log.first_available_seq(),
        };
        drop(state);
        if told {
            self.shared().settle();
        }
        page
    }
}

impl Page {
    /// Whether a reader waiting after `after` is to be answered with this.
    fn answers(&self, after: u64) -> bool {
        let unseen_exit = self.exit.is_some() && after < self.next_seq - 1;
        !self.chunks.is_empty() || self.closed || unseen_exit || self.lost_bytes > 0
    }
}
