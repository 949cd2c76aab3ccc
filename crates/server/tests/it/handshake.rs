use serde_json::json;

use crate::client::{Client, server};

fn refused(code: i64, words: &str) -> Result<serde_json::Value, (i64, String)> {
    Err((code, words.to_owned()))
}

#[tokio::test]
async fn j09_nothing_is_served_before_the_handshake() {
    let server = server(|_| {});
    let mut client = Client::silent(&server);
    let start =
        json!({"processId": "p", "argv": ["true"], "cwd": "file:///", "env": {}, "tty": false});
    assert_eq!(
        client.call("process/start", start.clone()).await,
        refused(
            -32600,
            "client must call initialize before using exec methods"
        )
    );
    // Parameters are decoded first.
    assert_eq!(
        client.call("process/start", json!({})).await,
        refused(-32602, "missing field `processId`")
    );
    assert_eq!(
        client.call("nope", json!({})).await,
        refused(-32601, "exec-server stub does not implement `nope` yet")
    );
    assert_eq!(
        client
            .call(
                "initialize",
                json!({"clientName": "t", "resumeSessionId": "x"})
            )
            .await,
        refused(-32600, "unknown session id x")
    );
    let opened = client
        .call("initialize", json!({"clientName": "t"}))
        .await
        .unwrap();
    assert_eq!(opened["protocolVersion"], "exec-server.v0");
    assert_eq!(opened["environmentInfo"]["executorVersion"], "0.169.0");
    assert_eq!(
        client.call("environment/status", json!(null)).await,
        refused(
            -32600,
            "client must send initialized before using environment status methods"
        )
    );
    client.say(json!({"method": "initialized"})).await;
    assert_eq!(
        client.call("environment/status", json!({})).await,
        Ok(json!({"status": "ready"}))
    );
    assert_eq!(
        client.call("initialize", json!({"clientName": "t"})).await,
        refused(-32600, "initialize may only be sent once per connection")
    );
    client.say(json!({"method": "initialized"})).await;
    assert!(client.call("process/start", start).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn a_handshake_may_be_pipelined_with_what_follows() {
    let server = server(|_| {});
    let mut client = Client::silent(&server);
    let first = client.ask("initialize", json!({"clientName": "t"})).await;
    client.say(json!({"method": "initialized"})).await;
    let second = client.ask("environment/status", json!(null)).await;
    assert!(client.answer(second).await.is_ok());
    assert!(client.answer(first).await.is_ok());
    server.shutdown().await;
}

#[tokio::test]
async fn j11_violations_end_the_connection_with_a_reason() {
    for message in [
        json!({"method": "nope"}),
        json!({"id": 7, "result": {}}),
        json!({"method": "initialized"}),
    ] {
        let server = server(|_| {});
        let mut client = Client::silent(&server);
        client.say(message).await;
        assert!(client.next().await.is_none());
        let close = client.link.rx.close_reason().unwrap();
        assert_eq!(close.code, 1002);
        assert!(!close.reason.is_empty());
        server.shutdown().await;
    }
}

#[tokio::test]
async fn what_cannot_be_enforced_is_refused_and_nothing_runs() {
    let server = server(|_| {});
    let (mut client, _) = Client::new(&server).await;
    for more in [
        json!({"enforceManagedNetwork": true}),
        json!({"managedNetwork": {}}),
        json!({"networkProxy": {"proxy": {}}}),
        json!({"shellSnapshot": {"scopeId": "x", "shell": {"name": "sh", "path": "/bin/sh"}}}),
    ] {
        let (code, words) = client.start("p", "true", more).await.unwrap_err();
        assert_eq!(code, -32602);
        assert!(words.contains("cannot be enforced"), "{words}");
    }
    // Without a keeper there is nobody to raise walls.
    let entries = [json!({
        "path": {"type": "special", "value": {"kind": "root"}}, "access": "read",
    })];
    let managed = json!({
        "permissions": {
            "type": "managed",
            "file_system": {"type": "restricted", "entries": entries},
            "network": "restricted",
        },
        "windowsSandboxLevel": "disabled",
    });
    let started = client.start("p", "true", json!({"sandbox": managed})).await;
    let read = json!({"path": "file:///etc/passwd", "sandbox": managed});
    for refused in [started, client.call("fs/readFile", read).await] {
        let (code, words) = refused.unwrap_err();
        assert_eq!(code, -32603, "{words}");
        assert!(
            words.starts_with("failed to raise the sandbox: "),
            "{words}"
        );
    }
    let disabled = json!({"permissions": {"type": "disabled"}, "windowsSandboxLevel": "disabled"});
    client
        .start("p", "true", json!({"sandbox": disabled}))
        .await
        .unwrap();
    server.shutdown().await;
}
