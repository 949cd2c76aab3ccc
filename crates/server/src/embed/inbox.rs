//! The queue of events between the reader of the link and the embedder: [`Queue`] with its waits.

use std::{collections::VecDeque, fmt};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    event::Event,
    legacy,
    queue::{Offered, OnFull, Popped, Queue},
    tier::{self, Tier},
};

/// Bytes of events that wait to be read. What one connection may have on its way is held by the
/// link, so this need only be more than a reader takes at once.
const EVENT_BYTES: usize = 8 << 20;

/// Events that wait to be read.
pub(super) struct Inbox {
    state: Mutex<State>,
    keeps_all: bool,
    legacy: bool,
    /// Something was put in, or nothing more will be.
    arrived: Notify,
    /// Something was taken out, or nobody reads any more.
    left: Notify,
}

struct State {
    queue: Queue<Event>,
    /// What follows from the last that was taken out.
    ready: VecDeque<Event>,
    /// The end of the older family, after everything else.
    last: Option<Event>,
    /// Nothing is put in any more.
    closed: bool,
    /// Nobody reads.
    unread: bool,
}

/// What became of an event.
#[derive(Debug)]
pub(super) enum Put {
    /// It is taken care of.
    Done,
    /// It waits for [`Inbox::room`].
    Waits(Event),
    /// A request that is not asked: no room for it, or no reader.
    Unasked(Event, Why),
}

/// Why a request is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Full,
    Unread,
}

// === impl Inbox ===

impl Inbox {
    pub(super) fn new(capacity: usize, keeps_all: bool, legacy: bool) -> Self {
        Self {
            state: Mutex::new(State {
                queue: Queue::new(capacity, EVENT_BYTES),
                ready: VecDeque::new(),
                last: None,
                closed: false,
                unread: false,
            }),
            keeps_all,
            legacy,
            arrived: Notify::new(),
            left: Notify::new(),
        }
    }

    /// Takes an event in, in the order of the calls.
    pub(super) fn put(&self, event: Event) -> Put {
        let bytes = size(&event);
        let on_full = self.on_full(&event);
        let mut state = self.state.lock();
        if state.unread || state.closed {
            return match event {
                Event::ServerRequest(_) => Put::Unasked(event, Why::Unread),
                _ => Put::Done,
            };
        }
        let offered = state.queue.offer(event, bytes, on_full);
        drop(state);
        match offered {
            Offered::Taken => self.arrived.notify_one(),
            Offered::Dropped => tracing::debug!("a notification is dropped: nobody reads so fast"),
            Offered::Waits(event) => return Put::Waits(event),
            Offered::GivenBack(event) => return Put::Unasked(event, Why::Full),
        }
        Put::Done
    }

    fn on_full(&self, event: &Event) -> OnFull {
        match event {
            _ if self.keeps_all => OnFull::Wait,
            Event::ServerRequest(_) => OnFull::GiveBack,
            Event::ServerNotification(told) if tier::of(&told.method) == Tier::BestEffort => {
                OnFull::Drop
            }
            Event::ServerNotification(_) | Event::Lagged { .. } | Event::Legacy(_) => OnFull::Wait,
        }
    }

    /// Waits until something has been taken out since the last call, or nobody reads any more.
    /// Cancel-safe.
    pub(super) async fn room(&self) {
        self.left.notified().await;
    }

    /// The next event; `None` when there will be none. Cancel-safe; several may wait.
    pub(super) async fn next(&self) -> Option<Event> {
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            let (event, closed) = self.take();
            match event {
                Some(event) => return Some(event),
                None if closed => return None,
                None => arrived.await,
            }
        }
    }

    fn take(&self) -> (Option<Event>, bool) {
        let mut state = self.state.lock();
        if let Some(event) = state.ready.pop_front() {
            return (Some(event), false);
        }
        let event = match state.queue.pop() {
            None => return (state.last.take(), state.closed),
            Some(Popped::Lagged(skipped)) => return (Some(Event::Lagged { skipped }), false),
            Some(Popped::Event(event)) => event,
        };
        if let Event::ServerNotification(told) = &event
            && self.legacy
        {
            state.ready = legacy::of(told).into_iter().map(Event::Legacy).collect();
        }
        let more = !state.ready.is_empty();
        drop(state);
        self.left.notify_one();
        if more {
            // It came without a wake-up of its own.
            self.arrived.notify_one();
        }
        (Some(event), false)
    }

    /// Nobody reads any more: what waits is dropped, and the requests in it are given back.
    pub(super) fn abandon(&self) -> Vec<Event> {
        let mut state = self.state.lock();
        state.unread = true;
        state.ready.clear();
        let waiting = state.queue.drain();
        drop(state);
        self.left.notify_one();
        waiting
    }

    /// Nothing is put in any more; what is in it can still be read.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        if !state.closed && self.legacy && !state.unread {
            state.last = Some(Event::Legacy(legacy::shutdown_complete()));
        }
        state.closed = true;
        drop(state);
        self.arrived.notify_waiters();
    }
}

/// What an event counts for.
fn size(event: &Event) -> usize {
    let text = |method: &str, params: &str| method.len() + params.len();
    match event {
        Event::ServerRequest(asked) => text(&asked.method, asked.params.get()),
        Event::ServerNotification(told) => text(&told.method, told.params.get()),
        Event::Lagged { .. } | Event::Legacy(_) => 0,
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
