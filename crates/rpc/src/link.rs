//! A link: two bounded queues of frames, one each way.
//!
//! A transport is a pump between a [`Link`] and bytes; a connection is the protocol on the other
//! [`Link`] of the same [`Link::pair`]. Two connections on one pair are a client and a server in
//! one process: there is no second stack for that.
//!
//! A queue is bounded in bytes, and every frame counts for at least [`FRAME_FLOOR`], which bounds
//! it in frames too. A frame larger than the whole bound is taken when the queue is empty. When a
//! queue is full the sender waits, in order of arrival: that wait is the back-pressure, all the
//! way to the socket or to the child process behind it.
//!
//! A queue ends when its sender says why ([`FrameSender::close`]), when all its senders are
//! dropped, or when its receiver is. Frames queued before a close are still received. The first
//! reason wins.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{frame::Frame, limits::FRAME_FLOOR};

/// One end of a pair of queues.
#[derive(Debug)]
pub struct Link {
    /// Towards the other end.
    pub tx: FrameSender,
    /// From the other end.
    pub rx: FrameReceiver,
}

/// The sending half of a queue; cheap to clone.
pub struct FrameSender {
    queue: Arc<Queue>,
}

/// The receiving half of a queue.
pub struct FrameReceiver {
    queue: Arc<Queue>,
}

/// What a receiver gets.
#[derive(Debug)]
pub enum Received {
    /// The next frame in order.
    Frame(Frame),
    /// Someone asks whether the peer is there. A transport that can ask its peer (a ping) answers
    /// when the peer has; one that cannot answers at once. Probes overtake frames.
    Probe(oneshot::Sender<()>),
}

/// Why a queue ended, in WebSocket's numbers, which serve every transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// A close code of RFC 6455, section 7.4.1.
    pub code: u16,
    /// For people: what happened and, where it helps, what to do.
    pub reason: String,
}

/// The queue ended before the frame was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed(pub Close);

struct Queue {
    /// Room left, in bytes. Closed when the queue takes no more frames.
    room: Arc<Semaphore>,
    bound: usize,
    senders: AtomicUsize,
    /// Wakes the receiver. It holds a permit, so a wake-up between check and wait is not lost.
    arrived: Notify,
    /// Held for a push or a pop, never across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    probes: VecDeque<oneshot::Sender<()>>,
    close: Option<Close>,
}

struct Item {
    frame: Frame,
    cost: u32,
    /// Given back by drop when the frame leaves the queue.
    _ticket: Option<OwnedSemaphorePermit>,
}

// === impl Link ===

impl Link {
    /// Two ends; `bounds` are the bytes each direction holds: from the first end to the second,
    /// and back.
    #[must_use]
    pub fn pair(bounds: (usize, usize)) -> (Self, Self) {
        let (there, from_first) = queue(bounds.0);
        let (back, from_second) = queue(bounds.1);
        (
            Self {
                tx: there,
                rx: from_second,
            },
            Self {
                tx: back,
                rx: from_first,
            },
        )
    }
}

fn queue(bound: usize) -> (FrameSender, FrameReceiver) {
    let bound = bound.clamp(FRAME_FLOOR, u32::MAX as usize >> 3);
    let queue = Arc::new(Queue {
        room: Arc::new(Semaphore::new(bound)),
        bound,
        senders: AtomicUsize::new(1),
        arrived: Notify::new(),
        state: Mutex::default(),
    });
    (
        FrameSender {
            queue: Arc::clone(&queue),
        },
        FrameReceiver { queue },
    )
}

// === impl FrameSender ===

impl FrameSender {
    /// Queues a frame; waits for room.
    pub async fn send(&self, frame: Frame) -> Result<(), Closed> {
        self.send_with(frame, None).await
    }

    /// Queues a frame with a ticket that is given back when the frame leaves the queue. With it a
    /// sender bounds its own share of the queue.
    pub async fn send_with(
        &self,
        frame: Frame,
        ticket: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Closed> {
        let cost = self.cost(&frame);
        let room = self.queue.room.acquire_many(cost).await;
        room.map_err(|_| self.closed())?.forget();
        self.push(Item {
            frame,
            cost,
            _ticket: ticket,
        })
    }

    /// Queues a frame for which room was taken before, through [`FrameSender::room`]. Room beyond
    /// the frame's cost is given back.
    pub fn send_reserved(
        &self,
        frame: Frame,
        room: OwnedSemaphorePermit,
        ticket: Option<OwnedSemaphorePermit>,
    ) -> Result<(), Closed> {
        let cost = u32::try_from(room.num_permits()).expect("a queue's bound fits 29 bits");
        room.forget();
        self.push(Item {
            frame,
            cost,
            _ticket: ticket,
        })
    }

    /// The room of this queue in bytes, to be waited for by poll.
    #[must_use]
    pub fn room(&self) -> Arc<Semaphore> {
        Arc::clone(&self.queue.room)
    }

    /// How many bytes wait to be received, about now.
    #[must_use]
    pub fn queued(&self) -> usize {
        let room = self.queue.room.available_permits();
        self.queue.bound.saturating_sub(room)
    }

    /// What a frame of this many bytes costs in this queue's room.
    #[must_use]
    pub fn cost_of(&self, bytes: usize) -> u32 {
        let cost = bytes.clamp(FRAME_FLOOR, self.queue.bound);
        u32::try_from(cost).expect("a queue's bound fits 29 bits")
    }

    /// Asks the receiver whether the peer is there. The answer is an error when the queue ends
    /// first; how long to wait is the caller's choice.
    pub fn probe(&self) -> oneshot::Receiver<()> {
        let (tx, rx) = oneshot::channel();
        let mut state = self.queue.state.lock();
        if state.close.is_none() && state.probes.len() < MAX_PROBES {
            state.probes.push_back(tx);
            drop(state);
            self.queue.arrived.notify_one();
        }
        rx
    }

    /// Ends the queue. What was queued is still received. The first reason stays.
    pub fn close(&self, close: Close) {
        self.queue.close(close);
    }

    /// Whether the queue takes no more frames.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.queue.room.is_closed()
    }

    fn cost(&self, frame: &Frame) -> u32 {
        self.cost_of(frame.bytes())
    }

    fn push(&self, item: Item) -> Result<(), Closed> {
        let mut state = self.queue.state.lock();
        if let Some(close) = &state.close {
            return Err(Closed(close.clone()));
        }
        state.items.push_back(item);
        drop(state);
        self.queue.arrived.notify_one();
        Ok(())
    }

    fn closed(&self) -> Closed {
        let close = self.queue.state.lock().close.clone();
        Closed(close.unwrap_or_else(Close::lost))
    }
}

/// Probes that may wait at a transport; more would tell nothing new.
const MAX_PROBES: usize = 16;

impl Clone for FrameSender {
    fn clone(&self) -> Self {
        self.queue.senders.fetch_add(1, Ordering::Relaxed);
        Self {
            queue: Arc::clone(&self.queue),
        }
    }
}

impl Drop for FrameSender {
    fn drop(&mut self) {
        if self.queue.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.queue.close(Close::normal());
        }
    }
}

// === impl FrameReceiver ===

impl FrameReceiver {
    /// The next frame or probe; `None` at the end of the queue. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Received> {
        loop {
            if let Some(next) = self.try_recv() {
                return Some(next);
            }
            if self.queue.ended() {
                return None;
            }
            self.queue.arrived.notified().await;
        }
    }

    /// The next frame or probe if there is one now.
    pub fn try_recv(&mut self) -> Option<Received> {
        let mut state = self.queue.state.lock();
        if let Some(probe) = state.probes.pop_front() {
            return Some(Received::Probe(probe));
        }
        let item = state.items.pop_front()?;
        drop(state);
        self.queue.room.add_permits(item.cost as usize);
        Some(Received::Frame(item.frame))
    }

    /// Waits until the queue takes no more frames; some may still be queued. Cancel-safe.
    pub async fn closed(&self) {
        // A wake-up that is used up here is not missed: `recv` looks at the queue before it waits.
        while self.close_reason().is_none() {
            self.queue.arrived.notified().await;
        }
    }

    /// Whether a frame is queued now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.state.lock().items.is_empty()
    }

    /// Why the queue ended; `None` while it has not.
    #[must_use]
    pub fn close_reason(&self) -> Option<Close> {
        self.queue.state.lock().close.clone()
    }

    /// Takes no more frames from the senders; their sends fail with this reason.
    pub fn close(&self, close: Close) {
        self.queue.close(close);
    }
}

impl Drop for FrameReceiver {
    fn drop(&mut self) {
        self.queue.close(Close::lost());
        let mut state = self.queue.state.lock();
        let (items, probes) = (
            std::mem::take(&mut state.items),
            std::mem::take(&mut state.probes),
        );
        drop(state);
        drop((items, probes));
    }
}

// === impl Queue ===

impl Queue {
    fn close(&self, close: Close) {
        self.state.lock().close.get_or_insert(close);
        self.room.close();
        self.arrived.notify_one();
    }

    fn ended(&self) -> bool {
        let state = self.state.lock();
        state.close.is_some() && state.items.is_empty() && state.probes.is_empty()
    }
}

// === impl Close ===

impl Close {
    /// A reason with a code.
    #[must_use]
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }

    /// 1000: the work is done.
    #[must_use]
    pub fn normal() -> Self {
        Self::new(1000, "")
    }

    /// 1001: the server stops.
    #[must_use]
    pub fn going_away(reason: impl Into<String>) -> Self {
        Self::new(1001, reason)
    }

    /// 1002: the peer broke the protocol.
    #[must_use]
    pub fn protocol(reason: impl Into<String>) -> Self {
        Self::new(1002, reason)
    }

    /// 1006, never sent: the connection went away without a close.
    #[must_use]
    pub fn lost() -> Self {
        Self::new(1006, "the connection was lost")
    }

    /// 1008: the peer did what it may not, or was too slow.
    #[must_use]
    pub fn policy(reason: impl Into<String>) -> Self {
        Self::new(1008, reason)
    }

    /// 1009: a message is too big.
    #[must_use]
    pub fn too_big(reason: impl Into<String>) -> Self {
        Self::new(1009, reason)
    }

    /// 1011: this side failed.
    #[must_use]
    pub fn internal(reason: impl Into<String>) -> Self {
        Self::new(1011, reason)
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.reason.as_str()) {
            (1000, "") => f.write_str("closed"),
            (code, "") => write!(f, "closed with code {code}"),
            (code, reason) => write!(f, "{reason} (code {code})"),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Closed {}

impl fmt::Debug for FrameSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameSender")
            .field("room", &self.queue.room.available_permits())
            .finish()
    }
}

impl fmt::Debug for FrameReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReceiver")
            .field("close", &self.close_reason())
            .finish()
    }
}

#[cfg(test)]
mod tests;
