//! What becomes of a command's output: told as it comes, or kept until the end.
//!
//! A [`Teller`] is the audience of one command. It counts each stream against its cap, and says at
//! the close how the command ended. What is told takes room in the connection's queue first, so a
//! client that does not read stops the command's pipe. What is kept counts against one bound of the
//! whole server; a command that breaks it loses its output and is to be ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use outpost_host::process::{Audience, Event, Exit, Gone, Stream};
use outpost_protocol::{
    Base64Bytes,
    app::{
        command::{OutputStream, write_output_delta},
        notification,
        process::{OutputDelta, ProcessOutputDeltaNotification},
    },
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{connection::now_ms, running::Family};
use crate::share::Share;

/// What output that waits for the end of its command may cost all together.
#[derive(Debug)]
pub(super) struct Memory {
    left: AtomicUsize,
}

/// The bytes that one stream has kept.
#[derive(Debug)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    memory: Arc<Memory>,
}

/// One output stream against its cap.
#[derive(Debug)]
pub(super) struct Tally {
    /// Bytes that still count; without a cap, all do.
    left: Option<usize>,
    /// The cap was met: what follows is dropped.
    pub(super) reached: bool,
    pub(super) kept: Kept,
}

/// How a command ended and what it left.
#[derive(Debug)]
pub(super) struct End {
    pub(super) exit: Exit,
    pub(super) stdout: Tally,
    pub(super) stderr: Tally,
}

/// Where output goes.
pub(super) enum Target {
    /// To the client, as it comes, under the client's name for the command.
    Told(Share, Family, String),
    /// It is kept.
    Kept,
    /// The client does not want it.
    Dropped,
}

/// The audience of one command.
pub(super) struct Teller {
    target: Target,
    stdout: Tally,
    stderr: Tally,
    exit: Option<Exit>,
    end: Option<oneshot::Sender<End>>,
    /// Cancelled when there is no room for what is to be kept.
    full: CancellationToken,
}

// === impl Memory ===

impl Memory {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            left: AtomicUsize::new(bytes),
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.is_ok()
    }
}

// === impl Kept ===

impl Kept {
    /// Keeps more; `false` when there is no room for it.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let fits = self.memory.take(bytes.len());
        if fits {
            self.bytes.extend_from_slice(bytes);
        }
        fits
    }

    /// As text; what is not UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.memory
            .left
            .fetch_add(self.bytes.len(), Ordering::Relaxed);
    }
}

// === impl Tally ===

impl Tally {
    fn new(cap: Option<usize>, memory: &Arc<Memory>) -> Self {
        Self {
            left: cap,
            reached: false,
            kept: Kept {
                bytes: Vec::new(),
                memory: Arc::clone(memory),
            },
        }
    }

    /// The part of a chunk that still counts; `None` when nothing does any more.
    fn count<'a>(&mut self, chunk: &'a [u8]) -> Option<&'a [u8]> {
        if self.reached {
            return None;
        }
        let Some(left) = &mut self.left else {
            return Some(chunk);
        };
        let counts = &chunk[..chunk.len().min(*left)];
        *left -= counts.len();
        self.reached = *left == 0;
        Some(counts)
    }
}

// === impl Teller ===

impl Teller {
    /// With a cap for each stream. The token is cancelled when the output does not fit the memory;
    /// the end comes through the receiver.
    pub(super) fn new(
        target: Target,
        cap: Option<usize>,
        memory: &Arc<Memory>,
        full: CancellationToken,
    ) -> (Self, oneshot::Receiver<End>) {
        let (end, ended) = oneshot::channel();
        let teller = Self {
            target,
            stdout: Tally::new(cap, memory),
            stderr: Tally::new(cap, memory),
            exit: None,
            end: Some(end),
            full,
        };
        (teller, ended)
    }

    fn output(&mut self, stream: Stream, chunk: &[u8]) {
        let (tally, stream) = match stream {
            Stream::Stdout | Stream::Terminal => (&mut self.stdout, OutputStream::Stdout),
            Stream::Stderr => (&mut self.stderr, OutputStream::Stderr),
        };
        let Some(counts) = tally.count(chunk) else {
            return;
        };
        match &mut self.target {
            Target::Told(share, family, id) => {
                share.send(delta(*family, id, stream, counts, tally.reached));
            }
            Target::Kept if !tally.kept.push(counts) => {
                tally.reached = true;
                self.full.cancel();
            }
            Target::Kept | Target::Dropped => {}
        }
    }

    fn close(&mut self) {
        let (Some(exit), Some(end)) = (self.exit, self.end.take()) else {
            return;
        };
        let empty = || Tally::new(None, &self.stdout.kept.memory);
        let (no_stdout, no_stderr) = (empty(), empty());
        let ended = End {
            exit,
            stdout: std::mem::replace(&mut self.stdout, no_stdout),
            stderr: std::mem::replace(&mut self.stderr, no_stderr),
        };
        // Nobody waits for it when the connection has ended.
        drop(end.send(ended));
    }
}

impl Audience for Teller {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        match &mut self.target {
            Target::Told(share, ..) => share.poll_ready(cx),
            Target::Kept | Target::Dropped => Poll::Ready(Ok(())),
        }
    }

    fn deliver(&mut self, _: &str, event: &Event) {
        match event {
            Event::Output(chunk) => self.output(chunk.stream, &chunk.data),
            Event::Exited { exit, .. } => self.exit = Some(*exit),
            Event::Closed { .. } => self.close(),
        }
        if let Target::Told(share, ..) = &mut self.target {
            // What was not told took room that others wait for.
            share.give_back();
        }
    }
}

fn delta(family: Family, id: &str, stream: OutputStream, bytes: &[u8], reached: bool) -> String {
    match family {
        Family::Command => write_output_delta(id, stream, bytes, reached, now_ms()),
        Family::Process => {
            let params = ProcessOutputDeltaNotification {
                process_handle: id.to_owned(),
                stream,
                delta_base64: Base64Bytes(bytes.to_vec().into()),
                cap_reached: reached,
            };
            notification::<OutputDelta>(&params, now_ms()).expect("text and bytes are JSON")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(cap: Option<usize>, bytes: usize) -> Tally {
        Tally::new(cap, &Arc::new(Memory::new(bytes)))
    }

    proptest! {
        #[test]
        fn a_capped_stream_is_the_beginning_of_the_whole(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..9), 0..9),
            cap in prop::option::of(0usize..20),
        ) {
            let mut tally = tally(cap, 1000);
            let mut reached_at = None;
            for (at, chunk) in chunks.iter().enumerate() {
                let before = tally.reached;
                match tally.count(chunk) {
                    None => prop_assert!(before),
                    Some(counts) => {
                        prop_assert!(!before);
                        prop_assert!(tally.kept.push(counts));
                        if tally.reached {
                            reached_at = Some(at);
                        }
                    }
                }
            }
            let whole = chunks.concat();
            let counts = cap.map_or(whole.len(), |cap| cap.min(whole.len()));
            prop_assert_eq!(&tally.kept.bytes[..], &whole[..counts]);
            let met = cap.is_some_and(|cap| whole.len() >= cap) && !chunks.is_empty();
            prop_assert_eq!(reached_at.is_some(), met);
        }
    }

    #[test]
    fn memory_is_one_bound_for_all_and_given_back() {
        let memory = Arc::new(Memory::new(4));
        let mut one = Tally::new(None, &memory);
        let mut other = Tally::new(None, &memory);
        assert!(one.kept.push(b"abc"));
        assert!(!other.kept.push(b"de"));
        assert!(other.kept.push(b"d"));
        drop(one);
        assert!(other.kept.push(b"efg"));
        assert_eq!(other.kept.text(), "defg");
        assert!(!other.kept.push(b"h"));
    }
}
