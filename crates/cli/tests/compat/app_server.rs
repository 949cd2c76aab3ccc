//! The real client of a story, as `codex app-server` that is told of the
//! environment by `environment/add`.

use std::{
    fs::File,
    io::Write,
    process::{ChildStdin, Stdio},
    time::{Duration, Instant},
};

use outpost_testkit::program::{Lines, Program};
use serde_json::{Value, json};

use crate::client::{Setting, Way};

/// How long one turn may take.
const TURN_PATIENCE: Duration = Duration::from_secs(60);

struct AppServer {
    program: Program,
    stdin: ChildStdin,
    lines: Lines,
    asked: u64,
}

/// Runs one turn to its end.
pub(crate) fn run(setting: &Setting<'_>) {
    let mut app = AppServer::start(setting);
    let cwd = setting.work();
    app.ask(
        "initialize",
        &json!({ "clientInfo": { "name": "outpost", "version": "1" },
            "capabilities": { "experimentalApi": true } }),
    );
    app.say(&json!({ "method": "initialized" }));
    app.ask(
        "environment/add",
        &json!({ "environmentId": "box", "execServerUrl": setting.server_url,
            "authBearerToken": setting.token }),
    );
    let mut thread = json!({ "cwd": cwd, "approvalPolicy": setting.approval.name(),
        "environments": [{ "environmentId": "box", "cwd": cwd }] });
    if let Some(sandbox) = setting.held.name() {
        thread["sandbox"] = json!(sandbox);
    }
    let thread = app.ask("thread/start", &thread);
    let input = json!([{ "type": "text", "text": "play the scene" }]);
    app.ask(
        "turn/start",
        &json!({ "threadId": thread["thread"]["id"], "input": input }),
    );
    app.until(|message| message["method"] == "turn/completed");
    app.end();
}

impl AppServer {
    fn start(setting: &Setting<'_>) -> Self {
        let log = File::create(setting.folder.join("client.log")).expect("a log for the client");
        let mut command = setting.command(Way::Added, &["app-server"]);
        let command = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut program = Program::start(command);
        let stdin = program.take_stdin().expect("stdin is a pipe");
        let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
        Self {
            program,
            stdin,
            lines,
            asked: 0,
        }
    }

    fn say(&mut self, message: &Value) {
        writeln!(self.stdin, "{message}").expect("the app-server reads");
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.say(&json!({ "id": id, "method": method, "params": params }));
        let answer = self.until(|message| message["id"] == id && message.get("method").is_none());
        assert!(
            answer.get("result").is_some(),
            "{method} was answered {answer}"
        );
        answer["result"].clone()
    }

    /// Reads up to a message; whatever the app-server asks meanwhile is approved.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + TURN_PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.line(left).expect("the app-server goes on");
            let message: Value = serde_json::from_str(&line).expect("the app-server says JSON");
            if wanted(&message) {
                return message;
            }
            if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
                self.say(&json!({ "id": id, "result": { "decision": "accept" } }));
            }
        }
    }

    fn end(mut self) {
        drop(self.stdin);
        assert!(
            self.program.wait(TURN_PATIENCE).is_some(),
            "the app-server did not end"
        );
    }
}
