//! The loop that reads the link: answers to whoever waits for them, events to the inbox.
//!
//! While an event waits for room the link is not read, and that is felt by the server, back to the
//! command that writes. What the loop itself has to say never waits for the link to be read: a
//! refusal stands in a row of its own, of at most as many as the server may have unanswered.
//!
//! At a shutdown what the server has asked is refused, then the link is closed; the loop goes on
//! reading until the server is done with it.

use std::{collections::VecDeque, sync::Arc};

use outpost_protocol::{RequestId, app, envelope};
use outpost_rpc::{
    frame::Frame,
    link::{FrameReceiver, Received},
};
use serde_json::value::RawValue;
use tokio::sync::oneshot;

use super::{
    calls::Ended,
    event::{Event, ServerNotification, ServerRequest, owned},
    inbox::{Put, Why},
    refusals,
    wire::Wire,
};

/// Says that a question was settled, here or elsewhere.
const RESOLVED: &str = "serverRequest/resolved";

/// The loop's state.
pub(super) struct Reader {
    wire: Arc<Wire>,
    /// An event without room.
    held: Option<Event>,
    /// Refusals that have yet to leave.
    unsent: VecDeque<String>,
    /// Nobody reads events, and that was seen.
    unread: bool,
}

/// Why the loop stops.
enum End {
    /// The server's side has ended.
    Lost,
    /// The embedder wants it.
    Stop,
}

// === impl Reader ===

impl Reader {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        Self {
            wire,
            held: None,
            unsent: VecDeque::new(),
            unread: false,
        }
    }

    /// Reads until the end of the link or a shutdown. `stopped` is told when the server has been
    /// told everything.
    pub(super) async fn run(mut self, mut rx: FrameReceiver, stopped: oneshot::Sender<()>) {
        let end = self.read(&mut rx).await;
        self.wire.end(match end {
            End::Lost => Ended::Lost,
            End::Stop => Ended::ShutDown,
        });
        self.wire.inbox.close();
        if matches!(end, End::Stop) {
            self.unsent.extend(self.wire.unanswered());
            let wire = Arc::clone(&self.wire);
            let farewell = async move {
                for text in &self.unsent {
                    wire.refuse(text).await;
                }
                wire.say_goodbye();
                // Whoever shuts down may have stopped waiting.
                let _ = stopped.send(());
            };
            tokio::join!(farewell, drain(&mut rx));
        }
    }

    async fn read(&mut self, rx: &mut FrameReceiver) -> End {
        loop {
            let wire = Arc::clone(&self.wire);
            // All are cancel-safe; what is said first lets the server go on.
            tokio::select! {
                biased;
                () = wire.stop.cancelled() => return End::Stop,
                () = wire.unread.cancelled(), if !self.unread => self.abandon(),
                () = leave(&wire, self.unsent.front()), if !self.unsent.is_empty() => {
                    self.unsent.pop_front();
                }
                () = wire.inbox.room(), if self.held.is_some() => {
                    if let Some(event) = self.held.take() {
                        self.put(event);
                    }
                }
                received = rx.recv(), if self.held.is_none() => match received {
                    None => return End::Lost,
                    Some(Received::Probe(answer)) => drop(answer.send(())),
                    Some(Received::Frame(frame)) => match text_of(frame).await {
                        Some(text) => self.on_text(&text),
                        None => return End::Lost,
                    },
                },
            }
        }
    }

    fn on_text(&mut self, text: &str) {
        match envelope::parse(text) {
            Ok(envelope::Incoming::Response { id, result }) => {
                self.wire.answered(&id, Ok(result.to_owned()));
            }
            Ok(envelope::Incoming::Failure { id, error }) => self.wire.answered(&id, Err(error)),
            Ok(envelope::Incoming::Request {
                id, method, params, ..
            }) => {
                self.wire.is_asked(id.clone());
                self.put(Event::ServerRequest(ServerRequest {
                    id,
                    method: method.into_owned(),
                    params: owned(params),
                }));
            }
            Ok(envelope::Incoming::Notification { method, params }) => {
                if method == RESOLVED {
                    self.on_resolved(params);
                }
                self.put(Event::ServerNotification(ServerNotification {
                    method: method.into_owned(),
                    params: owned(params),
                }));
            }
            Err(malformed) => tracing::warn!(%malformed, "the server says what is no message"),
        }
    }

    /// A question that was settled elsewhere is not answered any more.
    fn on_resolved(&self, params: Option<&RawValue>) {
        let params: Option<serde_json::Value> =
            params.and_then(|params| serde_json::from_str(params.get()).ok());
        let id =
            params.and_then(|mut params| params.get_mut("requestId").map(serde_json::Value::take));
        let id = id.and_then(|id| serde_json::from_value::<RequestId>(id).ok());
        if let Some(id) = id {
            self.wire.is_answered(&id);
        }
    }

    fn put(&mut self, event: Event) {
        match self.wire.inbox.put(event) {
            Put::Done => {}
            Put::Waits(event) => self.held = Some(event),
            Put::Unasked(event, why) => self.refuse(event, why),
        }
    }

    /// A question that nobody will read is refused.
    fn refuse(&mut self, event: Event, why: Why) {
        let Event::ServerRequest(asked) = event else {
            return;
        };
        let refusal = match why {
            Why::Full => refusals::unqueued(),
            Why::Unread => refusals::unread(),
        };
        tracing::warn!(method = asked.method, %refusal, "a request is failed back");
        self.wire.is_answered(&asked.id);
        self.unsent.push_back(app::failure(&asked.id, &refusal));
    }

    fn abandon(&mut self) {
        self.unread = true;
        for event in self.wire.inbox.abandon() {
            self.refuse(event, Why::Unread);
        }
    }
}

/// Sends one refusal.
async fn leave(wire: &Wire, text: Option<&String>) {
    if let Some(text) = text {
        wire.refuse(text).await;
    }
}

async fn drain(rx: &mut FrameReceiver) {
    while let Some(received) = rx.recv().await {
        match received {
            Received::Probe(answer) => drop(answer.send(())),
            Received::Frame(frame) => drop(text_of(frame).await),
        }
    }
}

/// The text of a frame; `None` when it cannot be completed.
async fn text_of(frame: Frame) -> Option<String> {
    match frame {
        Frame::Text(text) => Some(text),
        Frame::Pieces(pieces) => pieces.collect().await,
        Frame::Garbled(_) => None,
    }
}
