use outpost_server::app::AppConfig;
use serde_json::json;

use super::{plain, refused, server, with};

#[tokio::test]
async fn a_process_is_answered_for_when_it_starts_and_its_end_is_told() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let script = "echo hi; echo er >&2; exit 4";
    let params = json!({"command": ["sh", "-c", script], "cwd": "/tmp", "processHandle": "h"});
    let id = client.ask("process/spawn", params).await;
    assert_eq!(
        client.next().await.unwrap(),
        json!({"id": id, "result": {}})
    );
    let told = client.told().await;
    assert_eq!(told["method"], "process/exited");
    assert!(told["emittedAtMs"].is_i64());
    assert_eq!(
        told["params"],
        json!({
            "processHandle": "h", "exitCode": 4, "outputDrainTimedOut": false, "stdout": "hi\n",
            "stdoutCapReached": false, "stderr": "er\n", "stderrCapReached": false,
        })
    );
    let params = json!({
        "command": ["printf", "abcdef"], "cwd": "/tmp", "processHandle": "h",
        "streamStdoutStderr": true, "outputBytesCap": 2,
    });
    client.call("process/spawn", params).await.unwrap();
    let told = client.told().await;
    assert_eq!(told["method"], "process/outputDelta");
    assert_eq!(
        told["params"],
        json!({"processHandle": "h", "stream": "stdout", "deltaBase64": "YWI=", "capReached": true})
    );
    let told = client.told().await;
    assert_eq!(told["params"]["stdoutCapReached"], true);
    assert_eq!(told["params"]["stdout"], "");
    server.shutdown().await;
}

#[tokio::test]
async fn output_that_does_not_fit_the_memory_ends_its_process_and_the_end_is_told() {
    let server = server(|config| config.buffered_bytes = 100);
    let mut client = plain(&server).await;
    let params = json!({
        "command": ["sh", "-c", "printf %60s; printf %60s >&2; sleep 600"], "cwd": "/",
        "processHandle": "h", "timeoutMs": null,
    });
    for _ in 0..2 {
        client.call("process/spawn", params.clone()).await.unwrap();
        let told = client.told().await;
        assert_eq!(told["method"], "process/exited");
        let end = &told["params"];
        assert_eq!(
            (&end["processHandle"], &end["exitCode"]),
            (&json!("h"), &json!(137))
        );
        // The two streams are read by turns, so either may be the one without room.
        let kept = ["stdout", "stderr"].map(|name| end[name].as_str().unwrap().len());
        let cut = ["stdoutCapReached", "stderrCapReached"].map(|name| end[name] == true);
        assert!(kept == [60, 0] && cut == [false, true] || kept == [0, 60] && cut == [true, false]);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_start_beyond_the_bound_is_refused_as_overload_that_may_be_tried_again() {
    for (bound, words) in [
        (
            (|config| config.processes.processes = 1) as fn(&mut AppConfig),
            "the connection has 1 processes that have not ended",
        ),
        (
            |config| config.keeper.max_processes = 1,
            "the server keeps 1 process trees",
        ),
    ] {
        let server = server(bound);
        let mut client = plain(&server).await;
        let spawn = |handle: &str| json!({"command": ["cat"], "cwd": "/", "processHandle": handle, "streamStdin": true});
        client.call("process/spawn", spawn("a")).await.unwrap();
        for (method, params) in [
            ("process/spawn", spawn("b")),
            ("command/exec", json!({"command": ["true"]})),
        ] {
            let id = client.ask(method, params).await;
            assert_eq!(
                client.next().await.unwrap(),
                json!({"id": id, "error": {
                    "code": -32001, "message": format!("Server overloaded; retry later: {words}"),
                    "data": {"codexErrorInfo": "server_overloaded"},
                }})
            );
        }
        client
            .call("process/kill", json!({"processHandle": "a"}))
            .await
            .unwrap();
        assert_eq!(client.told().await["method"], "process/exited");
        // The place of what has ended is free a moment after its end was told.
        let again = async {
            while let Err((code, words)) = client
                .call("command/exec", json!({"command": ["true"]}))
                .await
            {
                assert_eq!(code, -32001, "{words}");
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), again)
            .await
            .expect("there is room again");
        server.shutdown().await;
    }
}

#[tokio::test]
async fn processes_are_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let base =
        json!({"command": ["sleep", "600"], "cwd": "/", "processHandle": "h", "timeoutMs": null});
    client.call("process/spawn", base.clone()).await.unwrap();
    let missing = "failed to spawn process: No such file or directory (os error 2)";
    let no_size = "process size rows and cols must be greater than 0";
    for (more, code, words) in [
        (json!({}), -32600, "duplicate active process handle: \"h\""),
        (json!({"command": []}), -32600, "command must not be empty"),
        (
            json!({"processHandle": ""}),
            -32600,
            "processHandle must not be empty",
        ),
        (
            json!({"size": {"rows": 1, "cols": 1}}),
            -32602,
            "process/spawn size requires tty: true",
        ),
        (
            json!({"tty": true, "size": {"rows": 0, "cols": 1}}),
            -32602,
            no_size,
        ),
        (
            json!({"timeoutMs": -1}),
            -32602,
            "process/spawn timeoutMs must be non-negative, got -1",
        ),
        (
            json!({"processHandle": "x", "command": ["/nope"]}),
            -32603,
            missing,
        ),
        (
            json!({"processHandle": "x", "cwd": "/nope"}),
            -32603,
            missing,
        ),
        (
            json!({"cwd": "rel"}),
            -32600,
            "Invalid request: AbsolutePathBuf deserialized without a base path",
        ),
    ] {
        let answer = client
            .call("process/spawn", with(base.clone(), &more))
            .await;
        assert_eq!(answer, refused(code, words), "{more}");
    }
    client
        .call("process/kill", json!({"processHandle": "h"}))
        .await
        .unwrap();
    let told = client.told().await;
    assert_eq!(told["params"]["exitCode"], 137);
    // Its handle is free by then.
    client
        .call("process/spawn", with(base, &json!({"timeoutMs": 0})))
        .await
        .unwrap();
    assert_eq!(client.told().await["params"]["exitCode"], 124);
    server.shutdown().await;
}

#[tokio::test]
async fn output_that_is_held_open_is_given_up_and_said_so() {
    let server = server(|config| {
        config.processes.drain_after_exit = Some(std::time::Duration::from_millis(100));
    });
    let mut client = plain(&server).await;
    let script = "sleep 600 & echo x";
    let params = json!({"command": ["sh", "-c", script], "cwd": "/", "processHandle": "h"});
    client.call("process/spawn", params).await.unwrap();
    let told = client.told().await;
    assert_eq!(told["params"]["outputDrainTimedOut"], true);
    assert_eq!(told["params"]["stdout"], "x\n");
    server.shutdown().await;
}

#[tokio::test]
async fn steering_a_process_is_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let deaf = json!({"command": ["sleep", "600"], "cwd": "/", "processHandle": "h"});
    client.call("process/spawn", deaf).await.unwrap();
    let no_size = "process size rows and cols must be greater than 0";
    let unknown = "no active process for process handle \"q\"";
    for (method, params, code, words) in [
        (
            "writeStdin",
            json!({"processHandle": "h"}),
            -32602,
            "process/writeStdin requires deltaBase64 or closeStdin",
        ),
        (
            "writeStdin",
            json!({"processHandle": "h", "deltaBase64": "eA=="}),
            -32600,
            "stdin streaming is not enabled for this process",
        ),
        (
            "writeStdin",
            json!({"processHandle": "q", "closeStdin": true}),
            -32600,
            unknown,
        ),
        (
            "resizePty",
            json!({"processHandle": "h", "size": {"rows": 1, "cols": 1}}),
            -32600,
            "failed to resize PTY: process is not attached to a PTY",
        ),
        (
            "resizePty",
            json!({"processHandle": "h", "size": {"rows": 0, "cols": 1}}),
            -32602,
            no_size,
        ),
        ("kill", json!({"processHandle": "q"}), -32600, unknown),
    ] {
        let answer = client.call(&format!("process/{method}"), params).await;
        assert_eq!(answer, refused(code, words), "{method}");
    }
    server.shutdown().await;
}
