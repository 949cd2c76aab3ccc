//! A request's one answer.
//!
//! A request that has begun is [`Open`] until its answer is queued. One that is dropped before,
//! because its handler panicked or because nobody is left who would answer later, is reported to
//! [`Orphans`], and its connection refuses it. So every request is answered, and none twice.

use std::{collections::VecDeque, marker::PhantomData, sync::Arc};

use outpost_protocol::{RequestId, RpcError, envelope};
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

use crate::{
    frame::Frame,
    link::{Closed, FrameSender},
    load::Load,
};

/// Where the answers of one connection go.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    outbox: FrameSender,
    orphans: Arc<Orphans>,
    load: Arc<Load>,
}

/// Requests that nobody will answer, until their connection has. Each request is here at most
/// once, so what bounds the requests bounds this.
#[derive(Debug, Default)]
pub(crate) struct Orphans {
    ids: Mutex<VecDeque<RequestId>>,
    arrived: Notify,
}

/// A request that has begun and is not answered.
#[derive(Debug)]
pub(crate) struct Open {
    desk: Desk,
    /// Taken when the answer is queued.
    id: Option<RequestId>,
}

/// A request that is answered later, once. Dropped unanswered, it is refused with -32603.
#[derive(Debug)]
pub struct Answerer<T> {
    open: Open,
    answer: PhantomData<fn() -> T>,
}

// === impl Desk ===

impl Desk {
    pub(crate) fn new(outbox: FrameSender, orphans: Arc<Orphans>, load: Arc<Load>) -> Self {
        Self {
            outbox,
            orphans,
            load,
        }
    }

    /// A request that begins now.
    pub(crate) fn open(self, id: RequestId) -> Open {
        self.load.begins();
        Open {
            desk: self,
            id: Some(id),
        }
    }
}

// === impl Orphans ===

impl Orphans {
    fn add(&self, id: RequestId) {
        self.ids.lock().push_back(id);
        self.arrived.notify_one();
    }

    /// The next one; there is one who waits. Cancel-safe.
    pub(crate) async fn next(&self) -> RequestId {
        loop {
            if let Some(id) = self.ids.lock().pop_front() {
                return id;
            }
            self.arrived.notified().await;
        }
    }
}

// === impl Open ===

impl Open {
    pub(crate) fn id(&self) -> &RequestId {
        self.id.as_ref().expect("an open request has its id")
    }

    /// Queues the answer, or what begins it. When this is dropped before it is done, nothing was
    /// queued.
    pub(crate) async fn close(mut self, answer: Frame) -> Result<(), Closed> {
        let sent = self.desk.outbox.send(answer).await;
        self.id = None;
        sent
    }

    /// Queues a result, or a refusal.
    pub(crate) async fn settle<T: Serialize>(
        self,
        outcome: Result<T, RpcError>,
    ) -> Result<(), Closed> {
        let text = match outcome {
            Ok(value) => encoded(self.id(), &value),
            Err(error) => envelope::failure(self.id(), &error),
        };
        self.close(Frame::Text(text)).await
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.desk.load.ends();
        if let Some(id) = self.id.take() {
            self.desk.orphans.add(id);
        }
    }
}

/// The text of an answer, or of the refusal where the result is not JSON.
fn encoded<T: Serialize>(id: &RequestId, value: &T) -> String {
    envelope::response(id, value).unwrap_or_else(|error| {
        let words = format!("the result does not encode: {error}");
        envelope::failure(id, &RpcError::internal(words))
    })
}

// === impl Answerer ===

impl<T> Answerer<T> {
    pub(crate) fn new(open: Open) -> Self {
        Self {
            open,
            answer: PhantomData,
        }
    }
}

impl<T: Serialize> Answerer<T> {
    /// Answers; done when the answer is queued. A connection that has ended needs none.
    pub async fn answer(self, outcome: Result<T, RpcError>) {
        drop(self.open.settle(outcome).await);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::link::{Link, Received};

    /// A desk, and what comes of it: what is queued, and who is left alone.
    fn desk() -> (Desk, Link, Arc<Orphans>) {
        let (near, far) = Link::pair((1, 1));
        let orphans = Arc::<Orphans>::default();
        (
            Desk::new(near.tx, Arc::clone(&orphans), Arc::default()),
            far,
            orphans,
        )
    }

    fn heard(link: &mut Link) -> Option<String> {
        match link.rx.try_recv()? {
            Received::Frame(Frame::Text(text)) => Some(text),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_is_answered_is_no_orphan_and_what_is_dropped_is_one() {
        let (desk, mut link, orphans) = desk();
        let answerer = Answerer::new(desk.clone().open(RequestId::Number(1)));
        answerer.answer(Ok(7)).await;
        assert_eq!(heard(&mut link).as_deref(), Some(r#"{"id":1,"result":7}"#));
        assert_eq!(orphans.next().now_or_never(), None);
        drop(Answerer::<i64>::new(desk.open(RequestId::Number(2))));
        assert_eq!(heard(&mut link), None);
        assert_eq!(orphans.next().now_or_never(), Some(RequestId::Number(2)));
        assert_eq!(orphans.next().now_or_never(), None);
    }

    #[tokio::test]
    async fn an_answer_that_is_given_up_while_it_waits_for_room_leaves_an_orphan() {
        let (desk, mut link, orphans) = desk();
        let answer = |id, value| {
            let answerer = Answerer::new(desk.clone().open(RequestId::Number(id)));
            answerer.answer(Ok(value))
        };
        answer(1, "first").await;
        // There is room for one frame.
        assert_eq!(answer(2, "second").now_or_never(), None);
        assert_eq!(orphans.next().await, RequestId::Number(2));
        assert!(heard(&mut link).is_some());
        assert_eq!(heard(&mut link), None);
    }
}
