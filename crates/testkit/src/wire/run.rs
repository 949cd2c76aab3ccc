//! One process, put together from its events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::decode;

/// One process as the wire tells of it.
#[derive(Debug)]
pub struct Run {
    /// The params of its `process/start`.
    pub start: Value,
    /// Every event, by sequence number.
    pub events: BTreeMap<u64, Event>,
    /// The sequence numbers that came over each connection.
    pub by_connection: BTreeMap<u32, BTreeSet<u64>>,
}

/// One event of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes on a stream.
    Output {
        /// `stdout`, `stderr` or `pty`.
        stream: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The exit and its code.
    Exited(i64),
    /// The end of everything.
    Closed,
}

// === impl Run ===

impl Run {
    /// The bytes of one stream, in sequence.
    pub fn output(&self, stream: &str) -> Vec<u8> {
        let mut all = Vec::new();
        for event in self.events.values() {
            if let Event::Output {
                stream: found,
                bytes,
            } = event
                && found == stream
            {
                all.extend_from_slice(bytes);
            }
        }
        all
    }

    /// The bytes of one stream as text; what is not UTF-8 is replaced.
    pub fn text(&self, stream: &str) -> String {
        String::from_utf8_lossy(&self.output(stream)).into_owned()
    }

    /// The exit code, when the exit was heard of.
    pub fn exit_code(&self) -> Option<i64> {
        self.events.values().find_map(|event| match event {
            Event::Exited(code) => Some(*code),
            Event::Output { .. } | Event::Closed => None,
        })
    }

    /// Checks that the events run from 1 without a hole, with one exit and the
    /// close at the end.
    ///
    /// # Panics
    /// When they do not.
    pub fn assert_whole(&self) {
        let numbers: Vec<u64> = self.events.keys().copied().collect();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert!(
            numbers == expected,
            "there are holes: {} of {:?}",
            numbers.len(),
            numbers.last()
        );
        let exits = self
            .events
            .values()
            .filter(|event| matches!(event, Event::Exited(_)));
        assert_eq!(exits.count(), 1, "one exit");
        let closes = self
            .events
            .iter()
            .filter(|(_, event)| **event == Event::Closed);
        let closes: Vec<u64> = closes.map(|(&seq, _)| seq).collect();
        assert_eq!(closes, [numbers.len() as u64], "one close, and last");
    }

    pub(super) fn add(&mut self, connection: u32, seq: u64, event: Event) {
        self.by_connection
            .entry(connection)
            .or_default()
            .insert(seq);
        if let Some(known) = self.events.get(&seq) {
            assert!(*known == event, "event {seq} was told twice and differs");
        } else {
            self.events.insert(seq, event);
        }
    }
}

// === impl Event ===

impl Event {
    pub(super) fn of(message: &Value) -> Option<Self> {
        let params = &message["params"];
        match message["method"].as_str()? {
            "process/output" => Some(Self::output(params)),
            "process/exited" => Some(Self::Exited(params["exitCode"].as_i64()?)),
            "process/closed" => Some(Self::Closed),
            _ => None,
        }
    }

    pub(super) fn output(params: &Value) -> Self {
        let chunk = params["chunk"].as_str().expect("output has a chunk");
        let bytes = decode(chunk).expect("a chunk is base64");
        Self::Output {
            stream: text(&params["stream"]),
            bytes,
        }
    }
}

pub(super) fn seq(params: &Value) -> u64 {
    params["seq"]
        .as_u64()
        .expect("an event has a sequence number")
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
