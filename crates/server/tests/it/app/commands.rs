use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{plain, refused, server, sh};
use crate::client::{Client, decode};

/// The answer of a command that was kept.
fn ended(code: i32, stdout: &str, stderr: &str) -> Result<Value, (i64, String)> {
    Ok(json!({"exitCode": code, "stdout": stdout, "stderr": stderr}))
}

#[tokio::test]
async fn a_command_is_answered_with_its_end_and_its_output() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let none = json!({});
    for (script, answer) in [
        ("echo out; echo err >&2; exit 7", ended(7, "out\n", "err\n")),
        ("kill -9 $$", ended(137, "", "")),
        ("kill -15 $$", ended(143, "", "")),
        ("printf '\\377\\376x'", ended(0, "\u{fffd}\u{fffd}x", "")),
        ("read line; echo \"$line.\"", ended(0, ".\n", "")),
    ] {
        assert_eq!(sh(&mut client, script, &none).await, answer, "{script}");
    }
    // Every name is a name, and free again.
    for _ in 0..2 {
        let named = json!({"processId": ""});
        assert_eq!(sh(&mut client, "echo x", &named).await, ended(0, "x\n", ""));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_folder_and_the_variables_are_as_asked() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let here = std::env::current_dir().unwrap();
    let pwd = |folder: &std::path::Path| ended(0, &format!("{}\n", folder.display()), "");
    assert_eq!(sh(&mut client, "pwd", &json!({})).await, pwd(&here));
    let there = json!({"cwd": "src"});
    assert_eq!(sh(&mut client, "pwd", &there).await, pwd(&here.join("src")));
    let missing = "failed to spawn command: No such file or directory (os error 2)";
    for cwd in ["nowhere", "/nowhere"] {
        let refusal = sh(&mut client, "pwd", &json!({"cwd": cwd})).await;
        assert_eq!(refusal, refused(-32603, missing));
    }
    let env = json!({"env": {"FOO": "bar", "HOME": null, "path": "p"}});
    let script = "echo $FOO; echo ${HOME-gone}; echo $path; test -n \"$PATH\" && echo kept";
    assert_eq!(
        sh(&mut client, script, &env).await,
        ended(0, "bar\ngone\np\nkept\n", "")
    );
    server.shutdown().await;
}

/// What is asked wrongly, and how it is refused.
fn odd_numbers() -> Vec<(Value, i64, &'static str)> {
    let needs_id = "command/exec tty or streaming requires a client-supplied processId";
    let missing = "failed to spawn command: No such file or directory (os error 2)";
    vec![
        (json!({"command": []}), -32600, "command must not be empty"),
        (
            json!({"command": "echo"}),
            -32600,
            "Invalid request: invalid type: string \"echo\", expected a sequence",
        ),
        (json!({"command": [""]}), -32603, missing),
        (json!({"command": ["/no/such"]}), -32603, missing),
        (
            json!({"command": ["a\0b"]}),
            -32603,
            "failed to spawn command: nul byte found in provided data",
        ),
        (
            json!({"timeoutMs": -1}),
            -32602,
            "command/exec timeoutMs must be non-negative, got -1",
        ),
        (
            json!({"timeoutMs": 1, "disableTimeout": true}),
            -32602,
            "command/exec cannot set both timeoutMs and disableTimeout",
        ),
        (
            json!({"outputBytesCap": -1}),
            -32600,
            "Invalid request: invalid value: integer `-1`, expected usize",
        ),
        (
            json!({"outputBytesCap": 1, "disableOutputCap": true}),
            -32602,
            "command/exec cannot set both outputBytesCap and disableOutputCap",
        ),
        (json!({"streamStdoutStderr": true}), -32600, needs_id),
        (json!({"tty": true}), -32600, needs_id),
        (json!({"streamStdin": true}), -32600, needs_id),
    ]
}

/// The same of terminals, policies, names and variables.
fn odd_policies() -> Vec<(Value, i64, &'static str)> {
    let no_size = "command/exec size rows and cols must be greater than 0";
    vec![
        (
            json!({"size": {"rows": 1, "cols": 1}}),
            -32602,
            "command/exec size requires tty: true",
        ),
        (
            json!({"processId": "t", "tty": true, "size": {"rows": 0, "cols": 1}}),
            -32602,
            no_size,
        ),
        (
            json!({"processId": "t", "tty": true, "size": {"rows": 70000, "cols": 1}}),
            -32600,
            "Invalid request: invalid value: integer `70000`, expected u16",
        ),
        (
            json!({"sandboxPolicy": {"type": "bogus"}}),
            -32600,
            "Invalid request: unknown variant `bogus`, expected one of `dangerFullAccess`, `readOnly`, `externalSandbox`, `workspaceWrite`",
        ),
        (
            json!({"permissionProfile": ":read-only", "sandboxPolicy": {"type": "readOnly"}}),
            -32600,
            "`permissionProfile` cannot be combined with `sandboxPolicy`",
        ),
        (
            json!({"permissionProfile": ":x"}),
            -32600,
            "invalid permission profile: default_permissions refers to unknown built-in profile `:x`",
        ),
        (
            json!({"processId": "x".repeat(1025)}),
            -32602,
            "the name of a command has at most 1024 bytes",
        ),
        (
            json!({"env": {"A=B": "1"}}),
            -32602,
            "environment variable name \"A=B\" is not valid",
        ),
    ]
}

#[tokio::test]
async fn commands_are_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    for (more, code, words) in odd_numbers().into_iter().chain(odd_policies()) {
        let answer = sh(&mut client, "true", &more).await;
        assert_eq!(answer, refused(code, words), "{more}");
    }
    let longest = json!({"processId": "x".repeat(1024)});
    assert_eq!(sh(&mut client, "true", &longest).await, ended(0, "", ""));
    server.shutdown().await;
}

#[tokio::test]
async fn a_command_whose_time_is_over_ends_with_124_and_what_it_said() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let began = Instant::now();
    let short = json!({"timeoutMs": 300});
    let script = "echo a; sleep 600; echo b";
    assert_eq!(sh(&mut client, script, &short).await, ended(124, "a\n", ""));
    let none = json!({"timeoutMs": 0});
    let answer = sh(&mut client, "sleep 600", &none).await;
    assert_eq!(answer, ended(124, "", ""));
    assert!(began.elapsed() < Duration::from_secs(60));
    let never = json!({"disableTimeout": true});
    assert_eq!(sh(&mut client, "echo x", &never).await, ended(0, "x\n", ""));
    server.shutdown().await;
}

#[tokio::test]
async fn each_stream_is_cut_at_the_cap() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let script = "echo 0123456789; echo abcdefghij >&2";
    for (cap, out, err) in [
        (4, "0123", "abcd"),
        (0, "", ""),
        (11, "0123456789\n", "abcdefghij\n"),
    ] {
        let capped = json!({"outputBytesCap": cap});
        assert_eq!(sh(&mut client, script, &capped).await, ended(0, out, err));
    }
    let many = "head -c 3000000 /dev/zero | tr '\\0' a";
    for (more, bytes) in [
        (json!({}), 1 << 20),
        (json!({"disableOutputCap": true}), 3_000_000),
    ] {
        let answer = sh(&mut client, many, &more).await.unwrap();
        assert_eq!(answer["stdout"].as_str().unwrap().len(), bytes);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn output_that_does_not_fit_the_memory_ends_its_command_and_no_other() {
    let server = server(|config| config.buffered_bytes = 100);
    let mut client = plain(&server).await;
    let waits = json!({"command": ["cat"], "processId": "c", "streamStdin": true});
    let waiting = client.ask("command/exec", waits).await;
    let (code, words) = sh(&mut client, "yes", &json!({})).await.unwrap_err();
    assert_eq!(code, -32603);
    assert!(words.contains("there is no room"), "{words}");
    let close = json!({"processId": "c", "deltaBase64": "eA==", "closeStdin": true});
    client.call("command/exec/write", close).await.unwrap();
    assert_eq!(client.answer(waiting).await, ended(0, "x", ""));
    // What was kept is given back.
    assert_eq!(
        sh(&mut client, "printf %100s", &json!({})).await,
        ended(0, &" ".repeat(100), "")
    );
    server.shutdown().await;
}

/// What a command tells until it is answered: stream, bytes and whether the cap was met.
async fn told(client: &mut Client, id: i64) -> (Vec<(String, String, bool)>, Value) {
    let mut told = Vec::new();
    loop {
        let message = client.next().await.unwrap();
        if message["id"] == json!(id) {
            return (told, message);
        }
        assert_eq!(message["method"], "command/exec/outputDelta");
        assert!(message["emittedAtMs"].is_i64());
        let params = &message["params"];
        told.push((
            params["stream"].as_str().unwrap().to_owned(),
            String::from_utf8(decode(params["deltaBase64"].as_str().unwrap())).unwrap(),
            params["capReached"].as_bool().unwrap(),
        ));
    }
}

#[tokio::test]
async fn streamed_output_is_told_before_the_answer_and_left_out_of_it() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let delta = |stream: &str, text: &str, reached| (stream.to_owned(), text.to_owned(), reached);
    for (script, cap, deltas) in [
        (
            "echo out; sleep 0.1; echo err >&2; sleep 0.1; echo out2",
            json!(null),
            vec![
                delta("stdout", "out\n", false),
                delta("stderr", "err\n", false),
                delta("stdout", "out2\n", false),
            ],
        ),
        (
            "echo 0123456789; sleep 0.1; echo abcdefghij; sleep 0.1; echo z >&2; echo more",
            json!(14),
            vec![
                delta("stdout", "0123456789\n", false),
                delta("stdout", "abc", true),
                delta("stderr", "z\n", false),
            ],
        ),
        ("echo abcd", json!(0), vec![delta("stdout", "", true)]),
    ] {
        let params = json!({
            "command": ["sh", "-c", script], "processId": "s", "streamStdoutStderr": true,
            "outputBytesCap": cap,
        });
        let id = client.ask("command/exec", params).await;
        let (heard, answer) = told(&mut client, id).await;
        assert_eq!(heard, deltas);
        assert_eq!(
            answer["result"],
            json!({"exitCode": 0, "stdout": "", "stderr": ""})
        );
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_command_and_loses_nothing() {
    const BYTES: usize = 24 << 20;
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let script = format!("head -c {BYTES} /dev/zero; echo done >&2");
    let params = json!({
        "command": ["sh", "-c", script], "processId": "s", "streamStdoutStderr": true,
        "disableTimeout": true, "disableOutputCap": true,
    });
    let id = client.ask("command/exec", params).await;
    // Nothing is read until the command has filled what there is.
    while client.link.rx.is_empty() {
        tokio::task::yield_now().await;
    }
    let (heard, answer) = told(&mut client, id).await;
    let zeros = heard.iter().filter(|(stream, ..)| stream == "stdout");
    assert_eq!(zeros.map(|(_, text, _)| text.len()).sum::<usize>(), BYTES);
    assert_eq!(answer["result"]["exitCode"], 0);
    server.shutdown().await;
}

#[tokio::test]
async fn many_capped_streams_leave_the_queue_to_others() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let mut asked = Vec::new();
    for at in 0..60 {
        let params = json!({
            "command": ["sh", "-c", "echo ab; read x; echo cd"], "processId": format!("c{at}"),
            "streamStdin": true, "streamStdoutStderr": true, "outputBytesCap": 1,
        });
        asked.push(client.ask("command/exec", params).await);
    }
    for at in 0..60 {
        let close = json!({"processId": format!("c{at}"), "closeStdin": true});
        client.call("command/exec/write", close).await.unwrap();
    }
    for id in asked {
        assert_eq!(client.answer(id).await, ended(0, "", ""));
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_background_child_that_holds_the_output_is_waited_for_a_little_and_ended() {
    let server = server(|config| {
        config.processes.drain_after_exit = Some(Duration::from_millis(100));
    });
    let mut client = plain(&server).await;
    let answer = sh(&mut client, "sleep 600 & echo $!", &json!({})).await;
    let pid = answer.unwrap()["stdout"]
        .as_str()
        .unwrap()
        .trim()
        .to_owned();
    while std::path::Path::new(&format!("/proc/{pid}")).exists() {
        tokio::task::yield_now().await;
    }
    server.shutdown().await;
}
