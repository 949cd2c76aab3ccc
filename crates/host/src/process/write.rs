//! Writing to a process's input.

use std::io;

use bytes::Bytes;

use super::{
    handle::Process,
    stdin::{Offer, Ticket},
};

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// The bytes are on their way, in order, and are written once however often a write with
    /// their id is repeated. They are lost without notice only if the process ends, or closes
    /// its input, before it has read them.
    Accepted,
    /// The process has no input, or no longer.
    StdinClosed,
}

/// A write failed in a way that does not mean that the input is closed.
#[derive(Debug, thiserror::Error)]
#[error("write to the process's input")]
pub struct WriteError(#[source] io::Error);

impl Process {
    /// Writes to the process's input, after everything written before. Waits while the input's
    /// queue is full. A write with an id is made once, however often it is repeated; repeating one
    /// that is still waiting waits with it. Dropping the future withdraws a write that was not
    /// accepted yet.
    ///
    /// # Errors
    /// Fails if an earlier write met an error that does not just mean that nobody reads.
    pub async fn write(
        &self,
        write_id: Option<&str>,
        data: Bytes,
    ) -> Result<WriteOutcome, WriteError> {
        let offer = {
            let mut state = self.shared().lock();
            let offer = state.input.offer(write_id, data);
            if state.input.pending().is_some() {
                // The task goes on with what could not be written at once.
                state.wake();
            }
            offer
        };
        // Writing may have made room for others that wait.
        self.shared().input_moved.send_replace(());
        match offer {
            Offer::Accepted => Ok(WriteOutcome::Accepted),
            Offer::Ended => self.closed_input(),
            Offer::Waiting(ticket) => self.acceptance(ticket).await,
        }
    }

    /// Waits until a write is accepted, or never will be.
    async fn acceptance(&self, ticket: Ticket) -> Result<WriteOutcome, WriteError> {
        let _waiting = Waiting {
            process: self,
            ticket,
        };
        let mut moved = self.shared().input_moved.subscribe();
        loop {
            let offer = self.shared().lock().input.outcome(ticket);
            match offer {
                Offer::Accepted => return Ok(WriteOutcome::Accepted),
                Offer::Ended => return self.closed_input(),
                // The sender lives as long as the process, so this only ever says "moved".
                Offer::Waiting(_) => drop(moved.changed().await),
            }
        }
    }

    fn closed_input(&self) -> Result<WriteOutcome, WriteError> {
        match self.shared().lock().input.failure() {
            Some(error) => Err(WriteError(error.into())),
            None => Ok(WriteOutcome::StdinClosed),
        }
    }

    /// Ends the input once everything written before has reached the process: a pipe is closed,
    /// a terminal is sent its end-of-file character. Does not wait for it. Later writes find the
    /// input closed. Returns whether it was open.
    #[expect(clippy::unused_async, reason = "the sibling of write, which waits")]
    pub async fn close_stdin(&self) -> bool {
        let mut state = self.shared().lock();
        let was_open = state.input.close();
        state.wake();
        was_open
    }
}

/// A write whose caller waits. Dropped when the caller has its answer or went away.
struct Waiting<'a> {
    process: &'a Process,
    ticket: Ticket,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let shared = self.process.shared();
        shared.lock().input.leave(self.ticket);
        // One write less may have let in the next.
        shared.input_moved.send_replace(());
    }
}
