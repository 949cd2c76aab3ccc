//! What the server says by itself, and when it is not listened to.
//!
//! Notifications go to whoever holds the process, body or watch; the rest is passed over, as a
//! newer server may say more than this client knows.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use outpost_protocol::{
    Notification, RequestId, RpcError, code, decode_params,
    exec::{
        fs::MissingChanged,
        http::BodyDelta,
        process::{Closed, Exited, Output},
    },
};
use outpost_rpc::{connection::Service, link::Close, router::Router};
use serde_json::value::RawValue;
use tokio::time::{Sleep, sleep};

use super::{Chore, Phase, Shared};
use crate::{ClientError, process::Delivered, reorder::Entry};

/// [`Service`] of a client: an empty table.
pub(super) struct Inbound {
    shared: Arc<Shared>,
    router: Router<()>,
    /// Runs while the connection is not read.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// How long a body that nobody reads may keep the connection from being read.
const BODY_STALL: Duration = Duration::from_secs(10);

// === impl Inbound ===

impl Inbound {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            router: Router::new(),
            stalled: None,
        }
    }

    fn deliver(&self, process_id: &str, seq: u64, entry: Entry) {
        let inbox = self.shared.processes.lock().get(process_id).cloned();
        let Some(inbox) = inbox else { return };
        let can_stop = self.shared.can_stop.load(Ordering::Relaxed);
        match inbox.deliver(seq, entry, can_stop) {
            Delivered::Taken => {}
            Delivered::Overflow => self.shared.chores.add(Chore::Stop(inbox)),
        }
    }

    fn told(&self, method: &str, params: Option<&RawValue>) -> Result<(), RpcError> {
        match method {
            Output::NAME => {
                let told = decode::<Output>(params)?;
                let entry = Entry::Output(told.stream, told.chunk.0);
                self.deliver(&told.process_id, told.seq, entry);
            }
            Exited::NAME => {
                let told = decode::<Exited>(params)?;
                self.deliver(
                    &told.process_id.clone(),
                    told.seq,
                    Entry::Exited(told.into()),
                );
            }
            Closed::NAME => {
                let told = decode::<Closed>(params)?;
                self.deliver(&told.process_id, told.seq, Entry::Closed);
            }
            BodyDelta::NAME => {
                let told = decode::<BodyDelta>(params)?;
                let mut bodies = self.shared.bodies.lock();
                if told.done {
                    if let Some(body) = bodies.remove(&told.request_id) {
                        body.deliver(told);
                    }
                } else if let Some(body) = bodies.get(&told.request_id) {
                    body.deliver(told);
                }
            }
            MissingChanged::NAME => {
                let told = decode::<MissingChanged>(params)?;
                if let Some(watch) = self.shared.watches.lock().remove(&told.watch_id) {
                    // Whoever watched may have stopped.
                    watch.send(()).ok();
                }
            }
            _ => tracing::debug!(method, "a notification without a meaning here"),
        }
        Ok(())
    }
}

impl Service for Inbound {
    type Context = ();

    fn router(&self) -> &Router<()> {
        &self.router
    }

    fn context(&self) {}

    fn gate(&mut self, _: &str, _: Option<&RawValue>) -> Result<(), RpcError> {
        Ok(())
    }

    fn unknown(&self, method: &str) -> RpcError {
        RpcError::new(
            code::METHOD_NOT_FOUND,
            format!("this client does not implement `{method}`"),
        )
    }

    fn notified(&mut self, method: &str, params: Option<&RawValue>) -> Result<(), Close> {
        self.told(method, params).map_err(|error| {
            Close::protocol(format!("`{method}` does not decode: {}", error.message))
        })
    }

    fn malformed(&self, words: &str) -> Option<RpcError> {
        tracing::warn!(words, "the server sent something that is no message");
        None
    }

    fn stray_answer(&mut self, id: &RequestId) -> Result<(), Close> {
        tracing::warn!(%id, "the server answered something that was not asked");
        Ok(())
    }

    fn ended(&mut self, close: &Close) {
        tracing::debug!(%close, "the connection has ended");
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // During a handshake its answer must not wait for anybody.
        let live = matches!(&*self.shared.phase.borrow(), Phase::Live(_));
        while live && self.shared.pressure.poll_none(cx).is_pending() {
            let stalled = self
                .stalled
                .get_or_insert_with(|| Box::pin(sleep(BODY_STALL)));
            ready!(stalled.as_mut().poll(cx));
            self.stalled = None;
            let words =
                format!("it was not read for {BODY_STALL:?}, and others had to wait for it");
            self.shared.bodies.lock().retain(|_, body| {
                let stuck = body.is_full();
                if stuck {
                    body.fail(ClientError::Body {
                        words: words.clone(),
                    });
                }
                !stuck
            });
        }
        self.stalled = None;
        Poll::Ready(())
    }
}

fn decode<N: Notification>(params: Option<&RawValue>) -> Result<N::Params, RpcError> {
    decode_params(params)
}
