//! What an embedder reads, and what becomes of it when it reads slowly.

use outpost_protocol::{RequestId, RpcError};
use outpost_server::embed::{ClientArgs, Delivery, Event};
use serde_json::{Value, json};

use super::{AppHandle, Script, soon, value};

/// With room for so many events.
fn client(capacity: usize, delivery: Delivery) -> ClientArgs {
    ClientArgs {
        capacity,
        delivery,
        ..ClientArgs::new("embedder", "1")
    }
}

/// The next event, in short.
async fn next(app: &AppHandle) -> String {
    match soon(app.next_event()).await {
        None => "end".to_owned(),
        Some(Event::ServerRequest(asked)) => format!("{} {}?", asked.method, asked.id),
        Some(Event::ServerNotification(told)) => {
            format!("{} {}", told.method, value(&told.params)["n"])
        }
        Some(Event::Lagged { skipped }) => format!("lagged {skipped}"),
        Some(Event::Legacy(event)) => event.method,
    }
}

#[tokio::test]
async fn what_is_dropped_is_counted_where_it_is_missing() {
    let (app, server) = Script::of(client(2, Delivery::BestEffort), 1 << 20).await;
    for number in 0..5 {
        server.tell("thread/started", number).await;
    }
    server.was_read().await;
    assert_eq!(next(&app).await, "thread/started 0");
    server.tell("thread/started", 5).await;
    server.was_read().await;
    assert_eq!(next(&app).await, "thread/started 1");
    assert_eq!(next(&app).await, "lagged 3");
    assert_eq!(next(&app).await, "thread/started 5");
    drop(server);
    assert_eq!(next(&app).await, "end");
}

#[tokio::test]
async fn pieces_and_ends_wait_for_room_and_hold_back_what_follows() {
    let (app, server) = Script::of(client(1, Delivery::BestEffort), 1 << 20).await;
    server.tell("item/agentMessage/delta", 0).await;
    server.tell("item/agentMessage/delta", 1).await;
    server.tell("thread/started", 2).await;
    server.tell("turn/completed", 3).await;
    // The second delta and what follows wait, so nothing is dropped while nobody reads.
    assert_eq!(next(&app).await, "item/agentMessage/delta 0");
    assert_eq!(next(&app).await, "item/agentMessage/delta 1");
    // What may be dropped may have been, and then it is told.
    let mut seen = next(&app).await;
    if seen == "thread/started 2" || seen == "lagged 1" {
        seen = next(&app).await;
    }
    assert_eq!(seen, "turn/completed 3");
}

#[tokio::test]
async fn without_loss_everything_waits() {
    let (app, server) = Script::of(client(1, Delivery::Lossless), 1 << 20).await;
    for number in 0..20 {
        server.tell("thread/started", number).await;
    }
    server
        .say(&json!({"id": 0, "method": "item/tool/call", "params": {}}))
        .await;
    for number in 0..20 {
        assert_eq!(next(&app).await, format!("thread/started {number}"));
    }
    assert_eq!(next(&app).await, "item/tool/call 0?");
}

#[tokio::test]
async fn a_question_that_finds_no_room_is_failed_back() {
    let (app, mut server) = Script::of(client(1, Delivery::BestEffort), 1 << 20).await;
    for id in 0..2 {
        server
            .say(&json!({"id": id, "method": "item/tool/call", "params": {"n": id}}))
            .await;
    }
    let failed = server.next().await.unwrap();
    assert_eq!(failed["id"], 1);
    assert_eq!(failed["error"]["code"], -32001);
    assert_eq!(
        failed["error"]["data"],
        json!({"codexErrorInfo": "server_overloaded"})
    );
    assert_eq!(next(&app).await, "item/tool/call 0?");
    app.respond(&RequestId::Number(0), &json!({"success": true}))
        .unwrap();
    assert_eq!(
        server.next().await.unwrap(),
        json!({"id": 0, "result": {"success": true}})
    );
    server.tell("thread/started", 2).await;
    // It was answered, so it is not missed.
    assert_eq!(next(&app).await, "thread/started 2");
}

#[tokio::test]
async fn a_question_is_answered_once_and_not_after_it_was_resolved() {
    let (app, mut server) = Script::of(client(8, Delivery::BestEffort), 1 << 20).await;
    for id in ["a", "b", "c"] {
        server
            .say(&json!({"id": id, "method": "item/tool/call", "params": {}}))
            .await;
        assert_eq!(next(&app).await, format!("item/tool/call {id}?"));
    }
    let resolved = json!({"threadId": "t", "requestId": "b", "n": 0});
    server
        .say(&json!({"method": "serverRequest/resolved", "params": resolved}))
        .await;
    assert_eq!(next(&app).await, "serverRequest/resolved 0");
    let id = |name: &str| RequestId::Text(name.to_owned());
    app.respond(&id("b"), &json!(1)).unwrap();
    app.respond(&id("nobody asked"), &json!(1)).unwrap();
    app.reject(&id("a"), &RpcError::internal("no")).unwrap();
    app.respond(&id("a"), &json!(2)).unwrap();
    app.respond(&id("c"), &json!(3)).unwrap();
    let failed = server.next().await.unwrap();
    assert_eq!(
        (&failed["id"], &failed["error"]["code"]),
        (&json!("a"), &json!(-32603))
    );
    assert_eq!(
        server.next().await.unwrap(),
        json!({"id": "c", "result": 3})
    );
}

#[tokio::test]
async fn who_reads_no_events_is_not_waited_for() {
    let (app, mut server) = Script::of(client(1, Delivery::Lossless), 1 << 20).await;
    for id in 0..2 {
        server
            .say(&json!({"id": id, "method": "item/tool/call", "params": {}}))
            .await;
    }
    app.ignore_events();
    for id in 0..2 {
        let failed = server.next().await.unwrap();
        assert_eq!(
            (&failed["id"], &failed["error"]["code"]),
            (&json!(id), &json!(-32603))
        );
    }
    for number in 0..10 {
        server.tell("turn/completed", number).await;
    }
    let request = super::request(1, "a", &json!({}));
    let (answer, ()) = soon(async {
        tokio::join!(app.request(request), async {
            let asked = server.next().await.unwrap();
            server
                .say(&json!({"id": asked["id"], "result": true}))
                .await;
        })
    })
    .await;
    assert_eq!(value(&answer.unwrap().unwrap()), Value::Bool(true));
}

#[tokio::test]
async fn older_names_follow_where_they_are_wanted() {
    for wanted in [false, true] {
        let mut client = client(8, Delivery::BestEffort);
        client.legacy_events = wanted;
        let (app, mut server) = Script::of(client, 1 << 20).await;
        let turn = json!({"id": "u", "status": "interrupted", "items": []});
        let params = json!({"threadId": "t", "turn": turn, "n": 0});
        server
            .say(&json!({"method": "turn/completed", "params": params}))
            .await;
        server.tell("turn/diff/updated", 1).await;
        server.was_read().await;
        let (ended, ()) = soon(async {
            tokio::join!(app.shutdown(), async {
                assert_eq!(server.next().await, None);
                drop(server);
            })
        })
        .await;
        ended.unwrap();
        let mut seen = Vec::new();
        while seen.last().is_none_or(|last| last != "end") {
            seen.push(next(&app).await);
        }
        let expected: &[&str] = match wanted {
            false => &["turn/completed 0", "turn/diff/updated 1", "end"],
            true => &[
                "turn/completed 0",
                "codex/event/turn_aborted",
                "turn/diff/updated 1",
                "codex/event/turn_diff",
                "codex/event/shutdown_complete",
                "end",
            ],
        };
        assert_eq!(seen, expected);
    }
}
