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
    /// The commands of the app face that are not answered: request and name.
    asked: HashMap<String, String>,
    /// How the connection ended, when it has.
    pub(super) end: Option<Incoming>,
}

impl Line {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            inbox: VecDeque::new(),
            events: HashMap::new(),
            asked: HashMap::new(),
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
        let method = message["method"].as_str();
        let params = &message["params"];
        let is_told = message.get("id").is_none();
        match (
            method,
            params["processId"].as_str(),
            params["processHandle"].as_str(),
        ) {
            (Some("command/exec/outputDelta"), Some(name), _)
            | (Some("process/outputDelta"), _, Some(name)) => {
                self.of(name).told(params)?;
            }
            (Some("process/exited"), None, Some(name)) => self.of(name).ended(params)?,
            (Some(method), Some(process), _) if is_told => {
                self.of(process).add(method, params)?;
            }
            _ => {
                self.answered(&message)?;
                self.inbox.push_back(message.clone());
            }
        }
        Ok(Some(message))
    }

    fn of(&mut self, process: &str) -> &mut Events {
        self.events.entry(process.to_owned()).or_default()
    }

    /// Remembers under which name a request starts something, whose output comes before the answer.
    pub(super) fn asks(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let params = &message["params"];
        let name = match message["method"].as_str() {
            Some("command/exec") => &params["processId"],
            Some("process/spawn") => &params["processHandle"],
            _ => return,
        };
        let Some(name) = name.as_str() else { return };
        // The name of something that has ended may be used again.
        let has_ended = |events: &Events| events.taken || events.complete(1);
        if self.events.get(name).is_some_and(has_ended) {
            self.events.remove(name);
        }
        if message["method"] == "command/exec" {
            self.asked
                .insert(message["id"].to_string(), name.to_owned());
        }
    }

    /// The answer to a command is its end.
    fn answered(&mut self, message: &Value) -> Result<(), String> {
        let id = message["id"].to_string();
        let is_answer = message.get("method").is_none();
        let Some(name) = is_answer.then(|| self.asked.remove(&id)).flatten() else {
            return Ok(());
        };
        match message.get("result") {
            Some(result) => self.of(&name).ended(result),
            None => Ok(()),
        }
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
