//! Ways in which an embedded server ends.

use std::{io, path::Path};

use outpost_protocol::{
    NoParams, RequestId,
    app::{fs::GetMetadata, session::Initialized},
};
use outpost_rpc::error::CallError;
use outpost_server::embed::{self, ClientArgs, Event};
use serde_json::json;
use tokio::time::Instant;

use super::{AppHandle, PATIENCE, Script, args, request, sh, soon};

/// Waits for the file with the ids of processes that a command writes.
async fn written(path: &Path) -> Vec<String> {
    soon(async {
        loop {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if text.ends_with('\n') {
                return text.split_whitespace().map(str::to_owned).collect();
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

/// Whether there is such a process, apart from one that waits to be forgotten.
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| !state.starts_with('Z'))
}

#[tokio::test]
async fn a_shutdown_fails_what_waits_and_leaves_no_process() {
    let folder = tempfile::tempdir().unwrap();
    let app = soon(embed::app(args(&folder))).await.unwrap();
    let pids = folder.path().join("pids");
    let script = format!(
        "sleep 1000 & setsid sleep 1000 & echo $$ $! > '{0}.part'; mv '{0}.part' '{0}'; wait",
        pids.display()
    );
    let (answer, left) = soon(async {
        let running = app.request(sh(1, &script, &json!({"disableTimeout": true})));
        let ending = async {
            let left = written(&pids).await;
            app.shutdown().await.unwrap();
            left
        };
        tokio::join!(running, ending)
    })
    .await;
    let refused = answer.unwrap().unwrap_err();
    assert_eq!(refused.code, -32603);
    assert_eq!(
        refused.message,
        "in-process app-server runtime is shutting down"
    );
    let alive: Vec<_> = left.iter().filter(|pid| is_alive(pid)).collect();
    assert_eq!(alive, Vec::<&String>::new());
    is_closed(&app).await;
    // A second one has nothing to do.
    soon(app.shutdown()).await.unwrap();
}

/// Nothing can be said any more, and nothing is left to be read but what was told before.
async fn is_closed(app: &AppHandle) {
    let error = soon(app.request(request(2, "a", &json!({}))))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    let error = app.notify::<Initialized>(&NoParams).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    while soon(app.next_event()).await.is_some() {}
}

#[tokio::test]
async fn a_shutdown_fails_the_questions_of_the_server_too() {
    let (app, mut server) = Script::of(ClientArgs::new("embedder", "1"), 1 << 20).await;
    server
        .say(&json!({"id": "q", "method": "item/tool/call", "params": {}}))
        .await;
    let Some(Event::ServerRequest(asked)) = soon(app.next_event()).await else {
        panic!("no question")
    };
    assert_eq!(asked.id, RequestId::Text("q".to_owned()));
    let (ended, told) = soon(async {
        tokio::join!(app.shutdown(), async {
            let told = server.next().await.unwrap();
            assert_eq!(server.next().await, None);
            drop(server);
            told
        })
    })
    .await;
    ended.unwrap();
    assert_eq!(told["id"], "q");
    assert_eq!(
        told["error"],
        json!({"code": -32603, "message": "in-process app-server runtime is shutting down"})
    );
    is_closed(&app).await;
}

#[tokio::test]
async fn the_end_of_the_server_fails_what_waits() {
    let (app, mut server) = Script::of(ClientArgs::new("embedder", "1"), 1 << 20).await;
    let (answer, ()) = soon(async {
        tokio::join!(app.request(request(1, "a", &json!({}))), async {
            server.next().await.unwrap();
            server.tell("turn/completed", 1).await;
            drop(server);
        })
    })
    .await;
    assert_eq!(answer.unwrap().unwrap_err().code, -32603);
    let later = soon(app.request(request(2, "a", &json!({})))).await;
    assert_eq!(
        later.unwrap().unwrap_err().message,
        "in-process app-server request processor is closed"
    );
    let error = app.notify::<Initialized>(&NoParams).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    // What it said before is still read.
    assert!(matches!(
        soon(app.next_event()).await,
        Some(Event::ServerNotification(_))
    ));
    assert!(soon(app.next_event()).await.is_none());
    soon(app.shutdown()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_five_seconds_for_each_part_of_a_server_that_hangs() {
    // It reads nothing, and there is no room for the refusal of its question.
    let params = serde_json::from_value(json!({"path": "/"})).unwrap();
    let (app, server) = Script::of(ClientArgs::new("embedder", "1"), 1024).await;
    server
        .say(&json!({"id": "q", "method": "item/tool/call", "params": {}}))
        .await;
    assert!(app.next_event().await.is_some());
    app.notify::<Initialized>(&NoParams).unwrap();
    let begin = Instant::now();
    // One more waits for room meanwhile.
    let (called, ended) = tokio::join!(app.call::<GetMetadata>(&params), app.shutdown());
    let (error, took) = (ended.unwrap_err(), begin.elapsed());
    assert!(
        matches!(called, Err(CallError::Closed { .. })),
        "{called:?}"
    );
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(took.as_secs() == 10 && took < PATIENCE, "{took:?}");
    is_closed(&app).await;
}
