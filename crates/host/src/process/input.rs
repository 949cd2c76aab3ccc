//! The writing end of a process's input: the queue of `stdin.rs` and the descriptor it goes to.
//!
//! Whoever offers a write tries to write it at once, so that a keystroke costs no task switch;
//! the process's task goes on when the descriptor takes no more. Never waits.

use std::os::fd::AsFd;

use bytes::Bytes;
use rustix::{
    io::Errno,
    termios::{SpecialCodeIndex, tcgetattr},
};

use super::{
    stdin::{Offer, StdinQueue, Ticket},
    watched::Watched,
};

/// The most written in one go, so that a process that reads fast does not keep its task busy.
const FLUSH: usize = 256 << 10;

/// The end-of-file character of a terminal that nobody changed.
const CONTROL_D: u8 = 4;

/// Whether more can be written now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing is left to write, or nothing can be written ever again.
    Done,
    /// There is more, and the descriptor may take it.
    More,
    /// The descriptor takes no more for now.
    Blocked,
}

#[derive(Debug)]
pub(super) struct Input {
    queue: StdinQueue,
    end: Option<Watched>,
    /// Whether it is a terminal, which has a character for end of file.
    terminal: bool,
    /// Why writing failed, where it was not because nobody reads any more.
    failed: Option<Errno>,
}

impl Input {
    /// Without an `end` there is no input to write to.
    pub(super) fn new(queue: StdinQueue, end: Option<Watched>, terminal: bool) -> Self {
        let mut input = Self {
            queue,
            end,
            terminal,
            failed: None,
        };
        if input.end.is_none() {
            input.queue.end();
        }
        input
    }

    /// Offers a write and writes what can be written.
    pub(super) fn offer(&mut self, id: Option<&str>, data: Bytes) -> Offer {
        match self.queue.offer(id, data) {
            Offer::Waiting(ticket) => {
                self.flush();
                self.queue.outcome(ticket)
            }
            done => {
                self.flush();
                done
            }
        }
    }

    /// What has become of a write.
    pub(super) fn outcome(&self, ticket: Ticket) -> Offer {
        self.queue.outcome(ticket)
    }

    /// A caller stopped waiting for its write.
    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.queue.leave(ticket);
    }

    /// Takes no further writes, and ends the input when those offered are written: a pipe is
    /// closed, a terminal is sent its end-of-file character. Returns whether it was open.
    pub(super) fn close(&mut self) -> bool {
        let was_open = !self.queue.is_ended();
        if let Some(end) = self.end.as_ref().filter(|_| was_open && self.terminal) {
            let modes = tcgetattr(end.as_fd());
            let character = modes.map_or(CONTROL_D, |modes| {
                modes.special_codes[SpecialCodeIndex::VEOF]
            });
            self.queue.offer(None, Bytes::copy_from_slice(&[character]));
        }
        self.queue.end();
        self.flush();
        was_open
    }

    /// Ends the input now; what was not written yet is discarded.
    pub(super) fn discard(&mut self) {
        self.queue.discard();
        self.end = None;
    }

    /// The error writing failed with, if it was an unusual one.
    pub(super) fn failure(&self) -> Option<Errno> {
        self.failed
    }

    /// The descriptor, while there is something to write to it.
    pub(super) fn pending(&mut self) -> Option<Watched> {
        self.queue.front()?;
        self.end.clone()
    }

    /// Writes what can be written without waiting.
    pub(super) fn flush(&mut self) -> Flushed {
        let mut written = 0;
        while let Some(end) = &self.end {
            let Some(front) = self.queue.front() else {
                if self.queue.is_ended() {
                    self.end = None;
                }
                break;
            };
            if written >= FLUSH {
                return Flushed::More;
            }
            match rustix::io::write(end.as_fd(), &front[..front.len().min(FLUSH)]) {
                Ok(count) => {
                    written += count;
                    self.queue.consume(count);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Flushed::Blocked,
                Err(error) => {
                    // Nobody reads any more: EPIPE from a pipe, EIO from a terminal.
                    if !matches!(error, Errno::PIPE | Errno::IO) {
                        self.failed = Some(error);
                    }
                    self.discard();
                }
            }
        }
        Flushed::Done
    }
}
