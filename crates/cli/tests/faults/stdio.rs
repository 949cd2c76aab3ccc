//! A server on standard input and output.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    time::Duration,
};

use outpost_testkit::{
    connection::{Connection, Incoming},
    program::Program,
};
use serde_json::{Value, json};

use crate::{
    client::Client,
    meter::{Meter, PATIENCE},
    server::Home,
};

fn program(home: &Home) -> Program {
    let mut command = home.outpost(&["exec-server", "--listen", "stdio"]);
    Program::start(command.stdin(Stdio::piped()))
}

/// A server, and a client with a session and a tree that ignores what it can.
fn served(home: &Home) -> (Program, Client) {
    let mut program = program(home);
    let stdin = program.take_stdin().expect("stdin is a pipe");
    let stdout = program.take_stdout().expect("stdout is a pipe");
    let mut client = Client::over(Connection::over_stdio(stdin, stdout));
    client.open(None).expect("a session");
    let script = "(setsid sh -c 'trap \"\" TERM HUP; echo up; exec sleep 600' &); sleep 600; wait";
    let more = json!({"env": home.environment()});
    client.start("tree", &["sh", "-c", script], &more);
    assert_eq!(client.output("tree"), "up\n");
    (program, client)
}

fn assert_ends(mut program: Program, home: &Home) {
    let status = program.wait(Duration::from_secs(5));
    assert_eq!(status.expect("it ends within 5 s").code(), Some(0));
    home.assert_nothing_left();
}

#[test]
fn t01_the_end_of_input_ends_the_server_and_everything() {
    let home = Home::new();
    let (program, client) = served(&home);
    drop(client);
    assert_ends(program, &home);
}

#[test]
fn t02_a_bad_line_is_answered_and_the_next_one_served() {
    let home = Home::new();
    let (program, mut client) = served(&home);
    for line in [
        "{",
        "[]",
        "null",
        "7",
        r#"{"id":null,"method":"x"}"#,
        "\u{feff}{}",
    ] {
        client.connection.send(line);
        let answer = client.next();
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&json!(-1), &json!(-32600))
        );
    }
    client.connection.send("");
    client.connection.send("\r");
    assert!(client.call("environment/status", &Value::Null).is_ok());
    // What is no text at all ends the connection, and with it the server.
    client.connection.send_bytes(b"{\"id\":\"\xff\"}\n");
    assert_eq!(client.connection.receive(PATIENCE), Some(Incoming::End));
    assert_ends(program, &home);
}

#[test]
fn t03_a_line_without_an_end_is_bounded() {
    let home = Home::new();
    let (mut program, mut client) = served(&home);
    let meter = Meter(program.pid());
    let before = meter.resident();
    let piece = vec![b'x'; 1 << 20];
    let (mut sent, mut peak) = (0, before);
    while client.connection.send_raw(&piece) {
        sent += 1;
        if meter.state().is_some_and(|state| state != 'Z') {
            peak = peak.max(meter.peak());
        }
        assert!(sent < 256, "it takes a line of any length");
    }
    assert!(sent >= 64, "a line of 64 MiB is allowed");
    // A line is one block of memory that grows by doubling.
    let more = peak - before;
    assert!(more < (64 + 96) << 10, "{more} KiB");
    assert!(program.wait(Duration::from_secs(5)).is_some());
    assert_ends(program, &home);
}

#[test]
fn t04_a_reader_that_has_gone_ends_the_server_and_everything() {
    let home = Home::new();
    let mut program = program(&home);
    let mut stdin = program.take_stdin().expect("stdin is a pipe");
    let mut stdout = BufReader::new(program.take_stdout().expect("stdout is a pipe"));
    let start = json!({"id": 2, "method": "process/start", "params": {
        "processId": "p", "argv": ["sh", "-c", "trap '' PIPE TERM; while :; do echo x; done"],
        "cwd": "file:///", "env": home.environment(), "tty": false,
    }});
    for message in [
        json!({"id": 1, "method": "initialize", "params": {"clientName": "test"}}),
        json!({"method": "initialized"}),
        start,
    ] {
        writeln!(stdin, "{message}").expect("it takes lines");
    }
    let mut line = String::new();
    while !line.contains("process/output") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).expect("it talks"), 0);
    }
    drop(stdout);
    assert_ends(program, &home);
    drop(stdin);
}
