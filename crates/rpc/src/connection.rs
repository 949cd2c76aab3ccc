//! One connection: frames in, jobs run, answers out.
//!
//! One task owns it. Requests are decoded in order of arrival and run by [`Lanes`]; each runs as a
//! task of a `JoinSet` and queues its own answer, so a slow reader holds back jobs, never this
//! loop. When more is pending than the limits allow, the link is not read: that is the
//! back-pressure to the client.
//!
//! At the end: the service is told, calls to the peer fail, jobs that do not outlive their client
//! are dropped, the others run on inside [`Connection::run`], whose caller waits for them.

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use outpost_protocol::{RequestId, RpcError, envelope};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::{
    sync::watch,
    task::{AbortHandle, JoinError, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{Desk, Orphans},
    frame::Frame,
    lanes::{Lanes, Pool, Ticket},
    limits::Limits,
    link::{Close, FrameSender, Link, Received},
    load::Load,
    peer::{Calls, Peer},
    pending::{Outcome, Pending},
    router::{Job, Router},
};

/// What a face adds to a connection. Called from the connection's task, in order of arrival.
pub trait Service: Send + 'static {
    /// What a handler gets besides the parameters.
    type Context: Send + 'static;

    /// The table.
    fn router(&self) -> &Router<Self::Context>;

    /// For one request's handler.
    fn context(&self) -> Self::Context;

    /// Whether the method may be called now with these parameters. Asked after they were decoded.
    fn gate(&mut self, method: &str, params: Option<&RawValue>) -> Result<(), RpcError>;

    /// The refusal of a method that is not in the table.
    fn unknown(&self, method: &str) -> RpcError;

    /// A notification arrived; an error ends the connection.
    fn notified(&mut self, method: &str, params: Option<&RawValue>) -> Result<(), Close>;

    /// The refusal of a text that is no message; `None` passes over it.
    fn malformed(&self, words: &str) -> Option<RpcError>;

    /// The message that answers a text that is no message, where that is not a refusal with the id
    /// -1. There is no text where what came was not UTF-8.
    fn answer_malformed(&self, _text: Option<&str>, words: &str) -> Option<String> {
        let refusal = self.malformed(words)?;
        Some(envelope::failure(&NO_ID, &refusal))
    }

    /// An answer to a request that was never made; an error ends the connection.
    fn stray_answer(&mut self, id: &RequestId) -> Result<(), Close>;

    /// The connection has ended. Jobs may still run.
    fn ended(&mut self, close: &Close);

    /// Whether the next frame may be taken. While it may not, the link is not read, answers to our
    /// own calls included; the end of the link is noticed all the same. The waker is woken when
    /// that may have changed.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

/// A link with the protocol on it.
#[derive(Debug)]
pub struct Connection {
    link: Link,
    calls: Calls,
    limits: Limits,
    ended: watch::Sender<Option<Close>>,
    load: Arc<Load>,
    peer: Peer,
}

/// What wakes the loop.
enum Event {
    Received(Option<Received>),
    Orphaned(RequestId),
    Handled(Result<(tokio::task::Id, ()), JoinError>),
    Draining,
}

/// The loop's state.
struct Loop<S: Service> {
    service: S,
    outbox: FrameSender,
    orphans: Arc<Orphans>,
    calls: Calls,
    limits: Limits,
    load: Arc<Load>,
    lanes: Lanes,
    jobs: JoinSet<()>,
    waiting: HashMap<Ticket, Waiting>,
    running: HashMap<tokio::task::Id, Running>,
    next_ticket: Ticket,
    pending_bytes: usize,
    /// The job that nothing may overtake.
    alone: Option<Ticket>,
}

struct Waiting {
    id: RequestId,
    bytes: usize,
    pool: Pool,
    finishes: bool,
    work: crate::router::BoxFuture<()>,
}

struct Running {
    ticket: Ticket,
    id: RequestId,
    bytes: usize,
    pool: Pool,
    finishes: bool,
    abort: AbortHandle,
}

/// The id that answers what has none.
const NO_ID: RequestId = RequestId::Number(-1);

// === impl Connection ===

impl Connection {
    /// Takes a link; nothing happens until [`Connection::run`].
    #[must_use]
    pub fn new(link: Link, limits: Limits) -> Self {
        let calls: Calls = Arc::new(Mutex::new(Pending::new(limits.calls)));
        let (ended, watch) = watch::channel(None);
        let load = Arc::<Load>::default();
        let peer = Peer::new(
            (link.tx.clone(), Arc::clone(&load)),
            Arc::clone(&calls),
            limits.calls,
            watch,
        );
        Self {
            link,
            calls,
            limits,
            ended,
            load,
            peer,
        }
    }

    /// The other side.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.peer.clone()
    }

    /// Serves until the link ends, the service ends it, or `drain` is cancelled; then flushes.
    /// Returns how it ended, after the last job.
    pub async fn run<S: Service>(self, service: S, drain: CancellationToken) -> Close {
        let Self {
            link: Link { tx, mut rx },
            calls,
            limits,
            ended,
            load,
            peer,
        } = self;
        drop(peer);
        let mut state = Loop {
            service,
            outbox: tx,
            orphans: Arc::default(),
            calls,
            lanes: Lanes::new(limits.concurrent_requests, limits.concurrent_waits),
            limits,
            load,
            jobs: JoinSet::new(),
            waiting: HashMap::new(),
            running: HashMap::new(),
            next_ticket: 0,
            pending_bytes: 0,
            alone: None,
        };
        let close = state.serve(&mut rx, &drain).await;
        rx.close(close.clone());
        drop(rx);
        state.finish(close, &ended).await
    }
}

// === impl Loop ===

impl<S: Service> Loop<S> {
    /// Runs until there is a reason to end. An error is ours: the peer has yet to be told.
    async fn serve(
        &mut self,
        rx: &mut crate::link::FrameReceiver,
        drain: &CancellationToken,
    ) -> Close {
        loop {
            // All are cancel-safe. Finished jobs come first: they make room.
            let event = tokio::select! {
                biased;
                Some(done) = self.jobs.join_next_with_id() => Event::Handled(done),
                id = self.orphans.next() => Event::Orphaned(id),
                () = drain.cancelled() => Event::Draining,
                received = next(&mut self.service, rx), if self.accepts() => Event::Received(received),
            };
            let flow = match event {
                Event::Handled(done) => {
                    self.on_handled(&done);
                    Ok(())
                }
                Event::Orphaned(id) => self.on_orphaned(&id).await,
                Event::Received(Some(Received::Frame(frame))) => self.on_frame(frame).await,
                Event::Received(Some(Received::Probe(answer))) => {
                    // This side is here; whoever asked may have gone.
                    let _ = answer.send(());
                    Ok(())
                }
                Event::Received(None) => return rx.close_reason().unwrap_or_else(Close::lost),
                Event::Draining => Err(Close::going_away("the server is stopping")),
            };
            if let Err(close) = flow {
                self.flush(&close).await;
                return close;
            }
        }
    }

    fn accepts(&self) -> bool {
        self.alone.is_none()
            && self.pending_bytes < self.limits.pending_bytes
            && self.lanes.len() < self.limits.pending_requests
    }

    async fn on_frame(&mut self, frame: Frame) -> Result<(), Close> {
        match frame {
            Frame::Text(text) => self.on_text(&text).await,
            Frame::Garbled(words) => self.on_malformed(None, words).await,
            Frame::Pieces(pieces) => match pieces.collect().await {
                Some(text) => self.on_text(&text).await,
                None => Err(Close::internal("an answer was given up in the middle")),
            },
        }
    }

    async fn on_text(&mut self, text: &str) -> Result<(), Close> {
        match envelope::parse(text) {
            Err(malformed) => self.on_malformed(Some(text), &malformed.words).await,
            Ok(envelope::Incoming::Request {
                id,
                method,
                params,
                trace,
            }) => {
                if let Some(trace) = trace {
                    tracing::trace!(%id, ?trace, "the request belongs to a trace");
                }
                self.on_request(id, &method, params, text.len()).await
            }
            Ok(envelope::Incoming::Notification { method, params }) => {
                self.service.notified(&method, params)
            }
            Ok(envelope::Incoming::Response { id, result }) => {
                self.on_answer(&id, Outcome::Result(result.get().to_owned()))
            }
            Ok(envelope::Incoming::Failure { id, error }) => {
                self.on_answer(&id, Outcome::Refused(error))
            }
        }
    }

    async fn on_malformed(&mut self, text: Option<&str>, words: &str) -> Result<(), Close> {
        match self.service.answer_malformed(text, words) {
            Some(answer) => self.send(answer).await,
            None => Ok(()),
        }
    }

    async fn on_request(
        &mut self,
        id: RequestId,
        method: &str,
        params: Option<&RawValue>,
        bytes: usize,
    ) -> Result<(), Close> {
        let request = (id.clone(), method, params);
        let desk = Desk::new(
            self.outbox.clone(),
            Arc::clone(&self.orphans),
            Arc::clone(&self.load),
        );
        let planned = self
            .service
            .router()
            .plan(self.service.context(), request, desk);
        let refusal = match planned {
            None => self.service.unknown(method),
            Some(Err(error)) => error,
            Some(Ok(job)) => match self.service.gate(method, params) {
                Err(error) => error,
                Ok(()) => {
                    tracing::debug!(%id, method, "request");
                    self.admit(id, job, bytes);
                    return Ok(());
                }
            },
        };
        tracing::debug!(%id, method, %refusal, "request refused");
        self.send(envelope::failure(&id, &refusal)).await
    }

    fn on_answer(&mut self, id: &RequestId, outcome: Outcome) -> Result<(), Close> {
        let mut calls = self.calls.lock();
        let asked = match id {
            RequestId::Number(id) if calls.was_asked(*id) => *id,
            RequestId::Number(_) | RequestId::Text(_) => {
                drop(calls);
                return self.service.stray_answer(id);
            }
        };
        let waiter = calls.complete(asked);
        drop(calls);
        if let Some(waiter) = waiter {
            // Whoever asked may have stopped waiting; then the answer is of no use.
            drop(waiter.send(outcome));
        }
        Ok(())
    }

    fn admit(&mut self, id: RequestId, job: Job, bytes: usize) {
        let Job {
            claims,
            pool,
            alone,
            finishes,
            work,
        } = job;
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.pending_bytes += bytes;
        if alone {
            self.alone = Some(ticket);
        }
        self.waiting.insert(
            ticket,
            Waiting {
                id,
                bytes,
                pool,
                finishes,
                work,
            },
        );
        if self.lanes.admit(ticket, claims, pool) {
            self.start(ticket);
        }
        self.load.wait(self.waiting.len());
    }

    fn start(&mut self, ticket: Ticket) {
        let Waiting {
            id,
            bytes,
            pool,
            finishes,
            work,
        } = self
            .waiting
            .remove(&ticket)
            .expect("a runnable request waits");
        let abort = self.jobs.spawn(work);
        self.running.insert(
            abort.id(),
            Running {
                ticket,
                id,
                bytes,
                pool,
                finishes,
                abort,
            },
        );
    }

    fn on_handled(&mut self, done: &Result<(tokio::task::Id, ()), JoinError>) {
        let (task, panicked) = match done {
            Ok((task, ())) => (*task, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        let Some(ended) = self.running.remove(&task) else {
            return;
        };
        self.pending_bytes -= ended.bytes;
        if self.alone == Some(ended.ticket) {
            self.alone = None;
        }
        for ticket in self.lanes.finish(ended.ticket) {
            self.start(ticket);
        }
        self.load.wait(self.waiting.len());
        if panicked {
            tracing::error!(id = %ended.id, "a request's handler panicked");
        }
    }

    /// A request is left that nobody will answer.
    async fn on_orphaned(&mut self, id: &RequestId) -> Result<(), Close> {
        tracing::error!(%id, "a request was given up unanswered");
        let error = RpcError::internal("the server failed while it handled the request");
        self.send(envelope::failure(id, &error)).await
    }

    /// Queues an answer of the loop itself.
    async fn send(&mut self, text: String) -> Result<(), Close> {
        self.outbox
            .send(Frame::Text(text))
            .await
            .map_err(|closed| closed.0)
    }

    /// The end is ours: what runs may still answer, within the grace.
    async fn flush(&mut self, close: &Close) {
        self.waiting.clear();
        for running in self
            .running
            .values()
            .filter(|job| job.pool == Pool::Wait && !job.finishes)
        {
            running.abort.abort();
        }
        let grace = self.limits.flush_grace;
        let quick = async { while self.jobs.join_next().await.is_some() {} };
        if timeout(grace, quick).await.is_err() {
            tracing::debug!(%close, left = self.jobs.len(), "requests are given up at the end");
        }
    }

    async fn finish(mut self, close: Close, ended: &watch::Sender<Option<Close>>) -> Close {
        self.service.ended(&close);
        ended.send_replace(Some(close.clone()));
        let waiters = self.calls.lock().close(close.clone());
        for waiter in waiters {
            drop(waiter.send(Outcome::Closed(close.clone())));
        }
        self.waiting.clear();
        for running in self.running.values().filter(|running| !running.finishes) {
            running.abort.abort();
        }
        self.outbox.close(close.clone());
        drop(self.outbox);
        while self.jobs.join_next().await.is_some() {}
        close
    }
}

/// The next frame once the service takes one; at the end of the link, what is left of it. As
/// cancel-safe as its parts.
async fn next<S: Service>(
    service: &mut S,
    rx: &mut crate::link::FrameReceiver,
) -> Option<Received> {
    tokio::select! {
        biased;
        () = poll_fn(|cx| service.poll_ready(cx)) => {}
        () = rx.closed() => {}
    }
    rx.recv().await
}

#[cfg(test)]
mod tests;
