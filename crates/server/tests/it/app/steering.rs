use serde_json::json;

use super::{plain, refused, server, sh};
use crate::client::{Client, decode, encode};

/// Asks for `sh -c SCRIPT` whose input can be written; returns the request's id.
async fn begin(client: &mut Client, id: &str, script: &str) -> i64 {
    let params = json!({
        "command": ["sh", "-c", script], "processId": id, "streamStdin": true,
        "disableTimeout": true,
    });
    client.ask("command/exec", params).await
}

#[tokio::test]
async fn input_is_written_in_order_and_closed() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let running = begin(&mut client, "c", "cat").await;
    // Everything at once: what steers a command waits for its start.
    let mut written = String::new();
    for at in 0..100 {
        let line = format!("{at}\n");
        let params = json!({"processId": "c", "deltaBase64": encode(line.as_bytes())});
        client.ask("command/exec/write", params).await;
        written += &line;
    }
    let last = json!({"processId": "c", "deltaBase64": "eA==", "closeStdin": true});
    let closed = client.ask("command/exec/write", last).await;
    let late = json!({"processId": "c", "deltaBase64": "eQ=="});
    let late = client.ask("command/exec/write", late).await;
    assert_eq!(client.answer(closed).await, Ok(json!({})));
    let (code, words) = client.answer(late).await.unwrap_err();
    assert_eq!(code, -32600);
    assert!(
        words == "stdin is already closed"
            || words == "no active command/exec for process id \"c\"",
        "{words}"
    );
    let answer = client.answer(running).await.unwrap();
    assert_eq!(answer["stdout"], written + "x");
    server.shutdown().await;
}

#[tokio::test]
async fn steering_is_refused_in_the_words_of_the_reference() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let running = begin(&mut client, "c", "cat").await;
    let deaf = json!({"command": ["sleep", "600"], "processId": "d", "disableTimeout": true});
    let deaf = client.ask("command/exec", deaf).await;
    let unknown = "no active command/exec for process id \"n\"";
    let no_size = "command/exec size rows and cols must be greater than 0";
    for (method, params, code, words) in [
        (
            "write",
            json!({"processId": "n", "closeStdin": true}),
            -32600,
            unknown,
        ),
        ("terminate", json!({"processId": "n"}), -32600, unknown),
        (
            "resize",
            json!({"processId": "n", "size": {"rows": 1, "cols": 1}}),
            -32600,
            unknown,
        ),
        (
            "resize",
            json!({"processId": "n", "size": {"rows": 0, "cols": 1}}),
            -32602,
            no_size,
        ),
        (
            "write",
            json!({"processId": "n"}),
            -32602,
            "command/exec/write requires deltaBase64 or closeStdin",
        ),
        (
            "write",
            json!({"processId": "c", "deltaBase64": "***"}),
            -32602,
            "invalid deltaBase64: Invalid symbol 42, offset 0.",
        ),
        (
            "write",
            json!({"processId": "c", "deltaBase64": "aGk"}),
            -32602,
            "invalid deltaBase64: Invalid padding",
        ),
        (
            "write",
            json!({"processId": "d", "deltaBase64": "eA=="}),
            -32600,
            "stdin streaming is not enabled for this command/exec",
        ),
        (
            "resize",
            json!({"processId": "c", "size": {"rows": 1, "cols": 1}}),
            -32600,
            "failed to resize PTY: process is not attached to a PTY",
        ),
    ] {
        let answer = client
            .call(&format!("command/exec/{method}"), params.clone())
            .await;
        assert_eq!(answer, refused(code, words), "{method} {params}");
    }
    assert_eq!(
        sh(&mut client, "true", &json!({"processId": "c"})).await,
        refused(-32600, "duplicate active command/exec process id: \"c\"")
    );
    for id in ["c", "d"] {
        let ended = client
            .call("command/exec/terminate", json!({"processId": id}))
            .await;
        assert_eq!(ended, Ok(json!({})));
    }
    for request in [running, deaf] {
        assert_eq!(client.answer(request).await.unwrap()["exitCode"], 137);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn a_terminal_has_a_size_and_an_end_of_input() {
    let server = server(|_| {});
    let mut client = plain(&server).await;
    let params = json!({
        "command": ["sh", "-c", "stty size; read x; stty size; cat; echo over"], "processId": "t",
        "tty": true, "size": {"rows": 20, "cols": 60},
    });
    let running = client.ask("command/exec", params).await;
    let mut output = String::new();
    let mut until = async |client: &mut Client, text: &str| {
        while !output.contains(text) {
            let told = client.told().await;
            assert_eq!(told["params"]["stream"], "stdout");
            let bytes = decode(told["params"]["deltaBase64"].as_str().unwrap());
            output.push_str(&String::from_utf8(bytes).unwrap());
        }
    };
    until(&mut client, "20 60\r\n").await;
    let resize = json!({"processId": "t", "size": {"rows": 48, "cols": 160}});
    client.call("command/exec/resize", resize).await.unwrap();
    let enter = json!({"processId": "t", "deltaBase64": encode(b"\n")});
    client.call("command/exec/write", enter).await.unwrap();
    until(&mut client, "48 160\r\n").await;
    let close = json!({"processId": "t", "closeStdin": true});
    client.call("command/exec/write", close).await.unwrap();
    until(&mut client, "over\r\n").await;
    assert_eq!(
        client.answer(running).await,
        Ok(json!({"exitCode": 0, "stdout": "", "stderr": ""}))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_terminate_ends_the_whole_tree_and_the_end_of_a_connection_too() {
    let server = server(|config| {
        let helper = env!("CARGO_BIN_EXE_outpost-helper");
        config.keeper.program = outpost_host::process::keeper::KeeperProgram::Path(helper.into());
    });
    for by_terminate in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
        let mut client = plain(&server).await;
        // Whoever holds the writing end is alive: the shell, and one that left its group.
        let script = format!(
            "setsid sh -c 'exec 3>{0}; echo up; sleep 600' & exec 3>{0}; trap '' TERM; echo up; wait",
            fifo.display()
        );
        let held = tokio::task::spawn_blocking(move || std::fs::read(fifo).unwrap());
        let params = json!({
            "command": ["sh", "-c", script], "processId": "c", "streamStdoutStderr": true,
            "disableTimeout": true,
        });
        let running = client.ask("command/exec", params).await;
        let mut output = Vec::new();
        while output.len() < "up\nup\n".len() {
            let told = client.told().await;
            output.extend(decode(told["params"]["deltaBase64"].as_str().unwrap()));
        }
        if by_terminate {
            let ended = json!({"processId": "c"});
            client.call("command/exec/terminate", ended).await.unwrap();
            assert_eq!(client.answer(running).await.unwrap()["exitCode"], 137);
        } else {
            drop(client);
        }
        // The end of the file comes with the end of the last of them.
        assert_eq!(held.await.unwrap(), b"");
    }
    server.shutdown().await;
}
