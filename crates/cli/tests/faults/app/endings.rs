//! The ends of commands, clients and app servers, and that nothing is left alive.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::Duration,
};

use outpost_testkit::{connection::Incoming, program::Program};
use rustix::process::Signal;
use serde_json::json;

use super::{AppServer, assert_serves, hello, over_stdio, sh};
use crate::{
    client::Client,
    meter::{PATIENCE, until},
    server::Home,
};

/// Two daemons that ignore what can be ignored, one in a session of its own, and a leader that
/// stays.
const TREE: &str = "(setsid sh -c 'trap \"\" TERM HUP INT; \
     (setsid sleep 600 </dev/null >/dev/null 2>&1 &); echo up; exec sleep 600' &); \
     trap '' TERM HUP INT; sleep 600; wait";

/// What of a tree lives.
fn living(home: &Home) -> usize {
    let living = home.marker().living();
    let others = living.iter().filter(|one| !one.command.contains("outpost"));
    others.count()
}

/// Starts a tree as a command and one as a process, and waits until both are up.
fn plant(home: &Home, client: &mut Client) -> i64 {
    let told = json!({"processId": "c", "streamStdoutStderr": true, "disableTimeout": true});
    let command = client.ask("command/exec", &sh(TREE, &told));
    client.until(|message| message["method"] == "command/exec/outputDelta");
    let params = json!({
        "command": ["/bin/sh", "-c", TREE], "cwd": "/", "processHandle": "p",
        "streamStdoutStderr": true, "timeoutMs": null,
    });
    client.call("process/spawn", &params).expect("it starts");
    client.until(|message| message["method"] == "process/outputDelta");
    until("both trees are up", || living(home) >= 8);
    command
}

#[test]
fn p05_a_daemon_dies_with_the_terminate_of_its_command_or_process() {
    for home in Home::of_both_kinds() {
        let mut server = AppServer::start(&home, &[]);
        let mut client = server.client();
        let command = plant(&home, &mut client);
        let terminate = client.call("command/exec/terminate", &json!({"processId": "c"}));
        assert_eq!(terminate, Ok(json!({})));
        assert_eq!(client.answer(command).unwrap()["exitCode"], 137);
        let kill = client.call("process/kill", &json!({"processHandle": "p"}));
        assert_eq!(kill, Ok(json!({})));
        let exited = client.until(|message| message["method"] == "process/exited");
        assert_eq!(exited["params"]["exitCode"], 137);
        until("nothing of either is left", || living(&home) == 0);
        assert_serves(&mut client, PATIENCE);
        server.stop();
        home.assert_nothing_left();
    }
}

#[test]
fn p08_what_a_client_has_started_ends_with_it_however_it_goes() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let mut steady = server.client();
    let waits = json!({"processId": "c", "streamStdin": true});
    let other = steady.ask("command/exec", &sh("exec cat", &waits));
    for politely in [true, false] {
        let mut client = server.client();
        plant(&home, &mut client);
        if politely {
            client.connection.close();
        } else {
            client.connection.cut();
        }
        // The other client's stays.
        until("both trees have ended", || living(&home) == 1);
    }
    let close = json!({"processId": "c", "deltaBase64": "eA==", "closeStdin": true});
    steady.call("command/exec/write", &close).unwrap();
    assert_eq!(steady.answer(other).unwrap()["stdout"], "x");
    server.stop();
    home.assert_nothing_left();
}

/// A signal that asks for the end: clients are told, all ends, cleanly.
fn says_goodbye(signal: Signal) {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let (mut busy, mut idle) = (server.client(), server.client());
    plant(&home, &mut busy);
    server.program.signal(signal);
    for client in [&mut busy, &mut idle] {
        let (code, reason) = client.farewell().expect("a close frame");
        assert_eq!((code, reason.as_str()), (1001, "the server is stopping"));
    }
    server.assert_ends();
    home.assert_nothing_left();
}

#[test]
fn p09_sigterm_and_sigint_say_goodbye_and_end_everything() {
    says_goodbye(Signal::TERM);
    says_goodbye(Signal::INT);
}

#[test]
fn p09_a_second_signal_ends_it_at_once_and_cleanly() {
    let home = Home::new();
    let mut server = AppServer::start(&home, &[]);
    let mut client = server.client();
    plant(&home, &mut client);
    server.program.signal(Signal::TERM);
    server.program.signal(Signal::TERM);
    server.assert_ends();
    home.assert_nothing_left();
}

#[test]
fn p10_sigkill_of_an_app_server_takes_everything_along() {
    for home in Home::of_both_kinds() {
        let mut server = AppServer::start(&home, &[]);
        let mut client = server.client();
        plant(&home, &mut client);
        server.program.signal(Signal::KILL);
        assert!(server.program.wait(PATIENCE).is_some());
        home.assert_nothing_left();
    }
}

#[test]
fn t01_the_end_of_input_ends_an_app_server_and_everything() {
    let home = Home::new();
    let (mut program, mut client) = over_stdio(&home);
    plant(&home, &mut client);
    drop(client);
    let status = program.wait(Duration::from_secs(5));
    assert_eq!(status.expect("it ends within 5 s").code(), Some(0));
    home.assert_nothing_left();
}

#[test]
fn t02_a_bad_line_is_answered_with_the_id_null_and_the_next_one_served() {
    let home = Home::new();
    let (mut program, mut client) = over_stdio(&home);
    for (line, code) in [
        ("{", -32700),
        ("{\"id\":1}{}", -32700),
        ("\u{feff}{}", -32700),
        ("null", -32600),
        ("[]", -32600),
        (r#"{"id":null,"method":"command/exec"}"#, -32600),
    ] {
        client.connection.send(line);
        let answer = client.next();
        assert_eq!(answer["error"]["code"], code, "{line}: {answer}");
        assert!(answer.get("id").is_some_and(serde_json::Value::is_null));
    }
    client.connection.send("");
    client.connection.send("\r");
    assert_serves(&mut client, PATIENCE);
    // What is no text at all ends the connection, and with it the server.
    client.connection.send_bytes(b"{\"id\":\"\xff\"}\n");
    assert_eq!(client.connection.receive(PATIENCE), Some(Incoming::End));
    assert!(program.wait(Duration::from_secs(5)).is_some());
    home.assert_nothing_left();
}

#[test]
fn t04_a_reader_that_has_gone_ends_an_app_server_and_everything() {
    let home = Home::new();
    let mut command = home.outpost(&["app-server"]);
    let mut program = Program::start(command.stdin(Stdio::piped()));
    let mut stdin = program.take_stdin().expect("stdin is a pipe");
    let mut stdout = BufReader::new(program.take_stdout().expect("stdout is a pipe"));
    let told = json!({"processId": "c", "streamStdoutStderr": true, "disableTimeout": true});
    let script = "trap '' PIPE TERM; while :; do echo x; done";
    for message in [
        json!({"id": 1, "method": "initialize", "params": hello()}),
        json!({"id": 2, "method": "command/exec", "params": sh(script, &told)}),
    ] {
        writeln!(stdin, "{message}").expect("it takes lines");
    }
    let mut line = String::new();
    while !line.contains("outputDelta") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).expect("it talks"), 0);
    }
    drop(stdout);
    let status = program.wait(Duration::from_secs(5));
    assert_eq!(status.expect("it ends within 5 s").code(), Some(0));
    home.assert_nothing_left();
    drop(stdin);
}
