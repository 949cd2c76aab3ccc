//! The configuration of `outpost app-server`: what its arguments say, and writes that are killed.

use std::{fs, io::Write, path::Path, process::Stdio, thread};

use outpost_testkit::program::{Lines, Program};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Home, PATIENCE};

/// How many writes are asked for at once.
const WRITES: u64 = 1000;

const HELLO: &str =
    r#"{"id":"hello","method":"initialize","params":{"clientInfo":{"name":"t","version":"1"}}}"#;

/// The file, after the write of `n`.
fn text(n: u64) -> String {
    format!(
        "# counts\ncounter = {n} # up\n\n[tui]\n# quiet\nnotifications = false\n\n\
         [mcp_servers.\"with space\"]\ncommand = 'c' # kept\n"
    )
}

/// A server over its standard streams.
struct Server {
    program: Program,
    lines: Lines,
}

impl Server {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.outpost(arguments);
        let mut program = Program::start(command.stdin(Stdio::piped()).stderr(Stdio::inherit()));
        let lines = Lines::of(program.take_stdout().expect("a pipe"));
        Self { program, lines }
    }

    /// Waits for the next answer, whatever is told meanwhile.
    fn answer(&self) -> Value {
        loop {
            let line = self.lines.line(PATIENCE).expect("an answer");
            let message: Value = serde_json::from_str(&line).expect("JSON");
            if message.get("id").is_some() {
                return message;
            }
        }
    }
}

fn write(n: u64) -> String {
    let params = json!({"keyPath": "counter", "value": n, "mergeStrategy": "replace"});
    json!({"id": n, "method": "config/value/write", "params": params}).to_string()
}

/// The number in the file, which is whole.
fn read(file: &Path) -> u64 {
    let now = fs::read_to_string(file).expect("the file is there");
    let number = now.lines().find_map(|line| line.strip_prefix("counter = "));
    let number = number.and_then(|rest| rest.strip_suffix(" # up"));
    let n = number.and_then(|n| n.parse().ok()).expect("a number");
    assert_eq!(now, text(n));
    n
}

#[test]
fn a_kill_in_the_middle_of_a_thousand_writes_leaves_a_whole_file() {
    let home = Home::new();
    let file = home.write("config.toml", text(0));
    for killed_after in [1, 90, WRITES / 2] {
        fs::write(&file, text(0)).unwrap();
        let mut server = Server::start(&home, &["app-server", "--listen", "stdio://"]);
        let mut stdin = server.program.take_stdin().expect("a pipe");
        let asking = thread::spawn(move || {
            let writes: Vec<_> = (1..=WRITES).map(write).collect();
            // Nobody reads to the end.
            drop(writeln!(stdin, "{HELLO}\n{}", writes.join("\n")));
            stdin
        });
        assert_eq!(server.answer()["id"], "hello");
        for n in 1..=killed_after {
            let answer = server.answer();
            assert_eq!(
                (&answer["id"], &answer["result"]["status"]),
                (&json!(n), &json!("ok"))
            );
        }
        server.program.signal(Signal::KILL);
        server.program.wait(PATIENCE).expect("it is dead");
        drop(asking.join());
        // What was answered is there; what was not may be.
        let n = read(&file);
        assert!(
            (killed_after..=WRITES).contains(&n),
            "{n} after {killed_after}"
        );
        // Whoever comes next is not in the way of anything that is left.
        let mut next = Server::start(&home, &["app-server"]);
        let mut stdin = next.program.take_stdin().expect("a pipe");
        writeln!(stdin, "{HELLO}\n{}", write(WRITES + 1)).unwrap();
        assert_eq!(next.answer()["id"], "hello");
        assert_eq!(next.answer()["result"]["status"], "ok");
        assert_eq!(read(&file), WRITES + 1);
        drop(stdin);
        assert!(next.program.wait(PATIENCE).expect("it ends").success());
        let left: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .filter(|name| name.to_string_lossy().starts_with("config.toml"))
            .collect();
        assert_eq!(left, ["config.toml"]);
    }
}

#[test]
fn flags_count_before_the_command_and_behind_it() {
    let home = Home::new();
    let user = "model = 'file'\nreview_model = 'file'\nmodel_provider = 'file'\n";
    home.write("config.toml", user);
    let arguments = [
        "--config",
        "review_model=before",
        "-c",
        "model=before",
        "app-server",
        "--listen",
        "stdio://",
        "-c",
        "model=\"behind\"",
    ];
    let mut server = Server::start(&home, &arguments);
    let mut stdin = server.program.take_stdin().expect("a pipe");
    let read = json!({"id": 1, "method": "config/read", "params": {}});
    writeln!(stdin, "{HELLO}\n{read}").unwrap();
    let hello = server.answer();
    assert_eq!(hello["result"]["codexHome"], json!(home.path()));
    let answer = server.answer();
    let config = &answer["result"]["config"];
    for (key, value) in [
        ("model", "behind"),
        ("review_model", "before"),
        ("model_provider", "file"),
    ] {
        assert_eq!(config[key], value, "{key}");
    }
    drop(stdin);
    assert!(server.program.wait(PATIENCE).expect("it ends").success());
    let other = home.run(&["-c", "a=b", "completions", "bash"]);
    assert_eq!((other.status, other.stdout()), (Some(2), ""));
    assert!(
        other.stderr.contains("is for `app-server` only"),
        "{}",
        other.stderr
    );
}
