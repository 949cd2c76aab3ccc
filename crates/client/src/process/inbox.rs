//! What one process has said and its reader has not taken.
//!
//! The connection puts notifications in, reads put pages in, the reader takes entries out in
//! order. It is bounded in bytes. When it is full and the server can stop the notifications of
//! one process, what does not fit is dropped, the server is asked to stop, and the reader reads
//! the rest page by page at its own pace before notifications go on. When the server cannot, the
//! entry is kept and the connection is not read until there is room.

mod reading;

use std::{fmt, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    ClientError,
    reorder::{Entry, Reorder},
    session::Pressure,
};

/// The events of one process on their way to its reader.
pub(crate) struct Inbox {
    pub(crate) id: String,
    bound: usize,
    pressure: Arc<Pressure>,
    /// Locked for a look, never across an await.
    state: Mutex<State>,
    /// For the one reader; it holds a wake-up, so none is lost.
    changed: Notify,
}

/// What became of a notification.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    Taken,
    /// It was dropped for want of room; the server is to be asked to stop.
    Overflow,
}

/// What the reader does next.
#[derive(Debug)]
pub(super) enum Step {
    /// An entry is there.
    Take(Entry),
    /// The stream ends with this error.
    Fail(ClientError),
    /// The stream has ended.
    End,
    /// Wait for a change.
    Wait,
    /// Wait for a change, but not for long: later entries are there, this one is missing.
    WaitForHole,
    /// Read a page.
    Read,
}

struct State {
    log: Reorder,
    feed: Feed,
    /// The highest number that was dropped for want of room.
    dropped: u64,
    /// The server knows the process: it answered the start, or said something of it.
    known: bool,
    failure: Option<ClientError>,
    ended: bool,
    /// Counted in the pressure.
    pressing: bool,
}

/// How entries come from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    /// By notifications, from this number on; what lies below is read.
    Told { from: u64 },
    /// The server is being asked to stop.
    Stopping,
    /// Only by reading.
    Stopped,
}

// === impl Inbox ===

impl Inbox {
    pub(super) fn new(id: String, bound: usize, pressure: Arc<Pressure>) -> Self {
        let state = State {
            log: Reorder::new(),
            feed: Feed::Told { from: 1 },
            dropped: 0,
            known: false,
            failure: None,
            ended: false,
            pressing: false,
        };
        Self {
            id,
            bound,
            pressure,
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Takes a notification. `can_stop`: the server can stop those of one process.
    pub(crate) fn deliver(&self, seq: u64, entry: Entry, can_stop: bool) -> Delivered {
        let mut state = self.state.lock();
        state.known = true;
        let is_output = matches!(entry, Entry::Output(..));
        let full = is_output && state.log.bytes() + entry.cost() > self.bound;
        if full && can_stop {
            state.dropped = state.dropped.max(seq);
            let told = matches!(state.feed, Feed::Told { .. });
            if told {
                state.feed = Feed::Stopping;
            }
            return if told {
                Delivered::Overflow
            } else {
                Delivered::Taken
            };
        }
        state.log.push(seq, entry);
        if full && !state.pressing && !state.ended {
            state.pressing = true;
            self.pressure.add();
        }
        drop(state);
        self.changed.notify_one();
        Delivered::Taken
    }

    /// What the reader does next.
    pub(super) fn step(&self) -> Step {
        let mut state = self.state.lock();
        if state.ended {
            return Step::End;
        }
        if let Some(entry) = state.log.pop() {
            state.ended = entry == Entry::Closed;
            self.relieve(&mut state);
            return Step::Take(entry);
        }
        if let Some(error) = state.failure.take() {
            state.ended = true;
            return Step::Fail(error);
        }
        match state.feed {
            Feed::Told { from } if state.log.cursor() + 1 < from => Step::Read,
            Feed::Told { .. } if state.log.has_hole() => Step::WaitForHole,
            Feed::Told { .. } | Feed::Stopping => Step::Wait,
            Feed::Stopped => Step::Read,
        }
    }

    /// Waits until [`Inbox::step`] may say something else.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Nobody reads any more.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        state.log.clear();
        self.relieve(&mut state);
    }

    /// The stream ends with this error, after what is known before it.
    pub(crate) fn fail(&self, error: ClientError) {
        self.state.lock().failure.get_or_insert(error);
        self.changed.notify_one();
    }

    /// The server has answered that it knows the process.
    pub(super) fn set_known(&self) {
        self.state.lock().known = true;
    }

    /// Whether the server is known to know the process.
    pub(super) fn is_known(&self) -> bool {
        self.state.lock().known
    }

    fn relieve(&self, state: &mut State) {
        if state.pressing && state.log.bytes() <= self.bound {
            state.pressing = false;
            self.pressure.remove();
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Inbox")
            .field("id", &self.id)
            .field("feed", &state.feed)
            .field("bytes", &state.log.bytes())
            .finish_non_exhaustive()
    }
}
