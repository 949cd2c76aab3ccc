//! A client that says exactly what a test wants said.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    time::{Duration, Instant},
};

use base64_simd::STANDARD;
use outpost_testkit::{
    connection::{Connection, Incoming},
    leaks::{Marker, VARIABLE},
};
use serde_json::{Value, json};

use crate::{meter::PATIENCE, server::Server};

/// A refusal: its code and words.
pub(crate) type Refused = (i64, String);

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) connection: Connection,
    /// What came while something else was waited for.
    kept: VecDeque<Value>,
    next_id: i64,
    session: String,
    mark: Option<Marker>,
}

/// All that one process said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) code: i64,
    pub(crate) reason: String,
    pub(crate) seqs: Vec<u64>,
}

// === impl Client ===

impl Client {
    /// A connection that has said nothing.
    pub(crate) fn silent(address: SocketAddr) -> Self {
        Self::over(Connection::over_websocket(address, &[]).expect("it is let in"))
    }

    /// Over a connection that was made otherwise.
    pub(crate) fn over(connection: Connection) -> Self {
        Self {
            connection,
            kept: VecDeque::new(),
            next_id: 1,
            session: String::new(),
            mark: None,
        }
    }

    /// A connection with a session of its own.
    pub(crate) fn new(server: &Server) -> Self {
        Self::at(server.address, Some(server.marker()))
    }

    /// The same, by address; its commands carry the mark.
    pub(crate) fn at(address: SocketAddr, mark: Option<&Marker>) -> Self {
        let mut client = Self::silent(address);
        client.mark = mark.cloned();
        client.open(None).expect("a session");
        client
    }

    /// A connection that takes up a session.
    pub(crate) fn resumed(server: &Server, session: &str) -> Self {
        let mut client = Self::silent(server.address);
        client.mark = Some(server.marker().clone());
        client.open(Some(session)).expect("the session is kept");
        client
    }

    /// Shakes hands, for a new session or an old one.
    pub(crate) fn open(&mut self, session: Option<&str>) -> Result<(), Refused> {
        let params = json!({"clientName": "test", "resumeSessionId": session});
        let answer = self.call("initialize", &params)?;
        self.say(&json!({"method": "initialized", "params": {}}));
        self.session = answer["sessionId"].as_str().expect("an id").to_owned();
        Ok(())
    }

    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    pub(crate) fn say(&mut self, message: &Value) {
        self.connection.send(&message.to_string());
    }

    /// Asks without waiting for the answer; returns the request's id.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.say(&json!({"id": id, "method": method, "params": params}));
        id
    }

    /// The answer to a request, whatever else comes first.
    pub(crate) fn answer(&mut self, id: i64) -> Result<Value, Refused> {
        outcome(&self.until(|message| message.get("id") == Some(&json!(id))))
    }

    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value, Refused> {
        let id = self.ask(method, params);
        self.answer(id)
    }

    /// The next message that fits; others are kept for later.
    pub(crate) fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&fits) {
            return self.kept.remove(at).expect("its place was just found");
        }
        loop {
            let message = self.next();
            if fits(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// The next message off the connection.
    pub(crate) fn next(&mut self) -> Value {
        match self.connection.receive(PATIENCE) {
            Some(Incoming::Text(text)) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("no message: {other:?}"),
        }
    }

    /// Reads to the end; the code and reason of the close on the way, if there was one.
    pub(crate) fn farewell(&mut self) -> Option<(u16, String)> {
        let deadline = Instant::now() + PATIENCE;
        let mut close = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.connection.receive(left) {
                Some(Incoming::Text(_)) => {}
                Some(Incoming::Close(reason)) => close = reason,
                Some(Incoming::End) => return close,
                None => panic!("the connection does not end"),
            }
        }
    }

    /// Starts a command without waiting for the answer.
    pub(crate) fn ask_start(&mut self, id: &str, argv: &[&str], more: &Value) -> i64 {
        let mut params = json!({
            "processId": id, "argv": argv, "cwd": "file:///", "tty": false,
            "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"},
        });
        if let Some(marker) = &self.mark {
            params["env"][VARIABLE] = json!(marker.value());
        }
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        self.ask("process/start", &params)
    }

    /// Starts `sh -c SCRIPT`.
    pub(crate) fn sh(&mut self, id: &str, script: &str) {
        self.start(id, &["/bin/sh", "-c", script], &json!({}));
    }

    /// Starts a command.
    pub(crate) fn start(&mut self, id: &str, argv: &[&str], more: &Value) {
        let asked = self.ask_start(id, argv, more);
        self.answer(asked).expect("it starts");
    }

    /// Writes to a process without waiting for the answer.
    pub(crate) fn ask_write(&mut self, id: &str, write_id: &str, bytes: &[u8]) -> i64 {
        let chunk = STANDARD.encode_to_string(bytes);
        self.ask(
            "process/write",
            &json!({"processId": id, "chunk": chunk, "writeId": write_id}),
        )
    }

    /// The next piece of output of a process, as text.
    pub(crate) fn output(&mut self, id: &str) -> String {
        let message = self.until(|message| {
            message["method"] == "process/output" && message["params"]["processId"] == id
        });
        String::from_utf8(chunk(&message["params"])).expect("this output is text")
    }

    /// Everything a process says until its close.
    pub(crate) fn ending(&mut self, id: &str) -> Ending {
        let mut ending = Ending::default();
        loop {
            let message = self.until(|message| message["params"]["processId"] == id);
            if ending.add(&message) {
                return ending;
            }
        }
    }

    pub(crate) fn terminate(&mut self, id: &str) -> bool {
        let answer = self.call("process/terminate", &json!({"processId": id}));
        answer.expect("terminate is always answered")["running"] == true
    }

    /// Fails unless a command can be run and heard within `patience`.
    pub(crate) fn assert_serves(&mut self, patience: Duration) {
        let asked = Instant::now();
        let id = format!("probe-{}", self.next_id);
        self.start(&id, &["/bin/echo", "hi"], &json!({}));
        let ending = self.ending(&id);
        assert_eq!((&ending.stdout[..], ending.code), (&b"hi\n"[..], 0));
        assert!(asked.elapsed() < patience, "{:?}", asked.elapsed());
    }
}

// === impl Ending ===

impl Ending {
    /// Adds a notification; true when it is the close.
    fn add(&mut self, message: &Value) -> bool {
        let params = &message["params"];
        self.seqs.extend(params["seq"].as_u64());
        match message["method"].as_str() {
            Some("process/output") if params["stream"] == "stderr" => {
                self.stderr.extend(chunk(params));
            }
            Some("process/output") => self.stdout.extend(chunk(params)),
            Some("process/exited") => {
                self.code = params["exitCode"].as_i64().expect("an exit code");
                self.reason = params["reason"].as_str().unwrap_or_default().to_owned();
            }
            Some("process/closed") => return true,
            other => panic!("not expected here: {other:?}"),
        }
        false
    }

    /// Fails unless the numbers have no hole and no repeat.
    #[track_caller]
    pub(crate) fn assert_in_order(&self) {
        assert!(
            (1..).zip(&self.seqs).all(|(n, &seq)| n == seq),
            "{:?}",
            self.seqs
        );
    }
}

/// What an answer says: its result, or the code and words of its error.
pub(crate) fn outcome(message: &Value) -> Result<Value, Refused> {
    match message.get("error") {
        None => Ok(message["result"].clone()),
        Some(error) => Err((
            error["code"].as_i64().expect("a code"),
            error["message"].as_str().expect("words").to_owned(),
        )),
    }
}

/// The bytes of a chunk of output.
pub(crate) fn chunk(params: &Value) -> Vec<u8> {
    let text = params["chunk"].as_str().expect("a chunk");
    STANDARD.decode_to_vec(text).expect("base64")
}
