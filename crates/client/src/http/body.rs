//! The body of an answer, as it comes.
//!
//! Deltas are put in by the connection and taken out in order. A buffer that is full keeps the
//! connection from being read until its reader has taken something; a reader that takes nothing
//! for ten seconds meanwhile loses its body, so that the others can go on.

use std::{collections::BTreeMap, fmt, sync::Arc};

use bytes::Bytes;
use outpost_protocol::exec::http::BodyDeltaParams;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    ClientError,
    session::{Pressure, Shared},
};

/// The body of an answer. Dropping it passes over the rest.
pub struct HttpBody {
    shared: Arc<Shared>,
    id: String,
    inbox: Arc<BodyInbox>,
}

/// Deltas on their way to their reader.
pub(crate) struct BodyInbox {
    bound: usize,
    pressure: Arc<Pressure>,
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// The number that is handed out next.
    next: u64,
    held: BTreeMap<u64, BodyDeltaParams>,
    bytes: usize,
    failure: Option<ClientError>,
    ended: bool,
    /// Counted in the pressure.
    pressing: bool,
}

/// What a delta costs besides its bytes.
const DELTA_COST: usize = 256;

// === impl HttpBody ===

impl HttpBody {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let id = format!("http-{}", shared.next_name());
        let state = State {
            next: 1,
            held: BTreeMap::new(),
            bytes: 0,
            failure: None,
            ended: false,
            pressing: false,
        };
        let inbox = Arc::new(BodyInbox {
            bound: shared.options.body_buffer,
            pressure: Arc::clone(&shared.pressure),
            state: Mutex::new(state),
            changed: Notify::new(),
        });
        shared.bodies.lock().insert(id.clone(), Arc::clone(&inbox));
        Self { shared, id, inbox }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The next bytes; `None` at the end. After an error there is nothing more. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        loop {
            match self.inbox.take() {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => return Ok(Some(bytes)),
                Some(Err(error)) => return Err(error),
                None if self.inbox.is_ended() => return Ok(None),
                None => self.inbox.changed.notified().await,
            }
        }
    }

    /// The whole rest, if it is at most this many bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, ClientError> {
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            whole.extend_from_slice(&bytes);
            if whole.len() > limit {
                return Err(ClientError::TooLarge {
                    bytes: whole.len(),
                    limit,
                });
            }
        }
        Ok(whole.into())
    }
}

impl Drop for HttpBody {
    fn drop(&mut self) {
        self.shared.bodies.lock().remove(&self.id);
        self.inbox.abandon();
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBody")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

// === impl BodyInbox ===

impl BodyInbox {
    /// Takes a delta. Repeats are passed over.
    pub(crate) fn deliver(&self, delta: BodyDeltaParams) {
        let mut state = self.state.lock();
        if state.ended || delta.seq < state.next || state.held.contains_key(&delta.seq) {
            return;
        }
        state.bytes += DELTA_COST + delta.delta_base64.0.len();
        state.held.insert(delta.seq, delta);
        if state.bytes > self.bound && !state.pressing {
            state.pressing = true;
            self.pressure.add();
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The body ends with this error, after what is known before it.
    pub(crate) fn fail(&self, error: ClientError) {
        let mut state = self.state.lock();
        state.failure.get_or_insert(error);
        if std::mem::take(&mut state.pressing) {
            self.pressure.remove();
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Its reader holds others back.
    pub(crate) fn is_full(&self) -> bool {
        self.state.lock().pressing
    }

    fn is_ended(&self) -> bool {
        self.state.lock().ended
    }

    fn take(&self) -> Option<Result<Bytes, ClientError>> {
        let mut state = self.state.lock();
        if state.ended {
            return None;
        }
        let next = state.next;
        let Some(delta) = state.held.remove(&next) else {
            let failure = state.failure.take()?;
            state.ended = true;
            return Some(Err(failure));
        };
        state.next += 1;
        state.bytes -= DELTA_COST + delta.delta_base64.0.len();
        self.relieve(&mut state);
        if delta.done {
            state.ended = true;
        }
        match delta.error {
            None => Some(Ok(delta.delta_base64.0)),
            Some(words) => {
                state.ended = true;
                Some(Err(ClientError::Body { words }))
            }
        }
    }

    fn abandon(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        state.held.clear();
        state.bytes = 0;
        self.relieve(&mut state);
    }

    fn relieve(&self, state: &mut State) {
        if state.pressing && state.bytes <= self.bound {
            state.pressing = false;
            self.pressure.remove();
        }
    }
}
