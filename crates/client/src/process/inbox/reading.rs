//! What a process has said is read: by its reader, and by the connection's task after a loss.

use outpost_protocol::exec::process::{Follow, FollowParams, Read, ReadParams, ReadResponse};

use super::{Feed, Inbox};
use crate::{
    ClientError,
    process::Exit,
    reorder::Page,
    session::{Failed, Live, ask},
};

/// Bytes of a page that the reader asks for: as much as is on the way at once.
const PAGE_BYTES: usize = 1 << 20;

/// A page of at least this size may have been cut by the largest message of the server.
const LARGE_PAGE: usize = 4 << 20;

// === impl Inbox ===

impl Inbox {
    /// After a lost connection: fetches what was said meanwhile. For the connection's task.
    pub(crate) async fn recover(&self, live: &Live) {
        let feed = self.state.lock().feed;
        if !self.is_known() {
            // Whoever starts it finds out.
            return;
        }
        match feed {
            Feed::Told { .. } => self.catch_up(live).await,
            Feed::Stopping | Feed::Stopped => self.stop(live).await,
        }
    }

    /// Asks the server to stop the notifications. For the connection's task.
    pub(crate) async fn stop(&self, live: &Live) {
        let params = FollowParams {
            process_id: self.id.clone(),
            follow: false,
        };
        match ask::<Follow>(live, &params).await {
            Ok(_) => {
                self.state.lock().feed = Feed::Stopped;
                self.changed.notify_one();
            }
            Err(failed) => self.give_up(failed),
        }
    }

    /// Reads everything the server has after what is known; what it says from then on it tells.
    pub(in crate::process) async fn catch_up(&self, live: &Live) {
        loop {
            let after = self.state.lock().log.cursor();
            let params = ReadParams {
                process_id: self.id.clone(),
                after_seq: Some(after),
                max_bytes: None,
                wait_ms: Some(0),
            };
            let page = match ask::<Read>(live, &params).await {
                Ok(page) => page,
                Err(failed) => return self.give_up(failed),
            };
            let bytes: usize = page.chunks.iter().map(|chunk| chunk.chunk.0.len()).sum();
            let closed = page.closed;
            let mut state = self.state.lock();
            state.log.apply(into_page(page, after, true));
            let more = bytes >= LARGE_PAGE || (closed && !state.log.is_ended());
            drop(state);
            self.changed.notify_one();
            if !more {
                return;
            }
        }
    }

    /// One step of a reader that the server does not tell: the next page, and when that was the
    /// last, notifications again. Cancel-safe: everything may be asked again.
    pub(in crate::process) async fn read_on(&self, live: &Live) -> Result<(), Failed> {
        let after = self.state.lock().log.cursor();
        // A page with a budget is told from one with a gap only by servers that say what they lost.
        let budget = live.can().lost_bytes.then_some(PAGE_BYTES);
        let params = ReadParams {
            process_id: self.id.clone(),
            after_seq: Some(after),
            max_bytes: budget,
            wait_ms: Some(0),
        };
        let page = ask::<Read>(live, &params).await?;
        if !self.turn(page, after, budget.is_some()) {
            return Ok(());
        }
        if !live.can().process_follow {
            self.state.lock().feed = Feed::Told { from: 1 };
            return Ok(());
        }
        let params = FollowParams {
            process_id: self.id.clone(),
            follow: true,
        };
        let from = ask::<Follow>(live, &params).await?.next_seq;
        let mut state = self.state.lock();
        // Notifications may have come, and gone, before their announcement.
        let from = from.max(state.dropped + 1);
        state.feed = Feed::Told { from };
        Ok(())
    }

    /// Takes the reader's page; whether it was the last before notifications can go on.
    fn turn(&self, page: ReadResponse, after: u64, has_budget: bool) -> bool {
        let empty = page.chunks.is_empty();
        let mut state = self.state.lock();
        state
            .log
            .apply(into_page(page, after, empty || !has_budget));
        match state.feed {
            // A number that this server will never have ends here.
            Feed::Told { from } if empty => {
                let from = from.min(state.log.cursor() + 1);
                state.feed = Feed::Told { from };
                false
            }
            Feed::Told { .. } | Feed::Stopping => false,
            Feed::Stopped => empty && !state.log.is_ended(),
        }
    }

    fn give_up(&self, failed: Failed) {
        match failed {
            // The next connection tries again.
            Failed::Lost(_) => {}
            Failed::With(error) => self.fail(self.named(error)),
        }
    }

    /// An error in terms of this process.
    pub(in crate::process) fn named(&self, error: ClientError) -> ClientError {
        match error {
            ClientError::Refused { error, .. }
                if error.message.starts_with("unknown process id") =>
            {
                ClientError::UnknownProcess {
                    id: self.id.clone(),
                }
            }
            other => other,
        }
    }
}

fn into_page(read: ReadResponse, after: u64, complete: bool) -> Page {
    Page {
        after,
        complete,
        next_seq: read.next_seq,
        exit: Exit::of(&read),
        closed: read.closed,
        lost_bytes: read.lost_bytes,
        first_available: read.first_available_seq,
        chunks: read
            .chunks
            .into_iter()
            .map(|c| (c.seq, c.stream, c.chunk.0))
            .collect(),
    }
}
