//! `outpost exec-server`: how it starts and what it prints.

use std::{
    net::TcpStream,
    os::unix::fs::{FileTypeExt, PermissionsExt},
};

use outpost_testkit::program::{Lines, Program};
use rustix::process::Signal;

use crate::support::{Home, PATIENCE, Running};

#[test]
fn the_url_is_alone_on_stdout_and_nothing_is_logged() {
    let home = Home::new();
    let mut running = Running::start(&mut home.outpost(&["exec-server", "--listen", "stdio"]));
    assert_eq!(
        running
            .program
            .wait(PATIENCE)
            .and_then(|status| status.code()),
        Some(0)
    );
    running.finish().assert(0, "", "");
    let mut server = home.server(&[]);
    assert!(server.url.starts_with("ws://127.0.0.1:"), "{}", server.url);
    assert_ne!(server.address().port(), 0);
    TcpStream::connect(server.address()).expect("it listens before it says so");
    server.program.signal(Signal::TERM);
    assert!(server.program.wait(PATIENCE).unwrap().success());
    assert_eq!(server.lines.line(PATIENCE), None);
}

#[test]
fn ipv6_and_unix_sockets_are_told_as_they_were_asked_for() {
    let home = Home::new();
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let server = home.server(&["--listen", "ws://[::1]:0"]);
        assert!(server.url.starts_with("ws://[::1]:"), "{}", server.url);
        server.stop();
    }
    let path = home.path().join("socket");
    let url = format!("unix://{}", path.display());
    let server = home.server(&["--listen", &url]);
    assert_eq!(server.url, url);
    let metadata = path.metadata().unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    home.run(&["run", "--on", &url, "--", "echo", "hi"])
        .assert(0, "hi\n", "");
    server.stop();
    assert!(!path.exists());
}

/// What stands on stderr when a server with `flags` does not start.
fn refusal(status: i32, flags: &[&str]) -> String {
    let home = Home::new();
    let finished = home.run(&[&["exec-server"], flags].concat());
    assert_eq!(
        (finished.status, finished.stdout()),
        (Some(status), ""),
        "{flags:?}"
    );
    finished.stderr
}

#[test]
fn refusals_to_start_have_the_words_of_the_reference() {
    for (flags, words) in [
        (
            &["--listen", "ws://localhost:1"][..],
            "Error: invalid websocket --listen URL `ws://localhost:1`; expected `ws://IP:PORT`\n",
        ),
        (
            &["--ws-auth", "capability-token"],
            "Error: `--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth \
             capability-token` is set\n",
        ),
        (
            &["--ws-auth", "signed-bearer-token"],
            "Error: `--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is \
             set\n",
        ),
        (
            &["--ws-issuer", "x"],
            "Error: websocket auth flags require `--ws-auth capability-token` or `--ws-auth \
             signed-bearer-token`\n",
        ),
        (
            &["--ws-auth", "capability-token", "--ws-token-sha256", "x"],
            "Error: --ws-token-sha256 must be a 64-character hex SHA-256 digest\n",
        ),
    ] {
        assert_eq!(refusal(1, flags), words);
    }
    let digest = "0".repeat(64);
    let stdio = [
        "--listen",
        "stdio",
        "--ws-auth",
        "capability-token",
        "--ws-token-sha256",
        &digest,
    ];
    let words = "Error: WebSocket auth requires a WebSocket listener, not stdio\n";
    assert_eq!(refusal(1, &stdio), words);
    assert!(refusal(1, &["--listen", "wss://127.0.0.1:1"]).contains("unsupported --listen URL"));
}

#[test]
fn a08_beyond_loopback_needs_auth_or_an_explicit_word() {
    let words = refusal(1, &["--listen", "ws://0.0.0.0:0"]);
    assert!(
        words.starts_with("Error: ") && words.contains("--ws-auth"),
        "{words}"
    );
    let home = Home::new();
    let mut command = home.outpost(&[
        "exec-server",
        "--listen",
        "ws://0.0.0.0:0",
        "--insecure-no-auth",
    ]);
    let mut program = Program::start(&mut command);
    let lines = Lines::of(program.take_stdout().unwrap());
    assert!(lines.line(PATIENCE).unwrap().starts_with("ws://0.0.0.0:"));
    let warnings = Lines::of(program.take_stderr().unwrap());
    assert!(warnings.line(PATIENCE).unwrap().contains("WARN"));
    program.signal(Signal::TERM);
    assert!(program.wait(PATIENCE).unwrap().success());
}

#[test]
fn an_address_in_use_is_an_error_and_not_a_wait() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", taken.local_addr().unwrap());
    let words = refusal(1, &["--listen", &url]);
    assert!(
        words.starts_with("Error: ") && words.contains("os error 98"),
        "{words}"
    );
}

#[test]
fn arguments_that_make_no_sense_end_with_2() {
    assert!(refusal(2, &["--concurrent-requests", "0"]).contains("at least 1"));
    assert!(refusal(2, &["--retain", "lots"]).contains("--retain"));
    assert!(refusal(2, &["--nonsense"]).contains("--nonsense"));
    let remote = refusal(
        2,
        &["--remote", "https://registry", "--environment-id", "x"],
    );
    assert!(remote.contains("`--remote` is not supported"), "{remote}");
    let close = refusal(2, &["--exit-on-stdin-close"]);
    assert!(
        close.contains("`--exit-on-stdin-close` is not supported"),
        "{close}"
    );
}

#[test]
fn logs_are_lines_of_json_when_asked_for() {
    let home = Home::new();
    let arguments = [
        "exec-server",
        "--listen",
        "stdio",
        "--log",
        "trace",
        "--log-format",
        "json",
    ];
    let finished = home.run(&arguments);
    assert_eq!(finished.status, Some(0));
    assert!(!finished.stderr.is_empty());
    for line in finished.stderr.lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(value["level"].is_string(), "{line}");
    }
    let refused = home.run(&["exec-server", "--log", "a=b=c"]);
    assert_eq!(refused.status, Some(1), "{refused:?}");
}
