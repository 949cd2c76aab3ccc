//! Threads without turns: who sees them, and what becomes of them.

mod ends;
mod profiles;
mod refusals;

use std::time::Duration;

use outpost_server::app::AppConfig;
use serde_json::{Value, json};

use super::{Server, plain, with};
use crate::client::Client;

/// The id of no thread.
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
