//! What passed through a proxy, as messages in the order they passed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use serde_json::{Value, json};

use crate::frame::{Message, Reader};

/// How many bytes of text a recording holds. The largest story prints 100 MB,
/// which base64 and envelopes make 160 MB, some of it twice.
const BYTES_HELD: usize = 512 << 20;

/// Who sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that connected.
    Client,
    /// The one behind the proxy.
    Server,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The HTTP head of a request or response, with its blank line.
    Head(String),
    /// A text message.
    Text(Arc<str>),
    /// A binary message, by its size in bytes.
    Binary(usize),
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A close frame with its code.
    Close(Option<u16>),
    /// The side ended its half of the connection.
    End,
    /// The proxy reset the connection.
    Cut,
}

/// One thing that passed.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The number of the connection, from 1.
    pub connection: u32,
    /// Who sent it.
    pub from: Side,
    /// What it was.
    pub what: What,
    /// When it passed, since the proxy was started.
    pub at: Duration,
}

/// Everything that passed, shared with the proxy that still adds to it.
#[derive(Debug, Clone)]
pub struct Recording(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    began: Instant,
    state: Mutex<State>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Entry>,
    bytes: usize,
    largest_frame: usize,
}

/// Reads one direction of one connection and adds what it finds.
#[derive(Debug)]
pub(super) struct Tap {
    recording: Recording,
    connection: u32,
    from: Side,
    head: Option<Vec<u8>>,
    frames: Reader,
}

// === impl Entry ===

impl Entry {
    /// The message as JSON, when it is a text message with JSON in it.
    pub fn json(&self) -> Option<Value> {
        match &self.what {
            What::Text(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    fn line(&self) -> Value {
        let what = match &self.what {
            What::Text(text) => json!({ "msg": self.json().unwrap_or_else(|| json!(**text)) }),
            other => json!({ "event": format!("{other:?}") }),
        };
        let mut line = json!({
            "t": self.at.as_secs_f64(),
            "conn": self.connection,
            "dir": match self.from { Side::Client => "c2s", Side::Server => "s2c" },
        });
        if let (Some(line), Value::Object(what)) = (line.as_object_mut(), what) {
            line.extend(what);
        }
        line
    }
}

// === impl Recording ===

impl Default for Recording {
    fn default() -> Self {
        let shared = Shared {
            began: Instant::now(),
            state: Mutex::default(),
            grown: Condvar::default(),
        };
        Self(Arc::new(shared))
    }
}

impl Recording {
    /// A copy of everything so far; the texts are shared.
    pub fn entries(&self) -> Vec<Entry> {
        self.0.state.lock().entries.clone()
    }

    /// The size in bytes of the largest frame payload so far.
    pub fn largest_frame(&self) -> usize {
        self.0.state.lock().largest_frame
    }

    /// Everything so far as JSON lines: `t`, `conn`, `dir` and `msg` or `event`.
    pub fn lines(&self) -> String {
        self.entries()
            .iter()
            .map(|entry| format!("{}\n", entry.line()))
            .collect()
    }

    /// Waits for an entry that `wanted` accepts; each entry is shown to it once.
    ///
    /// # Panics
    /// When none has passed after `patience`.
    pub fn wait_for(&self, patience: Duration, mut wanted: impl FnMut(&Entry) -> bool) -> Entry {
        let deadline = Instant::now() + patience;
        let mut seen = 0;
        let mut state = self.0.state.lock();
        loop {
            if let Some(found) = state.entries[seen..].iter().find(|entry| wanted(entry)) {
                return found.clone();
            }
            seen = state.entries.len();
            let late = self.0.grown.wait_until(&mut state, deadline).timed_out();
            assert!(
                !late || state.entries.len() > seen,
                "it never passed; {seen} entries did"
            );
        }
    }

    pub(super) fn add(&self, connection: u32, from: Side, what: What) {
        let mut state = self.0.state.lock();
        if let What::Text(text) = &what {
            state.bytes += text.len();
            assert!(state.bytes <= BYTES_HELD, "the recording is full");
        }
        state.entries.push(Entry {
            connection,
            from,
            what,
            at: self.0.began.elapsed(),
        });
        self.0.grown.notify_all();
    }
}

// === impl Tap ===

impl Tap {
    pub(super) fn new(recording: Recording, connection: u32, from: Side) -> Self {
        let frames = Reader::default();
        Self {
            recording,
            connection,
            from,
            head: Some(Vec::new()),
            frames,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        match &mut self.head {
            None => self.frames.push(bytes),
            Some(head) => {
                head.extend_from_slice(bytes);
                let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") else {
                    return;
                };
                self.frames.push(&head[end + 4..]);
                let text = String::from_utf8_lossy(&head[..end + 4]).into_owned();
                // Only a connection that is upgraded carries frames afterwards.
                let upgraded = text.to_ascii_lowercase().contains("upgrade: websocket");
                self.head = if upgraded { None } else { Some(Vec::new()) };
                self.add(What::Head(text));
                if !upgraded {
                    self.frames = Reader::default();
                }
            }
        }
        while let Some(message) = self.frames.message() {
            self.add(match message {
                Message::Text(text) => What::Text(text.into()),
                Message::Binary(bytes) => What::Binary(bytes.len()),
                Message::Ping(_) => What::Ping,
                Message::Pong(_) => What::Pong,
                Message::Close(reason) => What::Close(reason.map(|(code, _)| code)),
            });
        }
        let mut state = self.recording.0.state.lock();
        state.largest_frame = state.largest_frame.max(self.frames.largest_frame());
    }

    pub(super) fn add(&self, what: What) {
        self.recording.add(self.connection, self.from, what);
    }
}
