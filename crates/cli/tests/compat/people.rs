//! The clients that people use, on our app server: the terminal client and the Python SDK.
//!
//! The terminal client is started on a terminal of our own, and what is on the screen is looked
//! at: it is up when its prompt is there, takes keys, and knows what the server is configured to.
//! It is up to nothing before, however long that takes. A message is answered by a refusal, which
//! it shows, because there are no turns yet; it must neither hang nor end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use outpost_testkit::{
    leaks::{Marker, VARIABLE},
    program::{Lines, Program, command},
    terminal::Terminal,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tools;

/// Longer than a client takes to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the client's prompt begins with, and says while nothing is typed.
const PROMPT: &str = "\u{203a} Ask Codex to do anything";

/// The prompt with what is typed.
const TYPED: &str = "\u{203a} hello there";

/// The model both are configured to; the line below the prompt has it from the server.
const MODEL: &str = "house-model";

/// The homes of the server and of a client.
const SERVER: &str = "s";
const CLIENT: &str = "c";

/// An app server, and a home that a client may share with it.
struct Stage {
    server: Option<Program>,
    marker: Marker,
    folder: TempDir,
    codex: &'static Path,
}

// === impl Stage ===

impl Stage {
    /// Nothing when the story must be skipped.
    fn new() -> Option<Self> {
        let codex = tools::codex()?;
        fs::create_dir_all(tools::folder()).expect("a folder for the runs");
        // The path of a socket is short, and this one has a long end.
        let folder = tempfile::Builder::new()
            .prefix("")
            .tempdir_in(tools::folder());
        let folder = folder.expect("a folder for the run");
        let stage = Self {
            server: None,
            marker: Marker::new(),
            folder,
            codex,
        };
        fs::create_dir_all(stage.work()).expect("a folder to work in");
        for home in [SERVER, CLIENT] {
            fs::create_dir_all(stage.folder.path().join(home)).expect("a home");
            let file = stage.folder.path().join(home).join("config.toml");
            // The second model is what the client would show if it did not ask the server.
            let model = if home == SERVER {
                MODEL
            } else {
                "client-model"
            };
            fs::write(file, stage.config(model)).expect("a configuration");
        }
        Some(stage)
    }

    fn config(&self, model: &str) -> String {
        let work = self.work();
        format!(
            "model = \"{model}\"\nmodel_provider = \"house\"\ncheck_for_update_on_startup = false\n\
             [model_providers.house]\nname = \"House\"\nbase_url = \"http://127.0.0.1:9/v1\"\n\
             wire_api = \"responses\"\n[projects.{work:?}]\ntrust_level = \"trusted\"\n"
        )
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// A program with this home.
    fn command(&self, program: &Path, home: &str) -> Command {
        let home = self.folder.path().join(home);
        let mut command = command(program);
        command
            .current_dir(self.work())
            .env("PATH", tools::search_path())
            .env("HOME", self.folder.path())
            .env("CODEX_HOME", &home)
            .env("OUTPOST_HOME", home)
            .env(VARIABLE, self.marker.value());
        command
    }

    /// Starts our app server.
    fn serve(&mut self, listen: &str) -> Lines {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_outpost")), SERVER);
        command.args(["app-server", "--listen", listen]);
        let mut server = Program::start(command.stderr(Stdio::piped()));
        let lines = Lines::of(server.take_stderr().expect("stderr is a pipe"));
        self.server = Some(server);
        lines
    }

    /// Looks on until the client's prompt is there, types, and leaves.
    fn watch(&self, mut client: Command) {
        let mut terminal = Terminal::start(&mut client);
        let is_up = |shown: &str| {
            let below = shown.split_once(PROMPT).map(|(_, below)| below);
            below.is_some_and(|below| below.contains(MODEL))
        };
        let shown = terminal.wait_for("the prompt", PATIENCE, is_up);
        assert!(shown.contains("OpenAI Codex (v"), "{shown}");
        assert!(!shown.contains("client-model"), "{shown}");
        terminal.press("hello there");
        terminal.wait_for("what was typed", PATIENCE, |shown| {
            shown.contains(TYPED) && !shown.contains(PROMPT)
        });
        terminal.press("\r");
        // Lines are broken where the screen ends.
        let refused = |shown: &str| {
            let words: Vec<_> = shown.split_whitespace().collect();
            words
                .join(" ")
                .contains("this version of Outpost has no model turns yet")
        };
        terminal.wait_for("the refusal", PATIENCE, refused);
        // What was typed is back in the prompt; ^C takes it away.
        terminal.wait_for("the words", PATIENCE, |shown| shown.contains(TYPED));
        terminal.press("\x03");
        terminal.wait_for("the prompt again", PATIENCE, is_up);
        terminal.press("/quit");
        terminal.wait_for("the command", PATIENCE, |shown| {
            shown.contains("\u{203a} /quit")
        });
        terminal.press("\r");
        let ended = terminal.finish(PATIENCE).expect("the client leaves");
        assert!(ended.success(), "{ended}");
    }

    fn end(mut self) {
        if let Some(mut server) = self.server.take() {
            server.signal(Signal::TERM);
            server.wait(PATIENCE).expect("a server ends on SIGTERM");
        }
        self.marker.assert_gone(PATIENCE);
    }
}

#[test]
fn the_terminal_client_comes_up_over_a_websocket() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let lines = stage.serve("ws://127.0.0.1:0");
    let address = loop {
        let line = lines.line(PATIENCE).expect("the server listens");
        if let Some((_, place)) = line.split_once("listening on: ") {
            break place.trim().to_owned();
        }
    };
    let mut client = stage.command(stage.codex, CLIENT);
    client.args(["--remote", &address]);
    stage.watch(client);
    stage.end();
}

#[test]
fn the_terminal_client_finds_the_local_socket() {
    let Some(mut stage) = Stage::new() else {
        return;
    };
    let _lines = stage.serve("unix://");
    let home = stage.folder.path().join(SERVER);
    let socket = home.join("app-server-control/app-server-control.sock");
    let until = Instant::now() + PATIENCE;
    while !socket.exists() {
        assert!(Instant::now() < until, "no socket");
        thread::yield_now();
    }
    // Its home is the server's; so it finds the socket, and starts no server of its own.
    let client = stage.command(stage.codex, SERVER);
    stage.watch(client);
    assert!(
        !home.join("packages").exists(),
        "the client has started a server of its own"
    );
    stage.end();
}

#[test]
fn the_python_sdk_begins_a_thread() {
    let (Some(stage), Some(python)) = (Stage::new(), tools::python_sdk()) else {
        return;
    };
    let mut client = stage.command(python, SERVER);
    let script = include_str!("people/sdk.py");
    client.args(["-c", script, env!("CARGO_BIN_EXE_outpost")]);
    let mut client = Program::start(client.stdout(Stdio::piped()));
    let lines = Lines::of(client.take_stdout().expect("stdout is a pipe"));
    let told = || -> Value {
        let line = lines.line(PATIENCE).expect("the SDK goes on");
        serde_json::from_str(&line).expect("the script says JSON")
    };
    let hello = told();
    assert_eq!(hello["server"], "codex_python_sdk");
    let version = hello["version"].as_str().expect("a version");
    assert!(version.starts_with("0.169.0 ("), "{version}");
    assert!(hello["models"].as_u64() > Some(0), "{hello}");
    let thread = told();
    assert_eq!(thread["read"], thread["id"]);
    assert_eq!(
        (&thread["name"], &thread["listed"]),
        (&json!("named"), &json!(0))
    );
    let refused = told();
    assert_eq!(refused["error"], "MethodNotFoundError");
    let words = refused["words"].as_str().expect("words");
    assert!(
        words.contains("this version of Outpost has no model turns yet"),
        "{words}"
    );
    let ended = client.wait(PATIENCE).expect("the SDK ends");
    assert!(ended.success(), "{ended}");
    stage.end();
}
