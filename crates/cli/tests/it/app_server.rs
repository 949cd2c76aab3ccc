//! `outpost app-server`: how it starts, what it prints, how it ends.

use std::{io::Write, process::Stdio};

use outpost_testkit::program::Program;
use rustix::process::Signal;

use crate::support::{Home, PATIENCE};

/// What stands on stderr when a server with `flags` does not start.
fn refusal(status: i32, flags: &[&str]) -> String {
    let home = Home::new();
    let finished = home.run(&[&["app-server"], flags].concat());
    assert_eq!(
        (finished.status, finished.stdout()),
        (Some(status), ""),
        "{flags:?}"
    );
    finished.stderr
}

#[test]
fn refusals_to_start_have_the_words_of_the_reference() {
    for (status, flags, words) in [
        (
            1,
            &["--listen", "off"][..],
            "no transport configured; use --listen or enable remote control",
        ),
        (
            2,
            &["--listen", "x"],
            "unsupported --listen URL `x`; expected `stdio://`, `unix://`, `unix://PATH`, \
             `ws://IP:PORT`, or `off`",
        ),
        (
            2,
            &["--listen", "ws://localhost:1"],
            "invalid websocket --listen URL `ws://localhost:1`; expected `ws://IP:PORT`",
        ),
        (
            1,
            &["--listen", "ws://0.0.0.0:0"],
            "refusing to start non-loopback websocket listener 0.0.0.0:0 without auth",
        ),
        (
            1,
            &[
                "--listen",
                "ws://127.0.0.1:0",
                "--ws-auth",
                "capability-token",
            ],
            "`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth \
             capability-token` is set",
        ),
        (2, &["--stdio", "--listen", "off"], "cannot be used with"),
        (
            1,
            &["-c", "zz"],
            "error parsing -c overrides: Invalid override (missing '='): zz",
        ),
        (
            1,
            &["--config", "sandbox_mode=3"],
            "Error: invalid type: unit variant, expected string only\nin `sandbox_mode`",
        ),
    ] {
        let said = refusal(status, flags);
        assert!(said.contains(words), "{flags:?}: {said}");
    }
}

#[test]
fn over_stdio_it_answers_and_ends_with_its_input() {
    let home = Home::new();
    let hello =
        r#"{"id":1,"method":"initialize","params":{"clientInfo":{"name":"t","version":"1"}}}"#;
    let exec = r#"{"id":2,"method":"command/exec","params":{"command":["echo","hi"],"processId":"p","sandboxPolicy":{"type":"dangerFullAccess"}}}"#;
    // The authentication of sockets is nothing to it.
    let flags = ["app-server", "--stdio", "--ws-auth", "capability-token"];
    let mut command = home.outpost(&flags);
    let mut program = Program::start(command.stdin(Stdio::piped()).stderr(Stdio::inherit()));
    let lines = outpost_testkit::program::Lines::of(program.take_stdout().expect("a pipe"));
    let mut stdin = program.take_stdin().expect("a pipe");
    writeln!(stdin, "{hello}\n{exec}").unwrap();
    let mut heard = String::new();
    while !heard.contains(r#""id":2"#) {
        heard += &lines.line(PATIENCE).expect("an answer");
    }
    assert!(heard.contains(r#""userAgent":"t/0.169.0 ("#), "{heard}");
    assert!(
        heard.contains(r#"{"id":2,"result":{"exitCode":0,"stdout":"hi\n","stderr":""}}"#),
        "{heard}"
    );
    drop(stdin);
    assert_eq!(
        program.wait(PATIENCE).and_then(|status| status.code()),
        Some(0)
    );
}

#[test]
fn a_socket_is_made_where_clients_look_and_removed_at_the_end() {
    let home = Home::new();
    let socket = home
        .path()
        .join("app-server-control/app-server-control.sock");
    let mut program = Program::start(&mut home.outpost(&["app-server", "--listen", "unix://"]));
    let until = std::time::Instant::now() + PATIENCE;
    while !socket.exists() {
        assert!(std::time::Instant::now() < until, "no socket");
        std::thread::yield_now();
    }
    let taken = home.run(&["app-server", "--listen", "unix://"]);
    assert_eq!(taken.status, Some(1));
    let words = "app-server control socket is already in use at ";
    assert!(taken.stderr.contains(words), "{}", taken.stderr);
    program.signal(Signal::TERM);
    assert_eq!(
        program.wait(PATIENCE).and_then(|status| status.code()),
        Some(0)
    );
    assert!(!socket.exists());
}
