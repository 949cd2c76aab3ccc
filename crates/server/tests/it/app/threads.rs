//! Threads without turns: who sees them, what becomes of them, and what is refused in which words.

use std::time::Duration;

use outpost_server::app::AppConfig;
use serde_json::{Value, json};

use super::{Server, plain, refused, with};
use crate::client::Client;

const STRANGER: &str = "01a1f961-263f-7132-a6a7-858fe060df22";

/// A server with a model, and threads that stay for ever unless the test says otherwise.
fn server(change: impl FnOnce(&mut AppConfig)) -> Server {
    super::server(|config| {
        config.threads.unload_after = Duration::from_secs(1 << 30);
        change(config);
    })
}

async fn start(client: &mut Client, more: Value) -> Value {
    let params = with(json!({"cwd": "/ws", "model": "m"}), &more);
    client.call("thread/start", params).await.unwrap()
}

async fn started(client: &mut Client, more: Value) -> String {
    let begun = start(client, more).await;
    let id = begun["thread"]["id"].as_str().unwrap().to_owned();
    assert_eq!(client.told().await["method"], "thread/started");
    id
}

async fn loaded(client: &mut Client) -> Value {
    let listed = client.call("thread/loaded/list", json!({})).await.unwrap();
    listed["data"].clone()
}

#[tokio::test]
async fn a_thread_begins_as_asked_and_everybody_is_told_after_the_answer() {
    let server = server(|_| {});
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let more = json!({
        "model": "gpt-5.5", "approvalPolicy": "never", "sandbox": "workspace-write",
        "approvalsReviewer": "auto_review", "threadSource": "user", "historyMode": "paginated",
        "config": {"sandbox_workspace_write.network_access": true},
    });
    let params = with(json!({"cwd": "/ws/sub/../project"}), &more);
    let asked = one.ask("thread/start", params).await;
    let answer = one.next().await.unwrap();
    assert_eq!(answer["id"], asked, "the answer comes first");
    let begun = &answer["result"];
    let thread = &begun["thread"];
    let id = thread["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "7"));
    let (stamp, now) = (
        &thread["createdAt"],
        i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap(),
    );
    assert!((now - 60..=now).contains(&stamp.as_i64().unwrap()));
    let place = json!([{
        "environmentId": "local", "cwd": "/ws/project", "runtimeWorkspaceRoots": ["/ws/project"],
    }]);
    assert_eq!(
        *thread,
        json!({
            "id": id, "sessionId": id, "environments": place, "extra": null, "forkedFromId": null,
            "attachedToThreadId": null, "parentThreadId": null, "preview": "", "ephemeral": false,
            "section": null, "sectionEnteredAt": null, "projectId": null, "historyMode": "paginated",
            "modelProvider": "openai", "model": "gpt-5.5", "reasoningEffort": null, "createdAt": stamp,
            "updatedAt": stamp, "recencyAt": stamp, "status": {"type": "idle"}, "path": null,
            "cwd": "/ws/project", "cliVersion": "0.169.0", "originator": "test", "source": "vscode",
            "canAcceptDirectInput": true, "threadSource": "user", "agentNickname": null,
            "agentRole": null, "gitInfo": null, "name": null, "daybreakEnabled": null, "turns": [],
        })
    );
    let mut rest = begun.clone();
    rest.as_object_mut().unwrap().remove("thread");
    assert_eq!(
        rest,
        json!({
            "model": "gpt-5.5", "modelProvider": "openai", "serviceTier": null,
            "disabledPluginIds": [], "cwd": "/ws/project", "runtimeWorkspaceRoots": ["/ws/project"],
            "instructionSources": [], "approvalPolicy": "never", "approvalsReviewer": "auto_review",
            "sandbox": {
                "type": "workspaceWrite", "writableRoots": [], "networkAccess": true,
                "excludeTmpdirEnvVar": false, "excludeSlashTmp": false,
            },
            "activePermissionProfile": null, "reasoningEffort": null,
            "multiAgentMode": "explicitRequestOnly",
        })
    );
    for client in [&mut one, &mut other] {
        let told = client.told().await;
        assert_eq!(told["method"], "thread/started");
        assert_eq!(told["params"], json!({"thread": thread}));
        let read = client
            .call("thread/read", json!({"threadId": id}))
            .await
            .unwrap();
        assert_eq!(read, json!({"thread": thread, "readState": null}));
        assert_eq!(loaded(client).await, json!([id]));
        let listed = client.call("thread/list", json!({})).await.unwrap();
        let nothing = json!({
            "data": [], "readStates": {}, "nextCursor": null, "backwardsCursor": null,
        });
        assert_eq!(
            listed, nothing,
            "a thread is listed from its first message on"
        );
    }
    assert!(!server.home().join("sessions").exists());
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_configured_holds_for_new_threads() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir(&home).unwrap();
    let config = "model = 'mine'\nmodel_provider = 'house'\napproval_policy = 'never'\n\
                  [model_providers.house]\nname = 'House'\nbase_url = 'http://127.0.0.1:9/v1'\n\
                  [projects.'/ws/trusted']\ntrust_level = 'trusted'\n";
    std::fs::write(home.join("config.toml"), config).unwrap();
    let server = super::configured(folder, &["model_reasoning_effort=high"], |_| {});
    let mut client = plain(&server).await;
    let begun = client
        .call("thread/start", json!({"cwd": "/ws/trusted"}))
        .await
        .unwrap();
    let said = [
        "model",
        "modelProvider",
        "approvalPolicy",
        "reasoningEffort",
    ];
    let said = said.map(|member| begun[member].as_str().unwrap().to_owned());
    assert_eq!(said, ["mine", "house", "never", "high"]);
    assert_eq!(begun["activePermissionProfile"]["id"], ":workspace");
    let begun = client
        .call("thread/start", json!({"cwd": "/ws/other"}))
        .await
        .unwrap();
    assert_eq!(begun["activePermissionProfile"]["id"], ":read-only");
    server.shutdown().await;
}

#[tokio::test]
async fn what_a_thread_has_not_is_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let kept = started(&mut client, json!({})).await;
    let once = started(&mut client, json!({"ephemeral": true})).await;
    let invalid =
        "invalid thread id: invalid length: expected length 32 for simple format, found 3";
    let not_yet = |what: &str| {
        format!(
            "thread {kept} is not materialized yet; {what} is unavailable before first user message"
        )
    };
    let cases = [
        (
            "thread/read",
            json!({"threadId": "bad"}),
            -32600,
            invalid.to_owned(),
        ),
        (
            "thread/read",
            json!({"threadId": STRANGER}),
            -32600,
            format!("thread not loaded: {STRANGER}"),
        ),
        (
            "thread/read",
            json!({"threadId": kept, "includeTurns": true}),
            -32600,
            not_yet("includeTurns"),
        ),
        (
            "thread/read",
            json!({"threadId": once, "includeTurns": true}),
            -32600,
            "ephemeral threads do not support includeTurns".to_owned(),
        ),
        (
            "thread/turns/list",
            json!({"threadId": kept}),
            -32600,
            not_yet("thread/turns/list"),
        ),
        (
            "thread/turns/list",
            json!({"threadId": once}),
            -32600,
            "ephemeral threads do not support thread/turns/list".to_owned(),
        ),
        (
            "thread/turns/list",
            json!({"threadId": STRANGER}),
            -32600,
            format!("thread not loaded: {STRANGER}"),
        ),
        (
            "thread/items/list",
            json!({"threadId": kept}),
            -32601,
            "thread/items/list is not supported yet".to_owned(),
        ),
        (
            "thread/items/list",
            json!({"threadId": kept, "cursor": {"type": "item", "itemId": "x"}}),
            -32602,
            "turnId is required when cursor is an item anchor".to_owned(),
        ),
        (
            "thread/name/set",
            json!({"threadId": kept, "name": " \t"}),
            -32600,
            "thread name must not be empty".to_owned(),
        ),
        (
            "thread/name/set",
            json!({"threadId": once, "name": "x"}),
            -32600,
            format!("ephemeral thread does not support metadata updates: {once}"),
        ),
        (
            "thread/name/set",
            json!({"threadId": STRANGER, "name": "x"}),
            -32600,
            format!("no rollout found for thread id {STRANGER}"),
        ),
        (
            "thread/settings/update",
            json!({"threadId": STRANGER}),
            -32600,
            format!("thread not found: {STRANGER}"),
        ),
        (
            "thread/settings/update",
            json!({"threadId": kept, "permissions": ":workspace", "sandboxPolicy": {"type": "readOnly"}}),
            -32600,
            "`permissions` cannot be combined with `sandboxPolicy`".to_owned(),
        ),
        (
            "thread/attachment/list",
            json!({"threadId": "bad"}),
            -32602,
            invalid.to_owned(),
        ),
        (
            "thread/attachment/list",
            json!({"threadId": kept, "cursor": "x"}),
            -32602,
            "invalid pagination cursor".to_owned(),
        ),
        (
            "thread/backgroundTerminals/list",
            json!({"threadId": STRANGER}),
            -32600,
            format!("thread not found: {STRANGER}"),
        ),
        (
            "thread/backgroundTerminals/list",
            json!({"threadId": kept, "cursor": "x"}),
            -32600,
            "invalid cursor: invalid digit found in string".to_owned(),
        ),
        (
            "thread/goal/get",
            json!({"threadId": once}),
            -32600,
            format!("ephemeral thread does not support goals: {once}"),
        ),
        (
            "thread/readState/update",
            json!({"threadId": kept, "operation": {"type": "read"}, "expectedRevision": "x"}),
            -32600,
            "thread read state unavailable".to_owned(),
        ),
        (
            "thread/unsubscribe",
            json!({"threadId": "bad"}),
            -32600,
            invalid.to_owned(),
        ),
        (
            "thread/loaded/list",
            json!({"cursor": "bad"}),
            -32600,
            "invalid cursor: bad".to_owned(),
        ),
        (
            "thread/list",
            json!({"cursor": "bad"}),
            -32600,
            "invalid cursor: bad".to_owned(),
        ),
        (
            "thread/list",
            json!({"sortKey": "section_position"}),
            -32600,
            "section-position sorting requires a section filter".to_owned(),
        ),
        (
            "thread/list",
            json!({"projectId": "x"}),
            -32602,
            "project not found: x".to_owned(),
        ),
        (
            "thread/start",
            json!({"projectId": "x"}),
            -32600,
            "project not found: x".to_owned(),
        ),
        (
            "thread/start",
            json!({"modelProvider": "nope"}),
            -32600,
            "failed to load configuration: Model provider `nope` not found".to_owned(),
        ),
        (
            "thread/start",
            json!({"permissions": ":workspace", "sandbox": "read-only"}),
            -32600,
            "`permissions` cannot be combined with `sandbox`".to_owned(),
        ),
        (
            "thread/start",
            json!({"environments": [{"environmentId": "nope", "cwd": "/"}]}),
            -32600,
            "unknown turn environment id `nope`".to_owned(),
        ),
    ];
    for (method, params, code, words) in cases {
        let answer = client.call(method, params.clone()).await;
        assert_eq!(answer, refused(code, &words), "{method} {params}");
    }
    // What was refused has changed nothing.
    assert_eq!(loaded(&mut client).await, json!([kept, once]));
    server.shutdown().await;
}

#[tokio::test]
async fn what_needs_a_model_is_refused_at_once_and_says_why() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let id = started(&mut client, json!({})).await;
    for method in [
        "turn/start",
        "turn/steer",
        "turn/interrupt",
        "thread/compact/start",
        "thread/resume",
    ] {
        let params = json!({"threadId": id, "input": [], "expectedTurnId": "t", "turnId": "t"});
        let words = format!(
            "{method} is not offered by this server: this version of Outpost has no model turns yet"
        );
        assert_eq!(client.call(method, params).await, refused(-32601, &words));
    }
    for (method, empty) in [
        ("thread/goal/get", json!({"goal": null})),
        (
            "thread/attachment/list",
            json!({"data": [], "nextCursor": null}),
        ),
        (
            "thread/backgroundTerminals/list",
            json!({"data": [], "nextCursor": null}),
        ),
        ("thread/backgroundTerminals/clean", json!({})),
    ] {
        assert_eq!(
            client.call(method, json!({"threadId": id})).await,
            Ok(empty)
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_name_is_told_to_everybody_and_settings_to_those_who_watch() {
    let server = server(|_| {});
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let id = started(&mut one, json!({})).await;
    other.told().await;
    let named = json!({"threadId": id, "name": "  a b "});
    assert_eq!(one.call("thread/name/set", named).await, Ok(json!({})));
    for client in [&mut one, &mut other] {
        let told = client.told().await;
        assert_eq!(told["method"], "thread/name/updated");
        assert_eq!(told["params"], json!({"threadId": id, "threadName": "a b"}));
    }
    // Nothing changes, so nobody is told; then something does.
    let same = json!({"threadId": id, "model": "m"});
    assert_eq!(
        other.call("thread/settings/update", same).await,
        Ok(json!({}))
    );
    let change = json!({
        "threadId": id, "cwd": "/ws/new", "model": "n", "permissions": ":danger-full-access",
        "effort": "high", "personality": "friendly", "serviceTier": "fast", "summary": "concise",
    });
    assert_eq!(
        other.call("thread/settings/update", change).await,
        Ok(json!({}))
    );
    let told = one.told().await;
    assert_eq!(told["method"], "thread/settings/updated");
    assert_eq!(
        told["params"],
        json!({"threadId": id, "threadSettings": {
            "disabledPluginIds": [], "cwd": "/ws/new",
            "environments": [{
                "environmentId": "local", "cwd": "/ws/new", "runtimeWorkspaceRoots": ["/ws/new"],
            }],
            "approvalPolicy": "on-request", "approvalsReviewer": "user",
            "sandboxPolicy": {"type": "dangerFullAccess"},
            "activePermissionProfile": {"id": ":danger-full-access", "extends": null},
            "model": "n", "modelProvider": "openai", "serviceTier": "priority", "effort": "high",
            "summary": "concise",
            "collaborationMode": {"mode": "default", "settings": {
                "model": "n", "reasoning_effort": "high", "developer_instructions": null,
            }},
            "multiAgentMode": "explicitRequestOnly", "personality": "friendly",
        }})
    );
    // The other one has not been told of them: the next it hears is the next name.
    let named = json!({"threadId": id, "name": "c"});
    one.call("thread/name/set", named).await.unwrap();
    assert_eq!(other.told().await["params"]["threadName"], "c");
    let read = other
        .call("thread/read", json!({"threadId": id}))
        .await
        .unwrap();
    assert_eq!(
        (&read["thread"]["name"], &read["thread"]["model"]),
        (&json!("c"), &json!("n"))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_thread_nobody_watches_goes_and_everybody_is_told() {
    let server = server(|config| config.threads.unload_after = Duration::ZERO);
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let id = started(&mut one, json!({})).await;
    other.told().await;
    let this = json!({"threadId": id});
    let status = |status: &str| Ok(json!({"status": status}));
    assert_eq!(
        other.call("thread/unsubscribe", this.clone()).await,
        status("notSubscribed")
    );
    assert_eq!(
        one.call("thread/unsubscribe", this.clone()).await,
        status("unsubscribed")
    );
    gone(&mut one, &id).await;
    gone(&mut other, &id).await;
    assert_eq!(
        one.call("thread/unsubscribe", this.clone()).await,
        status("notLoaded")
    );
    let words = format!("thread not loaded: {id}");
    assert_eq!(one.call("thread/read", this).await, refused(-32600, &words));

    // A connection that ends watches no longer.
    let id = started(&mut one, json!({})).await;
    assert_eq!(other.told().await["params"]["thread"]["id"], json!(id));
    drop(one);
    gone(&mut other, &id).await;
    assert_eq!(loaded(&mut other).await, json!([]));
    server.shutdown().await;
}

async fn gone(client: &mut Client, id: &str) {
    let told = client.told().await;
    assert_eq!(told["method"], "thread/status/changed");
    assert_eq!(
        told["params"],
        json!({"threadId": id, "status": {"type": "notLoaded"}})
    );
    let told = client.told().await;
    assert_eq!(told["method"], "thread/closed");
    assert_eq!(told["params"], json!({"threadId": id}));
}

#[tokio::test]
async fn for_one_thread_more_the_one_that_was_left_makes_room() {
    let server = server(|config| config.threads.loaded = 2);
    let mut client = plain(&server).await;
    let first = started(&mut client, json!({})).await;
    let second = started(&mut client, json!({})).await;
    let full = "the thread cannot begin: 2 threads are in use; unsubscribe from one first";
    let more = json!({"model": "m"});
    assert_eq!(
        client.call("thread/start", more.clone()).await,
        refused(-32600, full)
    );
    client
        .call("thread/unsubscribe", json!({"threadId": first}))
        .await
        .unwrap();
    let third = client.call("thread/start", more).await.unwrap()["thread"]["id"].clone();
    gone(&mut client, &first).await;
    assert_eq!(client.told().await["method"], "thread/started");
    assert_eq!(loaded(&mut client).await, json!([second, third]));
    server.shutdown().await;
}

#[tokio::test]
async fn ids_come_in_pages() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(started(&mut client, json!({})).await);
    }
    let mut page = async |params: Value| {
        let page = client.call("thread/loaded/list", params).await.unwrap();
        (page["data"].clone(), page["nextCursor"].clone())
    };
    assert_eq!(page(json!({"limit": 3})).await, (json!(ids), Value::Null));
    let first = (json!([ids[0], ids[1]]), json!(ids[1]));
    assert_eq!(page(json!({"limit": 2})).await, first);
    let rest = (json!([ids[2]]), Value::Null);
    assert_eq!(page(json!({"limit": 2, "cursor": ids[1]})).await, rest);
    // No page is empty that has something behind it, and a cursor need not be there any more.
    assert_eq!(
        page(json!({"limit": 0})).await,
        (json!([ids[0]]), json!(ids[0]))
    );
    assert_eq!(
        page(json!({"cursor": STRANGER})).await,
        (json!(ids), Value::Null)
    );
    server.shutdown().await;
}

#[tokio::test]
async fn who_never_reads_is_sent_away_and_holds_up_nobody() {
    let server = server(|config| config.limits.outbox_bytes = 64 << 10);
    let mut deaf = plain(&server).await;
    let mut client = plain(&server).await;
    let id = started(&mut client, json!({})).await;
    let name = "n".repeat(32 << 10);
    // Far more than its queue holds and what may wait for it.
    for number in 0..200 {
        let name = format!("{number} {name}");
        let params = json!({"threadId": id, "name": name});
        client.call("thread/name/set", params).await.unwrap();
        assert_eq!(client.told().await["params"]["threadName"], json!(name));
    }
    while deaf.next().await.is_some() {}
    let close = deaf.link.rx.close_reason().unwrap();
    assert_eq!(close.code, 1013, "{close}");
    server.shutdown().await;
}
