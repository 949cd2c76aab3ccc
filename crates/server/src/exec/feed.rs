//! A process's events on their way to a connection.
//!
//! One feed per process and connection. It takes room in the connection's queue before it takes
//! an event, so the child feels a slow client, and it keeps to a share of that queue, so that a
//! flood of one process is a short wait for the others. Events become text here, in the
//! process's task, not in the connection's.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use outpost_host::{
    keeper::Exceeded,
    process::{Audience, Event, Exit, ExitReason as Reason, Gone, Stream},
};
use outpost_protocol::{
    envelope,
    exec::process::{
        Closed, ClosedParams, ExitReason, Exited, ExitedParams, OutputStream, write_output,
    },
};
use outpost_rpc::{frame::Frame, link::FrameSender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

/// What one process may have in its connection's queue: enough that the socket is never idle
/// while the next chunk is made, little enough that a keystroke's echo behind it waits about a
/// millisecond.
const SHARE: usize = 512 << 10;

/// Room taken before the size of the next event is known: that of the largest chunk.
const LARGEST_EVENT: usize = (64 << 10) / 3 * 4 + 1024;

/// An [`Audience`] over a connection's queue.
pub(crate) struct Feed {
    outbox: FrameSender,
    share: PollSemaphore,
    room: PollSemaphore,
    ticket: Option<OwnedSemaphorePermit>,
    permit: Option<OwnedSemaphorePermit>,
}

// === impl Feed ===

impl Feed {
    pub(crate) fn new(outbox: &FrameSender) -> Self {
        Self {
            share: PollSemaphore::new(Arc::new(Semaphore::new(SHARE))),
            room: PollSemaphore::new(outbox.room()),
            outbox: outbox.clone(),
            ticket: None,
            permit: None,
        }
    }
}

impl Audience for Feed {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
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

    fn deliver(&mut self, process_id: &str, event: &Event) {
        let (Some(mut permit), Some(mut ticket)) = (self.permit.take(), self.ticket.take()) else {
            debug_assert!(false, "delivered without having been ready");
            return;
        };
        let text = text(process_id, event);
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

fn text(process_id: &str, event: &Event) -> String {
    let told = match event {
        Event::Output(chunk) => {
            return write_output(process_id, chunk.seq, stream(chunk.stream), &chunk.data);
        }
        Event::Exited { seq, exit } => {
            let (reason, signal) = reason(exit.reason);
            envelope::notification::<Exited>(&ExitedParams {
                process_id: process_id.to_owned(),
                seq: *seq,
                exit_code: exit.code,
                sandbox_denied: sandbox_denied(exit),
                reason: Some(reason),
                signal,
                limit_exceeded: limit_exceeded(exit),
            })
        }
        Event::Closed { seq } => envelope::notification::<Closed>(&ClosedParams {
            process_id: process_id.to_owned(),
            seq: *seq,
        }),
    };
    told.expect("numbers and strings are JSON")
}

/// The wire's word for a stream.
pub(crate) fn stream(stream: Stream) -> OutputStream {
    match stream {
        Stream::Stdout => OutputStream::Stdout,
        Stream::Stderr => OutputStream::Stderr,
        Stream::Terminal => OutputStream::Pty,
    }
}

/// Whether a command failed and was refused something: a client may then run it again without a
/// sandbox, so this is never a guess.
pub(crate) fn sandbox_denied(exit: &Exit) -> bool {
    exit.denied && exit.code != 0
}

/// The wire's word for the bound that a process exceeded: the name of the member that set it.
pub(crate) fn limit_exceeded(exit: &Exit) -> Option<String> {
    let name = match exit.exceeded? {
        Exceeded::Memory => "memoryBytes",
        Exceeded::Cpu => "cpuSeconds",
        Exceeded::Pids => "pids",
        Exceeded::FileSize => "fileSizeBytes",
    };
    Some(name.to_owned())
}

/// The wire's words for why a process ended, and the signal's name.
pub(crate) fn reason(reason: Reason) -> (ExitReason, Option<String>) {
    match reason {
        Reason::Exited => (ExitReason::Exited, None),
        Reason::Signaled { name, .. } => (ExitReason::Signaled, Some(name.to_owned())),
        Reason::TimedOut => (ExitReason::TimedOut, None),
        Reason::Terminated => (ExitReason::Terminated, None),
        Reason::Expired => (ExitReason::Expired, None),
        Reason::KeeperLost => (ExitReason::KeeperLost, None),
    }
}

const _: () = assert!(
    LARGEST_EVENT <= SHARE,
    "a share holds the largest event, or it would wait for ever"
);

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use bytes::Bytes;
    use outpost_host::process::Chunk;
    use outpost_rpc::link::{Link, Received};

    use super::*;

    fn output(seq: u64, bytes: usize) -> Event {
        let data = Bytes::from(vec![b'x'; bytes]);
        Event::Output(Chunk {
            seq,
            stream: Stream::Stdout,
            data,
        })
    }

    #[tokio::test]
    async fn a_feed_keeps_to_its_share_and_leaves_room_for_others() {
        let (ours, mut theirs) = Link::pair((4 << 20, 1));
        let mut feed = Feed::new(&ours.tx);
        let mut taken = 0;
        while futures_util::poll!(poll_fn(|cx| feed.poll_ready(cx))).is_ready() {
            feed.deliver("p", &output(taken + 1, 64 << 10));
            taken += 1;
        }
        assert_eq!(
            taken, 5,
            "five chunks of 64 KiB fit a share of 512 KiB in base64"
        );
        let mut other = Feed::new(&ours.tx);
        assert!(futures_util::poll!(poll_fn(|cx| other.poll_ready(cx))).is_ready());
        assert!(matches!(theirs.rx.recv().await, Some(Received::Frame(_))));
        assert!(futures_util::poll!(poll_fn(|cx| feed.poll_ready(cx))).is_ready());
    }

    #[tokio::test]
    async fn a_closed_connection_is_gone() {
        let (ours, theirs) = Link::pair((4 << 20, 1));
        let mut feed = Feed::new(&ours.tx);
        drop(theirs);
        assert_eq!(poll_fn(|cx| feed.poll_ready(cx)).await, Err(Gone));
    }

    #[test]
    fn base64_of_the_largest_chunk_fits_what_is_reserved() {
        let id = "x".repeat(512);
        assert!(text(&id, &output(u64::MAX, 64 << 10)).len() <= LARGEST_EVENT);
    }
}
