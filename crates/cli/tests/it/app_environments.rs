//! `outpost app-server`: the environments that files and variables name.

use std::{
    io::Write,
    process::{ChildStdin, Command, Stdio},
};

use outpost_testkit::program::{Lines, Program};
use serde_json::{Value, json};

use crate::support::{Home, PATIENCE};

/// A server on its standard input and output, which has introduced its client.
struct Ours {
    program: Program,
    stdin: ChildStdin,
    lines: Lines,
    asked: u64,
}

impl Ours {
    fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stderr(Stdio::inherit());
        let mut program = Program::start(command);
        let mut ours = Self {
            stdin: program.take_stdin().expect("a pipe"),
            lines: Lines::of(program.take_stdout().expect("a pipe")),
            program,
            asked: 0,
        };
        ours.ask(
            "initialize",
            &json!({"clientInfo": {"name": "t", "version": "1"},
                "capabilities": {"experimentalApi": true}}),
        );
        ours
    }

    /// Asks, and waits for the answer.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        let message = json!({"id": id, "method": method, "params": params});
        writeln!(self.stdin, "{message}").unwrap();
        loop {
            let line = self.lines.line(PATIENCE).expect("an answer");
            let mut message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == json!(id) {
                let answer = message.get("error").is_none();
                return message[if answer { "result" } else { "error" }].take();
            }
        }
    }

    /// What a script says that shows whether it runs where the variable OWN is.
    fn whose(&mut self, more: &Value) -> Value {
        let mut params = json!({
            "command": ["sh", "-c", "echo ${OWN-none}"],
            "sandboxPolicy": {"type": "dangerFullAccess"},
        });
        let params_map = params.as_object_mut().unwrap();
        params_map.extend(more.as_object().unwrap().clone());
        self.ask("command/exec", &params)["stdout"].take()
    }

    fn end(mut self) {
        drop(self.stdin);
        let status = self.program.wait(PATIENCE).expect("it ends");
        assert_eq!(status.code(), Some(0));
    }
}

#[test]
fn the_file_of_the_home_names_environments() {
    let home = Home::new();
    let far = home.server(&[]);
    let program = env!("CARGO_BIN_EXE_outpost");
    let text = format!(
        "default = \"box\"\n[[environments]]\nid = \"box\"\nurl = \"{}\"\n\
         [[environments]]\nid = \"own\"\nprogram = \"{program}\"\n\
         args = [\"exec-server\", \"--listen\", \"stdio\"]\nenv = {{ OWN = \"program\" }}\n",
        far.url
    );
    home.write("environments.toml", text);
    let mut command = home.outpost(&["app-server"]);
    let mut ours = Ours::start(command.env("OWN", "here"));
    assert_eq!(ours.whose(&json!({})), "here\n");
    assert_eq!(ours.whose(&json!({"environmentId": "box"})), "none\n");
    // A program is started when it is needed.
    let own = json!({"environmentId": "own"});
    assert_eq!(
        ours.ask("environment/status", &own),
        json!({"status": "pending"})
    );
    assert_eq!(ours.whose(&own), "program\n");
    assert_eq!(
        ours.ask("environment/status", &own),
        json!({"status": "ready"})
    );
    ours.end();
    far.stop();
    home.assert_nothing_left();
}

#[test]
fn a_variable_names_the_only_environment_or_none() {
    let home = Home::new();
    let far = home.server(&[]);
    for variable in ["OUTPOST_EXEC_SERVER_URL", "CODEX_EXEC_SERVER_URL"] {
        let mut command = home.outpost(&["app-server"]);
        let mut ours = Ours::start(command.env("OWN", "here").env(variable, &far.url));
        assert_eq!(ours.whose(&json!({})), "none\n");
        let file = json!({"path": "/proc/self/environ"});
        let read = ours.ask("fs/readFile", &file);
        assert!(read["dataBase64"].is_string(), "{read}");
        let remote = json!({"environmentId": "remote"});
        assert_eq!(
            ours.ask("environment/status", &remote),
            json!({"status": "ready"})
        );
        ours.end();
    }
    let mut command = home.outpost(&["app-server"]);
    let mut ours = Ours::start(command.env("OUTPOST_EXEC_SERVER_URL", "none"));
    let answer = ours.ask("command/exec", &json!({"command": ["true"]}));
    assert_eq!(answer["message"], "local environment is not configured");
    ours.end();
    far.stop();
    home.assert_nothing_left();
}

#[test]
fn a_broken_file_is_told_at_the_start() {
    let home = Home::new();
    home.write("environments.toml", "default = \"nope\"\n");
    let finished = home.run(&["app-server"]);
    assert_eq!(finished.status, Some(1));
    let words = "default environment `nope` is not configured";
    assert!(finished.stderr.contains(words), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("environments.toml"),
        "{}",
        finished.stderr
    );
}
