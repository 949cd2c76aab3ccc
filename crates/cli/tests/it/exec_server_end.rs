//! `outpost exec-server`: how it ends, and what ends with it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
    time::Duration,
};

use outpost_testkit::program::{Lines, Program};
use rustix::process::Signal;

use crate::support::{Home, PATIENCE, Running};

/// Starts a tree on a server, sends it `signals`, and expects a clean end of both.
fn ends_with_its_processes(signals: &[Signal]) {
    let home = Home::new();
    let mut server = home.server(&[]);
    let ready = home.fifo("ready");
    let script = "trap '' TERM; setsid sleep 600 & echo >ready; wait";
    let arguments = [
        "run",
        "--recovery",
        "0",
        "--on",
        &server.url,
        "--",
        "sh",
        "-c",
        script,
    ];
    let client = Running::start(&mut home.outpost(&arguments));
    ready.hear();
    for signal in signals {
        server.program.signal(*signal);
    }
    let status = server.program.wait(Duration::from_secs(5));
    assert_eq!(status.expect("it ends within 5 s").code(), Some(0));
    let finished = client.finish();
    assert!(matches!(finished.status, Some(125 | 137)), "{finished:?}");
    home.assert_nothing_left();
}

#[test]
fn p09_sigterm_ends_the_server_and_its_processes() {
    ends_with_its_processes(&[Signal::TERM]);
}

#[test]
fn p09_sigint_ends_the_server_and_its_processes() {
    ends_with_its_processes(&[Signal::INT]);
}

#[test]
fn p09_sighup_ends_the_server_and_its_processes() {
    ends_with_its_processes(&[Signal::HUP]);
}

#[test]
fn the_second_sigterm_does_not_wait_for_the_drain() {
    let home = Home::new();
    let mut server = home.server(&[]);
    // A client that takes the goodbye and never says its own: the drain waits for it.
    let mut client = TcpStream::connect(server.address()).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let host = server.address();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(next_byte(&mut client));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{answer:?}");
    server.program.signal(Signal::TERM);
    assert_eq!(next_byte(&mut client), 0x88, "a close frame");
    server.program.signal(Signal::TERM);
    let status = server.program.wait(PATIENCE).expect("it ends");
    assert_eq!(status.code(), Some(143));
}

fn next_byte(stream: &mut TcpStream) -> u8 {
    let mut byte = [0];
    stream.read_exact(&mut byte).expect("one more byte");
    byte[0]
}

#[test]
fn p10_a_killed_server_leaves_no_process() {
    let home = Home::new();
    let mut server = home.server(&[]);
    let ready = home.fifo("ready");
    let script = "setsid sleep 600 & echo >ready; wait";
    let arguments = [
        "run",
        "--recovery",
        "0",
        "--on",
        &server.url,
        "--",
        "sh",
        "-c",
        script,
    ];
    let client = Running::start(&mut home.outpost(&arguments));
    ready.hear();
    server.program.signal(Signal::KILL);
    assert!(server.program.wait(PATIENCE).is_some());
    assert_eq!(client.finish().status, Some(125));
    home.assert_nothing_left();
}

#[test]
fn t01_the_end_of_stdin_ends_a_server_on_stdio() {
    let home = Home::new();
    let finished = home.run_with(
        &["exec-server", "--listen", "stdio"],
        b"{\"id\":1,\"method\":\"initialize\",\"params\":{\"clientName\":\"t\"}}\n".to_vec(),
    );
    assert_eq!((finished.status, &*finished.stderr), (Some(0), ""));
    assert!(
        finished.stdout().starts_with("{\"id\":1,\"result\":"),
        "{}",
        finished.stdout()
    );
    home.assert_nothing_left();
}

#[test]
fn sigterm_ends_a_server_on_stdio_while_stdin_is_open() {
    let home = Home::new();
    let mut command = home.outpost(&["exec-server", "--listen", "stdio://"]);
    let mut program = Program::start(command.stdin(Stdio::piped()));
    let mut stdin = program.take_stdin().unwrap();
    let lines = Lines::of(program.take_stdout().unwrap());
    stdin
        .write_all(b"{\"id\":1,\"method\":\"initialize\",\"params\":{\"clientName\":\"t\"}}\n")
        .unwrap();
    assert!(lines.line(PATIENCE).is_some(), "it serves");
    program.signal(Signal::TERM);
    assert!(program.wait(PATIENCE).unwrap().success());
    drop(stdin);
    home.assert_nothing_left();
}
