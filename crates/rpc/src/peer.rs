//! The other side of a connection, to be called and told things.

use std::{marker::PhantomData, sync::Arc};

use outpost_protocol::{Method, Notification, RequestId, decode_params, envelope};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::{oneshot, watch};

use crate::{
    error::CallError,
    frame::Frame,
    link::{Close, Closed, FrameSender},
    load::Load,
    pending::{NotRegistered, Outcome, Pending},
};

/// A cheap handle to the peer of one connection.
///
/// A call is registered before it is written, and ends exactly once. Dropping a call's future
/// stops waiting; the request is not taken back.
#[derive(Clone, Debug)]
pub struct Peer {
    outbox: FrameSender,
    load: Arc<Load>,
    calls: Calls,
    limit: usize,
    ended: watch::Receiver<Option<Close>>,
}

/// A request that is on its way. Dropping it stops waiting; the request is not taken back.
#[derive(Debug)]
pub struct Begun<M> {
    answer: oneshot::Receiver<Outcome>,
    forget: Forget,
    method: PhantomData<fn() -> M>,
}

/// The calls of one connection. Locked for a look-up, never across an await.
pub(crate) type Calls = Arc<Mutex<Pending<oneshot::Sender<Outcome>>>>;

// === impl Peer ===

impl Peer {
    pub(crate) fn new(
        (outbox, load): (FrameSender, Arc<Load>),
        calls: Calls,
        limit: usize,
        ended: watch::Receiver<Option<Close>>,
    ) -> Self {
        Self {
            outbox,
            load,
            calls,
            limit,
            ended,
        }
    }

    /// Makes a request and waits for its answer.
    pub async fn call<M: Method>(&self, params: &M::Params) -> Result<M::Answer, CallError> {
        self.begin::<M>(params).await?.answer().await
    }

    /// Makes a request; done when it is queued. Requests that are begun one after the other are
    /// sent in that order.
    pub async fn begin<M: Method>(&self, params: &M::Params) -> Result<Begun<M>, CallError> {
        let method = M::NAME;
        let (waiter, answer) = oneshot::channel();
        let id = self
            .calls
            .lock()
            .register(waiter)
            .map_err(|refused| match refused {
                NotRegistered::Closed(close) => CallError::Closed { method, close },
                NotRegistered::Full => CallError::TooMany {
                    method,
                    limit: self.limit,
                },
            })?;
        let forget = Forget {
            calls: Arc::clone(&self.calls),
            id: Some(id),
        };
        let text = envelope::request::<M>(&RequestId::Number(id), params).map_err(|error| {
            CallError::Decode {
                method,
                words: error.to_string(),
            }
        })?;
        // When the queue is closed the answer may still have been read: the table decides.
        let sent = self.outbox.send(Frame::Text(text)).await;
        if let Err(Closed(close)) = sent {
            return Err(CallError::Closed { method, close });
        }
        Ok(Begun {
            answer,
            forget,
            method: PhantomData,
        })
    }

    /// Tells the peer something; waits for room to.
    pub async fn notify<N: Notification>(&self, params: &N::Params) -> Result<(), Closed> {
        let text = envelope::notification::<N>(params)
            .map_err(|error| Closed(Close::internal(error.to_string())))?;
        self.outbox.send(Frame::Text(text)).await
    }

    /// The queue to the peer, for senders that bound their own share of it.
    #[must_use]
    pub fn outbox(&self) -> &FrameSender {
        &self.outbox
    }

    /// How many of the peer's requests have begun and are not answered, and how many have yet to
    /// begin, about now.
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        self.load.now()
    }

    /// Ends the connection; what is queued still leaves.
    pub fn close(&self, close: Close) {
        self.outbox.close(close);
    }

    /// Waits for the end of the connection and says how it ended.
    pub async fn closed(&self) -> Close {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(close) => close.clone().unwrap_or_else(Close::lost),
            Err(_) => Close::lost(),
        }
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ended.borrow().is_some() || self.outbox.is_closed()
    }
}

fn decode<M: Method>(text: &str) -> Result<M::Answer, CallError> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| CallError::Decode {
        method: M::NAME,
        words: error.to_string(),
    })?;
    decode_params(Some(raw)).map_err(|error| CallError::Decode {
        method: M::NAME,
        words: error.message,
    })
}

/// Takes a call out of the table when nobody waits for it any more.
#[derive(Debug)]
struct Forget {
    calls: Calls,
    id: Option<i64>,
}

// === impl Begun ===

impl<M: Method> Begun<M> {
    /// Waits for the answer.
    pub async fn answer(mut self) -> Result<M::Answer, CallError> {
        let method = M::NAME;
        let outcome = (&mut self.answer).await;
        self.forget.id = None;
        match outcome {
            Ok(Outcome::Result(text)) => decode::<M>(&text),
            Ok(Outcome::Refused(error)) => Err(CallError::Remote { method, error }),
            Ok(Outcome::Closed(close)) => Err(CallError::Closed { method, close }),
            Err(_) => Err(CallError::Closed {
                method,
                close: Close::lost(),
            }),
        }
    }
}

impl Drop for Forget {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            drop(self.calls.lock().complete(id));
        }
    }
}
