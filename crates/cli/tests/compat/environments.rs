//! The app server works on the client's own exec-server.
//!
//! Here the roles are exchanged: `outpost app-server` is ours, and the environment it is told of
//! is served by the unmodified Codex. What Codex cannot do is refused by name.

use std::{
    fs,
    io::Write,
    net::SocketAddr,
    process::{ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
    proxy::Proxy,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{scene::PATIENCE, tools};

/// Ours, the client's exec-server, and a proxy between them.
struct Stage {
    ours: Program,
    stdin: ChildStdin,
    lines: Lines,
    asked: u64,
    theirs: Program,
    proxy: Proxy,
    marker: Marker,
    folder: TempDir,
}

impl Stage {
    /// Nothing when the story must be skipped.
    fn new() -> Option<Self> {
        let codex = tools::codex()?;
        let runs = tools::folder().join("runs");
        fs::create_dir_all(&runs).expect("a folder for the runs");
        let folder = TempDir::new_in(runs).expect("a folder for the run");
        let marker = Marker::new();
        let with_home = |command: &mut Command, name: &str| {
            let home = folder.path().join(name);
            // The reference makes no helpers in a home below the folder for temporary files.
            let temporary = folder.path().join("temporary");
            for folder in [&home, &temporary] {
                fs::create_dir_all(folder).expect("a folder");
            }
            command
                .current_dir(folder.path())
                .env("PATH", tools::search_path())
                .env("HOME", folder.path())
                .env("CODEX_HOME", &home)
                .env("OUTPOST_HOME", &home)
                .env("TMPDIR", &temporary)
                .env(VARIABLE, marker.value())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped());
        };
        let mut server = command(codex);
        server.args(["exec-server", "--listen", "ws://127.0.0.1:0"]);
        with_home(&mut server, "theirs");
        let mut theirs = Program::start(server.env("WHOSE", "theirs"));
        let lines = Lines::of(theirs.take_stdout().expect("stdout is a pipe"));
        let proxy = Proxy::start(address(&lines.line(PATIENCE).expect("it listens")));
        let mut server = command(env!("CARGO_BIN_EXE_outpost"));
        server.args(["app-server", "--stdio"]);
        with_home(&mut server, "ours");
        let mut ours = Program::start(server.env("WHOSE", "ours"));
        let mut stage = Self {
            stdin: ours.take_stdin().expect("stdin is a pipe"),
            lines: Lines::of(ours.take_stdout().expect("stdout is a pipe")),
            ours,
            asked: 0,
            theirs,
            proxy,
            marker,
            folder,
        };
        let hello = json!({"clientInfo": {"name": "t", "version": "1"},
            "capabilities": {"experimentalApi": true}});
        stage.ask("initialize", hello).expect("it says hello");
        let url = format!("ws://{}", stage.proxy.address());
        let box_ = json!({"environmentId": "box", "execServerUrl": url});
        assert_eq!(stage.ask("environment/add", box_), Ok(json!({})));
        Some(stage)
    }

    /// Asks without waiting for the answer.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "parameters are made where they are passed"
    )]
    fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.asked += 1;
        let message = json!({"id": self.asked, "method": method, "params": params});
        writeln!(self.stdin, "{message}").expect("it reads");
        self.asked
    }

    /// The next message.
    fn hear(&self, until: Instant) -> Value {
        let left = until.saturating_duration_since(Instant::now());
        let line = self.lines.line(left).expect("it goes on");
        serde_json::from_str(&line).expect("it says JSON")
    }

    /// What is told until the answer, as text, and the answer.
    fn end(&self, id: u64) -> (String, Result<Value, String>) {
        let until = Instant::now() + PATIENCE;
        let mut told = Vec::new();
        loop {
            let mut message = self.hear(until);
            if message["id"] == json!(id) {
                let text = String::from_utf8(told).expect("the scripts print text");
                return match message.get("error") {
                    Some(error) => (text, Err(error["message"].as_str().unwrap().to_owned())),
                    None => (text, Ok(message["result"].take())),
                };
            }
            if let Some(delta) = message["params"]["deltaBase64"].as_str() {
                let bytes = outpost_protocol::Base64Bytes::decode(delta);
                told.extend_from_slice(&bytes.expect("base64").0);
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Result<Value, String> {
        let id = self.begin(method, params);
        self.end(id).1
    }

    /// A script in the environment, with nothing to hold it.
    fn script(script: &str, more: &Value) -> Value {
        let mut params = json!({
            "command": ["sh", "-c", script], "environmentId": "box",
            "sandboxPolicy": {"type": "dangerFullAccess"},
        });
        let map = params.as_object_mut().expect("an object");
        map.extend(more.as_object().expect("an object").clone());
        params
    }

    fn run(&mut self, script: &str, more: &Value) -> Result<Value, String> {
        self.ask("command/exec", Self::script(script, more))
    }

    /// Everything ends, and nothing is left.
    fn finish(mut self) {
        drop(self.stdin);
        self.ours.wait(PATIENCE).expect("ours ends with its input");
        self.theirs.signal(rustix::process::Signal::TERM);
        self.theirs.wait(PATIENCE).expect("theirs ends on SIGTERM");
        self.marker.assert_gone(PATIENCE);
    }
}

fn address(line: &str) -> SocketAddr {
    let address = line
        .strip_prefix("ws://")
        .and_then(|address| address.parse().ok());
    address.unwrap_or_else(|| panic!("no address: {line}"))
}

#[test]
fn commands_end_there_as_they_do_here() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let folder = stage.folder.path().to_owned();
    let info = stage.ask("environment/info", json!({"environmentId": "box"}));
    let cwd = format!("file://{}", folder.display());
    assert_eq!(info.expect("it describes itself")["cwd"], cwd.as_str());
    for (script, more, code, out) in [
        ("echo $WHOSE; exit 7", json!({}), 7, "theirs\n"),
        ("kill -9 $$", json!({}), 137, ""),
        ("echo a; sleep 600", json!({"timeoutMs": 1000}), 124, "a\n"),
        ("sleep 600", json!({"timeoutMs": 0}), 124, ""),
        (
            "echo ${HOME-gone} $A",
            json!({"env": {"HOME": null, "A": "1"}}),
            0,
            "gone 1\n",
        ),
        ("pwd", json!({"cwd": "/usr"}), 0, "/usr\n"),
        ("echo 0123456789", json!({"outputBytesCap": 4}), 0, "0123"),
    ] {
        let answer = stage.run(script, &more).expect(script);
        assert_eq!(
            (&answer["exitCode"], &answer["stdout"]),
            (&json!(code), &json!(out))
        );
    }
    let missing = "failed to spawn command: No such file or directory (os error 2)";
    for more in [
        json!({"command": ["no-such-program"]}),
        json!({"command": ["no-such-program"], "tty": true, "processId": "t"}),
        json!({"cwd": "/nowhere"}),
    ] {
        assert_eq!(stage.run("true", &more), Err(missing.to_owned()), "{more}");
    }
    stage.finish();
}

#[test]
fn a_cut_loses_nothing_and_a_kill_ends_the_command() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let streams = json!({
        "processId": "p", "streamStdin": true, "streamStdoutStderr": true, "disableTimeout": true,
    });
    let script = "echo up; read line; seq 20000; echo $line";
    let id = stage.begin("command/exec", Stage::script(script, &streams));
    let until = Instant::now() + PATIENCE;
    while stage.hear(until)["params"]["deltaBase64"] != "dXAK" {}
    stage.proxy.cut();
    stage.begin(
        "command/exec/write",
        json!({"processId": "p", "deltaBase64": "aGkK"}),
    );
    let (told, answer) = stage.end(id);
    let numbers: String = (1..=20_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(answer.expect("it ends")["exitCode"], 0);
    assert!(told == numbers + "hi\n", "{} bytes", told.len());
    let id = stage.begin(
        "command/exec",
        Stage::script("echo up; sleep 600", &streams),
    );
    let until = Instant::now() + PATIENCE;
    while stage.hear(until)["params"]["deltaBase64"] != "dXAK" {}
    // What Codex cannot do is refused by name.
    let close = json!({"processId": "p", "closeStdin": true});
    let refused = stage
        .ask("command/exec/write", close)
        .expect_err("it cannot");
    assert!(refused.contains("environment `box`"), "{refused}");
    assert!(refused.contains("process/closeStdin"), "{refused}");
    stage.begin("command/exec/terminate", json!({"processId": "p"}));
    assert_eq!(stage.end(id).1.expect("it ends")["exitCode"], 137);
    stage.finish();
}

#[test]
fn a_policy_holds_there() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    if outpost_testkit::walls::missing() {
        return;
    }
    let work = stage.folder.path().join("work");
    fs::create_dir_all(&work).expect("a folder");
    let tries = "touch f 2>/dev/null && echo wrote; touch ../f 2>/dev/null && echo out; echo end";
    for (policy, said) in [
        (json!({"type": "readOnly"}), "end\n"),
        (
            json!({"type": "workspaceWrite", "excludeSlashTmp": true, "excludeTmpdirEnvVar": true}),
            "wrote\nend\n",
        ),
    ] {
        let more = json!({"cwd": work, "sandboxPolicy": policy});
        let answer = stage.run(tries, &more).expect("it runs");
        assert_eq!(answer["stdout"], said, "{policy}: {answer}");
    }
    stage.finish();
}

#[test]
fn files_are_read_and_written_there() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let path = stage.folder.path().join("f");
    let write = json!({"path": path, "dataBase64": "aGkK", "environmentId": "box"});
    assert_eq!(stage.ask("fs/writeFile", write), Ok(json!({})));
    let read = json!({"path": path, "environmentId": "box"});
    let content = stage.ask("fs/readFile", read);
    assert_eq!(content, Ok(json!({"dataBase64": "aGkK"})));
    let large: String = (0..200_000)
        .map(|number| format!("{number:09}\n"))
        .collect();
    fs::write(&path, &large).expect("the folder can be written to");
    let read = json!({"path": path, "environmentId": "box"});
    let content = stage.ask("fs/readFile", read).expect("it is read");
    let content = content["dataBase64"].as_str().expect("text");
    let content = outpost_protocol::Base64Bytes::decode(content).expect("base64");
    assert!(content.0 == large.as_bytes());
    let nothing = json!({"path": "/nowhere", "environmentId": "box"});
    let missing = "No such file or directory (os error 2)".to_owned();
    assert_eq!(stage.ask("fs/readFile", nothing), Err(missing));
    stage.finish();
}

#[test]
fn an_outage_is_waited_for() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let ready = json!({"status": "ready"});
    let id = json!({"environmentId": "box"});
    stage
        .ask("environment/info", id.clone())
        .expect("it is there");
    assert_eq!(stage.ask("environment/status", id.clone()), Ok(ready));
    stage.proxy.set(outpost_testkit::proxy::Fault::Refuse);
    stage.proxy.cut();
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let status = stage
            .ask("environment/status", id.clone())
            .expect("a status");
        if status["status"] == "disconnected" {
            break;
        }
        assert!(Instant::now() < until, "{status}");
    }
    stage.proxy.set(outpost_testkit::proxy::Fault::None);
    // It is waited for, and the command runs.
    let answer = stage.run("echo back", &json!({})).expect("it is back");
    assert_eq!(answer["stdout"], "back\n");
    stage.finish();
}
