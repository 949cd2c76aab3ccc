//! A process's events on their way to a connection.
//!
//! One feed per process and connection, within its [`Share`] of the connection's queue. Events
//! become text here, in the process's task, not in the connection's.

use std::task::{Context, Poll};

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
use outpost_rpc::link::FrameSender;

use crate::share::Share;

/// An [`Audience`] over a connection's queue.
pub(crate) struct Feed {
    share: Share,
}

// === impl Feed ===

impl Feed {
    pub(crate) fn new(outbox: &FrameSender) -> Self {
        Self {
            share: Share::of(outbox),
        }
    }
}

impl Audience for Feed {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        self.share.poll_ready(cx)
    }

    fn deliver(&mut self, process_id: &str, event: &Event) {
        self.share.send(text(process_id, event));
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use bytes::Bytes;
    use outpost_host::process::Chunk;
    use outpost_rpc::link::{Link, Received};

    use super::*;
    use crate::share::LARGEST_EVENT;

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
