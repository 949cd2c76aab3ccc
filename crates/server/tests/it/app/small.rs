//! Hooks, choices, extensions, diagnostics: what clients ask at their start and beside their work.

use std::fs;

use serde_json::{Value, json};

use super::{client, configured, plain, refused, server, settings::says};

#[tokio::test]
async fn hooks_are_listed_with_what_is_odd() {
    let folder = says(
        "[[hooks.PreToolUse]]\nmatcher = '^Bash$'\n[[hooks.PreToolUse.hooks]]\n\
         type = 'command'\ncommand = 'echo two'\n\
         [[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = 'agent'\n",
    );
    let p = folder.path().join("p");
    fs::create_dir(&p).unwrap();
    let config = folder.path().join("home/config.toml");
    let server = configured(folder, &[], |_| {});
    let mut client = plain(&server).await;
    let hook = json!({
        "key": format!("{}:pre_tool_use:0:0", config.display()), "eventName": "preToolUse",
        "handlerType": "command", "command": "echo two", "async": false, "matcher": "^Bash$",
        "timeoutSec": 600, "statusMessage": null, "additionalContextLimit": null,
        "sourcePath": config, "source": "user", "pluginId": null, "environmentId": null,
        "displayOrder": 0, "enabled": true, "isManaged": false,
        "currentHash": "sha256:6c19e3a963ef1737e1f5b3fe6ac99ce4203b3b566ca7c04f6c44f2f0f7aad50a",
        "trustStatus": "untrusted",
    });
    let warning = format!(
        "skipping agent hook in {}: agent hooks are not supported yet",
        config.display()
    );
    assert_eq!(
        client.call("hooks/list", json!({"cwds": [p]})).await,
        Ok(json!({"data": [{"cwd": p, "hooks": [hook], "warnings": [warning], "errors": []}]}))
    );
    fs::write(
        &config,
        "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = 'bogus'\n",
    )
    .unwrap();
    let answer = client.call("hooks/list", json!({"cwds": [p]})).await;
    let entry = answer.unwrap()["data"][0].take();
    assert_eq!(entry["hooks"], json!([]));
    assert_eq!(entry["errors"][0]["path"], json!(p));
    let words = entry["errors"][0]["message"].as_str().unwrap();
    assert!(words.contains("unknown variant `bogus`"), "{words}");
    let id = "5ffe04fe-60dd-4d9a-ab6a-62dda7993ddd";
    for (params, words) in [
        (
            json!({"threadId": id, "cwds": ["/tmp"]}),
            "specify either threadId or cwds".to_owned(),
        ),
        (json!({"threadId": id}), format!("thread not found: {id}")),
        (
            json!({"threadId": "x"}),
            "invalid thread id: invalid character: expected an optional prefix of `urn:uuid:` \
             followed by [0-9a-fA-F-], found `x` at 1"
                .to_owned(),
        ),
    ] {
        let answer = client.call("hooks/list", params).await;
        assert_eq!(answer, refused(-32600, &words));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn hooks_can_be_switched_off() {
    let config = "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = 'command'\ncommand = 'c'\n";
    let server = configured(says(config), &["features.hooks=false"], |_| {});
    let mut client = plain(&server).await;
    let folder = server.folder.path().to_owned();
    assert_eq!(
        client.call("hooks/list", json!({"cwds": [folder]})).await,
        Ok(json!({"data": [{"cwd": folder, "hooks": [], "warnings": [], "errors": []}]}))
    );
    let feature = json!({
        "name": "hooks", "stage": "stable", "displayName": null, "description": null,
        "announcement": null, "enabled": false, "defaultEnabled": true,
    });
    assert_eq!(
        client.call("experimentalFeature/list", json!({})).await,
        Ok(json!({"data": [feature], "nextCursor": null}))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn what_there_is_to_choose_from_is_told() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let mode = |name: &str, mode: &str, effort: Value| json!({"name": name, "mode": mode, "model": null, "reasoning_effort": effort});
    assert_eq!(
        client.call("collaborationMode/list", json!({})).await,
        Ok(json!({"data": [
            mode("Plan", "plan", json!("medium")), mode("Default", "default", Value::Null),
        ]}))
    );
    for (params, words) in [
        (json!({"cursor": "bad"}), "invalid cursor: bad"),
        (
            json!({"cursor": "9"}),
            "cursor 9 exceeds total feature flags 1",
        ),
    ] {
        let answer = client.call("experimentalFeature/list", params).await;
        assert_eq!(answer, refused(-32600, words));
    }
    let all = json!({"enablement": {"hooks": false, "bogus": true}});
    assert_eq!(
        client.call("experimentalFeature/enablement/set", all).await,
        Ok(json!({"enablement": {}}))
    );
    let listed = client.call("experimentalFeature/list", json!({})).await;
    assert_eq!(listed.unwrap()["data"][0]["enabled"], true);
    server.shutdown().await;
}

#[tokio::test]
async fn lists_of_what_is_not_here_are_empty() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let nothing = json!({"data": [], "nextCursor": null});
    let cases = [
        (
            "plugin/list",
            json!({}),
            json!({"marketplaces": [], "marketplaceLoadErrors": [], "featuredPluginIds": []}),
        ),
        (
            "plugin/installed",
            json!({"cwds": ["/"]}),
            json!({"marketplaces": [], "marketplaceLoadErrors": []}),
        ),
        (
            "plugin/reconcile",
            json!({}),
            json!({
                "changedPlugins": [], "failedRemotePluginIds": [],
                "failedMaterializationRemotePluginIds": [],
            }),
        ),
        ("app/list", json!({"cursor": "any"}), nothing.clone()),
        ("app/installed", json!({}), json!({"apps": []})),
        ("mcpServerStatus/list", json!({"limit": 0}), nothing),
        (
            "windowsSandbox/readiness",
            Value::Null,
            json!({"status": "notConfigured"}),
        ),
        (
            "mock/experimentalMethod",
            json!({"value": "v"}),
            json!({"echoed": "v"}),
        ),
    ];
    for (method, params, expected) in cases {
        assert_eq!(client.call(method, params).await, Ok(expected), "{method}");
    }
    assert_eq!(
        client
            .call("mcpServerStatus/list", json!({"cursor": "5"}))
            .await,
        refused(-32600, "cursor 5 exceeds total MCP servers 0")
    );
    let id = "5ffe04fe-60dd-4d9a-ab6a-62dda7993ddd";
    let words = format!("thread not found: {id}");
    for method in [
        "app/list",
        "app/installed",
        "mcpServerStatus/list",
        "experimentalFeature/list",
        "account/usage/read",
    ] {
        let answer = client.call(method, json!({"threadId": id})).await;
        assert_eq!(answer, refused(-32600, &words), "{method}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_belongs_to_closed_services_is_refused_with_the_reason() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let cases = [
        ("feedback/upload", "it sends nothing to anyone"),
        ("feedback/save", "it sends nothing to anyone"),
        ("windowsSandbox/setupStart", "it runs on Linux"),
        (
            "externalAgentConfig/detect",
            "it takes nothing over from other programs",
        ),
        (
            "externalAgentConfig/import",
            "it takes nothing over from other programs",
        ),
        ("thread/realtime/start", "it has no voice"),
        ("thread/realtime/listVoices", "it has no voice"),
        (
            "remoteControl/enable",
            "it cannot be steered through a service",
        ),
        (
            "remoteControl/pairing/start",
            "it cannot be steered through a service",
        ),
        ("plugin/install", "it has no plugin markets"),
        ("marketplace/add", "it has no plugin markets"),
        ("app/read", "it has no apps"),
        ("accountSession/switch", "it has no accounts at ChatGPT"),
        (
            "account/gatewayOAuth/login",
            "it signs in with a key or not at all",
        ),
        (
            "modelProvider/config/write",
            "providers are changed with `config/value/write`",
        ),
    ];
    for (method, why) in cases {
        let words = format!("{method} is not offered by this server: {why}");
        let answer = client.call(method, json!({})).await;
        assert_eq!(answer, refused(-32601, &words));
    }
    server.shutdown().await;
}

/// The gauges of an answer, by name.
fn gauge(answer: &Value, name: &str) -> Option<u64> {
    let gauges = answer["gauges"].as_array().unwrap();
    let gauge = gauges.iter().find(|gauge| gauge["name"] == name)?;
    gauge["value"].as_u64()
}

#[tokio::test]
async fn diagnostics_count_what_each_connection_has_at_hand() {
    let server = server(|_| {});
    let (mut one, mut other) = (plain(&server).await, plain(&server).await);
    let answer = one.call("server/diagnostics", json!({})).await.unwrap();
    assert_eq!(answer["process"]["id"], std::process::id());
    let memory = answer["process"]["residentMemoryBytes"].as_u64().unwrap();
    assert!(memory > 1 << 20, "{memory}");
    assert_eq!(answer["process"]["physicalFootprintBytes"], Value::Null);
    let names: Vec<_> = answer["gauges"].as_array().unwrap()[..2]
        .iter()
        .map(|gauge| gauge["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["app.requests.in_flight", "app.requests.queued"]);
    assert_eq!(gauge(&answer, "app.connections"), Some(2));
    assert_eq!(gauge(&answer, "app.requests.in_flight"), Some(1));
    assert_eq!(gauge(&answer, "app.requests.queued"), Some(0));
    // A command is in flight until it ends; what writes to it waits for it, and for each other.
    let command = json!({
        "command": ["cat"], "processId": "c", "streamStdin": true, "streamStdoutStderr": true,
    });
    let command = other.ask("command/exec", command).await;
    let echo = json!({"processId": "c", "deltaBase64": "eA=="});
    other.call("command/exec/write", echo).await.unwrap();
    let answer = one.call("server/diagnostics", json!({})).await.unwrap();
    let own = |name: &str| gauge(&answer, &format!("app.connections.1.{name}"));
    assert_eq!(own("requests.in_flight"), Some(1));
    assert_eq!(own("requests.queued"), Some(0));
    assert!(own("outbound.queued_bytes").is_some());
    assert_eq!(gauge(&answer, "app.requests.in_flight"), Some(2));
    let end = json!({"processId": "c"});
    other.call("command/exec/terminate", end).await.unwrap();
    other.answer(command).await.unwrap();
    let answer = one.call("server/diagnostics", json!({})).await.unwrap();
    assert_eq!(
        gauge(&answer, "app.connections.1.requests.in_flight"),
        Some(0)
    );
    server.shutdown().await;
}

#[tokio::test]
async fn experimental_methods_are_for_those_who_know_them() {
    let server = server(|_| {});
    let mut stable = client(&server, json!({})).await;
    for method in [
        "server/diagnostics",
        "collaborationMode/list",
        "accountSession/list",
        "account/bedrock/checkGovCloudRequirements",
        "remoteControl/status/read",
        "mock/experimentalMethod",
    ] {
        let params = match method {
            "remoteControl/status/read" => Value::Null,
            _ => json!({}),
        };
        let words = format!("{method} requires experimentalApi capability");
        let answer = stable.call(method, params).await;
        assert_eq!(answer, refused(-32600, &words));
    }
    let mut knowing = plain(&server).await;
    let status = knowing.call("remoteControl/status/read", Value::Null).await;
    let status = status.unwrap();
    assert_eq!(
        (&status["status"], &status["environmentId"]),
        (&json!("disabled"), &Value::Null)
    );
    server.shutdown().await;
}
