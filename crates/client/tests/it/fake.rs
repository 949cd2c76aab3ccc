//! A server that says and does what the test writes down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use outpost_client::{
    ConnectError, ConnectOptions, Connector, Environment, Process, ProcessEvent, StartOptions,
    Transport,
};
use outpost_rpc::{
    frame::Frame,
    link::{Link, Received},
    router::BoxFuture,
};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

/// Longer than anything takes that is meant to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The session of every fake.
pub(crate) const SESSION: &str = "5e551011-0000-4000-8000-000000000000";

/// The server's side, before anybody has connected.
pub(crate) struct Fake {
    links: mpsc::Receiver<Link>,
    up: Arc<AtomicBool>,
}

/// One connection, the server's end.
pub(crate) struct Conn {
    link: Link,
}

struct Dialer {
    links: mpsc::Sender<Link>,
    up: Arc<AtomicBool>,
}

/// A request that waits for its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: Value,
    pub(crate) params: Value,
}

/// An environment on a fake.
pub(crate) fn environment(options: ConnectOptions) -> (Environment, Fake) {
    let (tx, links) = mpsc::channel(16);
    let up = Arc::new(AtomicBool::new(true));
    let dialer = Dialer {
        links: tx,
        up: Arc::clone(&up),
    };
    (Environment::over_with(dialer, options), Fake { links, up })
}

/// An environment whose first connection has shaken hands.
pub(crate) async fn connected(additions: Value) -> (Environment, Fake, Conn) {
    connected_with(ConnectOptions::default(), additions).await
}

pub(crate) async fn connected_with(
    options: ConnectOptions,
    additions: Value,
) -> (Environment, Fake, Conn) {
    let (environment, mut fake) = environment(options);
    let (id, conn) = tokio::join!(environment.session_id(), async {
        let mut conn = fake.accept().await;
        conn.shake(additions).await;
        conn
    });
    assert_eq!(id.unwrap(), SESSION);
    (environment, fake, conn)
}

/// A process that has been started under the name `p`.
pub(crate) async fn started(environment: &Environment, conn: &mut Conn) -> Process {
    let options = StartOptions {
        process_id: Some("p".to_owned()),
        ..StartOptions::new(["true"])
    };
    let processes = environment.processes();
    let (process, ()) = tokio::join!(processes.start(options), async {
        let asked = conn.asked("process/start").await;
        conn.answer(asked, json!({ "processId": "p" })).await;
    });
    process.unwrap()
}

/// Everything Outpost's own server announces.
pub(crate) fn ours() -> Value {
    json!({
        "processResize": true, "processCloseStdin": true, "processFollow": true,
        "processList": true, "processSignals": true, "processTimeout": true,
        "terminateGrace": true, "exitReason": true, "lostBytes": true,
        "processLimits": true, "fileWriteStreaming": true, "fsWatchMissing": true,
    })
}

/// What the reference announces of it: nothing.
pub(crate) fn reference() -> Value {
    json!({ "fileWriteStreaming": true, "fsWatchMissing": true })
}

/// The next event as a short text: `out:…`, `exit:7`, `closed`, `end` or `error:…`.
pub(crate) async fn event(process: &mut Process) -> String {
    let next = timeout(PATIENCE, process.next()).await.expect("no event");
    match next {
        None => "end".to_owned(),
        Some(Ok(ProcessEvent::Output { bytes, .. })) => {
            format!("out:{}", String::from_utf8_lossy(&bytes))
        }
        Some(Ok(ProcessEvent::Exited(exit))) => format!("exit:{}", exit.code),
        Some(Ok(ProcessEvent::Closed)) => "closed".to_owned(),
        Some(Err(error)) => format!("error:{error}"),
    }
}

/// Asserts the next events.
pub(crate) async fn expect(process: &mut Process, events: &[&str]) {
    for expected in events {
        assert_eq!(event(process).await, *expected);
    }
}

pub(crate) fn base64(text: &str) -> Value {
    serde_json::to_value(outpost_protocol::Base64Bytes::from(
        text.as_bytes().to_vec(),
    ))
    .unwrap()
}

// === impl Fake ===

impl Fake {
    pub(crate) async fn accept(&mut self) -> Conn {
        let link = timeout(PATIENCE, self.links.recv())
            .await
            .expect("nobody connected");
        Conn {
            link: link.expect("the environment is gone"),
        }
    }

    /// Whether attempts to connect succeed from now on.
    pub(crate) fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::SeqCst);
    }

    /// The next connection resumes the session.
    pub(crate) async fn resumed(&mut self, additions: Value) -> Conn {
        let mut conn = self.accept().await;
        let params = conn.shake(additions).await;
        assert_eq!(params["resumeSessionId"], SESSION);
        conn
    }
}

impl Connector for Dialer {
    fn connect(&self) -> BoxFuture<Result<Transport, ConnectError>> {
        let (links, up) = (self.links.clone(), self.up.load(Ordering::SeqCst));
        Box::pin(async move {
            if !up {
                let words = "nobody is there".to_owned();
                return Err(ConnectError::Unreachable {
                    target: "fake".to_owned(),
                    words,
                });
            }
            let (ours, theirs) = Link::pair((16 << 20, 64 << 10));
            links.send(theirs).await.ok();
            Ok(Transport::served(ours))
        })
    }

    fn describe(&self) -> String {
        "a fake server".to_owned()
    }
}

// === impl Conn ===

impl Conn {
    /// The next message from the client.
    pub(crate) async fn heard(&mut self) -> Value {
        let received = timeout(PATIENCE, self.link.rx.recv())
            .await
            .expect("the client is silent");
        match received {
            Some(Received::Frame(Frame::Text(text))) => serde_json::from_str(&text).unwrap(),
            other => panic!("expected a message, got {other:?}"),
        }
    }

    /// Whether the client has said nothing that was not heard.
    pub(crate) fn is_silent(&self) -> bool {
        self.link.rx.is_empty()
    }

    /// The next message, which asks for this.
    pub(crate) async fn asked(&mut self, method: &str) -> Asked {
        let mut message = self.heard().await;
        assert_eq!(message["method"], method, "{message}");
        Asked {
            id: message["id"].take(),
            params: message["params"].take(),
        }
    }

    pub(crate) async fn say(&self, message: Value) {
        let sent = timeout(
            PATIENCE,
            self.link.tx.send(Frame::Text(message.to_string())),
        )
        .await;
        sent.expect("the client does not listen").ok();
    }

    pub(crate) async fn answer(&self, asked: Asked, result: Value) {
        self.say(json!({ "id": asked.id, "result": result })).await;
    }

    pub(crate) async fn refuse(&self, asked: Asked, code: i64, message: &str) {
        self.say(json!({ "error": { "code": code, "message": message }, "id": asked.id }))
            .await;
    }

    pub(crate) async fn tell(&self, method: &str, params: Value) {
        self.say(json!({ "method": method, "params": params }))
            .await;
    }

    /// Output of process `p`.
    pub(crate) async fn output(&self, seq: u64, text: &str) {
        self.output_of("p", seq, text).await;
    }

    pub(crate) async fn output_of(&self, id: &str, seq: u64, text: &str) {
        let chunk = base64(text);
        let params = json!({ "processId": id, "seq": seq, "stream": "stdout", "chunk": chunk });
        self.tell("process/output", params).await;
    }

    /// Exit and close of process `p`.
    pub(crate) async fn ends(&self, seq: u64, code: i32) {
        let exited = json!({ "processId": "p", "seq": seq, "exitCode": code });
        self.tell("process/exited", exited).await;
        self.tell(
            "process/closed",
            json!({ "processId": "p", "seq": seq + 1 }),
        )
        .await;
    }

    /// Answers a read with chunks; `end` is the exit code of a process that has ended and closed.
    pub(crate) async fn page(
        &self,
        asked: Asked,
        chunks: &[(u64, &str)],
        next: u64,
        end: Option<i32>,
    ) {
        let chunks: Vec<_> = chunks
            .iter()
            .map(|(seq, text)| json!({ "seq": seq, "stream": "stdout", "chunk": base64(text) }))
            .collect();
        let page = json!({
            "chunks": chunks, "nextSeq": next, "exited": end.is_some(), "exitCode": end,
            "closed": end.is_some(), "failure": null,
        });
        self.answer(asked, page).await;
    }

    /// The handshake; returns the parameters of `initialize`.
    pub(crate) async fn shake(&mut self, additions: Value) -> Value {
        let asked = self.asked("initialize").await;
        self.shake_on(asked, additions).await
    }

    pub(crate) async fn shake_on(&mut self, asked: Asked, additions: Value) -> Value {
        let params = asked.params.clone();
        let info = json!({
            "shell": { "name": "sh", "path": "/bin/sh" }, "cwd": "file:///srv",
            "capabilities": additions,
        });
        self.answer(
            asked,
            json!({ "sessionId": SESSION, "environmentInfo": info }),
        )
        .await;
        assert_eq!(self.heard().await["method"], "initialized");
        params
    }

    /// Waits until the client has ended the connection.
    pub(crate) async fn closed(&mut self) {
        let ended = timeout(PATIENCE, async {
            while self.link.rx.recv().await.is_some() {}
        })
        .await;
        ended.expect("the client holds the connection");
    }

    /// The cable is pulled.
    pub(crate) fn cut(self) {
        drop(self);
    }
}
