//! One process's share of its connection's queue.
//!
//! Room in the queue is taken before an event is, so the child feels a slow client; and a process
//! keeps to a share of the queue, so that a flood of one is a short wait for the others. Dropping a
//! share gives back what it has taken and not used.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use outpost_host::process::Gone;
use outpost_rpc::{frame::Frame, link::FrameSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

/// What one process may have in its connection's queue: enough that the socket is never idle
/// while the next chunk is made, little enough that a keystroke's echo behind it waits about a
/// millisecond.
const SHARE: usize = 512 << 10;

/// Room taken before the size of the next event is known: that of the largest chunk.
pub(crate) const LARGEST_EVENT: usize = (64 << 10) / 3 * 4 + 1024;

const _: () = assert!(
    LARGEST_EVENT <= SHARE,
    "a share holds the largest event, or it would wait for ever"
);

/// See the module.
pub(crate) struct Share {
    outbox: FrameSender,
    share: PollSemaphore,
    room: PollSemaphore,
    ticket: Option<OwnedSemaphorePermit>,
    permit: Option<OwnedSemaphorePermit>,
}

// === impl Share ===

impl Share {
    /// A share of this queue, of which nothing is taken.
    pub(crate) fn of(outbox: &FrameSender) -> Self {
        Self {
            share: PollSemaphore::new(Arc::new(Semaphore::new(SHARE))),
            room: PollSemaphore::new(outbox.room()),
            outbox: outbox.clone(),
            ticket: None,
            permit: None,
        }
    }

    /// Takes room for one event; an error when the queue is closed.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let cost = self.outbox.cost_of(LARGEST_EVENT);
        if self.ticket.is_none() {
            self.ticket = ready!(self.share.poll_acquire_many(cx, cost));
        }
        if self.permit.is_none() {
            // None: the queue is closed.
            self.permit = ready!(self.room.poll_acquire_many(cx, cost));
        }
        Poll::Ready(self.permit.as_ref().map(|_| ()).ok_or(Gone))
    }

    /// Gives back room that was taken and is not needed.
    pub(crate) fn give_back(&mut self) {
        self.permit = None;
        self.ticket = None;
    }

    /// Queues a text, after [`Share::poll_ready`] was ready.
    pub(crate) fn send(&mut self, text: String) {
        let (Some(mut permit), Some(mut ticket)) = (self.permit.take(), self.ticket.take()) else {
            debug_assert!(false, "sent without having been ready");
            return;
        };
        let cost = self.outbox.cost_of(text.len()) as usize;
        let unused = permit.num_permits().saturating_sub(cost);
        drop(permit.split(unused));
        drop(ticket.split(unused));
        // A queue that has closed meanwhile says so at the next poll.
        drop(
            self.outbox
                .send_reserved(Frame::Text(text), permit, Some(ticket)),
        );
    }
}
