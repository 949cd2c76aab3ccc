//! Reading what a process writes, without waiting.
//!
//! Reads go into one buffer per thread, since reading and taking over what was read is one step
//! without an await: fresh memory is what costs most here. A pipe that fills whole reads is made
//! larger and read in larger pieces.

use std::{
    cell::RefCell,
    io,
    os::fd::{AsFd, BorrowedFd},
};

use rustix::{io::Errno, pipe::fcntl_setpipe_size};
use tokio::io::Interest;

use super::{audience::Stream, watched::Watched};

/// What is read at once from a pipe of the usual size, and from a terminal.
const PIECE: usize = 64 << 10;

/// What is read at once from an enlarged pipe.
const LARGE_PIECE: usize = 256 << 10;

/// The size a busy pipe is given: what an unprivileged process may ask for.
const LARGE_PIPE: usize = 1 << 20;

/// A terminal holds less than this, whatever its line discipline does with it.
const TERMINAL_HOLDS: usize = 128 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; LARGE_PIECE]);
}

/// What a read left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// There may be more at once.
    More,
    /// Nothing for now.
    Dry,
    /// Nothing ever again.
    End,
}

/// The reading end of one output stream.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stream: Stream,
    pub(super) end: Watched,
    piece: usize,
    /// Whether a larger pipe was asked for, with or without success.
    enlarged: bool,
    /// The most the pipe or terminal can hold unread.
    pub(super) holds: usize,
}

impl Output {
    pub(super) fn new(stream: Stream, end: Watched) -> Self {
        let terminal = stream == Stream::Terminal;
        let holds = if terminal { TERMINAL_HOLDS } else { PIECE };
        Self {
            stream,
            end,
            piece: PIECE,
            enlarged: terminal,
            holds,
        }
    }

    /// The most worth reading at once.
    pub(super) fn piece(&self) -> usize {
        self.piece
    }

    /// Reads up to `limit` bytes if the runtime says there are some, and hands them to `take`.
    pub(super) fn read_ready(&mut self, limit: usize, take: impl FnOnce(&[u8])) -> Rest {
        let mut rest = Rest::Dry;
        let end = self.end.clone();
        let dry = end.try_io(Interest::READABLE, |_| {
            rest = self.read(limit, take);
            // Told that it is dry, the runtime waits for the next time it is not.
            if rest == Rest::Dry {
                Err(io::ErrorKind::WouldBlock.into())
            } else {
                Ok(())
            }
        });
        debug_assert!(dry.is_ok() || rest == Rest::Dry, "nothing else fails");
        rest
    }

    /// Reads up to `limit` bytes of what is there now, and hands them to `take` if there are any.
    pub(super) fn read(&mut self, limit: usize, take: impl FnOnce(&[u8])) -> Rest {
        SCRATCH.with_borrow_mut(|scratch| {
            let buffer = &mut scratch[..limit.min(self.piece)];
            let (filled, rest) = fill(self.end.as_fd(), self.stream, buffer);
            if filled > 0 {
                take(&buffer[..filled]);
            }
            if filled >= PIECE {
                self.enlarge();
            }
            rest
        })
    }

    fn enlarge(&mut self) {
        if std::mem::replace(&mut self.enlarged, true) {
            return;
        }
        // Refused where the user's pipes hold too much already; then it stays as it is.
        if fcntl_setpipe_size(self.end.as_fd(), LARGE_PIPE).is_ok() {
            self.piece = LARGE_PIECE;
            self.holds = LARGE_PIPE;
        }
    }
}

/// Reads until the buffer is full or nothing is left. A pipe that gives less than asked is dry;
/// a terminal gives a line or a page at a time and has to say so itself.
fn fill(fd: BorrowedFd<'_>, stream: Stream, buffer: &mut [u8]) -> (usize, Rest) {
    let mut filled = 0;
    while filled < buffer.len() {
        match rustix::io::read(fd, &mut buffer[filled..]) {
            Ok(0) => return (filled, Rest::End),
            Ok(read) => {
                filled += read;
                if stream != Stream::Terminal && filled < buffer.len() {
                    return (filled, Rest::Dry);
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return (filled, Rest::Dry),
            // A terminal nobody has open any more answers EIO; nothing else is known to happen.
            Err(_) => return (filled, Rest::End),
        }
    }
    (filled, Rest::More)
}
