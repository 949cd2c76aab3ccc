//! Plays a script, step by step.

mod expect;

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    fixture,
    line::Line,
    matching,
    parse::{self, Action, Face, How, Script, Step},
    target::{Running, Target},
};
use crate::{
    connection::Incoming,
    http::Server,
    leaks::Marker,
    program::{Program, command},
};

/// How long one step may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// The code that says that a session is attached to another connection.
const ATTACHED: i64 = -32010;

/// How many lines of what was said a failure shows.
const LINES_SHOWN: usize = 60;

struct Player<'a> {
    script: &'a Script,
    target: &'a Target,
    server: Running,
    fixture: Option<Server>,
    variables: HashMap<String, String>,
    connections: HashMap<String, Line>,
    said: VecDeque<String>,
}

/// Plays `script` against `target`.
///
/// # Panics
/// When a step is not met, with the line, the reason and what was said before.
pub fn play(script: &Script, target: &Target) {
    let folder = TempDir::with_prefix("script-").expect("a temp folder");
    let marker = Marker::new();
    let server = target.start(script, folder.path(), &marker);
    let dir = folder.path().join("dir");
    std::fs::create_dir(&dir).expect("an empty folder");
    let variables = HashMap::from([("dir".to_owned(), dir.display().to_string())]);
    let (connections, said) = (HashMap::new(), VecDeque::new());
    let mut player = Player {
        script,
        target,
        server,
        fixture: None,
        variables,
        connections,
        said,
    };
    if let Err(reason) = player.play() {
        let said: String = player.said.iter().map(|line| format!("{line}\n")).collect();
        panic!("{reason}\n--- said\n{said}--- log\n{}", player.server.log());
    }
    drop((player, folder));
    marker.assert_gone(PATIENCE);
}

// === impl Player ===

impl Player<'_> {
    fn play(&mut self) -> Result<(), String> {
        let name = &self.script.name;
        self.open("a")?;
        for step in &self.script.steps {
            if step
                .only
                .as_ref()
                .is_some_and(|only| only.ours != self.target.ours)
            {
                continue;
            }
            self.step(step)
                .map_err(|reason| format!("{name}:{}: {reason}\n  {}", step.line, step.text))?;
        }
        self.end()
            .map_err(|reason| format!("{name}, at the end: {reason}"))
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        let name = step.connection.as_str();
        match &step.action {
            Action::Open => self.open(name),
            Action::Hello => self.hello(name),
            Action::Resume => self.resume(name),
            Action::Shell(script) => self.shell(script),
            Action::Send(json) => {
                let message = matching::spoken(self.json(json)?);
                self.send(name, &message.to_string())
            }
            Action::Raw(text) => {
                let text = self.filled(text)?;
                self.send(name, &text)
            }
            Action::Hex(hex) => {
                let bytes = bytes(hex).ok_or("no hex")?;
                self.line(name)?.connection.send_bytes(&bytes);
                Ok(())
            }
            Action::Close => self.line(name).map(|line| line.connection.close()),
            Action::Cut => self.line(name).map(|line| line.connection.cut()),
            Action::Expect { how, json } => self.expect(name, *how, json),
            Action::Events { process, json } => self.events(name, process, json),
            Action::Output { process, text } => {
                let (process, text) = (self.filled(process)?, self.filled(text)?);
                self.until(name, |line| {
                    let events = line.events.get(&process);
                    events
                        .is_some_and(|events| events.output(None).contains(&text))
                        .then_some(())
                })
            }
            Action::Ended(code) => self.ended(name, *code),
        }
    }

    fn open(&mut self, name: &str) -> Result<(), String> {
        let connection = self.server.connect()?;
        let line = Line::new(connection);
        self.connections.insert(name.to_owned(), line);
        Ok(())
    }

    fn hello(&mut self, name: &str) -> Result<(), String> {
        let (params, result) = match self.script.face {
            Face::Exec => (
                json!({ "clientName": "script" }),
                r#"{"sessionId":"<uuid as session>"}"#,
            ),
            // What every connection is told at its start is said in the scripts about that.
            Face::App => (
                json!({ "clientInfo": { "name": "script", "version": "1" }, "capabilities": {
                    "experimentalApi": true,
                    "optOutNotificationMethods": ["remoteControl/status/changed"],
                } }),
                r#"{"userAgent":"<string>"}"#,
            ),
        };
        let hello = json!({ "id": "hello", "method": "initialize", "params": params });
        self.send(name, &hello.to_string())?;
        let answer = format!(r#"{{"id":"hello","result":{result}}}"#);
        self.expect(name, How::Any, &answer)?;
        self.send(name, r#"{"method":"initialized","params":{}}"#)
    }

    /// A server may need a moment to see that the connection before has ended.
    fn resume(&mut self, name: &str) -> Result<(), String> {
        let params =
            json!({ "clientName": "script", "resumeSessionId": self.variables["session"] });
        let again = json!({ "id": "resume", "method": "initialize", "params": params });
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.send(name, &again.to_string())?;
            let answer = self.until(name, |line| line.take(&json!({ "id": "resume" })))?;
            if answer["error"]["code"] == ATTACHED && Instant::now() < deadline {
                continue;
            }
            let same = answer["result"]["sessionId"] == params["resumeSessionId"];
            return if same {
                self.send(name, r#"{"method":"initialized","params":{}}"#)
            } else {
                Err(format!("no resume: {answer}"))
            };
        }
    }

    fn shell(&self, script: &str) -> Result<(), String> {
        let mut command = command("/bin/sh");
        command
            .args(["-ec", script])
            .current_dir(&self.variables["dir"]);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        match Program::start(&mut command).wait(PATIENCE) {
            Some(status) if status.success() => Ok(()),
            other => Err(format!("the command ended with {other:?}")),
        }
    }

    fn send(&mut self, name: &str, text: &str) -> Result<(), String> {
        self.say(format!("{name} >> {text}"));
        let line = self.line(name)?;
        line.asks(text);
        line.connection.send(text);
        Ok(())
    }

    /// Receives until `found` finds something on the connection.
    fn until<T>(
        &mut self,
        name: &str,
        mut found: impl FnMut(&mut Line) -> Option<T>,
    ) -> Result<T, String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found(self.line(name)?) {
                return Ok(found);
            }
            if self.receive(name, deadline)?.is_none() {
                return Err("the connection ended".to_owned());
            }
        }
    }

    /// Receives one message; nothing at the end of the connection.
    fn receive(&mut self, name: &str, deadline: Instant) -> Result<Option<Value>, String> {
        let line = self.line(name)?;
        if line.end.is_some() {
            return Ok(None);
        }
        let incoming = line.receive(deadline)?;
        self.say(format!(
            "{name} << {}",
            match &incoming {
                Incoming::Text(text) => text.clone(),
                end => format!("{end:?}"),
            }
        ));
        self.line(name)?.file(incoming)
    }

    fn line(&mut self, name: &str) -> Result<&mut Line, String> {
        self.connections
            .get_mut(name)
            .ok_or_else(|| format!("no connection {name}"))
    }

    fn json(&mut self, text: &str) -> Result<Value, String> {
        self.serve(text);
        parse::json(text, |name| self.variables.get(name).cloned())
    }

    fn filled(&mut self, text: &str) -> Result<String, String> {
        self.serve(text);
        parse::filled(text, |name| self.variables.get(name).cloned())
    }

    /// Starts the fixture server for the first text that speaks of it.
    fn serve(&mut self, text: &str) {
        if self.fixture.is_none() && text.contains("${http}") {
            let server = fixture::start();
            self.variables.insert("http".to_owned(), server.url());
            self.fixture = Some(server);
        }
    }

    fn say(&mut self, mut line: String) {
        if line.len() > 600 {
            let length = line.len();
            line.truncate(line.floor_char_boundary(600));
            // Writing to a string cannot fail.
            let _written = write!(line, "… ({length} bytes)").is_ok();
        }
        if self.said.len() == LINES_SHOWN {
            self.said.pop_front();
        }
        self.said.push_back(line);
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
