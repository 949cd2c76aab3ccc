//! A client that says exactly what a test wants said.

use std::{collections::VecDeque, time::Duration};

use outpost_host::process::keeper::KeeperProgram;
use outpost_rpc::{
    frame::Frame,
    link::{Link, Received},
};
use outpost_server::{embed::EmbeddedExec, exec::ExecConfig};
use serde_json::{Value, json};
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine: reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose commands are children of the test.
pub(crate) fn server(change: impl FnOnce(&mut ExecConfig)) -> EmbeddedExec {
    let mut config = ExecConfig::default();
    config.keeper.program = KeeperProgram::None;
    change(&mut config);
    EmbeddedExec::new(config)
}

/// One connection.
pub(crate) struct Client {
    pub(crate) link: Link,
    /// Notifications and answers that were read while something else was waited for.
    kept: VecDeque<Value>,
    next_id: i64,
}

impl Client {
    /// A connection that has said nothing.
    pub(crate) fn silent(server: &EmbeddedExec) -> Self {
        Self::over(server.connect())
    }

    /// The client's end of a connection.
    pub(crate) fn over(link: Link) -> Self {
        Self {
            link,
            kept: VecDeque::new(),
            next_id: 1,
        }
    }

    /// A connection with a session of its own; returns the session's id.
    pub(crate) async fn new(server: &EmbeddedExec) -> (Self, String) {
        let mut client = Self::silent(server);
        let answer = client
            .call("initialize", json!({"clientName": "test"}))
            .await
            .unwrap();
        client
            .say(json!({"method": "initialized", "params": {}}))
            .await;
        (client, answer["sessionId"].as_str().unwrap().to_owned())
    }

    /// A connection that takes up a session.
    pub(crate) async fn resumed(server: &EmbeddedExec, session: &str) -> Self {
        let mut client = Self::silent(server);
        let params = json!({"clientName": "test", "resumeSessionId": session});
        client.call("initialize", params).await.unwrap();
        client
            .say(json!({"method": "initialized", "params": {}}))
            .await;
        client
    }

    pub(crate) async fn say(&self, message: Value) {
        self.link
            .tx
            .send(Frame::Text(message.to_string()))
            .await
            .unwrap();
    }

    /// Asks without waiting for the answer; returns the request's id.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.say(json!({"id": id, "method": method, "params": params}))
            .await;
        id
    }

    /// The answer to a request, whatever else comes first.
    pub(crate) async fn answer(&mut self, id: i64) -> Result<Value, (i64, String)> {
        let message = self
            .until(|message| message.get("id") == Some(&json!(id)))
            .await;
        match message.get("error") {
            None => Ok(message["result"].clone()),
            Some(error) => Err((
                error["code"].as_i64().unwrap(),
                error["message"].as_str().unwrap().to_owned(),
            )),
        }
    }

    pub(crate) async fn call(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<Value, (i64, String)> {
        let id = self.ask(method, params).await;
        self.answer(id).await
    }

    /// The next notification, in order.
    pub(crate) async fn told(&mut self) -> Value {
        self.until(|message| message.get("id").is_none()).await
    }

    /// The next message that fits; others are kept for later.
    pub(crate) async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&fits) {
            return self.kept.remove(at).unwrap();
        }
        loop {
            let message = self.next().await.expect("the connection is open");
            if fits(&message) {
                return message;
            }
            self.kept.push_back(message);
        }
    }

    /// The next message off the link; `None` at its end.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            let received = timeout(PATIENCE, self.link.rx.recv())
                .await
                .expect("no hang");
            match received? {
                Received::Frame(Frame::Text(text)) => return serde_json::from_str(&text).ok(),
                Received::Frame(Frame::Pieces(pieces)) => {
                    return serde_json::from_str(&pieces.collect().await?).ok();
                }
                Received::Frame(Frame::Garbled(words)) => panic!("{words}"),
                Received::Probe(answer) => answer.send(()).unwrap(),
            }
        }
    }

    /// Starts `sh -c SCRIPT`.
    pub(crate) async fn sh(&mut self, id: &str, script: &str) {
        self.start(id, script, json!({})).await.unwrap();
    }

    pub(crate) async fn start(
        &mut self,
        id: &str,
        script: &str,
        more: Value,
    ) -> Result<Value, (i64, String)> {
        let mut params = json!({
            "processId": id, "argv": ["sh", "-c", script], "cwd": "file:///",
            "env": {"PATH": std::env::var("PATH").unwrap()}, "tty": false, "pipeStdin": true,
        });
        params
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.call("process/start", params).await
    }

    /// Everything a process tells until it is closed.
    pub(crate) async fn ending(&mut self, id: &str) -> Ending {
        let mut ending = Ending::default();
        loop {
            let told = self.until(|m| m["params"]["processId"] == json!(id)).await;
            let params = &told["params"];
            ending.seqs.push(params["seq"].as_u64().unwrap());
            match told["method"].as_str().unwrap() {
                "process/output" => {
                    let chunk = decode(params["chunk"].as_str().unwrap());
                    match params["stream"].as_str().unwrap() {
                        "stderr" => ending.stderr.extend(chunk),
                        _ => ending.stdout.extend(chunk),
                    }
                }
                "process/exited" => ending.exit = params.clone(),
                "process/closed" => return ending,
                other => panic!("unexpected {other}"),
            }
        }
    }
}

/// What became of a process.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    pub(crate) seqs: Vec<u64>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) exit: Value,
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    outpost_protocol::Base64Bytes::decode(text)
        .unwrap()
        .0
        .to_vec()
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    outpost_protocol::Base64Bytes::append(bytes, &mut text);
    text
}
