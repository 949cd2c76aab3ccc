//! One connection of a script and what came over it that no step has taken.

use std::{
    collections::{HashMap, VecDeque},
    time::Instant,
};

use serde_json::Value;

use super::events::Events;
use crate::connection::{Connection, Incoming};

#[derive(Debug)]
pub(super) struct Line {
    pub(super) connection: Connection,
    /// Messages that are no events of a process, in order.
    pub(super) inbox: VecDeque<Value>,
    /// The events of each process.
    pub(super) events: HashMap<String, Events>,
    /// How the connection ended, when it has.
    pub(super) end: Option<Incoming>,
}

impl Line {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            inbox: VecDeque::new(),
            events: HashMap::new(),
            end: None,
        }
    }

    /// What comes next, as it came.
    pub(super) fn receive(&self, deadline: Instant) -> Result<Incoming, String> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.connection
            .receive(left)
            .ok_or_else(|| "it never came".to_owned())
    }

    /// Files what came; the message, or nothing at the end of the connection.
    pub(super) fn file(&mut self, incoming: Incoming) -> Result<Option<Value>, String> {
        let Incoming::Text(text) = incoming else {
            self.end = Some(incoming);
            return Ok(None);
        };
        let message: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        match (
            message["method"].as_str(),
            message["params"]["processId"].as_str(),
        ) {
            (Some(method), Some(process)) if message.get("id").is_none() => {
                let events = self.events.entry(process.to_owned()).or_default();
                events.add(method, &message["params"])?;
            }
            _ => self.inbox.push_back(message.clone()),
        }
        Ok(Some(message))
    }

    /// Takes the first message that `expected` waits for.
    pub(super) fn take(&mut self, expected: &Value) -> Option<Value> {
        let at = self
            .inbox
            .iter()
            .position(|message| same_kind(expected, message))?;
        self.inbox.remove(at)
    }
}

/// Whether `found` is what `expected` waits for: the answer with its id, or a
/// notification with its method and its key.
fn same_kind(expected: &Value, found: &Value) -> bool {
    let key = |message: &Value| {
        let params = &message["params"];
        ["requestId", "watchId"].map(|name| params.get(name).cloned())
    };
    match expected.get("method") {
        Some(method) => found.get("method") == Some(method) && key(expected) == key(found),
        None => found.get("method").is_none() && found.get("id") == expected.get("id"),
    }
}
