use serde_json::json;

use crate::client::{Client, decode, encode, server};

#[tokio::test]
async fn output_exit_and_close_come_in_order_after_the_answer() {
    let server = server(|_| {});
    let (mut client, _) = Client::new(&server).await;
    let id = client.ask("process/start", json!({
        "processId": "p", "argv": ["sh", "-c", "echo out; exec 1>&-; sleep 0.1; echo err >&2; exit 3"],
        "cwd": "/", "env": {"PATH": "/usr/bin:/bin"}, "tty": false,
    })).await;
    let first = client.next().await.unwrap();
    assert_eq!(
        first,
        json!({"id": id, "result": {"processId": "p", "sandboxType": "none"}})
    );
    let ending = client.ending("p").await;
    assert_eq!(ending.seqs, [1, 2, 3, 4]);
    assert_eq!(
        (&ending.stdout[..], &ending.stderr[..]),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!(
        ending.exit,
        json!({"processId": "p", "seq": 3, "exitCode": 3, "sandboxDenied": false, "reason": "exited"})
    );
    let read = client
        .call(
            "process/read",
            json!({"processId": "p", "afterSeq": 1, "maxBytes": 65536}),
        )
        .await;
    assert_eq!(
        read.unwrap(),
        json!({
            "chunks": [{"seq": 2, "stream": "stderr", "chunk": "ZXJyCg=="}], "nextSeq": 3, "exited": true,
            "exitCode": 3, "closed": true, "failure": null, "sandboxDenied": false, "reason": "exited",
        })
    );
    assert_eq!(
        client
            .call("process/terminate", json!({"processId": "p"}))
            .await,
        Ok(json!({"running": false}))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn refused_starts_have_the_words_of_the_reference_and_free_the_id() {
    let server = server(|_| {});
    let (mut client, _) = Client::new(&server).await;
    let missing = "No such file or directory (os error 2)";
    for (more, code, words) in [
        (json!({"argv": []}), -32602, "argv must not be empty"),
        (
            json!({"argv": [""]}),
            -32603,
            "missing program for pipe spawn",
        ),
        (
            json!({"argv": [""], "tty": true}),
            -32603,
            "missing program for PTY spawn",
        ),
        (json!({"argv": ["/no/such"]}), -32603, missing),
        (json!({"cwd": "file:///no/such"}), -32603, missing),
        (
            json!({"cwd": "file:///no/such", "tty": true}),
            -32603,
            missing,
        ),
        (
            json!({"argv": ["a\0b"]}),
            -32603,
            "nul byte found in provided data",
        ),
        (
            json!({"cwd": "file://h/tmp"}),
            -32602,
            "cwd URI `file://h/tmp` is not valid on this exec-server host: 'file://h/tmp' is invalid on 'linux'",
        ),
    ] {
        let refused = client.start("p", "true", more.clone()).await;
        assert_eq!(refused, Err((code, words.to_owned())), "{more}");
    }
    client.sh("p", "sleep 100").await;
    assert_eq!(
        client.start("p", "true", json!({})).await,
        Err((-32600, "process p already exists".to_owned()))
    );
    assert_eq!(
        client
            .call("process/terminate", json!({"processId": "p"}))
            .await,
        Ok(json!({"running": true}))
    );
    let exit = client.ending("p").await.exit;
    assert_eq!(
        (&exit["exitCode"], &exit["reason"]),
        (&json!(137), &json!("terminated"))
    );
    // Closed and delivered: the id is free again.
    client.sh("p", "true").await;
    server.shutdown().await;
}

#[tokio::test]
async fn stdin_is_written_once_and_ends_when_told_to() {
    let server = server(|_| {});
    let (mut client, _) = Client::new(&server).await;
    client.sh("cat", "cat").await;
    let write = |id: &str, text: &str| json!({"processId": "cat", "chunk": encode(text.as_bytes()), "writeId": id});
    for _ in 0..2 {
        let written = client
            .call("process/write", write("1", "once\n"))
            .await
            .unwrap();
        assert_eq!(written, json!({"status": "accepted", "accepted": true}));
    }
    let old = json!({"processId": "cat", "chunk": encode(b"old\n")});
    assert_eq!(
        client.call("process/write", old).await.unwrap()["accepted"],
        true
    );
    assert_eq!(
        client.call("process/write", write("", "x")).await,
        Err((-32602, "writeId must not be empty".to_owned()))
    );
    let closed = client
        .call("process/closeStdin", json!({"processId": "cat"}))
        .await;
    assert_eq!(closed, Ok(json!({"status": "accepted"})));
    assert_eq!(client.ending("cat").await.stdout, b"once\nold\n");
    let late = client.call("process/write", write("9", "x")).await.unwrap();
    assert_eq!(late["status"], "stdinClosed");
    let nobody = client
        .call(
            "process/write",
            json!({"processId": "x", "chunk": "", "writeId": "1"}),
        )
        .await;
    assert_eq!(nobody.unwrap()["status"], "unknownProcess");
    server.shutdown().await;
}

#[tokio::test]
async fn signals_sizes_time_limits_and_lists_are_served() {
    let server = server(|_| {});
    let (mut client, _) = Client::new(&server).await;
    client
        .start(
            "t",
            "stty size; read x; stty size; kill -TERM $$",
            json!({"tty": true, "size": {"rows": 5, "cols": 70}}),
        )
        .await
        .unwrap();
    client.until(|m| m["method"] == "process/output").await;
    let resized = client
        .call(
            "process/resize",
            json!({"processId": "t", "size": {"rows": 9, "cols": 33}}),
        )
        .await;
    assert_eq!(resized, Ok(json!({})));
    client
        .call(
            "process/write",
            json!({"processId": "t", "chunk": encode(b"\n"), "writeId": "1"}),
        )
        .await
        .unwrap();
    let ending = client.ending("t").await;
    assert!(String::from_utf8_lossy(&ending.stdout).contains("9 33"));
    assert_eq!(ending.exit["exitCode"], 143);
    assert_eq!(
        (&ending.exit["reason"], &ending.exit["signal"]),
        (&json!("signaled"), &json!("SIGTERM"))
    );

    client
        .sh(
            "s",
            "trap 'exit 7' USR1; echo ready; while :; do sleep 0.05; done",
        )
        .await;
    client.until(|m| m["params"]["processId"] == "s").await;
    let listed = client.call("process/list", json!(null)).await.unwrap();
    assert_eq!(listed["processes"][1]["processId"], "s");
    client
        .call(
            "process/signal",
            json!({"processId": "s", "signal": "user1"}),
        )
        .await
        .unwrap();
    assert_eq!(client.ending("s").await.exit["exitCode"], 7);
    assert_eq!(
        client
            .call(
                "process/signal",
                json!({"processId": "none", "signal": "interrupt"})
            )
            .await,
        Ok(json!({}))
    );

    client
        .start("l", "sleep 100", json!({"timeoutMs": 50}))
        .await
        .unwrap();
    let exit = client.ending("l").await.exit;
    assert_eq!(
        (&exit["reason"], &exit["exitCode"]),
        (&json!("timedOut"), &json!(137))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn an_unfollowed_process_waits_and_is_read_instead() {
    let server = server(|config| config.processes.retain_bytes = 64 << 10);
    let (mut client, _) = Client::new(&server).await;
    client
        .sh(
            "p",
            "echo first; read x; head -c 300000 /dev/zero | tr '\\0' y; echo last",
        )
        .await;
    client.until(|m| m["method"] == "process/output").await;
    client
        .call("process/follow", json!({"processId": "p", "follow": false}))
        .await
        .unwrap();
    client
        .call(
            "process/write",
            json!({"processId": "p", "chunk": encode(b"\n"), "writeId": "1"}),
        )
        .await
        .unwrap();
    let (mut after, mut read) = (1, Vec::new());
    loop {
        let params =
            json!({"processId": "p", "afterSeq": after, "waitMs": 10_000, "maxBytes": 50_000});
        let page = client.call("process/read", params).await.unwrap();
        for chunk in page["chunks"].as_array().unwrap() {
            assert_eq!(chunk["seq"], after + 1);
            after += 1;
            read.extend(decode(chunk["chunk"].as_str().unwrap()));
        }
        assert!(page.get("lostBytes").is_none());
        if page["closed"] == true && page["chunks"].as_array().unwrap().is_empty() {
            break;
        }
    }
    assert_eq!(read.len(), 300_000 + "last\n".len());
    assert!(read.ends_with(b"ylast\n"));
    server.shutdown().await;
}
