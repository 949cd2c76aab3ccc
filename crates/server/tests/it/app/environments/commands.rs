//! Commands elsewhere are answered as commands of this machine are.

use outpost_host::process::keeper::KeeperProgram;
use outpost_rpc::listen::Auth;
use outpost_testkit::leaks::{Marker, VARIABLE};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::{Far, PATIENCE, Server, knowing, plain, refused, sh, there, told};
use crate::{
    app::with,
    client::{Client, decode, encode},
};

/// An exec server that can raise walls, and an app server that knows it and can as well.
async fn walled() -> (Far, Server) {
    let helper = || KeeperProgram::Path(env!("CARGO_BIN_EXE_outpost-helper").into());
    let far = Far::with(|config| config.keeper.program = helper(), Auth::Open).await;
    let text = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", far.url());
    let server = super::configured(&text, |config| config.keeper.program = helper());
    (far, server)
}

/// What is asked, and the same of `box`.
fn both(params: &Value) -> [Value; 2] {
    [params.clone(), with(params.clone(), &there())]
}

/// Asks for it here and there, and expects one answer.
async fn alike(client: &mut Client, params: &Value) -> Result<Value, (i64, String)> {
    let mut answers = Vec::new();
    for params in both(params) {
        answers.push(client.call("command/exec", params).await);
    }
    let far = answers.pop().unwrap();
    assert_eq!(answers.pop().unwrap(), far, "{params}");
    far
}

fn script(script: &str, more: &Value) -> Value {
    with(json!({"command": ["sh", "-c", script]}), more)
}

#[tokio::test]
async fn a_kept_command_is_answered_alike_here_and_there() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let none = json!({});
    for (text, more, code) in [
        ("echo out; echo err >&2; exit 7", none.clone(), 7),
        ("kill -9 $$", none.clone(), 137),
        ("kill -15 $$", none.clone(), 143),
        ("printf '\\377\\376x'", none.clone(), 0),
        ("read line; echo \"$line.\"", none.clone(), 0),
        ("pwd", none.clone(), 0),
        ("pwd", json!({"cwd": "src"}), 0),
        ("pwd", json!({"cwd": "/usr"}), 0),
        ("echo a; sleep 600; echo b", json!({"timeoutMs": 300}), 124),
        ("sleep 600", json!({"timeoutMs": 0}), 124),
        ("echo x", json!({"disableTimeout": true}), 0),
        ("echo 0123456789", json!({"outputBytesCap": 4}), 0),
        ("echo x", json!({"outputBytesCap": 0}), 0),
        ("seq 300000", none.clone(), 0),
        ("seq 300000", json!({"disableOutputCap": true}), 0),
        (
            "echo $FOO ${HOME-gone}; test -n \"$PATH\" && echo kept",
            json!({"env": {"FOO": "bar", "HOME": null}}),
            0,
        ),
        (
            "echo ${CODEX_SANDBOX_NETWORK_DISABLED-free}",
            json!({"sandboxPolicy": {"type": "externalSandbox"}}),
            0,
        ),
    ] {
        let answer = alike(&mut client, &script(text, &more)).await.unwrap();
        assert_eq!(answer["exitCode"], code, "{text} {more}");
    }
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_alike_here_and_there() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let missing = "failed to spawn command: No such file or directory (os error 2)";
    for (params, code, words) in [
        (json!({"command": []}), -32600, "command must not be empty"),
        (json!({"command": ["/no/such"]}), -32603, missing),
        (json!({"command": ["no-such-program"]}), -32603, missing),
        (json!({"command": [""]}), -32603, missing),
        (
            json!({"command": ["true"], "cwd": "/nowhere"}),
            -32603,
            missing,
        ),
        (
            json!({"command": ["/etc/passwd"]}),
            -32603,
            "failed to spawn command: Permission denied (os error 13)",
        ),
        (
            json!({"command": ["a\0b"]}),
            -32603,
            "failed to spawn command: nul byte found in provided data",
        ),
        (
            json!({"command": ["true"], "env": {"A=B": "1"}}),
            -32602,
            "environment variable name \"A=B\" is not valid",
        ),
        (
            json!({"command": ["no-such"], "tty": true, "processId": "t"}),
            -32603,
            missing,
        ),
    ] {
        let answer = alike(&mut client, &params).await;
        assert_eq!(answer, refused(code, words), "{params}");
    }
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn a_policy_is_sent_along_and_holds_there() {
    if outpost_testkit::walls::missing() {
        return;
    }
    let (mut far, server) = walled().await;
    let mut client = plain(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let (read, write) = (
        json!({"type": "readOnly"}),
        json!({"type": "workspaceWrite", "excludeSlashTmp": true}),
    );
    let tries = "touch a 2>/dev/null && echo wrote; mkdir .git 2>/dev/null && echo git; \
                 echo $CODEX_SANDBOX_NETWORK_DISABLED; rm -f a";
    for (policy, said) in [(read, "1\n"), (write, "wrote\n1\n")] {
        let more = json!({
            "cwd": folder.path(), "sandboxPolicy": policy, "env": {"TMPDIR": null},
        });
        let answer = alike(&mut client, &script(tries, &more)).await.unwrap();
        assert_eq!(answer["stdout"], said, "{policy}");
        let missing = json!({"command": ["/no/such"], "sandboxPolicy": policy});
        let words = "failed to spawn command: No such file or directory (os error 2)";
        let answer = alike(&mut client, &missing).await;
        assert_eq!(answer, refused(-32603, words));
    }
    server.shutdown().await;
    far.end().await;
}

async fn write(client: &mut Client, params: Value) -> Result<Value, (i64, String)> {
    let params = with(json!({"processId": "c"}), &params);
    client.call("command/exec/write", params).await
}

#[tokio::test]
async fn a_command_there_is_fed_and_told_as_it_goes() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let streams = json!({
        "processId": "c", "streamStdin": true, "streamStdoutStderr": true, "environmentId": "box",
    });
    let id = client
        .ask("command/exec", script("cat; exit 3", &streams))
        .await;
    let duplicate = refused(-32600, "duplicate active command/exec process id: \"c\"");
    assert_eq!(sh(&mut client, "true", &streams).await, duplicate);
    let input = json!({"deltaBase64": encode(b"in\n")});
    assert_eq!(write(&mut client, input.clone()).await, Ok(json!({})));
    let end = json!({"deltaBase64": encode(b"put\n"), "closeStdin": true});
    assert_eq!(write(&mut client, end).await, Ok(json!({})));
    let (output, answer) = told(&mut client, id).await;
    assert_eq!(output, b"in\nput\n");
    let ended = json!({"exitCode": 3, "stdout": "", "stderr": ""});
    assert_eq!(answer["result"], ended);
    let gone = "no active command/exec for process id \"c\"";
    assert_eq!(
        write(&mut client, input.clone()).await,
        refused(-32600, gone)
    );
    // A closed input is closed, and one that was not asked for is not there.
    let id = client
        .ask("command/exec", script("read a; sleep 600", &streams))
        .await;
    let close = json!({"closeStdin": true});
    assert_eq!(write(&mut client, close).await, Ok(json!({})));
    let closed = refused(-32600, "stdin is already closed");
    assert_eq!(write(&mut client, input).await, closed);
    let size = json!({"processId": "c", "size": {"rows": 9, "cols": 9}});
    let words = "failed to resize PTY: process is not attached to a PTY";
    let resized = client.call("command/exec/resize", size).await;
    assert_eq!(resized, refused(-32600, words));
    let terminate = json!({"processId": "c"});
    let terminated = client.call("command/exec/terminate", terminate).await;
    assert_eq!(terminated, Ok(json!({})));
    assert_eq!(client.answer(id).await.unwrap()["exitCode"], 137);
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn a_terminal_there_has_the_size_it_is_given() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let terminal = json!({
        "processId": "c", "tty": true, "size": {"rows": 11, "cols": 22}, "environmentId": "box",
    });
    let id = client
        .ask(
            "command/exec",
            script("stty size; read _; stty size", &terminal),
        )
        .await;
    let mut said = String::new();
    while !said.contains("11 22") {
        let delta = client.told().await;
        let bytes = decode(delta["params"]["deltaBase64"].as_str().unwrap());
        said.push_str(&String::from_utf8(bytes).unwrap());
    }
    let size = json!({"processId": "c", "size": {"rows": 33, "cols": 44}});
    let resized = client.call("command/exec/resize", size).await;
    assert_eq!(resized, Ok(json!({})));
    let line = json!({"deltaBase64": encode(b"\n")});
    assert_eq!(write(&mut client, line).await, Ok(json!({})));
    let (said, answer) = told(&mut client, id).await;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("33 44"), "{said}");
    assert_eq!(answer["result"]["exitCode"], 0);
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn a_process_there_is_told_of_as_one_here() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let mut ends = Vec::new();
    for params in both(&json!({
        "command": ["sh", "-c", "echo out; echo err >&2; exit 5"], "cwd": "/",
        "processHandle": "h", "outputBytesCap": 3,
    })) {
        assert_eq!(client.call("process/spawn", params).await, Ok(json!({})));
        let mut end = client.told().await;
        assert_eq!(end["method"], "process/exited");
        ends.push(end["params"].take());
    }
    assert_eq!(far.asked("process/start"), 1);
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0]["exitCode"], 5);
    assert_eq!(ends[0]["stdout"], "out");
    assert_eq!(ends[0]["stdoutCapReached"], true);
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn a_background_child_there_holds_the_answer_up_for_a_while_and_is_ended() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    let mut client = plain(&server).await;
    let marker = Marker::new();
    let params = json!({
        "command": ["sh", "-c", "echo x; sleep 600 & exit 4"], "cwd": "/", "processHandle": "h",
        "environmentId": "box", "env": {VARIABLE: marker.value()},
    });
    assert_eq!(client.call("process/spawn", params).await, Ok(json!({})));
    let end = client.told().await;
    assert_eq!(end["params"]["exitCode"], 4);
    assert_eq!(end["params"]["stdout"], "x\n");
    assert_eq!(end["params"]["outputDrainTimedOut"], true);
    spawn_blocking(move || marker.assert_gone(PATIENCE))
        .await
        .unwrap();
    server.shutdown().await;
    far.end().await;
}

#[tokio::test]
async fn e08_what_runs_there_ends_with_its_connection_and_with_the_server() {
    let mut far = Far::start().await;
    let server = knowing(&far);
    for ends_server in [false, true] {
        let mut client = plain(&server).await;
        let marker = Marker::new();
        let more = json!({
            "processId": "c", "streamStdoutStderr": true, "disableTimeout": true,
            "environmentId": "box", "env": {VARIABLE: marker.value()},
        });
        let params = script("sleep 600 & echo up; sleep 600", &more);
        client.ask("command/exec", params).await;
        assert_eq!(client.told().await["method"], "command/exec/outputDelta");
        assert!(!marker.living().is_empty());
        if ends_server {
            server.shutdown().await;
        } else {
            drop(client);
        }
        spawn_blocking(move || marker.assert_gone(PATIENCE))
            .await
            .unwrap();
    }
    far.end().await;
}

#[tokio::test]
async fn a_connection_has_so_much_running_there_and_no_more() {
    let mut far = Far::start().await;
    let text = format!("[[environments]]\nid = \"box\"\nurl = \"{}\"\n", far.url());
    let server = super::configured(&text, |config| config.processes.processes = 1);
    let mut client = plain(&server).await;
    let waits = json!({"processId": "c", "streamStdin": true, "environmentId": "box"});
    let id = client.ask("command/exec", script("cat", &waits)).await;
    // Answered when the command has started.
    assert_eq!(
        write(&mut client, json!({"deltaBase64": ""})).await,
        Ok(json!({}))
    );
    let (code, words) = sh(&mut client, "true", &there()).await.unwrap_err();
    assert_eq!(code, -32001);
    assert!(words.contains("has 1 processes"), "{words}");
    assert_eq!(
        write(&mut client, json!({"closeStdin": true})).await,
        Ok(json!({}))
    );
    assert_eq!(client.answer(id).await.unwrap()["exitCode"], 0);
    assert_eq!(
        sh(&mut client, "true", &there()).await.unwrap()["exitCode"],
        0
    );
    server.shutdown().await;
    far.end().await;
}
