//! What an embedder asks, and what it is told and asked: messages of the wire, taken apart only as far as their
//! names.

use outpost_protocol::{Method, Notification, RequestId};
use serde::Serialize;
use serde_json::value::RawValue;

/// The next thing an embedder reads.
#[derive(Clone, Debug)]
pub enum Event {
    /// The server asks something. It waits for [`respond`](super::AppHandle::respond) or
    /// [`reject`](super::AppHandle::reject) with the same id.
    ServerRequest(ServerRequest),
    /// The server tells something.
    ServerNotification(ServerNotification),
    /// So many notifications were dropped here, because the reader was too slow.
    Lagged {
        /// How many.
        skipped: u64,
    },
    /// The notification before it once more, under the name it had before there were items and
    /// turns. Only where [`ClientArgs::legacy_events`](super::ClientArgs) was set.
    Legacy(LegacyEvent),
}

/// A request of the server's.
#[derive(Clone, Debug)]
pub struct ServerRequest {
    /// Names it until its answer.
    pub id: RequestId,
    /// What is asked.
    pub method: String,
    /// As it was on the wire; `null` where there were none.
    pub params: Box<RawValue>,
}

/// A notification of the server's.
#[derive(Clone, Debug)]
pub struct ServerNotification {
    /// What is told.
    pub method: String,
    /// As it was on the wire; `null` where there were none.
    pub params: Box<RawValue>,
}

/// An event of the older family.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyEvent {
    /// `codex/event/` and the event's type.
    pub method: String,
    /// `id` is that of the turn, `conversationId` that of the thread, `msg` is the event with its
    /// `type`.
    pub params: serde_json::Value,
}

/// A request with the embedder's own id.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    /// Not in use by another request that is unanswered.
    pub id: RequestId,
    /// What is asked.
    pub method: String,
    /// JSON; `null` for methods without parameters.
    pub params: Box<RawValue>,
}

// === impl ClientRequest ===

impl ClientRequest {
    /// A request by the name of its method.
    pub fn new(
        id: impl Into<RequestId>,
        method: impl Into<String>,
        params: &impl Serialize,
    ) -> serde_json::Result<Self> {
        Ok(Self {
            id: id.into(),
            method: method.into(),
            params: serde_json::value::to_raw_value(params)?,
        })
    }

    /// A request of a known method.
    pub fn of<M: Method>(id: impl Into<RequestId>, params: &M::Params) -> serde_json::Result<Self> {
        Self::new(id, M::NAME, params)
    }

    /// Its text on the wire.
    pub(super) fn text(&self) -> serde_json::Result<String> {
        let (id, method) = (
            serde_json::to_string(&self.id)?,
            serde_json::to_string(&self.method)?,
        );
        let params = self.params.get();
        Ok(format!(
            r#"{{"id":{id},"method":{method},"params":{params}}}"#
        ))
    }
}

// === impl ServerRequest ===

impl ServerRequest {
    /// Its parameters, if it is this method; otherwise `None`.
    #[must_use]
    pub fn decode<M: Method>(&self) -> Option<serde_json::Result<M::Params>> {
        (self.method == M::NAME).then(|| serde_json::from_str(self.params.get()))
    }
}

// === impl ServerNotification ===

impl ServerNotification {
    /// Its parameters, if it is this notification; otherwise `None`.
    #[must_use]
    pub fn decode<N: Notification>(&self) -> Option<serde_json::Result<N::Params>> {
        (self.method == N::NAME).then(|| serde_json::from_str(self.params.get()))
    }
}

/// Parameters as they were, or `null`.
pub(super) fn owned(params: Option<&RawValue>) -> Box<RawValue> {
    params.map_or_else(|| RawValue::NULL.to_owned(), ToOwned::to_owned)
}
