//! What the handle and the reader of its link share, and what leaves on the link.
//!
//! One queue leads to the server, and two bounds hold it: the embedder's share in messages, the
//! link's room in bytes. Nothing here waits but what says so.

use std::{collections::HashSet, io, sync::Arc};

use outpost_protocol::{RequestId, app};
use outpost_rpc::{
    frame::Frame,
    link::{Close, Closed, FrameSender},
};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    calls::{Answer, Calls, Ended, NotTaken},
    inbox::Inbox,
    refusals,
};

/// Requests that may be unanswered: as many as a server takes from one connection.
const UNANSWERED: usize = 65_536;

/// Both directions of one embedded connection.
#[derive(Debug)]
pub(super) struct Wire {
    outbox: FrameSender,
    /// The embedder's share of the outbox, in messages.
    share: Arc<Semaphore>,
    /// Locked for a look-up and a push, never across an await.
    calls: Mutex<Calls<oneshot::Sender<Answer>>>,
    /// What the server has asked and was not answered. Locked as `calls`.
    asked: Mutex<HashSet<RequestId>>,
    pub(super) inbox: Inbox,
    /// It is being shut down.
    pub(super) stop: CancellationToken,
    /// Nobody reads events.
    pub(super) unread: CancellationToken,
}

/// Why a message did not leave.
#[derive(Debug)]
enum Unsent {
    /// The embedder's share is used up.
    Share,
    /// The server holds all that it may.
    Room,
    /// The connection has ended.
    Lost,
}

// === impl Wire ===

impl Wire {
    /// At most `capacity` messages of the embedder's wait to be read by the server.
    pub(super) fn new(outbox: FrameSender, capacity: usize, inbox: Inbox) -> Self {
        Self {
            outbox,
            share: Arc::new(Semaphore::new(capacity.clamp(1, Semaphore::MAX_PERMITS))),
            calls: Mutex::new(Calls::new(UNANSWERED)),
            asked: Mutex::default(),
            inbox,
            stop: CancellationToken::new(),
            unread: CancellationToken::new(),
        }
    }

    // --- to the server ---

    /// Sends a request now, or says why not.
    pub(super) fn request(
        &self,
        id: RequestId,
        text: String,
    ) -> io::Result<Result<oneshot::Receiver<Answer>, outpost_protocol::RpcError>> {
        let mut calls = self.calls.lock();
        match calls.admits(&id) {
            Ok(()) => {}
            Err(NotTaken::ShutDown) => return Err(refusals::broken_pipe()),
            Err(NotTaken::Refused(refusal)) => return Ok(Err(refusal)),
        }
        let (waiter, answer) = oneshot::channel();
        match self.send(text) {
            Ok(()) => {
                calls.sent(id, waiter);
                Ok(Ok(answer))
            }
            Err(Unsent::Share) => Err(refusals::would_block()),
            Err(Unsent::Room) => Ok(Err(refusals::full())),
            Err(Unsent::Lost) => Ok(Err(refusals::lost())),
        }
    }

    /// The same, but waits for room.
    pub(super) async fn request_when_there_is_room(
        &self,
        id: RequestId,
        text: String,
    ) -> io::Result<Result<oneshot::Receiver<Answer>, outpost_protocol::RpcError>> {
        let cost = self.outbox.cost_of(text.len());
        let share = Arc::clone(&self.share).acquire_owned().await;
        let room = self.outbox.room().acquire_many_owned(cost).await;
        let mut calls = self.calls.lock();
        match calls.admits(&id) {
            Ok(()) => {}
            Err(NotTaken::ShutDown) => return Err(refusals::broken_pipe()),
            Err(NotTaken::Refused(refusal)) => return Ok(Err(refusal)),
        }
        let (Ok(share), Ok(room)) = (share, room) else {
            return Ok(Err(refusals::lost()));
        };
        let (waiter, answer) = oneshot::channel();
        match self.push(text, share, room) {
            Ok(()) => {
                calls.sent(id, waiter);
                Ok(Ok(answer))
            }
            Err(_) => Ok(Err(refusals::lost())),
        }
    }

    /// Sends what is not answered now, or says why not.
    pub(super) fn tell(&self, text: String) -> io::Result<()> {
        if self.calls.lock().ended().is_some() {
            return Err(refusals::broken_pipe());
        }
        self.send(text).map_err(|unsent| match unsent {
            Unsent::Share | Unsent::Room => refusals::would_block(),
            Unsent::Lost => refusals::broken_pipe(),
        })
    }

    /// Answers what the server has asked. An answer to something else is dropped: it may have been
    /// resolved meanwhile.
    pub(super) fn answer(&self, id: &RequestId, text: String) -> io::Result<()> {
        let mut asked = self.asked.lock();
        if !asked.contains(id) {
            tracing::debug!(%id, "an answer to nothing");
            return Ok(());
        }
        self.tell(text)?;
        asked.remove(id);
        Ok(())
    }

    fn send(&self, text: String) -> Result<(), Unsent> {
        let lost_or = |error: TryAcquireError, full: Unsent| match error {
            TryAcquireError::NoPermits => full,
            TryAcquireError::Closed => Unsent::Lost,
        };
        let share = Arc::clone(&self.share).try_acquire_owned();
        let share = share.map_err(|error| lost_or(error, Unsent::Share))?;
        let cost = self.outbox.cost_of(text.len());
        let room = self.outbox.room().try_acquire_many_owned(cost);
        let room = room.map_err(|error| lost_or(error, Unsent::Room))?;
        self.push(text, share, room).map_err(|_| Unsent::Lost)
    }

    fn push(
        &self,
        text: String,
        share: OwnedSemaphorePermit,
        room: OwnedSemaphorePermit,
    ) -> Result<(), Closed> {
        self.outbox
            .send_reserved(Frame::Text(text), room, Some(share))
    }

    /// Sends what is not of the embedder's share. Cancel-safe: the text is sent, or not.
    pub(super) async fn refuse(&self, text: &str) {
        let cost = self.outbox.cost_of(text.len());
        let Ok(room) = self.outbox.room().acquire_many_owned(cost).await else {
            return;
        };
        // A server that is gone needs no answer.
        drop(
            self.outbox
                .send_reserved(Frame::Text(text.to_owned()), room, None),
        );
    }

    /// Says that nothing more will be said.
    pub(super) fn say_goodbye(&self) {
        self.outbox.close(Close::normal());
    }

    // --- from the server ---

    pub(super) fn answered(&self, id: &RequestId, answer: Answer) {
        match self.calls.lock().answered(id) {
            // Whoever asked may have stopped waiting.
            Some(waiter) => drop(waiter.send(answer)),
            None => tracing::debug!(%id, "the server answers what was not asked"),
        }
    }

    pub(super) fn is_asked(&self, id: RequestId) {
        self.asked.lock().insert(id);
    }

    pub(super) fn is_answered(&self, id: &RequestId) {
        self.asked.lock().remove(id);
    }

    /// What the server has asked and nobody will answer.
    pub(super) fn unanswered(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.asked.lock());
        let refusal = refusals::shutting_down();
        let failure = |id| app::failure(&id, &refusal);
        asked.into_iter().map(failure).collect()
    }

    /// Takes no more requests; those that wait are failed.
    pub(super) fn end(&self, ended: Ended) {
        let refusal = match ended {
            Ended::Lost => refusals::lost(),
            Ended::ShutDown => refusals::shutting_down(),
        };
        for waiter in self.calls.lock().end(ended) {
            drop(waiter.send(Err(refusal.clone())));
        }
        // Whoever waits for its share need not any longer.
        self.share.close();
    }
}
