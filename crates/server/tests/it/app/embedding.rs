//! The server in the program of its client.

mod ends;
mod events;

use std::{io, time::Duration};

use outpost_agent::config::{Configuration, Places};
use outpost_host::process::keeper::KeeperProgram;
use outpost_protocol::app::{
    command::{Exec, OutputDelta},
    fs::GetMetadata,
};
use outpost_rpc::{
    frame::Frame,
    link::{Link, Received},
};
use outpost_server::{
    app::AppConfig,
    embed::{self, AppArgs, AppHandle, ClientArgs, ClientRequest, Event},
};
use serde_json::{Value, json, value::RawValue};
use tempfile::TempDir;
use tokio::time::timeout;

/// Longer than anything here takes on a busy machine: reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server whose commands are children of the test and held to nothing, and its home.
fn args(folder: &TempDir) -> AppArgs {
    let places = Places {
        home: folder.path().join("home"),
        system: folder.path().join("system"),
    };
    let flags = ["sandbox_mode=danger-full-access"];
    let configuration = Configuration::open(places, &flags).unwrap();
    let mut config = AppConfig::new(configuration);
    config.keeper.program = KeeperProgram::None;
    AppArgs {
        config,
        client: ClientArgs::new("embedder", "1"),
    }
}

fn request(id: i64, method: &str, params: &Value) -> ClientRequest {
    ClientRequest::new(id, method, params).unwrap()
}

fn sh(id: i64, script: &str, more: &Value) -> ClientRequest {
    let params = super::with(json!({"command": ["sh", "-c", script]}), more);
    request(id, "command/exec", &params)
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap()
}

async fn soon<T>(waited_for: impl Future<Output = T>) -> T {
    timeout(PATIENCE, waited_for).await.expect("no hang")
}

/// A server at the other end of a handle that says exactly what a test wants said.
struct Script {
    link: Link,
    /// What the link holds.
    bytes: usize,
}

impl Script {
    /// A handle and the server that it has been introduced to. The link holds `bytes` each way.
    async fn of(client: ClientArgs, bytes: usize) -> (AppHandle, Self) {
        let (near, far) = Link::pair((bytes, bytes));
        let mut script = Self { link: far, bytes };
        let serving = async {
            let asked = script.next().await.unwrap();
            assert_eq!(asked["method"], "initialize");
            let welcome = json!({
                "userAgent": "embedder/0.169.0", "codexHome": "/home", "platformFamily": "unix",
                "platformOs": "linux",
            });
            script
                .say(&json!({"id": asked["id"], "result": welcome}))
                .await;
            assert_eq!(script.next().await.unwrap()["method"], "initialized");
            script
        };
        let (handle, script) =
            soon(async { tokio::join!(embed::attach(near, client), serving) }).await;
        (handle.unwrap(), script)
    }

    async fn say(&self, message: &Value) {
        let frame = Frame::Text(message.to_string());
        soon(self.link.tx.send(frame)).await.unwrap();
    }

    async fn tell(&self, method: &str, number: usize) {
        self.say(&json!({"method": method, "params": {"n": number}}))
            .await;
    }

    /// Waits until everything said so far was read: then the link has all its room again. There is
    /// one thread, so what was read was dealt with before this looks.
    async fn was_read(&self) {
        let room = self.link.tx.room();
        let read = async {
            while room.available_permits() < self.bytes {
                tokio::task::yield_now().await;
            }
        };
        soon(read).await;
    }

    /// The next message of the client; `None` at its end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match soon(self.link.rx.recv()).await? {
                Received::Frame(Frame::Text(text)) => return serde_json::from_str(&text).ok(),
                Received::Frame(other) => panic!("{other:?}"),
                Received::Probe(answer) => answer.send(()).unwrap(),
            }
        }
    }
}

#[tokio::test]
async fn a_command_is_run_and_its_output_is_told_before_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let app = soon(embed::app(args(&folder))).await.unwrap();
    assert!(app.server().user_agent.starts_with("embedder/0.169.0 "));
    let more = json!({"processId": "p", "streamStdoutStderr": true});
    let answer = soon(app.request(sh(1, "echo out; exit 3", &more))).await;
    let answer = answer.unwrap().unwrap();
    assert_eq!(
        value(&answer),
        json!({"exitCode": 3, "stdout": "", "stderr": ""})
    );
    let mut output = Vec::new();
    while output != b"out\n" {
        // Whatever else is told, the output was queued before the answer.
        let Some(Event::ServerNotification(told)) = soon(app.next_event()).await else {
            panic!("no output")
        };
        if let Some(delta) = told.decode::<OutputDelta>() {
            output.extend_from_slice(&delta.unwrap().delta_base64.0);
        }
    }
    soon(app.shutdown()).await.unwrap();
    while soon(app.next_event()).await.is_some() {}
}

#[tokio::test]
async fn typed_calls_share_the_connection_with_others() {
    let folder = tempfile::tempdir().unwrap();
    let app = soon(embed::app(args(&folder))).await.unwrap();
    let params = json!({"command": ["printf", "a"]});
    let params = serde_json::from_value(params).unwrap();
    let (typed, untyped) = soon(async {
        tokio::join!(
            app.call::<Exec>(&params),
            app.request(sh(1, "printf b", &json!({})))
        )
    })
    .await;
    assert_eq!(typed.unwrap().stdout, "a");
    assert_eq!(value(&untyped.unwrap().unwrap())["stdout"], "b");
    let refused = soon(app.request(request(2, "nope", &json!({})))).await;
    assert_eq!(refused.unwrap().unwrap_err().code, -32600);
    soon(app.shutdown()).await.unwrap();
}

#[tokio::test]
async fn calls_wait_for_room_and_are_all_answered() {
    const CALLS: usize = 2000;
    let folder = tempfile::tempdir().unwrap();
    let mut args = args(&folder);
    args.client.capacity = 2;
    let app = soon(embed::app(args)).await.unwrap();
    let params = serde_json::from_value(json!({"path": folder.path()})).unwrap();
    let calls = (0..CALLS).map(|_| app.call::<GetMetadata>(&params));
    let answers = soon(futures_util::future::join_all(calls)).await;
    let found = answers.into_iter().filter(|answer| {
        let answer = answer.as_ref().expect("none is refused for load");
        answer.is_directory
    });
    assert_eq!(found.count(), CALLS);
    soon(app.shutdown()).await.unwrap();
}

#[tokio::test]
async fn a_refused_handshake_is_invalid_data() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = args(&folder);
    "a\nb".clone_into(&mut args.client.info.name);
    let error = soon(embed::app(args)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let words = error.to_string();
    assert!(
        words.contains("Must be a valid HTTP header value."),
        "{words}"
    );
}

#[tokio::test]
async fn an_id_that_is_in_use_is_refused_until_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let app = soon(embed::app(args(&folder))).await.unwrap();
    let more = json!({"processId": "p", "streamStdin": true});
    let (first, second, _) = soon(async {
        tokio::join!(
            app.request(sh(7, "cat", &more)),
            app.request(sh(7, "true", &json!({}))),
            app.request(request(
                8,
                "command/exec/write",
                &json!({"processId": "p", "closeStdin": true})
            )),
        )
    })
    .await;
    assert_eq!(value(&first.unwrap().unwrap())["exitCode"], 0);
    let refused = second.unwrap().unwrap_err();
    assert_eq!(refused.code, -32600);
    assert_eq!(refused.message, "duplicate request id: 7");
    let again = soon(app.request(sh(7, "exit 4", &json!({})))).await;
    assert_eq!(value(&again.unwrap().unwrap())["exitCode"], 4);
    soon(app.shutdown()).await.unwrap();
}

#[test]
fn a_program_without_a_runtime_keeps_one_beside_the_handle() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let app = runtime.block_on(embed::app(args(&folder))).unwrap();
    let answer = runtime.block_on(app.request(sh(1, "printf sync", &json!({}))));
    assert_eq!(value(&answer.unwrap().unwrap())["stdout"], "sync");
    runtime.block_on(app.shutdown()).unwrap();
}

#[tokio::test]
async fn a_full_queue_would_block_and_loses_nothing() {
    let mut client = ClientArgs::new("embedder", "1");
    client.capacity = 0;
    let (app, mut server) = Script::of(client, 1 << 20).await;
    // One message may wait: the capacity is at least that.
    let mut first = Box::pin(app.request(request(1, "a", &json!({}))));
    assert!(futures_util::poll!(&mut first).is_pending());
    let error = soon(app.request(request(2, "b", &json!({}))))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    assert_eq!(
        error.to_string(),
        "in-process app-server client queue is full"
    );
    assert_eq!(server.next().await.unwrap()["method"], "a");
    // It was read, so there is room again, and the refused one's id is free.
    let mut second = Box::pin(app.request(request(2, "b", &json!({}))));
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(server.next().await.unwrap()["method"], "b");
    server.say(&json!({"id": 2, "result": 2})).await;
    server
        .say(&json!({"id": 1, "error": {"code": 5, "message": "no"}}))
        .await;
    assert_eq!(value(&soon(second).await.unwrap().unwrap()), 2);
    assert_eq!(soon(first).await.unwrap().unwrap_err().code, 5);
}

#[tokio::test]
async fn a_server_that_holds_all_it_may_is_overloaded() {
    let (app, mut server) = Script::of(ClientArgs::new("embedder", "1"), 2048).await;
    let mut waiting: Vec<_> = (0..2)
        .map(|id| Box::pin(app.request(request(id, "a", &json!({})))))
        .collect();
    for request in &mut waiting {
        assert!(futures_util::poll!(request).is_pending());
    }
    let refused = soon(app.request(request(2, "a", &json!({})))).await;
    let refused = refused.unwrap().unwrap_err();
    assert_eq!(refused.code, -32001);
    assert_eq!(
        refused.message,
        "in-process app-server request queue is full"
    );
    let data = value(refused.data.as_ref().unwrap());
    assert_eq!(data, json!({"codexErrorInfo": "server_overloaded"}));
    for (id, request) in (0..).zip(waiting) {
        assert_eq!(server.next().await.unwrap()["id"], id);
        server.say(&json!({"id": id, "result": null})).await;
        assert!(soon(request).await.unwrap().is_ok());
    }
}
