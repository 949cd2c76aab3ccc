//! Who is told of a process's events.
//!
//! The engine knows no connections: it knows an [`Audience`], which says when it can take the
//! next event. While it cannot, the process's output is not read, so the child feels the client;
//! exit, terminate and input stay live all the same. No audience means detached.

use std::task::{Context, Poll};

use bytes::Bytes;

use super::exit::Exit;

/// Where a chunk of output came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The standard output pipe.
    Stdout,
    /// The standard error pipe.
    Stderr,
    /// The terminal, which carries both.
    Terminal,
}

/// A piece of output, exactly as the process wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its place among the process's events, from 1.
    pub seq: u64,
    /// Where it came from.
    pub stream: Stream,
    /// Never empty.
    pub data: Bytes,
}

/// One thing that happened to a process. Sequence numbers have no holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It wrote something.
    Output(Chunk),
    /// Its leader ended. Output of background children may still follow.
    Exited {
        /// The event's place.
        seq: u64,
        /// How it ended.
        exit: Exit,
    },
    /// Its output is at an end: always the last event, and there is one.
    Closed {
        /// The event's place.
        seq: u64,
    },
}

impl Event {
    /// The event's place among the process's events, from 1.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Output(chunk) => chunk.seq,
            Self::Exited { seq, .. } | Self::Closed { seq } => *seq,
        }
    }

    /// How many bytes of output it carries.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Output(chunk) => chunk.data.len(),
            Self::Exited { .. } | Self::Closed { .. } => 0,
        }
    }
}

/// The audience is gone for good; the process carries on detached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// Someone who is told of a process's events, in the order of their sequence numbers.
///
/// Both methods run in the process's own task with its state locked: they must be quick and must
/// not call back into the process. After [`Process::detach`](super::Process::detach) or another
/// attach has returned, neither is called again and the audience has been dropped.
pub trait Audience: Send {
    /// Whether one event can be taken now. Asked only while there is one to deliver, so being
    /// ready may hold a reservation. Wakes `cx` when that changes.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>>;

    /// Takes one event, after `poll_ready` said it could.
    fn deliver(&mut self, process_id: &str, event: &Event);
}
