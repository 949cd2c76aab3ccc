//! The faults that the app server survives, and the numbers it is measured by.
//!
//! What takes long is done for a short time and with little unless `OUTPOST_LOAD=full` asks for
//! all of it; then the promises are judged by their own numbers.

mod endings;
mod files;
mod listener;
mod load;
mod slow;
mod tokens;

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use outpost_testkit::{connection::Connection, program::Program};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    client::Client,
    meter::{Meter, until},
    server::Home,
};

/// An app server that listens for WebSockets.
#[derive(Debug)]
pub(super) struct AppServer {
    pub(super) program: Program,
    pub(super) address: SocketAddr,
    log: PathBuf,
}

/// Whether everything that is promised is done, and judged exactly.
pub(super) fn in_full() -> bool {
    std::env::var("OUTPOST_LOAD").is_ok_and(|value| value == "full")
}

// === impl AppServer ===

impl AppServer {
    /// A server with `flags`.
    pub(super) fn start(home: &Home, flags: &[&str]) -> Self {
        let log = home.path().join("app-server.log");
        let listen = ["app-server", "--listen", "ws://127.0.0.1:0"];
        let mut command = home.outpost(&[&listen, flags].concat());
        command.stderr(File::create(&log).expect("a file in the test's folder"));
        let program = Program::start(&mut command);
        let mut address = None;
        until("it says where it listens", || {
            address = address_in(&read(&log));
            address.is_some()
        });
        Self {
            program,
            address: address.expect("it was just found"),
            log,
        }
    }

    /// What it wrote on stderr.
    pub(super) fn log(&self) -> String {
        read(&self.log)
    }

    pub(super) fn meter(&self) -> Meter {
        Meter(self.program.pid())
    }

    /// A client that has introduced itself, knows everything and is told only of what it starts.
    pub(super) fn client(&self) -> Client {
        introduced(Client::silent(self.address))
    }

    /// Fails unless it ends within 5 s, by itself or because it was asked to, with 0.
    pub(super) fn assert_ends(&mut self) {
        let status = self.program.wait(Duration::from_secs(5));
        assert_eq!(status.expect("it ends within 5 s").code(), Some(0));
    }

    pub(super) fn stop(&mut self) {
        self.program.signal(Signal::TERM);
        self.assert_ends();
    }
}

fn read(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

/// The address on the banner's line, once that is whole.
fn address_in(log: &str) -> Option<SocketAddr> {
    let mut lines = log
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    lines.find_map(|line| {
        let (_, url) = line.split_once("listening on: ws://")?;
        url.trim().parse().ok()
    })
}

/// A server on standard input and output, and its one client.
pub(super) fn over_stdio(home: &Home) -> (Program, Client) {
    let mut command = home.outpost(&["app-server"]);
    let mut program = Program::start(command.stdin(Stdio::piped()));
    let stdin = program.take_stdin().expect("stdin is a pipe");
    let stdout = program.take_stdout().expect("stdout is a pipe");
    let client = introduced(Client::over(Connection::over_stdio(stdin, stdout)));
    (program, client)
}

pub(super) fn hello() -> Value {
    json!({"clientInfo": {"name": "test", "version": "1"}, "capabilities": {
        "experimentalApi": true,
        "optOutNotificationMethods": ["remoteControl/status/changed", "configWarning"],
    }})
}

fn introduced(mut client: Client) -> Client {
    client.call("initialize", &hello()).expect("it may come in");
    client.say(&json!({"method": "initialized"}));
    client
}

/// `sh -c SCRIPT` as a command that is held to nothing.
pub(super) fn sh(script: &str, more: &Value) -> Value {
    let mut params = json!({
        "command": ["/bin/sh", "-c", script], "sandboxPolicy": {"type": "dangerFullAccess"},
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        params[name] = value.clone();
    }
    params
}

/// Fails unless a command can be run within `patience`.
pub(super) fn assert_serves(client: &mut Client, patience: Duration) {
    let asked = std::time::Instant::now();
    let answer = client.call("command/exec", &sh("echo hi", &json!({})));
    assert_eq!(answer.expect("it is answered")["stdout"], "hi\n");
    assert!(asked.elapsed() < patience, "{:?}", asked.elapsed());
}
